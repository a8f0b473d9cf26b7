"""Windows of photographs."""

import numpy as np
import pytest
import tensorflow as tf

from recipes.data.windows import central_window, random_window


def windows(height, width, number=2000):
    seeds = tf.data.Dataset.range(number).map(lambda i: tf.stack([0 * i, i]))
    found = seeds.map(lambda seed: random_window(height, width, seed))
    return np.stack(list(found.as_numpy_iterator()))


def test_random_windows_are_torchvisions():
    """Within the photograph; areas, shapes and places as drawn."""
    top, left, height, width = windows(500, 500).T
    assert (top >= 0).all() and (top + height <= 500).all()
    assert (left >= 0).all() and (left + width <= 500).all()
    area, ratio = height * width / 500**2, width / height
    assert 0.079 < area.min() < 0.1 and 0.95 < area.max() <= 1
    assert 0.74 < ratio.min() < 0.77 and 1.31 < ratio.max() < 1.35
    assert np.log(ratio).mean() == pytest.approx(0, abs=0.02)
    # Uniform in [0.08, 1], less the large ones that stick out.
    assert 0.47 < area.mean() < 0.54
    assert (top == 0).any() and (top + height == 500).any()


@pytest.mark.parametrize(
    ("height", "width", "wanted"),
    [(4, 400, (0, 197, 4, 5)), (400, 4, (197, 0, 5, 4))],
)
def test_where_none_fits_it_is_the_largest_in_the_middle(height, width, wanted):
    """A window of 8 % of 400 x 4 is wider than 4 by any allowed shape."""
    assert {tuple(found) for found in windows(height, width, 20)} == {wanted}


@pytest.mark.parametrize("size", [224, 227])
def test_the_middle_of_a_photograph(size):
    for height, width in ((256, 256), (300, 500), (375, 301)):
        window = central_window(height, width, size).numpy()
        top, left, inner_height, inner_width = window
        side = round(min(height, width) * size / 256)
        assert inner_height == inner_width == side
        assert abs(2 * top + side - height) <= 1
        assert abs(2 * left + side - width) <= 1
