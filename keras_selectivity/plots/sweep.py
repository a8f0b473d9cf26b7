"""A sweep over alpha: accuracy against selectivity, and both against alpha."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_numbers
from keras_selectivity.plots._figure import new_figure


def plot_sweep(
    alphas: Sequence[float],
    si: Sequence[float],
    accuracy: Sequence[float],
    *,
    title: str = "",
) -> Any:
    """Draw what alpha did to selectivity and accuracy.

    Three panels: accuracy against mean selectivity, one point a network and a
    line through the means of each alpha; selectivity against alpha; accuracy
    against alpha. Alphas are spread evenly, since a sweep spans magnitudes.

    Args:
        alphas: `(networks,)` alpha of each network.
        si: `(networks,)` mean class selectivity index, in [0, 1].
        accuracy: `(networks,)` test accuracy, in [0, 1].
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the three differ in length, are empty, or hold NaN or infinity.

    Example:
        >>> figure = plot_sweep([-1, 0, 1], [0.1, 0.3, 0.7], [0.98, 0.99, 0.95])
        >>> len(figure.axes)
        4

    Reference:
        LM21 figures 1c and 4b.
    """
    found = checked_numbers("alphas", alphas, shape="(networks,)")
    index = checked_numbers("si", si, shape="(networks,)")
    percent = 100 * checked_numbers("accuracy", accuracy, shape="(networks,)")
    if not len(found) == len(index) == len(percent):
        raise ValueError(
            "`alphas`, `si` and `accuracy` must have the same length, "
            f"above 0. Received: {len(found)}, {len(index)}, {len(percent)}."
        )
    from matplotlib.colors import BoundaryNorm

    values, place = np.unique(found, return_inverse=True)
    networks = np.bincount(place)
    mean_index = np.bincount(place, index) / networks
    mean_percent = np.bincount(place, percent) / networks

    figure = new_figure(11, 3.6, title)
    together, above, below = figure.subplots(1, 3)
    norm = BoundaryNorm(np.arange(len(values) + 1) - 0.5, 256)
    together.plot(mean_index, mean_percent, color="0.7", zorder=1)
    points = together.scatter(
        index, percent, c=place, cmap="coolwarm", norm=norm, edgecolors="0.3"
    )
    together.set(xlabel="mean class selectivity index", ylabel="test accuracy (%)")
    bar = figure.colorbar(points, ax=together, ticks=range(len(values)), label="alpha")
    bar.ax.set_yticklabels([f"{value:g}" for value in values])
    for axes, found, mean, label in (
        (above, index, mean_index, "mean class selectivity index"),
        (below, percent, mean_percent, "test accuracy (%)"),
    ):
        axes.plot(range(len(values)), mean, color="0.7", zorder=1)
        axes.scatter(
            place, found, c=place, cmap="coolwarm", norm=norm, edgecolors="0.3"
        )
        axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        axes.set(xlabel="alpha", ylabel=label)
    for axes in (together, above, below):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
