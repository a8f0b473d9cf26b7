"""Do regularized networks differ by more than a rotation?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import (
    checked_kind,
    checked_list,
    checked_numbers,
    checked_seed,
    checked_text,
)
from keras_selectivity.plots._curves import colors
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._intervals import (
    draw_alphas,
    draw_interval,
    mean_interval,
)
from keras_selectivity.plots._layers import figure_width, label_layers
from keras_selectivity.similarity import ReplicateDistances


def plot_replicates(
    distances: ReplicateDistances | Mapping[Any, ReplicateDistances],
    *,
    ylabel: str = "PWCCA distance",
    seed: int = 0,
    title: str = "",
) -> Any:
    """Draw distances by layer, among replicates and from them to unregularized ones.

    Two lines for each label: dashed, the mean distance of the pairs of regularized
    replicates; solid, that of the regularized from the unregularized ones. In bands of
    95% bootstrap intervals over the pairs (percentiles of the means of 2,000
    resamples), which are too narrow, as pairs that share a network are not
    independent.

    Args:
        distances: What `replicates` returned; or a mapping of label, such as the
            value of alpha, to one, all of the same layers.
        ylabel: Name of the distance.
        seed: Of the resampling.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

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
    single = isinstance(distances, ReplicateDistances)
    named: Any = {"": distances} if single else distances
    seed, ylabel = checked_seed(seed), checked_text("ylabel", ylabel, empty=True)
    wanted = "what `replicates` returned, or a mapping of label to it"
    for found in checked_kind("distances", named, Mapping, wanted).values():
        checked_kind("distances", found, ReplicateDistances, wanted)
    layers = [found.layers for found in named.values()]
    if not layers or any(names != layers[0] for names in layers):
        raise ValueError(
            "`distances` must hold at least one, all of the same layers. Received: "
            f"layers {layers}."
        )

    figure = new_figure(figure_width(len(layers[0])) + 2.5, 4.2, title)
    axes = figure.subplots()
    places = np.arange(len(layers[0]))
    for color, (label, found) in zip(colors(len(named)), named.items(), strict=True):
        before = f"{label}: " if str(label) else ""
        for values, name, line in (
            (found.cross, "regularized, unregularized", "-"),
            (found.within, "regularized, regularized", "--"),
        ):
            if single and line == "--":
                color = "C1"
            draw_interval(
                axes,
                places,
                mean_interval(values, seed),
                color=color,
                linestyle=line,
                label=before + name,
            )
    axes.set(ylabel=ylabel)
    label_layers(axes, layers[0])
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_distance_ratio(
    alphas: Sequence[float],
    ratios: Sequence[Any],
    *,
    seed: int = 0,
    title: str = "",
) -> Any:
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
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

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
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    figure = new_figure(5.5, 4, title)
    axes = figure.subplots()
    for place, layers in enumerate(found):
        axes.scatter(
            np.full(len(layers), place), layers, s=10, color="0.6", linewidths=0
        )
    means, low, high = np.transpose(
        [np.ravel(mean_interval(layers[:, None], seed)) for layers in found]
    )
    axes.axhline(1, color="0.3", linestyle="--", linewidth=1)
    axes.vlines(range(len(found)), low, high, colors="C0", linewidth=2, alpha=0.6)
    axes.plot(range(len(found)), means, "o-", color="C0", markersize=4, linewidth=1.2)
    axes.set_yscale("log", base=2)
    # Fifths of an octave, as LM21 has them.
    axes.yaxis.set_major_locator(
        LogLocator(2, [2 ** (fifth / 5) for fifth in range(5)])
    )
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.2f}"))
    axes.set(ylabel="CCA distance ratio")
    draw_alphas(axes, values)
    return figure
