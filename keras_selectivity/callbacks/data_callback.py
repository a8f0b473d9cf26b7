"""Base of the callbacks that measure over a data set."""

import copy
from collections.abc import Sequence
from typing import Any

import keras

from keras_selectivity import taps as taps_module
from keras_selectivity.measure import Measurement, check_data
from keras_selectivity.metrics import UnitMetric
from keras_selectivity.report import SelectivityReport


class DataCallback(keras.callbacks.Callback):
    """Base class: measures the model over `data` at the end of every epoch.

    The pass is compiled once for a whole training. A copy (KerasTuner copies
    callbacks) shares the data and nothing else.

    Args:
        data: What `measure` takes.
        metrics: What `measure` takes.
        taps: What `measure` takes.
        batch_size: For arrays.

    Raises:
        ValueError: If `data` is None or, where that can be told, empty.
    """

    def __init__(
        self,
        data: Any,
        metrics: Sequence[str | UnitMetric] = ("si",),
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
    ) -> None:
        super().__init__()
        check_data(data)
        self.data = data
        self.metrics = [metrics] if isinstance(metrics, str) else list(metrics)
        self.taps = taps
        self.batch_size = batch_size
        self._measurement: Measurement | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._measurement = Measurement(self.model, self.metrics, self.taps)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._measurement = None

    def measure(self) -> SelectivityReport:
        """A report of the model as it is now."""
        if self._measurement is None:
            self._measurement = Measurement(self.model, self.metrics, self.taps)
        return self._measurement.run(self.data, self.batch_size, verbose=0)

    def __deepcopy__(self, memo: dict[int, Any]) -> "DataCallback":
        memo[id(self.data)] = self.data
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        for name, value in vars(self).items():
            setattr(twin, name, copy.deepcopy(self._for_copy(name, value), memo))
        return twin

    def _for_copy(self, name: str, value: Any) -> Any:
        """What a copy gets: nothing that belongs to a training under way."""
        return None if name in ("_model", "_measurement") else value
