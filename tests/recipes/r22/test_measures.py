import itertools

import numpy as np
import pytest

import keras_selectivity as ks
from recipes.r22.ablation import able, areas, normalized
from recipes.r22.alignment import series
from recipes.r22.measures import minibatch_cka, unbiased_hsic
from recipes.r22.modules import of_layers, selectivities


def four_at_a_time(x, y):
    """The unbiased HSIC as a mean over all ordered sets of four samples."""
    a, b = x @ x.T, y @ y.T
    terms = [
        a[i, j] * b[i, j] + a[i, j] * b[q, r] - 2 * a[i, j] * b[i, q]
        for i, j, q, r in itertools.permutations(range(len(x)), 4)
    ]
    return np.mean(terms)


def test_hsic_is_the_mean_over_all_sets_of_four_samples():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 3)) + 5, rng.normal(size=(7, 2))
    found = unbiased_hsic([x, y])
    expected = [[four_at_a_time(a, b) for b in (x, y)] for a in (x, y)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_cka_is_the_ratio_of_means_over_batches():
    rng = np.random.default_rng(1)
    batches = [rng.normal(size=(2, n, 3)) for n in (6, 6, 5)]
    xy, xx, yy = (
        np.mean([four_at_a_time(batch[a], batch[b]) for batch in batches])
        for a, b in ((0, 1), (0, 0), (1, 1))
    )
    found = minibatch_cka([[*batch] for batch in batches])
    assert found[0, 1] == pytest.approx(xy / np.sqrt(xx * yy))
    assert found[1, 0] == pytest.approx(found[0, 1])
    np.testing.assert_allclose(np.diagonal(found), 1)


def test_one_batch_is_the_librarys_cka():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 6))
    y = x @ rng.normal(size=(6, 4)) + rng.normal(size=(40, 4))
    found = minibatch_cka([[x, y]])[0, 1]
    assert found == pytest.approx(ks.similarity.cka(x, y, debiased=True))


def test_feature_maps_are_flattened():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(8, 2, 3, 4)), rng.normal(size=(8, 5))
    flat = minibatch_cka([[x.reshape(8, 24), y]])
    np.testing.assert_allclose(minibatch_cka([[x, y]]), flat)


def test_a_layer_that_does_not_vary_has_no_cka():
    x = np.random.default_rng(4).normal(size=(6, 3))
    found = minibatch_cka([[x, np.ones((6, 2))]])
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[:, 1]).all()


def test_small_batches_are_left_out():
    rng = np.random.default_rng(5)
    large, small = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 3, 3))
    found = minibatch_cka([[*large], [*small]])
    np.testing.assert_allclose(found, minibatch_cka([[*large]]))
    with pytest.raises(ValueError, match="four samples or more"):
        minibatch_cka([[*small]])


def test_normalized_accuracy_and_its_sum():
    found = {"random": {"4": [[0.5, 0.25, 0.1], [0.8, 0.8, 0.2], [0.0, 0.1, 0.1]]}}
    curves = normalized(found, "random", 4)
    np.testing.assert_allclose(curves[:2], [[1, 0.5, 0.2], [1, 1, 0.25]])
    assert np.isnan(curves[2]).all()
    np.testing.assert_allclose(areas(found, "random", 4)[:2], [1.7, 2.25])


def test_epochs_at_which_a_network_is_near_chance_say_nothing():
    networks = [
        {"random": {"4": [[first, 0.1], [second, 0.1]]}}
        for first, second in ((0.5, 0.9), (0.19, 0.2))
    ]
    assert able(networks, 0.1) == [1]
    assert able(networks[:1], 0.1) == [0, 1]


def test_a_pair_of_layers_through_training():
    values = [[[1, 0.2], [0.3, 1]], [[1, None], [0.4, 1]]]
    found = {"layers": ["a", "b"], "values": values}
    np.testing.assert_array_equal(series(found, "a", "b"), [0.2, np.nan])
    np.testing.assert_array_equal(series(found, "b", "a"), [0.3, 0.4])


def test_a_module_has_the_outputs_of_its_blocks_alone():
    history = {
        "test_si/stem_relu": [0.9],
        "test_si/stage1_block1_1_relu": [0.8],
        "test_si/stage1_block1_out": [0.1],
        "test_si/stage1_block2_out": [0.3],
        "test_si/stage4_block1_out": [0.5],
        "test_si": [0.7],
    }
    assert of_layers(history) == {
        4: ["stage1_block1_out", "stage1_block2_out"],
        7: ["stage4_block1_out"],
    }
    np.testing.assert_allclose(selectivities(history)[4], [[0.1], [0.3]])
