"""One training, from its settings to what it leaves in its folder."""

import importlib.metadata
import logging
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.callbacks.data_callback import MeasuringCallback
from keras_selectivity.storage.files import unusable
from keras_selectivity.storage.weights import check_weights, load_weights, save_weights
from recipes import data, models
from recipes.runner import regularizers
from recipes.runner.files import read_json, write_json
from recipes.runner.optimizers import TorchSGD
from recipes.runner.settings import Settings

#: Files of a run, in its folder.
RESULT = "result.json"
SETTINGS = "settings.json"
WEIGHTS = "selected.weights.h5"
REPORT = "report.npz"
HISTORY = "history.json"
PREFERRED = "preferred_classes.npz"
FIRST_EPOCH = "first_epoch.json"
KEPT = "kept"
BACKUP = "backup"
#: What to do about a file of a run that is damaged.
REMEDY = "Run the command again: it does the run again"
#: What is measured of every unit at the end. LM21's precision is that of as many
#: samples as a class has.
METRICS = (
    "si",
    "dprime",
    ks.metrics.Precision("class"),
    "mutual_information",
    "dead",
    "active_fraction",
)
#: Of all hidden rectifiers, whichever are regularized.
MEASURED = "relu"
#: Data are measured in batches of this size, whatever the training's.
EVALUATION_BATCH = 500


def train(settings: Settings, folder: Path, say: Callable[[str], None]) -> dict:
    """Train a network, keep its best or last epoch, measure it.

    Goes on from the last whole epoch of a process that was stopped. The best epoch
    is that with the highest validation accuracy, the last of them on a tie. Several
    GPUs that the process sees share every batch.

    Returns:
        `accuracy` and `selectivity` (mean SI) on the test set, `selected_epoch`
        from 0, `seconds` since this process began with it.

    Reference:
        LM21 appendix A.1.
    """
    start = time.perf_counter()
    write_json(folder / SETTINGS, {**settings.to_json(), **versions()})
    prepare(settings)
    found = load(settings)
    model = compiled(settings)
    backup = backup_of(settings, folder)
    epoch = backup.epoch
    chronicle = Chronicle(folder, settings, epoch)
    test = found.batches("test", EVALUATION_BATCH)
    model.fit(
        found.training_batches(
            settings.batch_size,
            augmentation=settings.augmentation,
            seed=settings.seed,
            first_epoch=epoch,
        ),
        shuffle=False,
        steps_per_epoch=found.train.steps_per_epoch(settings.batch_size),
        epochs=settings.epochs,
        validation_data=found.batches("validation", EVALUATION_BATCH),
        callbacks=[
            *schedules(settings),
            *watchers(settings, test, folder, epoch),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: say(
                    f"epoch {epoch + 1} of {settings.epochs}"
                )
            ),
            chronicle,
            # After the others: what they wrote of an epoch is then whole.
            backup,
        ],
        verbose=0,
    )
    say("measuring")
    chronicle.settle()
    load_weights(
        model.base_model,
        folder / WEIGHTS,
        REMEDY,
        run=settings.name,
        epochs=chronicle.selected + 1,
    )
    report = ks.measure(model.base_model, test, metrics=METRICS, verbose=0)
    report.save(folder / REPORT)
    return {
        "accuracy": report.accuracy,
        "si": report.mean("si"),
        "selected_epoch": chronicle.selected,
        "seconds": time.perf_counter() - start,
    }


def check(settings: Settings, folder: Path) -> None:
    """Raise for what a training has left if it cannot go on from it."""
    epoch = backup_of(settings, folder).epoch
    if not epoch:
        return  # It begins anew, and writes all of them again.
    read_json(folder / SETTINGS)
    Chronicle(folder, settings, epoch).check()
    if settings.measure_every_epoch:
        tracked = ks.callbacks.PreferredClasses.load(folder / PREFERRED).before(epoch)
        if (tracked.training, len(tracked.epochs)) != (settings.name, epoch):
            raise unusable(folder / PREFERRED, "is of another training", REMEDY)
        if settings.first_epoch_points:
            read_json(folder / FIRST_EPOCH)


def backup_of(settings: Settings, folder: Path) -> ks.callbacks.TrainingBackup:
    """Keeps the training, and knows how far it got."""
    return ks.callbacks.TrainingBackup(folder / BACKUP, training=settings.name)


def prepare(settings: Settings) -> None:
    """Set up the process as the settings say: precision, determinism, seed."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy(settings.policy)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(settings.seed)


def quieten() -> None:
    """Keep TensorFlow from warning of many networks in a process.

    It takes their functions for one that is traced again and again.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def load(settings: Settings) -> data.Data:
    """The data of a training."""
    return data.load(
        settings.data,
        settings.seed,
        data_dir=os.environ.get("TFDS_DATA_DIR"),
        corruption=settings.corruption,
    )


def build(settings: Settings) -> keras.Model:
    """The network, with fresh weights."""
    # Not the policy of another run, which this process may have trained before.
    keras.config.set_dtype_policy(settings.policy)
    shape, classes = data.SHAPES[settings.data]
    return models.get(settings.model)(shape, classes, **settings.model_options)


def compiled(settings: Settings) -> ks.SelectivityModel:
    """The network as it is trained: on all GPUs, if there are several."""
    strategy = tf.distribute.get_strategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = ks.SelectivityModel(
            build(settings),
            alpha=settings.alpha,
            regularizer=regularizers.get(settings.regularizer),
            taps=selection(settings.taps),
            groups=settings.groups or None,
        )
        model.compile(
            TorchSGD(
                settings.learning_rate,
                momentum=settings.momentum,
                weight_decay=settings.weight_decay,
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    return model


def selection(taps: str) -> Any:
    """The regularized outputs as the library has them.

    Example:
        >>> selection("last:3")
        Last(count=3, of='relu')
    """
    end, _, count = taps.partition(":")
    ends = {"first": ks.taps.first, "last": ks.taps.last}
    return ends[end](int(count)) if end in ends else taps


def schedules(settings: Settings) -> list[keras.callbacks.Callback]:
    """What changes from epoch to epoch: the learning rate and alpha.

    It depends on the epoch and step alone, so that a training can go on anywhere.
    """

    def rate(epoch: int, _: float) -> float:
        passed = sum(epoch >= other for other in settings.anneal_epochs)
        return settings.learning_rate * 0.1**passed

    found = [keras.callbacks.LearningRateScheduler(rate)]
    if settings.warmup_epochs:
        found.append(ks.callbacks.AlphaWarmup(settings.warmup_epochs))
    if settings.window:
        found.append(ks.callbacks.AlphaWindow(*settings.window))
    return found


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


def kept(epochs: int) -> str:
    """The file, in a run's folder, of the weights after a number of epochs, from 0.

    Example:
        >>> kept(3)
        'kept/0003.weights.h5'
    """
    return f"{KEPT}/{epochs:04d}.weights.h5"


def versions() -> dict[str, Any]:
    """What else decides the numbers: versions and the device."""
    packages = ("tensorflow", "keras", "numpy", "keras-selectivity")
    devices = tf.config.list_physical_devices("GPU")
    names = [
        tf.config.experimental.get_device_details(device).get("device_name", "GPU")
        for device in devices
    ]
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "devices": names or [platform.processor() or platform.machine()],
    }
