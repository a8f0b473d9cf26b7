"""When a claim holds, and when that is left open.

Every rule says in its `test` what it asks. All are cautious in one way. Where the
means go as the paper has it, and the test finds nothing with fewer than ten networks
(half of the paper's), nothing is decided: three against three cannot give a rank-sum
test below p = 0.0495, before any correction. With more, it is held against the claim.
Nor does a t-test decide anything of two samples neither of which varies.

A rule that has nothing to look at, as no such networks were trained, gives None in the
place of an `Outcome`; its claim is left out of the table.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

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
    """Whether all of several things hold: False, None and True, in this order.

    Example:
        >>> together([True, None]), together([True, None, False]), together([True])
        (None, False, True)
    """
    found = list(verdicts)
    return False if False in found else None if None in found else True


def either(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether one of several things holds: True, None and False, in this order.

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


def smallest(pvalues: Iterable[float]) -> float | None:
    """The smallest of p-values that are known; None if all are NaN."""
    return min((p for p in pvalues if not math.isnan(p)), default=None)


def largest(pvalues: Iterable[float]) -> float | None:
    """The largest of p-values that are known; None if all are NaN.

    Example:
        >>> largest([0.01, 0.2, float("nan")])
        0.2
    """
    return max((p for p in pvalues if not math.isnan(p)), default=None)
