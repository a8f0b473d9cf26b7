"""Epochs that follow from a seed and their number, so that a training can go on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def endless(epoch: Callable[[Any], tf.data.Dataset], first_epoch: int) -> Any:
    """Epoch after epoch.

    Args:
        epoch: Makes the data set of an epoch from its number, a scalar int64.
        first_epoch: Number of the first.

    Returns:
        An infinite `tf.data.Dataset`.

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

    Args:
        seed: Of the training.
        number: Of the epoch, a scalar int64.

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
    first_epoch: int,
    augmentation: str,
    allowed: Sequence[str],
) -> None:
    """Raise for arguments of `batches` of which no batches can be made.

    Args:
        samples: Number of images.
        batch_size: Images a batch, at least 1.
        first_epoch: At least 0.
        augmentation: One of `allowed`.
        allowed: The augmentations that there are.

    Raises:
        ValueError: If one is out of range.

    Example:
        >>> check_batches(10, 4, 0, "none", ["none"])
    """
    if batch_size < 1:
        raise ValueError(
            f"`batch_size` must be at least 1. Received: batch_size={batch_size!r}."
        )
    if first_epoch < 0:
        raise ValueError(
            "`first_epoch` must be 0 or more, the number of epochs that are done. "
            f"Received: first_epoch={first_epoch!r}."
        )
    if augmentation not in allowed:
        raise ValueError(
            f"`augmentation` of this data set must be one of {list(allowed)}. "
            f"Received: augmentation={augmentation!r}."
        )
    if not samples:
        raise ValueError(
            "There are no samples to make batches of. Received: samples=0. Hold out "
            "fewer of them."
        )
