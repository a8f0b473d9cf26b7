"""What all figures begin with."""

from typing import Any

from keras_selectivity.checks import checked_text


def new_figure(width: float, height: float, title: str) -> Any:
    """An empty figure, in inches, with the title above it if there is one.

    Raises:
        TypeError: If the title is no text.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    if checked_text("title", title, empty=True):
        figure.suptitle(title)
    return figure
