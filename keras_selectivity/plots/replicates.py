"""Do regularized networks differ by more than a rotation?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from keras_selectivity.checks import (
    checked_list,
    checked_numbers,
    checked_seed,
    checked_text,
)
from keras_selectivity.plots.arguments import lines_of, shared
from keras_selectivity.plots.colors import CATEGORIES, GRAY, categories
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
from keras_selectivity.similarity import ReplicateDistances


def plot_replicates(
    distances: ReplicateDistances
    | Sequence[ReplicateDistances | Sequence[ReplicateDistances]]
    | Mapping[Any, ReplicateDistances | Sequence[ReplicateDistances]],
    *,
    ylabel: str = "PWCCA distance",
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw distances by layer, among replicates and from them to unregularized ones.

    Two lines for each label: dashed, the mean distance of the pairs of regularized
    replicates; solid, that of the regularized from the unregularized ones. In bands of
    95% bootstrap intervals over the pairs (percentiles of the means of 2,000
    resamples), which are too narrow, as pairs that share a network are not
    independent.

    Args:
        distances: What `replicates` returned; or a list with an item for each color,
            or a mapping of label, such as the value of alpha, to it, all of the same
            layers. An item may be a list of several, whose pairs belong together.
        ylabel: Name of the distance.
        seed: Of the resampling.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `distances` are not `ReplicateDistances`, or an option is of a
            wrong type.
        ValueError: If there are none, or their layers differ.

    Example:
        >>> found = ReplicateDistances(
        ...     within={"conv": [0.1, 0.1, 0.1], "dense": [0.2, 0.3, 0.4]},
        ...     cross={"conv": [0.2] * 6, "dense": [0.3] * 6},
        ... )
        >>> axes = plot_replicates(found).axes[0]
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['regularized, unregularized', 'regularized, regularized']

    Reference:
        LM21 figure 2a.
    """
    seed, ylabel = checked_seed(seed), checked_text("ylabel", ylabel, empty=True)
    lines = lines_of(
        "distances", distances, ReplicateDistances, "what `replicates` returned"
    )
    every = [found.layers for _, group in lines for found in group]
    layers = list(shared("distances", lines[0][0], every, "layers"))

    axes = one_panel(ax, (layers_width(len(layers)) + 2.5, 4.2), title)
    for color, (label, group) in zip(categories(len(lines)), lines, strict=True):
        before = f"{label}: " if label else ""
        # A single label has a color for each of its two lines.
        other = CATEGORIES[1] if len(lines) == 1 else color
        for side, name, style in (
            ("cross", "unregularized", {"color": color, "linestyle": "-"}),
            ("within", "regularized", {"color": other, "linestyle": "--"}),
        ):
            pairs = np.concatenate([getattr(found, side) for found in group])
            draw_interval(
                axes,
                np.arange(len(layers)),
                mean_interval(pairs, seed),
                label=f"{before}regularized, {name}",
                **style,
            )
    axes.set(ylabel=ylabel)
    layer_axis(axes, layers)
    legend_beside(axes)
    return figure_of(axes)


def plot_distance_ratio(
    alphas: Sequence[float],
    ratios: Sequence[Any],
    *,
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the CCA distance ratio against alpha.

    A point for each layer, and a line through the means over the layers, with 95%
    bootstrap intervals over the layers (percentiles of the means of 2,000 resamples).
    The dashed line is at 1: above it, regularized networks are further from
    unregularized ones than from one another. The axis is logarithmic, to base 2.
    Alphas are spread evenly, since a sweep spans magnitudes.

    Args:
        alphas: `(alphas,)`, each once, other than 0.
        ratios: For each alpha `(layers,)`: `ReplicateDistances.ratios`. Positive.
        seed: Of the resampling.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If they are not numbers, or an option is of a wrong type.
        ValueError: If the two differ in length or are empty, an alpha stands twice, or
            a ratio is not a positive number.

    Example:
        >>> figure = plot_distance_ratio([-2, -1], [[1.6, 1.2], [1.1, 1.0]])
        >>> figure.axes[0].lines[-1].get_ydata().round(6).tolist()
        [1.4, 1.05]

    Reference:
        LM21 figures 2b and A3, with the tests of `ReplicateDistances.test`.
    """
    seed, values = checked_seed(seed), checked_numbers("alphas", alphas)
    ratios = checked_list("ratios", ratios, "a list of numbers for each alpha")
    if not len(ratios) == len(values) == len(np.unique(values)):
        raise ValueError(
            "`alphas` and `ratios` must have the same length, above 0, and no alpha "
            f"twice. Received: alphas={values.tolist()!r}, {len(ratios)} ratios."
        )
    order = np.argsort(values)
    values = values[order]
    found = [
        np.atleast_1d(checked_numbers("ratios", ratios[place], shape="..."))
        for place in order
    ]
    for alpha, layers in zip(values, found, strict=True):
        if not np.all(layers > 0):
            raise ValueError(
                "`ratios` must be positive numbers, one for each layer. Received: for "
                f"alpha={alpha:g}, {layers.tolist()}."
            )

    axes = one_panel(ax, (5.5, 4), title)
    places = alpha_axis(axes, values)
    for place, layers in enumerate(found):
        axes.scatter(
            np.full(len(layers), place), layers, s=10, color=GRAY, linewidths=0
        )
    means = sample_intervals(found, seed)
    color, every = CATEGORIES[0], range(len(places))
    axes.axhline(1, color="0.3", linestyle="--", linewidth=1)
    axes.vlines(every, means.low, means.high, colors=color, linewidth=2)
    axes.plot(every, means.mean, "o-", color=color, markersize=4, linewidth=1.2)
    axes.set_yscale("log", base=2)
    # Fifths of an octave, as LM21 has them.
    axes.yaxis.set_major_locator(
        LogLocator(2, [2 ** (fifth / 5) for fifth in range(5)])
    )
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.2f}"))
    axes.set(ylabel="CCA distance ratio")
    return figure_of(axes)
