"""Which class every unit prefers, epoch by epoch."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks.data_callback import MeasuringCallback
from keras_selectivity.distribution import is_chief
from keras_selectivity.storage.archive import (
    Archived,
    check_ending,
    check_path,
    checked_array,
)
from keras_selectivity.storage.files import remove_unfinished, unusable


class PreferredClasses(Archived):
    """The class that every unit prefers, epoch by epoch; what the tracker keeps.

    Args:
        epochs: The epochs, rising.
        history: For each tap `(epochs, units)` class indices.
        training: What tells the training from others.

    Attributes:
        epochs: `(epochs,)` int64.
        history: For each tap `(epochs, units)` int64.
        training: The name of the training, or "".

    Raises:
        ValueError: If the arrays have other shapes, or are not of such integers.

    Example:
        >>> found = PreferredClasses([0, 1, 2], {"hidden": [[3, 3], [5, 3], [3, 3]]})
        >>> found.changes["hidden"].tolist(), found.changed
        ([2, 0], {'hidden': 0.5})

    Reference:
        LM21 appendix A.16, figures A28 and A29.
    """

    file_format: ClassVar[str] = "keras_selectivity preferred classes"
    remedy: ClassVar[str] = "Remove it, and track the training from its beginning"

    def __init__(
        self, epochs: Any, history: Mapping[str, Any], training: str = ""
    ) -> None:
        self.training = training
        self.epochs = checked_array("epochs", epochs, (None,), dtype=np.int64, least=0)
        if np.any(np.diff(self.epochs) <= 0):
            raise ValueError(f"`epochs` must rise. Received: {self.epochs.tolist()}.")
        shape = (len(self.epochs), None)
        self.history = {
            name: checked_array(
                f"history[{name!r}]", classes, shape, dtype=np.int64, least=0
            )
            for name, classes in history.items()
        }

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

    def before(self, epoch: int) -> "PreferredClasses":
        """What is known of the epochs before one.

        Args:
            epoch: From 0.

        Returns:
            The same of fewer epochs.
        """
        keep = self.epochs < epoch
        history = {name: classes[keep] for name, classes in self.history.items()}
        kept = history if keep.any() else {}
        return PreferredClasses(self.epochs[keep], kept, self.training)

    def followed_by(
        self, epoch: int, preferred: Mapping[str, np.ndarray]
    ) -> "PreferredClasses":
        """The same of one epoch more.

        Args:
            epoch: Later than all of them.
            preferred: For each tap `(units,)`.

        Returns:
            Another history.

        Raises:
            ValueError: If these are other taps, or other numbers of units.
        """
        known = {name: classes.shape[1] for name, classes in self.history.items()}
        units = {name: len(classes) for name, classes in preferred.items()}
        if known and known != units:
            raise ValueError(f"it is of units {known}, and not of {units}")
        return PreferredClasses(
            [*self.epochs, epoch],
            {
                name: np.vstack([*self.history.get(name, ()), classes])
                for name, classes in preferred.items()
            },
            self.training,
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The history as a plain dictionary of arrays.

        Returns:
            `"epochs"`, and `"history/<tap>"` for each tap.
        """
        history = {f"history/{name}": h for name, h in self.history.items()}
        return {"epochs": self.epochs, **history}

    def _header(self) -> dict[str, Any]:
        return {"taps": list(self.history), "training": self.training}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        history = {name: arrays[f"history/{name}"] for name in header["taps"]}
        return cls(arrays["epochs"], history, header["training"])


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
            whole or not at all; `PreferredClasses.load` reads it. Where it exists
            when training begins with `initial_epoch` above 0, the history goes on
            from there. None: the history is kept in memory only.
        taps: Outputs to follow. None: those of the model.
        batch_size: For arrays.
        training: What tells this training from others, such as its settings as
            text. The file of another is refused.
        steps: As for `SelectivityMonitor`.

    Raises:
        ValueError: If the data are empty, or `path` does not end in `.npz`; when
            training begins, if the file is damaged or of another training, or its
            folder does not exist.

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
        training: str = "",
        steps: int | None = None,
    ) -> None:
        super().__init__(data, ("si",), taps, batch_size, steps)
        self.path = None if path is None else check_ending(path)
        self.training = str(training)
        self._found = PreferredClasses([], {}, self.training)
        self._fresh = True

    @property
    def epochs(self) -> list[int]:
        """The epochs in the history."""
        return self._found.epochs.tolist()

    @property
    def history(self) -> dict[str, np.ndarray]:
        """For each tap an array `(epochs, units)` of class indices."""
        return self._found.history

    @property
    def changes(self) -> dict[str, np.ndarray]:
        """For each tap `(units,)` int: how often the preferred class changed."""
        return self._found.changes

    @property
    def changed(self) -> dict[str, float]:
        """For each tap the proportion of units that changed at least once."""
        return self._found.changed

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._fresh = True
        if self.path is not None and is_chief(self.model.distribute_strategy):
            remove_unfinished(*os.path.split(check_path(self.path)))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_begin(epoch, logs)
        if not self._fresh:
            return
        self._fresh = False
        if self.path is not None and epoch > 0 and os.path.exists(self.path):
            self._found = self._loaded(self.path)
        # What is known of the epochs before this one, and no more.
        self._found = self._found.before(epoch)

    def _loaded(self, path: str | os.PathLike[str]) -> PreferredClasses:
        found = PreferredClasses.load(path)
        if found.training != self.training:
            problem = f"is of the training {found.training!r}, not {self.training!r}"
            raise unusable(path, problem, PreferredClasses.remedy)
        return found

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        preferred = self.measure(epoch).preferred_class
        try:
            self._found = self._found.followed_by(epoch, preferred)
        except ValueError as error:
            where = self.path or "The tracker's history"
            problem = f"is of another network: {error}"
            raise unusable(where, problem, PreferredClasses.remedy) from error
        if logs is not None:
            changes = [float(np.mean(n)) for n in self.changes.values()]
            logs["preferred_class_changed"] = float(np.mean([*self.changed.values()]))
            logs["preferred_class_changes"] = float(np.mean(changes))
        if self.path is not None and is_chief(self.model.distribute_strategy):
            self._found.save(self.path)
