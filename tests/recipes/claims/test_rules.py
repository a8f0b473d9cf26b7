"""Rules, at what holds, what is refuted, and what is open."""

import pytest
from scipy import stats

from recipes.claims.effects import difference
from recipes.claims.rules import (
    changes,
    correlated,
    differs,
    folds,
    levels,
    listed,
    on_average,
    rank_correlations,
    shown,
    trend,
    weighed,
)
from recipes.claims.samples import Samples, negative, positive
from recipes.claims.verdicts import (
    HELD,
    REFUTED,
    UNDECIDED,
    above,
    at_least,
    below,
    within,
)

ZERO = [1.0, 2.0, 3.0]


def samples(values):
    return Samples({a: dict(enumerate(v)) for a, v in values.items()})


def verdict(outcome):
    return outcome.verdict


def test_a_change_is_that_of_a_seed():
    # The seeds differ by more than alpha does.
    found = changes(samples({0: ZERO, 1: [1.11, 2.1, 3.09]}), above(0.05))
    expected = stats.ttest_1samp([0.11, 0.1, 0.09], 0, alternative="greater")
    assert found.verdict is HELD
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.found == "2 at 0, 2.1 at 1; +0.1 [+0.083, +0.12] at 1"
    assert found.test == (
        "difference from alpha 0, mean over seeds, 90% interval; held: above 0 "
        "(refuted: below +0.05)"
    )


def test_every_alpha_counts_or_one():
    found = samples({0: ZERO, 1: [1.1, 2.11, 3.09], 2: [0.9, 2.1, 3.0]})
    assert verdict(changes(found, above(0.05))) is UNDECIDED
    assert verdict(changes(found, above(0.05), once=True)) is HELD
    assert verdict(changes(found, below(0.05), lambda alpha: alpha == 1)) is REFUTED
    assert verdict(changes(found, below(0.05))) is REFUTED
    assert "at every alpha" in changes(found, below(0.05)).test
    assert "at some alpha" in changes(found, below(0.05), once=True).test
    # What a verdict hangs on comes first.
    assert changes(found, above(0.05)).found.endswith("[+0.083, +0.12] at 1")


def test_margins():
    loss = samples({0: ZERO, -1: [0.99, 1.98, 2.99]})
    assert verdict(changes(loss, at_least(-0.05), negative)) is HELD
    assert verdict(changes(loss, within(-0.05, 0.05), negative)) is HELD
    assert verdict(changes(loss, at_least(-0.001), negative)) is REFUTED
    assert verdict(changes(loss, at_least(-0.014), negative)) is UNDECIDED
    assert changes(loss, at_least(-1), positive) is None


def test_other_alphas_than_0_to_begin_from():
    found = samples({0: ZERO, -2: ZERO, 2: [0.5, 1.51, 2.49]})
    assert verdict(changes(found, within(-0.6, -0.4), positive, zero=-2)) is HELD


def test_ratios():
    found = samples({0: ZERO, 1: [2.0, 4.1, 5.9]})
    assert verdict(folds(found, within(1.8, 2.2))) is HELD
    assert verdict(folds(found, at_least(3))) is REFUTED
    assert "2-fold [1.9-fold, 2.1-fold] at 1" in folds(found, at_least(3)).found


def test_levels():
    found = samples({0: [0.5, 0.51, 0.49], 1: [0.7, 0.71, 0.69]})
    assert verdict(levels(found, within(0.4, 0.8))) is HELD
    assert verdict(levels(found, within(0.4, 0.6))) is REFUTED
    assert verdict(levels(found, within(0.4, 0.6), once=True)) is HELD
    assert verdict(levels(samples({0: [0.0, 0.0]}), within(0, 0))) is HELD
    # Nothing is known of how a single network varies.
    assert verdict(levels(samples({0: [0.5]}), within(0, 1))) is UNDECIDED


def test_two_sweeps_seed_by_seed():
    first = samples({0: ZERO, 1: [2.0, 3.1, 4.0]})
    second = Samples({1: {2: 3.0, 0: 1.0, 1: 2.0, 7: 99.0}, 0: {0: 9.0}})
    assert verdict(differs(first, second, above(0.5), positive)) is HELD
    assert verdict(differs(first, second, below(0.5), positive)) is REFUTED
    assert differs(first, Samples({}), above(0.5)) is None


def test_sweeps_over_all_alphas():
    first = samples({1: [1.0, 2.0], 2: [1.3, 2.3]})
    second = samples({1: [0.5, 1.5], 2: [0.9, 1.8]})
    found = on_average(first, second, above(0.1))
    expected = stats.ttest_1samp([0.45, 0.5], 0, alternative="greater")
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.verdict is HELD
    assert on_average(first, Samples({}), above(0.1)) is None


def test_a_trend_is_within_seeds():
    # Between the seeds it goes the other way.
    found = samples({0: [9, 5, 1.0], 1: [9.1, 5.2, 1.1], 2: [9.2, 5.1, 1.2]})
    assert rank_correlations(found) == pytest.approx({0: 1, 1: 0.5, 2: 1})
    assert verdict(trend(found, above(0.2))) is HELD
    assert verdict(trend(found, below(0.2))) is REFUTED
    turned = samples({0: [3, 3, 3.0], 1: [2, 2, 2.0], 2: [1, 1, 1.0]})
    assert verdict(trend(found, below(0.2), turned)) is HELD
    flat = samples({0: ZERO, 1: ZERO, 2: ZERO})
    assert rank_correlations(flat) == {0: 0, 1: 0, 2: 0}
    assert verdict(trend(flat, above(0.2))) is REFUTED
    assert trend(samples({0: ZERO, 1: ZERO}), above(0.2)) is None


def test_correlated_networks():
    x = list(range(12))
    loose = [3, 0, 6, 1, 9, 2, 5, 4, 11, 7, 8, 10]
    assert verdict(correlated(x, x, above(0.2))) is HELD
    assert verdict(correlated(x, x, below(0.2))) is REFUTED
    assert verdict(correlated(x, loose, above(0.2))) is HELD
    assert verdict(correlated(x, loose, at_least(0.95))) is REFUTED
    assert verdict(correlated(x[:4], loose[:4], above(0.2))) is UNDECIDED
    assert correlated([1, 2], [1, 2], above(0.2)) is None


def test_effects_are_told_from_the_most_doubtful():
    sure, open_one = difference([5, 5.1, 4.9], ZERO), difference([2.1, 2.2, 3], ZERO)
    found = weighed({"one": sure, "other": open_one}, above(0.5))
    assert found.verdict is UNDECIDED
    assert found.found.index("other") < found.found.index("one")
    once = weighed({"one": sure, "other": open_one}, above(0.5), once=True)
    assert once.verdict is HELD
    assert once.found.index("one") < once.found.index("other")
    assert weighed({}, above(1)) is None


def test_texts():
    assert shown(difference([1.0], [3.0])) == "-2 [unknown: 1 networks]"
    assert listed({}) == ""
    assert changes(Samples({}), above(1)) is levels(Samples({}), above(1)) is None
