"""Bases of the callbacks that look at a data set."""

import copy
import weakref
from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import checked_batch_size
from keras_selectivity.data.batches import check_data
from keras_selectivity.measure import Measurement, unit_metrics
from keras_selectivity.metrics import UnitMetric
from keras_selectivity.report import SelectivityReport


class DataCallback(keras.callbacks.Callback):
    """Base class: looks at the model over `data`.

    A copy (KerasTuner copies callbacks) shares the data and nothing that belongs
    to a training under way.

    Args:
        data: What `measure` takes, and can be gone through again.
        taps: What `measure` takes.
        batch_size: For arrays.
        steps: What `measure` takes.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If `data` is None or, where that can be told, empty, endless
            without `steps`, or used up after one pass.
    """

    #: Attributes that belong to one training, None in a copy.
    of_training: ClassVar[tuple[str, ...]] = ("_model",)

    def __init__(
        self,
        data: Any,
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        super().__init__()
        check_data(data, steps=steps, again=True)
        self.data = data
        self.taps = taps
        self.batch_size = checked_batch_size(batch_size)
        self.steps = steps

    def __deepcopy__(self, memo: dict[int, Any]) -> "DataCallback":
        memo[id(self.data)] = self.data
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        for name, value in vars(self).items():
            kept = None if name in self.of_training else value
            setattr(twin, name, copy.deepcopy(kept, memo))
        return twin


class MeasuringCallback(DataCallback):
    """Base class: measures the model over `data` at the end of every epoch.

    The pass is compiled once for a whole training, and callbacks that measure
    the same model over the same data share it: an epoch with several of them
    makes one pass. The model, the arguments and the data, of a data set the first
    batch, are looked at before the first step.

    Args:
        data: As for `DataCallback`.
        metrics: What `measure` takes.
        taps: What `measure` takes.
        batch_size: For arrays.
        steps: What `measure` takes.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: As `DataCallback`; or if there are no metrics, or no metric has a
            given name.
    """

    of_training: ClassVar[tuple[str, ...]] = ("_model", "_shared")

    def __init__(
        self,
        data: Any,
        metrics: Sequence[str | UnitMetric] = ("si",),
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        super().__init__(data, taps, batch_size, steps)
        self.metric_names = [metric.name for metric in unit_metrics(metrics)]
        alone = isinstance(metrics, (str, UnitMetric))
        self.metrics: list[Any] = [metrics] if alone else list(metrics)
        self._shared: _SharedPass | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._shared = _SharedPass.joined(self)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # By now all that share the pass have joined it.
        self._joined().prepare()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._shared is not None:
            self._shared.leave()
        self._shared = None

    def measure(self, epoch: int) -> SelectivityReport:
        """A report of the model as it is at the end of an epoch.

        Args:
            epoch: The epoch, from 0.

        Returns:
            A report with this callback's measures, and perhaps those of others.
        """
        return self._joined().report(epoch)

    def _joined(self) -> "_SharedPass":
        if self._shared is None:
            self._shared = _SharedPass.joined(self)
        return self._shared


class _SharedPass:
    """One pass over the data for all the callbacks that look at the same."""

    _of_model: ClassVar[weakref.WeakKeyDictionary[Any, list["_SharedPass"]]] = (
        weakref.WeakKeyDictionary()
    )

    def __init__(self, callback: MeasuringCallback) -> None:
        self._model = weakref.ref(callback.model)
        self._data = callback.data
        self._taps = callback.taps
        self._batch_size = callback.batch_size
        self._steps = callback.steps
        # Keras makes them for a training, one for all of its callbacks.
        self._training = callback.params
        self._metrics: dict[str, str | UnitMetric] = {}
        self._measurement: Measurement | None = None
        self._epoch: int | None = None
        self._report: SelectivityReport | None = None

    @classmethod
    def joined(cls, callback: MeasuringCallback) -> "_SharedPass":
        """The pass that fits the callback, with its measures added to it."""
        passes = cls._of_model.setdefault(callback.model, [])
        # What an earlier training left behind, or is ready to run, is not joined.
        passes[:] = [
            shared
            for shared in passes
            if shared._training is callback.params and shared._measurement is None
        ]
        fitting = next((shared for shared in passes if shared._fits(callback)), None)
        if fitting is None:
            fitting = cls(callback)
            passes.append(fitting)
        fitting._metrics.update(
            zip(callback.metric_names, callback.metrics, strict=True)
        )
        return fitting

    def leave(self) -> None:
        """Let go of the pass and its memory: the training is over."""
        passes = self._of_model.get(self._model(), [])
        passes[:] = [shared for shared in passes if shared is not self]

    def report(self, epoch: int) -> SelectivityReport:
        """The report of an epoch: measured once, whoever asks."""
        measurement = self.prepare()
        if self._report is None or self._epoch != epoch:
            self._report = measurement.run(
                self._data, self._batch_size, verbose=0, steps=self._steps
            )
            self._epoch = epoch
        return self._report

    def prepare(self) -> Measurement:
        """What measures: made, and its data looked at, before it is first used."""
        if self._measurement is None:
            metrics = list(self._metrics.values())
            measurement = Measurement(self._model(), metrics, self._taps)
            measurement.check(self._data)
            self._measurement = measurement
        return self._measurement

    def _fits(self, callback: MeasuringCallback) -> bool:
        wanted = zip(callback.metric_names, callback.metrics, strict=True)
        return (
            _same_data(self._data, callback.data)
            and self._taps == callback.taps
            and self._batch_size == callback.batch_size
            and self._steps == callback.steps
            and all(self._metrics.get(name, m) == m for name, m in wanted)
        )


def _same_data(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(a is b for a, b in zip(one, other, strict=True))
    return one is other
