"""G19's survey: panels of images, lists for people, and the scores of table 2.

    python -m recipes.g19.survey panels [--scale mini] [--runs runs] [--only conv5=8]
    python -m recipes.g19.survey score FILE [--panels FILE] [--objects FILE]

`panels` makes, for one network, an image of each unit's 10 by 10 images, a file of
what the measures prefer (`panels.csv`, not for the people), and a form to be filled in
(`form.csv`): who is shown which panel, with `yes` and `name` left empty. The images are
found by ascent of the image, not by PPGN as the paper's. `score` reads a form that was
filled in and prints table 2.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recipes.g19.design import (
    LAYERS,
    LISTS,
    PEOPLE,
    Panel,
    Preferred,
    deal,
    drawn,
    people,
    wanted,
    write_form,
    write_panels,
)
from recipes.g19.judgements import (
    read_judgements,
    read_objects,
    read_panels,
    scores,
    table_2,
)
from recipes.runner import ending

COLUMNS = 10


def make_panels(args: argparse.Namespace) -> int:
    """Make the panels of a network, and the form."""
    from matplotlib.image import imsave

    from recipes import papers
    from recipes.g19 import maximized
    from recipes.g19.measured import networks
    from recipes.runner.results import Results

    output = args.runs / "g19" / args.scale
    measured = networks(Results(papers.get("g19").scales[args.scale](), output))
    measured = [one for one in measured if one.finished]
    if not measured:
        raise ValueError(
            f"There is no network in {output}. Train and measure one first: "
            f"python -m recipes run g19 --scale {args.scale}."
        )
    one = measured[0]
    sizes = {layer: len(one.report[layer]["ccmas"]) for layer in LAYERS}
    units = drawn(sizes, wanted(args.only), args.seed)
    folder = output / "survey"
    (folder / "panels").mkdir(parents=True, exist_ok=True)
    low, high = maximized.value_range(one.network.settings)
    preferred = {}
    for layer, chosen in units.items():
        maximizer = maximized.maximizer(one.network, layer)
        for unit in chosen:
            found = maximized.images(maximizer, one.network.settings, [unit])
            made = found.images[0]
            path = folder / "panels" / f"{layer}.{unit}.png"
            imsave(path, tile(np.clip((made - low) / (high - low), 0, 1)))
            classes = (
                one.report[layer][f"{name}_class"][unit]
                for name in ("top_class", "ccmas")
            )
            names = [str(int(number)) for number in classes]
            preferred[Panel(layer, unit)] = Preferred(*names)
            print(path, flush=True)
    write_panels(folder / "panels.csv", preferred)
    lists = deal(units, args.lists, args.seed)
    write_form(folder / "form.csv", lists, people(args.people, args.lists))
    print(f"{folder / 'form.csv'}: {args.people} people, {args.lists} lists")
    return 0


def score(args: argparse.Namespace) -> int:
    """Print table 2 of a form that was filled in."""
    found = scores(
        read_judgements(args.file),
        read_panels(args.panels) if args.panels else None,
        read_objects(args.objects) if args.objects else None,
    )
    text = table_2(found)
    print(text)
    if args.report:
        args.report.write_text(text + "\n")
    return 0


def tile(images: np.ndarray, columns: int = COLUMNS, least: int = 48) -> np.ndarray:
    """Images in a grid, with white between them.

    Example:
        >>> tile(np.zeros((100, 8, 8, 1)), least=8).shape
        (89, 89, 3)
    """
    times = max(1, -(-least // max(images.shape[1:3])))
    images = images.repeat(times, axis=1).repeat(times, axis=2)
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    grid = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, 3))
    for place, image in enumerate(images):
        top, left = (height + 1) * (place // columns), (width + 1) * (place % columns)
        grid[top : top + height, left : left + width] = image
    return grid


def parser() -> argparse.ArgumentParser:
    """Of the command line."""
    whole = argparse.ArgumentParser(
        prog="python -m recipes.g19.survey",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(required=True)
    one = commands.add_parser("panels", help="make panels and a form")
    one.set_defaults(command=make_panels)
    one.add_argument("--scale", choices=["mini", "full"], default="mini")
    one.add_argument("--runs", type=Path, default=Path("runs"))
    one.add_argument("--only", nargs="+", default=[], metavar="LAYER=COUNT")
    one.add_argument("--lists", type=int, default=LISTS)
    one.add_argument("--people", type=int, default=PEOPLE)
    one.add_argument("--seed", type=int, default=0)
    one = commands.add_parser("score", help="score a form that was filled in")
    one.set_defaults(command=score)
    one.add_argument("file", type=Path, help="the form")
    one.add_argument("--panels", type=Path, help="panels.csv of the same survey")
    one.add_argument("--objects", type=Path, help="CSV: name,object")
    one.add_argument("--report", type=Path, help="file for the table, in Markdown")
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Of the command line; None: the real ones.
    """
    args = parser().parse_args(arguments)
    return ending.status(lambda: args.command(args))


if __name__ == "__main__":
    ending.by_signals("Stopped. What was finished is kept.")
    sys.exit(main())
