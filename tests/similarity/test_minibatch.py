"""CKA of minibatches against HSIC by its definition, term by term."""

import itertools
import tracemalloc

import numpy as np
import pytest

from keras_selectivity.similarity import cka, minibatch_cka
from tests.similarity import oracles


def four_at_a_time(x, y):
    """The unbiased HSIC as a mean over all ordered sets of four samples."""
    a, b = x @ x.T, y @ y.T
    terms = [
        a[i, j] * b[i, j] + a[i, j] * b[q, r] - 2 * a[i, j] * b[i, q]
        for i, j, q, r in itertools.permutations(range(len(x)), 4)
    ]
    return np.mean(terms)


def ratio_of_means(batches, hsic):
    """Equation 2 of Nguyen et al. (2021), of the first layer and the second."""
    xy, xx, yy = (
        np.mean([hsic(batch[a], batch[b]) for batch in batches])
        for a, b in ((0, 1), (0, 0), (1, 1))
    )
    return xy / np.sqrt(xx * yy)


def term_by_term(x, y):
    return oracles.unbiased_hsic(x @ x.T, y @ y.T)


@pytest.mark.parametrize("hsic", [four_at_a_time, term_by_term])
def test_is_the_ratio_of_means_over_batches(hsic):
    rng = np.random.default_rng(1)
    batches = [rng.normal(size=(2, n, 3)) + 5 for n in (6, 6, 5)]
    found = minibatch_cka([[*batch] for batch in batches])
    assert found[0, 1] == pytest.approx(ratio_of_means(batches, hsic), rel=1e-8)
    assert found[1, 0] == pytest.approx(found[0, 1])
    np.testing.assert_allclose(np.diagonal(found), 1)


def test_one_batch_is_the_debiased_cka():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 6))
    y = x @ rng.normal(size=(6, 4)) + rng.normal(size=(40, 4))
    found = minibatch_cka([[x, y]])[0, 1]
    assert found == pytest.approx(cka(x, y, debiased=True))


def test_many_layers_are_every_pair_of_them():
    rng = np.random.default_rng(3)
    batches = [[rng.random((n, u)) for u in (3, 1, 7)] for n in (9, 8)]
    found = minibatch_cka(iter(batches))
    for a, b in itertools.combinations(range(3), 2):
        pair = minibatch_cka([[batch[a], batch[b]] for batch in batches])
        assert found[a, b] == pytest.approx(pair[0, 1])


def test_feature_maps_are_flattened_however_many_features():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(8, 5, 50, 80)), rng.normal(size=(8, 5))
    flat = x.reshape(8, -1)
    expected = ratio_of_means([(flat, y)], term_by_term)
    assert minibatch_cka([[x, y]])[0, 1] == pytest.approx(expected)


def test_large_means_cost_no_digits():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    expected = minibatch_cka([[x, y]])
    np.testing.assert_allclose(minibatch_cka([[x + 1e6, y]]), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64"])
def test_is_computed_in_float64(dtype):
    rng = np.random.default_rng(5)
    x, y = (rng.integers(0, 2000, (10, 6)).astype(dtype) for _ in range(2))
    expected = ratio_of_means([(x.astype(float), y.astype(float))], term_by_term)
    assert minibatch_cka([[x, y]])[0, 1] == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 1e8 / 3])
def test_a_layer_that_does_not_vary_has_no_cka(value):
    x = np.random.default_rng(4).normal(size=(6, 3))
    one_apart = np.vstack([np.ones((1, 2)), np.zeros((5, 2))])
    found = minibatch_cka([[x, np.full((6, 2), value), one_apart]])
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[:, 1:]).all() and np.isnan(found[1:]).all()


def test_small_batches_are_left_out():
    rng = np.random.default_rng(5)
    large, small = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 3, 3))
    found = minibatch_cka([[*large], [*small]])
    np.testing.assert_array_equal(found, minibatch_cka([[*large]]))
    with pytest.raises(ValueError, match="four samples or more"):
        minibatch_cka([[*small]])


def test_memory_does_not_grow_with_the_minibatches_or_the_features():
    """As float64 in one piece, the features of a minibatch would be 26 MB."""

    def peak(count):
        one = np.ones((16, 200_000), np.float16)
        one[::2] = np.arange(200_000) % 7
        batches = ([one, one] for _ in range(count))
        tracemalloc.start()
        minibatch_cka(batches)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    # The largest is a block of features, as float64, and its copies.
    assert peak(1) < 20e6
    assert peak(8) < 1.1 * peak(1)
