"""Labels and sample weights in every form that `fit` takes, and their faults.

A compiler may drop an operation whose only purpose is to raise, and XLA does. So a
step counts the samples whose label or weight cannot be used, lets them count for
nothing, and the count is read where an exception can be raised.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

#: How far a row of probabilities may be from summing to 1: what bfloat16 rounds off.
_ROUNDING = 0.02


class Labels:
    """The labels of samples with their weights, as a distribution over the classes.

    Args:
        labels: Integers or booleans `(samples,)` or `(samples, 1)` in
            [0, num_classes), or distributions `(samples, num_classes)`: one-hot, or
            soft as MixUp makes them. With two classes, floats `(samples,)` or
            `(samples, 1)` are the probability of class 1.
        num_classes: Number of classes.
        sample_weight: `(samples,)` or `(samples, 1)`, finite and not negative; None:
            1. A sample of weight 0 may have any label.
        ignored: An integer label whose samples count for nothing; None: there is none.
        fractions: Whether numbers between 0 and 1 may stand for two classes.

    Raises:
        TypeError: If labels or weights are not numbers.
        ValueError: If the shape of the labels or of the weights fits no form.

    Example:
        >>> found = Labels([1, 0, 5], 2, sample_weight=[1.0, 0.5, 1.0])
        >>> found.weights.numpy().tolist()
        [[0.0, 1.0], [0.5, 0.0], [0.0, 0.0]]
        >>> complaint(found.faults, 2)
        '`y` must hold labels in [0, 2) for num_classes=2. Received: 1 sample with \
another label. Count the classes from 0, and pass `num_classes` if there are more; a \
regression or a segmentation has no class for a sample.'
    """

    def __init__(
        self,
        labels: Any,
        num_classes: int,
        sample_weight: Any = None,
        *,
        ignored: int | None = None,
        fractions: bool = True,
    ) -> None:
        labels = _numbers("y", labels)
        self._num_classes = num_classes
        self._distributions = not holds_indices(labels.shape, num_classes)
        self._labels = labels if self._distributions else _without_singleton(labels)
        self._weight = None
        counted = tf.ones(tf.shape(labels)[:1], tf.bool)
        unweighed = tf.zeros_like(counted)
        if sample_weight is not None:
            weight = tf.cast(_numbers("sample_weight", sample_weight), tf.float64)
            check_weight_shape(weight.shape)
            weight = _without_singleton(weight)
            unweighed = ~((weight >= 0) & tf.math.is_finite(weight))
            self._weight = tf.where(unweighed, tf.zeros_like(weight), weight)
            counted = self._weight > 0
        if ignored is not None and not self._distributions:
            counted &= self._labels != tf.cast(ignored, self._labels.dtype)
        bad = [counted & one for one in self._misfits(fractions)]
        self._used = counted & ~tf.reduce_any(bad, axis=0)
        self._bad = [*bad, unweighed]

    @property
    def weights(self) -> tf.Tensor:
        """float64 `(samples, classes)`: sample weight times label.

        A row of zeros for a sample that counts for nothing.
        """
        if self._distributions:
            rows = tf.where(self._used[:, None], tf.cast(self._labels, tf.float64), 0)
        elif self._probabilities:
            positive = tf.where(self._used, tf.cast(self._labels, tf.float64), 0)
            rows = tf.stack([1 - positive, positive], axis=-1)
            rows = tf.where(self._used[:, None], rows, 0)
        else:
            indices = tf.where(self._used, tf.cast(self._labels, tf.int64), -1)
            rows = tf.one_hot(indices, self._num_classes, dtype=tf.float64)
        return rows if self._weight is None else rows * self._weight[:, None]

    @property
    def faults(self) -> tf.Tensor:
        """float64 `(len(FAULTS),)`: how many samples cannot be used, and why."""
        return tf.reduce_sum(tf.cast(tf.stack(self._bad), tf.float64), axis=1)

    @property
    def _probabilities(self) -> bool:
        return self._labels.dtype.is_floating and self._num_classes == 2

    def _misfits(self, fractions: bool) -> list[tf.Tensor]:
        """For each fault of a label `(samples,)` bool: which samples have it."""
        labels, classes = self._labels, self._num_classes
        none = tf.zeros(tf.shape(labels)[:1], tf.bool)
        if self._distributions:
            rows = tf.cast(labels, tf.float64)
            sums = tf.reduce_sum(rows, axis=-1)
            # Written so that NaN is a misfit.
            fits = (tf.reduce_min(rows, axis=-1) >= 0) & (tf.abs(sums - 1) <= _ROUNDING)
            return [none, ~fits, none]
        if not labels.dtype.is_floating:
            labels = tf.cast(labels, tf.int64)
        outside = ~((labels >= 0) & (labels <= classes - 1))
        if not labels.dtype.is_floating:
            return [outside, none, none]
        broken = labels != tf.floor(labels)
        if not self._probabilities:
            return [outside | broken, none, none]
        return [outside, none, none if fractions else broken & ~outside]


def label_weights(
    labels: Any, num_classes: int, sample_weight: Any = None
) -> tf.Tensor:
    """Labels of any accepted form as weights of samples for classes.

    The arguments are those of `Labels`.

    Returns:
        float64 tensor `(samples, num_classes)`: sample weight times label.

    Raises:
        TypeError: If labels or weights are not numbers.
        ValueError: If the shape of the labels or of the weights fits no form; outside
            a graph also if a label or weight cannot be used. In a graph such a
            sample counts for nothing, and `Labels.faults` tells.

    Example:
        >>> label_weights([1, 0], 2, sample_weight=[1.0, 0.5]).numpy().tolist()
        [[0.0, 1.0], [0.5, 0.0]]
    """
    found = Labels(labels, num_classes, sample_weight)
    if tf.executing_eagerly():
        raise_for(found.faults, num_classes)
    return found.weights


def _of_indices(count: float, classes: int) -> tuple[str, str, str]:
    return (
        f"`y` must hold labels in [0, {classes}) for num_classes={classes}.",
        f"{_samples(count)} with another label",
        "Count the classes from 0, and pass `num_classes` if there are more; a "
        "regression or a segmentation has no class for a sample.",
    )


def _of_distributions(count: float, classes: int) -> tuple[str, str, str]:
    return (
        f"`y` must hold a distribution over {classes} classes for every sample: "
        "numbers that are not negative and sum to 1, one-hot or soft.",
        f"{_samples(count)} with other numbers",
        "Where a sample has several labels, or none, take one label at a time: "
        "`y[:, k]` with `num_classes=2`. A regression has no classes.",
    )


def _of_fractions(count: float, classes: int) -> tuple[str, str, str]:
    return (
        "`y` must hold the classes 0 and 1.",
        f"{_samples(count)} in between",
        "A regression has no classes. If the numbers are probabilities of class 1, "
        "say so with `num_classes=2`.",
    )


def _of_weights(count: float, classes: int) -> tuple[str, str, str]:
    return (
        "`sample_weight` must not be negative, and must be finite.",
        f"{_samples(count)} with another weight",
        "Give a sample that is to count for nothing the weight 0.",
    )


#: What can be wrong with a sample: functions of the number of such samples and the
#: number of classes, which say what is allowed, what was received, and what to do.
FAULTS: tuple[Callable[[float, int], tuple[str, str, str]], ...] = (
    _of_indices,
    _of_distributions,
    _of_fractions,
    _of_weights,
)


def complaint(faults: Any, num_classes: int, received: str | None = None) -> str | None:
    """What is wrong with labels, in words.

    Args:
        faults: `(len(FAULTS),)` as `Labels.faults` counts them.
        num_classes: Number of classes.
        received: What was received, where more is known than the number of samples.

    Returns:
        Sentences on the first kind of fault that there is; None without faults.

    Example:
        >>> complaint([0, 0, 0, 2], 3)
        '`sample_weight` must not be negative, and must be finite. Received: 2 \
samples with another weight. Give a sample that is to count for nothing the weight 0.'
    """
    for count, describe in zip(np.asarray(faults).tolist(), FAULTS, strict=True):
        if count:
            allowed, found, remedy = describe(count, num_classes)
            return f"{allowed} Received: {received or found}. {remedy}"
    return None


def raise_for(faults: Any, num_classes: int, received: str | None = None) -> None:
    """Raise a ValueError if there are faults.

    The arguments are those of `complaint`.

    Raises:
        ValueError: With the `complaint`.

    Example:
        >>> raise_for([0, 0, 0, 0], 3)
    """
    message = complaint(faults, num_classes, received)
    if message is not None:
        raise ValueError(message)


def holds_indices(shape: Sequence[int | None], num_classes: int) -> bool:
    """Whether labels of a shape are class indices, not distributions.

    Args:
        shape: Of the labels.
        num_classes: Number of classes.

    Returns:
        True for indices, False for distributions.

    Raises:
        ValueError: If the shape fits neither.

    Example:
        >>> holds_indices((32, 1), 10), holds_indices((32, 10), 10)
        (True, False)
    """
    if len(shape) == 1 or (len(shape) == 2 and shape[-1] == 1):
        return True
    if len(shape) == 2 and shape[-1] in (num_classes, None):
        return False
    hint = (
        "Class selectivity needs one class for a sample: labels of every pixel or "
        "token (segmentation, tagging) are not for it."
        if len(shape) > 2
        else "If the number of classes is another one, pass `num_classes`; if the "
        "model has several targets, name the one that holds the classes with `labels`."
    )
    raise ValueError(
        "`y` must hold integers of shape (samples,) or (samples, 1), or "
        f"distributions of shape (samples, {num_classes}) for "
        f"num_classes={num_classes}. Received: shape={tuple(shape)}. {hint}"
    )


def check_weight_shape(shape: Sequence[int | None]) -> None:
    """Raise unless sample weights of this shape are one a sample.

    Args:
        shape: Of the weights.

    Raises:
        ValueError: If it is neither (samples,) nor (samples, 1).

    Example:
        >>> check_weight_shape((32, 1))
    """
    if len(shape) == 1 or (len(shape) == 2 and shape[-1] == 1):
        return
    raise ValueError(
        "`sample_weight` must have shape (samples,) or (samples, 1). "
        f"Received: shape={tuple(shape)}."
    )


def _numbers(argument: str, value: Any) -> tf.Tensor:
    """A tensor of numbers; booleans are the numbers 0 and 1."""
    if not tf.is_tensor(value):
        value = np.asarray(value)
        if value.dtype.kind not in "biuf" and value.dtype.name != "bfloat16":
            raise _not_numbers(argument, value.dtype)
    tensor = tf.convert_to_tensor(value)
    if tensor.dtype == tf.bool:
        return tf.cast(tensor, tf.int32)
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
        raise _not_numbers(argument, tensor.dtype.name)
    if tensor.shape.rank is None:
        raise ValueError(
            f"`{argument}` must have a known number of axes. Received: a tensor of "
            "unknown rank. Set its shape in the data set, with `tf.ensure_shape`."
        )
    return tensor


def _not_numbers(argument: str, dtype: Any) -> TypeError:
    remedy = (
        " Number the classes from 0: `np.unique(y, return_inverse=True)[1]`, or "
        "`keras.layers.StringLookup`."
        if argument == "y"
        else ""
    )
    return TypeError(
        f"`{argument}` must hold numbers. Received: an array of dtype {dtype}.{remedy}"
    )


def _without_singleton(x: tf.Tensor) -> tf.Tensor:
    if x.shape.rank == 2 and x.shape[-1] == 1:
        return tf.squeeze(x, axis=-1)
    return x


def _samples(count: float) -> str:
    return f"{count:g} sample{'s' * (count != 1)}"
