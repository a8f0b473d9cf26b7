"""When a claim holds, when it is refuted, and when that is left open.

A claim says where an effect lies. It holds where the whole interval of what was found
lies there, is refuted where no part of it does, and is left open otherwise. So what is
not significant decides nothing, in whichever direction it points; that there is no
effect is shown by an interval within a margin (two one-sided tests); and a number is
judged as that number. Each bound of an interval is passed by chance in 5% of cases at
most, also where a claim is about several alphas.
"""

import dataclasses
import enum
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from recipes.claims.effects import LEVEL, Effect
from recipes.quantities import Write, number


class Verdict(enum.StrEnum):
    """What is to be said of a claim."""

    HELD = "held"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    #: That was decided by the design of a miniature, before its runs.
    NOT_TESTED = "not tested"


HELD, REFUTED, UNDECIDED, NOT_TESTED = Verdict


class Outcome(NamedTuple):
    """What a rule found: the last fields of a `Claim`.

    Attributes:
        found: What was measured.
        test: The test and the rule.
        pvalue: How often as much would be found by chance, did the claim just not
            hold; None without a test.
        verdict: What follows.
    """

    found: str
    test: str
    pvalue: float | None
    verdict: Verdict


def not_tested(reason: str) -> Outcome:
    """Of a claim that a miniature cannot say anything of."""
    return Outcome("", reason, None, NOT_TESTED)


class Says(NamedTuple):
    """Where a claim says that an effect lies.

    Attributes:
        low: It holds where the interval is from here on,
        high: up to here.
        worth_low: It is refuted where the interval is below this,
        worth_high: or above this. Of a direction it is the smallest effect that would
            matter; otherwise the same as the two before.

    Example:
        >>> above(0.2).words(), within(-1, 1).words()
        ('above 0 (refuted: below 0.2)', 'from -1 to 1')
    """

    low: float
    high: float
    worth_low: float
    worth_high: float

    def words(self, write: Write = number) -> str:
        """The rule, for a reader."""
        if self.worth_low > self.low:
            start = write(_rounded(self.low))
            return f"above {start} (refuted: below {write(self.worth_low)})"
        if self.worth_high < self.high:
            start = write(_rounded(self.high))
            return f"below {start} (refuted: above {write(self.worth_high)})"
        if self.high == math.inf:
            return f"{write(self.low)} or more"
        if self.low == -math.inf:
            return f"{write(self.high)} or less"
        return f"from {write(self.low)} to {write(self.high)}"


def above(least: float, zero: float = 0.0) -> Says:
    """More than at zero; less than `least` more would not matter."""
    return Says(math.nextafter(zero, math.inf), math.inf, zero + least, math.inf)


def below(least: float, zero: float = 0.0) -> Says:
    """Less than at zero; less than `least` less would not matter."""
    return Says(-math.inf, math.nextafter(zero, -math.inf), -math.inf, zero - least)


def within(low: float, high: float) -> Says:
    """From one number to another: of a margin, an equivalence test."""
    return Says(low, high, low, high)


def at_least(low: float) -> Says:
    """So much or more: of a negative margin, that no more is lost."""
    return within(low, math.inf)


def at_most(high: float) -> Says:
    """So much or less."""
    return within(-math.inf, high)


class Judged(Protocol):
    """What has a verdict: a `Part`, or `Every` or `Some` of several."""

    def verdict(self, held: float = LEVEL, refuted: float = LEVEL) -> Verdict:
        """It is wrong by chance so often at most, to either side."""

    def pvalue(self) -> float:
        """How often as much is found by chance, did it just not hold; NaN unknown."""


@dataclasses.dataclass(frozen=True)
class Part:
    """One effect, and what a claim says of it.

    Example:
        >>> from recipes.claims.effects import average
        >>> str(Part(average([0.31, 0.33, 0.32]), above(0.2)).verdict())
        'held'
    """

    effect: Effect
    says: Says

    def verdict(self, held: float = LEVEL, refuted: float = LEVEL) -> Verdict:
        """By where the interval lies."""
        if math.isnan(self.effect.error):
            return UNDECIDED
        _, low, high = self.effect.interval(held)
        if self.says.low <= low and high <= self.says.high:
            return HELD
        _, low, high = self.effect.interval(refuted)
        if high < self.says.worth_low or low > self.says.worth_high:
            return REFUTED
        return UNDECIDED

    def pvalue(self) -> float:
        """Of the bound that is nearer."""
        sides = (self.says.low, True), (self.says.high, False)
        known = [
            self.effect.pvalue(bound, above=above)
            for bound, above in sides
            if math.isfinite(bound)
        ]
        return max(known, default=math.nan)


@dataclasses.dataclass(frozen=True)
class _Several:
    each: Sequence[Judged]


class Every(_Several):
    """All of several hold: refuted by one that is, corrected for their number."""

    def verdict(self, held: float = LEVEL, refuted: float = LEVEL) -> Verdict:
        """Wrong by chance so often at most, whatever their number."""
        return together(
            one.verdict(held, refuted / len(self.each)) for one in self.each
        )

    def pvalue(self) -> float:
        """The largest."""
        return largest(one.pvalue() for one in self.each)


class Some(_Several):
    """One of several holds, corrected for their number: refuted if all are."""

    def verdict(self, held: float = LEVEL, refuted: float = LEVEL) -> Verdict:
        """Wrong by chance so often at most, whatever their number."""
        return either(one.verdict(held / len(self.each), refuted) for one in self.each)

    def pvalue(self) -> float:
        """The smallest, times their number."""
        least = smallest(one.pvalue() for one in self.each)
        # In this order NaN stays.
        return min(least * len(self.each), 1.0)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether all of several things hold.

    Example:
        >>> str(together([HELD, UNDECIDED])), str(together([UNDECIDED, REFUTED]))
        ('undecided', 'refuted')
    """
    return _first(verdicts, (REFUTED, UNDECIDED), HELD)


def either(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether one of several things holds.

    Example:
        >>> str(either([HELD, UNDECIDED])), str(either([UNDECIDED, REFUTED]))
        ('held', 'undecided')
    """
    return _first(verdicts, (HELD, UNDECIDED), REFUTED)


def _first(
    verdicts: Iterable[Verdict], order: tuple[Verdict, Verdict], otherwise: Verdict
) -> Verdict:
    found = set(verdicts)
    return next((one for one in order if one in found), otherwise)


def smallest(pvalues: Iterable[float]) -> float:
    """The smallest of p-values that are known; NaN if none is."""
    return _end(min, pvalues)


def largest(pvalues: Iterable[float]) -> float:
    """The largest of p-values that are known; NaN if none is.

    Example:
        >>> largest([0.01, 0.2, float("nan")])
        0.2
    """
    return _end(max, pvalues)


def _end(end: Callable[..., float], pvalues: Iterable[float]) -> float:
    return end((p for p in pvalues if not math.isnan(p)), default=math.nan)


def judge(judged: Judged, found: str, rule: str) -> Outcome:
    """The outcome of a rule.

    Args:
        judged: What it asks.
        found: What was measured, with numbers.
        rule: How, and when the claim holds.
    """
    pvalue = judged.pvalue()
    shown = None if math.isnan(pvalue) else pvalue
    return Outcome(found, rule, shown, judged.verdict())


def _rounded(bound: float) -> float:
    """A bound without the step that makes "above 0" of "0 or more"."""
    return round(bound, 12) + 0.0
