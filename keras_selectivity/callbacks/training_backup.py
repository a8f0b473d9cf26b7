"""A backup after every epoch, from which a training that was killed goes on."""

import os
import pathlib
import re
import tempfile
import warnings
from typing import Any

import keras
import numpy as np

from keras_selectivity._keras import begin_fit_at
from keras_selectivity.checks import checked_flag, checked_path
from keras_selectivity.distribution import from_chief, is_chief, worker_count
from keras_selectivity.storage.files import UnusableFileError, remove_unfinished
from keras_selectivity.storage.weights import check_weights, load_weights, save_weights

_FILE = re.compile(r"epoch-(\d+)\.weights\.h5")
_REMEDY = "Remove it to begin anew, or give this training a `backup_dir` of its own"


class TrainingBackup(keras.callbacks.Callback):
    """Backs up the training after every epoch, and goes on from the backup.

    What `keras.callbacks.BackupAndRestore` is for, but a backup appears whole or
    not at all, with its epoch: that of Keras writes over the weights, then over
    the epoch, and a process killed in between trains an epoch twice or finds a
    damaged file. It holds the weights, the optimizer's state, the random states
    of dropout and the like, and alpha. List it after every other callback: then
    nothing that they write for an epoch is missing when the epoch is not trained
    again.

    A backup has a checksum, which is verified before training goes on from it. The
    one before it is removed when it is known to be whole; if the newest is damaged
    and the one before it is there still, training goes on from that, with a warning.

    On several machines the chief writes, and sends the others what it finds when
    training begins. They need no disk in common.

    Args:
        backup_dir: Folder of this training's backup. A training that finds the
            backup of a finished one does nothing.
        delete_checkpoint: Whether to remove the backup when the training ends.
            A process that is killed after that, before its results are safe,
            begins from nothing.
        training: What tells this training from others, such as its settings as
            text. The backup of another is refused.

    Raises:
        ValueError: When training begins, if the backup is damaged, or is of another
            training or model.

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
        self,
        backup_dir: str | os.PathLike[str],
        delete_checkpoint: bool = False,
        training: str = "",
    ) -> None:
        super().__init__()
        self.backup_dir = checked_path("backup_dir", backup_dir)
        self.delete_checkpoint = checked_flag("delete_checkpoint", delete_checkpoint)
        self.training = str(training)

    @property
    def epoch(self) -> int:
        """The epoch from which training will go on, 0 without a backup.

        Raises:
            ValueError: If there is a backup, and it is damaged.
        """
        return self._newest()[0]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        strategy = self.model.distribute_strategy
        epoch, path = self._chosen_by_chief(strategy)
        if not epoch:
            return
        if not self.model.optimizer.built:
            # Its variables must be there to be filled.
            self.model.optimizer.build(self.model.trainable_variables)
        if worker_count(strategy) == 1:
            load_weights(self.model, path, _REMEDY, **self._facts(epoch))
        else:
            self._load_content(_chief_file(strategy, path), epoch)
        begin_fit_at(self.model, epoch)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # It has been read. The next `fit` of this model would begin there too, if
        # this one fails.
        begin_fit_at(self.model, None)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not is_chief(self.model.distribute_strategy):
            return
        os.makedirs(self.backup_dir, exist_ok=True)
        done = epoch + 1
        path = os.path.join(self.backup_dir, f"epoch-{done:06d}.weights.h5")
        save_weights(self.model, path, **self._facts(done))
        check_weights(path, _REMEDY, **self._facts(done))
        self._remove(other_than=path)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        begin_fit_at(self.model, None)
        if self.delete_checkpoint and is_chief(self.model.distribute_strategy):
            self._remove()

    def _chosen_by_chief(self, strategy: Any) -> tuple[int, str]:
        """The epoch and, on the chief, the backup from which all workers go on."""
        if not is_chief(strategy):
            epoch = int(from_chief(strategy, np.asarray(0, np.int64)))
            if epoch < 0:
                raise UnusableFileError(f"The chief's backup is damaged. {_REMEDY}.")
            return epoch, ""
        remove_unfinished(self.backup_dir)
        try:
            epoch, path = self._newest()
        except UnusableFileError:
            # The others wait for a number.
            from_chief(strategy, np.asarray(-1, np.int64))
            raise
        from_chief(strategy, np.asarray(epoch, np.int64))
        return epoch, path

    def _newest(self) -> tuple[int, str]:
        """Epoch and file of the newest backup that is whole; 0 without any."""
        damaged: list[UnusableFileError] = []
        for epoch, path in sorted(self._backups(), reverse=True):
            try:
                check_weights(path, _REMEDY, **self._facts(epoch))
            except UnusableFileError as error:
                damaged.append(error)
                continue
            if damaged:
                warnings.warn(
                    f"{damaged[0]} Training goes on from the backup before it, of "
                    f"epoch {epoch}.",
                    stacklevel=2,
                )
            return epoch, path
        if damaged:
            raise damaged[0]
        return 0, ""

    def _load_content(self, content: bytes, epoch: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "from_chief.weights.h5")
            pathlib.Path(path).write_bytes(content)
            load_weights(self.model, path, _REMEDY, **self._facts(epoch))

    def _facts(self, epoch: int) -> dict[str, int | str]:
        return {"epoch": epoch, "training": self.training}

    def _backups(self) -> list[tuple[int, str]]:
        """Epochs and files."""
        if not os.path.isdir(self.backup_dir):
            return []
        found = [_FILE.fullmatch(name) for name in os.listdir(self.backup_dir)]
        return [
            (int(match[1]), os.path.join(self.backup_dir, match[0]))
            for match in found
            if match
        ]

    def _remove(self, other_than: str | None = None) -> None:
        for _, path in self._backups():
            if path != other_than:
                os.remove(path)


def _chief_file(strategy: Any, path: str) -> bytes:
    """Content of the chief's file, on every worker."""
    content = pathlib.Path(path).read_bytes() if is_chief(strategy) else b""
    size = int(from_chief(strategy, np.asarray(len(content), np.int64)))
    # Collectives add no bytes up, but integers of 32 bits.
    padded = content.ljust(-(-size // 4) * 4, b"\0")
    whole = from_chief(strategy, np.frombuffer(padded, np.int32))
    return whole.tobytes()[:size]
