"""G19's figures, main text and appendix, of whatever networks there are."""

from collections.abc import Iterator, Sequence

from recipes.figures import Drawing
from recipes.g19.figures import agreement, distributions, examples, layers, made
from recipes.g19.measured import Measured, networks
from recipes.runner.results import Results

THEMES = (layers, examples, agreement, distributions, made)


def figures(results: Results) -> Iterator[Drawing]:
    """Every figure of the paper.

    Figures 1 and A1 are an illustration from other papers and a picture of a screen.
    """
    yield from of([one for one in networks(results) if one.finished])


def of(found: Sequence[Measured]) -> Iterator[Drawing]:
    """Every figure of networks that were measured."""
    for theme in THEMES if found else ():
        yield from theme.figures(found)
