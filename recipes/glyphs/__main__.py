"""Write a sheet of images of every difficulty: `python -m recipes.glyphs OUT.png`."""

import argparse

import numpy as np
from matplotlib.figure import Figure

from recipes.glyphs.drawing import DIFFICULTIES, draw
from recipes.glyphs.faces import CHARACTERS


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m recipes.glyphs", description=__doc__.splitlines()[0]
    )
    parser.add_argument("file", help="to write, such as glyphs.png")
    parser.add_argument("--size", type=int, default=16, help="pixels of a side")
    parser.add_argument("--classes", type=int, default=10, help="the first so many")
    parser.add_argument("--images", type=int, default=12, help="of each class")
    args = parser.parse_args()
    figure = sheet(args.size, CHARACTERS[: args.classes], args.images)
    figure.savefig(args.file)


def sheet(size: int, characters: str, images: int) -> Figure:
    """A panel for every difficulty, with a row for every character."""
    figure = Figure(figsize=(10, 10 * len(characters) / images + 0.8), dpi=110)
    panels = figure.subplots(2, len(DIFFICULTIES) // 2).flat
    for panel, (name, difficulty) in zip(panels, DIFFICULTIES.items(), strict=True):
        rows = [
            np.hstack([draw(c, size, difficulty, 0, 0, i) for i in range(images)])
            for c in characters
        ]
        panel.imshow(np.vstack(rows)[..., 0], "gray", vmin=0, vmax=255)
        panel.set_title(name)
        panel.set_axis_off()
    figure.tight_layout()
    return figure


if __name__ == "__main__":
    main()
