"""Effects against SciPy's intervals and tests."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recipes.claims.effects import (
    LEVEL,
    RATIO,
    average,
    correlation,
    difference,
    resampled,
)

FEW, MANY = [3.1, 2.2, 4.0], [1.0, 2.5, 0.3, 1.9, 1.1]
numbers = st.lists(
    st.floats(-1e3, 1e3).map(lambda value: round(value, 3)), min_size=2, max_size=8
)


def ends(effect):
    return effect.interval()[1:]


@given(numbers)
def test_the_mean_of_replicates_has_students_interval(values):
    found = average(values)
    assert found.value == pytest.approx(np.mean(values), abs=1e-9)
    if np.ptp(values) == 0:
        assert ends(found) == (found.value, found.value)
        return
    expected = stats.ttest_1samp(values, 0).confidence_interval(1 - 2 * LEVEL)
    assert ends(found) == pytest.approx(tuple(expected))
    test = stats.ttest_1samp(values, 1.5, alternative="greater")
    assert found.pvalue(1.5, above=True) == pytest.approx(test.pvalue)
    assert found.pvalue(1.5, above=False) == pytest.approx(1 - test.pvalue)


def test_ratios_are_averaged_by_their_logarithms():
    found = average([2.0, 8.0, 4.0], RATIO)
    expected = stats.ttest_1samp(np.log([2, 8, 4]), 0).confidence_interval(0.9)
    assert found.value == pytest.approx(4)
    assert ends(found) == pytest.approx(tuple(np.exp(expected)))
    assert math.isnan(average([0.0, 1.0], RATIO).error)


def test_two_samples_have_welchs_interval():
    found = difference(FEW, MANY)
    expected = stats.ttest_ind(FEW, MANY, equal_var=False)
    assert found.value == pytest.approx(np.mean(FEW) - np.mean(MANY))
    assert ends(found) == pytest.approx(tuple(expected.confidence_interval(0.9)))
    assert 2 * found.pvalue(0, above=True) == pytest.approx(expected.pvalue)
    assert found.replicates == 3


@pytest.mark.parametrize("turned", [False, True])
def test_a_single_network_is_held_against_what_others_predict(turned):
    pair = (MANY, [9.0]) if turned else ([9.0], MANY)
    expected = stats.ttest_ind(*pair, equal_var=True)
    found = difference(*pair)
    assert ends(found) == pytest.approx(tuple(expected.confidence_interval(0.9)))
    assert found.replicates == 1


def test_what_does_not_vary_is_certain_and_single_numbers_are_not():
    for found in (average([0.1] * 3), difference([0.3, 0.3], [0.2, 0.2])):
        assert found.error == 0
        assert found.interval().low == found.interval().high
    assert average([0.3] * 3).pvalue(0.2, above=True) == 0
    assert average([0.3] * 3).pvalue(0.3, above=True) == 1
    for found in (average([1.0]), difference([1.0], [2.0]), difference([], [1.0])):
        assert math.isnan(found.error)
        assert math.isnan(found.pvalue(0, above=True))
        assert ends(found) == (-math.inf, math.inf)
    assert math.isnan(average([1.0, math.nan]).error)


def test_correlations_by_fishers_transform():
    rng = np.random.default_rng(0)
    x = rng.normal(size=20)
    y = x + rng.normal(size=20)
    rho = stats.spearmanr(x, y).statistic
    error = math.sqrt((1 + rho**2 / 2) / 17)
    reach = stats.norm.isf(LEVEL) * error
    expected = np.tanh([math.atanh(rho) - reach, math.atanh(rho) + reach])
    assert ends(correlation(x, y)) == pytest.approx(tuple(expected))


def test_a_perfect_order_of_few_is_not_certain():
    found = correlation(range(6), range(6))
    # Two neighbors exchanged: 1 - 6 * 2 / (6 * 35).
    assert found.value == pytest.approx(1 - 12 / 210)
    assert found.interval().low < 0.9
    assert correlation(range(6), range(6)[::-1]).value == pytest.approx(-found.value)
    assert math.isnan(correlation(range(4), range(4)).error)
    assert math.isnan(correlation(range(9), [1.0] * 9).error)


def test_an_estimate_that_is_resampled():
    found = resampled(2.0, [1.9, 2.0, 2.1], 7)
    assert found.interval().mean == 2
    assert found.interval().high == pytest.approx(2 + 0.1 * stats.norm.isf(LEVEL))
