"""SVCCA: what it keeps, and CCA of that."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from keras_selectivity.similarity import (
    cca,
    covariances,
    svcca,
    svcca_from_covariances,
)
from tests.similarity import oracles
from tests.similarity.oracles import HAND_X, HAND_Y, invertible, related, rotation
from tests.similarity.test_cca import CASES

# As the definition takes them: one scale for all the units of a side.
SCALED = ["scales of all sizes"]


@pytest.mark.parametrize("variance", [0.3, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("name", [name for name in CASES if name not in SCALED])
def test_is_the_definition(name, variance):
    x, y = (np.asarray(array, "float64") for array in CASES[name])
    x = x - np.where(np.ptp(x, axis=0) == 0, x[0], 0)
    kept = [oracles.truncated(array, variance) for array in (x, y)]
    found = svcca(*CASES[name], variance=variance)
    assert found.ranks == (kept[0].shape[1], kept[1].shape[1])
    expected = oracles.correlations(*kept)
    np.testing.assert_allclose(found.correlations, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("variance", "ranks", "correlations"),
    [
        # Variances 4 and 1 in x: a share of 0.8 exactly. In y 1 and 1.
        (0.8, (1, 2), [0.8]),
        (0.81, (2, 2), [0.8, 0.6]),
        (1, (2, 2), [0.8, 0.6]),
    ],
)
def test_hand_solved(variance, ranks, correlations):
    found = svcca(HAND_X, HAND_Y, variance=variance)
    assert found.ranks == ranks
    np.testing.assert_allclose(found.correlations, correlations)
    assert found.weights is None


@pytest.mark.parametrize("kept", range(1, 11))
def test_a_share_that_is_reached_up_to_rounding_is_reached(kept):
    """Ten directions of equal variance, each a tenth of it up to rounding."""
    for seed in range(10):
        x = hadamard(32)[:, 1:11] @ rotation(10, seed)
        assert svcca(x, x, variance=kept / 10).ranks == (kept, kept)


@pytest.mark.parametrize("name", CASES)
def test_all_the_variance_is_cca(name):
    found = svcca(*CASES[name], variance=1)
    expected = cca(*CASES[name]).correlations
    np.testing.assert_array_equal(found.correlations, expected)


def test_nearly_all_the_variance_is_nearly_cca():
    x, y = related()
    found = svcca(x, y, variance=1 - 1e-13)
    np.testing.assert_allclose(found.correlations, cca(x, y).correlations, atol=1e-9)


def test_rotation_shift_and_common_scale_change_nothing():
    x, y = related()
    x = x * np.logspace(0, -2, 6)
    expected = svcca(x, y)
    found = svcca(3 * x @ rotation(6) + 1, 0.1 * y @ rotation(9) - 1)
    assert found.ranks == expected.ranks
    np.testing.assert_allclose(found.correlations, expected.correlations, atol=1e-9)
    np.testing.assert_allclose(
        svcca(y, x).correlations, expected.correlations, atol=1e-9
    )


def test_other_invertible_maps_change_it():
    x, y = related()
    found = svcca(x @ invertible(6, 1e3), y)
    assert found.ranks[0] < svcca(x, y).ranks[0]
    assert found.distance != pytest.approx(svcca(x, y).distance, abs=1e-3)


def test_fewer_directions_need_fewer_samples():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 50))
    noisy = x + 1e-3 * rng.normal(size=x.shape)
    with pytest.raises(ValueError, match="30 samples, in which `x` varies in 29"):
        cca(noisy, noisy)
    assert svcca(noisy, x).ranks == (2, 2)


@pytest.mark.parametrize("variance", [0, -0.5, 1.01, 99, float("nan")])
def test_errors(variance):
    found = covariances(*related())
    with pytest.raises(ValueError) as caught:
        svcca_from_covariances(found, variance=variance)
    assert str(caught.value) == (
        "`variance` must be a finite number above 0 and at most 1. "
        f"Received: variance={variance!r}."
    )
