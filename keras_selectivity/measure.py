"""One pass over a data set: every unit's selectivity, at the price of `evaluate`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity import metrics as metrics_module
from keras_selectivity import taps as taps_module
from keras_selectivity.metrics import UnitMetric
from keras_selectivity.model import SelectivityModel
from keras_selectivity.statistics import (
    ClassStatistics,
    Replicas,
    class_statistics,
    unit_mean,
    unit_minimum,
)
from keras_selectivity.targets import ClassTargets


class SelectivityReport(Mapping[str, dict[str, np.ndarray]]):
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
        class_weight: `(classes,)` float64: number of samples of each class, or
            the sum of their weights.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2),
        ... ])
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> report = measure(model, (x, y), verbose=0)
        >>> report["hidden"]["si"].shape, list(report.layer_means("si"))
        ((3,), ['hidden'])
    """

    def __init__(
        self,
        values: Mapping[str, Mapping[str, np.ndarray]],
        groups: Mapping[str, Sequence[str]],
        preferred_class: Mapping[str, np.ndarray],
        class_means: Mapping[str, np.ndarray],
        class_weight: np.ndarray,
    ) -> None:
        self._values = {name: dict(found) for name, found in values.items()}
        self.metrics = list(next(iter(self._values.values())))
        self.groups = {name: list(members) for name, members in groups.items()}
        self.preferred_class = dict(preferred_class)
        self.class_means = dict(class_means)
        self.class_weight = class_weight

    def __getitem__(self, layer: str) -> dict[str, np.ndarray]:
        return self._values[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def layer_means(self, metric: str = "si") -> dict[str, float]:
        """Mean over the units of each tap, in depth order.

        Args:
            metric: Name of a measure in the report.

        Returns:
            Mapping of tap name to mean.
        """
        return {name: float(np.mean(found[metric])) for name, found in self.items()}

    def mean(self, metric: str = "si") -> float:
        """Mean over units, then layers, then groups, as the regulariser has it.

        Args:
            metric: Name of a measure in the report.

        Returns:
            The mean over the network.

        Reference:
            LM21 section 3.3, equation 3; R22 section 3.3, equation 2.
        """
        layers = self.layer_means(metric)
        return float(
            np.mean([np.mean([layers[n] for n in m]) for m in self.groups.values()])
        )

    def __repr__(self) -> str:
        means = ", ".join(f"{name}={self.mean(name):.4g}" for name in self.metrics)
        return f"<SelectivityReport of {len(self)} layers: {means}>"


def measure(
    model: keras.Model,
    data: Any,
    metrics: Sequence[str | UnitMetric] = ("si",),
    taps: taps_module.Selection | None = None,
    groups: Mapping[str, Sequence[str]] | str | None = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    num_classes: int | None = None,
    labels: str | int | None = None,
) -> SelectivityReport:
    """Measure the selectivity of every tapped unit over a data set.

    One pass in evaluation mode. Sums for each class and unit are kept in
    float64; activations are not, so that memory does not grow with the data.
    The result does not depend on the batch size.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a
            `PyDataset`: what `fit` takes. Labels as `SelectivityModel` takes
            them.
        metrics: Names of measures, or `UnitMetric` instances.
        taps: Outputs to measure, see `taps.select`; here a list may name the
            model's output too. None: the model's own taps, or every hidden
            rectifier.
        groups: See `taps.group`. None: the model's own groups where its own
            taps are measured, or every tap its own group.
        batch_size: For arrays, as in `evaluate`.
        verbose: Progress bar, as in `evaluate`.
        num_classes: As for `SelectivityModel`, whose own are taken by default.
        labels: As for `SelectivityModel`, whose own are taken by default.

    Returns:
        A `SelectivityReport`.

    Raises:
        TypeError: If the model is a subclassed one, or an argument of a wrong
            type.
        ValueError: If the data are empty or without labels, or a selection is
            empty.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> report = measure(model, (x, y), ["si", "dprime"], taps=["hidden", "logits"],
        ...                  verbose=0)
        >>> sorted(report["logits"])
        ['dprime', 'si']
    """
    measurement = Measurement(model, metrics, taps, groups, num_classes, labels)
    return measurement.run(data, batch_size, verbose)


class Measurement:
    """A pass over data that can be repeated: compiled once, run many times.

    `measure` makes one and runs it once; a callback that measures every epoch
    keeps one.

    Args:
        model: As for `measure`.
        metrics: As for `measure`.
        taps: As for `measure`.
        groups: As for `measure`.
        num_classes: As for `measure`.
        labels: As for `measure`.

    Raises:
        TypeError: As `measure`.
        ValueError: As `measure`.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)), keras.layers.Dense(3, activation="relu"),
        ...     keras.layers.Dense(2)])
        >>> measurement = Measurement(model)
        >>> data = np.random.rand(6, 4), np.arange(6) % 2
        >>> measurement.run(data, verbose=0).mean() == measurement.run(
        ...     data, verbose=0).mean()
        True
    """

    def __init__(
        self,
        model: keras.Model,
        metrics: Sequence[str | UnitMetric] = ("si",),
        taps: taps_module.Selection | None = None,
        groups: Mapping[str, Sequence[str]] | str | None = None,
        num_classes: int | None = None,
        labels: str | int | None = None,
    ) -> None:
        if isinstance(metrics, (str, UnitMetric)):
            metrics = [metrics]
        self._metrics = [metrics_module.get(metric) for metric in metrics]
        if not self._metrics:
            raise ValueError("`metrics` must name at least one measure.")
        squares = any(metric.needs_squares for metric in self._metrics)
        with model.distribute_strategy.scope():
            wrapped = isinstance(model, SelectivityModel)
            if wrapped and taps is None:
                tapped = model.tapped
                groups = model.groups if groups is None else groups
            else:
                tapped = taps_module.TappedModel(
                    model.base_model if wrapped else model,
                    "relu" if taps is None else taps,
                    allow_output=True,
                    silenced_as=model.tapped if wrapped else None,
                )
            if wrapped and num_classes is None and labels is None:
                targets = model.targets
            else:
                base = model.base_model if wrapped else model
                targets = ClassTargets(base, num_classes, labels)
            self._groups = taps_module.group(tapped.names, groups)
            self._tapped = tapped
            self._pass = _Pass(model, tapped, targets, squares)

    def run(
        self, data: Any, batch_size: int | None = None, verbose: str | int = "auto"
    ) -> SelectivityReport:
        """Measure over a data set.

        Args:
            data: As for `measure`.
            batch_size: As for `measure`.
            verbose: As for `measure`.

        Returns:
            A `SelectivityReport`.

        Raises:
            ValueError: If the data are empty or without labels.
        """
        check_data(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._pass.evaluate(
            x,
            y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            verbose=verbose,
            return_dict=True,
        )
        statistics = self._pass.statistics
        if not np.any(statistics.weight):
            raise ValueError(
                "`data` is empty: not a single sample with a weight above 0 was "
                f"seen. Received: {type(data).__name__}."
            )
        return self._report(statistics)

    def _report(self, statistics: ClassStatistics) -> SelectivityReport:
        found = {
            metric.name: np.asarray(metric.compute(statistics))
            for metric in self._metrics
        }
        present = np.asarray(statistics.present)[:, None]
        means = np.where(present, np.asarray(statistics.means), np.nan)
        preferred = np.asarray(statistics.preferred_class).astype(np.int64)
        ends = np.cumsum(self._tapped.units)
        spans = {
            name: slice(end - units, end)
            for name, units, end in zip(
                self._tapped.names, self._tapped.units, ends, strict=True
            )
        }
        return SelectivityReport(
            {n: {m: v[s] for m, v in found.items()} for n, s in spans.items()},
            groups=self._groups,
            preferred_class={name: preferred[span] for name, span in spans.items()},
            class_means={name: means[:, span] for name, span in spans.items()},
            class_weight=np.asarray(statistics.weight),
        )


def check_data(data: Any) -> None:
    """Raise for data that hold nothing, where that can be told in advance.

    Args:
        data: What `measure` takes.

    Raises:
        ValueError: If `data` is None, or holds no samples.

    Example:
        >>> check_data(([], []))
        Traceback (most recent call last):
        ...
        ValueError: `data` must hold samples with labels, as (x, y) or a data set. \
Received: no samples.
    """
    empty = data is None
    if hasattr(data, "cardinality"):
        empty = int(data.cardinality()) == 0
    elif isinstance(data, tuple) and data and hasattr(data[0], "__len__"):
        empty = len(data[0]) == 0
    if empty:
        raise ValueError(
            "`data` must hold samples with labels, as (x, y) or a data set. "
            f"Received: {'None' if data is None else 'no samples'}."
        )


class _Pass(keras.Model):
    """Lets Keras's `evaluate` gather class statistics.

    So data come in every form that Keras knows, on any strategy, with its
    progress bar and its compiled loop.
    """

    def __init__(
        self, model: Any, tapped: Any, targets: ClassTargets, squares: bool
    ) -> None:
        super().__init__(autocast=False, dtype=model.dtype_policy)
        self._view = tapped
        self._targets = targets
        self._accumulator = _ClassStatisticsMetric(tapped, targets, squares)
        self.built = True
        self.compile(run_eagerly=model.run_eagerly)

    @property
    def statistics(self) -> ClassStatistics:
        return self._accumulator.statistics

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self._view(inputs, training=training)[0]

    def test_step(self, data: Any) -> dict[str, Any]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        _, activations = self._view(x, training=False)
        self._accumulator.update_state(
            tf.concat(activations, axis=-1), self._targets.weights(y, sample_weight)
        )
        return self.get_metrics_result()


class _ClassStatisticsMetric(keras.metrics.Metric):
    """Class statistics of a stream, summed over replicas when they are read."""

    def __init__(self, tapped: Any, targets: ClassTargets, squares: bool) -> None:
        super().__init__(name="class_statistics", dtype="float64")
        self._signed = tapped.signed
        self._with_squares = squares
        classes, units = targets.num_classes, sum(tapped.units)

        def variable(shape: tuple, initial: Any, aggregation: str = "sum") -> Any:
            return self.add_variable(
                shape, initial, dtype="float64", aggregation=aggregation
            )

        self._weight = variable((classes,), "zeros")
        self._total = variable((classes, units), "zeros")
        self._squares = variable((classes, units) if squares else (1, 1), "zeros")
        # Replicas agree on these at every step, so that any one can be read.
        self._center = variable((units,), "zeros", "mean")
        self._minimum = variable((units,), "zeros", "mean")
        self.reset_state()

    def reset_state(self) -> None:
        super().reset_state()
        self._minimum.assign(np.where(self._signed, np.inf, 0))

    def update_state(self, activations: Any, labels: Any) -> None:
        replicas = Replicas.of(True)
        center = self._updated_center(activations, labels, replicas)
        batch = class_statistics(
            activations, labels, center=center, squares=self._with_squares
        )
        self._weight.assign_add(batch.weight)
        self._total.assign_add(batch.total)
        if self._with_squares:
            self._squares.assign_add(batch.squares)
        lowest = unit_minimum(activations, labels, self._signed, replicas)
        self._minimum.assign(tf.minimum(self._minimum, lowest))

    @property
    def statistics(self) -> ClassStatistics:
        return ClassStatistics(
            self._weight.numpy(),
            self._total.numpy(),
            self._squares.numpy() if self._with_squares else None,
            self._center.numpy(),
            self._minimum.numpy(),
        )

    def result(self) -> dict[str, Any]:
        return {"samples": tf.reduce_sum(self._weight)}

    def _updated_center(self, activations: Any, labels: Any, replicas: Any) -> Any:
        """Value that squares are counted from: the mean of the first batch."""
        center = tf.convert_to_tensor(self._center)
        if not self._with_squares:
            return center
        first = unit_mean(activations, labels, replicas)
        seen = tf.reduce_sum(self._weight)
        seen = replicas.sum(seen) if replicas else seen
        center = tf.where(seen > 0, center, first)
        self._center.assign(center)
        return center
