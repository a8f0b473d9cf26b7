"""Rules that set samples against samples."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from keras_selectivity.inference import (
    Comparison,
    family,
    paired_t_test,
    rank_sum_test,
    t_test,
)
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    corrected,
    decided,
    either,
    extreme,
    together,
)
from recipes.claims.wording import number
from recipes.lm21.claims.samples import (
    Pairs,
    Samples,
    Where,
    everything,
    fewest,
    spread,
)

_NAMES: dict[Callable[..., Comparison], str] = {
    t_test: "t-test",
    paired_t_test: "paired t-test",
    rank_sum_test: "rank-sum test",
}


def differs(
    pairs: Pairs,
    direction: int,
    *,
    test: Callable[..., Comparison] = t_test,
    write: Callable[[float], str] = number,
    by: float = -math.inf,
    once: bool = False,
) -> Outcome | None:
    """One side is greater (or smaller) at every alpha, significantly.

    Returns:
        Outcome; None if there is nothing to compare. Its p-value is the largest,
        or with `once` the smallest.
    """
    if not pairs:
        return None
    tests = family(pairs, test)
    agrees = {
        alpha: direction * tests[alpha].statistic > 0
        and direction * float(np.mean(a) - np.mean(b)) >= by
        for alpha, (a, b) in pairs.items()
    }
    verdicts = [
        decided(agrees[alpha], corrected(tests[alpha]), fewest(pair))
        for alpha, pair in pairs.items()
    ]
    pvalues = [corrected(one) for one in tests.values()]
    word = "higher" if direction > 0 else "lower"
    found = (
        f"{word} at {sum(agrees.values())} of {len(pairs)} alphas, significantly at "
        f"{sum(verdict is True for verdict in verdicts)}: {_beside(pairs, write)}"
    )
    if test is rank_sum_test:
        found += _reach(pairs)
    amount = f" by {write(by)} or more" if by > 0 else ""
    where = "some alpha (smallest p)" if once else "every alpha (largest p)"
    return Outcome(
        found,
        f"{_NAMES[test]}, corrected; held: {word}{amount}, p < {LEVEL}, at {where}; "
        f"{UNDECIDED}",
        extreme(pvalues, min if once else max),
        either(verdicts) if once else together(verdicts),
    )


def denied(outcome: Outcome | None) -> Outcome | None:
    """That no alpha is significantly higher.

    Returns:
        Outcome; None for None. Of few networks it is undecided unless no mean
        differs as the claim denies.
    """
    if outcome is None:
        return None
    return outcome._replace(
        test="t-test, corrected; held: significantly higher at no alpha (smallest p); "
        f"higher, {UNDECIDED}",
        held=None if outcome.held is None else not outcome.held,
    )


def pooled(first: Samples, second: Samples, direction: int) -> Outcome | None:
    """One side is greater (or smaller) over all alphas.

    Returns:
        Outcome; None with fewer than two networks that have a counterpart.
    """
    one, other = first.points(), second.points()
    shared = [key for key in one if key in other]
    if len(shared) < 2:
        return None
    a, b = [one[key] for key in shared], [other[key] for key in shared]
    found = paired_t_test(a, b)
    return Outcome(
        f"{first.write(float(np.mean(a)))} against {first.write(float(np.mean(b)))}, "
        f"mean of {len(shared)} networks",
        "paired t-test over alphas and seeds; held: "
        f"{'higher' if direction > 0 else 'lower'}, p < {LEVEL}; {UNDECIDED}",
        extreme([corrected(found)], max),
        decided(direction * found.statistic > 0, corrected(found), len(shared)),
    )


def alike(first: Samples, second: Samples, tolerance: float) -> Outcome | None:
    """A quantity is much the same in two sweeps.

    Returns:
        Outcome; None without an alpha that both have.
    """
    pairs = first.against(second, lambda alpha: alpha != 0)
    if not pairs:
        return None
    pvalues = [corrected(one) for one in family(pairs).values()]
    gaps = {a: float(np.mean(x) - np.mean(y)) for a, (x, y) in pairs.items()}
    widest = max(gaps, key=lambda alpha: abs(gaps[alpha]))
    return Outcome(
        f"differ by {gaps[widest]:+.2g} at most, at {widest:g}; significantly at "
        f"{sum(p < LEVEL for p in pvalues)} of {len(pairs)} alphas: "
        f"{_beside(pairs, first.write)}",
        "t-test, corrected (smallest p); held: the means differ by at most "
        f"{tolerance:g} at every alpha",
        extreme(pvalues, min),
        all(abs(gap) <= tolerance for gap in gaps.values()),
    )


def uneven(samples: Samples) -> Outcome | None:
    """A quantity does not rise at every step of alpha.

    Returns:
        Outcome; None with fewer than two alphas.
    """
    alphas = list(samples.values)
    pairs = {
        later: (samples.at(later), samples.at(before))
        for before, later in itertools.pairwise(alphas)
        if min(len(samples.at(before)), len(samples.at(later))) > 1
    }
    outcome = differs(pairs, -1, once=True, write=samples.write)
    if outcome is None:
        return None
    return outcome._replace(
        found=samples.text(6),
        test="t-test of each alpha against the one before, corrected; held: a "
        f"significant fall at some step (smallest p); {UNDECIDED}",
    )


def between(
    samples: Samples, low: float, high: float, where: Where = everything
) -> Outcome | None:
    """A quantity stays within limits.

    Returns:
        Outcome; None if there is none.
    """
    chosen = samples.where(where)
    means = chosen.means()
    if not means:
        return None
    limits = f"{low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}"
    return Outcome(
        f"{chosen.text()}; from {number(min(means.values()))} to "
        f"{number(max(means.values()))}",
        f"held: the mean is {limits} at every alpha",
        None,
        all(low <= mean <= high for mean in means.values()),
    )


def _beside(pairs: Pairs, write: Callable[[float], str]) -> str:
    """Both sides at some alphas."""
    return ", ".join(
        f"{write(float(np.mean(pairs[alpha][0])))} against "
        f"{write(float(np.mean(pairs[alpha][1])))} at {alpha:g}"
        for alpha in spread([*pairs], 3)
    )


def _reach(pairs: Pairs) -> str:
    """What rank sums of so few networks can show at best, where it is not enough."""
    few = min(pairs.values(), key=fewest)
    first, second = map(len, few)
    best = rank_sum_test(
        range(first), range(first, first + second), comparisons=len(pairs)
    ).corrected
    if best < LEVEL:
        return ""
    return f"; {first} against {second} networks give p = {best:.2g} at best"
