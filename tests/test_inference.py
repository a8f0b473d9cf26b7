"""The statistics against their textbook formulas, by hand, and at their edges."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_selectivity.inference import (
    binomial_standard_error,
    bonferroni,
    bootstrap_mean,
    family,
    paired_t_test,
    prediction_test,
    quartiles,
    rank_sum_test,
    regression_line,
    spearman,
    spearman_floor,
    standard_error,
    t_test,
)

TESTS = [t_test, paired_t_test, rank_sum_test]
NAN = float("nan")


def two_samples(count_a=20, count_b=20, shift=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=count_a) + shift, rng.normal(size=count_b)


def message(call, *args, error=ValueError, **options):
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


# Intervals.


def test_bootstrap_of_two_values():
    # The means are 0, 1/2 and 1, with probabilities 1/4, 1/2 and 1/4.
    assert bootstrap_mean([0.0, 1.0]) == (0.5, 0, 1)
    assert bootstrap_mean([0.0, 1.0], confidence=0.4) == (0.5, 0.5, 0.5)
    assert bootstrap_mean([0.0, 1.0], confidence=0.6) == (0.5, 0, 1)


def test_bootstrap_of_three_values():
    # All 27 draws are equally likely: their 10th and 90th percentile.
    values = [0.0, 1.0, 5.0]
    means = [np.mean(draw) for draw in itertools.product(values, repeat=3)]
    expected = np.percentile(means, [10, 90])
    found = bootstrap_mean(values, confidence=0.8)
    np.testing.assert_allclose([found.low, found.high], expected)


def test_bootstrap_leans_as_the_values_do():
    # The means are 0, 3, 6 and 9, with probabilities 8, 12, 6 and 1 of 27.
    assert bootstrap_mean([0.0, 0.0, 9.0], confidence=0.96) == (3, 0, 9)


def test_bootstrap_of_many_values_is_the_normal_interval():
    a, _ = two_samples(5000)
    found = bootstrap_mean(a, resamples=4000)
    expected = 1.96 * a.std() / np.sqrt(5000)
    assert found.mean == a.mean()
    assert found.high - a.mean() == pytest.approx(expected, rel=0.08)
    assert a.mean() - found.low == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize(("count", "coverage"), [(5, 0.83), (20, 0.93)])
def test_bootstrap_covers_as_often_as_documented(count, coverage):
    values = np.random.default_rng(0).normal(size=(count, 3000))
    found = bootstrap_mean(values, resamples=300)
    held = np.mean((found.low <= 0) & (found.high >= 0))
    assert held == pytest.approx(coverage, abs=0.025)


def test_bootstrap_of_columns():
    values = np.random.default_rng(0).normal(size=(10, 2, 3)) + 5
    found = bootstrap_mean(values)
    assert found.mean.shape == found.low.shape == found.high.shape == (2, 3)
    np.testing.assert_allclose(found.mean, values.mean(axis=0))
    column = bootstrap_mean(values[:, 1, 2])
    assert found.low[1, 2] == pytest.approx(column.low, abs=0.05)
    assert np.all((found.low < found.mean) & (found.mean < found.high))


def test_bootstrap_seed():
    a, _ = two_samples()
    assert bootstrap_mean(a, seed=3) == bootstrap_mean(a, seed=3)
    assert bootstrap_mean(a, seed=3) != bootstrap_mean(a, seed=4)
    state = np.random.get_state()[1].copy()
    bootstrap_mean(a)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30])
def test_bootstrap_of_equal_values(value):
    found = bootstrap_mean([value] * 7)
    np.testing.assert_allclose(found, [value] * 3, rtol=1e-12)


def test_bootstrap_errors():
    assert message(bootstrap_mean, [1.0]) == (
        "`values` must hold at least 2 values. Received: values of shape (1,)."
    )
    assert message(bootstrap_mean, 1.0) == (
        "`values` must have shape (replicates, ...). Received: values of shape ()."
    )
    assert "finite" in message(bootstrap_mean, [[1.0, NAN], [1, 1]])
    for confidence in (0, 1, 95):
        assert message(bootstrap_mean, [1, 2], confidence=confidence) == (
            "`confidence` must be a finite number above 0 and below 1. Received: "
            f"confidence={confidence}."
        )
    assert message(bootstrap_mean, [1, 2], resamples=0) == (
        "`resamples` must be a positive integer. Received: resamples=0."
    )


# Tests.


def test_t_test_is_the_textbook_formula():
    a, b = two_samples(7, 12)
    pooled = (6 * a.var(ddof=1) + 11 * b.var(ddof=1)) / 17
    statistic = (a.mean() - b.mean()) / np.sqrt(pooled * (1 / 7 + 1 / 12))
    found = t_test(a, b, comparisons=3)
    assert found.statistic == pytest.approx(statistic)
    assert found.pvalue == pytest.approx(2 * stats.t(17).sf(abs(statistic)))
    assert found.corrected == pytest.approx(min(1, 3 * found.pvalue))
    assert t_test(b, a).statistic == pytest.approx(-statistic)
    assert t_test(b, a).pvalue == pytest.approx(found.pvalue)


def test_paired_t_test_is_the_textbook_formula():
    a, b = two_samples(9, 9)
    change = a - b
    statistic = change.mean() / (change.std(ddof=1) / 3)
    found = paired_t_test(a, b, comparisons=2)
    assert found.statistic == pytest.approx(statistic)
    assert found.pvalue == pytest.approx(2 * stats.t(8).sf(abs(statistic)))
    assert found.corrected == pytest.approx(min(1, 2 * found.pvalue))


def test_rank_sum_test_is_the_textbook_formula():
    a, b = two_samples(8, 11)
    ranks = stats.rankdata(np.concatenate([a, b]))
    z = (ranks[:8].sum() - 8 * 20 / 2) / np.sqrt(8 * 11 * 20 / 12)
    found = rank_sum_test(a, b, comparisons=4)
    assert found.statistic == pytest.approx(z)
    assert found.pvalue == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))
    assert found.corrected == pytest.approx(min(1, 4 * found.pvalue))


def test_rank_sum_test_of_twenty_against_twenty_apart():
    # Ranks 1 to 20 sum to 210, 410 expected, deviation sqrt(20 * 20 * 41 / 12).
    z = (210 - 410) / math.sqrt(20 * 20 * 41 / 12)
    found = rank_sum_test(np.arange(20), np.arange(20, 40))
    assert found.statistic == pytest.approx(z)
    assert found.pvalue == pytest.approx(math.erfc(-z / math.sqrt(2)))
    assert found.pvalue == pytest.approx(6e-8, rel=0.1)


@pytest.mark.parametrize("test", TESTS)
def test_false_alarms_are_as_rare_as_they_should_be(test):
    alarms = [test(*two_samples(shift=0, seed=i)).pvalue < 0.05 for i in range(600)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.027)


@pytest.mark.parametrize("value", [0.1, 0.0, 1e20])
@pytest.mark.parametrize("test", [t_test, paired_t_test])
def test_values_that_do_not_vary(test, value):
    counts = (3, 3) if test is paired_t_test else (3, 7)
    same = test(np.full(counts[0], value), np.full(counts[1], value), comparisons=2)
    assert all(math.isnan(number) for number in same)
    higher = test(np.full(counts[0], value + 1e5), np.full(counts[1], value))
    if value < 1e20:  # Where 1e5 more makes a difference.
        assert higher == (math.inf, 0, 0)
        lower = test(np.full(counts[1], value), np.full(counts[0], value + 1e5))
        assert lower == (-math.inf, 0, 0)


def test_rank_sum_test_of_equal_values():
    assert rank_sum_test([1.0, 1, 1], [1.0, 1]) == (0, 1, 1)


def test_one_constant_sample():
    a, _ = two_samples()
    found = t_test(a, np.zeros(5))
    assert np.isfinite(found.statistic)
    assert 0 < found.pvalue < 1


def test_values_that_hardly_vary():
    """No warning leaks: they are errors here."""
    a = 1 + 1e-15 * np.arange(5)
    assert np.all(np.isfinite(t_test(a, a[::-1])))
    assert np.all(np.isfinite(paired_t_test(a, a[::-1])))
    assert np.isfinite(spearman(a, a[::-1]).correlation)


@pytest.mark.parametrize("test", TESTS)
def test_test_errors(test):
    assert "`a` must hold at least" in message(test, [], [1.0, 2.0])
    assert message(test, [1.0, NAN], [1.0, 2.0]) == (
        "`a` must be finite. Received: a with NaN or infinity. Leave such values out."
    )
    assert "`b` must have shape (values,)" in message(test, [1.0, 2], [[1.0], [2]])
    assert message(test, [1, 2], ["x", "y"], error=TypeError) == (
        "`b` must hold real numbers. Received: b of dtype <U1."
    )
    assert message(test, [1, 2], [3, 5], comparisons=0) == (
        "`comparisons` must be a positive integer. Received: comparisons=0."
    )


def test_pairs_must_match():
    assert message(paired_t_test, [1, 2], [1, 2, 3]) == (
        "`a` and `b` must hold pairs. Received: 2 and 3 values."
    )
    assert "at least 2" in message(t_test, [1.0], [1.0, 2.0])
    assert "at least 2" in message(paired_t_test, [1.0], [2.0])


@pytest.mark.parametrize("value", [60.0, 71.0, 71.4, 75.0])
def test_prediction_is_the_t_test_of_a_single_value(value):
    sample = [71.0, 72.5, 70.2, 71.9]
    expected = stats.ttest_ind([value], sample)
    found = prediction_test(value, sample, comparisons=3)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.corrected == pytest.approx(min(1, 3 * expected.pvalue))


def test_prediction_is_the_textbook_interval():
    sample = np.array([3.0, 5.0, 4.0, 8.0, 6.0])
    # The end of the 90% prediction interval of one more value.
    width = stats.t(4).ppf(0.95) * sample.std(ddof=1) * math.sqrt(1 + 1 / 5)
    for end in (sample.mean() - width, sample.mean() + width):
        assert prediction_test(end, sample).pvalue == pytest.approx(0.1)


def test_predictions_fail_as_rarely_as_they_should():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(600, 5))
    alarms = [prediction_test(one[0], one[1:]).pvalue < 0.05 for one in drawn]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.027)


def test_prediction_by_what_does_not_vary():
    assert prediction_test(2.0, [1.0, 1.0]) == (math.inf, 0, 0)
    assert prediction_test(0.0, [1.0, 1.0]) == (-math.inf, 0, 0)
    assert all(math.isnan(number) for number in prediction_test(1.0, [1.0, 1.0]))


def test_prediction_errors():
    assert message(prediction_test, 1.0, [2.0]) == (
        "`sample` must hold at least 2 values. Received: sample of shape (1,)."
    )
    assert "`value` must be a finite number" in message(prediction_test, NAN, [1, 2])


@pytest.mark.parametrize("test", TESTS)
def test_family_is_corrected_for_its_size(test):
    pairs = {alpha: two_samples(seed=alpha) for alpha in (3, 1, 2)}
    found = family(pairs, test)
    assert list(found) == [3, 1, 2]
    for alpha, (a, b) in pairs.items():
        alone = test(a, b)
        assert found[alpha][:2] == alone[:2]
        assert found[alpha].corrected == pytest.approx(min(1, 3 * alone.pvalue))


def test_bonferroni():
    np.testing.assert_allclose(bonferroni([0.01, 0.2, 0.5]), [0.03, 0.6, 1])
    np.testing.assert_allclose(bonferroni([[0.1, NAN]], 4), [[0.4, NAN]])
    assert bonferroni(0.02, 10) == pytest.approx(0.2)
    assert message(bonferroni, [0.1, 1.5]).startswith("`pvalues` must be in [0, 1].")
    assert "comparisons=0" in message(bonferroni, 0.1, 0)


# Correlation and the rest.


def test_spearman_is_the_textbook_formula():
    # Ranks 1 2 3 4 5 and 2 1 4 3 5: squared differences of 4 in sum.
    found = spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 1000])
    assert found.correlation == pytest.approx(1 - 6 * 4 / (5 * 24))
    t = 0.8 * math.sqrt(3 / (1 - 0.8**2))
    assert found.pvalue == pytest.approx(2 * stats.t(3).sf(t))


def test_spearman_with_ties():
    # Mean ranks 1.5 1.5 3 4 and 1 2.5 2.5 4: the correlation of the ranks.
    expected = np.corrcoef([1.5, 1.5, 3, 4], [1, 2.5, 2.5, 4])[0, 1]
    assert spearman([0, 0, 1, 7], [1, 2, 2, 3]).correlation == pytest.approx(expected)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(-50, 50), min_size=3, max_size=30, unique=True), st.data())
def test_spearman_heeds_the_order_alone(x, data):
    y = data.draw(st.permutations(x))
    found = spearman(x, y)
    squashed = spearman(np.tanh(np.array(x) / 50), [value**3 for value in y])
    assert found.correlation == pytest.approx(squashed.correlation)
    assert -1 <= found.correlation <= 1
    assert spearman(y, x).correlation == pytest.approx(found.correlation)


def test_spearman_edges():
    assert all(math.isnan(value) for value in spearman([1, 1, 1], [1, 2, 3]))
    assert all(math.isnan(value) for value in spearman([1, 2, 3], [0.1, 0.1, 0.1]))
    assert message(spearman, [1, 2], [1, 2]) == (
        "`x` must hold at least 3 values. Received: x of shape (2,)."
    )
    assert "`x` and `y` must hold pairs" in message(spearman, [1, 2, 3], [1, 2, 3, 4])


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_spearman_floor_is_that_of_all_orders(count):
    order = np.arange(count)
    distances = [
        np.sum((order - np.array(one)) ** 2) for one in itertools.permutations(order)
    ]
    # As far from no correlation as the perfect order is, either way.
    middle = np.mean(distances)
    extreme = np.isclose(np.abs(distances - middle), middle)
    assert spearman_floor(count) == pytest.approx(extreme.mean())


def test_spearman_floor_is_scipy_s_exact_test():
    x = np.arange(6.0)

    def correlation(y):
        return stats.spearmanr(x, y).statistic

    found = stats.permutation_test((x,), correlation, permutation_type="pairings")
    assert spearman_floor(6) == pytest.approx(found.pvalue)


def test_spearman_floor_edges():
    assert 0 < spearman_floor(177) < 1e-320
    assert spearman_floor(178) == spearman_floor(10**9) == 0
    assert message(spearman_floor, 1) == (
        "`count` must be an integer of at least 2. Received: count=1."
    )


def test_regression_line():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50) + 1e4
    y = 3 - 2 * x + rng.normal(size=50)
    slope, intercept = np.polyfit(x - 1e4, y, 1)
    found = regression_line(x, y)
    assert found.slope == pytest.approx(slope)
    assert found.intercept + 1e4 * found.slope == pytest.approx(intercept)
    assert all(math.isnan(value) for value in regression_line([2, 2], [1, 5]))
    assert regression_line([1, 2, 3], [4, 4, 4]) == (0, 4)


def test_quartiles():
    assert quartiles([9, 1, 3, 2, 4]) == (3, 2)
    assert quartiles([1, 2]) == (1.5, 0.5)
    assert quartiles([7]) == (7, 0)
    assert "at least 1" in message(quartiles, [])


def test_standard_error():
    # Deviations of 1.5, 0.5, 0.5 and 1.5: squares that sum to 5.
    assert standard_error([1, 2, 3, 4]) == pytest.approx(math.sqrt(5 / 3 / 4))
    assert standard_error([3, 3, 3]) == 0
    assert math.isnan(standard_error([1.0]))
    assert "at least 1" in message(standard_error, [])


def test_w36_binomial_standard_errors():
    found = 100 * binomial_standard_error([0.217, 0.043, 0.593], [1332, 256, 995])
    np.testing.assert_allclose(found, [1.13, 1.27, 1.56], atol=0.005)
    assert binomial_standard_error(1, 5) == binomial_standard_error(0, 5) == 0
    assert "`share` must be in [0, 1]" in message(binomial_standard_error, 21.7, 9)
    assert "`count` must be at least 1" in message(binomial_standard_error, 0.5, 0)
