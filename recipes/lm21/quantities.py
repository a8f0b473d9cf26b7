"""One number of a run: what LM21 plots against alpha.

Each is a function of a finished run; NaN where the run did not measure it.
"""

import numpy as np

from keras_selectivity.inference import RankCorrelation, spearman
from recipes.lm21 import measures
from recipes.runner.runs import Run


def accuracy(run: Run) -> float:
    """On the test set, in [0, 1]."""
    return run.accuracy


def selectivity(run: Run) -> float:
    """Mean SI of the network, over units and then layers."""
    return run.report.mean("si")


def living_selectivity(run: Run) -> float:
    """Mean SI without the units that never respond (figures A8b, A8c).

    Returns:
        A number in [0, 1]; NaN where all units are dead.
    """
    return run.report.mean("si", without_dead=True)


def discriminability(run: Run) -> float:
    """Mean d' of the network (A.14)."""
    return run.report.mean("dprime")


def precision(run: Run) -> float:
    """Mean precision of the network (A.13)."""
    return run.report.mean("precision")


def mutual_information(run: Run) -> float:
    """Mean mutual information between a unit and the class (A.13)."""
    return run.report.mean("mutual_information")


def first_selectivity(run: Run) -> float:
    """Mean SI of the first three layers (A.15)."""
    return measures.mean_over(run.report, list(run.report)[:3])


def last_selectivity(run: Run) -> float:
    """Mean SI of the last three layers (A.15)."""
    return measures.mean_over(run.report, list(run.report)[-3:])


def dead_share(run: Run) -> float:
    """Share of the units that respond to no sample (A.10)."""
    return measures.dead_share(run.report)


def sparse_share(run: Run) -> float:
    """Share of the units that respond to less than half of the samples (A.11)."""
    return measures.sparse_share(run.report)


def busy_share(run: Run) -> float:
    """Share of the units that respond to more than 80% of the samples (A.11)."""
    return float(np.mean(measures.units(run.report, "active_fraction") > 0.8))


def unit_correlation(run: Run) -> RankCorrelation:
    """Rank correlation of SI and d' over all units (A.14).

    Returns:
        `RankCorrelation`; NaN where one does not vary, or fewer than three units have
        both.
    """
    pairs = np.stack([measures.units(run.report, name) for name in ("si", "dprime")])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < 3:
        return RankCorrelation(float("nan"), float("nan"))
    return spearman(*pairs)


def t95(run: Run) -> float:
    """Epochs until test accuracy reaches 95% of its maximum (A.2).

    Returns:
        Number of epochs, from 1; NaN where they were not measured.
    """
    reached = run.history.get("test_accuracy")
    return float(measures.t95(reached)) if reached else float("nan")


def changed_share(run: Run) -> float:
    """Share of the units that changed their preferred class at least once (A.16).

    Returns:
        Mean over units, then layers, in [0, 1]; NaN where it was not followed.
    """
    if not run.settings.measure_every_epoch:
        return float("nan")
    return measures.changed_share(run.preferred_classes)


def mean_changes(run: Run) -> float:
    """How often a unit changed its preferred class (A.16).

    Returns:
        Mean over units, then layers; NaN where it was not followed.
    """
    if not run.settings.measure_every_epoch:
        return float("nan")
    return measures.changes(run.preferred_classes)
