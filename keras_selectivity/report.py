"""What `measure` found, for every unit; kept in files without pickles."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity.archive import Archived


class SelectivityReport(Archived, Mapping[str, dict[str, np.ndarray]]):
    """What `measure` found, for every unit of every tap.

    A mapping: `report["layer"]["si"]` is a float64 array `(units,)`, taps in
    depth order.

    Attributes:
        metrics: Names of the measures.
        groups: Mapping of group name to names of taps.
        preferred_class: For each tap `(units,)` int: the class with the highest
            mean activation, the first of them on a tie.
        class_means: For each tap `(classes, units)` float64, NaN for a class
            without samples.
        class_weight: `(classes,)` float64: number of measured samples of each
            class, or the sum of their weights.
        confusion: `(classes, classes)` float64: number of samples (or weight) of
            each true class, by predicted class; of all samples, whatever
            `correct_only`. NaN where the model's output predicts no class.
        correct_only: Whether only rightly classified samples were measured.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2),
        ... ])
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> report = ks.measure(model, (x, y), verbose=0)
        >>> report["hidden"]["si"].shape, list(report.layer_means("si"))
        ((3,), ['hidden'])
    """

    file_format: ClassVar[str] = "keras_selectivity report"
    remedy: ClassVar[str] = "Measure again"

    def __init__(
        self,
        values: Mapping[str, Mapping[str, np.ndarray]],
        groups: Mapping[str, Sequence[str]],
        preferred_class: Mapping[str, np.ndarray],
        class_means: Mapping[str, np.ndarray],
        class_weight: np.ndarray,
        confusion: np.ndarray,
        correct_only: bool = False,
    ) -> None:
        self._values = {name: dict(found) for name, found in values.items()}
        self.metrics = list(next(iter(self._values.values())))
        self.groups = {name: list(members) for name, members in groups.items()}
        self.preferred_class = dict(preferred_class)
        self.class_means = dict(class_means)
        self.class_weight = class_weight
        self.confusion = confusion
        self.correct_only = correct_only

    def __getitem__(self, layer: str) -> dict[str, np.ndarray]:
        return self._values[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def accuracy(self) -> float:
        """Share of the samples that the model classifies rightly, in [0, 1]."""
        return float(np.trace(self.confusion) / np.sum(self.confusion))

    @property
    def predicted_counts(self) -> np.ndarray:
        """`(classes,)`: how often each class is predicted (R22 A.5.4)."""
        return self.confusion.sum(axis=0)

    def class_representation(self, largest: int = 5) -> float:
        """Mean of the largest numbers of samples for which a class is predicted.

        A network whose predictions are as balanced as the samples has samples /
        classes, one that predicts few classes has more.

        Args:
            largest: How many classes, those that are predicted most; at least 1.
                With fewer classes: all.

        Returns:
            A number of samples.

        Raises:
            ValueError: If `largest` is less than 1.

        Reference:
            R22 appendix A.5.4, figure 16.
        """
        if largest < 1:
            raise ValueError(
                f"`largest` must be at least 1. Received: largest={largest!r}."
            )
        return float(np.sort(self.predicted_counts)[-largest:].mean())

    @property
    def absent_classes(self) -> list[int]:
        """Classes without a measured sample: the measures leave them out."""
        return np.flatnonzero(self.class_weight == 0).tolist()

    def layer_means(
        self, metric: str = "si", *, without_dead: bool = False
    ) -> dict[str, float]:
        """Mean over the units of each tap, in depth order.

        Args:
            metric: Name of a measure in the report.
            without_dead: Whether to leave out the units that never respond;
                `"dead"` must have been measured.

        Returns:
            Mapping of tap name to mean; NaN where no unit is left. Units for
            which the measure is not defined (NaN) are left out.

        Raises:
            ValueError: If the report does not hold the measure.

        Reference:
            LM21 appendix A.10 for the means without dead units.
        """
        for needed in (metric, *(["dead"] if without_dead else [])):
            if needed not in self.metrics:
                raise ValueError(
                    f"The report does not hold {needed!r}. It holds {self.metrics}; "
                    f"measure it with metrics=[..., {needed!r}]."
                )
        means = {}
        for name, found in self.items():
            kept = ~np.isnan(found[metric])
            if without_dead:
                kept &= found["dead"] == 0
            means[name] = float(found[metric][kept].mean()) if kept.any() else np.nan
        return means

    def mean(self, metric: str = "si", *, without_dead: bool = False) -> float:
        """Mean over units, then layers, then groups, as the regulariser has it.

        Args:
            metric: Name of a measure in the report.
            without_dead: As for `layer_means`.

        Returns:
            The mean over the network; layers without a value are left out.

        Raises:
            ValueError: If the report does not hold the measure.

        Reference:
            LM21 section 3.3, equation 3; R22 section 3.3, equation 2.
        """
        layers = self.layer_means(metric, without_dead=without_dead)
        groups = [_mean([layers[name] for name in m]) for m in self.groups.values()]
        return _mean(groups)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The report as a plain dictionary of arrays.

        Returns:
            `"<layer>/<metric>"`, `"<layer>/preferred_class"` `(units,)` and
            `"<layer>/class_means"` `(classes, units)` for each tap;
            `"class_weight"` and `"confusion"`.
        """
        arrays = {"class_weight": self.class_weight, "confusion": self.confusion}
        for name, found in self.items():
            for metric, values in found.items():
                arrays[f"{name}/{metric}"] = values
            arrays[f"{name}/preferred_class"] = self.preferred_class[name]
            arrays[f"{name}/class_means"] = self.class_means[name]
        return arrays

    def to_pandas(self) -> Any:
        """The report as a tidy data frame. Needs pandas.

        Returns:
            A `pandas.DataFrame` with a row for each unit: `layer`, `unit`,
            `preferred_class`, and a column for each measure.
        """
        import pandas

        frames = [
            pandas.DataFrame(
                {
                    "layer": name,
                    "unit": np.arange(len(self.preferred_class[name])),
                    "preferred_class": self.preferred_class[name],
                    **found,
                }
            )
            for name, found in self.items()
        ]
        return pandas.concat(frames, ignore_index=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report to a file, whole or not at all.

        Args:
            path: A name that ends in `.npz`.

        Raises:
            ValueError: If it does not.

        Example:
            >>> import keras, numpy as np, os, tempfile
            >>> import keras_selectivity as ks
            >>> model = keras.Sequential([
            ...     keras.Input((4,)),
            ...     keras.layers.Dense(3, activation="relu", name="hidden"),
            ...     keras.layers.Dense(2),
            ... ])
            >>> data = np.random.rand(6, 4), np.arange(6) % 2
            >>> report = ks.measure(model, data, verbose=0)
            >>> path = os.path.join(tempfile.mkdtemp(), "report.npz")
            >>> report.save(path)
            >>> ks.SelectivityReport.load(path).mean() == report.mean()
            True
        """
        super().save(path)

    def _header(self) -> dict[str, Any]:
        return {
            "layers": list(self),
            "metrics": self.metrics,
            "groups": self.groups,
            "correct_only": self.correct_only,
        }

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        layers = header["layers"]
        return cls(
            {
                name: {m: arrays[f"{name}/{m}"] for m in header["metrics"]}
                for name in layers
            },
            groups=header["groups"],
            preferred_class={n: arrays[f"{n}/preferred_class"] for n in layers},
            class_means={name: arrays[f"{name}/class_means"] for name in layers},
            class_weight=arrays["class_weight"],
            confusion=arrays["confusion"],
            correct_only=header["correct_only"],
        )

    def __repr__(self) -> str:
        # The mean of class indices would say nothing.
        indices = ("precision_class", "top_class_class")
        names = [name for name in self.metrics if name not in indices]
        means = ", ".join(f"{name}={self.mean(name):.4g}" for name in names)
        return f"<SelectivityReport of {len(self)} layers: {means}>"


def _mean(values: Sequence[float]) -> float:
    """Mean of the values that are defined; NaN if none is."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
