"""Fits find the distribution that responses were drawn from."""

import numpy as np
import pytest
from scipy import integrate

from recipes.g19.fits import best, bin_width, edges, fit, nonzero

RNG = np.random.default_rng(0)
EXPONENTIAL = RNG.exponential(3.0, 4000)
NORMAL = RNG.normal(40.0, 5.0, 4000)
HALF = np.abs(RNG.normal(0, 2.0, 4000))


@pytest.mark.parametrize(
    ("drawn", "family"),
    [(EXPONENTIAL, "exponential"), (NORMAL, "normal"), (HALF, "half normal")],
)
def test_the_family_is_found(drawn, family):
    found = fit(drawn)
    assert best(found).family == family
    assert found[family].distance == min(one.distance for one in found.values())
    # The 1% point of the Kolmogorov-Smirnov distance of so many draws.
    assert found[family].distance < 1.63 / np.sqrt(4000)


def test_parameters_are_those_of_maximum_likelihood():
    found = fit(EXPONENTIAL)
    assert found["exponential"].scale == pytest.approx(EXPONENTIAL.mean())
    assert found["normal"].location == pytest.approx(EXPONENTIAL.mean())
    assert found["normal"].scale == pytest.approx(EXPONENTIAL.std())
    assert found["half normal"].scale == pytest.approx(np.sqrt(np.mean(EXPONENTIAL**2)))
    assert found["exponential"].location == found["half normal"].location == 0


def test_aic_and_distance_by_hand():
    values = np.sort(EXPONENTIAL[:50])
    mean, n = values.mean(), len(values)
    found = fit(values)["exponential"]
    likelihood = -n * np.log(mean) - values.sum() / mean
    assert found.aic == pytest.approx(2 - 2 * likelihood)
    below = 1 - np.exp(-values / mean)
    steps = np.arange(1, n + 1) / n
    distance = max(np.max(steps - below), np.max(below - steps + 1 / n))
    assert found.distance == pytest.approx(distance)
    std = values.std()
    likelihood = -n / 2 * np.log(2 * np.pi * std**2) - n / 2
    assert fit(values)["normal"].aic == pytest.approx(4 - 2 * likelihood)


def test_density_integrates_to_one():
    x = np.linspace(0, 200, 200_001)
    for one in fit(NORMAL).values():
        assert integrate.trapezoid(one.density(x), x) == pytest.approx(1, abs=2e-2)


def test_zeros_are_left_out():
    padded = np.concatenate([np.zeros(1000), EXPONENTIAL])
    assert fit(padded) == fit(EXPONENTIAL)
    assert len(nonzero(padded)) == 4000


def test_nothing_is_fitted_to_few_responses():
    assert fit(EXPONENTIAL[:19]) == {}
    assert fit(np.full(30, 2.0)) == {}
    assert fit(np.zeros(30)) == {}


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_responses_that_a_rectifier_does_not_give(bad):
    with pytest.raises(ValueError, match="`responses` must be finite and 0 or above"):
        fit([*EXPONENTIAL[:30], bad])


def test_bins_are_1_wide_where_the_paper_s_would_be():
    assert bin_width([0.0, 90.0]) == 1.0
    assert bin_width([0.0, 20.0]) == 1.0
    assert bin_width([0.0, 19.0]) == 0.5
    assert bin_width([0.0, 8.0]) == 0.2
    assert bin_width([0.0, 3.0]) == 0.1
    assert bin_width([5.0, 5.0]) == 1.0


@pytest.mark.parametrize("top", [0.0, 0.37, 8.0, 20.0, 91.3])
def test_bins_hold_every_response(top):
    values = np.linspace(0, top, 57)
    bins = edges(values)
    assert np.histogram(values, bins)[0].sum() == 57
    assert bins[0] == 0
    assert bins[-1] > top
