"""Pixels scaled by channel."""

import numpy as np
import pytest

from recipes.data import NAMES, NORMALIZATIONS
from recipes.data.normalization import IMAGENET, UNIT, normalized


def test_bytes_are_divided_by_255_then_normalized():
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)
    mean, std = (np.array(values) for values in IMAGENET)
    found = normalized(images, IMAGENET)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, (images / 255 - mean) / std, rtol=0, atol=1e-6)


def test_floats_are_in_the_unit_interval_already():
    images = np.random.default_rng(0).random((4, 5, 6, 1), np.float32)
    np.testing.assert_array_equal(normalized(images, UNIT), images)
    np.testing.assert_allclose(
        normalized(images, ((0.5,), (0.25,))), (images - 0.5) / 0.25, rtol=1e-6
    )


def test_every_data_set_has_its_own():
    assert set(NORMALIZATIONS) == set(NAMES)


def test_too_few_channels():
    with pytest.raises(
        ValueError, match=r"`normalization` must be .* have 1\. Received: \(0\.485"
    ):
        normalized(np.zeros((1, 2, 2, 1), np.uint8), IMAGENET)
