"""Batches of photographs on disk."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from recipes.data import Stream
from recipes.data.normalization import IMAGENET

SAMPLES = 40
STEPS = 6  # of 7: 5 whole batches and one of 5


@pytest.fixture
def stream(store, photographs):
    folder = store(
        "imagenet2012", {"train": photographs(range(SAMPLES))}, classes=1000, shards=4
    )
    builder = tfds.builder("imagenet2012", data_dir=folder)
    assert builder.info.splits["train"].num_shards == 4
    return Stream(builder, "train", shuffle_buffer=16)


def epoch_of(dataset, number=0):
    batches = list(dataset.skip(number * STEPS).take(STEPS).as_numpy_iterator())
    assert [len(y) for _, y in batches] == [7, 7, 7, 7, 7, 5]
    return tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))


def test_length(stream):
    assert len(stream) == stream.samples == SAMPLES
    assert stream.steps_per_epoch(7) == STEPS


@pytest.mark.parametrize("augmentation", ["none", "inception"])
def test_an_epoch_has_every_photograph_once_and_can_be_repeated(stream, augmentation):
    options = {"training": True, "augmentation": augmentation, "seed": 3}
    undisturbed = stream.batches(7, **options)
    first, second = epoch_of(undisturbed), epoch_of(undisturbed, 1)
    for x, y in (first, second):
        assert sorted(y) == list(range(SAMPLES))
        # Every photograph is of one color, which is its label.
        np.testing.assert_allclose(x.mean((1, 2, 3)), 5 * y / 255, atol=0.01)
    assert first[1].tolist() != second[1].tolist()
    tf.random.set_seed(99)
    x, y = epoch_of(stream.batches(7, **options, first_epoch=1))
    np.testing.assert_array_equal(y, second[1])
    np.testing.assert_array_equal(x, second[0])
    other = epoch_of(stream.batches(7, **{**options, "seed": 4}))
    assert other[1].tolist() != first[1].tolist()


def test_shuffled_labels_stay_with_their_photographs(stream):
    """In every order of reading a photograph has the same new label."""
    shuffled = stream.corrupted(0.5, seed=2)

    def labels_of_colors(dataset):
        x, y = epoch_of(dataset)
        # Every photograph is of one color, five times its true label.
        colors = np.rint(x.mean((1, 2, 3)) * 255 / 5).astype(int)
        assert sorted(colors) == list(range(SAMPLES))
        return dict(zip(colors.tolist(), y.tolist(), strict=True))

    in_order = labels_of_colors(shuffled.batches(7))
    assert sorted(in_order.values()) == list(range(SAMPLES))
    changed = sum(true != label for true, label in in_order.items())
    # All labels differ: of 20 that are permuted one or so stays where it was.
    assert 15 <= changed <= 20
    for augmentation in ("none", "inception"):
        options = {"training": True, "augmentation": augmentation}
        assert labels_of_colors(shuffled.batches(7, **options)) == in_order
        later = shuffled.batches(7, **options, seed=1, first_epoch=3)
        assert labels_of_colors(later) == in_order
    assert labels_of_colors(stream.corrupted(0, 2).batches(7)) == {
        label: label for label in range(SAMPLES)
    }


def test_evaluation_sees_the_middle_in_the_order_of_the_files(store):
    """A photograph with a border that the central crop leaves out."""
    photograph = np.zeros((256, 320, 3), np.uint8)
    photograph[16:-16, 48:-48] = 200
    examples = [
        {"image": photograph, "file_name": f"{i}.JPEG", "label": i} for i in range(9)
    ]
    folder = store("imagenet2012", {"validation": examples}, classes=1000)
    builder = tfds.builder("imagenet2012", data_dir=folder)
    batches = Stream(builder, "validation").batches(4, normalization=IMAGENET)
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    stored = [int(e["label"]) for e in builder.as_dataset(split="validation")]
    assert y.tolist() == stored
    assert x.shape == (9, 224, 224, 3) and x.dtype == np.float32 and y.dtype == np.int32
    wanted = (200 / 255 - np.array(IMAGENET[0])) / np.array(IMAGENET[1])
    inner = x[:, 4:-4, 4:-4]  # The JPEG's blocks blur the border.
    np.testing.assert_allclose(inner, np.broadcast_to(wanted, inner.shape), atol=0.1)


def test_windows_and_mirrors_differ_from_image_to_image(store):
    """One photograph, dark on its left, in every place of a batch."""
    photograph = np.zeros((300, 300, 3), np.uint8)
    photograph[:, 150:] = 250
    examples = [
        {"image": photograph, "file_name": f"{i}.JPEG", "label": i} for i in range(32)
    ]
    folder = store("imagenet2012", {"train": examples}, classes=1000)
    stream = Stream(tfds.builder("imagenet2012", data_dir=folder), "train")
    batches = stream.batches(32, training=True, augmentation="inception")
    images = next(batches.as_numpy_iterator())[0]
    assert len({image.tobytes() for image in images}) > 20
    right = images[:, :, 112:].mean((1, 2, 3)) - images[:, :, :112].mean((1, 2, 3))
    assert (right > 0.1).any() and (right < -0.1).any()


def test_arguments_out_of_range(stream):
    with pytest.raises(
        ValueError, match=r'"none" or "inception".*augmentation=\'flip_crop\''
    ):
        stream.batches(7, training=True, augmentation="flip_crop")
    with pytest.raises(ValueError, match=r"batch_size=0"):
        stream.batches(0)
    with pytest.raises(ValueError, match=r"`size` must be a positive"):
        Stream(stream.builder, "train", size=0)
    with pytest.raises(ValueError, match=r"`shuffle_buffer` must be a positive"):
        Stream(stream.builder, "train", shuffle_buffer=0)
