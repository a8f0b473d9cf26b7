"""Flips and crops beside a loop over the images."""

import numpy as np
import pytest
import tensorflow as tf

from recipes.data.augmentation import PADDING, draw_flip_crop, flip_crop


def one_by_one(images, flip, top, left):
    height, width = images.shape[1:3]
    made = []
    for image, mirrored, row, column in zip(images, flip, top, left, strict=True):
        padded = np.pad(image, [(PADDING, PADDING), (PADDING, PADDING), (0, 0)])
        crop = padded[row : row + height, column : column + width]
        made.append(crop[:, ::-1] if mirrored else crop)
    return np.stack(made)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((8, 8, 1), "float32"), ((9, 12, 3), "uint8")]
)
def test_every_crop_and_flip_is_that_of_the_loop(shape, dtype):
    flip, top, left = (
        a.ravel() for a in np.meshgrid([False, True], range(9), range(9))
    )
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (len(flip), *shape)).astype(dtype)
    made = flip_crop(images, flip, top.astype(np.int32), left.astype(np.int32))
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, one_by_one(images, flip, top, left))


def test_draws_are_uniform_and_follow_from_the_seed():
    flip, top, left = (part.numpy() for part in draw_flip_crop(9000, [0, 1]))
    assert flip.mean() == pytest.approx(0.5, abs=0.02)
    for part in (top, left):
        np.testing.assert_allclose(np.bincount(part), 1000, atol=120)
    assert abs(np.corrcoef(top, left)[0, 1]) < 0.03
    assert abs(np.corrcoef(flip, top)[0, 1]) < 0.03
    tf.random.set_seed(5)
    np.testing.assert_array_equal(top, draw_flip_crop(9000, [0, 1])[1])
    assert (top != draw_flip_crop(9000, [0, 2])[1].numpy()).any()
