"""A data set that is read from disk, and its batches."""

import math
from typing import Any, Self

import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_count
from recipes.data.corruption import corrupted
from recipes.data.epochs import check_batches, endless, epoch_seeds
from recipes.data.normalization import UNIT, normalized
from recipes.data.windows import central_window, random_window

AUGMENTATIONS = ("none", "inception")


class Stream:
    """JPEG photographs of a TFDS data set too large for memory.

    An epoch is the unit of going on: its order and augmentation follow from the
    seed and its number, so that a training that was interrupted repeats the epoch
    that it was in and sees what it would have seen. Within an epoch one can only
    `skip` batches, which reads and decodes them.

    Files are read in an order that is drawn anew for each epoch, 16 of them side by
    side, and shuffled in a buffer of `shuffle_buffer` undecoded photographs (about
    110 kB each in ImageNet), which is filled anew for every epoch. Order and
    augmentation are the same on every machine with the same TensorFlow; a data set
    written with other shards has another order.

    Args:
        builder: A `tfds.core.DatasetBuilder` with `image` (JPEG) and `label`, whose
            data is prepared.
        split: `"train"`, `"validation"`, or a part as TFDS writes it.
        size: Pixels of a side that a photograph is cut to.
        shuffle_buffer: Photographs among which the next one is drawn.
        labels: `(samples,)` labels to take the place of the stored ones, in the order
            in which the photographs are stored; None: those.
    """

    def __init__(
        self,
        builder: Any,
        split: str,
        *,
        size: int = 224,
        shuffle_buffer: int = 16_384,
        labels: np.ndarray | None = None,
    ) -> None:
        self.builder = builder
        self.split = split
        self.size = checked_count("size", size)
        self.shuffle_buffer = checked_count("shuffle_buffer", shuffle_buffer)
        self.labels = labels

    def __len__(self) -> int:
        return self.samples

    @property
    def samples(self) -> int:
        """Number of photographs."""
        return self.builder.info.splits[self.split].num_examples

    def steps_per_epoch(self, batch_size: int) -> int:
        """Number of batches of an epoch, the smaller last one among them."""
        return math.ceil(self.samples / checked_count("batch_size", batch_size))

    def corrupted(self, fraction: float, seed: int) -> Self:
        """The same photographs, with a fraction of the labels shuffled.

        Reads all labels once, which takes as long as reading the files.

        Reference:
            M18 section 2.1 and figure 1c.
        """
        stored = self._examples().batch(10_000).as_numpy_iterator()
        labels = np.concatenate([batch["label"] for batch in stored])
        return type(self)(
            self.builder,
            self.split,
            size=self.size,
            shuffle_buffer=self.shuffle_buffer,
            labels=corrupted(labels, fraction, seed),
        )

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

        As `Split.batches`. Without augmentation, and in evaluation, a photograph is
        resized to 256 on its shorter side and its central square of `size` kept.
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

        def epoch(number: Any) -> tf.data.Dataset:
            order, augment = epoch_seeds(seed, number)

            def decode(place: Any, record: tuple[Any, Any]) -> tuple[Any, Any]:
                jpeg, label = record
                if augmentation == "none":
                    return self._central(jpeg), label
                return self._drawn(jpeg, tf.random.fold_in(augment, place)), label

            return _map(decode, self._shuffled(order).enumerate()).batch(batch_size)

        if training:
            batches = endless(epoch, first_epoch)
        else:
            batches = _map(
                lambda jpeg, label: (self._central(jpeg), label), self._read()
            )
            batches = batches.batch(batch_size)
        return _map(
            lambda x, y: (normalized(x, normalization), tf.cast(y, tf.int32)), batches
        ).prefetch(tf.data.AUTOTUNE)

    def _central(self, jpeg: Any) -> Any:
        return self._cut(jpeg, central_window(*_size(jpeg), self.size))

    def _drawn(self, jpeg: Any, seed: Any) -> Any:
        window, flip = tf.unstack(tf.random.split(seed, 2))
        image = self._cut(jpeg, random_window(*_size(jpeg), window))
        mirrored = tf.random.stateless_uniform([], flip, alg="philox") < 0.5
        return tf.where(mirrored, image[:, ::-1], image)

    def _cut(self, jpeg: Any, window: Any) -> Any:
        """A window of a photograph, resized as PIL does: bilinear, smoothed, uint8."""
        image = tf.image.decode_and_crop_jpeg(jpeg, window, channels=3)
        image = tf.image.resize(image, (self.size, self.size), antialias=True)
        return tf.saturate_cast(tf.round(image), tf.uint8)

    def _shuffled(self, seed: Any) -> tf.data.Dataset:
        # `Dataset.shuffle` mixes its seed with that of the graph, which is copied
        # from the program's. This sets the graph of one epoch's data set only.
        tf.random.set_seed(1)
        files, records = tf.unstack(
            tf.random.stateless_uniform(
                [2], seed, 0, 2**31 - 1, dtype=tf.int64, alg="philox"
            )
        )
        return self._read(files).shuffle(
            self.shuffle_buffer, seed=records, reshuffle_each_iteration=False
        )

    def _read(self, seed: Any = None) -> tf.data.Dataset:
        """Pairs of undecoded photographs and labels."""
        examples = self._examples(seed)
        if self.labels is None:
            return _map(lambda example: (example["image"], example["label"]), examples)
        labels = tf.constant(self.labels)
        lengths = self.builder.info.splits[self.split].shard_lengths
        starts = tf.constant(np.cumsum([0, *lengths])[:-1], tf.int64)

        def replaced(example: dict[str, Any]) -> tuple[Any, Any]:
            shard, place = _stored_at(example["tfds_id"])
            return example["image"], labels[starts[shard] + place]

        return _map(replaced, examples)

    def _examples(self, seed: Any = None) -> tf.data.Dataset:
        """What is stored, undecoded, and where (`tfds_id`)."""
        import tensorflow_datasets as tfds

        return self.builder.as_dataset(
            split=self.split,
            shuffle_files=seed is not None,
            decoders={"image": tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(
                shuffle_seed=seed,
                shuffle_reshuffle_each_iteration=False,
                try_autocache=False,
                add_tfds_id=True,
            ),
        )


def _map(function: Any, dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`function` of many elements at a time, in their order."""
    return dataset.map(
        function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )


def _stored_at(identifier: Any) -> tuple[Any, Any]:
    """Shard 1 and place 7 of `imagenet2012-train.tfrecord-00001-of-00004__7`."""
    numbers = tf.strings.regex_replace(identifier, r".*-(\d+)-of-\d+__(\d+)$", r"\1 \2")
    shard, place = tf.unstack(tf.strings.split(numbers, " "), 2)
    return (
        tf.strings.to_number(shard, tf.int64),
        tf.strings.to_number(place, tf.int64),
    )


def _size(jpeg: Any) -> tuple[Any, Any]:
    shape = tf.image.extract_jpeg_shape(jpeg)
    return shape[0], shape[1]
