"""What `measure` found, for every unit; kept in files without pickles."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity.checks import (
    checked_count,
    checked_flag,
    checked_kind,
    checked_real,
    checked_text,
)
from keras_selectivity.storage.archive import Archived, checked_array, checked_units


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

    Raises:
        ValueError: If there is no layer, the layers do not hold the same measures, an
            array has another shape, or numbers are not what they can be.

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
        for name, mapping in (
            ("values", values),
            ("groups", groups),
            ("preferred_class", preferred_class),
            ("class_means", class_means),
        ):
            checked_kind(name, mapping, Mapping, "a mapping of names")
        self._values = checked_units("values", values, finite=False)
        self.metrics = list(next(iter(self._values.values())))
        self.groups = {name: list(members) for name, members in groups.items()}
        grouped = {name for members in self.groups.values() for name in members}
        self._check_layers("groups", grouped <= {*self})
        self._check_layers("preferred_class", preferred_class.keys() <= {*self})
        self._check_layers("class_means", class_means.keys() <= {*self})
        self.class_weight = checked_array("class_weight", class_weight, [None], least=0)
        predicts = not np.isnan(checked_real("confusion", confusion)).all()
        self.confusion = checked_array(
            "confusion", confusion, [self._classes] * 2, least=0, finite=predicts
        )
        self.preferred_class = {
            name: checked_array(
                f"preferred_class[{name!r}]",
                classes,
                [self._units[name]],
                dtype=np.int64,
                least=0,
                most=self._classes - 1,
            )
            for name, classes in preferred_class.items()
        }
        self.class_means = {
            name: self._checked_means(name, means)
            for name, means in class_means.items()
        }
        self.correct_only = checked_flag("correct_only", correct_only)

    @property
    def _units(self) -> dict[str, int]:
        """Number of units of each layer."""
        return {name: len(next(iter(found.values()))) for name, found in self.items()}

    @property
    def _classes(self) -> int:
        return len(self.class_weight)

    def _check_layers(self, name: str, good: bool) -> None:
        if not good:
            raise ValueError(
                f"`{name}` must hold layers of `values`, {list(self)}, and no others."
            )

    def _checked_means(self, layer: str, means: Any) -> np.ndarray:
        """Means of all classes, NaN for those without samples alone."""
        name = f"class_means[{layer!r}]"
        units = self._units[layer]
        array = checked_array(name, means, [self._classes, units], finite=False)
        checked_array(name, array[self.class_weight > 0], [None, units])
        return array

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
            TypeError: If `largest` is no integer.
            ValueError: If it is less than 1.

        Reference:
            R22 appendix A.5.4, figure 16.
        """
        counts = np.sort(self.predicted_counts)
        return float(counts[-checked_count("largest", largest) :].mean())

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
        self._check_holds("metric", checked_text("metric", metric, empty=True))
        if checked_flag("without_dead", without_dead):
            self._check_holds("without_dead", "dead")
        means = {}
        for name, found in self.items():
            kept = ~np.isnan(found[metric])
            if without_dead:
                kept &= found["dead"] == 0
            means[name] = float(found[metric][kept].mean()) if kept.any() else np.nan
        return means

    def _check_holds(self, argument: str, metric: str) -> None:
        if metric not in self.metrics:
            raise ValueError(
                f"`{argument}` needs {metric!r}, which the report does not hold. It "
                f"holds {self.metrics}; measure it with metrics=[..., {metric!r}]."
            )

    def mean(self, metric: str = "si", *, without_dead: bool = False) -> float:
        """Mean over units, then layers, then groups, as the regularizer has it.

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
