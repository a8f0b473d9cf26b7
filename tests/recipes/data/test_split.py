"""Batches of a split in memory."""

import numpy as np
import pytest
import tensorflow as tf

from recipes.data import Split
from recipes.data.augmentation import draw_flip_crop, flip_crop
from recipes.data.epochs import epoch_seeds

SAMPLES = 53
STEPS = 6  # of 10: 5 whole batches and one of 3


@pytest.fixture(scope="module")
def split():
    images = np.random.default_rng(0).integers(1, 256, (SAMPLES, 6, 6, 3), np.uint8)
    return Split(images, np.arange(SAMPLES, dtype=np.int32))


def epoch_of(dataset, number=0):
    """Images and labels of an epoch of batches of 10."""
    batches = list(dataset.skip(number * STEPS).take(STEPS).as_numpy_iterator())
    return tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))


def test_evaluation_is_in_order_and_as_it_is(split):
    batches = split.batches(10, augmentation="flip_crop", seed=5)
    assert batches.cardinality() == split.steps_per_epoch(10) == STEPS
    x, y = epoch_of(batches)
    np.testing.assert_allclose(x, split.x / np.float32(255), rtol=1e-6)
    np.testing.assert_array_equal(y, split.y)
    assert x.dtype == np.float32 and y.dtype == np.int32


@pytest.mark.parametrize("augmentation", ["none", "flip_crop"])
def test_an_epoch_has_every_sample_once_and_a_smaller_last_batch(split, augmentation):
    batches = split.batches(10, training=True, augmentation=augmentation)
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    sizes = [len(y) for _, y in batches.take(2 * STEPS)]
    assert sizes == 2 * [10, 10, 10, 10, 10, 3]
    for number in range(3):
        _, y = epoch_of(batches, number)
        assert sorted(y) == split.y.tolist() != y.tolist()


def test_images_keep_their_labels(split):
    x, y = epoch_of(split.batches(10, training=True))
    np.testing.assert_allclose(x, split.x[y] / np.float32(255), rtol=1e-6)


def test_augmented_images_are_those_of_the_epochs_draw(split):
    """Zeros are padded before the normalization, as torchvision does."""
    x, y = epoch_of(
        split.batches(
            10,
            training=True,
            augmentation="flip_crop",
            seed=4,
            normalization=((0.5,), (0.5,)),
        ),
        number=2,
    )
    draw = draw_flip_crop(SAMPLES, epoch_seeds(4, 2)[1])
    wanted = flip_crop(split.x[y], *draw).numpy() / 127.5 - 1
    np.testing.assert_allclose(x, wanted, atol=1e-6)
    assert x.min() == -1


@pytest.mark.parametrize("augmentation", ["none", "flip_crop"])
def test_a_training_that_goes_on_sees_what_it_would_have_seen(split, augmentation):
    options = {"training": True, "augmentation": augmentation, "seed": 3}
    undisturbed = split.batches(10, **options)
    # Whatever a program does with the global seed, and the batches of an evaluation.
    tf.random.set_seed(99)
    list(split.batches(10))
    resumed = split.batches(10, **options, first_epoch=2)
    for number in range(2):
        for wanted, found in zip(
            epoch_of(undisturbed, 2 + number), epoch_of(resumed, number), strict=True
        ):
            np.testing.assert_array_equal(wanted, found)


def test_epochs_and_seeds_differ(split):
    options = {"training": True, "augmentation": "flip_crop"}
    orders = {
        tuple(epoch_of(split.batches(10, **options, seed=seed), number)[1])
        for seed in range(3)
        for number in range(3)
    }
    assert len(orders) == 9


def test_the_size_of_the_batches_changes_nothing_else(split):
    options = {"training": True, "augmentation": "flip_crop", "seed": 1}
    (x, y), *_ = split.batches(SAMPLES, **options).take(1)
    small_x, small_y = epoch_of(split.batches(10, **options))
    np.testing.assert_array_equal(y, small_y)
    np.testing.assert_array_equal(x, small_x)


def test_replicas_share_a_batch(split, two_replicas):
    batches = two_replicas.experimental_distribute_dataset(
        split.batches(10, training=True)
    )
    iterator = iter(batches)
    seen = []
    for _ in range(STEPS):
        parts = two_replicas.experimental_local_results(next(iterator)[1])
        assert len(parts) == 2
        seen += [label for part in parts for label in part.numpy().tolist()]
    assert sorted(seen) == split.y.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be a positive integer\..*batch_size=0"),
        ({"batch_size": 2.5}, r"`batch_size` must be a positive integer\..*size=2\.5"),
        ({"first_epoch": -1}, r"`first_epoch` must be an integer of at least 0.*=-1"),
        ({"seed": -1}, r"`seed` must be an integer of at least 0.*seed=-1"),
        ({"training": "no"}, r"`training` must be True or False.*training='no'"),
        (
            {"augmentation": "inception"},
            r'must be "none" or "flip_crop"\. Received: augmentation=\'inception\'',
        ),
    ],
)
def test_arguments_out_of_range(split, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        split.batches(**{"batch_size": 10, **arguments})


def test_steps_of_no_batches(split):
    with pytest.raises(ValueError, match="`batch_size` must be a positive integer"):
        split.steps_per_epoch(0)


def test_no_samples():
    empty = Split(np.zeros((0, 8, 8, 1), np.uint8), np.zeros(0, np.int32))
    with pytest.raises(ValueError, match=r"Received: samples=0\."):
        empty.batches(10, training=True)
