"""What follows of where an interval lies."""

import math

import pytest

from recipes.claims.effects import PLAIN, RATIO, Effect
from recipes.claims.verdicts import (
    HELD,
    NOT_TESTED,
    REFUTED,
    UNDECIDED,
    Every,
    Part,
    Some,
    above,
    at_least,
    at_most,
    below,
    either,
    judge,
    not_tested,
    together,
    within,
)

#: Half of an interval of an effect with an error of 1.
REACH = 1.6448536


def effect(estimate, error=1.0, scale=PLAIN):
    return Effect(scale.to(estimate), error, math.inf, 9, scale)


@pytest.mark.parametrize(
    ("says", "estimate", "verdict"),
    [
        (above(1), REACH + 0.01, HELD),
        # Not significant, in whichever direction it points.
        (above(1), REACH - 0.01, UNDECIDED),
        (above(1), -0.5, UNDECIDED),
        # Smaller than what would matter.
        (above(1), 1 - REACH - 0.01, REFUTED),
        (below(1), -REACH - 0.01, HELD),
        (below(1), 0.5, UNDECIDED),
        (below(1), REACH - 0.99, REFUTED),
        (above(1, 5), 5 + REACH + 0.01, HELD),
        (within(-2, 2), 0.3, HELD),
        (within(-2, 2), 0.4, UNDECIDED),
        (within(-2, 2), 2 + REACH + 0.01, REFUTED),
        (at_least(-2), REACH - 1.99, HELD),
        (at_least(-2), -2, UNDECIDED),
        (at_least(-2), -2 - REACH - 0.01, REFUTED),
        (at_most(3), 3 - REACH - 0.01, HELD),
        (at_most(3), 3 + REACH + 0.01, REFUTED),
    ],
)
def test_a_verdict_is_where_the_interval_lies(says, estimate, verdict):
    assert Part(effect(estimate), says).verdict() is verdict


def test_an_effect_that_is_there_and_would_not_matter_is_there():
    found = Part(effect(0.5, error=0.1), above(1)).verdict()
    assert found is HELD


def test_what_does_not_vary_is_where_it_is():
    assert Part(effect(0.0, error=0), above(1)).verdict() is REFUTED
    assert Part(effect(0.0, error=0), within(0, 0.1)).verdict() is HELD
    assert Part(effect(0.0, error=0), at_most(0)).verdict() is HELD
    assert Part(effect(0.1, error=math.nan), at_most(9)).verdict() is UNDECIDED


def test_ratios_are_judged_as_such():
    fold = effect(3.0, 0.1, RATIO)
    assert Part(fold, within(2, 4)).verdict() is HELD
    assert Part(fold, above(1.1, 1.0)).verdict() is HELD
    assert Part(fold, at_least(5)).verdict() is REFUTED
    assert Part(effect(1.02, 0.01, RATIO), above(1.1, 1.0)).verdict() is HELD
    assert Part(effect(1.0, 0.01, RATIO), above(1.1, 1.0)).verdict() is REFUTED


def test_all_of_several_and_one_of_several():
    right, open_one, wrong = (
        Part(effect(estimate), above(1)) for estimate in (9.0, 1.0, -9.0)
    )
    for judged, verdict in (
        (Every([right, right]), HELD),
        (Every([right, open_one]), UNDECIDED),
        (Every([right, open_one, wrong]), REFUTED),
        (Some([right, open_one, wrong]), HELD),
        (Some([open_one, wrong]), UNDECIDED),
        (Some([wrong, wrong]), REFUTED),
        (Some([Every([right, wrong]), Every([right, right])]), HELD),
    ):
        assert judged.verdict() is verdict


def test_many_are_corrected_for():
    # Two-sided each at 5%; of five at 1%: 2.33 errors.
    barely = Part(effect(2.0), above(1))
    assert barely.verdict() is HELD
    assert Some([barely] * 5).verdict() is UNDECIDED
    assert Every([barely] * 5).verdict() is HELD
    hardly = Part(effect(-1.0), above(1))
    assert hardly.verdict() is REFUTED
    assert Every([hardly] * 5).verdict() is UNDECIDED
    assert Some([hardly] * 5).verdict() is REFUTED


def test_pvalues_are_of_the_bound_that_is_nearer():
    one = Part(effect(REACH), above(1))
    assert one.pvalue() == pytest.approx(0.05)
    assert Part(effect(0.0), within(-REACH, 9)).pvalue() == pytest.approx(0.05)
    two = Part(effect(9.0), above(1))
    assert Every([one, two]).pvalue() == pytest.approx(0.05)
    assert Some([one, one]).pvalue() == pytest.approx(0.1)
    unknown = Part(effect(1.0, error=math.nan), above(1))
    assert math.isnan(Some([unknown]).pvalue())
    assert judge(unknown, "", "").pvalue is None
    assert judge(one, "found", "rule")[:2] == ("found", "rule")


def test_rules_in_words():
    assert above(0.01).words("{:.1%}".format) == "above 0.0% (refuted: below 1.0%)"
    assert below(0.1, 1).words() == "below 1 (refuted: above 0.9)"
    assert at_least(-1).words() == "-1 or more"
    assert at_most(2).words() == "2 or less"
    assert within(1, 2).words() == "from 1 to 2"


def test_several_verdicts():
    for order in ([HELD, UNDECIDED, REFUTED], [REFUTED, UNDECIDED, HELD]):
        assert together(order) is REFUTED
        assert either(order) is HELD
    assert together([HELD, UNDECIDED]) is either([REFUTED, UNDECIDED]) is UNDECIDED


def test_what_is_not_tested_says_why():
    assert not_tested("too few classes") == ("", "too few classes", None, NOT_TESTED)
