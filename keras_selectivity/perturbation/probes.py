"""What is done to a network: units silenced, noise added."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from keras_selectivity.perturbation.segments import SegmentedModel, Values


class Probe(Protocol):
    """Variants of a network that differ in what becomes of the output at taps.

    A row is one sample seen by one variant.
    """

    #: The taps whose outputs may change.
    taps: list[int]
    #: Number of variants.
    variants: int

    def rows(
        self, network: SegmentedModel, values: Values, wanted: np.ndarray, limit: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows to run, as parts of about `limit`: `(variants, samples)`.

        The other rows are as in the intact network.
        """

    def perturb(
        self, tap: int, outputs: tf.Tensor, variants: np.ndarray, batch: int
    ) -> tf.Tensor:
        """What becomes of the outputs at a tap, `(rows, ..., units)`."""

    def described(self, variant: int, names: list[str]) -> str:
        """What a variant does, in words, given the names of the taps."""


class Silencing:
    """Clamps units to a constant, a set of units for each variant.

    Args:
        silent: For each touched tap `(variants, units)` bool: the silent units.
        values: For each tap of the network what units are clamped to,
            `(..., units)`, or 0.
        axes: For each tap of the network the axis of its units.
    """

    def __init__(
        self, silent: dict[int, np.ndarray], values: list[Any], axes: list[int]
    ) -> None:
        self.taps = sorted(silent)
        self.variants = len(silent[self.taps[0]])
        self._silent = silent
        self._values = values
        self._axes = axes

    def rows(
        self, network: SegmentedModel, values: Values, wanted: np.ndarray, limit: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        changed = np.zeros((len(wanted), self.variants), bool)
        for tap in self.taps:
            differs = self._differs(tap, network.tapped(values, tap))
            # A product of counts: which variants silence a unit that differs.
            changed |= differs @ self._silent[tap].T.astype(np.float32) > 0
        samples, variants = np.nonzero(changed & wanted[:, None])
        parts = -(-len(samples) // limit)
        if parts:
            yield from zip(
                np.array_split(variants, parts),
                np.array_split(samples, parts),
                strict=True,
            )

    def perturb(
        self, tap: int, outputs: tf.Tensor, variants: np.ndarray, batch: int
    ) -> tf.Tensor:
        if tap not in self._silent:
            return outputs
        silent = self._silent[tap][variants]
        shape = [1] * outputs.shape.rank
        shape[0], shape[self._axes[tap]] = silent.shape
        if np.ndim(self._values[tap]) == 0:  # Zero: a product is twice as fast.
            return outputs * tf.cast(tf.reshape(~silent, shape), outputs.dtype)
        value = tf.cast(self._values[tap], outputs.dtype)
        return tf.where(tf.reshape(silent, shape), value, outputs)

    def described(self, variant: int, names: list[str]) -> str:
        silent = [
            (names[tap], unit)
            for tap in self.taps
            for unit in np.flatnonzero(self._silent[tap][variant])
        ]
        if len(silent) == 1:
            return f"unit {silent[0][1]} of {silent[0][0]!r} silent"
        layers = list(dict.fromkeys(name for name, _ in silent))
        return f"{len(silent)} units of {layers} silent"

    def _differs(self, tap: int, outputs: tf.Tensor) -> np.ndarray:
        """`(samples, units)` float32: 1 where a clamp changes the feature map."""
        axis = self._axes[tap] % outputs.shape.rank
        positions = [i for i in range(1, outputs.shape.rank) if i != axis]
        differs = outputs != tf.cast(self._values[tap], outputs.dtype)
        return np.asarray(tf.reduce_any(differs, axis=positions), np.float32)


class Noise:
    """Adds Gaussian noise to every unit, independent for every element.

    Variant `(repeat, scale)` adds `sqrt(scale) * sigma * z`. The draws `z` depend
    on the seed, the repeat, the tap and the batch, not on the scale: scales are
    compared on the same draws.

    Args:
        scales: `(scales,)` of the noise's variance.
        deviations: For each tap `(units,)`: standard deviations.
        axes: For each tap the axis of its units.
        repeats: Number of draws.
        seed: Of the draws.
    """

    def __init__(
        self,
        scales: np.ndarray,
        deviations: list[np.ndarray],
        axes: list[int],
        repeats: int,
        seed: int,
    ) -> None:
        self.taps = list(range(len(axes)))
        self.variants = repeats * len(scales)
        self._scales = scales
        self._deviations = deviations
        self._axes = axes
        self._seed = seed

    def rows(
        self, network: SegmentedModel, values: Values, wanted: np.ndarray, limit: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        samples = np.arange(len(wanted))
        for variant in range(self.variants):
            if self._scales[variant % len(self._scales)] > 0:
                # A whole batch at a time, so that no limit changes the draws.
                yield np.full(len(wanted), variant), samples

    def perturb(
        self, tap: int, outputs: tf.Tensor, variants: np.ndarray, batch: int
    ) -> tf.Tensor:
        repeat, scale = divmod(int(variants[0]), len(self._scales))
        place = np.random.SeedSequence([repeat, tap, batch]).generate_state(1)[0]
        shape = [1] * outputs.shape.rank
        shape[self._axes[tap]] = -1
        deviation = np.sqrt(self._scales[scale]) * self._deviations[tap]
        seed = np.array([self._seed, place], np.int64)
        noise = tf.random.stateless_normal(tf.shape(outputs), seed)
        noise = noise * tf.reshape(tf.cast(deviation, tf.float32), shape)
        return outputs + tf.cast(noise, outputs.dtype)

    def described(self, variant: int, names: list[str]) -> str:
        scale = self._scales[variant % len(self._scales)]
        return f"noise of scale {scale:g} at {names}"
