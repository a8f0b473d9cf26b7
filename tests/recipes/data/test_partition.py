"""Samples held out, and labels shuffled."""

import numpy as np
import pytest

from recipes.data import Split, corrupted, held_out
from recipes.data.catalogue import HELD_OUT

#: Images of every class in MNIST's training set, by its file of labels.
MNIST = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)


def numbered(labels):
    """A split whose images are their own numbers."""
    return Split(np.arange(len(labels)).reshape(-1, 1, 1, 1), np.asarray(labels))


def numbers(split):
    return set(split.x.ravel().tolist())


@pytest.mark.parametrize(
    ("name", "counts", "held"),
    [
        ("cifar10", [5000] * 10, [500] * 10),
        ("tiny_imagenet", [500] * 200, [50] * 200),
        ("mnist", MNIST, None),
    ],
)
def test_the_papers_numbers_are_held_out(name, counts, held):
    labels = np.random.default_rng(0).permutation(np.repeat(range(len(counts)), counts))
    split = numbered(labels)
    rest, validation = held_out(split, HELD_OUT[name], seed=0)
    found = np.bincount(validation.y)
    if held:
        assert found.tolist() == held
    else:
        assert found.sum() == 5000
        assert np.abs(found - np.array(counts) / 12).max() < 1
    assert not numbers(rest) & numbers(validation)
    assert numbers(rest) | numbers(validation) == numbers(split)
    for part in (rest, validation):
        np.testing.assert_array_equal(part.y, labels[part.x.ravel()])


def test_the_seed_decides_what_is_held_out():
    split = numbered(np.arange(100) % 2)
    first, again, other = (held_out(split, 10, seed)[1] for seed in (0, 0, 1))
    assert numbers(first) == numbers(again) != numbers(other)
    assert np.bincount(first.y).tolist() == [10, 10]


@pytest.mark.parametrize("share", [0, 5, 0.01, 0.95])
def test_a_share_that_leaves_a_class_empty(share):
    with pytest.raises(
        ValueError,
        match=rf"`share` must leave at least one image of every class on both sides\. "
        rf"Received: share={share}, where the smallest class has 5 images\.",
    ):
        held_out(numbered(np.arange(10) % 2), share, seed=0)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, True, None])
def test_a_share_that_is_none(share):
    with pytest.raises(ValueError, match=rf"between 0 and 1.*Received: share={share}"):
        held_out(numbered(np.arange(10) % 2), share, seed=0)


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
