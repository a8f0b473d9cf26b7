import numpy as np
import pytest
from scipy import stats

from recipes.m18.measures import bimodality, picks


def test_bimodality_by_its_moments():
    values = [0.1, 0.2, 0.25, 0.7, 0.9, 0.95]
    n, centered = len(values), np.array(values) - np.mean(values)
    m2, m3, m4 = (np.mean(centered**power) for power in (2, 3, 4))
    g = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
    k = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    expected = (g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    assert bimodality(values) == pytest.approx(expected)
    assert np.isnan(bimodality([1, 1, 1, 1]))
    uniform = stats.uniform.ppf((np.arange(10_000) + 0.5) / 10_000)
    assert bimodality(uniform) == pytest.approx(5 / 9, abs=1e-3)


def test_picks_by_hand():
    scores, truth = [1, 2, 3, 4], [0.4, 0.3, 0.2, 0.1]
    found = picks(scores, truth, draws=200)
    # Of two settings the better score is always the worse one.
    assert found.size == 2
    assert found.tops == (1, 1, 1)
    assert found.shares == (0, 0, 0)
    assert set(np.round(found.gaps, 6)) == {0.1, 0.2, 0.3}


def test_picks_of_the_paper_s_number_of_settings():
    accuracy = np.arange(96) / 100
    found = picks(accuracy, accuracy)
    assert (found.size, found.tops, found.shares) == (48, (1, 5, 10), (1, 1, 1))
    blind = picks(np.random.default_rng(0).random(96), accuracy, draws=20_000)
    assert blind.shares[2] < 0.6


def test_a_random_score_picks_by_chance():
    accuracy = np.arange(96) / 100
    shares = [
        picks(np.random.default_rng(i).random(96), accuracy, draws=20, seed=i).shares
        for i in range(300)
    ]
    expected = np.array([1, 5, 10]) / 48
    assert np.mean(shares, axis=0) == pytest.approx(expected, abs=0.04)


def test_equal_settings_are_equally_good():
    assert picks([1, 2, 3, 4], [0.5] * 4).shares == (1, 1, 1)


def test_picks_needs_as_many_of_both():
    with pytest.raises(ValueError, match="`scores` and `accuracies` must hold"):
        picks([1, 2], [1, 2, 3])
