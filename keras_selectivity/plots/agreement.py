"""One measure against another, over all units."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots.arguments import check_measure, lines_of, shared
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import (
    add_title,
    depth_bar,
    figure_of,
    legend_beside,
    legend_width,
    measure_label,
    one_panel,
    scatter_units,
)
from keras_selectivity.report import SelectivityReport

Reports = Sequence[SelectivityReport]


def plot_agreement(
    reports: SelectivityReport
    | Sequence[SelectivityReport | Reports]
    | Mapping[str, SelectivityReport | Reports],
    x: str = "si",
    y: str = "precision",
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw one measure against another, with their correlation.

    One point a unit, and Spearman's and Pearson's correlation over all units. Of one
    report, or of several that belong together, points have the color of their layer's
    depth, and the correlation stands above; of several lines each has a color, and the
    correlations stand in the legend. Units for which either measure is not defined are
    left out.

    Args:
        reports: What `measure` returned; or a list with an item for each color, or a
            mapping of label to it. An item may be a list of reports of the same layers,
            of networks that belong together.
        x: Name of the measure along x.
        y: Name of the measure along y.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`. A correlation is NaN for fewer than two
        units, or where a measure is constant.

    Raises:
        TypeError: If `reports` are not what `measure` returned, or `ax` no axes.
        ValueError: If there are no reports, one does not hold a measure, or those
            that belong together differ in their layers.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(8, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2),
        ... ])
        >>> data = np.random.rand(20, 4), np.arange(20) % 2
        >>> report = ks.measure(model, data, ["si", "dprime"], verbose=0)
        >>> figure = plot_agreement(report, y="dprime")
        >>> figure.axes[0].get_title()
        'Spearman ..., Pearson ... (... units)'

    Reference:
        G19 figure 5; M18 figure A3.
    """
    lines = lines_of("reports", reports, SelectivityReport, "what `measure` returned")
    for label, group in lines:
        shared("reports", label, [list(report) for report in group], "layers")
        for report in group:
            check_measure(report, x, "x", "reports")
            check_measure(report, y, "y", "reports")
    units = [_units(group, x, y) for _, group in lines]
    texts = [_correlation(across, along) for across, along, _ in units]

    if len(lines) == 1:
        axes = one_panel(ax, (7, 5), title)
        ((across, along, depth),) = units
        names = list(lines[0][1][0])
        depth_bar(scatter_units(axes, across, along, depth, len(names)), axes, names)
        add_title(axes, texts[0])
    else:
        labels = [
            f"{label}: {text}" if label else text
            for (label, _), text in zip(lines, texts, strict=True)
        ]
        axes = one_panel(ax, (6 + legend_width(labels), 5), title)
        for color, label, (across, along, _) in zip(
            categories(len(lines)), labels, units, strict=True
        ):
            axes.scatter(across, along, s=14, color=color, linewidths=0, label=label)
        legend_beside(axes)
    axes.set(xlabel=measure_label(x), ylabel=measure_label(y))
    return figure_of(axes)


def _units(group: Reports, x: str, y: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two measures of the units that have both, and the place of their layer."""
    found = [
        np.array([layer[x], layer[y], np.full(len(layer[x]), depth)])
        for report in group
        for depth, layer in enumerate(report.values())
    ]
    across, along, depth = np.concatenate(found, axis=1)
    kept = np.isfinite(across) & np.isfinite(along)
    return across[kept], along[kept], depth[kept].astype(int)


def _correlation(x: np.ndarray, y: np.ndarray) -> str:
    spearman, pearson = _correlations(x, y)
    return f"Spearman {spearman:.3f}, Pearson {pearson:.3f} ({len(x)} units)"


def _correlations(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Spearman's and Pearson's correlation; NaN where there is none."""
    from scipy import stats

    if len(x) < 2 or not np.ptp(x) or not np.ptp(y):
        return float("nan"), float("nan")
    with warnings.catch_warnings():
        # Values that differ by rounding alone: a correlation, but a rough one.
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return float(stats.spearmanr(x, y)[0]), float(stats.pearsonr(x, y)[0])
