"""The history of a training, and the weights that are kept of it."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_selectivity.storage.files import unusable
from keras_selectivity.storage.weights import check_weights, save_weights
from recipes.runner.files import HISTORY, REMEDY, WEIGHTS, kept, read_json, write_json
from recipes.runner.settings import Settings


class Chronicle(keras.callbacks.Callback):
    """Keeps the history in a file, and weights.

    All as they would be had the training not been interrupted: nothing of an
    epoch that will be trained again is kept, and nothing is removed before the
    backup that no longer needs it.

    Args:
        folder: Of the run.
        settings: Of the training: `select` and `kept_epochs`.
        epoch: That with which this process begins.

    Attributes:
        history: For each logged number a list of its values, epoch by epoch.

    Raises:
        FileNotFoundError: If training has begun, and its history is not there.
        ValueError: If it is damaged.
    """

    def __init__(self, folder: Path, settings: Settings, epoch: int) -> None:
        super().__init__()
        self.folder = folder
        self.settings = settings
        self.history: dict[str, list[float]] = {}
        if epoch:
            before = read_json(folder / HISTORY)
            self.history = {key: values[:epoch] for key, values in before.items()}
            if any(len(values) < epoch for values in self.history.values()):
                raise unusable(folder / HISTORY, "does not have all epochs", REMEDY)

    @property
    def selected(self) -> int:
        """The epoch, from 0, whose weights are the run's: the best one, or the last."""
        accuracy = self.history["val_accuracy"]
        if self.settings.select == "last":
            return len(accuracy) - 1
        # Of equals the last: small validation sets have many.
        return len(accuracy) - 1 - int(np.argmax(accuracy[::-1]))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._remove_others()
        if epoch == 0:
            self._keep(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for key, value in (logs or {}).items():
            # The monitor's name for what `EpochMonitor` calls by its own.
            if not key.startswith("val_si"):
                self.history.setdefault(key, []).append(float(value))
        write_json(self.folder / HISTORY, self.history)
        self._keep(epoch + 1)
        if self.selected == epoch:
            self._save(self._path(epoch), epoch + 1)

    def settle(self) -> None:
        """Give the weights of the selected epoch their final name."""
        if self._path(self.selected).exists():
            self._path(self.selected).replace(self.folder / WEIGHTS)
        self._remove_others()

    def check(self) -> None:
        """Raise for weights that are lost or damaged."""
        epochs = len(self.history["val_accuracy"])
        files = {kept(n): n for n in self.settings.kept_epochs if n <= epochs}
        there = self._path(self.selected).exists()
        files[self._path(self.selected).name if there else WEIGHTS] = self.selected + 1
        for name, number in files.items():
            path = self.folder / name
            check_weights(path, REMEDY, run=self.settings.name, epochs=number)

    def _keep(self, epochs: int) -> None:
        if epochs in self.settings.kept_epochs:
            self._save(self.folder / kept(epochs), epochs)

    def _save(self, path: Path, epochs: int) -> None:
        path.parent.mkdir(exist_ok=True)
        model = self.model.base_model
        save_weights(model, path, run=self.settings.name, epochs=epochs)

    def _remove_others(self) -> None:
        for path in self.folder.glob("epoch-*.weights.h5"):
            if not self.history or path != self._path(self.selected):
                path.unlink()

    def _path(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:04d}.weights.h5"
