"""Figures as all papers have them: panels under a title, above a caption."""

import textwrap
from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

#: Name of a file without ending, and what draws the figure.
Drawing = tuple[str, Callable[[], Figure]]


def panels(title: str, caption: str, rows: int, columns: int) -> tuple[Figure, Any]:
    """An empty figure.

    Args:
        title: Above it.
        caption: Below it, in small print.
        rows: Of panels.
        columns: Of panels.

    Returns:
        The figure and its `(rows, columns)` axes.
    """
    size = 4.2 * columns + 0.6, 3.3 * rows + 0.9
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    describe(figure, caption)
    return figure, axes


def describe(figure: Figure, caption: str) -> None:
    """Write a caption below a figure, in small print.

    Args:
        figure: The figure.
        caption: What its marks mean.
    """
    text = textwrap.fill(caption, int(13 * figure.get_figwidth()))
    figure.supxlabel(text, fontsize=8, color="0.3")
