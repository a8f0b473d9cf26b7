"""Means and variances of the activations over a reference set."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from keras_selectivity.perturbation.segments import SegmentedModel
from keras_selectivity.targets import ClassTargets

Clamp = Literal["zero", "mean"]


def checked_clamp(clamp: Any) -> Clamp:
    """`clamp`, if it is one.

    Args:
        clamp: What a user passed.

    Returns:
        `"zero"` or `"mean"`.

    Raises:
        ValueError: If it is neither.

    Example:
        >>> checked_clamp("zero")
        'zero'
    """
    if clamp not in ("zero", "mean"):
        raise ValueError(
            f'`clamp` must be "zero" or "mean". Received: clamp={clamp!r}.'
        )
    return clamp


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

    def result(self) -> list[Any]:
        """For each tap `(..., units)` float64."""
        return [total / self._weight for total in self._totals]


class UnitVariances:
    """Variance of every unit over samples and positions, in float64.

    Batches are merged by their means and centred squares (Chan et al. 1979), so
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

    def result(self) -> list[np.ndarray]:
        """For each tap `(units,)` float64."""
        pairs = zip(self._squares, self._weight, strict=True)
        return [squares / weight for squares, weight in pairs]


def gather(
    statistics: ElementMeans | UnitVariances,
    network: SegmentedModel,
    targets: ClassTargets,
    reference: Iterable[tuple[Any, Any, Any]],
) -> list[Any]:
    """Run a model over a reference set and gather statistics of its taps.

    Args:
        statistics: What to gather.
        network: The model.
        targets: Finds the sample weights among several.
        reference: Batches `(x, y, sample_weight)`; labels are not needed.

    Returns:
        What the statistics give for each tap.

    Raises:
        ValueError: If not a single sample has a weight.
    """
    seen = 0.0
    for x, _, sample_weight in reference:
        values = network.run(x)
        taps = range(len(network.sites))
        outputs = [network.tapped(values, tap) for tap in taps]
        weight = np.ones(len(outputs[0]))
        if sample_weight is not None:
            picked = targets.pick(sample_weight, "sample_weight")
            weight = np.asarray(picked, np.float64).reshape(-1)
        seen += weight.sum()
        statistics.add(outputs, weight)
    if not seen:
        raise ValueError("`reference` is empty: no sample with a weight above 0.")
    return statistics.result()
