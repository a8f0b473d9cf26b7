"""Epochs that follow from a seed and their number, so that a training can go on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_flag,
    checked_integer,
    checked_seed,
)


def endless(epoch: Callable[[Any], tf.data.Dataset], first_epoch: int) -> Any:
    """Epoch after epoch.

    Example:
        >>> numbers = endless(lambda epoch: tf.data.Dataset.from_tensors(epoch), 3)
        >>> [int(number) for number in numbers.take(2)]
        [3, 4]
    """
    numbers = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
    infinite = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return numbers.flat_map(epoch).apply(infinite)


def epoch_seeds(seed: int, number: Any) -> tuple[Any, Any]:
    """Seeds of the order and of the augmentation of an epoch.

    Returns:
        Two seeds for stateless operations, `(2,)` each.

    Example:
        >>> order, augmentation = epoch_seeds(0, 3)
        >>> order.shape, bool(tf.reduce_all(order == augmentation))
        (TensorShape([2]), False)
    """
    both = tf.stack([tf.constant(seed, tf.int64), tf.cast(number, tf.int64)])
    order, augmentation = tf.unstack(tf.random.split(both, 2))
    return order, augmentation


def check_batches(
    samples: int,
    batch_size: int,
    training: bool,
    augmentation: str,
    allowed: Sequence[str],
    seed: int,
    first_epoch: int,
) -> None:
    """Raise for arguments of `batches` of which no batches can be made.

    Example:
        >>> check_batches(10, 4, True, "none", ["none"], seed=0, first_epoch=0)
    """
    checked_count("batch_size", batch_size)
    checked_flag("training", training)
    checked_choice("augmentation", augmentation, allowed)
    checked_seed(seed)
    checked_integer("first_epoch", first_epoch, least=0)
    if not samples:
        raise ValueError(
            "There are no samples to make batches of. Received: samples=0. Hold out "
            "fewer of them."
        )
