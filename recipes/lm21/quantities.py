"""One number of a run: what LM21 plots against alpha."""

import math
from collections.abc import Callable

import numpy as np

from keras_selectivity.callbacks import PreferredClasses
from keras_selectivity.inference import RankCorrelation, spearman
from recipes.lm21 import measures
from recipes.quantities import Quantity, over_layers, percent, unit_values
from recipes.runner.runs import Run


def _t95(run: Run) -> float:
    reached = run.history.get("test_accuracy")
    return float(measures.t95(reached)) if reached else math.nan


def _followed(of: Callable[[PreferredClasses], float]) -> Callable[[Run], float]:
    return lambda run: (
        of(run.preferred_classes) if run.settings.measure_every_epoch else math.nan
    )


def _ends(layers: slice) -> Callable[[Run], float]:
    return lambda run: measures.mean_over(run.report, list(run.report)[layers])


selectivity = Quantity("si", over_layers("si"), "mean SI")
# Figures A8b and A8c. NaN where all units are dead.
living_selectivity = Quantity(
    "living_si", over_layers("si", without_dead=True), "mean SI of living units"
)
# A.13 and A.14.
precision = Quantity("precision", over_layers("precision"), "mean precision")
mutual_information = Quantity(
    "mutual_information", over_layers("mutual_information"), "mean mutual information"
)
discriminability = Quantity("dprime", over_layers("dprime"), "mean d'")
# A.15.
first_selectivity = Quantity("first3", _ends(slice(3)), "mean SI, first three layers")
last_selectivity = Quantity(
    "last3", _ends(slice(-3, None)), "mean SI, last three layers"
)
# A.11.
sparse_share = Quantity(
    "sparse_share",
    lambda run: measures.sparse_share(run.report),
    "units that respond to less than half of the samples",
    percent,
)
busy_share = Quantity(
    "busy_share",
    lambda run: float(np.mean(unit_values(run.report, "active_fraction") > 0.8)),
    "units that respond to more than 80% of the samples",
    percent,
)
# A.2. NaN where the test set was not measured after every epoch.
t95 = Quantity("t95", _t95, "epochs to 95% of the best test accuracy")
# A.16, means over units, then layers. NaN where preferred classes were not followed.
changed_share = Quantity(
    "changed_share",
    _followed(measures.changed_share),
    "units that changed their preferred class",
    percent,
)
mean_changes = Quantity(
    "changes", _followed(measures.changes), "changes of a unit's preferred class"
)


def unit_correlation(run: Run) -> RankCorrelation:
    """Rank correlation of SI and d' over all units (A.14).

    NaN where one does not vary, or fewer than three units have both.
    """
    pairs = np.stack([unit_values(run.report, name) for name in ("si", "dprime")])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < 3:
        return RankCorrelation(math.nan, math.nan)
    return spearman(*pairs)
