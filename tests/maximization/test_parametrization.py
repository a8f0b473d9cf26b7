"""Images from Fourier coefficients against NumPy, and images from codes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.maximization.parametrization import (
    _START,
    FourierImages,
    GeneratedImages,
    _frequency_scale,
)

SIZES = [(8, 8), (7, 9), (9, 6), (1, 5), (32, 48)]


def starts(images, count):
    seeds = tf.stack([tf.range(count), tf.zeros(count, tf.int32)], axis=1)
    return tf.stack([images.start(seed) for seed in seeds])


@pytest.mark.parametrize("size", SIZES)
def test_the_image_is_the_inverse_transform_of_scaled_coefficients(size):
    images = FourierImages((*size, 2), (0.0, 1.0))
    parameters = starts(images, 2).numpy()
    coefficients = parameters[..., 0] + 1j * parameters[..., 1]
    expected = np.fft.irfft2(coefficients * _frequency_scale(*size), size)
    np.testing.assert_allclose(
        images.latent(parameters),
        np.tanh(expected.transpose(0, 2, 3, 1)),
        atol=1e-5,
    )


@pytest.mark.parametrize("size", SIZES)
def test_the_deviation_of_a_start_is_the_same_for_every_size(size):
    images = FourierImages((*size, 1), (0.0, 1.0))
    found = np.arctanh(images.latent(starts(images, 200)))
    assert np.std(found) == pytest.approx(_START, rel=0.1)
    assert np.mean(found) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("size", SIZES[:4])
def test_normal_coefficients_make_pixels_of_deviation_one(size):
    scale = _frequency_scale(*size)
    count = scale.size
    basis = np.concatenate([np.eye(count), 1j * np.eye(count)]) * scale.ravel()
    pixels = np.fft.irfft2(basis.reshape(-1, *scale.shape), size)
    assert np.sum(pixels**2) / np.prod(size) == pytest.approx(1, rel=1e-5)


def test_the_scale_is_one_over_the_frequency():
    scale = _frequency_scale(16, 16)
    ratios = scale[0, 0] / scale
    np.testing.assert_allclose(ratios[0], [1, 1, 2, 3, 4, 5, 6, 7, 8], rtol=1e-5)
    np.testing.assert_allclose(ratios[3, 4], 5, rtol=1e-5)
    np.testing.assert_allclose(ratios[-3, 4], 5, rtol=1e-5)


def test_values_of_each_channel():
    images = FourierImages((2, 2, 3), ([0, -1, 10], [1, 1, 20]))
    latent = tf.constant([-1.0, 0.0, 1.0])[:, None, None, None] * tf.ones((2, 2, 3))
    made = images.images(latent).numpy()[:, 0, 0]
    np.testing.assert_allclose(made, [[0, -1, 10], [0.5, 0, 15], [1, 1, 20]])


def test_colors_of_photographs_are_correlated():
    plain = FourierImages((32, 32, 3), (0.0, 1.0), decorrelate=False)
    colored = FourierImages((32, 32, 3), (0.0, 1.0))
    for images, low, high in ((plain, -0.2, 0.2), (colored, 0.7, 1)):
        latent = images.latent(starts(images, 50)).numpy().reshape(-1, 3)
        correlations = np.corrcoef(latent.T)[np.triu_indices(3, 1)]
        assert low < correlations.min() and correlations.max() < high


def test_penalty_by_hand():
    latent = tf.constant([[[0.0, 1.0], [0.5, -1.0]]])[..., None]
    # Differences 1, 1.5, 0.5, 2; squares 0, 1, 0.25, 1.
    images = FourierImages((2, 2, 1), (0.0, 1.0), total_variation=0.1, l2=4.0)
    assert float(images.penalty(latent)) == pytest.approx(0.1 * 5 + 2 * 2.25)


def test_generated_images_and_their_penalty():
    generator = keras.Sequential(
        [
            keras.Input((2, 3)),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(12),
            keras.layers.Reshape((2, 2, 3)),
        ]
    )
    images = GeneratedImages(generator, l2=3.0)
    assert images.shape == (2, 3)
    codes = starts(images, 4)
    assert images.latent(codes) is codes
    np.testing.assert_allclose(
        images.images(codes), generator(codes, training=False), atol=1e-6
    )
    expected = 1.5 * np.sum(np.square(codes))
    assert float(images.penalty(codes)) == pytest.approx(expected)


def test_a_generator_that_takes_and_makes_lists():
    code = keras.Input((3,))
    image = keras.layers.Reshape((1, 3, 1))(code)
    images = GeneratedImages(keras.Model([code], [image]))
    made = images.images(tf.constant([[1.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(made, [[[[1], [2], [3]]]])
