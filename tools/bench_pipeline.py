"""The input pipeline alone, beside one that maps image by image, and what a step needs.

Images a second of the machine (wall) and of one of its cores (CPU), on random images
in the shapes of CIFAR10 and Tiny ImageNet, with flips and crops.

    python -m tools.bench_pipeline [--seconds 10] [--only CIFAR10]
"""

import argparse
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from recipes import models
from recipes.data import Split
from recipes.data.augmentation import PADDING
from recipes.data.normalization import IMAGENET
from tools.bench_train_step import cost


class Setting(NamedTuple):
    """A data set and batch size of LM21, and the model in `recipes.models`, if any."""

    name: str
    samples: int
    size: int
    classes: int
    batch_size: int
    model: str | None = None


SETTINGS = (
    Setting("CIFAR10", 45_000, 32, 10, 256, "resnet20"),
    Setting("Tiny ImageNet", 90_000, 64, 200, 4096),
    Setting("Tiny ImageNet", 90_000, 64, 200, 1400),
)


def images_per_second(
    setting: Setting, step: Callable[[], Any], seconds: float
) -> np.ndarray:
    """Images a second by CPU and by wall time, of steps for so long after a warm-up."""
    for _ in range(3):
        step()
    spent, steps = np.zeros(2), 0
    while spent[1] < seconds:
        spent += cost(step)
        steps += 1
    return steps * setting.batch_size / spent


def pipelines(setting: Setting) -> Iterator[tuple[str, tf.data.Dataset]]:
    """Endless batches, by how they are made."""
    shape = (setting.samples, setting.size, setting.size, 3)
    rng = np.random.default_rng(0)
    # Not `rng.integers`, which makes eight times the bytes on the way.
    images = np.frombuffer(rng.bytes(int(np.prod(shape))), np.uint8).reshape(shape)
    split = Split(images, rng.integers(0, setting.classes, setting.samples))
    for augmentation in ("none", "flip_crop"):
        yield (
            f"recipes.data, {augmentation}",
            split.batches(
                setting.batch_size,
                training=True,
                augmentation=augmentation,
                normalization=IMAGENET,
            ),
        )
    yield "image by image, flip_crop", image_by_image(split, setting.batch_size)


def image_by_image(split: Split, batch_size: int) -> tf.data.Dataset:
    """The same with the operations that TensorFlow's guides use."""
    mean, std = (tf.constant(values) for values in IMAGENET)
    height, width, channels = split.x.shape[1:]

    def augment(image: Any, label: Any) -> tuple[Any, Any]:
        image = tf.image.random_flip_left_right(image)
        image = tf.image.pad_to_bounding_box(
            image, PADDING, PADDING, height + 2 * PADDING, width + 2 * PADDING
        )
        image = tf.image.random_crop(image, (height, width, channels))
        return (tf.cast(image, tf.float32) / 255 - mean) / std, label

    return (
        tf.data.Dataset.from_tensor_slices(tuple(split))
        .shuffle(split.samples)
        .repeat()
        .map(augment, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )


def training_step(setting: Setting) -> Callable[[], Any]:
    """A callable that takes a step on one batch over and over."""
    shape = (setting.size, setting.size, 3)
    model = getattr(models, str(setting.model))(shape, setting.classes)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss)
    model.make_train_function()
    x = tf.random.normal((setting.batch_size, *shape))
    y = tf.zeros(setting.batch_size, tf.int32)
    batches = iter(tf.data.Dataset.from_tensors((x, y)).repeat())
    return lambda: float(model.train_function(batches)["loss"])


def report(setting: Setting, what: str, rates: np.ndarray) -> None:
    cpu, wall = rates
    name = f"{setting.name}, {setting.size}x{setting.size}"
    print(
        f"{name:<22}{setting.batch_size:>6}  {what:<28}{wall:>10,.0f}{cpu:>10,.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", default="", help="settings with this in their name")
    args = parser.parse_args()
    print(f"{'':<22}{'':>6}  {'':<28}{'images a second':>20}")
    print(f"{'data':<22}{'batch':>6}  {'':<28}{'wall':>10}{'CPU':>10}")
    for setting in SETTINGS:
        if args.only not in setting.name:
            continue
        for what, batches in pipelines(setting):
            step = iter(batches).__next__
            report(setting, what, images_per_second(setting, step, args.seconds))
        if setting.model:
            step = training_step(setting)
            rates = images_per_second(setting, step, args.seconds)
            report(setting, f"needed: {setting.model}'s step", rates)


if __name__ == "__main__":
    main()
