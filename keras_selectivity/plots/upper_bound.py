"""Selectivity along the units' axes, and the most that was found off them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_names, checked_numbers, checked_seed
from keras_selectivity.plots._curves import colors
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._intervals import (
    by_replicate,
    draw_alphas,
    draw_interval,
    mean_interval,
)
from keras_selectivity.plots._layers import figure_width, label_layers


def plot_upper_bound(
    alphas: Sequence[float],
    axis_aligned: Sequence[float],
    upper_bound: Sequence[float],
    *,
    seed: int = 0,
    title: str = "",
) -> Any:
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
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

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

    figure = new_figure(5.5, 4, title)
    axes = figure.subplots()
    for color, label, line in zip(
        ("C1", "C0"), ("upper bound", "units"), (upper, aligned), strict=True
    ):
        intervals = [
            np.ravel(mean_interval(line[place == index, None], seed))
            for index in range(len(values))
        ]
        mean, low, high = np.transpose(intervals)
        axes.plot(
            range(len(values)), mean, "o-", color=color, markersize=4, label=label
        )
        axes.fill_between(
            range(len(values)), low, high, color=color, alpha=0.2, linewidth=0
        )
    axes.set(ylabel="mean class selectivity index", ylim=(0, None))
    draw_alphas(axes, values)
    axes.legend(frameon=False)
    return figure


def plot_upper_bound_by_layer(
    layers: Sequence[str],
    upper_bound: Mapping[Any, Any],
    *,
    seed: int = 0,
    title: str = "",
) -> Any:
    """Draw the upper bound of selectivity by layer, a line for each alpha.

    The mean over the networks of a label, in a band of 95% bootstrap intervals over
    them (percentiles of the means of 2,000 resamples).

    Args:
        layers: Names of the layers, in depth order.
        upper_bound: Mapping of label, such as the value of alpha, to `(layers,)`, or
            to `(networks, layers)`: the mean selectivity of a layer along the best
            axes.
        seed: Of the resampling.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

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

    figure = new_figure(figure_width(points) + 1.5, 4.2, title)
    axes = figure.subplots()
    for color, (label, array) in zip(colors(len(found)), found.items(), strict=True):
        draw_interval(
            axes,
            np.arange(points),
            mean_interval(array, seed),
            color=color,
            label=label,
        )
    axes.set(ylabel="upper bound of class selectivity")
    label_layers(axes, layers)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
