"""A backup after every epoch, from which a training that was killed goes on."""

import os
import pathlib
import re
import tempfile
from typing import Any

import keras
import numpy as np

from keras_selectivity.distribution import from_chief, is_chief, worker_count

_FILE = re.compile(r"epoch-(\d+)\.weights\.h5")


class TrainingBackup(keras.callbacks.Callback):
    """Backs up the training after every epoch, and goes on from the backup.

    What `keras.callbacks.BackupAndRestore` is for, but a backup appears whole or
    not at all, with its epoch: that of Keras writes over the weights, then over
    the epoch, and a process killed in between trains an epoch twice or finds a
    damaged file. It holds the weights, the optimizer's state, the random states
    of dropout and the like, and alpha. List it after every other callback: then
    nothing that they write for an epoch is missing when the epoch is not trained
    again.

    On several machines the chief writes, and sends the others what it finds when
    training begins. They need no disk in common.

    Args:
        backup_dir: Folder of this training's backup. A training that finds the
            backup of a finished one does nothing.
        delete_checkpoint: Whether to remove the backup when the training ends.
            A process that is killed after that, before its results are safe,
            begins from nothing.

    Raises:
        ValueError: When training begins, if the backup can not be read, or is
            of another model.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> backup = TrainingBackup(tempfile.mkdtemp())
        >>> data = np.ones((4, 2)), np.ones(4)
        >>> _ = model.fit(*data, epochs=3, verbose=0, callbacks=[backup])
        >>> backup.epoch
        3
    """

    def __init__(
        self, backup_dir: str | os.PathLike[str], delete_checkpoint: bool = False
    ) -> None:
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        self.delete_checkpoint = delete_checkpoint

    @property
    def epoch(self) -> int:
        """The epoch from which training will go on, 0 without a backup."""
        return max(self._backups(), default=0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        strategy = self.model.distribute_strategy
        epoch = int(from_chief(strategy, np.asarray(self.epoch, np.int64)))
        if not epoch:
            return
        if not self.model.optimizer.built:
            # Its variables must be there to be filled.
            self.model.optimizer.build(self.model.trainable_variables)
        if worker_count(strategy) == 1:
            self._load(self._path(epoch))
        else:
            self._load_content(_chief_file(strategy, self._path(epoch)))
        # `fit` begins at this epoch: Keras's own `BackupAndRestore` says so too.
        self.model._initial_epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not is_chief(self.model.distribute_strategy):
            return
        os.makedirs(self.backup_dir, exist_ok=True)
        done = epoch + 1
        unfinished = os.path.join(self.backup_dir, "unfinished.weights.h5")
        self.model.save_weights(unfinished, overwrite=True)
        os.replace(unfinished, self._path(done))
        self._remove(other_than=done)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        # Or the next `fit` of this model would begin here.
        self.model._initial_epoch = None
        if self.delete_checkpoint and is_chief(self.model.distribute_strategy):
            self._remove()

    def _load(self, path: str) -> None:
        try:
            self.model.load_weights(path)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(
                f"The backup {path} can not be read, or is not of this model: "
                f"{error}. Remove it to begin anew, or give this training a "
                "`backup_dir` of its own."
            ) from error

    def _load_content(self, content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "from_chief.weights.h5")
            pathlib.Path(path).write_bytes(content)
            self._load(path)

    def _path(self, epoch: int) -> str:
        return os.path.join(self.backup_dir, f"epoch-{epoch:06d}.weights.h5")

    def _backups(self) -> list[int]:
        if not os.path.isdir(self.backup_dir):
            return []
        found = (_FILE.fullmatch(name) for name in os.listdir(self.backup_dir))
        return [int(match[1]) for match in found if match]

    def _remove(self, other_than: int | None = None) -> None:
        for epoch in self._backups():
            if epoch != other_than:
                os.remove(self._path(epoch))


def _chief_file(strategy: Any, path: str) -> bytes:
    """Content of the chief's file, on every worker."""
    content = pathlib.Path(path).read_bytes() if is_chief(strategy) else b""
    size = int(from_chief(strategy, np.asarray(len(content), np.int64)))
    # Collectives add no bytes up, but integers of 32 bits.
    padded = content.ljust(-(-size // 4) * 4, b"\0")
    whole = from_chief(strategy, np.frombuffer(padded, np.int32))
    return whole.tobytes()[:size]
