"""When a claim holds, and when that is left open.

Every rule says in its `test` what it asks. All are cautious in one way. Where the
means go as the paper has it, and the test finds nothing with fewer than ten networks
(half of the paper's), nothing is decided: three against three cannot give a rank-sum
test below p = 0.0495, before any correction. With more, it is held against the claim.
Nor does a t-test decide anything of two samples neither of which varies.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from keras_selectivity.inference import Comparison
from recipes.claims.table import Claim

#: A p-value below it is significant.
LEVEL = 0.05
#: With fewer networks than this, what a test does not find is not refuted.
FEW = 10
UNDECIDED = f"p >= {LEVEL} with fewer than {FEW} networks: undecided"


class Outcome(NamedTuple):
    """What a rule found: the last fields of a `Claim`.

    Attributes:
        found: What was measured.
        test: The test and the rule.
        pvalue: Corrected; None without a test.
        held: None where it could not be decided.
    """

    found: str
    test: str
    pvalue: float | None
    held: bool | None


def together(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether all of several things hold.

    Args:
        verdicts: True, False, or None for undecided.

    Returns:
        False if one does not hold, else None if one is undecided.

    Example:
        >>> together([True, None]), together([True, None, False]), together([True])
        (None, False, True)
    """
    found = list(verdicts)
    return False if False in found else None if None in found else True


def either(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether one of several things holds.

    Args:
        verdicts: True, False, or None for undecided.

    Returns:
        True if one holds, else None if one is undecided.

    Example:
        >>> either([False, None]), either([True, None]), either([False])
        (None, True, False)
    """
    found = list(verdicts)
    return True if True in found else None if None in found else False


def decided(agrees: bool, pvalue: float, count: int) -> bool | None:
    """Whether a difference is there.

    Args:
        agrees: Whether the means differ as claimed.
        pvalue: Corrected; NaN where nothing varies.
        count: Networks in the smaller sample.

    Returns:
        True if significant; None if it agrees and is not, of few networks.

    Example:
        >>> decided(True, 0.2, 3), decided(True, 0.2, 20), decided(False, 0.01, 3)
        (None, False, False)
    """
    if not agrees:
        return False
    if pvalue < LEVEL:
        return True
    return None if math.isnan(pvalue) or count < FEW else False


def corrected(found: Comparison) -> float:
    """Its corrected p-value; NaN where nothing varies: a test can say nothing then.

    Args:
        found: By a test.

    Returns:
        In [0, 1], or NaN.
    """
    return float("nan") if math.isinf(found.statistic) else found.corrected


def extreme(
    pvalues: Iterable[float], pick: Callable[[list[float]], float]
) -> float | None:
    """One of several p-values.

    Args:
        pvalues: Each may be NaN.
        pick: `min` or `max`.

    Returns:
        None if all are NaN.
    """
    known = [value for value in pvalues if not math.isnan(value)]
    return pick(known) if known else None


def stated(
    network: str, *statements: tuple[str, str, Outcome | None]
) -> Iterator[Claim]:
    """Claims about a network.

    Args:
        network: Its name.
        *statements: For each claim the paper's rows, what it says, and what was
            found; None: nothing, and the claim is left out.

    Yields:
        Claims.
    """
    for rows, claim, outcome in statements:
        if outcome is not None:
            yield Claim(rows, network, claim, *outcome)
