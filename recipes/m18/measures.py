"""What M18's figures and claims read off scores: pure functions."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


def bimodality(values: npt.ArrayLike) -> float:
    """Sarle's coefficient of bimodality, for a finite sample.

    Returns:
        `(g**2 + 1) / (k + 3 (n - 1)**2 / ((n - 2) (n - 3)))` with the unbiased
        skewness g and excess kurtosis k: 5/9 for a uniform distribution of many
        values, more with two separate groups. NaN where all values are equal.

    Example:
        >>> bimodality([0] * 10 + [1] * 10) > 5 / 9
        True

    Reference:
        For the two clusters of M18 figure 3b. SAS Institute (1990), SAS/STAT User's
        Guide, the CLUSTER procedure.
    """
    from scipy import stats

    found = np.asarray(values, float)
    count = len(found)
    if count < 4 or not np.ptp(found):
        return math.nan
    skewness = stats.skew(found, bias=False)
    kurtosis = stats.kurtosis(found, bias=False)
    correction = 3 * (count - 1) ** 2 / ((count - 2) * (count - 3))
    return float((skewness**2 + 1) / (kurtosis + correction))


class Picks(NamedTuple):
    """How well a score picks the best setting of random halves.

    Attributes:
        size: Settings in a half.
        tops: Numbers of best settings that count as a hit.
        shares: For each of them, share of the halves with a hit.
        gaps: `(draws,)`: accuracy of the best setting of a half less that of the
            one picked.
    """

    size: int
    tops: tuple[int, ...]
    shares: tuple[float, ...]
    gaps: np.ndarray


def picks(
    scores: npt.ArrayLike,
    accuracies: npt.ArrayLike,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Picks:
    """Draw half of the settings at random, pick the one with the best score, again.

    The paper draws 48 of 96 settings and asks whether the pick is among the best 1, 5
    or 10 of them. Of another number of settings the same share is asked for, rounded
    up: of 12 the best 1, 2 or 3.

    Example:
        >>> perfect = picks([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])
        >>> perfect.shares, float(perfect.gaps.max())
        ((1.0, 1.0, 1.0), 0.0)

    Reference:
        M18 section 3.2.
    """
    values, truth = np.asarray(scores, float), np.asarray(accuracies, float)
    if values.shape != truth.shape or values.ndim != 1 or len(values) < 2:
        raise ValueError(
            "`scores` and `accuracies` must hold a number for each of two settings or "
            f"more. Received: shapes {values.shape} and {truth.shape}."
        )
    size = len(values) // 2
    tops = tuple(math.ceil(top * size / 48) for top in (1, 5, 10))
    rng = np.random.default_rng(seed)
    halves = rng.random((draws, len(values))).argsort(axis=1)[:, :size]
    picked = truth[halves[np.arange(draws), values[halves].argmax(axis=1)]]
    ranked = -np.sort(-truth[halves], axis=1)
    shares = tuple(float(np.mean(picked >= ranked[:, top - 1])) for top in tops)
    return Picks(size, tops, shares, ranked[:, 0] - picked)
