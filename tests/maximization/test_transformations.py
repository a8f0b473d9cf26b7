"""Shifts, zooms and rotations by hand, and together against SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import map_coordinates

from keras_selectivity.maximization import Transformations

IMAGE = np.random.default_rng(0).random((1, 8, 8, 3)).astype("float32")


def moved(transformations, draws, image=IMAGE):
    draws = tf.constant([draws], tf.float32)
    return transformations(tf.constant(image), draws).numpy()


def test_nothing_is_drawn_nothing_moves():
    np.testing.assert_allclose(moved(Transformations(), [0] * 4), IMAGE, atol=1e-6)


def test_shift_continues_the_edge():
    shift = Transformations(shift=0.25, zoom=0, rotation=0)
    expected = np.concatenate([IMAGE[:, :1], IMAGE[:, :1], IMAGE[:, :-2]], axis=1)
    np.testing.assert_allclose(moved(shift, [1, 0, 1, 1]), expected, atol=1e-6)
    expected = np.concatenate([IMAGE[:, :, 1:], IMAGE[:, :, -1:]], axis=2)
    np.testing.assert_allclose(moved(shift, [0, -0.5, 1, 1]), expected, atol=1e-6)


def test_a_quarter_turn_about_the_center():
    quarter = Transformations(shift=0, zoom=0, rotation=90)
    for draw in (1, -1):
        turned = moved(quarter, [1, 1, 1, draw])
        expected = np.rot90(IMAGE, draw, axes=(1, 2))
        np.testing.assert_allclose(turned, expected, atol=1e-5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    arrays(np.float32, 4, elements=st.floats(-1, 1, width=32, allow_subnormal=False)),
    st.sampled_from([(8, 8), (5, 12), (12, 7)]),
)
def test_all_together_are_scipys(draws, size):
    """Enlarged and turned about the center, then shifted; linear between pixels."""
    image = np.random.default_rng(1).random((*size, 2))
    down, right, larger, turn = draws.astype("float64")
    y, x = np.indices(size, dtype="float64")
    center = (size[0] - 1) / 2, (size[1] - 1) / 2
    seen = (x - center[1]) + 1j * (y - center[0])
    source = seen * np.exp(1j * np.radians(20) * turn) / 1.5**larger
    source_x = source.real + center[1] - 0.1 * size[1] * right
    source_y = source.imag + center[0] - 0.1 * size[0] * down
    expected = [
        map_coordinates(image[..., c], [source_y, source_x], order=1, mode="nearest")
        for c in range(2)
    ]
    found = moved(
        Transformations(shift=0.1, zoom=0.5, rotation=20),
        draws,
        image[None].astype("float32"),
    )
    np.testing.assert_allclose(found[0], np.stack(expected, axis=-1), atol=1e-4)


def test_zoom_about_the_center():
    column = np.arange(9, dtype="float32")
    image = np.broadcast_to(column, (1, 9, 9))[..., None]
    zoom = Transformations(shift=0, zoom=1, rotation=0)
    np.testing.assert_allclose(
        moved(zoom, [1, 1, 1, 1], image)[0, 4, :, 0], 4 + (column - 4) / 2, atol=1e-5
    )
    np.testing.assert_allclose(
        moved(zoom, [1, 1, -1, 1], image)[0, 4, :, 0],
        np.clip(4 + (column - 4) * 2, 0, 8),
        atol=1e-5,
    )


def test_each_image_by_its_own_draws():
    images = np.concatenate([IMAGE, IMAGE])
    draws = tf.constant([[0.5, -0.5, 1, 1], [0, 0.3, 0, -1]], tf.float32)
    together = Transformations()(tf.constant(images), draws)
    alone = Transformations()(tf.constant(images[1:]), draws[1:])
    np.testing.assert_array_equal(together[1:], alone)


def test_gradient_goes_back_to_where_the_pixel_came_from():
    shift = Transformations(shift=0.25, zoom=0, rotation=0)
    image = tf.constant(IMAGE)
    with tf.GradientTape() as tape:
        tape.watch(image)
        pixel = shift(image, tf.constant([[1.0, 0, 0, 0]]))[0, 5, 4, 1]
    gradient = tape.gradient(pixel, image).numpy()
    assert gradient[0, 3, 4, 1] == pytest.approx(1, abs=1e-5)
    assert np.abs(gradient).sum() == pytest.approx(1, abs=1e-4)


def test_small_images_stay_as_they_are():
    assert not Transformations.for_size(31, 64).any
    assert Transformations.for_size(32, 64) == Transformations()
    assert Transformations().any
    image = tf.constant(IMAGE)
    assert Transformations(0, 0, 0)(image, tf.ones((1, 4))) is image


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [
        ("shift", 0.6, 0.5),
        ("zoom", -1, 1),
        ("zoom", np.nan, 1),
        ("rotation", 360, 180),
    ],
)
def test_ranges(name, value, most):
    with pytest.raises(ValueError) as error:
        Transformations(**{name: value})
    assert str(error.value) == (
        f"`{name}` must be a finite number of at least 0 and at most {most}. "
        f"Received: {name}={value}."
    )


def test_numbers():
    with pytest.raises(TypeError, match=r"`shift` must be a finite number.*'far'"):
        Transformations(shift="far")
