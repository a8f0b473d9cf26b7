"""One pass over a data set: every unit's selectivity, at the price of `evaluate`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity import metrics as metrics_module
from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_batch_size,
    checked_flag,
    checked_verbose,
)
from keras_selectivity.data.batches import (
    are_arrays,
    check_data,
    check_inputs,
    first_look,
    not_finite,
)
from keras_selectivity.data.responses import ResponseStore
from keras_selectivity.data.targets import ClassTargets, LabelWatch
from keras_selectivity.distribution import MultiWorkerModel, from_all
from keras_selectivity.metrics import Observations, UnitMetric
from keras_selectivity.report import SelectivityReport
from keras_selectivity.statistics import (
    ClassStatistics,
    Replicas,
    class_statistics,
    unit_mean,
    unit_minimum,
)
from keras_selectivity.views import View


def measure(
    model: keras.Model,
    data: Any,
    metrics: Sequence[str | UnitMetric] = ("si",),
    taps: taps_module.Selection | None = None,
    groups: Mapping[str, Sequence[str]] | str | None = None,
    correct_only: bool = False,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    response: taps_module.Response = "mean",
    num_classes: int | None = None,
    labels: str | int | None = None,
    steps: int | None = None,
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
        correct_only: Whether to count only the samples that the model
            classifies rightly, as G19 does.
        batch_size: For arrays, as in `evaluate`.
        verbose: Progress bar, as in `evaluate`.
        response: What stands for a feature map: its `"mean"` over positions, or
            its `"max"`, as in G19's jitterplots of conv5.
        num_classes: As for `SelectivityModel`, whose own are taken by default.
        labels: As for `SelectivityModel`, whose own are taken by default.
        steps: How many batches to take, for data without end; None: all.

    Returns:
        A `SelectivityReport`.

    Raises:
        TypeError: If the model is a subclassed one, labels are not numbers, or an
            argument of a wrong type.
        ValueError: If the data are empty, endless without `steps`, or without
            labels; if labels or weights are out of range, before the model runs
            where they are arrays; or if a selection is empty.

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
    measurement = Measurement(
        model, metrics, taps, groups, correct_only, response, num_classes, labels
    )
    return measurement.run(data, batch_size, verbose, steps)


def unit_metrics(metrics: Sequence[str | UnitMetric]) -> list[UnitMetric]:
    """The measures that a user asks for.

    Args:
        metrics: As for `measure`; one of them may stand alone.

    Returns:
        One measure at least, each of another name.

    Raises:
        TypeError: If one is neither a name nor a measure.
        ValueError: If there are none, one is not known, or two have one name.

    Example:
        >>> [metric.name for metric in unit_metrics(["si", "precision"])]
        ['si', 'precision']
    """
    if isinstance(metrics, (str, UnitMetric)) or not isinstance(metrics, Iterable):
        metrics = [metrics]
    found = [metrics_module.get(metric) for metric in metrics]
    if not found:
        raise ValueError("`metrics` must name at least one measure.")
    names = [metric.name for metric in found]
    if len(set(names)) < len(names):
        raise ValueError(
            "`metrics` must not hold two measures of one name, which a report "
            f"could not tell apart. Received: {names}. Measure twice."
        )
    return found


class Measurement:
    """A pass over data that can be repeated: compiled once, run many times.

    `measure` makes one and runs it once; a callback that measures every epoch
    keeps one.

    The arguments are those of `measure`.

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
        correct_only: bool = False,
        response: taps_module.Response = "mean",
        num_classes: int | None = None,
        labels: str | int | None = None,
    ) -> None:
        view = View.of(model, taps, groups)
        self._metrics = unit_metrics(metrics)
        self._correct_only = checked_flag("correct_only", correct_only)
        self._base = view.base
        self._tapped = tapped = view.tapped(response=response)
        self._targets = targets = view.targets(num_classes, labels)
        self._groups = taps_module.group(tapped.names, view.groups)
        with view.scope():
            gathered = _Gatherer(
                tapped,
                targets,
                squares=any(metric.needs_squares for metric in self._metrics),
                active=any(metric.needs_active for metric in self._metrics),
                responses=any(metric.needs_responses for metric in self._metrics),
            )
            self._pass = _Pass(model, tapped, targets, gathered, correct_only)

    def check(self, data: Any) -> None:
        """Raise for data that cannot be measured, before the model runs.

        Args:
            data: As for `measure`; of a data set the first batch is looked at.

        Raises:
            TypeError: As `measure`.
            ValueError: As `measure`.
        """
        x, y, sample_weight = first_look(data)
        check_inputs(self._base, x)
        self._targets.check(y, sample_weight)

    def run(
        self,
        data: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
    ) -> SelectivityReport:
        """Measure over a data set.

        The arguments are those of `measure`.

        Returns:
            A `SelectivityReport`.

        Raises:
            ValueError: If the data are empty, endless without `steps`, or without
                labels.
        """
        check_data(data, steps=steps)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if are_arrays(x):
            self.check(data)
        watch = self._pass.label_watch
        with watch.watching():
            self._pass.evaluate(
                x,
                y,
                sample_weight=sample_weight,
                batch_size=checked_batch_size(batch_size),
                verbose=checked_verbose(verbose),
                steps=steps,
                callbacks=watch.among(None),
                return_dict=True,
            )
        gathered = self._pass.gathered
        if not gathered.samples:
            raise ValueError(
                "`data` is empty: not a single sample with a weight above 0 was "
                f"seen. Received: {type(data).__name__}."
            )
        if not np.any(gathered.statistics.weight):
            raise ValueError(
                "`correct_only` leaves nothing: the model classifies not a single "
                "sample rightly."
            )
        self._check_finite(gathered)
        report = self._report(gathered)
        # A callback keeps the pass from epoch to epoch: not its activations too.
        gathered.reset_state()
        return report

    def _check_finite(self, gathered: "_Gatherer") -> None:
        finite = np.isfinite(gathered.statistics.total).all(axis=0)
        spans = self._spans().items()
        bad = [name for name, span in spans if not finite[span].all()]
        of_activations, of_output = gathered.first_bad_batches
        if bad:
            raise not_finite(bad, of_activations)
        if of_output >= 0:
            raise not_finite([], of_output)

    def _spans(self) -> dict[str, slice]:
        """Where the units of each tap stand among all units."""
        ends = np.cumsum(self._tapped.units)
        return {
            name: slice(end - units, end)
            for name, units, end in zip(
                self._tapped.names, self._tapped.units, ends, strict=True
            )
        }

    def _of_all_workers(self, store: ResponseStore | None, name: str) -> Any:
        if store is None:
            return None
        return from_all(self._pass.distribute_strategy, getattr(store, name))

    def _report(self, gathered: "_Gatherer") -> SelectivityReport:
        statistics = gathered.statistics
        observations = Observations(
            statistics,
            active=gathered.active,
            filter_norms=(
                self._tapped.filter_norms
                if any(metric.needs_filters for metric in self._metrics)
                else None
            ),
            responses=self._of_all_workers(gathered.store, "responses"),
            labels=self._of_all_workers(gathered.store, "labels"),
        )
        found: dict[str, np.ndarray] = {}
        for metric in self._metrics:
            values = metric.compute(observations)
            named = values if isinstance(values, dict) else {metric.name: values}
            found.update({n: np.asarray(v, np.float64) for n, v in named.items()})
        present = np.asarray(statistics.present)[:, None]
        means = np.where(present, np.asarray(statistics.means), np.nan)
        preferred = np.asarray(statistics.preferred_class).astype(np.int64)
        spans = self._spans()
        return SelectivityReport(
            {n: {m: v[s] for m, v in found.items()} for n, s in spans.items()},
            groups=self._groups,
            preferred_class={name: preferred[span] for name, span in spans.items()},
            class_means={name: means[:, span] for name, span in spans.items()},
            class_weight=statistics.weight,
            confusion=gathered.confusion,
            correct_only=self._correct_only,
        )


class _Pass(MultiWorkerModel):
    """Lets Keras's `evaluate` run the model and gather what the measures need.

    So data come in every form that Keras knows, on any strategy, with its
    progress bar and its compiled loop.
    """

    def __init__(
        self,
        model: Any,
        tapped: Any,
        targets: ClassTargets,
        gathered: "_Gatherer",
        correct_only: bool,
    ) -> None:
        super().__init__(autocast=False, dtype=model.dtype_policy)
        self._view = tapped
        self._targets = targets
        self._correct_only = correct_only
        self.gathered = gathered
        self.label_watch = LabelWatch(targets)
        self.built = True
        # XLA cannot hand activations to the store.
        self.compile(
            run_eagerly=model.run_eagerly,
            jit_compile="auto" if gathered.store is None else False,
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self._view(inputs, training=training)[0]

    def test_step(self, data: Any) -> dict[str, Any]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        outputs, activations = self._view(x, training=False)
        found = self._targets.read(y, sample_weight)
        self.label_watch.count(found.faults)
        labels = found.weights
        counts = tf.reduce_any(labels > 0, axis=-1)
        # Zero times NaN would be NaN: a sample of weight 0 does not enter the sums.
        activations = tf.where(counts[:, None], tf.concat(activations, axis=-1), 0)
        finite = _all_finite(self._targets.pick(outputs, "outputs"), counts)
        predicted = self._targets.predicted(outputs)
        self.gathered.count_samples(labels, predicted)
        if self._correct_only:
            if predicted is None:
                raise ValueError(
                    "`correct_only` needs a model whose output has one number for "
                    f"each of the {self._targets.num_classes} classes."
                )
            right = tf.argmax(labels, axis=-1) == predicted
            labels = tf.where(right[:, None], labels, 0)
        self.gathered.update_state(activations, labels, finite)
        return self.step_logs(self.get_metrics_result())


class _Gatherer(keras.metrics.Metric):
    """Sums over a stream of batches, added up over replicas when they are read."""

    def __init__(
        self,
        tapped: Any,
        targets: ClassTargets,
        squares: bool,
        active: bool,
        responses: bool,
    ) -> None:
        super().__init__(name="gathered", dtype="float64")
        self._signed = tapped.signed
        classes, units = targets.num_classes, sum(tapped.units)
        self.store = ResponseStore(units) if responses else None

        def variable(name: str, shape: tuple, aggregation: str = "sum") -> Any:
            # Without a name Keras gives it a new one every time, for each of which
            # TensorFlow keeps 30 kB for ever.
            return self.add_variable(
                shape, "zeros", dtype="float64", aggregation=aggregation, name=name
            )

        self._weight = variable("weight", (classes,))
        self._total = variable("total", (classes, units))
        self._squares = variable("squares", (classes, units)) if squares else None
        self._active = variable("active", (units,)) if active else None
        self._samples = variable("samples", ())
        self._batches = variable("batches", (), "mean")
        # Of the activations, and of the output.
        self._first_bad = variable("first_bad", (2,), "mean")
        self._confusion = variable("confusion", (classes, classes))
        # Replicas agree on these at every step, so that any one can be read.
        self._center = variable("center", (units,), "mean")
        self._minimum = variable("minimum", (units,), "mean")
        self.reset_state()

    def reset_state(self) -> None:
        super().reset_state()
        if self.store is not None:
            self.store.clear()
        self._minimum.assign(np.where(self._signed, np.inf, 0))
        self._first_bad.assign([-1, -1])

    def count_samples(self, labels: Any, predicted: Any) -> None:
        """Add a batch to the confusion matrix: true classes by predicted ones."""
        self._samples.assign_add(tf.reduce_sum(labels))
        if predicted is None:
            counts = tf.fill(self._confusion.shape, tf.constant(np.nan, tf.float64))
        else:
            classes = labels.shape[-1]
            counts = tf.math.unsorted_segment_sum(labels, predicted, classes)
        self._confusion.assign_add(tf.transpose(counts))

    def update_state(self, activations: Any, labels: Any, finite: Any) -> None:
        """Add a batch of unit activations to the sums; `finite`: is its output?"""
        replicas = Replicas.of(True)
        center = self._updated_center(activations, labels, replicas)
        batch = class_statistics(
            activations, labels, center=center, squares=self._squares is not None
        )
        finite = tf.stack([tf.math.is_finite(tf.reduce_sum(batch.total)), finite])
        self._note_batch(finite, replicas)
        self._weight.assign_add(batch.weight)
        self._total.assign_add(batch.total)
        if self._squares is not None:
            self._squares.assign_add(batch.squares)
        if self._active is not None:
            weight = tf.reduce_sum(labels, axis=-1, keepdims=True)
            active = tf.where(activations != 0, weight, 0)
            self._active.assign_add(tf.reduce_sum(active, axis=0))
        if self.store is not None:
            classes = tf.argmax(labels, axis=-1)
            weight = tf.reduce_sum(labels, axis=-1)
            tf.numpy_function(self.store.add, [activations, classes, weight], [])
        lowest = unit_minimum(activations, labels, self._signed, replicas)
        self._minimum.assign(tf.minimum(self._minimum, lowest))

    def _note_batch(self, finite: tf.Tensor, replicas: Replicas | None) -> None:
        """Count the batch, and keep the numbers of the first that are not finite."""
        bad = tf.cast(~finite, tf.float64)
        bad = replicas.sum(bad) if replicas else bad
        first = tf.convert_to_tensor(self._first_bad)
        here = tf.convert_to_tensor(self._batches)
        self._first_bad.assign(tf.where((bad > 0) & (first < 0), here, first))
        self._batches.assign_add(1)

    @property
    def first_bad_batches(self) -> list[int]:
        """Numbers of the first batches with activations and an output not finite.

        -1 where there is none.
        """
        return [int(number) for number in self._first_bad.numpy()]

    @property
    def statistics(self) -> ClassStatistics:
        """Class statistics of all that was seen, as NumPy arrays."""
        return ClassStatistics(
            self._weight.numpy(),
            self._total.numpy(),
            None if self._squares is None else self._squares.numpy(),
            self._center.numpy(),
            self._minimum.numpy(),
        )

    @property
    def samples(self) -> float:
        """Number of samples seen, or the sum of their weights."""
        return float(self._samples.numpy())

    @property
    def active(self) -> np.ndarray | None:
        """`(units,)` weight of the samples with an activation other than zero."""
        return None if self._active is None else self._active.numpy()

    @property
    def confusion(self) -> np.ndarray:
        """`(classes, classes)` weight of samples: true class by predicted one."""
        return self._confusion.numpy()

    def result(self) -> dict[str, Any]:
        return {"samples": tf.convert_to_tensor(self._samples)}

    def _updated_center(self, activations: Any, labels: Any, replicas: Any) -> Any:
        """Value that squares are counted from: the mean of the first batch."""
        center = tf.convert_to_tensor(self._center)
        if self._squares is None:
            return center
        first = unit_mean(activations, labels, replicas)
        seen = tf.reduce_sum(self._weight)
        seen = replicas.sum(seen) if replicas else seen
        center = tf.where(seen > 0, center, first)
        self._center.assign(center)
        return center


def _all_finite(outputs: Any, counts: tf.Tensor) -> tf.Tensor:
    """Whether the outputs of the samples that count hold neither NaN nor infinity."""
    outputs = tf.convert_to_tensor(outputs)
    if not outputs.dtype.is_floating:
        return tf.constant(True)
    axes = list(range(1, outputs.shape.rank))
    finite = tf.reduce_all(tf.math.is_finite(outputs), axis=axes)
    return tf.reduce_all(finite | ~counts)
