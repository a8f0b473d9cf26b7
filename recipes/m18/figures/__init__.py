"""M18's figures, main text and appendix, of whatever runs there are."""

from collections.abc import Iterator

from recipes.figures import Drawing
from recipes.m18.figures import generalization, memorization, regularizers, units
from recipes.runner.results import Results

THEMES = (memorization, generalization, regularizers, units)


def figures(results: Results) -> Iterator[Drawing]:
    """Every figure of the paper for which there are runs."""
    for theme in THEMES:
        yield from theme.figures(results)
