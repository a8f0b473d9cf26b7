"""The rules by which M18's claims are judged."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from keras_selectivity.inference import (
    Comparison,
    RankCorrelation,
    bonferroni,
    paired_t_test,
    rank_sum_test,
    spearman,
    t_test,
)
from recipes.claims.verdicts import (
    FEW,
    LEVEL,
    UNDECIDED,
    Outcome,
    corrected,
    decided,
    extreme,
    together,
)
from recipes.claims.wording import number
from recipes.runner.runs import Run

Write = Callable[[float], str]
#: For each label, such as a share of shuffled labels, a number for each network.
Groups = Mapping[str, Sequence[float]]
_NAMES: dict[Callable[..., Comparison], str] = {
    t_test: "t-test",
    paired_t_test: "paired t-test",
    rank_sum_test: "rank-sum test",
}


def sampled(runs: Iterable[Run], quantity: Callable[[Run], float]) -> list[float]:
    """A quantity of networks, without those that lack it.

    Args:
        quantity: Number of a run; NaN where it has none.
    """
    found = [quantity(run) for run in runs]
    return [value for value in found if np.isfinite(value)]


def lower(
    groups: Groups, reference: str, write: Write = number, words: str = "lower"
) -> Outcome | None:
    """Every group is lower than the reference.

    Returns:
        Outcome; None without the reference or another group.
    """
    kept = {label: values for label, values in groups.items() if values}
    zero = kept.pop(reference, None)
    if not zero or not kept:
        return None
    verdicts, pvalues = [], []
    for values in kept.values():
        one = compared(values, zero, len(kept))
        pvalues.append(corrected(one) if one else float("nan"))
        agrees = bool(np.mean(values) < np.mean(zero))
        verdicts.append(decided(agrees, pvalues[-1], min(len(values), len(zero))))
    beside = ", ".join(
        f"{write(float(np.mean(values)))} ({label})" for label, values in kept.items()
    )
    return Outcome(
        f"{beside}; {write(float(np.mean(zero)))} ({reference})",
        f"t-test over networks, corrected (largest p); held: {words} in each group, "
        f"p < {LEVEL}; {UNDECIDED}",
        extreme(pvalues, max),
        together(verdicts),
    )


def compared(
    first: Sequence[float],
    second: Sequence[float],
    comparisons: int = 1,
    test: Callable[..., Comparison] = t_test,
) -> Comparison | None:
    """A test of two samples.

    Returns:
        What was found; None with fewer than two values in one of them.
    """
    if min(len(first), len(second)) < 2:
        return None
    return test(first, second, comparisons=comparisons)


def greater(
    first: Sequence[float],
    second: Sequence[float],
    names: tuple[str, str],
    test: Callable[..., Comparison] = t_test,
    write: Write = number,
) -> Outcome | None:
    """One sample is greater than another.

    Returns:
        Outcome; None if one is empty.
    """
    if not len(first) or not len(second):
        return None
    one = compared(first, second, 1, test)
    pvalue = corrected(one) if one else float("nan")
    count = min(len(first), len(second))
    agrees = bool(np.mean(first) > np.mean(second))
    return Outcome(
        f"{write(float(np.mean(first)))} ({names[0]}, {len(first)}) against "
        f"{write(float(np.mean(second)))} ({names[1]}, {len(second)})",
        f"{_NAMES[test]}; held: the former greater, p < {LEVEL}; {UNDECIDED}",
        extreme([pvalue], max),
        decided(agrees, pvalue, count),
    )


def ranks(x: Sequence[float], y: Sequence[float]) -> RankCorrelation:
    """Spearman's correlation, with a p-value that so few values can have.

    The t distribution gives 0 for a perfect order; but of the n! orders of n values two
    are perfect.

    Example:
        >>> round(ranks([1, 2, 3, 4], [1, 2, 3, 4]).pvalue, 3)
        0.083
    """
    found = spearman(x, y)
    least = 2 / math.factorial(min(len(x), 100))
    # NaN stays: it is not less than anything.
    return found._replace(pvalue=least if found.pvalue < least else found.pvalue)


def correlated(
    x: Sequence[float], y: Sequence[float], direction: int, strong: float = 0.0
) -> Outcome | None:
    """Two numbers of networks go together.

    Returns:
        Outcome; None with fewer than three networks.
    """
    if len(x) < 3:
        return None
    found = ranks(x, y)
    rho = found.correlation
    size = f", {strong:g} or more in size" if strong else ""
    sign = "positive" if direction > 0 else "negative"
    return Outcome(
        f"rho {rho:.3f} over {len(x)} networks",
        f"Spearman; held: {sign}{size}, p < {LEVEL}; {UNDECIDED}",
        extreme([found.pvalue], max),
        together(
            [
                decided(direction * rho > 0, found.pvalue, len(x)),
                bool(direction * rho >= strong) or (None if np.isnan(rho) else False),
            ]
        ),
    )


def disordered(groups: Groups) -> Outcome | None:
    """Means are not in the order of their labels.

    Returns:
        Outcome; None with fewer than three groups. In order of few networks: a single
        one out of order was all that was claimed, and nothing is decided.
    """
    means = {
        label: float(np.mean(values)) for label, values in groups.items() if values
    }
    if len(means) < 3:
        return None
    rises = int(np.sum(np.diff(list(means.values())) > 0))
    text = ", ".join(f"{number(mean)} ({label})" for label, mean in means.items())
    return Outcome(
        f"{rises} of {len(means) - 1} steps against the order: {text}",
        "held: a mean is greater than that of a smaller share; otherwise undecided, "
        "since the claim is of some curves",
        None,
        True if rises else None,
    )


def within(
    values: Mapping[str, float],
    low: float,
    high: float,
    write: Write = number,
    what: str = "each",
) -> Outcome | None:
    """Numbers lie within limits.

    Returns:
        Outcome; None without one.
    """
    kept = {label: value for label, value in values.items() if np.isfinite(value)}
    if not kept:
        return None
    text = ", ".join(
        f"{write(value)}{f' ({label})' if label else ''}"
        for label, value in kept.items()
    )
    limits = (
        f"{write(low)} or more"
        if high == float("inf")
        else f"{write(high)} or less"
        if low == float("-inf")
        else f"from {write(low)} to {write(high)}"
    )
    return Outcome(
        text,
        f"held: {what} is {limits}",
        None,
        all(low <= value <= high for value in kept.values()),
    )


def early_is_greater(
    layers: Sequence[Mapping[str, np.ndarray]], names: tuple[str, str]
) -> Outcome | None:
    """Units of the first half of a network's layers have the greater numbers.

    Returns:
        Outcome; None without a network of two layers.
    """
    tests, means = [], []
    for network in layers:
        columns = [*network.values()]
        middle = len(columns) // 2
        if not middle:
            continue
        pair = np.concatenate(columns[:middle]), np.concatenate(columns[middle:])
        tests.append(rank_sum_test(*pair))
        means.append([float(np.mean(one)) for one in pair])
    if not tests:
        return None
    pvalues = bonferroni([one.pvalue for one in tests]).tolist()
    first, second = np.mean(means, axis=0)
    verdicts = [
        # Of the many units of one network: nothing found is held against the claim.
        decided(one.statistic > 0, p, FEW)
        for one, p in zip(tests, pvalues, strict=True)
    ]
    return Outcome(
        f"{number(first)} ({names[0]}) against {number(second)} ({names[1]}), mean of "
        f"{len(tests)} networks",
        "rank-sum test over the units of each network, corrected (largest p); held: "
        f"the former greater, p < {LEVEL}, in each",
        extreme(pvalues, max),
        together(verdicts),
    )
