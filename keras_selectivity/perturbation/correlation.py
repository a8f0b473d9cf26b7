"""Does selectivity say how much the network relies on a unit?"""

import dataclasses

import numpy as np

from keras_selectivity.checks import checked_choice, checked_kind
from keras_selectivity.perturbation.single_unit import SingleUnitAblation
from keras_selectivity.report import SelectivityReport


@dataclasses.dataclass(frozen=True)
class ImportanceCorrelation:
    """How two quantities of the same units go together.

    All are NaN where there are fewer than three units or one of the quantities
    is the same for all of them.

    Attributes:
        units: Number of units for which both quantities are defined.
        spearman: Rank correlation, in [-1, 1].
        spearman_p: Its two-sided p-value.
        pearson: Linear correlation, in [-1, 1].
        pearson_p: Its two-sided p-value.
        slope: Slope of the least-squares line.
        intercept: Its intercept.
    """

    units: int
    spearman: float
    spearman_p: float
    pearson: float
    pearson_p: float
    slope: float
    intercept: float


@dataclasses.dataclass(frozen=True)
class ImportanceCorrelations:
    """Importance of units against a measure; made by `importance_correlations`.

    Attributes:
        overall: The `ImportanceCorrelation` over the units of all layers.
        layers: Mapping of layer to the `ImportanceCorrelation` over its units.
        selectivity: Mapping of layer to `(units,)`: the measure.
        importance: Mapping of layer to `(units,)`: the importance.
        metric: The measure.
        change: What the importance is a change of.
    """

    overall: ImportanceCorrelation
    layers: dict[str, ImportanceCorrelation]
    selectivity: dict[str, np.ndarray]
    importance: dict[str, np.ndarray]
    metric: str
    change: str


def importance_correlations(
    report: SelectivityReport,
    ablation: SingleUnitAblation,
    metric: str = "si",
    change: str = "loss_change",
) -> ImportanceCorrelations:
    """Correlate the importance of units with their selectivity.

    Args:
        report: What `ks.measure` found.
        ablation: What `ks.perturbation.single_unit` found, of the same model.
        metric: A measure in the report.
        change: `"loss_change"`, `"accuracy_change"` or
            `"top_k_accuracy_change"`. The importance is the loss that silencing
            the unit adds, or the accuracy that it takes away.

    Returns:
        `ImportanceCorrelations`, for each layer and over all units; layers that
        only one of the two holds are left out.

    Raises:
        ValueError: If they have no layer in common, or differ in the units of
            one, or do not hold the measure or the change.

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
        >>> found = importance_correlations(
        ...     ks.measure(model, data, verbose=0),
        ...     ks.perturbation.single_unit(model, data, verbose=0))
        >>> -1 <= found.layers["hidden"].spearman <= 1
        True

    Reference:
        M18 section 3.4, figures 7 and A4.
    """
    checked_kind("report", report, SelectivityReport, "what `ks.measure` returns")
    checked_kind("ablation", ablation, SingleUnitAblation, "what `single_unit` returns")
    shared = [name for name in ablation if name in report]
    if not shared:
        raise ValueError(
            "`report` and `ablation` have no layer in common. The report holds "
            f"{list(report)}, the ablation {list(ablation)}."
        )
    checked_choice("metric", metric, report.metrics)
    ablation.importance(change)  # Raises for a change that it does not hold.
    sign = 1 if change == "loss_change" else -1
    selectivity = {name: report[name][metric] for name in shared}
    importance = {name: sign * ablation[name][change] for name in shared}
    for name in shared:
        if len(selectivity[name]) != len(importance[name]):
            raise ValueError(
                f"Layer {name!r} has {len(selectivity[name])} units in `report` and "
                f"{len(importance[name])} in `ablation`: they are of two models."
            )
    everything = [np.concatenate(list(d.values())) for d in (selectivity, importance)]
    return ImportanceCorrelations(
        correlation(*everything),
        {name: correlation(selectivity[name], importance[name]) for name in shared},
        selectivity,
        importance,
        metric,
        change,
    )


def correlation(x: np.ndarray, y: np.ndarray) -> ImportanceCorrelation:
    """Correlations of two quantities, and the line that goes through them.

    Args:
        x: `(units,)`; NaN where it is not defined.
        y: `(units,)`.

    Returns:
        A `ImportanceCorrelation` of `y` against `x`.

    Example:
        >>> found = correlation(np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 5, 7]))
        >>> round(found.spearman, 12), round(found.slope, 12)
        (1.0, 2.0)
    """
    from scipy import stats

    kept = np.isfinite(x) & np.isfinite(y)
    x, y = x[kept], y[kept]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return ImportanceCorrelation(len(x), *[float("nan")] * 6)
    spearman, line = stats.spearmanr(x, y), stats.linregress(x, y)
    pearson = stats.pearsonr(x, y)
    return ImportanceCorrelation(
        len(x),
        float(spearman.statistic),
        float(spearman.pvalue),
        float(pearson.statistic),
        float(pearson.pvalue),
        float(line.slope),
        float(line.intercept),
    )
