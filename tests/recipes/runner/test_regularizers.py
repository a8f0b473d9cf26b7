import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.statistics import class_statistics
from recipes.runner import regularizers
from recipes.runner.regularizers import SummedSelectivity


def test_sums_where_the_paper_has_means():
    """Against sums written out, of an unbalanced batch that lacks a class."""
    rng = np.random.default_rng(0)
    y = np.array([0, 0, 0, 0, 1, 2, 2])
    activations = rng.random((7, 5))
    sums = np.array([activations[y == c].sum(axis=0) for c in range(3)])
    best = sums.max(axis=0)
    rest = (sums.sum(axis=0) - best) / 2
    found = SummedSelectivity()(class_statistics(activations, np.eye(4)[y]))
    np.testing.assert_allclose(found, (best - rest) / (best + rest + 1e-6), rtol=1e-12)


def test_is_the_index_where_classes_are_balanced():
    activations = np.random.default_rng(0).random((6, 5))
    statistics = class_statistics(activations, np.eye(3)[[0, 0, 1, 1, 2, 2]])
    np.testing.assert_allclose(
        SummedSelectivity(1e-12)(statistics),
        ks.regularizers.SelectivityIndex(1e-12)(statistics),
        rtol=1e-9,
    )


def test_has_a_finite_gradient():
    labels = np.eye(3)[[0, 0, 1]]
    activations = tf.Variable(np.array([[1.0, 0], [2, 0], [1, 0]]))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(
            SummedSelectivity()(class_statistics(activations, labels))
        )
    assert np.isfinite(tape.gradient(value, activations)).all()


def test_names():
    assert regularizers.get("si_sum").get_config() == {
        "epsilon": 1e-6,
        "rest": "classes",
    }
    assert regularizers.get("si").name == "si"
    with pytest.raises(ValueError, match="must be one of"):
        regularizers.get("sums")
