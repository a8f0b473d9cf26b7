"""Which characters there are, and their shapes."""

import pathlib

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from recipes.glyphs import faces
from recipes.glyphs.faces import CHARACTERS, FACES, distinct, mask, name, shared

ALPHA = "\N{GREEK CAPITAL LETTER ALPHA}"
CYRILLIC_A = "\N{CYRILLIC CAPITAL LETTER A}"


def test_the_faces_are_the_files_with_letters_of_three_scripts():
    """The last resort has a box for everything."""
    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    some = set(map(ord, "AZaz09" + ALPHA + CYRILLIC_A))
    found = set()
    for path in folder.glob("*.ttf"):
        with TTFont(path, lazy=True) as font:
            if some <= set(font.getBestCmap() or ()):
                found.add(path.stem)
    assert found - {"LastResortHE-Regular"} == set(FACES)
    assert len(FACES) == len(set(FACES)) == 16


def test_the_characters_are_those_that_do_not_look_alike():
    """Of the first 150, which takes a fifth of the time: later ones change nothing."""
    every = shared()
    assert len(every) == 561 and set("AZaz09" + ALPHA) < set(every)
    first = every[:150]
    assert distinct(first) == "".join(c for c in CHARACTERS if c in first)
    assert set(CHARACTERS) < set(every)
    assert len(CHARACTERS) == len(set(CHARACTERS)) == 302


def test_the_first_characters_are_a_fair_sample():
    """In the order of their code points they would be digits and A to Z."""

    def kinds(characters):
        latin = sum("LATIN" in name(c) for c in characters)
        capital = sum(c.isupper() for c in characters)
        return np.array([latin, capital]) / len(characters)

    np.testing.assert_allclose(kinds(CHARACTERS[:100]), kinds(CHARACTERS), atol=0.1)


@pytest.mark.parametrize("alike", ["Cc", "0oO", "A" + ALPHA + CYRILLIC_A])
def test_of_characters_that_look_alike_the_first_stays(alike):
    assert distinct(alike + "Q") == distinct(alike[0] + "Q")
    assert set(distinct(alike + "Q")) == {alike[0], "Q"}


def test_a_higher_share_keeps_more():
    assert len(distinct("cCxXoO0")) < len(distinct("cCxXoO0", 0.95)) == 7
    # Everything has a share of 1 with itself, and no pair has more.
    assert len(distinct("AA" + ALPHA, 1.0)) == 3


@pytest.mark.parametrize(
    "face", ["DejaVuSans", "DejaVuSerif-BoldItalic", "STIXGeneral"]
)
@pytest.mark.parametrize(
    "character", ["B", "8", "i", "\N{LATIN SMALL LETTER C WITH CARON}"]
)
def test_a_mask_is_what_matplotlib_draws(face, character):
    """By FreeType, and by its own test of points in a path."""
    side, points = 24, 8
    found = mask(face, character, side)
    assert found.shape == (side + 3, side + 3) and 0 <= found.min() <= found.max() <= 1
    assert not found[0].any() and not found[:, 0].any()
    assert not found[-2:].any() and not found[:, -2:].any()
    file = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
    path = TextPath((0, 0), character, 100, FontProperties(fname=file))
    box = path.get_extents()
    scale = max(box.width, box.height)
    steps = (np.arange(side * points) + 0.5) / (side * points) - 0.5
    x = (box.x0 + box.x1) / 2 + scale * steps
    y = (box.y0 + box.y1) / 2 - scale * steps
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    # Of a path with holes matplotlib does not tell the inside.
    parts = [Path(part).contains_points(grid) for part in path.to_polygons()]
    inside = np.logical_xor.reduce(parts).reshape(side, points, side, points)
    assert np.abs(found[1:-2, 1:-2] - inside.mean((1, 3))).mean() < 0.02


def test_masks_of_different_characters_and_faces_differ():
    shapes = {mask(face, c, 16).tobytes() for face in FACES for c in "ABC"}
    assert len(shapes) == 3 * len(FACES)


def test_a_name():
    assert name(ALPHA) == "GREEK CAPITAL LETTER ALPHA"
    assert len({faces.name(c) for c in CHARACTERS}) == len(CHARACTERS)
