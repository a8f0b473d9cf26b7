"""How much the network relies on units, against their selectivity."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_kind
from keras_selectivity.perturbation import ImportanceCorrelation, ImportanceCorrelations
from keras_selectivity.plots.colors import sequence
from keras_selectivity.plots.draw import (
    add_title,
    depth_bar,
    figure_of,
    measure_label,
    scatter_units,
    some_panels,
)

_LABELS = {
    "accuracy_change": "accuracy that silencing takes away",
    "loss_change": "loss that silencing adds",
    "top_k_accuracy_change": "top-k accuracy that silencing takes away",
}


def plot_importance(
    correlations: ImportanceCorrelations,
    *,
    title: str = "",
    axes: Any = None,
) -> Figure:
    """Draw the importance of units against their selectivity.

    Left: one point a unit, colored by the depth of its layer, the least-squares
    line through all of them, and their Spearman correlation. Right: the line of
    each layer, over the range of the selectivity of its units. Units for which a
    quantity is not defined are left out, and so are lines where there is no
    correlation; the title on the right says how many layers have a line, the
    color bar which have none.

    Args:
        correlations: What `importance_correlations` returned.
        title: Above the figure, or above the first of the axes that are given.
        axes: The two axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `correlations` are not importance correlations, or `axes` no
            axes.
        ValueError: If `axes` are not two.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(8, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> model.compile(loss="sparse_categorical_crossentropy")
        >>> data = np.random.rand(6, 4), np.arange(6) % 2
        >>> found = ks.perturbation.importance_correlations(
        ...     ks.measure(model, data, verbose=0),
        ...     ks.perturbation.single_unit(model, data, verbose=0))
        >>> units, lines, _ = plot_importance(found).axes
        >>> units.get_title()
        'Spearman ..., p = ... (... units)'
        >>> lines.get_title()
        'lines of 1 of 1 layers'

    Reference:
        M18 figures 7 and A4.
    """
    wanted = "what `importance_correlations` returned"
    checked_kind("correlations", correlations, ImportanceCorrelations, wanted)

    names = list(correlations.layers)
    across = [correlations.selectivity[name] for name in names]
    along = [correlations.importance[name] for name in names]
    kept = [np.isfinite(x) & np.isfinite(y) for x, y in zip(across, along, strict=True)]
    across = [x[k] for x, k in zip(across, kept, strict=True)]
    along = [y[k] for y, k in zip(along, kept, strict=True)]
    depth = np.repeat(np.arange(len(names)), [len(x) for x in across])
    everything = np.concatenate(across)
    drawn = [np.isfinite(found.slope) for found in correlations.layers.values()]

    units, lines = some_panels(axes, 2, (1, 2), (11, 4.2), title)
    if axes is None:
        lines.sharex(units)
    points = scatter_units(units, everything, np.concatenate(along), depth, len(names))
    overall = correlations.overall
    _draw_line(units, overall, everything, color="black", linewidth=1.5)
    add_title(
        units,
        f"Spearman {overall.spearman:.3f}, p = {overall.spearman_p:.2g} "
        f"({overall.units} units)",
    )
    for color, x, found in zip(
        sequence(len(names)), across, correlations.layers.values(), strict=True
    ):
        _draw_line(lines, found, x, color=color, linewidth=2)
    add_title(lines, f"lines of {sum(drawn)} of {len(names)} layers")
    for panel in (units, lines):
        panel.set(
            xlabel=measure_label(correlations.metric),
            ylabel=_LABELS[correlations.change],
        )
    depth_bar(
        points,
        lines,
        [
            name if has_line else f"{name} (no line)"
            for name, has_line in zip(names, drawn, strict=True)
        ],
    )
    return figure_of(units)


def _draw_line(
    axes: Axes, found: ImportanceCorrelation, x: np.ndarray, **style: Any
) -> None:
    """Draw the least-squares line over the range of `x`, if there is one."""
    if np.isfinite(found.slope):
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, found.intercept + found.slope * ends, **style)
