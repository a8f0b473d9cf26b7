"""A number that replicates give, and how sure it is.

A replicate is a network, or a seed: networks of one seed share data, order and initial
weights, so what they differ by is one number a seed.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_selectivity.inference import Interval, spearman

# scipy.stats is imported where it is used: it takes longer than all else here.

#: Numbers of networks.
Values = Sequence[float] | npt.NDArray[np.float64]
#: Each bound of an interval is passed by chance so often at most.
LEVEL = 0.05


class Scale(NamedTuple):
    """Where an effect is about normal, and the way back."""

    to: Callable[[float], float]
    back: Callable[[float], float]


def _log(value: float) -> float:
    return -math.inf if value <= 0 else math.log(value)


def _atanh(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= 1 else math.atanh(value)


PLAIN = Scale(float, float)
RATIO = Scale(_log, math.exp)
RHO = Scale(_atanh, math.tanh)


class Effect(NamedTuple):
    """An estimate that is about normal, or Student's, on a scale.

    Attributes:
        estimate: On the scale.
        error: Its standard error; NaN where it is not known, 0 where nothing varies.
        freedom: Degrees of freedom of the error; infinite for a normal estimate.
        replicates: How many there are.
        scale: What `interval` and `bound` are turned from and to.

    Example:
        >>> low, high = average([1.0, 2.0, 3.0]).interval()[1:]
        >>> round(low, 2), round(high, 2)
        (0.31, 3.69)
    """

    estimate: float
    error: float
    freedom: float
    replicates: int
    scale: Scale = PLAIN

    @property
    def value(self) -> float:
        """The estimate, as it was measured."""
        return self.scale.back(self.estimate)

    def interval(self, level: float = LEVEL) -> Interval:
        """The estimate between bounds that are passed by chance so often, each."""
        if math.isnan(self.error):
            return Interval(self.value, -math.inf, math.inf)
        if not self.error:
            return Interval(self.value, self.value, self.value)
        from scipy import stats

        reach = stats.t.isf(level, self.freedom) * self.error
        ends = self.estimate - reach, self.estimate + reach
        return Interval(self.value, *map(self.scale.back, ends))

    def pvalue(self, bound: float, *, above: bool) -> float:
        """How often chance alone is as far above a bound, or below it; NaN unknown."""
        gap = self.estimate - self.scale.to(bound)
        if math.isnan(self.error):
            return math.nan
        gap = gap if above else -gap
        if not self.error:
            return 0.0 if gap > 0 else 1.0
        from scipy import stats

        return float(stats.t.sf(gap / self.error, self.freedom))


def average(values: Values, scale: Scale = PLAIN) -> Effect:
    """The mean over replicates; on the scale of ratios their geometric mean.

    Example:
        >>> average([2.0, 8.0], RATIO).value
        4.0
    """
    found = np.array([scale.to(float(value)) for value in values])
    count = len(found)
    if not count or not np.isfinite(found).all():
        return Effect(math.nan, math.nan, math.nan, count, scale)
    error = found.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
    # Equal numbers have a mean that may differ from them by a rounding.
    if count > 1 and np.ptp(found) == 0:
        return Effect(float(found[0]), 0.0, count - 1, count, scale)
    return Effect(float(found.mean()), float(error), count - 1, count, scale)


def difference(a: Values, b: Values) -> Effect:
    """The mean of some networks less that of others.

    Welch's; with a single network on a side Student's, whose interval is then of what
    the others predict for one more.

    Example:
        >>> difference([9.0, 9.1], [1.0, 1.1]).value
        8.0
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    counts = np.array([len(first), len(second)])
    if not counts.all():
        return Effect(math.nan, math.nan, math.nan, 0)
    gap, fewest = float(first.mean() - second.mean()), int(counts.min())
    if counts.max() < 2:
        return Effect(gap, math.nan, math.nan, fewest)
    # Equal numbers may have a variance of a rounding.
    sums = np.array(
        [(np.ptp(v) > 0) * np.sum((v - v.mean()) ** 2) for v in (first, second)]
    )
    if fewest == 1:
        freedom = counts.sum() - 2.0
        error = math.sqrt(sums.sum() / freedom * np.sum(1 / counts))
    else:
        parts = sums / (counts - 1) / counts
        error = math.sqrt(parts.sum())
        freedom = error**4 / np.sum(parts**2 / (counts - 1)) if error else math.inf
    return Effect(gap, float(error), float(freedom), fewest)


def correlation(x: Values, y: Values) -> Effect:
    """Spearman's rank correlation of networks that have nothing else in common.

    Normal by Fisher's transform, with Bonett and Wright's error (2000). So few cannot
    show a perfect one: it is taken as that with the last two in the other order.

    Example:
        >>> correlation(range(12), range(12)).interval().low > 0.9
        True
    """
    count = len(x)
    rho = spearman(x, y).correlation if count > 2 else math.nan
    if count < 5 or math.isnan(rho):
        return Effect(math.nan, math.nan, math.nan, count, RHO)
    most = 1 - 6 * 2 / (count * (count**2 - 1))
    rho = min(max(rho, -most), most)
    error = math.sqrt((1 + rho**2 / 2) / (count - 3))
    return Effect(math.atanh(rho), error, math.inf, count, RHO)


def resampled(estimate: float, replicates: Values, count: int) -> Effect:
    """An estimate, and what it is of samples drawn with replacement."""
    return Effect(estimate, float(np.std(replicates, ddof=1)), math.inf, count)
