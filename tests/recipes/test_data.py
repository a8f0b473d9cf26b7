"""The splits of the recipes."""

import numpy as np
import pytest

from recipes.data import corrupted, digits


def test_digits_are_split_without_overlap_and_with_equal_shares():
    train, test = digits()
    assert len(train.x) == len(train.y) == 1297
    assert len(test.x) == len(test.y) == 500
    assert train.x.min() == 0 and train.x.max() == 1
    shares = [np.bincount(split.y) / len(split.y) for split in (train, test)]
    np.testing.assert_allclose(*shares, atol=0.002)
    seen = {image.tobytes() for image in train.x}
    assert not any(image.tobytes() in seen for image in test.x)


def test_the_seed_decides_the_split():
    np.testing.assert_array_equal(digits(3)[0].x, digits(3)[0].x)
    assert (digits(3)[1].y != digits(4)[1].y).any()


def test_corrupted_labels_keep_their_counts():
    """W34: the histogram stays; of fully shuffled labels about 90 % differ."""
    y = np.arange(5000) % 10
    for fraction in (0.0, 0.3, 1.0):
        shuffled = corrupted(y, fraction, seed=1)
        assert (np.bincount(shuffled) == np.bincount(y)).all()
        share = np.mean(shuffled != y)
        assert share == pytest.approx(0.9 * fraction, abs=0.02)
    assert (corrupted(y, 0.5, 1) == corrupted(y, 0.5, 1)).all()
    assert (corrupted(y, 0.5, 1) != corrupted(y, 0.5, 2)).any()
    with pytest.raises(ValueError, match=r"fraction=1\.5"):
        corrupted(y, 1.5)
