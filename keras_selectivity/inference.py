"""The papers' statistics: intervals, corrected tests, rank correlation, fits, errors.

Thin over `scipy.stats`, with the conventions fixed: every test is two-sided, and a
p-value is corrected by Bonferroni's rule for the number of tests in its family.
"""

import math
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np

from keras_selectivity.checks import (
    checked_count,
    checked_function,
    checked_integer,
    checked_kind,
    checked_list,
    checked_number,
    checked_numbers,
    checked_seed,
    received,
)

# scipy.stats is imported where it is used: it takes longer than the rest of this
# package does.

Key = TypeVar("Key", bound=Hashable)


class Interval(NamedTuple):
    """A mean and the ends of its confidence interval.

    Attributes:
        mean: float64, or an array.
        low: The same shape.
        high: The same shape.
    """

    mean: Any
    low: Any
    high: Any


class Comparison(NamedTuple):
    """What a test found.

    Attributes:
        statistic: The test's statistic; positive where the first sample is greater.
        pvalue: Two-sided, of this test alone.
        corrected: The same for the family of tests, `bonferroni`.
    """

    statistic: float
    pvalue: float
    corrected: float


class RankCorrelation(NamedTuple):
    """A correlation and its two-sided p-value.

    Attributes:
        correlation: In [-1, 1]; NaN where it is not defined.
        pvalue: In [0, 1]; NaN where it is not defined.
    """

    correlation: float
    pvalue: float


class Line(NamedTuple):
    """A straight line `slope * x + intercept`."""

    slope: float
    intercept: float


class Quartiles(NamedTuple):
    """Median and interquartile range."""

    median: float
    iqr: float


def bootstrap_mean(
    values: Any,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """Mean over replicates with a bootstrapped confidence interval.

    The percentile interval: of the means of samples drawn from the replicates with
    replacement, what lies between the 2.5th and the 97.5th percentile. With few
    replicates it is too narrow: of five from a normal distribution it holds the true
    mean in about 83% of cases, of 20 in 93%.

    Args:
        values: `(replicates, ...)`, finite; an interval for each column, over axis 0.
        confidence: Coverage that is aimed at, in (0, 1).
        resamples: Number of samples drawn.
        seed: Of the draws: the same seed gives the same interval.

    Returns:
        `Interval` of floats, or of arrays of the shape of one replicate.

    Raises:
        TypeError: If the values are not real numbers, or an option of a wrong type.
        ValueError: With fewer than two replicates, NaN or infinity, a `confidence`
            outside (0, 1), or `resamples` below 1.

    Example:
        >>> found = bootstrap_mean([1.0, 2.0, 3.0, 4.0])
        >>> found.mean, found.low, found.high
        (2.5, 1.5, 3.5)

    Reference:
        LM21 (Leavitt and Morcos, 2021), error bars over 20 replicates (the kind of
        interval and the number of draws are not stated); R22, shades of all figures.
    """
    values = checked_numbers("values", values, shape="(replicates, ...)", least=2)
    confidence = checked_number("confidence", confidence, above=0, below=1)
    resamples, seed = checked_count("resamples", resamples), checked_seed(seed)
    from scipy import stats

    with _quietly():
        found = stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=resamples,
            # A block at a time: draws of many columns would fill the memory.
            batch=max(1, 2**22 // values.size),
            axis=0,
            confidence_level=confidence,
            method="percentile",
            random_state=np.random.default_rng(seed),
        ).confidence_interval
    ends = values.mean(axis=0), found.low, found.high
    return Interval(*(end if values.ndim > 1 else float(end) for end in ends))


def t_test(a: Any, b: Any, *, comparisons: int = 1) -> Comparison:
    """Student's t-test of two independent samples, such as accuracies at two alphas.

    Two-sided, with equal variances: the plain t-test, as LM21 names it.

    Args:
        a: `(samples,)`, finite.
        b: `(samples,)`, finite; as many or not.
        comparisons: Number of tests in the family.

    Returns:
        `Comparison`; the statistic is positive where the mean of `a` is greater.
        Where both samples are constant, the p-value is 0 if they differ and
        everything is NaN if they do not.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: With fewer than two values in a sample, with NaN or infinity, or
            with fewer than one comparison.

    Example:
        >>> found = t_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], comparisons=10)
        >>> [round(value, 4) for value in found]
        [-3.6742, 0.0213, 0.2131]

    Reference:
        LM21 figures 1a, 3a, A2, A6, A9, A12, A14.
    """
    from scipy import stats

    a, b = checked_numbers("a", a, least=2), checked_numbers("b", b, least=2)
    if not np.ptp(a) and not np.ptp(b):
        return _without_variation(a[0] - b[0], comparisons)
    with _quietly():
        return _comparison(stats.ttest_ind(a, b), comparisons)


def paired_t_test(a: Any, b: Any, *, comparisons: int = 1) -> Comparison:
    """Student's t-test of paired samples, such as two distances for each layer.

    Two-sided.

    Args:
        a: `(pairs,)`, finite.
        b: `(pairs,)`, finite, in the same order.
        comparisons: Number of tests in the family.

    Returns:
        `Comparison`; the statistic is positive where `a` is greater on average.
        Where all pairs differ by the same, the p-value is 0, and everything is NaN if
        they do not differ.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: With fewer than two pairs, or numbers of values that differ; with
            NaN or infinity, or with fewer than one comparison.

    Example:
        >>> found = paired_t_test([1.0, 2.0, 4.0], [0.0, 1.0, 2.0])
        >>> [round(value, 4) for value in found]
        [4.0, 0.0572, 0.0572]

    Reference:
        LM21 figures 2b and A3.
    """
    from scipy import stats

    a, b = _checked_pairs("a", a, "b", b, least=2)
    if not np.ptp(a - b):
        return _without_variation((a - b)[0], comparisons)
    with _quietly():
        return _comparison(stats.ttest_rel(a, b), comparisons)


def rank_sum_test(a: Any, b: Any, *, comparisons: int = 1) -> Comparison:
    """Wilcoxon's rank-sum test of two independent samples.

    Two-sided, by the normal approximation (`scipy.stats.ranksums`; ties share their
    rank, the variance is not corrected for them): it is rough below about ten values
    a sample, and 20 against 20 that do not overlap give 6e-8, never less.

    Args:
        a: `(samples,)`, finite.
        b: `(samples,)`, finite; as many or not.
        comparisons: Number of tests in the family.

    Returns:
        `Comparison`; the statistic is positive where `a` tends to be greater, and 0,
        with a p-value of 1, where all values are equal.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: With an empty sample, with NaN or infinity, or with fewer than one
            comparison.

    Example:
        >>> found = rank_sum_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], comparisons=2)
        >>> [round(value, 4) for value in found]
        [-1.964, 0.0495, 0.0991]

    Reference:
        LM21 figures 4a, A15 and A33.
    """
    from scipy import stats

    a, b = checked_numbers("a", a), checked_numbers("b", b)
    return _comparison(stats.ranksums(a, b), comparisons)


def prediction_test(value: Any, sample: Any, *, comparisons: int = 1) -> Comparison:
    """Whether a sample predicts one more value, such as the accuracy of one network.

    Two-sided: the value lies outside the `1 - pvalue` prediction interval of the
    sample, `(value - mean) / (s * sqrt(1 + 1 / n))` in the t distribution of `n - 1`
    degrees of freedom. It is Student's t-test with a single value on one side.

    Args:
        value: The new value: a finite number.
        sample: `(samples,)`, finite: values that are known.
        comparisons: Number of tests in the family.

    Returns:
        `Comparison`; the statistic is positive where the value is greater than the
        sample's mean. Where the sample is constant, the p-value is 0 if the value is
        another, and everything is NaN if it is not.

    Raises:
        TypeError: If they are not real numbers.
        ValueError: With fewer than two values in the sample, with NaN or infinity, or
            with fewer than one comparison.

    Example:
        >>> found = prediction_test(9.0, [1.0, 2.0, 3.0], comparisons=2)
        >>> [round(value, 4) for value in found]
        [6.0622, 0.0261, 0.0523]

    Reference:
        R22 (Ranadive et al., 2022) figures 11 to 14, where one network is beside
        several: the paper names no test.
    """
    value = checked_number("value", value)
    sample = checked_numbers("sample", sample, least=2)
    if not np.ptp(sample):
        return _without_variation(value - sample[0], comparisons)
    from scipy import stats

    count = len(sample)
    with _quietly():
        error = sample.std(ddof=1) * math.sqrt(1 + 1 / count)
        statistic = float((value - sample.mean()) / error)
        pvalue = 2 * float(stats.t.sf(abs(statistic), count - 1))
    return _corrected(statistic, pvalue, comparisons)


def family(
    pairs: Mapping[Key, tuple[Any, Any]],
    test: Callable[..., Comparison] = t_test,
) -> dict[Key, Comparison]:
    """One test for each pair of samples, corrected for their number.

    Args:
        pairs: For each key, such as a value of alpha, the two samples.
        test: `t_test`, `paired_t_test` or `rank_sum_test`.

    Returns:
        For each key a `Comparison`, in the order of `pairs`.

    Raises:
        TypeError: If `pairs` is no mapping to pairs, or `test` no function; and what
            `test` raises.
        ValueError: If a key has not two samples; and what `test` raises.

    Example:
        >>> accuracy = {0: [0.9, 0.91, 0.92], -1: [0.8, 0.82, 0.84], -2: [0.5, 0.6]}
        >>> found = family({a: (accuracy[a], accuracy[0]) for a in (-1, -2)})
        >>> {alpha: round(value.corrected, 3) for alpha, value in found.items()}
        {-1: 0.004, -2: 0.005}

    Reference:
        LM21: every alpha against alpha = 0 by t-test, either sign of an alpha
        against the other by rank-sum test. The number of tests in a family is not
        stated: here it is the number of pairs.
    """
    wanted = "a mapping of keys to pairs of samples"
    checked_kind("pairs", pairs, Mapping, wanted)
    checked_function("test", test)
    for pair in pairs.values():
        if len(checked_list("pairs", pair, wanted)) != 2:
            raise ValueError(f"`pairs` must be {wanted}. {received('pairs', pairs)}")
    return {key: test(a, b, comparisons=len(pairs)) for key, (a, b) in pairs.items()}


def bonferroni(pvalues: Any, comparisons: int | None = None) -> Any:
    """P-values for a family of tests: each times their number, at most 1.

    Args:
        pvalues: A number or an array; NaN stays.
        comparisons: Number of tests in the family. None: as many as there are
            p-values.

    Returns:
        float64 of the same shape.

    Raises:
        TypeError: If the p-values are not real numbers, or `comparisons` no integer.
        ValueError: If a p-value is outside [0, 1], or with fewer than one comparison.

    Example:
        >>> bonferroni([0.01, 0.2, 0.5]).tolist()
        [0.03, 0.6000000000000001, 1.0]
    """
    found = checked_numbers("pvalues", pvalues, shape="...", finite=False)
    if np.any((found < 0) | (found > 1)):
        raise ValueError(f"`pvalues` must be in [0, 1]. {received('pvalues', pvalues)}")
    if comparisons is None:
        comparisons = found.size
    return np.minimum(found * checked_count("comparisons", comparisons), 1.0)[()]


def spearman(x: Any, y: Any) -> RankCorrelation:
    """Spearman's rank correlation, with ties at their mean rank.

    Args:
        x: `(values,)`, finite.
        y: `(values,)`, finite, in the same order.

    Returns:
        `RankCorrelation`; NaN where x or y is constant. The p-value is by the t
        distribution, rough below about ten values.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: With fewer than three values, or numbers of them that differ; with
            NaN or infinity.

    Example:
        >>> round(spearman([1, 2, 3, 4, 5], [1, 4, 9, 16, 20]).correlation, 6)
        1.0

    Reference:
        M18 (Morcos et al., 2018) figures 4 and 7; LM21 appendix A.14.
    """
    x, y = _checked_pairs("x", x, "y", y, least=3)
    if not np.ptp(x) or not np.ptp(y):
        return RankCorrelation(float("nan"), float("nan"))
    from scipy import stats

    with _quietly():
        return RankCorrelation(*map(float, stats.spearmanr(x, y)))


def spearman_floor(count: int) -> float:
    """The smallest p-value that Spearman's two-sided test of so few values can have.

    Of the `count!` orders of values without ties two are perfect, one either way. The
    p-value of `spearman` is by the t distribution, which gives 0 for a perfect order of
    any number of values: with five, no order is rarer than 2 in 120.

    Args:
        count: Number of pairs of values, at least 2.

    Returns:
        `2 / count!`; 0 from 178 values on, where it is below all floats.

    Raises:
        TypeError: If `count` is no integer.
        ValueError: If it is below 2.

    Example:
        >>> spearman_floor(3), round(spearman_floor(5), 4)
        (0.3333333333333333, 0.0167)

    Reference:
        M. G. Kendall (1948), Rank Correlation Methods, chapter 4.
    """
    count = checked_integer("count", count, least=2)
    return 2 / math.factorial(count) if count < 178 else 0.0


def regression_line(x: Any, y: Any) -> Line:
    """Least-squares line, as through the units of one layer.

    Args:
        x: `(values,)`, finite.
        y: `(values,)`, finite, in the same order.

    Returns:
        `Line`; NaN where x is constant.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: With fewer than two values, or numbers of them that differ; with
            NaN or infinity.

    Example:
        >>> regression_line([0, 1, 2], [1, 3, 5])
        Line(slope=2.0, intercept=1.0)

    Reference:
        M18 figure 7c.
    """
    x, y = _checked_pairs("x", x, "y", y, least=2)
    if not np.ptp(x):
        return Line(float("nan"), float("nan"))
    from_x, from_y = x - x.mean(), y - y.mean()
    slope = float(from_x @ from_y / (from_x @ from_x))
    return Line(slope, float(y.mean() - slope * x.mean()))


def quartiles(values: Any) -> Quartiles:
    """Median and interquartile range over replicates.

    Args:
        values: `(replicates,)`, finite.

    Returns:
        `Quartiles`, by linear interpolation.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: Without a value, or with NaN or infinity.

    Example:
        >>> quartiles([1, 2, 3, 4, 9])
        Quartiles(median=3.0, iqr=2.0)

    Reference:
        LM21 appendix A.2.
    """
    low, median, high = np.percentile(checked_numbers("values", values), [25, 50, 75])
    return Quartiles(float(median), float(high - low))


def standard_error(values: Any) -> float:
    """Standard error of a mean: the deviation over replicates by `sqrt(replicates)`.

    Args:
        values: `(replicates,)`, finite.

    Returns:
        float64, with the deviation of `n - 1`; NaN of a single value.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: Without a value, or with NaN or infinity.

    Example:
        >>> round(standard_error([1.0, 2.0, 3.0, 4.0]), 4)
        0.6455

    Reference:
        G19 (Gale et al., 2019) table 2.
    """
    values = checked_numbers("values", values)
    if len(values) < 2:
        return float("nan")
    from scipy import stats

    return float(stats.sem(values))


def binomial_standard_error(share: Any, count: Any) -> Any:
    """Standard error of a share: `sqrt(share * (1 - share) / count)`.

    Args:
        share: In [0, 1]; a number or an array.
        count: Number of trials, at least 1, of a shape that broadcasts.

    Returns:
        float64 of the shape that they broadcast to.

    Raises:
        TypeError: If they are not real numbers.
        ValueError: If a share is outside [0, 1], a count below 1, or their shapes do
            not fit.

    Example:
        >>> round(float(binomial_standard_error(0.217, 1332)), 4)
        0.0113

    Reference:
        G19 (Gale et al., 2019) table 2.
    """
    share = checked_numbers("share", share, shape="...", least=0)
    count = checked_numbers("count", count, shape="...", least=0)
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError(f"`share` must be in [0, 1]. {received('share', share)}")
    if not np.all(count >= 1):
        raise ValueError(f"`count` must be at least 1. {received('count', count)}")
    try:
        return np.sqrt(share * (1 - share) / count)[()]
    except ValueError as error:
        raise ValueError(
            "`share` and `count` must have shapes that broadcast. Received: shapes "
            f"{share.shape} and {count.shape}."
        ) from error


def _comparison(found: Any, comparisons: int) -> Comparison:
    return _corrected(float(found.statistic), float(found.pvalue), comparisons)


def _without_variation(difference: float, comparisons: int) -> Comparison:
    """A t-test of values that do not vary: their difference over zero."""
    if difference == 0:
        pvalue = statistic = float("nan")
    else:
        pvalue, statistic = 0.0, float(np.copysign(np.inf, difference))
    return _corrected(statistic, pvalue, comparisons)


def _corrected(statistic: float, pvalue: float, comparisons: int) -> Comparison:
    count = checked_count("comparisons", comparisons)
    return Comparison(statistic, pvalue, float(bonferroni(pvalue, count)))


@contextmanager
def _quietly() -> Iterator[None]:
    """Values that differ by rounding alone: a rough result, but a result."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _checked_pairs(
    name_x: str, x: Any, name_y: str, y: Any, *, least: int
) -> tuple[np.ndarray, np.ndarray]:
    x = checked_numbers(name_x, x, least=least)
    y = checked_numbers(name_y, y, least=least)
    if len(x) != len(y):
        raise ValueError(
            f"`{name_x}` and `{name_y}` must hold pairs. Received: {len(x)} and "
            f"{len(y)} values."
        )
    return x, y
