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

    Args:
        results: The finished runs.

    Yields:
        Name of a file without ending, and what draws the figure. The docstring of
        that function says which figures of the paper it repeats.
    """
    yield from of([one for one in networks(results) if one.finished])


def of(found: Sequence[Measured]) -> Iterator[Drawing]:
    """Every figure of networks that were measured.

    Args:
        found: Networks; with none there are no figures.

    Yields:
        As `figures`.
    """
    for theme in THEMES if found else ():
        yield from theme.figures(found)
