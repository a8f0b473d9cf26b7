"""Class-conditional statistics: of a minibatch, of a stream, across replicas.

Everything here is float64. The matrix products are small beside the network's
own, float64 sums of ten million samples lose no digits that matter, and a GPU
never rounds them to TensorFloat-32.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops


class ClassStatistics(NamedTuple):
    """Sums over samples, for every class and unit, that the formulas need.

    Sums add up: the statistics of a data set are those of its batches added
    (with the same `center`), whatever the batches.

    Attributes:
        weight: `(classes,)` sum of `w_i p_ic` over the samples, where `w` is
            the sample weight and `p` the label as a distribution over classes.
        total: `(classes, units)` sum of `w_i p_ic a_iu`.
        squares: `(classes, units)` sum of `w_i p_ic (a_iu - center_u)**2`, or
            None where no measure needs it.
        center: `(units,)` value from which the squares are counted.
        minimum: `(units,)` lowest activation of units that can be negative
            (infinite without samples), 0 for those that cannot.

    Example:
        >>> import numpy as np
        >>> statistics = class_statistics(np.array([[1.0], [3.0]]), np.eye(2))
        >>> statistics.means.numpy().tolist()
        [[1.0], [3.0]]
    """

    weight: Any
    total: Any
    squares: Any
    center: Any
    minimum: Any

    @property
    def present(self) -> Any:
        """`(classes,)` bool: which classes have samples."""
        return self.weight > 0

    @property
    def means(self) -> Any:
        """`(classes, units)` mean activation of each class; 0 where absent."""
        return self.total / self._divisor

    @property
    def mean_deviations(self) -> Any:
        """`(classes, units)` mean deviation from `center`; 0 where absent."""
        return ops.where(self.present[:, None], self.means - self.center, 0)

    @property
    def mean_squares(self) -> Any:
        """`(classes, units)` mean squared deviation from `center`; 0 where absent."""
        return self.squares / self._divisor

    @property
    def preferred_class(self) -> Any:
        """`(units,)` int: the class with the highest mean, the first on a tie."""
        present = ops.expand_dims(self.present, -1)
        return ops.argmax(ops.where(present, self.means, -np.inf), axis=0)

    @property
    def origin(self) -> Any:
        """`(units,)` value that counts as zero activation: the minimum, or 0."""
        return ops.where(self.minimum < np.inf, self.minimum, 0)

    @property
    def _divisor(self) -> Any:
        return ops.expand_dims(ops.where(self.present, self.weight, 1), -1)


class Replicas:
    """Differentiable reductions over the replicas of a strategy.

    What is made of a sum must be the same on every replica, as class statistics
    of the global batch and all that follows from them are. Then the gradient is
    the same on every replica too, and needs no reduction of its own: half of the
    bytes that would travel.
    """

    def __init__(self, context: Any) -> None:
        self.context = context

    @classmethod
    def of(cls, synchronized: bool) -> "Replicas | None":
        """The replicas to reduce over, or None where there is nothing to do."""
        context = tf.distribute.get_replica_context()
        if not synchronized or context is None or context.num_replicas_in_sync == 1:
            return None
        return cls(context)

    def sum(self, value: tf.Tensor) -> tf.Tensor:
        count = self.context.num_replicas_in_sync

        @tf.custom_gradient
        def reduce(value: tf.Tensor) -> Any:
            total = self.context.all_reduce(tf.distribute.ReduceOp.SUM, value)
            return total, lambda gradient: count * gradient

        return reduce(value)

    def min(self, value: tf.Tensor) -> tf.Tensor:
        # `all_reduce` knows no minimum: gather the replicas' values as a sum.
        count = self.context.num_replicas_in_sync
        own = tf.one_hot(
            self.context.replica_id_in_sync_group, count, on_value=True, off_value=False
        )
        return tf.reduce_min(self.sum(tf.where(own[:, None], value[None], 0)), axis=0)


def class_statistics(
    activations: Any,
    labels: Any,
    *,
    signed: Any = None,
    squares: bool = True,
    center: Any = None,
    replicas: Replicas | None = None,
) -> ClassStatistics:
    """Class statistics of one batch.

    Args:
        activations: `(samples, units)` of any float dtype; computed in float64.
        labels: `(samples, classes)` sample weight times label distribution, as
            `labels.label_weights` makes it. A row of zeros counts for nothing.
        signed: `(units,)` NumPy bool: the units that can be negative, whose
            minimum is needed. None: no unit can.
        squares: Whether to compute the squares, which only d' needs.
        center: `(units,)` from which to count the squares. None: the mean over
            the batch, a constant for the gradient.
        replicas: The replicas whose samples count too. None: this one alone.

    Returns:
        `ClassStatistics` in float64.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.labels import label_weights
        >>> labels = label_weights(np.array([0, 1, 1]), 3)
        >>> statistics = class_statistics(np.array([[1.0], [2], [4]]), labels)
        >>> statistics.means.numpy().ravel().tolist()
        [1.0, 3.0, 0.0]
        >>> statistics.present.numpy().tolist()
        [True, True, False]
    """
    activations = tf.cast(activations, tf.float64)
    labels = tf.cast(labels, tf.float64)
    sum_replicas = replicas.sum if replicas else tf.identity
    weight = sum_replicas(tf.reduce_sum(labels, axis=0))
    total = sum_replicas(tf.matmul(labels, activations, transpose_a=True))
    if center is None:
        center = tf.stop_gradient(_mean(weight, total))
    minimum = unit_minimum(activations, labels, signed, replicas)
    if not squares:
        return ClassStatistics(weight, total, None, center, minimum)
    deviations = tf.square(activations - center)
    squared = sum_replicas(tf.matmul(labels, deviations, transpose_a=True))
    return ClassStatistics(weight, total, squared, center, minimum)


def unit_mean(
    activations: Any, labels: Any, replicas: Replicas | None = None
) -> tf.Tensor:
    """Mean activation of every unit over a batch, whatever the class.

    Args:
        activations: `(samples, units)` of any float dtype.
        labels: `(samples, classes)`, as `labels.label_weights` makes it.
        replicas: The replicas whose samples count too. None: this one alone.

    Returns:
        `(units,)` float64; 0 without samples.

    Example:
        >>> import numpy as np
        >>> unit_mean(np.array([[1.0], [3.0]]), np.eye(2)).numpy().tolist()
        [2.0]
    """
    weight = tf.reduce_sum(tf.cast(labels, tf.float64), axis=-1, keepdims=True)
    total = tf.reduce_sum(weight * tf.cast(activations, tf.float64), axis=0)
    weight = tf.reduce_sum(weight, axis=0)
    if replicas:
        weight, total = replicas.sum(weight), replicas.sum(total)
    return _mean(weight, total[None])


def unit_minimum(
    activations: Any, labels: Any, signed: Any, replicas: Replicas | None = None
) -> tf.Tensor:
    """Lowest activation of every unit that can be negative.

    Args:
        activations: `(samples, units)` of any float dtype.
        labels: `(samples, classes)`, as `labels.label_weights` makes it.
        signed: `(units,)` NumPy bool: the units that can be negative.
        replicas: The replicas whose samples count too. None: this one alone.

    Returns:
        `(units,)` float64: infinite where no sample counts, 0 for units that
        cannot be negative.

    Example:
        >>> import numpy as np
        >>> activations = np.array([[-1.0, 2.0], [3.0, 4.0]])
        >>> unit_minimum(activations, np.eye(2), np.array([True, False])).numpy()
        array([-1.,  0.])
    """
    activations = tf.cast(activations, tf.float64)
    if signed is None or not np.any(signed):
        return tf.zeros(activations.shape[-1:], tf.float64)
    counted = tf.reduce_sum(labels, axis=-1, keepdims=True) > 0
    lowest = tf.reduce_min(tf.where(counted, activations, np.inf), axis=0)
    lowest = replicas.min(lowest) if replicas else lowest
    return tf.where(np.asarray(signed), lowest, 0)


def _mean(weight: tf.Tensor, total: tf.Tensor) -> tf.Tensor:
    """Mean over all samples, from sums `(classes,)` and `(classes, units)`."""
    tiny = np.finfo(np.float64).tiny
    return tf.reduce_sum(total, axis=0) / tf.maximum(tf.reduce_sum(weight), tiny)
