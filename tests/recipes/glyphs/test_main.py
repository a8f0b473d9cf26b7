"""The sheet of images."""

import sys

from matplotlib.image import imread

from recipes.glyphs.__main__ import main


def test_a_sheet_has_a_panel_for_every_difficulty(tmp_path, monkeypatch):
    path = tmp_path / "sheet.png"
    words = ["glyphs", str(path), "--classes", "2", "--images", "3"]
    monkeypatch.setattr(sys, "argv", words)
    main()
    image = imread(path)[..., :3].mean(axis=-1)
    middle, center = image.shape[0] // 2, image.shape[1] // 2
    panels = [
        image[rows, columns]
        for rows in (slice(0, middle), slice(middle, None))
        for columns in (slice(0, center), slice(center, None))
    ]
    # Ink, ground, and the paper around them.
    assert all(panel.min() < 0.1 and panel.std() > 0.1 for panel in panels)
