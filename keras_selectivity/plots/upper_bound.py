"""Selectivity along the units' axes, and the most that was found off them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_names, checked_numbers, checked_seed
from keras_selectivity.plots.arguments import by_replicate
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import (
    alpha_axis,
    draw_interval,
    figure_of,
    layer_axis,
    layers_width,
    legend_beside,
    mean_interval,
    one_panel,
    sample_intervals,
)


def plot_upper_bound(
    alphas: Sequence[float],
    axis_aligned: Sequence[float],
    upper_bound: Sequence[float],
    *,
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the selectivity of networks and its upper bound against alpha.

    Two lines, through the means over the networks of each alpha, in bands of 95%
    bootstrap intervals over those networks (percentiles of the means of 2,000
    resamples); an alpha with a single network has none. Alphas are spread evenly,
    since a sweep spans magnitudes.

    Args:
        alphas: `(networks,)` alpha of each network.
        axis_aligned: `(networks,)` mean selectivity of its units, in [0, 1].
        upper_bound: `(networks,)` mean selectivity along the best axes that
            `projection.selectivity_upper_bound` found, over the same layers.
        seed: Of the resampling.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If they are not numbers, or an option is of a wrong type.
        ValueError: If the three differ in length, are empty, or hold NaN or infinity.

    Example:
        >>> figure = plot_upper_bound([-1, 0, 0], [0.1, 0.3, 0.5], [0.4, 0.6, 0.8])
        >>> [line.get_ydata().tolist() for line in figure.axes[0].lines]
        [[0.4, 0.7], [0.1, 0.4]]

    Reference:
        LM21 figures 2c and A4b.
    """
    seed, of_networks = checked_seed(seed), checked_numbers("alphas", alphas)
    aligned = checked_numbers("axis_aligned", axis_aligned, shape="(networks,)")
    upper = checked_numbers("upper_bound", upper_bound, shape="(networks,)")
    if not len(of_networks) == len(aligned) == len(upper):
        raise ValueError(
            "`alphas`, `axis_aligned` and `upper_bound` must have the same length, "
            f"above 0. Received: {len(of_networks)}, {len(aligned)}, {len(upper)}."
        )
    values, place = np.unique(of_networks, return_inverse=True)

    axes = one_panel(ax, (5.5, 4), title)
    places = list(alpha_axis(axes, values.tolist()).values())
    units, bound = categories(2)
    for color, label, line in (
        (bound, "upper bound", upper),
        (units, "units", aligned),
    ):
        samples = [line[place == index] for index in places]
        found = sample_intervals(samples, seed)
        draw_interval(axes, places, found, color=color, label=label)
    axes.set(ylabel="mean class selectivity index", ylim=(0, None))
    axes.legend(frameon=False)
    return figure_of(axes)


def plot_upper_bound_by_layer(
    layers: Sequence[str],
    upper_bound: Mapping[Any, Any],
    *,
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the upper bound of selectivity by layer, a line for each alpha.

    The mean over the networks of a label, in a band of 95% bootstrap intervals over
    them (percentiles of the means of 2,000 resamples).

    Args:
        layers: Names of the layers, in depth order.
        upper_bound: Mapping of label, such as the value of alpha, to `(layers,)`, or
            to `(networks, layers)`: the mean selectivity of a layer along the best
            axes.
        seed: Of the resampling.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `upper_bound` is no mapping to numbers, or an option is of a
            wrong type.
        ValueError: If it is empty, or has not a value for each layer.

    Example:
        >>> found = {0: [[0.5, 0.7], [0.4, 0.8]], -1: [0.3, 0.6]}
        >>> axes = plot_upper_bound_by_layer(["conv", "dense"], found).axes[0]
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['0', '-1']

    Reference:
        LM21 figures A4a and A4c.
    """
    seed, layers = checked_seed(seed), checked_names("layers", layers)
    found = by_replicate("upper_bound", upper_bound)
    points = next(iter(found.values())).shape[1]
    if points != len(layers):
        raise ValueError(
            "`layers` and `upper_bound` must have as many layers. Received: "
            f"{len(layers)} layers, {points} values."
        )

    axes = one_panel(ax, (layers_width(points) + 1.5, 4.2), title)
    for color, (label, array) in zip(
        categories(len(found)), found.items(), strict=True
    ):
        means = mean_interval(array, seed)
        draw_interval(axes, range(points), means, color=color, label=label)
    axes.set(ylabel="upper bound of class selectivity")
    layer_axis(axes, layers)
    legend_beside(axes)
    return figure_of(axes)
