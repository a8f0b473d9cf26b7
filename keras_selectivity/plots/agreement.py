"""One measure against another, over all units."""

import warnings
from typing import Any

import numpy as np

from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._layers import (
    check_measure,
    depth_bar,
    measure_label,
    scatter_units,
)
from keras_selectivity.report import SelectivityReport


def plot_agreement(
    report: SelectivityReport,
    x: str = "si",
    y: str = "precision",
    *,
    title: str = "",
) -> Any:
    """Draw one measure against another, with their correlation.

    One point a unit, colored by the depth of its layer; Spearman's and Pearson's
    correlation over all units above. Units for which either measure is not
    defined are left out.

    Args:
        report: What `measure` returned.
        x: Name of the measure along x.
        y: Name of the measure along y.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`. A correlation is NaN for fewer than two
        units, or where a measure is constant.

    Raises:
        TypeError: If `report` is not what `measure` returned.
        ValueError: If the report does not hold a measure.

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
    check_measure(report, x, "x")
    check_measure(report, y, "y")

    names = list(report)
    across = np.concatenate([found[x] for found in report.values()])
    along = np.concatenate([found[y] for found in report.values()])
    depth = np.repeat(np.arange(len(names)), [len(v[x]) for v in report.values()])
    kept = np.isfinite(across) & np.isfinite(along)
    across, along, depth = across[kept], along[kept], depth[kept]
    spearman, pearson = _correlations(across, along)

    figure = new_figure(7, 5, title)
    axes = figure.subplots()
    points = scatter_units(axes, across, along, depth, len(names))
    axes.set(
        xlabel=measure_label(x),
        ylabel=measure_label(y),
        title=f"Spearman {spearman:.3f}, Pearson {pearson:.3f} ({len(depth)} units)",
    )
    axes.spines[["top", "right"]].set_visible(False)
    depth_bar(points, axes, names)
    return figure


def _correlations(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Spearman's and Pearson's correlation; NaN where there is none."""
    from scipy import stats

    if len(x) < 2 or not np.ptp(x) or not np.ptp(y):
        return float("nan"), float("nan")
    with warnings.catch_warnings():
        # Values that differ by rounding alone: a correlation, but a rough one.
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return float(stats.spearmanr(x, y)[0]), float(stats.pearsonr(x, y)[0])
