"""A run: a folder that says all of itself."""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_selectivity as ks
from keras_selectivity.storage.files import UnusableFileError, remove_unfinished
from keras_selectivity.storage.weights import load_weights
from recipes.runner.files import (
    BACKUP,
    FIRST_EPOCH,
    HISTORY,
    PREFERRED,
    REMEDY,
    REPORT,
    RESULT,
    SETTINGS,
    WEIGHTS,
    checksum,
    kept,
    read_json,
    write_json,
)
from recipes.runner.settings import Settings
from recipes.runner.training import EVALUATION_BATCH, build, check, load, train


class Run:
    """A training with its settings, and what it left in its folder.

    The folder holds `settings.json` (all settings and the versions of the
    packages), `history.json` (every logged number of every epoch),
    `selected.weights.h5` (of the best or the last epoch), `kept/` (of others),
    `report.npz` (every unit of that network over the test set),
    `preferred_classes.npz` (through training), `logs/` for TensorBoard, and at last
    `result.json`, with the checksums of the others.

    Args:
        settings: Of the training.
        output: Folder of all runs.

    Example:
        >>> settings = Settings(data="digits", model="mlp", epochs=1, batch_size=8,
        ...                     learning_rate=0.1, alpha=-1)
        >>> Run(settings, Path("runs")).state
        'missing'
    """

    def __init__(self, settings: Settings, output: Path) -> None:
        self.settings = settings.effective
        self.output = output
        self.folder = output / self.settings.name

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.settings.name

    @property
    def path(self) -> Path:
        """The file that is written last."""
        return self.folder / RESULT

    @property
    def state(self) -> str:
        """`"finished"`, `"missing"`, `"unfinished"`, or `"damaged"`.

        Damaged: what it left, at its end or for the next process, is not what is
        there now.
        """
        if not self.folder.exists():
            return "missing"
        try:
            if not self.path.exists():
                check(self.settings, self.folder)
                return "unfinished"
            return "finished" if self._whole else "damaged"
        except (FileNotFoundError, UnusableFileError):
            return "damaged"

    @property
    def finished(self) -> bool:
        """Whether it has ended, and all that it left is whole."""
        return self.path.exists() and self.state == "finished"

    @property
    def _whole(self) -> bool:
        """Whether the files are those that the result names."""
        result = read_json(self.path)
        return result["settings"] == self.settings.to_json() and all(
            checksum(self.folder / name) == digest
            for name, digest in result["files"].items()
        )

    def do(self, say: Callable[[str], None]) -> None:
        """Train from where an earlier process was stopped, or from the beginning."""
        if self.state == "damaged":
            say("damaged, is done again")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder, *_ in os.walk(self.folder):
            remove_unfinished(folder)
        found = train(self.settings, self.folder, say)
        # What was damaged since it was written is not to be the result.
        check(self.settings, self.folder)
        names = [SETTINGS, WEIGHTS, REPORT, HISTORY]
        names += [kept(epochs) for epochs in self.settings.kept_epochs]
        names += [n for n in (PREFERRED, FIRST_EPOCH) if (self.folder / n).exists()]
        files = {name: checksum(self.folder / name) for name in names}
        write_json(
            self.path,
            {**found, "settings": self.settings.to_json(), "files": files},
        )
        # Not before: a process that is killed in between goes on from it.
        self.tidy()

    def tidy(self) -> None:
        """Remove the backup of a run that has ended.

        It is there still if a process was killed after it wrote the result.
        """
        if self.path.exists():
            shutil.rmtree(self.folder / BACKUP, ignore_errors=True)

    @property
    def line(self) -> str:
        """What a finished run found, in a few words."""
        found = self.result
        return f"accuracy {found['accuracy']:.1%}, SI {found['si']:.3f}"

    @functools.cached_property
    def result(self) -> dict[str, Any]:
        """The numbers of the run; see `training.train`."""
        return read_json(self.path)

    @functools.cached_property
    def history(self) -> dict[str, list[float]]:
        """Each logged number, epoch by epoch."""
        return read_json(self.folder / HISTORY)

    @functools.cached_property
    def report(self) -> ks.SelectivityReport:
        """Every unit over the test set, at the selected epoch."""
        return ks.SelectivityReport.load(self.folder / REPORT)

    @property
    def accuracy(self) -> float:
        """On the test set, at the selected epoch, in [0, 1]."""
        return self.report.accuracy

    @functools.cached_property
    def preferred_classes(self) -> ks.callbacks.PreferredClasses:
        """The class that every unit prefers, epoch by epoch."""
        return ks.callbacks.PreferredClasses.load(self.folder / PREFERRED)

    @functools.cached_property
    def first_epoch(self) -> dict[str, list[float]]:
        """As `history`, before the training and within its first epoch, by `step`."""
        return read_json(self.folder / FIRST_EPOCH)

    def batches(self, part: str, batch_size: int = EVALUATION_BATCH) -> Any:
        """Images of a part of the run's data, once, in order."""
        return load(self.settings).batches(part, batch_size)

    def model(self, epochs: int | None = None) -> Any:
        """The network with its weights after some epochs; None: those of the run.

        Raises:
            ValueError: If the weights of that epoch were not kept, or are damaged.
        """
        model = build(self.settings)
        self.load_weights(model, epochs)
        return model

    def load_weights(self, model: Any, epochs: int | None = None) -> None:
        """Give a network the weights of the run, as for `model`."""
        if epochs is not None and epochs not in self.settings.kept_epochs:
            raise ValueError(
                f"`epochs` must be one of {self.settings.kept_epochs}, after which the "
                f"run {self.name!r} kept its weights. Received: epochs={epochs!r}."
            )
        name = WEIGHTS if epochs is None else kept(epochs)
        of = self.result["selected_epoch"] + 1 if epochs is None else epochs
        path = self.folder / name
        load_weights(model, path, REMEDY, run=self.name, epochs=of)
