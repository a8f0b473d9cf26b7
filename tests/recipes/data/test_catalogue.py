"""The data sets by name, and their splits."""

import numpy as np
import pytest

import recipes.data
from recipes.data import (
    LABELS,
    NAMES,
    NORMALIZATIONS,
    TRAINING_IMAGES,
    Split,
    Stream,
    digits,
    load,
)
from recipes.data.catalogue import HELD_OUT
from recipes.glyphs.worlds import WORLDS
from small_archives import write_tiny_imagenet

SHAPES = {
    "digits": (8, 8, 1),
    "mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "tiny_imagenet": (64, 64, 3),
    "glyphs10": (16, 16, 1),
}
#: Shapes and numbers of classes of the others.
OTHERS = {
    "imagenet2012": ((224, 224, 3), 1000),
    "imagenet2012_227": ((227, 227, 3), 1000),
    "glyphs100": ((16, 16, 1), 100),
    "glyphs200": ((16, 16, 1), 200),
}


@pytest.fixture(scope="session")
def glyphs(tmp_path_factory):
    """A folder for glyphs, which are drawn once."""
    return tmp_path_factory.mktemp("glyphs")


@pytest.fixture
def loaded(monkeypatch, store_small, small_tiny_imagenet, tmp_path, glyphs):
    """Load a data set of few images; the share held out fits them."""
    monkeypatch.setitem(HELD_OUT, "tiny_imagenet", 0.25)
    monkeypatch.setitem(HELD_OUT, "mnist", 1 / 6)
    monkeypatch.setitem(HELD_OUT, "cifar10", 1 / 6)

    def of(name, **options):
        if name in WORLDS:
            return load(name, data_dir=glyphs, **options)
        if name == "tiny_imagenet":
            if not (tmp_path / "downloads").exists():
                write_tiny_imagenet(tmp_path / "downloads" / "manual")
        elif name != "digits" and not (tmp_path / name).exists():
            store_small(name, SHAPES[name])
        return load(name, data_dir=tmp_path, **options)

    return of


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


@pytest.mark.parametrize("name", SHAPES)
def test_no_image_is_in_two_splits(loaded, name):
    """Nor does a training see another image than those of its split."""
    data = loaded(name)
    assert data.image_shape == SHAPES[name]
    assert data.normalization == NORMALIZATIONS[name]
    splits = (data.train, data.validation, data.test)
    images = [{image.tobytes() for image in split.x} for split in splits]
    for split, found in zip(splits, images, strict=True):
        assert isinstance(split, Split) and split.y.dtype == np.int32
        assert len(found) == split.samples
        assert set(split.y.tolist()) == set(range(data.num_classes))
    assert not images[0] & images[1]
    assert not images[0] & images[2]
    assert not images[1] & images[2]
    steps = data.train.steps_per_epoch(16)
    batches = data.train.batches(16, training=True).take(steps)
    peak = 255 if data.train.x.dtype == np.uint8 else 1
    seen = [
        (image * peak).round(4).astype(data.train.x.dtype).tobytes()
        for images, _ in batches.as_numpy_iterator()
        for image in images
    ]
    assert len(seen) == len(set(seen)) == data.train.samples
    assert set(seen) == images[0]


@pytest.mark.parametrize("name", SHAPES)
def test_the_seed_draws_the_validation_set_and_leaves_the_test_set(loaded, name):
    first, again, other = (loaded(name, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.validation.x, again.validation.x)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert (first.validation.x != other.validation.x).any()
    np.testing.assert_array_equal(first.test.x, other.test.x)
    counts = np.bincount(first.validation.y)
    assert (counts == counts[0]).all()


def test_numbers_of_the_digits():
    data = load("digits")
    assert np.bincount(data.validation.y).tolist() == [20] * 10
    assert (data.train.samples, data.test.samples) == (1097, 500)
    np.testing.assert_array_equal(data.test.x, digits()[1].x)


def test_corruption_is_of_the_training_labels_alone():
    true, false = load("digits"), load("digits", corruption=0.5)
    assert 0.35 < (true.train.y != false.train.y).mean() < 0.5
    np.testing.assert_array_equal(true.train.x, false.train.x)
    np.testing.assert_array_equal(np.bincount(true.train.y), np.bincount(false.train.y))
    np.testing.assert_array_equal(true.validation.y, false.validation.y)
    np.testing.assert_array_equal(true.test.y, false.test.y)


@pytest.mark.parametrize(("name", "size"), [("", 224), ("_227", 227)])
def test_imagenet_is_a_stream_that_is_tested_on_its_validation_set(
    store, photographs, name, size
):
    folder = store(
        "imagenet2012",
        {"train": photographs(range(8)), "validation": photographs(range(8, 12))},
        classes=1000,
    )
    data = load(f"imagenet2012{name}", data_dir=folder)
    assert isinstance(data.train, Stream)
    assert (data.num_classes, data.image_shape) == (1000, (size, size, 3))
    assert data.validation is data.test
    batches = data.train.batches(3, training=True, augmentation="inception")
    trained = np.concatenate([y for _, y in batches.take(3)])
    tested = np.concatenate([y for _, y in data.test.batches(3)])
    assert sorted(trained) == list(range(8)) and sorted(tested) == [8, 9, 10, 11]
    images, _ = next(iter(data.test.batches(3)))
    assert images.shape == (3, size, size, 3)
    shuffled = load(f"imagenet2012{name}", data_dir=folder, corruption=1.0)
    assert shuffled.train.labels.tolist() != data.train.corrupted(0, 0).labels.tolist()
    assert shuffled.validation.labels is None


def test_an_unknown_name():
    with pytest.raises(
        ValueError,
        match=r'`name` must be "digits", "mnist", "cifar10", "tiny_imagenet", '
        r'"imagenet2012", "imagenet2012_227", "glyphs10", "glyphs100" or "glyphs200"\. '
        r"Received: name='cifar'\.",
    ):
        load("cifar")
    assert set(NAMES) == {*SHAPES, *OTHERS}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"corruption": 1.5}, r"`corruption` must be .* at most 1\..*=1\.5"),
        ({"corruption": float("nan")}, "`corruption` must be a finite number"),
        ({"corruption": "half"}, "`corruption` must be a finite number"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"seed": 0.5}, "`seed` must be an integer of at least 0"),
        ({"name": "mnist", "data_dir": ""}, "`data_dir` must not be empty"),
        ({"name": "mnist", "data_dir": 3}, "`data_dir` must be a path"),
        ({"name": "mnist", "data_dir": "/no/folder"}, "`data_dir` .* that is there"),
    ],
)
def test_arguments_are_refused_before_anything_is_read(arguments, text):
    with pytest.raises((ValueError, TypeError), match=text):
        load(**{"name": "digits", **arguments})


@pytest.mark.parametrize("test_size", [9, 1788, 0.5])
def test_a_test_set_without_room_for_every_class(test_size):
    with pytest.raises((ValueError, TypeError), match="`test_size` must"):
        digits(test_size=test_size)


def test_shapes_are_known_without_the_images():
    known = {name: shape for name, (shape, _) in recipes.data.SHAPES.items()}
    assert known == {**SHAPES, **{name: shape for name, (shape, _) in OTHERS.items()}}
    classes = {name: count for name, (_, count) in recipes.data.SHAPES.items()}
    assert classes == {
        "digits": 10,
        "mnist": 10,
        "cifar10": 10,
        "tiny_imagenet": 200,
        "glyphs10": 10,
        **{name: count for name, (_, count) in OTHERS.items()},
    }


def test_sizes_and_labels_are_known_without_the_images():
    """TensorFlow Datasets' training images, less those that are held out."""
    assert set(LABELS) == set(TRAINING_IMAGES) == set(NAMES)
    assert TRAINING_IMAGES["digits"] == load("digits").train.samples
    stored = {"mnist": 60_000, "cifar10": 50_000, "tiny_imagenet": 100_000}
    for name, count in stored.items():
        assert TRAINING_IMAGES[name] == count - round(HELD_OUT[name] * count)
    # The table in `load`'s docstring.
    glyphs = {"glyphs10": 2_000, "glyphs100": 12_800, "glyphs200": 108_000}
    assert glyphs.items() < TRAINING_IMAGES.items()
    assert LABELS["glyphs100"] == "glyphs, 100 classes (generated)"


def test_glyphs_are_what_the_catalogue_says(loaded):
    data = loaded("glyphs10")
    counts = [np.bincount(part.y).tolist() for part in data[:3]]
    assert counts == [[200] * 10, [50] * 10, [100] * 10]
    assert data.train.samples == TRAINING_IMAGES["glyphs10"]
    assert HELD_OUT["glyphs10"] == 50 and data.num_classes == 10
    images, _ = next(iter(data.batches("test", 100)))
    assert 0 <= images.numpy().min() < 0.1 and 0.9 < images.numpy().max() <= 1


def test_a_data_sets_own_batches_are_normalized(loaded):
    """As CIFAR10's are: by mean and deviation of every channel."""
    data = loaded("cifar10")
    mean, std = (np.array(values) for values in NORMALIZATIONS["cifar10"])
    images, labels = next(iter(data.batches("test", 7)))
    expected = (data.test.x[:7] / 255 - mean) / std
    np.testing.assert_allclose(images, expected, atol=1e-6)
    np.testing.assert_array_equal(labels, data.test.y[:7])
    options = {"augmentation": "flip_crop", "seed": 3, "first_epoch": 2}
    own = data.batches("train", 7, training=True, **options)
    plain = data.train.batches(
        7, training=True, normalization=data.normalization, **options
    )
    for (a, _), (b, _) in zip(own.take(3), plain.take(3), strict=True):
        np.testing.assert_array_equal(a, b)
