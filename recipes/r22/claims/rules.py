"""How claims about values of networks are decided."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from keras_selectivity import inference
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    corrected,
    decided,
    extreme,
    together,
)
from recipes.claims.wording import number

#: Numbers of networks.
Values = Sequence[float] | npt.NDArray[np.float64]
#: Two samples for each label.
Pairs = Mapping[str, tuple[Values, Values]]
#: Points of accuracy that count as about equal: the paper gives no number.
MARGIN = 2.0
#: Epochs at the end of a training whose accuracies are averaged.
LAST = 3
_TEST = (
    "t-test; of one network, whether it lies outside what the others predict for one "
    "more"
)


def pvalue(one: Values, other: Values, comparisons: int = 1) -> float:
    """Two-sided, that two samples have one mean.

    A single value is held against the prediction interval of the others.

    Returns:
        In [0, 1]; NaN where both are single values, or nothing varies.

    Example:
        >>> pvalue([9.0], [1.0, 2.0, 3.0]) < 0.05, pvalue([2.5], [1.0, 2.0, 3.0]) < 0.5
        (True, False)
        >>> pvalue([1.0], [2.0])
        nan
    """
    if len(one) > 1 and len(other) > 1:
        return corrected(inference.t_test(one, other, comparisons=comparisons))
    single, many = (one, other) if len(one) == 1 else (other, one)
    if len(many) < 2 or not (spread := float(np.std(many, ddof=1))):
        return float("nan")
    from scipy import stats

    n = len(many)
    t = (single[0] - np.mean(many)) / (spread * math.sqrt(1 + 1 / n))
    return min(1.0, comparisons * 2 * float(stats.t.sf(abs(t), n - 1)))


def difference(one: Values, other: Values) -> str:
    """Two means as text.

    Example:
        >>> difference([0.1, 0.3], [0.5])
        '0.2 against 0.5'
    """
    return f"{number(float(np.mean(one)))} against {number(float(np.mean(other)))}"


def points(one: Values, other: Values) -> str:
    """Two mean accuracies in percent as text.

    Example:
        >>> points([90.0], [92.0, 93.0])
        '90.0% against 92.5%'
    """
    return f"{np.mean(one):.1f}% against {np.mean(other):.1f}%"


def higher(
    pairs: Pairs,
) -> Outcome | None:
    """Whether the first sample is higher than the second, in each of several pairs.

    Returns:
        Held if higher in all, p < 0.05; None without a pair.
    """
    if not pairs:
        return None
    found = {
        label: pvalue(one, other, len(pairs)) for label, (one, other) in pairs.items()
    }
    return Outcome(
        "; ".join(
            f"{label} {difference(one, other)}" for label, (one, other) in pairs.items()
        ),
        f"{_TEST}, corrected; held: higher, p < {LEVEL}, in all (largest p); "
        f"{UNDECIDED}",
        extreme(found.values(), max),
        together(
            decided(np.mean(one) > np.mean(other), found[label], _smaller(one, other))
            for label, (one, other) in pairs.items()
        ),
    )


def paired_higher(
    pairs: Pairs,
) -> Outcome | None:
    """The same of the same networks, which are paired.

    Returns:
        Held if higher in all, p < 0.05; None without a pair of two networks.
    """
    kept = {label: pair for label, pair in pairs.items() if len(pair[0]) > 1}
    if not kept:
        return None
    found = {
        label: corrected(inference.paired_t_test(*pair, comparisons=len(kept)))
        for label, pair in kept.items()
    }
    return Outcome(
        "; ".join(f"{label} {difference(*pair)}" for label, pair in kept.items()),
        "paired t-test over networks, corrected; held: higher, "
        f"p < {LEVEL}, in all (largest p); {UNDECIDED}",
        extreme(found.values(), max),
        together(
            decided(np.mean(one) > np.mean(other), found[label], len(one))
            for label, (one, other) in kept.items()
        ),
    )


def loses(
    pairs: Pairs,
) -> Outcome | None:
    """Whether accuracy is lower in the first sample of each pair.

    Returns:
        Held if lower in all, p < 0.05; None without a pair.
    """
    if not pairs:
        return None
    found = {label: pvalue(*pair, len(pairs)) for label, pair in pairs.items()}
    return Outcome(
        "; ".join(f"{label} {points(*pair)}".strip() for label, pair in pairs.items()),
        f"{_TEST}, corrected; held: lower, p < {LEVEL}, in all (largest p); "
        f"{UNDECIDED}",
        extreme(found.values(), max),
        together(
            decided(np.mean(one) < np.mean(other), found[label], _smaller(one, other))
            for label, (one, other) in pairs.items()
        ),
    )


def harmless(
    pairs: Pairs,
) -> Outcome | None:
    """Whether next to nothing is lost in the first sample of each pair."""
    if not pairs:
        return None
    found = {label: pvalue(*pair, len(pairs)) for label, pair in pairs.items()}
    return Outcome(
        "; ".join(f"{label} {points(*pair)}".strip() for label, pair in pairs.items()),
        f"{_TEST}, corrected (smallest p); held: at most {MARGIN:g} points lost, none "
        f"of it significant, in all; more, {UNDECIDED}",
        extreme(found.values(), min),
        together(_harmless(*pair, found[label]) for label, pair in pairs.items()),
    )


def _harmless(one: Values, other: Values, p: float) -> bool | None:
    lost = float(np.mean(other) - np.mean(one))
    significant = decided(lost > 0, p, _smaller(one, other))
    if lost <= MARGIN:
        return significant is not True
    return None if significant is None else False


def _smaller(one: Values, other: Values) -> int:
    return min(len(one), len(other))
