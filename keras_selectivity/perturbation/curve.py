"""Accuracy against how much of a network is perturbed."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity.checks import (
    checked_count,
    checked_kind,
    checked_list,
    checked_number,
    checked_numbers,
    checked_text,
    received,
)
from keras_selectivity.storage.archive import Archived, checked_array


def area(fractions: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Area under ablation curves, by trapezoids, over fractions scaled to [0, 1].

    The mean height of the curve: 1 for a network that is right whatever is
    silenced. Divide by `accuracy[:, 0]` for the share of its accuracy that a
    network keeps.

    Args:
        fractions: `(points,)`, rising; two at least.
        accuracy: `(..., points)`.

    Returns:
        `(...)`, in [0, 1] for accuracies in [0, 1].

    Raises:
        TypeError: If they are no numbers.
        ValueError: If there are fewer than two points, they do not rise, or the
            accuracies are of another number of points or not finite.

    Example:
        >>> x = np.linspace(0, 1, 5)
        >>> area(x, np.stack([np.ones(5), 1 - x])).tolist()
        [1.0, 0.5]

    Reference:
        M18 section 3.2 and figure 3b, "normalized area under the curve".
    """
    fractions = checked_numbers("fractions", fractions, shape="(points,)", least=2)
    if np.any(np.diff(fractions) <= 0):
        raise ValueError(
            "`fractions` must rise from one to the next. "
            f"{received('fractions', fractions)}"
        )
    accuracy = checked_numbers("accuracy", accuracy, shape="(..., points)")
    if accuracy.shape[-1] != len(fractions):
        raise ValueError(
            "`accuracy` must hold a value for each of the `fractions=` on its last "
            f"axis. Received: accuracy of shape {accuracy.shape} for "
            f"{len(fractions)} fractions."
        )
    from scipy.integrate import trapezoid

    return trapezoid(accuracy, fractions, axis=-1) / (fractions[-1] - fractions[0])


class AblationCurve(Archived):
    """Accuracy as more and more units are silenced; made by `cumulative`.

    Attributes:
        counts: `(points,)` int: number of silent units.
        fractions: `(points,)`: the same, as a share of the units.
        accuracy: `(repeats, points)` in [0, 1].
        test_accuracy: The same on the test set, or None.
        layers: Mapping of the layers that units were drawn from to their
            numbers of units.
        order: `"random"`, `"most_selective"`, `"least_selective"` or
            `"explicit"`.
        clamp: What the units were clamped to.
        top_k: The k of the accuracy.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If lengths do not match, or numbers are out of their range.

    Example:
        >>> curve = AblationCurve([0, 2, 4], {"hidden": 4}, [[1.0, 0.75, 0.5]])
        >>> curve.fractions.tolist(), curve.auc.tolist()
        ([0.0, 0.5, 1.0], [0.75])

    Reference:
        M18 section 2.2 and figure 1.
    """

    file_format: ClassVar[str] = "keras_selectivity ablation curve"

    def __init__(
        self,
        counts: Any,
        layers: Mapping[str, int],
        accuracy: Any,
        test_accuracy: Any = None,
        order: str = "random",
        clamp: str = "zero",
        top_k: int = 1,
    ) -> None:
        checked_kind("layers", layers, Mapping, "a mapping of layer to number of units")
        checked_list("layers", list(layers))
        self.layers = {
            checked_text("layers", name): checked_count(f"layers[{name!r}]", units)
            for name, units in layers.items()
        }
        self.counts = checked_array(
            "counts", counts, (None,), dtype=np.int64, least=0, most=self.units
        )
        if not len(self.counts) or np.any(np.diff(self.counts) <= 0):
            raise ValueError(
                "`counts` must rise from one to the next, one at least. "
                f"{received('counts', counts)}"
            )
        shape = (None, len(self.counts))
        self.accuracy = checked_array("accuracy", accuracy, shape, least=0, most=1)
        self.test_accuracy = None
        if test_accuracy is not None:
            self.test_accuracy = checked_array(
                "test_accuracy", test_accuracy, self.accuracy.shape, least=0, most=1
            )
        self.order = checked_text("order", order)
        self.clamp = checked_text("clamp", clamp)
        self.top_k = checked_count("top_k", top_k)

    @property
    def units(self) -> int:
        """Number of units in the layers that units were drawn from."""
        return sum(self.layers.values())

    @property
    def fractions(self) -> np.ndarray:
        """`(points,)`: share of the units that is silent, in [0, 1]."""
        return self.counts / self.units

    @property
    def auc(self) -> np.ndarray:
        """`(repeats,)`: area under each curve, see `area`."""
        return area(self.fractions, self.accuracy)

    @property
    def test_auc(self) -> np.ndarray | None:
        """`(repeats,)`: area under each curve on the test set, or None."""
        if self.test_accuracy is None:
            return None
        return area(self.fractions, self.test_accuracy)

    @property
    def mean(self) -> np.ndarray:
        """`(points,)`: mean accuracy over repeats."""
        return self.accuracy.mean(axis=0)

    @property
    def std(self) -> np.ndarray:
        """`(points,)`: standard deviation over repeats, the papers' error bars."""
        return self.accuracy.std(axis=0)

    @property
    def normalized_auc(self) -> np.ndarray:
        """`(repeats,)`: area under each curve over its accuracy at the first point.

        The mean share of the intact network's accuracy that is kept, if `counts` begin
        at 0. NaN where the first accuracy is 0.

        Example:
            >>> curve = AblationCurve([0, 2, 4], {"hidden": 4}, [[0.8, 0.4, 0.0]])
            >>> curve.auc.tolist(), curve.normalized_auc.tolist()
            ([0.4], [0.5])

        Reference:
            R22 figure 3, of accuracies normalized to those of the intact network.
        """
        first = self.accuracy[:, 0]
        return self.auc / np.where(first > 0, first, np.nan)

    @property
    def half_point(self) -> float:
        """Fraction of silent units at which the mean accuracy falls below one half.

        Of the first time that it does, interpolated between the points around it. 1 if
        it never does; the first fraction if it is below one half from there.

        Example:
            >>> curve = AblationCurve([0, 1, 2], {"hidden": 2}, [[1.0, 0.75, 0.25]])
            >>> curve.half_point
            0.75

        Reference:
            For M18 figures 1 and 5a: where a network breaks down.
        """
        below = np.flatnonzero(self.mean < 0.5)
        if not below.size:
            return 1.0
        pair = slice(max(below[0] - 1, 0), below[0] + 1)
        return float(np.interp(0.5, self.mean[pair][::-1], self.fractions[pair][::-1]))

    def accuracy_at(self, fraction: float) -> float:
        """Mean accuracy with a fraction of the units silent.

        Args:
            fraction: Share of the units, from the first of `fractions` to the last.
                Between two points the accuracy is interpolated.

        Returns:
            The mean over repeats, in [0, 1].

        Raises:
            TypeError: If `fraction` is no number.
            ValueError: If it is outside of what was measured.

        Example:
            >>> curve = AblationCurve([0, 1, 2], {"hidden": 2}, [[1.0, 0.5, 0.0]])
            >>> curve.accuracy_at(0.25)
            0.75

        Reference:
            M18 figure 5a, the dashed lines at the dropout fraction.
        """
        first, last = self.fractions[[0, -1]]
        fraction = checked_number("fraction", fraction, least=first, most=last)
        return float(np.interp(fraction, self.fractions, self.mean))

    def area_past(self, fraction: float) -> float:
        """Mean accuracy over all larger fractions of silent units.

        As `auc`, the area under the mean curve, but of the part of it past `fraction`,
        scaled to [0, 1].

        Args:
            fraction: Share of the units, from the first of `fractions` to below the
                last.

        Returns:
            The area, in [0, 1].

        Raises:
            TypeError: If `fraction` is no number.
            ValueError: If it is outside of what was measured.

        Example:
            >>> curve = AblationCurve([0, 1, 2], {"hidden": 2}, [[1.0, 1.0, 0.0]])
            >>> curve.area_past(0.5), curve.area_past(0)
            (0.5, 0.75)

        Reference:
            M18 section 3.3 and figure 5a: robustness past the dropout fraction.
        """
        first, last = self.fractions[[0, -1]]
        fraction = checked_number("fraction", fraction, least=first, below=last)
        past = self.fractions > fraction
        fractions = np.concatenate([[fraction], self.fractions[past]])
        heights = np.concatenate([[self.accuracy_at(fraction)], self.mean[past]])
        return float(area(fractions, heights))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The curve as a plain dictionary of arrays."""
        arrays = {"counts": self.counts, "accuracy": self.accuracy}
        if self.test_accuracy is not None:
            arrays["test_accuracy"] = self.test_accuracy
        return arrays

    def __repr__(self) -> str:
        size = f"{self.units} units, {len(self.accuracy)} repeats"
        if len(self.counts) < 2:
            return f"<AblationCurve of {size}>"
        return f"<AblationCurve of {size}: auc={self.auc.mean():.4g}>"

    def _header(self) -> dict[str, Any]:
        return {
            "layers": self.layers,
            "order": self.order,
            "clamp": self.clamp,
            "top_k": self.top_k,
        }

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        return cls(
            arrays["counts"],
            header["layers"],
            arrays["accuracy"],
            arrays.get("test_accuracy"),
            header["order"],
            header["clamp"],
            header["top_k"],
        )


class NoiseCurve(Archived):
    """Accuracy as noise grows; made by `noise`.

    Attributes:
        scales: `(scales,)`: variance of the noise over that of the unit.
        accuracy: `(repeats, scales)` in [0, 1].
        top_k: The k of the accuracy.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If lengths do not match, or numbers are out of their range.

    Example:
        >>> NoiseCurve([0.0, 1.0], [[1.0, 0.5], [1.0, 0.7]]).mean.tolist()
        [1.0, 0.6]

    Reference:
        M18 section 2.2 and figure 2.
    """

    file_format: ClassVar[str] = "keras_selectivity noise curve"

    def __init__(self, scales: Any, accuracy: Any, top_k: int = 1) -> None:
        self.scales = checked_array("scales", scales, (None,), least=0)
        checked_list("scales", self.scales)
        shape = (None, len(self.scales))
        self.accuracy = checked_array("accuracy", accuracy, shape, least=0, most=1)
        self.top_k = checked_count("top_k", top_k)

    @property
    def mean(self) -> np.ndarray:
        """`(scales,)`: mean accuracy over repeats."""
        return self.accuracy.mean(axis=0)

    @property
    def std(self) -> np.ndarray:
        """`(scales,)`: standard deviation over repeats, the papers' error bars."""
        return self.accuracy.std(axis=0)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The curve as a plain dictionary of arrays."""
        return {"scales": self.scales, "accuracy": self.accuracy}

    def __repr__(self) -> str:
        return (
            f"<NoiseCurve of {len(self.scales)} scales, {len(self.accuracy)} repeats>"
        )

    def _header(self) -> dict[str, Any]:
        return {"top_k": self.top_k}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        return cls(arrays["scales"], arrays["accuracy"], header["top_k"])
