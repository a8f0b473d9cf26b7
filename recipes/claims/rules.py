"""Rules that set samples against samples, or ask what goes with what.

Each gives an `Outcome`, or None where there is nothing to look at.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_selectivity.inference import (
    Comparison,
    RankCorrelation,
    paired_t_test,
    prediction_test,
    rank_sum_test,
    spearman,
    spearman_floor,
    t_test,
)
from recipes.claims.samples import Key, Pairs, Samples, Values, Where, spread
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    decided,
    either,
    largest,
    smallest,
    together,
)
from recipes.quantities import Write, number

Test = Callable[..., Comparison]
#: As far may a mean be out of order where means are said to be in order.
STEP = 0.01


def t_or_prediction(a: Values, b: Values, *, comparisons: int = 1) -> Comparison:
    """Student's t-test; of a single value, whether the others predict it.

    Of two single values there is a difference and no p-value.

    Example:
        >>> t_or_prediction([9.0], [1.0, 2.0, 3.0]).pvalue < 0.05
        True
    """
    if len(a) == len(b) == 1:
        return Comparison(a[0] - b[0], math.nan, math.nan)
    if len(a) == 1:
        return prediction_test(a[0], b, comparisons=comparisons)
    if len(b) == 1:
        found = prediction_test(b[0], a, comparisons=comparisons)
        return found._replace(statistic=-found.statistic)
    return t_test(a, b, comparisons=comparisons)


#: What each test is called.
NAMES: dict[Test, str] = {
    t_test: "t-test",
    paired_t_test: "paired t-test",
    rank_sum_test: "rank-sum test",
    t_or_prediction: "t-test; of one network, whether it lies outside what the others "
    "predict for one more",
}


class Compared(NamedTuple):
    """What a test found of two samples.

    Attributes:
        statistic: Positive where the first is greater.
        gap: Mean of the first less that of the second.
        pvalue: Corrected; NaN where nothing varies, or there are too few for the test.
        size: Networks in the smaller sample.
    """

    statistic: float
    gap: float
    pvalue: float
    size: int

    def verdict(self, direction: int, by: float = -math.inf) -> bool | None:
        """Whether the first is greater (or smaller), significantly."""
        return decided(self.agrees(direction, by), self.pvalue, self.size)

    def agrees(self, direction: int, by: float = -math.inf) -> bool:
        """Whether the first is greater (or smaller) at all, by so much."""
        return direction * self.statistic > 0 and direction * self.gap >= by

    def harmless(self, margin: float) -> bool | None:
        """Whether no more than a margin is lost, and that not significantly.

        Above the margin and not significant: undecided of few networks, else a loss.
        """
        lost = self.verdict(-1)
        if -self.gap <= margin:
            return lost is not True
        return None if lost is None else False


def compared(
    pairs: Mapping[Key, tuple[Values, Values]], test: Test
) -> dict[Key, Compared]:
    """A test of each pair, corrected for their number.

    Example:
        >>> compared({-1.0: ([0.7, 0.71], [0.9, 0.91])}, t_test)[-1.0].verdict(-1)
        True
    """
    return {key: _compared(a, b, test, len(pairs)) for key, (a, b) in pairs.items()}


def _compared(a: Values, b: Values, test: Test, comparisons: int) -> Compared:
    gap, count = float(np.mean(a) - np.mean(b)), min(len(a), len(b))
    if count < 2 and test in (t_test, paired_t_test):
        return Compared(gap, gap, math.nan, count)
    found = test(a, b, comparisons=comparisons)
    # An infinite statistic is of values that do not vary: a test can say nothing then.
    pvalue = math.nan if math.isinf(found.statistic) else found.corrected
    return Compared(found.statistic, gap, pvalue, count)


def judged(
    tests: Mapping[Any, Compared],
    direction: int,
    found: str,
    rule: str,
    *,
    by: float = -math.inf,
    once: bool = False,
) -> Outcome:
    """One side is greater (or smaller) in every pair, or `once`, in one at least."""
    pvalues = [one.pvalue for one in tests.values()]
    verdicts = [one.verdict(direction, by) for one in tests.values()]
    if once:
        return Outcome(found, rule, smallest(pvalues), either(verdicts))
    return Outcome(found, rule, largest(pvalues), together(verdicts))


def differs(
    pairs: Pairs[float],
    direction: int,
    *,
    test: Test = t_test,
    by: float = -math.inf,
    once: bool = False,
) -> Outcome | None:
    """One side is greater (or smaller) at every alpha, or `once`, at one at least."""
    if not pairs:
        return None
    tests = compared(pairs, test)
    agrees = [one.agrees(direction, by) for one in tests.values()]
    verdicts = [one.verdict(direction, by) for one in tests.values()]
    amount = f" by {pairs.write(by)} or more" if by > 0 else ""
    where = "at some alpha (smallest p)" if once else "at every alpha (largest p)"
    return judged(
        tests,
        direction,
        f"{_word(direction)} at {sum(agrees)} of {len(pairs)} alphas, significantly at "
        f"{verdicts.count(True)}: {at_alphas(pairs)}{_reach(pairs, test)}",
        _rule(NAMES[test], f"{_word(direction)}{amount}", where),
        by=by,
        once=once,
    )


def moves(
    samples: Samples, where: Where, direction: int, **options: Any
) -> Outcome | None:
    """A quantity is greater (or smaller) at some alphas than at alpha 0; `differs`."""
    return differs(samples.against_zero(where), direction, **options)


def in_all(
    pairs: Pairs[str], direction: int, test: Test = t_or_prediction, over: str = ""
) -> Outcome | None:
    """One side is greater (or smaller) in each of several cases.

    Args:
        over: Of what the test is, where its name does not say.
    """
    if test is paired_t_test:
        kept = {label: pair for label, pair in pairs.items() if len(pair[0]) > 1}
        pairs = Pairs(kept, pairs.write)
    if not pairs:
        return None
    rule = _rule(NAMES[test] + over, _word(direction), "in all (largest p)")
    return judged(compared(pairs, test), direction, listed(pairs), rule)


def greater(
    first: Values,
    second: Values,
    names: tuple[str, str],
    test: Test = t_test,
    write: Write = number,
) -> Outcome | None:
    """One sample is greater than another."""
    if not len(first) or not len(second):
        return None
    means = [write(float(np.mean(values))) for values in (first, second)]
    return judged(
        compared({0: (first, second)}, test),
        1,
        f"{means[0]} ({names[0]}, {len(first)}) against "
        f"{means[1]} ({names[1]}, {len(second)})",
        f"{NAMES[test]}; held: the former greater, p < {LEVEL}; {UNDECIDED}",
    )


def pooled(first: Samples, second: Samples, direction: int) -> Outcome | None:
    """One side is greater (or smaller) over all networks that have a counterpart."""
    _, b, a = columns(first, second)
    if len(a) < 2:
        return None
    pairs = Pairs({"": (a, b)}, first.write)
    return judged(
        compared(pairs, paired_t_test),
        direction,
        f"{pairs.text('')}, mean of {len(a)} networks",
        f"paired t-test over alphas and seeds; held: {_word(direction)}, p < {LEVEL}; "
        f"{UNDECIDED}",
    )


def no_gain(samples: Samples, where: Where) -> Outcome | None:
    """A quantity is significantly higher than at alpha 0 at none of some alphas.

    Of few networks it is undecided unless no mean differs as the claim denies.
    """
    outcome = moves(samples, where, 1, once=True)
    if outcome is None:
        return None
    return outcome._replace(
        test="t-test, corrected; held: significantly higher at no alpha (smallest p); "
        f"higher, {UNDECIDED}",
        held=None if outcome.held is None else not outcome.held,
    )


def harmless(
    pairs: Mapping[Key, tuple[Values, Values]],
    margin: float,
    found: str,
    rule: str,
    *,
    test: Test = t_test,
    gains: bool = True,
) -> Outcome | None:
    """No more than a margin is lost on the first side, in every pair.

    Args:
        gains: Whether the smallest p-value may be that of a gain.
    """
    if not pairs:
        return None
    tests = compared(pairs, test).values()
    return Outcome(
        found,
        rule,
        smallest(one.pvalue for one in tests if gains or one.statistic < 0),
        together(one.harmless(margin) for one in tests),
    )


def within(
    values: Mapping[Any, float],
    low: float,
    high: float,
    write: Write = number,
    what: str = "each",
    *,
    found: str = "",
    where: str = "",
) -> Outcome | None:
    """Numbers lie within limits; `found` may say more than them and their labels."""
    kept = {label: value for label, value in values.items() if np.isfinite(value)}
    if not kept:
        return None
    if high == math.inf:
        limits = f"{write(low)} or more"
    elif low == -math.inf:
        limits = f"{write(high)} or less"
    else:
        limits = f"from {write(low)} to {write(high)}"
    text = ", ".join(
        f"{write(value)}{f' ({label})' if label else ''}"
        for label, value in kept.items()
    )
    return Outcome(
        found or text,
        f"held: {what} is {limits}{where}",
        None,
        all(low <= value <= high for value in kept.values()),
    )


def between(samples: Samples, low: float, high: float) -> Outcome | None:
    """The mean of a quantity stays within limits, at every alpha."""
    means = samples.means()
    ends = [number(end(means.values(), default=0)) for end in (min, max)]
    return within(
        means,
        low,
        high,
        "{:g}".format,
        "the mean",
        found=f"{samples.text()}; from {ends[0]} to {ends[1]}",
        where=" at every alpha",
    )


def ranks(x: Sequence[float], y: Sequence[float]) -> RankCorrelation:
    """Spearman's correlation, with a p-value that so few values can have.

    Example:
        >>> round(ranks([1, 2, 3, 4], [1, 2, 3, 4]).pvalue, 3)
        0.083
    """
    found = spearman(x, y)
    # Never 0, of however many. NaN stays: it is not less than anything.
    least = spearman_floor(min(len(x), 100))
    return found._replace(pvalue=least if found.pvalue < least else found.pvalue)


def rho(value: float) -> str:
    """A correlation as text.

    Example:
        >>> rho(0.987), rho(float("nan"))
        ('rho 0.99', 'no rho of what does not vary')
    """
    return "no rho of what does not vary" if math.isnan(value) else f"rho {value:.2f}"


def correlated(
    x: Sequence[float], y: Sequence[float], direction: int, strong: float = 0.0
) -> Outcome | None:
    """Two numbers of networks go together, so strongly."""
    if len(x) < 3:
        return None
    found = ranks(x, y)
    signed = direction * found.correlation
    size = f", {strong:g} or more in size" if strong else ""
    return Outcome(
        f"rho {found.correlation:.3f} over {len(x)} networks",
        f"Spearman; held: {_sign(direction)}{size}, p < {LEVEL}; {UNDECIDED}",
        largest([found.pvalue]),
        # NaN is not greater than anything.
        together([decided(signed > 0, found.pvalue, len(x)), signed >= strong]),
    )


def trend(
    samples: Samples,
    direction: int,
    against: Samples | None = None,
    *,
    steady: bool = False,
) -> Outcome | None:
    """A quantity goes with alpha, or with another quantity, over networks.

    Args:
        against: Another quantity of the same networks; None: alpha.
        steady: Whether the means have to be in the order of alpha, too.
    """
    count, x, y = columns(samples, against)
    if count < 3 or len(samples.values) < 2:
        return None
    found = ranks(x, y)
    verdict = decided(direction * found.correlation > 0, found.pvalue, count)
    rule = f"{_sign(direction)}, p < {LEVEL}"
    if steady:
        rule += f", and no mean more than {STEP} out of order"
        means = [direction * mean for mean in samples.means().values()]
        verdict = together([verdict, all(np.diff(means) >= -STEP)])
    return Outcome(
        f"{rho(found.correlation)}; {samples.text()}",
        f"Spearman over {count} networks; held: {rule}; {UNDECIDED}",
        largest([found.pvalue]),
        verdict,
    )


def columns(
    samples: Samples, against: Samples | None = None
) -> tuple[int, list[float], list[float]]:
    """How many networks have both, and for each the other quantity and the first.

    Args:
        against: The other quantity; None: alpha.
    """
    points = samples.points()
    other = {key: key[0] for key in points} if against is None else against.points()
    shared = [key for key in points if key in other]
    return len(shared), [other[key] for key in shared], [points[key] for key in shared]


def at_alphas(pairs: Pairs[float]) -> str:
    """Both sides at some alphas."""
    return ", ".join(
        f"{pairs.text(alpha)} at {alpha:g}" for alpha in spread([*pairs], 3)
    )


def listed(pairs: Pairs[str]) -> str:
    """Both sides of every pair."""
    return "; ".join(f"{label} {pairs.text(label)}".strip() for label in pairs)


def _rule(name: str, word: str, where: str) -> str:
    return f"{name}, corrected; held: {word}, p < {LEVEL}, {where}; {UNDECIDED}"


def _word(direction: int) -> str:
    return "higher" if direction > 0 else "lower"


def _sign(direction: int) -> str:
    return "positive" if direction > 0 else "negative"


def _reach(pairs: Pairs[float], test: Test) -> str:
    """What rank sums of so few networks can show at best, where it is not enough."""
    if test is not rank_sum_test:
        return ""
    few = min(pairs.values(), key=lambda pair: min(map(len, pair)))
    first, second = map(len, few)
    best = rank_sum_test(
        range(first), range(first, first + second), comparisons=len(pairs)
    ).corrected
    if best < LEVEL:
        return ""
    return f"; {first} against {second} networks give p = {best:.2g} at best"
