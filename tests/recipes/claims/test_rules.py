"""Rules, at what holds, what does not, and what is open."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_selectivity.inference import paired_t_test, rank_sum_test, t_test
from recipes.claims import rules
from recipes.claims.rules import (
    between,
    compared,
    correlated,
    differs,
    greater,
    harmless,
    in_all,
    judged,
    moves,
    no_gain,
    pooled,
    ranks,
    t_or_prediction,
    trend,
    within,
)
from recipes.claims.samples import Pairs, Samples, negative, positive

LOW, HIGH = [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]


def samples(values):
    return Samples({a: dict(enumerate(v)) for a, v in values.items()})


def single_test(one, other, test=t_or_prediction, comparisons=1):
    """What a test finds of a pair, one of so many."""
    pairs = dict.fromkeys(range(comparisons), (one, other))
    return compared(pairs, test)[0]


def test_a_single_network_is_held_against_the_others_as_scipy_has_it():
    many = [71.0, 72.5, 70.2, 71.9]
    for single in (60.0, 71.0, 75.0):
        expected = stats.ttest_ind([single], many, equal_var=True)
        found = single_test([single], many)
        assert found.pvalue == pytest.approx(expected.pvalue)
        assert found.statistic == pytest.approx(expected.statistic)
        turned = single_test(many, [single], comparisons=3)
        assert turned.pvalue == pytest.approx(min(1, 3 * expected.pvalue))
        assert turned.statistic == pytest.approx(-expected.statistic)


def test_a_single_network_is_not_tested_against_others_that_do_not_vary():
    assert np.isnan(single_test([1.0], [2.0, 2.0]).pvalue)


@pytest.mark.parametrize("test", [t_test, paired_t_test, t_or_prediction])
def test_of_two_single_networks_there_is_a_difference_alone(test):
    found = single_test([1.0], [2.0], test)
    assert found.gap == found.statistic == -1
    assert np.isnan(found.pvalue)
    assert (found.verdict(-1), found.verdict(1)) == (None, False)


def test_a_test_of_what_does_not_vary_decides_nothing():
    constant = samples({0: [0.9, 0.9, 0.9], 1: [0.8, 0.8, 0.8]})
    found = moves(constant, positive, -1)
    assert (found.held, found.pvalue) == (None, None)
    same = samples({0: [0.9, 0.9, 0.9], 1: [0.9, 0.9, 0.9]})
    assert moves(same, positive, -1).held is False
    assert trend(same, 1).held is False
    assert trend(same, 1).found.startswith("no rho of what does not vary; 0.9 at 0")


def test_every_alpha_counts_or_one():
    found = samples({0: LOW, 1: HIGH, 2: [1.05, 0.9, 1.2]})
    assert moves(found, lambda alpha: alpha == 1, 1).held is True
    assert moves(found, positive, 1).held is None
    once = moves(found, positive, 1, once=True)
    assert once.held is True
    assert once.pvalue < moves(found, positive, 1).pvalue
    assert moves(found, positive, -1).held is False
    assert moves(found, positive, 1).found == (
        "higher at 2 of 2 alphas, significantly at 1: 2 against 1 at 1, 1.1 against 1 "
        "at 2"
    )
    # By less than was claimed.
    assert moves(found, lambda alpha: alpha == 1, 1, by=0.9).held is True
    assert moves(found, lambda alpha: alpha == 1, 1, by=1.1).held is False


def test_no_gain_is_that_none_is_significant():
    assert no_gain(samples({0: LOW, -1: HIGH}), negative).held is False
    assert no_gain(samples({0: HIGH, -1: LOW}), negative).held is True
    assert no_gain(samples({0: LOW, -1: [1.05, 0.9, 1.2]}), negative).held is None
    assert no_gain(samples({0: LOW}), negative) is None


def test_rank_sums_say_what_so_few_can_show():
    found = differs(Pairs({1.0: (HIGH, LOW), 2.0: (HIGH, LOW)}), 1, test=rank_sum_test)
    assert found.held is None
    assert found.found.endswith("; 3 against 3 networks give p = 0.099 at best")
    many = differs(
        Pairs({1.0: (np.arange(9) + 9.0, np.arange(9.0))}), 1, test=rank_sum_test
    )
    assert many.held is True
    assert "at best" not in many.found


def test_every_pair_counts():
    assert in_all(Pairs({"a": (HIGH, LOW), "b": (HIGH, LOW)}), 1).held is True
    assert in_all(Pairs({"a": (HIGH, LOW), "b": (LOW, HIGH)}), 1).held is False
    open_one = {"a": (HIGH, LOW), "b": ([1.05, 0.9, 1.2], LOW)}
    assert in_all(Pairs(open_one), 1).held is None
    assert in_all(Pairs({"a": (LOW, HIGH)}), -1).held is True
    assert in_all(Pairs({"a": (HIGH, LOW)}), -1).held is False
    assert in_all(Pairs({}), 1) is None


def test_paired_networks():
    first, second = np.array([1.0, 5.0, 9.0]), np.array([1.1, 5.12, 9.11])
    found = in_all(Pairs({"a": (second, first)}), 1, paired_t_test)
    assert found.held is True
    assert found.pvalue == pytest.approx(stats.ttest_rel(second, first).pvalue)
    assert in_all(Pairs({"a": (first, second)}), 1, paired_t_test).held is False
    assert in_all(Pairs({"a": (first[:1], second[:1])}), 1, paired_t_test) is None


def test_greater():
    found = greater(HIGH, LOW, ("one", "other"))
    assert found.held is True
    assert found.found == "2 (one, 3) against 1 (other, 3)"
    assert found.pvalue == pytest.approx(stats.ttest_ind(HIGH, LOW).pvalue)
    assert greater(LOW, HIGH, ("one", "other")).held is False
    assert greater(HIGH[:1], LOW, ("one", "other")).held is None
    assert greater([], LOW, ("one", "other")) is None


def test_networks_are_pooled_with_their_counterparts():
    first = samples({0: [2.0, 3.0], 1: [4.0, 5.1]})
    second = samples({1: [3.0, 4.0], 0: [1.1, 2.0], 2: [9.0, 9.0]})
    found = pooled(first, second, 1)
    expected = stats.ttest_rel([2.0, 3.0, 4.0, 5.1], [1.1, 2.0, 3.0, 4.0])
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.held is True
    assert pooled(first, second, -1).held is False
    assert "mean of 4 networks" in found.found
    assert pooled(samples({0: [1.0]}), second, 1) is None


@pytest.mark.parametrize(
    ("one", "held"),
    [
        ([80.0, 80.1, 79.9], False),  # Significantly, and by much.
        ([89.0, 89.5, 88.7], True),  # By a point, not significantly.
        ([82.0, 94.0, 85.0], None),  # By three points, not significantly.
        ([91.0, 91.5, 92.0], True),
    ],
)
def test_harmless(one, held):
    pairs = {"": (one, [90.0, 89.0, 91.0])}
    assert harmless(pairs, 2.0, "", "").held is held
    # The margin decides of what is not significant.
    assert harmless(pairs, 100.0, "", "").held is (held is not False)


def test_many_networks_decide_that_much_is_lost():
    rng = np.random.default_rng(0)
    one, other = 80 + 30 * rng.random(10), 84 + 30 * rng.random(10)
    other += one.mean() + 4 - other.mean()
    found = harmless({"": (one, other)}, 2.0, "", "")
    assert found.pvalue > 0.05
    assert found.held is False


def test_a_gain_is_no_evidence_of_harm():
    pairs = {"gain": (HIGH, LOW), "loss": ([1.0, 1.1, 0.7], LOW)}
    with_gain = harmless(pairs, 2.0, "", "")
    without = harmless(pairs, 2.0, "", "", gains=False)
    assert with_gain.pvalue < 0.01 < 0.5 < without.pvalue
    assert with_gain.held is without.held is True


def test_within():
    found = within({"a": 0.2, "b": 0.4}, 0.1, 0.3)
    assert found.held is False
    assert found.found == "0.2 (a), 0.4 (b)"
    assert found.test == "held: each is from 0.1 to 0.3"
    assert within({"a": 0.2}, 0.1, 0.3).held is True
    assert within({"a": np.nan}, 0, 1) is None
    assert within({"": 2.0}, 1, math.inf).test == "held: each is 1 or more"
    assert within({"": 2.0}, -math.inf, 1).test == "held: each is 1 or less"


def test_between():
    found = between(samples({0: [0.1, 0.2], 1: [0.4]}), 0, 0.3)
    assert found.found == "0.15 at 0, 0.4 at 1; from 0.15 to 0.4"
    assert found.held is False
    assert between(samples({0: [0.1, 0.2]}), 0, 0.3).held is True
    assert between(Samples({}), 0, 1) is None


def test_correlated():
    x = list(range(12))
    assert correlated(x, x, 1, 0.7).held is True
    assert correlated(x, x, -1).held is False
    # Strong enough in sign and p, not in size.
    loose = [3, 0, 6, 1, 9, 2, 5, 4, 11, 7, 8, 10]
    assert correlated(x, loose, 1).held is True
    assert correlated(x, loose, 1, 0.9).held is False
    assert correlated([1, 2, 3, 4], [1, 3, 2, 4], 1).held is None
    assert correlated([1, 2, 3], [1, 1, 1], 1).held is False
    assert correlated([1, 2], [1, 2], 1) is None


def test_order_allows_a_small_step_back():
    near = samples({a: [m] * 2 for a, m in enumerate((0.1, 0.2, 0.195, 0.3))})
    assert trend(near, 1, steady=True).held is True
    far = samples({a: [m] * 2 for a, m in enumerate((0.1, 0.2, 0.15, 0.3, 0.4, 0.5))})
    assert trend(far, 1, steady=True).held is False
    assert trend(far, 1).held is True


def test_a_perfect_order_of_few_is_not_certain():
    found = trend(samples({0: [1.0], 1: [2.0], 2: [3.0]}), 1)
    assert (found.pvalue, found.held) == (pytest.approx(1 / 3), None)
    # And of many not beyond doubt.
    assert 0 < ranks(range(500), range(500)).pvalue < 1e-100


def test_a_trend_against_another_quantity_is_of_the_same_networks():
    first = samples({0: [1.0, 2.0], 1: [3.0, 4.0], 2: [5.0]})
    second = samples({0: [9.0, 8.0], 1: [7.0, 6.0]})
    found = trend(first, -1, second)
    assert "over 4 networks" in found.test
    assert found.held is None
    assert found.found.startswith("rho -1.00")


def test_nothing_comes_of_nothing():
    empty = Samples({})
    for outcome in (
        moves(empty, positive, 1),
        no_gain(empty, negative),
        harmless({}, 1, "", ""),
        pooled(empty, empty, 1),
        trend(empty, 1),
        between(empty, 0, 1),
    ):
        assert outcome is None
    assert rules.listed(Pairs({})) == ""


def test_the_largest_pvalue_is_that_of_all_and_the_smallest_of_one():
    tests = compared({1: (HIGH, LOW), 2: ([1.05, 0.9, 1.2], LOW)}, t_test)
    pvalues = [one.pvalue for one in tests.values()]
    assert judged(tests, 1, "", "").pvalue == max(pvalues)
    assert judged(tests, 1, "", "", once=True).pvalue == min(pvalues)
    expected = stats.ttest_ind(HIGH, LOW).pvalue
    assert pvalues[0] == pytest.approx(2 * expected)
