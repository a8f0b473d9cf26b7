"""How a measure is distributed over the units of each layer."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_choice, checked_names
from keras_selectivity.plots.arguments import check_measure, lines_of, shared
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import (
    draw_distributions,
    figure_of,
    layer_axis,
    layers_width,
    legend_beside,
    legend_width,
    measure_label,
    one_panel,
)
from keras_selectivity.report import SelectivityReport


def plot_distribution(
    reports: SelectivityReport
    | Sequence[SelectivityReport | Sequence[SelectivityReport]]
    | Mapping[str, SelectivityReport | Sequence[SelectivityReport]],
    metric: str = "si",
    layers: Sequence[str] | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the distribution of a measure over units, layer by layer.

    For each layer, in depth order: one point a unit, the density of the points
    as a violin, and their mean. A layer whose units all have the same value has
    points alone; one without a finite value stays empty. Units for which the
    measure is not defined are left out.

    Args:
        reports: What `measure` returned; or a list with an item for each color, or a
            mapping of label to it, all of the same layers, which stand beside one
            another. An item may be a list of reports, of networks whose units belong
            together.
        metric: Name of a measure in the reports.
        layers: Names of the taps to draw. None: all of them.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `reports` are not what `measure` returned, `layers` no names, or
            `ax` no axes.
        ValueError: If there are no reports, one does not hold the measure or a layer,
            they differ in their layers, or `layers` is empty.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(8, activation="relu", name="first"),
        ...     keras.layers.Dense(8, activation="relu", name="second"),
        ...     keras.layers.Dense(2),
        ... ])
        >>> data = np.random.rand(20, 4), np.arange(20) % 2
        >>> figure = plot_distribution(ks.measure(model, data, verbose=0))
        >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
        ['first', 'second']

    Reference:
        M18 figures 6 and A2; R22 figure 2.
    """
    lines = lines_of("reports", reports, SelectivityReport, "what `measure` returned")
    every = [report for _, group in lines for report in group]
    for report in every:
        check_measure(report, metric, "metric", "reports")
    shared("reports", lines[0][0], [list(report) for report in every], "layers")
    for name in [] if layers is None else checked_names("layers", layers):
        checked_choice("layers", name, every[0])

    names = [name for name in every[0] if layers is None or name in layers]
    labels = [label for label, _ in lines]
    size = layers_width(len(names)) + legend_width([*labels, "mean"]), 4.5
    axes = one_panel(ax, size, title)
    width = 0.85 / len(lines)
    for index, (color, (label, group)) in enumerate(
        zip(categories(len(lines)), lines, strict=True)
    ):
        pooled = [
            np.concatenate([one[name][metric] for one in group]) for name in names
        ]
        places = np.arange(len(names)) + width * (index - (len(lines) - 1) / 2)
        draw_distributions(
            axes,
            [found[np.isfinite(found)] for found in pooled],
            list(places),
            color=color,
            width=width,
            label="_" if index else "mean",
        )
        if label:
            axes.scatter([], [], color=color, label=label)
    axes.set(ylabel=measure_label(metric))
    layer_axis(axes, names)
    legend_beside(axes)
    return figure_of(axes)
