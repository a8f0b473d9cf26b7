"""What LM21's figures and claims read off a finished run: pure functions."""

from collections.abc import Collection, Sequence

import numpy as np

import keras_selectivity as ks
from keras_selectivity.callbacks import PreferredClasses
from recipes.quantities import unit_values


def t95(accuracies: Sequence[float]) -> int:
    """First epoch with 95% of the best accuracy of the training.

    Example:
        >>> t95([0.5, 0.8, 0.94, 0.96, 1.0])
        4

    Reference:
        LM21 appendix A.2.
    """
    return 1 + int(np.argmax(np.asarray(accuracies) >= 0.95 * np.max(accuracies)))


def dead_share(report: ks.SelectivityReport) -> float:
    """Proportion of units that respond to no sample.

    Reference:
        LM21 appendix A.10, figure A7.
    """
    return float(np.mean(unit_values(report, "dead")))


def sparse_share(report: ks.SelectivityReport) -> float:
    """Proportion of units that respond to less than half of the samples.

    Reference:
        LM21 appendix A.11. A unit that responds to exactly half is not counted:
        the paper's words leave it open.
    """
    return float(np.mean(unit_values(report, "active_fraction") < 0.5))


def changes(preferred: PreferredClasses) -> float:
    """How often a unit changes its preferred class during training.

    Example:
        >>> classes = [[3, 3], [3, 3], [5, 3], [5, 3], [3, 3]]
        >>> preferred = PreferredClasses(range(5), {"conv": classes})
        >>> changes(preferred), changed_share(preferred)
        (1.0, 0.5)

    Reference:
        LM21 appendix A.16, figure A29.
    """
    return float(np.mean([counts.mean() for counts in preferred.changes.values()]))


def changed_share(preferred: PreferredClasses) -> float:
    """Proportion of units that change their preferred class at least once.

    Reference:
        LM21 appendix A.16, figure A28.
    """
    return float(np.mean([*preferred.changed.values()]))


def regularized_layers(names: Sequence[str], taps: str) -> list[str]:
    """Layers that a training regularized.

    Example:
        >>> regularized_layers(["a", "b", "c"], "last:2")
        ['b', 'c']
    """
    end, _, count = taps.partition(":")
    if not count:
        return list(names)
    return list(names[: int(count)] if end == "first" else names[-int(count) :])


def mean_over(
    report: ks.SelectivityReport, layers: Collection[str], metric: str = "si"
) -> float:
    """Mean of a measure over units, then over some layers.

    Reference:
        LM21 appendix A.15, figures A20b and A21b.
    """
    means = report.layer_means(metric)
    return float(np.mean([means[name] for name in layers]))
