"""Which class every unit prefers, epoch by epoch."""

import os
from typing import Any

import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks.data_callback import MeasuringCallback


class PreferredClassTracker(MeasuringCallback):
    """Follows every unit's preferred class through training.

    The preferred class is that with the highest mean activation over `data`, at
    the end of each epoch; the first of them on a tie, so class 0 for a unit
    that never responds. Puts into `logs`: `preferred_class_changed`, the
    proportion of units that have changed preferred class at least once, and
    `preferred_class_changes`, the mean number of changes of a unit; both mean
    over units, then layers.

    Args:
        data: `(x, y)` arrays or a data set, as `measure` takes them.
        path: An `.npz` file that holds the history after every epoch, written
            whole or not at all. Where it exists when training begins with
            `initial_epoch` above 0, the history goes on from there. None: the
            history is kept in memory only.
        taps: Outputs to follow. None: those of the model.
        batch_size: For arrays.

    Attributes:
        epochs: List of the epochs in the history.
        history: For each tap an array `(epochs, units)` of class indices.

    Raises:
        ValueError: If the data are empty, or `path` does not end in `.npz`.

    Example:
        >>> import keras, numpy as np
        >>> from keras_selectivity import SelectivityModel
        >>> model = SelectivityModel(keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax")]))
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> tracker = PreferredClassTracker((x, y))
        >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker])
        >>> tracker.history["hidden"].shape, tracker.changes["hidden"].shape
        ((2, 3), (3,))

    Reference:
        LM21 appendix A.16, figures A28 and A29.
    """

    def __init__(
        self,
        data: Any,
        path: str | os.PathLike[str] | None = None,
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
    ) -> None:
        super().__init__(data, ("si",), taps, batch_size)
        if path is not None and not os.fspath(path).endswith(".npz"):
            raise ValueError(f"`path` must end in .npz. Received: path={path!r}.")
        self.path = path
        self.epochs: list[int] = []
        self.history: dict[str, np.ndarray] = {}
        self._fresh = True

    @property
    def changes(self) -> dict[str, np.ndarray]:
        """For each tap `(units,)` int: how often the preferred class changed."""
        return {
            name: (np.diff(history, axis=0) != 0).sum(axis=0)
            for name, history in self.history.items()
        }

    @property
    def changed(self) -> dict[str, float]:
        """For each tap the proportion of units that changed at least once."""
        return {name: float(np.mean(n > 0)) for name, n in self.changes.items()}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._fresh = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._fresh:
            self._begin_at(epoch)
        for name, preferred in self.measure(epoch).preferred_class.items():
            history = [self.history[name]] if name in self.history else []
            self.history[name] = np.concatenate([*history, preferred[None]])
        self.epochs.append(epoch)
        if logs is not None:
            changes = [float(np.mean(n)) for n in self.changes.values()]
            logs["preferred_class_changed"] = float(np.mean([*self.changed.values()]))
            logs["preferred_class_changes"] = float(np.mean(changes))
        if self.path is not None:
            self._save(os.fspath(self.path))

    def _begin_at(self, epoch: int) -> None:
        """Keep what is known of the epochs before this one, and no more."""
        self._fresh = False
        if self.path is not None and epoch > 0 and os.path.exists(self.path):
            with np.load(self.path, allow_pickle=False) as file:
                self.epochs = file["epochs"].tolist()
                self.history = {
                    key.removeprefix("history/"): file[key]
                    for key in file.files
                    if key.startswith("history/")
                }
        keep = [known < epoch for known in self.epochs]
        self.epochs = [known for known in self.epochs if known < epoch]
        self.history = {
            name: history[keep] for name, history in self.history.items() if any(keep)
        }

    def _save(self, path: str) -> None:
        arrays: dict[str, Any] = {"epochs": np.asarray(self.epochs, np.int64)}
        arrays.update({f"history/{name}": h for name, h in self.history.items()})
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
        os.replace(temporary, path)
