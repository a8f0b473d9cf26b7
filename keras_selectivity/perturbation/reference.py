"""Means and variances of the activations over a reference set."""

from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_choice
from keras_selectivity.data.batches import Batches, check_inputs, not_finite
from keras_selectivity.data.targets import ClassTargets
from keras_selectivity.labels import check_weight_shape
from keras_selectivity.perturbation.segments import SegmentedModel

Clamp = Literal["zero", "mean"]


class ElementMeans:
    """Mean of every element of the feature maps, in float64.

    Args:
        taps: Number of taps.

    Reference:
        M18 appendix A.1: the mean is per element of the feature map.
    """

    def __init__(self, taps: int) -> None:
        self._weight = 0.0
        self._totals: list[Any] = [0.0] * taps

    def add(self, outputs: list[tf.Tensor], weight: np.ndarray) -> None:
        """Add a batch.

        Args:
            outputs: For each tap `(samples, ..., units)`.
            weight: `(samples,)` float64.

        Raises:
            ValueError: If feature maps differ in size from batch to batch.
        """
        self._weight += weight.sum()
        for tap, output in enumerate(outputs):
            total = tf.tensordot(tf.constant(weight), tf.cast(output, tf.float64), 1)
            before = self._totals[tap]
            if np.ndim(before) and before.shape != total.shape:
                raise ValueError(
                    'clamp="mean" takes the mean of each element of a feature map, '
                    "and needs maps of one size. Received: sizes "
                    f"{tuple(before.shape)} and {tuple(total.shape)}."
                )
            self._totals[tap] = before + total

    @property
    def totals(self) -> list[Any]:
        """For each tap the sums so far."""
        return self._totals

    def result(self) -> list[Any]:
        """For each tap `(..., units)` float64."""
        return [total / self._weight for total in self._totals]


class UnitVariances:
    """Variance of every unit over samples and positions, in float64.

    Batches are merged by their means and centered squares (Chan et al. 1979), so
    that a mean of 10,000 deviations costs no digits.

    Args:
        axes: For each tap the axis of the units.
    """

    def __init__(self, axes: list[int]) -> None:
        self._axes = axes
        self._weight = [0.0] * len(axes)
        self._mean: list[Any] = [0.0] * len(axes)
        self._squares: list[Any] = [0.0] * len(axes)

    def add(self, outputs: list[tf.Tensor], weight: np.ndarray) -> None:
        """Add a batch.

        Args:
            outputs: For each tap `(samples, ..., units)`.
            weight: `(samples,)` float64.
        """
        for tap, output in enumerate(outputs):
            x = np.moveaxis(np.asarray(output, np.float64), self._axes[tap], -1)
            positions = tuple(range(1, x.ndim - 1))
            count = weight.sum() * np.prod(x.shape[1:-1])
            if not count:
                continue
            mean = (weight @ x.sum(axis=positions)) / count
            # What is not finite is refused when all is added.
            with np.errstate(invalid="ignore"):
                squares = weight @ np.square(x - mean).sum(axis=positions)
            total = self._weight[tap] + count
            gap = mean - self._mean[tap]
            self._mean[tap] = self._mean[tap] + gap * count / total
            self._squares[tap] = (
                self._squares[tap]
                + squares
                + gap**2 * self._weight[tap] * count / total
            )
            self._weight[tap] = total

    @property
    def totals(self) -> list[Any]:
        """For each tap the sums so far."""
        return self._squares

    def result(self) -> list[np.ndarray]:
        """For each tap `(units,)` float64."""
        pairs = zip(self._squares, self._weight, strict=True)
        return [squares / weight for squares, weight in pairs]


def gather(
    statistics: ElementMeans | UnitVariances,
    network: SegmentedModel,
    targets: ClassTargets,
    reference: Batches,
) -> list[Any]:
    """Run a model over a reference set and gather statistics of its taps.

    Args:
        statistics: What to gather.
        network: The model.
        targets: Finds the sample weights among several.
        reference: The data; labels are not needed.

    Returns:
        What the statistics give for each tap.

    Raises:
        ValueError: If not a single sample has a weight, weights cannot be used, or
            activations of samples with a weight are not finite.
    """
    seen, first_bad = 0.0, tf.fill([len(network.tap_points)], -1)
    for number, (x, _, sample_weight) in enumerate(reference):
        if number == 0:
            check_inputs(network.model, x, reference.argument)
        values = network.run(x)
        outputs = [
            network.tapped(values, tap) for tap in range(len(network.tap_points))
        ]
        weight = reference_weights(sample_weight, targets, reference.argument)
        weight = np.ones(len(outputs[0])) if weight is None else weight
        counts = weight > 0
        if not counts.all():
            # Zero times NaN would be NaN: they do not even enter the sums.
            outputs = [output[counts] for output in outputs]
            weight = weight[counts]
        seen += weight.sum()
        statistics.add(outputs, weight)
        finite = [tf.reduce_all(tf.math.is_finite(t)) for t in statistics.totals]
        # A device is not waited for: what is found is read at the end.
        first_bad = tf.where(tf.stack(finite) | (first_bad >= 0), first_bad, number)
    found = first_bad.numpy()
    if np.any(found >= 0):
        layers = [n for n, bad in zip(network.names, found, strict=True) if bad >= 0]
        raise not_finite(layers, found[found >= 0].min(), reference.argument)
    if not seen:
        raise ValueError(
            f"`{reference.argument}` is empty: no sample with a weight above 0."
        )
    return statistics.result()


def reference_weights(
    sample_weight: Any, targets: ClassTargets, argument: str = "reference"
) -> np.ndarray | None:
    """Sample weights of data whose labels are not needed.

    Args:
        sample_weight: As `fit` takes it.
        targets: Finds the weights among several.
        argument: What a user calls the data.

    Returns:
        `(samples,)` float64, or None if there are none.

    Raises:
        ValueError: If they are negative, not finite or of a wrong shape.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> reference_weights(np.array([[1], [0]]), ClassTargets(model)).tolist()
        [1.0, 0.0]
    """
    if sample_weight is None:
        return None
    weight = np.asarray(targets.pick(sample_weight, "sample_weight"), np.float64)
    check_weight_shape(weight.shape)
    if not np.all((weight >= 0) & (weight < np.inf)):
        raise ValueError(
            f"The sample weights of `{argument}` must not be negative, and must be "
            f"finite. Received: values from {weight.min()} to {weight.max()}."
        )
    return weight.reshape(-1)


def reference_of(
    clamp: Any, reference: Any, batch_size: int | None, steps: int | None = None
) -> Batches | None:
    """The data of a mean clamp.

    Args:
        clamp: What a user passed.
        reference: What a user passed.
        batch_size: For arrays; None: 256.
        steps: How many batches to take of them; None: all.

    Returns:
        The data, or None for `clamp="zero"`.

    Raises:
        ValueError: If `clamp` is none, or is `"mean"` without a reference.

    Example:
        >>> reference_of("zero", None, None)
    """
    if checked_choice("clamp", clamp, get_args(Clamp)) == "zero":
        return None
    if reference is None:
        raise ValueError(
            'clamp="mean" needs `reference`, the data over which the mean of each '
            "unit is taken: the training set, as M18 has it. Received: None."
        )
    return Batches(reference, batch_size, "reference", steps=steps)
