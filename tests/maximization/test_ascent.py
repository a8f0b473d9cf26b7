"""Steps of the ascent against Adam in NumPy; the size of gradients."""

import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.maximization import Transformations
from keras_selectivity.maximization.ascent import _EPSILON, Ascent, with_unit_gradient

STILL = Transformations(0, 0, 0)


class Points:
    """Two numbers, which are their own image."""

    shape = (2,)

    def start(self, seed):
        return tf.random.stateless_normal(self.shape, seed)

    def latent(self, parameters):
        return parameters

    def images(self, latent):
        return latent

    def penalty(self, latent):
        return 0.25 * tf.reduce_sum(tf.square(latent))


def test_steps_are_adams():
    slopes = np.array([[3.0, 4.0], [0.0, 1e-12]], "float32")
    ascent = Ascent(
        lambda images, units: tf.reduce_sum(images * tf.gather(slopes, units), axis=1),
        Points(),
        STILL,
        learning_rate=0.3,
    )
    seeds = np.arange(8, dtype="int32").reshape(2, 2, 2)
    units = np.array([1, 0], "int32")
    state, draws = ascent.start(seeds, 7)
    assert draws.shape == (2, 7, 4) and np.abs(draws).max() <= 1
    x = state.parameters.numpy().astype("float64")
    taken = []
    for count in (3, 4):  # Where a call ends makes no difference.
        state, values = ascent.advance(state, draws, units, count)
        taken.append(values.numpy())
    mean, square = np.zeros((2, 2)), np.zeros((2, 1))
    expected = []
    unit = slopes / np.sqrt(np.mean(slopes.astype("float64") ** 2, 1, keepdims=True))
    for step in range(7):
        expected.append(np.sum(slopes[units] * x, axis=1))
        gradient = unit[units] - 0.5 * x
        mean = 0.9 * mean + 0.1 * gradient
        size = np.mean(gradient**2, axis=1, keepdims=True)
        square = 0.999 * square + 0.001 * size
        mean_hat = mean / (1 - 0.9 ** (step + 1))
        square_hat = square / (1 - 0.999 ** (step + 1))
        rate = 0.3 * (1 - step / 7)
        x += rate * mean_hat / (np.sqrt(square_hat) + _EPSILON)
    np.testing.assert_allclose(ascent.draw(state), x, atol=1e-4)
    taken = np.concatenate(taken, axis=1)
    np.testing.assert_allclose(taken, np.transpose(expected), rtol=1e-4)


def test_starts_depend_on_their_own_seed_alone():
    first = lambda images, units: images[:, 0]  # noqa: E731
    ascent = Ascent(first, Points(), STILL, learning_rate=1)
    seeds = np.random.default_rng(0).integers(0, 2**31, (5, 2, 2)).astype("int32")
    state, draws = ascent.start(seeds, 3)
    alone, drawn = ascent.start(seeds[3:4], 3)
    np.testing.assert_array_equal(state.parameters[3:4], alone.parameters)
    np.testing.assert_array_equal(draws[3:4], drawn)
    assert len(np.unique(state.parameters)) == 10


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_gradients_of_unit_size(scale):
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 4, 5)), tf.float32)
    slopes = np.random.default_rng(1).normal(size=(3, 4, 5)).astype("float32")
    slopes[1] = 0
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(scale * slopes * with_unit_gradient(x))
    size = np.sqrt(np.mean(slopes**2, axis=(1, 2), keepdims=True))
    expected = slopes / np.where(size > 0, size, 1)
    np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-5)
