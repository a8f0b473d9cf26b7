"""What is noted of the test set while a network is trained."""

from pathlib import Path
from typing import Any

import keras

import keras_selectivity as ks
from keras_selectivity.callbacks.data_callback import MeasuringCallback
from recipes.runner.files import FIRST_EPOCH, PREFERRED, write_json
from recipes.runner.settings import Settings

#: Of all hidden rectifiers, whichever are regularized.
MEASURED = "relu"


def watchers(
    settings: Settings, test: Any, folder: Path, epoch: int
) -> list[keras.callbacks.Callback]:
    """What is noted of the test set after every epoch, and within the first."""
    if not settings.measure_every_epoch:
        return []
    begins = [] if epoch else [FirstEpochMonitor(test, folder, settings)]
    return [
        *(begins if settings.first_epoch_points else []),
        EpochMonitor(test, taps=MEASURED),
        keras.callbacks.TensorBoard(folder / "logs", write_graph=False),
        ks.callbacks.SelectivityMonitor(test, log_dir=folder / "logs", taps=MEASURED),
        ks.callbacks.PreferredClassTracker(
            test, folder / PREFERRED, taps=MEASURED, training=settings.name
        ),
    ]


class EpochMonitor(MeasuringCallback):
    """Puts what `noted` finds on the test set into the logs."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = noted(self.measure(epoch))
        if logs is not None:
            logs.update(found)


class FirstEpochMonitor(MeasuringCallback):
    """Notes the test set before the training, and within its first epoch.

    Writes a list for each number that `EpochMonitor` logs, and `step`: how many
    steps the network had been trained for.

    Args:
        test: The test set.
        folder: Of the run.
        settings: Of the training: `first_epoch_points`.
    """

    def __init__(self, test: Any, folder: Path, settings: Settings) -> None:
        super().__init__(test, taps=MEASURED)
        self.folder = folder
        self.points = settings.first_epoch_points
        self.found: dict[str, list[float]] = {}
        self._steps: set[int] = set()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        steps = self.params["steps"]
        # The end of the epoch is the epoch's own.
        self._steps = {
            round(steps * (point + 1) / (self.points + 1))
            for point in range(self.points)
        } - {0, steps}
        self._note(0)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if batch + 1 in self._steps:
            self._steps.remove(batch + 1)
            self._note(batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._steps = set()

    def _note(self, step: int) -> None:
        # Epochs count from 0: no epoch's report is taken for this one.
        for key, value in {"step": step, **noted(self.measure(-1 - step))}.items():
            self.found.setdefault(key, []).append(float(value))
        write_json(self.folder / FIRST_EPOCH, self.found)


def noted(report: ks.SelectivityReport) -> dict[str, float]:
    """What is noted of the test set after an epoch.

    The class representation is the mean of the five largest numbers of samples for
    which a class is predicted (R22 figure 16).
    """
    found = {
        "test_accuracy": report.accuracy,
        "test_si": report.mean(),
        "test_class_representation": report.class_representation(),
    }
    for layer, mean in report.layer_means().items():
        found[f"test_si/{layer}"] = mean
    return found
