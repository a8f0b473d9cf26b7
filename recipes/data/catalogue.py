"""The data sets of the papers by name, with the papers' splits."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_selectivity.checks import (
    checked_choice,
    checked_integer,
    checked_path,
    checked_seed,
    checked_share,
    received,
)
from recipes.data import split, stream
from recipes.data.normalization import NORMALIZATIONS, UNIT
from recipes.data.partition import held_out
from recipes.data.prepared import prepared
from recipes.data.split import Split
from recipes.data.stored import in_memory, tensorflow_datasets
from recipes.data.stream import Stream
from recipes.glyphs.worlds import WORLDS

#: What is held out of the training images for validation: images of every class, or
#: a share of them. LM21 section 3.1 holds out 50 of 500 for Tiny ImageNet and 5,000
#: images for CIFAR10; M18 says nothing of a validation set, and 5,000 of MNIST's
#: 60,000 are this package's choice.
HELD_OUT: dict[str, int | float] = {
    "digits": 20,
    "mnist": 5_000 / 60_000,
    "cifar10": 0.1,
    "tiny_imagenet": 0.1,
    **{name: world.held_out for name, world in WORLDS.items()},
}

#: What titles call them.
LABELS = {
    "digits": "digits (small scale)",
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "tiny_imagenet": "Tiny ImageNet",
    "imagenet2012": "ImageNet",
    "imagenet2012_227": "ImageNet",
    **{
        name: f"glyphs, {world.classes} classes (generated)"
        for name, world in WORLDS.items()
    },
}

#: Images that one epoch of a training has, without those that are held out.
TRAINING_IMAGES = {
    "digits": 1_097,
    "mnist": 55_000,
    "cifar10": 45_000,
    "tiny_imagenet": 90_000,
    "imagenet2012": 1_281_167,
    "imagenet2012_227": 1_281_167,
    **{
        name: world.classes * (world.train_per_class - world.held_out)
        for name, world in WORLDS.items()
    },
}

#: Shape of an image and number of classes, for who needs no image.
SHAPES: dict[str, tuple[tuple[int, int, int], int]] = {
    "digits": ((8, 8, 1), 10),
    "mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
    "tiny_imagenet": ((64, 64, 3), 200),
    "imagenet2012": ((224, 224, 3), 1000),
    "imagenet2012_227": ((227, 227, 3), 1000),
    **{
        name: ((world.size, world.size, 1), world.classes)
        for name, world in WORLDS.items()
    },
}


class Data(NamedTuple):
    """A data set as a training needs it."""

    train: Split | Stream
    validation: Split | Stream
    test: Split | Stream
    num_classes: int
    image_shape: tuple[int, int, int]
    normalization: tuple[tuple[float, ...], tuple[float, ...]] = UNIT

    def batches(self, part: str, batch_size: int, **options: Any) -> tf.data.Dataset:
        """Normalized batches of a part of the data, once, in order, or to train on.

        Args:
            part: `"train"`, `"validation"` or `"test"`.
            batch_size: Images a batch; the last one of an epoch may be smaller.
            **options: As `Split.batches` takes them.
        """
        source = getattr(self, part)
        return source.batches(batch_size, normalization=self.normalization, **options)


def load(
    name: str,
    seed: int = 0,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    corruption: float = 0.0,
) -> Data:
    """A data set with the split of the paper that uses it.

    | name | training | validation | test |
    |---|---|---|---|
    | `digits` | 1,097 | 20 a class, drawn | `digits()`'s 500 |
    | `mnist` | 55,000 | 5,000, drawn | 10,000 |
    | `cifar10` | 45,000 | 500 a class, drawn | 10,000 |
    | `tiny_imagenet` | 90,000 | 50 a class, drawn | official validation, 10,000 |
    | `imagenet2012` | 1,281,167 | official validation, 50,000 | the same |
    | `imagenet2012_227` | the same, cut to 227 pixels for AlexNet | | |
    | `glyphs10` | 2,000 | 50 a class, drawn | 1,000 |
    | `glyphs100` | 12,800 | 32 a class, drawn | 5,000 |
    | `glyphs200` | 108,000 | 60 a class, drawn | 20,000 |

    What is drawn is drawn from the training images, anew for each seed. The test
    set is the same for all seeds.

    Args:
        name: One of `recipes.data.NAMES`.
        seed: Of what is held out, and of the corruption.
        data_dir: Where TensorFlow Datasets keeps its data; None for its default.
            `mnist` and `cifar10` are downloaded if they are not there, and glyphs
            drawn (`recipes/glyphs/README.md`); for the other two see
            `recipes/data/tiny_imagenet/README.md` and TensorFlow Datasets' page of
            `imagenet2012`.
        corruption: Fraction of the training labels that is shuffled, after the
            validation set was held out: its labels and the test set's stay true.

    Returns:
        The splits, the number of classes, the shape of an image, and the
        normalization for `batches`.

    Raises:
        TypeError: If an argument is of another type.
        ValueError: If there is no such data set, `corruption` is outside [0, 1], or
            `seed` is negative.
        ImportError: If `tensorflow_datasets` is needed and not installed.
        Unusable: If the data cannot be downloaded, prepared or stored.

    Example:
        >>> data = load("digits")
        >>> data.train.samples, data.validation.samples, data.test.samples
        (1097, 200, 500)

    Reference:
        LM21 section 3.1 and appendix A.1 (CIFAR10, Tiny ImageNet); M18 section 2.1
        (MNIST, corruption); R22 section 3 (ImageNet).
    """
    checked_seed(seed)
    checked_share("corruption", corruption)
    check(name, data_dir)
    data = _LOADERS[name](name, seed, data_dir)
    if not corruption:
        return data
    return data._replace(train=data.train.corrupted(corruption, seed))


def augmentations(name: str) -> tuple[str, ...]:
    """What the training images of a data set can be augmented by.

    Example:
        >>> augmentations("cifar10")
        ('none', 'flip_crop')
    """
    streamed = _LOADERS[name] is _imagenet
    return stream.AUGMENTATIONS if streamed else split.AUGMENTATIONS


def check(name: str, data_dir: str | os.PathLike[str] | None = None) -> None:
    """Raise for what `load` cannot read, before anything is read.

    Example:
        >>> check("digits")
    """
    if checked_choice("name", name, NAMES) == "digits":
        return
    tensorflow_datasets()
    if data_dir is None or "://" in checked_path("data_dir", data_dir):
        return
    if not Path(data_dir).is_dir():
        raise ValueError(
            "`data_dir` (`--data-dir`, or TFDS_DATA_DIR in the environment) must be a "
            "folder that is there. Create it to have data sets written into it. "
            f"{received('data_dir', os.fspath(data_dir))}"
        )


def digits(seed: int = 0, test_size: int = 500) -> tuple[Split, Split]:
    """Scikit-learn's handwritten digits: 1,797 real images, 8x8, 10 classes.

    Scaled to [0, 1]; split at random, with the same share of every class on
    both sides.

    Example:
        >>> train, test = digits()
        >>> train.x.shape, test.x.shape
        ((1297, 8, 8, 1), (500, 8, 8, 1))
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    checked_seed(seed)
    if not 10 <= checked_integer("test_size", test_size) <= 1787:
        raise ValueError(
            "`test_size` must leave an image of every class on both sides: 10 to "
            f"1787. {received('test_size', test_size)}"
        )
    found = load_digits()
    x = (found.images[..., None] / 16).astype(np.float32)
    y = found.target.astype(np.int32)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_size, stratify=y, random_state=seed
    )
    return Split(x_train, y_train), Split(x_test, y_test)


def _digits(name: str, seed: int, data_dir: Any) -> Data:
    return _divided(name, seed, *digits(), num_classes=10)


def _official(name: str, seed: int, data_dir: Any) -> Data:
    """A data set of TensorFlow Datasets with a labeled test set."""
    builder = prepared(lambda: tensorflow_datasets().builder(name, data_dir=data_dir))
    return _from_arrays(name, seed, builder, test="test")


def _tiny_imagenet(name: str, seed: int, data_dir: Any) -> Data:
    tensorflow_datasets()
    from recipes.data.tiny_imagenet import tiny_imagenet_dataset_builder as tiny

    builder = prepared(lambda: tiny.Builder(data_dir=data_dir))
    # The test images come without labels: LM21 tests on the validation images.
    return _from_arrays(name, seed, builder, test="validation")


def _glyphs(name: str, seed: int, data_dir: Any) -> Data:
    tensorflow_datasets()
    from recipes.glyphs import glyphs_dataset_builder as glyphs

    config = WORLDS[name].folder
    builder = prepared(lambda: glyphs.Builder(config=config, data_dir=data_dir))
    return _from_arrays(name, seed, builder, test="test")


def _imagenet(name: str, seed: int, data_dir: Any) -> Data:
    builder = prepared(
        lambda: tensorflow_datasets().builder("imagenet2012", data_dir=data_dir)
    )
    shape, _ = SHAPES[name]
    # R22 trains on all training images and measures on the validation set.
    train, validation = (
        Stream(builder, split, size=shape[0]) for split in ("train", "validation")
    )
    num_classes = builder.info.features["label"].num_classes
    return Data(train, validation, validation, num_classes, shape, NORMALIZATIONS[name])


def _from_arrays(name: str, seed: int, builder: Any, test: str) -> Data:
    train, tested = in_memory(builder, "train"), in_memory(builder, test)
    num_classes = builder.info.features["label"].num_classes
    return _divided(name, seed, train, tested, num_classes)


def _divided(name: str, seed: int, train: Split, test: Split, num_classes: int) -> Data:
    rest, held = held_out(train, HELD_OUT[name], seed)
    shape = train.x.shape[1:]
    return Data(rest, held, test, num_classes, shape, NORMALIZATIONS[name])


_LOADERS: dict[str, Callable[[str, int, Any], Data]] = {
    "digits": _digits,
    "mnist": _official,
    "cifar10": _official,
    "tiny_imagenet": _tiny_imagenet,
    "imagenet2012": _imagenet,
    "imagenet2012_227": _imagenet,
    **dict.fromkeys(WORLDS, _glyphs),
}
NAMES = tuple(_LOADERS)
