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
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.storage.files import unusable
from keras_selectivity.storage.weights import load_weights
from recipes import data, models
from recipes.runner import regularizers
from recipes.runner.chronicle import Chronicle
from recipes.runner.files import (
    BACKUP,
    FIRST_EPOCH,
    PREFERRED,
    REMEDY,
    REPORT,
    SETTINGS,
    WEIGHTS,
    read_json,
    write_json,
)
from recipes.runner.monitors import watchers
from recipes.runner.optimizers import TorchSGD
from recipes.runner.settings import Settings

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
        found.batches(
            "train",
            settings.batch_size,
            training=True,
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
    seed = settings.data_seed
    return data.load(
        settings.data,
        settings.seed if seed is None else seed,
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
            metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
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
