"""A sweep over alpha: accuracy against selectivity, and both against alpha."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_numbers
from keras_selectivity.plots.colors import GRAY, by_sign
from keras_selectivity.plots.draw import alpha_axis, figure_of, some_panels


def plot_sweep(
    alphas: Sequence[float],
    si: Sequence[float],
    accuracy: Sequence[float],
    *,
    title: str = "",
    axes: Any = None,
) -> Figure:
    """Draw what alpha did to selectivity and accuracy.

    Three panels: accuracy against mean selectivity, one point a network and a
    line through the means of each alpha; selectivity against alpha; accuracy
    against alpha. Alphas are spread evenly, since a sweep spans magnitudes.

    Args:
        alphas: `(networks,)` alpha of each network.
        si: `(networks,)` mean class selectivity index, in [0, 1].
        accuracy: `(networks,)` test accuracy, in [0, 1].
        title: Above the figure, or above the first of the axes that are given.
        axes: The three axes of a figure of yours to draw into. None: a figure of its
            own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If they are not numbers, or `axes` no axes.
        ValueError: If the three differ in length, are empty, or hold NaN or infinity,
            or `axes` are not three.

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

    values, place = np.unique(found, return_inverse=True)
    networks = np.bincount(place)
    mean_index = np.bincount(place, index) / networks
    mean_percent = np.bincount(place, percent) / networks

    together, above, below = some_panels(axes, 3, (1, 3), (11, 3.6), title)
    style: Any = {
        "c": place,
        "cmap": ListedColormap(list(by_sign(values.tolist()).values())),
        "norm": BoundaryNorm(np.arange(len(values) + 1) - 0.5, len(values)),
    }
    together.plot(mean_index, mean_percent, color=GRAY, zorder=1)
    points = together.scatter(index, percent, **style)
    together.set(xlabel="mean class selectivity index", ylabel="test accuracy (%)")
    figure = figure_of(together)
    bar = figure.colorbar(points, ax=together, ticks=range(len(values)), label="alpha")
    bar.ax.set_yticklabels([f"{value:g}" for value in values])
    for panel, found, mean, label in (
        (above, index, mean_index, "mean class selectivity index"),
        (below, percent, mean_percent, "test accuracy (%)"),
    ):
        panel.plot(range(len(values)), mean, color=GRAY, zorder=1)
        panel.scatter(place, found, **style)
        alpha_axis(panel, values.tolist())
        panel.set(ylabel=label)
    return figure
