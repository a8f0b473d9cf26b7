"""A data set in memory, and its batches."""

import math
import os
from typing import Any, NamedTuple, Self

import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_count
from recipes.data.augmentation import draw_flip_crop, flip_crop
from recipes.data.corruption import corrupted
from recipes.data.epochs import check_batches, endless, epoch_seeds
from recipes.data.normalization import UNIT, normalized

#: Batches that are made at a time, at most, and that wait to be used.
MOST_WORKERS = 8
PREFETCH = 2
AUGMENTATIONS = ("none", "flip_crop")


class Split(NamedTuple):
    """Images and labels in memory.

    Args:
        x: `(samples, height, width, channels)` uint8, or float32 in [0, 1].
        y: `(samples,)` int32.

    Example:
        >>> split = Split(np.zeros((5, 8, 8, 1), np.uint8), np.arange(5))
        >>> [len(labels) for _, labels in split.batches(2)]
        [2, 2, 1]
    """

    x: np.ndarray
    y: np.ndarray

    @property
    def samples(self) -> int:
        """Number of images."""
        return len(self.y)

    def steps_per_epoch(self, batch_size: int) -> int:
        """Number of batches of an epoch, the smaller last one among them.

        Example:
            >>> labels = np.zeros(45_000)
            >>> Split(labels, labels).steps_per_epoch(256)
            176
        """
        return math.ceil(self.samples / checked_count("batch_size", batch_size))

    def corrupted(self, fraction: float, seed: int) -> Self:
        """The same images, with a fraction of the labels shuffled."""
        return self._replace(y=corrupted(self.y, fraction, seed))

    def batches(
        self,
        batch_size: int,
        *,
        training: bool = False,
        augmentation: str = "none",
        seed: int = 0,
        first_epoch: int = 0,
        normalization: tuple[tuple[float, ...], tuple[float, ...]] = UNIT,
    ) -> tf.data.Dataset:
        """Normalized batches: once in order, or epoch after epoch for a training.

        For a training the data set is endless. Every epoch has each sample once, in
        an order and with an augmentation that `seed` and the number of the epoch
        decide, and nothing else: a training that was interrupted and goes on at
        epoch `e` with `first_epoch=e` sees what it would have seen.

        Args:
            batch_size: Images a batch; the last one of an epoch may be smaller.
            training: Whether to shuffle, augment and go on for ever.
            augmentation: `"none"` or `"flip_crop"`; of a training only.
            seed: Of order and augmentation.
            first_epoch: Number of the epoch to begin with; of a training only.
            normalization: `(mean, std)` of the channels, of pixels in [0, 1].

        Returns:
            Pairs `(images, labels)`, float32 and int32.
        """
        check_batches(
            self.samples,
            batch_size,
            training,
            augmentation,
            AUGMENTATIONS,
            seed,
            first_epoch,
        )
        # The batches are made on the CPU, even where there is a GPU.
        with tf.device("CPU"):
            x, y = tf.constant(self.x), tf.constant(self.y, tf.int32)
            in_order = tf.range(self.samples)

        def batch(indices: Any, *draw: Any) -> tuple[Any, Any]:
            images = tf.gather(x, indices)
            if draw:
                images = flip_crop(images, *draw)
            return normalized(images, normalization), tf.gather(y, indices)

        def epoch(number: Any) -> tf.data.Dataset:
            order, augment = epoch_seeds(seed, number)
            indices = tf.random.experimental.stateless_shuffle(
                in_order, order, alg="philox"
            )
            if augmentation == "none":
                return _slices((indices,), batch_size)
            draw = draw_flip_crop(self.samples, augment)
            return _slices((indices, *draw), batch_size)

        if training:
            plans = endless(epoch, first_epoch)
        else:
            plans = _slices((in_order,), batch_size)
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        batches = plans.map(batch, num_parallel_calls=workers, deterministic=True)
        return batches.prefetch(PREFETCH).with_options(_untuned())


def _untuned() -> tf.data.Options:
    # A tuned iterator waits for its tuner when it is deleted, 7 s after a training of
    # 12 s; and batches of one cost need no tuning.
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _slices(plan: tuple[Any, ...], batch_size: int) -> tf.data.Dataset:
    """The parts of a plan, `(samples,)` each, `batch_size` entries at a time."""
    starts = tf.data.Dataset.range(0, plan[0].shape[0], batch_size)
    return starts.map(lambda i: tuple(part[i : i + batch_size] for part in plan))
