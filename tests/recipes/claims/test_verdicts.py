"""What is decided of p-values and of several verdicts."""

import math

import pytest

from recipes.claims.verdicts import decided, either, largest, smallest, together


@pytest.mark.parametrize(
    ("agrees", "pvalue", "count", "held"),
    [
        (True, 0.01, 3, True),
        (True, 0.06, 9, None),
        (True, 0.06, 10, False),
        (True, math.nan, 20, None),
        (False, 0.01, 3, False),
    ],
)
def test_what_few_networks_do_not_show_is_open(agrees, pvalue, count, held):
    assert decided(agrees, pvalue, count) is held


@pytest.mark.parametrize(
    ("verdicts", "both", "one"),
    [
        ([True, True], True, True),
        ([True, None], None, True),
        ([True, False], False, True),
        ([None, False], False, None),
        ([False, False], False, False),
    ],
)
def test_several_verdicts(verdicts, both, one):
    for order in (verdicts, verdicts[::-1]):
        assert together(order) is both
        assert either(order) is one


def test_pvalues_that_are_known():
    assert (smallest([0.3, math.nan, 0.1]), largest([0.3, math.nan, 0.1])) == (0.1, 0.3)
    assert smallest([math.nan]) is largest([]) is None
