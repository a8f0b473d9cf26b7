"""How much the network relies on units, against their selectivity."""

from typing import Any

import numpy as np

from keras_selectivity.checks import checked_kind
from keras_selectivity.perturbation import ImportanceCorrelation, ImportanceCorrelations
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._layers import (
    depth_bar,
    depth_norm,
    measure_label,
    scatter_units,
)

_LABELS = {
    "accuracy_change": "accuracy that silencing takes away",
    "loss_change": "loss that silencing adds",
    "top_k_accuracy_change": "top-k accuracy that silencing takes away",
}


def plot_importance(correlations: ImportanceCorrelations, *, title: str = "") -> Any:
    """Draw the importance of units against their selectivity.

    Left: one point a unit, colored by the depth of its layer, the least-squares
    line through all of them, and their Spearman correlation. Right: the line of
    each layer, over the range of the selectivity of its units. Units for which a
    quantity is not defined are left out, and so are lines where there is no
    correlation; the title on the right says how many layers have a line, the
    color bar which have none.

    Args:
        correlations: What `importance_correlations` returned.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `correlations` are not importance correlations.

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
    from matplotlib import colormaps

    names = list(correlations.layers)
    across = [correlations.selectivity[name] for name in names]
    along = [correlations.importance[name] for name in names]
    kept = [np.isfinite(x) & np.isfinite(y) for x, y in zip(across, along, strict=True)]
    across = [x[k] for x, k in zip(across, kept, strict=True)]
    along = [y[k] for y, k in zip(along, kept, strict=True)]
    depth = np.repeat(np.arange(len(names)), [len(x) for x in across])
    everything = np.concatenate(across)
    drawn = [np.isfinite(found.slope) for found in correlations.layers.values()]

    figure = new_figure(11, 4.2, title)
    units, lines = figure.subplots(1, 2, sharex=True)
    points = scatter_units(units, everything, np.concatenate(along), depth, len(names))
    overall = correlations.overall
    _draw_line(units, overall, everything, color="black", linewidth=1.5)
    units.set_title(
        f"Spearman {overall.spearman:.3f}, p = {overall.spearman_p:.2g} "
        f"({overall.units} units)"
    )
    norm = depth_norm(len(names))
    for place, found in enumerate(correlations.layers.values()):
        color = colormaps["viridis"](norm(place))
        _draw_line(lines, found, across[place], color=color, linewidth=2)
    lines.set_title(f"lines of {sum(drawn)} of {len(names)} layers")
    for axes in (units, lines):
        axes.set(
            xlabel=measure_label(correlations.metric),
            ylabel=_LABELS[correlations.change],
        )
        axes.spines[["top", "right"]].set_visible(False)
    depth_bar(
        points,
        lines,
        [
            name if has_line else f"{name} (no line)"
            for name, has_line in zip(names, drawn, strict=True)
        ],
    )
    return figure


def _draw_line(
    axes: Any, found: ImportanceCorrelation, x: np.ndarray, **style: Any
) -> None:
    """Draw the least-squares line over the range of `x`, if there is one."""
    if np.isfinite(found.slope):
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, found.intercept + found.slope * ends, **style)
