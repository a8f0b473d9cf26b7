"""PWCCA against the published formula on the samples, and by hand."""

import numpy as np
import pytest

from keras_selectivity.similarity import cca, pwcca
from tests.similarity import oracles
from tests.similarity.oracles import HAND_X, HAND_Y, invertible, related, rotation
from tests.similarity.test_cca import CASES


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_is_the_published_formula(name, turned):
    x, y = (np.asarray(array, "float64") for array in CASES[name])
    x = x - np.where(np.ptp(x, axis=0) == 0, x[0], 0)
    if name == "scales of all sizes":
        return  # The oracle's decomposition loses the small units: see below.
    arrays = (x, y)[:: -1 if turned else 1]
    found = pwcca(*CASES[name][:: -1 if turned else 1])
    assert found.distance == pytest.approx(oracles.pwcca_distance(*arrays), abs=1e-7)
    assert found.weights.sum() == pytest.approx(1)
    assert np.all(found.weights >= 0)
    assert found.weights.shape == found.correlations.shape


def test_scales_of_y_do_not_matter_and_those_of_x_weigh():
    x, y = related()
    found = pwcca(x, y * 10.0 ** np.linspace(6, -6, 9))
    assert found.distance == pytest.approx(pwcca(x, y).distance, abs=1e-9)
    # Where one unit is all that counts, the weights are its correlations with the
    # variates.
    basis = oracles.orthonormal(x)
    left, correlations, _ = np.linalg.svd(
        basis.T @ oracles.orthonormal(y), full_matrices=False
    )
    projections = np.abs((basis @ left).T @ (x[:, 2] - x[:, 2].mean()))
    expected = np.dot(projections, correlations) / projections.sum()
    found = pwcca(x * np.where(np.arange(6) == 2, 1e6, 1e-6), y)
    assert found.similarity == pytest.approx(expected, abs=1e-9)


def test_hand_solved():
    # The variates are the four columns of the base; x has 2 along the first and 1
    # along the second, y has a correlation of 0.8 and 0.6 with them.
    found = pwcca(HAND_X, HAND_Y)
    np.testing.assert_allclose(found.weights, [2 / 3, 1 / 3])
    assert found.similarity == pytest.approx((2 * 0.8 + 0.6) / 3)
    # Each unit of y is one of its own variates.
    assert pwcca(HAND_Y, HAND_X).similarity == pytest.approx(0.7)


def test_weights_count_every_unit_of_x():
    # A second copy of the unit that carries 0.6: projections 2 and 1 + 1.
    found = pwcca(np.hstack([HAND_X, HAND_X[:, 1:]]), HAND_Y)
    np.testing.assert_allclose(found.weights, [0.5, 0.5])


def test_variates_without_a_partner_count_for_nothing():
    found = pwcca(HAND_X, HAND_Y[:, 1:])
    np.testing.assert_allclose(found.weights, [1])
    assert found.similarity == pytest.approx(0.6)
    assert found.ranks == (2, 1)


def test_w25_a_rotation():
    x, _ = related(500)
    assert pwcca(x, x @ rotation(6)).distance == pytest.approx(0, abs=1e-12)


def test_w26_one_unit_each():
    found = pwcca([[1], [2], [3], [4]], [[1], [3], [2], [4]])
    assert found.distance == pytest.approx(0.2)


def test_invertible_maps_of_y_change_nothing():
    x, y = related()
    found = pwcca(x, y @ invertible(9, 1e3) + 5)
    assert found.distance == pytest.approx(pwcca(x, y).distance, abs=1e-9)
    np.testing.assert_allclose(found.weights, pwcca(x, y).weights, atol=1e-7)


def test_maps_of_x_and_exchange_change_the_weights():
    x, y = related()
    expected = pwcca(x, y)
    mapped = pwcca(x @ invertible(6, 100), y)
    np.testing.assert_allclose(mapped.correlations, expected.correlations, atol=1e-9)
    assert mapped.distance != pytest.approx(expected.distance, abs=1e-3)
    assert pwcca(y, x).distance != pytest.approx(expected.distance, abs=1e-3)
    assert cca(x, y).weights is None


def test_means_do_not_weigh():
    """Where google/svcca's weights differ most: means far from zero."""
    x, y = related()
    found = pwcca(x + np.arange(6) * 100, y)
    assert found.distance == pytest.approx(pwcca(x, y).distance, abs=1e-9)
