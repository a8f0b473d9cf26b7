"""LM21's figures, main text and appendix, of whatever runs there are."""

from collections.abc import Iterator

from recipes.figures import Drawing
from recipes.lm21.figures import (
    accuracy,
    activity,
    information,
    learning,
    off_axis,
    variants,
)
from recipes.runner.results import Results

THEMES = (accuracy, information, off_axis, activity, variants, learning)


def figures(results: Results) -> Iterator[Drawing]:
    """Every figure of the paper for which there are runs.

    The paper draws most for ResNet18 and ResNet20, some for VGG16 and two for
    ResNet50; here each network has all of them.
    """
    for theme in THEMES:
        yield from theme.figures(results)
