"""R22's figures, main text and appendix, of whatever runs there are."""

from collections.abc import Iterator

from recipes.figures import Drawing
from recipes.r22.figures import ablations, regularized, selectivity, similarity
from recipes.runner.results import Results

THEMES = (selectivity, ablations, similarity, regularized)


def figures(results: Results) -> Iterator[Drawing]:
    """Every figure of the paper for which there are runs."""
    for theme in THEMES:
        yield from theme.figures(results)
