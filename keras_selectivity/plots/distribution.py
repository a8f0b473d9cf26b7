"""How a measure is distributed over the units of each layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_choice, checked_names
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._layers import (
    check_measure,
    figure_width,
    label_layers,
    measure_label,
)
from keras_selectivity.report import SelectivityReport


def plot_distribution(
    report: SelectivityReport,
    metric: str = "si",
    layers: Sequence[str] | None = None,
    *,
    title: str = "",
) -> Any:
    """Draw the distribution of a measure over units, layer by layer.

    For each layer, in depth order: one point a unit, the density of the points
    as a violin, and their mean. A layer whose units all have the same value has
    points alone; one without a finite value stays empty. Units for which the
    measure is not defined are left out.

    Args:
        report: What `measure` returned.
        metric: Name of a measure in the report.
        layers: Names of the taps to draw. None: all of them.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `report` is not what `measure` returned, or `layers` no names.
        ValueError: If the report does not hold the measure or a layer, or
            `layers` is empty.

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
    check_measure(report, metric, "metric")
    for name in [] if layers is None else checked_names("layers", layers):
        checked_choice("layers", name, report)

    names = [name for name in report if layers is None or name in layers]
    values = [report[name][metric] for name in names]
    values = [found[np.isfinite(found)] for found in values]

    figure = new_figure(figure_width(len(names)), 4.5, title)
    axes = figure.subplots()
    spread = [place for place, found in enumerate(values) if _has_spread(found)]
    if spread:
        violins: Any = axes.violinplot(
            [values[place] for place in spread],
            positions=spread,
            widths=0.85,
            showextrema=False,
        )
        for body in violins["bodies"]:
            body.set(facecolor="C0", edgecolor="C0", alpha=0.3)
    offsets = np.random.default_rng(0)
    for place, found in enumerate(values):
        shift = offsets.uniform(-0.12, 0.12, len(found))
        faint = min(0.5, max(0.05, 50 / max(len(found), 1)))
        axes.scatter(place + shift, found, s=5, color="C0", alpha=faint, linewidths=0)
    means = [found.mean() if len(found) else np.nan for found in values]
    axes.plot(range(len(names)), means, "D", color="black", markersize=4, label="mean")
    # Above the axes: the search for a free place is slow for many units.
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1))
    axes.set(ylabel=measure_label(metric))
    label_layers(axes, names)
    return figure


def _has_spread(values: np.ndarray) -> bool:
    """Whether a density can be estimated: it cannot for equal values."""
    if len(values) < 2:
        return False
    # The density takes the square of the spread, which must not vanish.
    return bool(np.ptp(values) > 1e-6 * max(np.abs(values).max(), 1e-100))
