"""One worker of a cluster, a program for `test_distribution.py`.

`python cluster_worker.py JOB FOLDER REPLICAS`, with `TF_CONFIG` set as for any worker.
Each has a disk of its own, `FOLDER/disk<index>`, and leaves there what it found.
The functions are those that the test calls in one process, to compare.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks

EPOCHS, BATCH = 3, 16


def samples(rows=48):
    """Inputs (rows, 4) and labels of 3 unbalanced classes, sorted within a half.

    A worker lacks a class in most batches.
    """
    rng = np.random.default_rng(0)
    y = np.repeat([0, 0, 0, 1, 1, 2], 8)[:rows]
    return (rng.normal(size=(rows, 4)) + y[:, None]).astype("float32"), y


def build(strategy=None, *, regularizer="si", wrap=True):
    keras.utils.set_random_seed(3)
    with strategy.scope() if strategy else contextlib.nullcontext():
        base = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(8, activation="leaky_relu", name="h0"),
                keras.layers.Dense(6, activation="relu", name="h1"),
                keras.layers.Dense(3, name="out"),
            ]
        )
        model = base
        if wrap:
            model = ks.SelectivityModel(base, alpha=-1.0, regularizer=regularizer)
        model.compile(
            keras.optimizers.SGD(0.1, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    return model


def fit(model, disk=None, callbacks=(), **options):
    """Train over arrays, with every callback; history."""
    x, y = samples()
    watched = samples(44)
    path, logs = (None, None) if disk is None else (disk / "p.npz", disk / "logs")
    return model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        validation_data=watched,
        callbacks=[
            ks.callbacks.AlphaWarmup(epochs=2, by="step"),
            ks.callbacks.PreferredClassTracker(watched, path, batch_size=BATCH),
            ks.callbacks.SelectivityMonitor(watched, log_dir=logs, batch_size=BATCH),
            *callbacks,
        ],
        **options,
    ).history


def found_by(strategy=None, disk=None):
    """What training, evaluating, predicting and measuring find."""
    model = build(strategy)
    history = fit(model, disk)
    uneven = samples(43)
    report = ks.measure(
        model, uneven, ["si", "dprime", "precision"], batch_size=10, verbose=0
    )
    dprime = build(strategy, regularizer="dprime")
    data = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH)
    found = {
        "history": history,
        "dprime_history": dprime.fit(data, epochs=2, shuffle=False, verbose=0).history,
        "evaluate": model.evaluate(*uneven, batch_size=10, verbose=0, return_dict=True),
        "predict": model.predict(uneven[0], batch_size=10, verbose=0),
        "preferred": report.preferred_class,
        "weights": model.get_weights(),
        "dprime_weights": dprime.get_weights(),
    }
    if disk and ks.distribution.is_chief():
        model.save(disk / "chief.keras")
    for metric in ("si", "dprime", "precision"):
        found[metric] = {name: layer[metric] for name, layer in report.items()}
    return found


class KilledAt(keras.callbacks.Callback):
    """Kills this process in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.now = epoch, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            os.kill(os.getpid(), signal.SIGKILL)


def several_replicas_on_cpu(replicas):
    """A worker's replicas are its GPUs, or one CPU: here, some logical CPUs."""
    from tensorflow.python.distribute import collective_all_reduce_strategy

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * replicas,
    )
    collective_all_reduce_strategy.CollectiveAllReduceExtended._initialize_local_devices = (  # noqa: E501
        lambda self, resolver, worker: (
            tuple(f"{worker}/device:CPU:{i}" for i in range(replicas)),
            "CPU",
        )
    )


def stock_keras(strategy):
    """What Keras without help says: the error, or None."""
    model = build(strategy, wrap=False)
    try:
        model.fit(*samples(), batch_size=BATCH, verbose=0)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def main(job, folder, replicas):
    several_replicas_on_cpu(int(replicas))
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    disk = Path(folder) / f"disk{index}"
    disk.mkdir(exist_ok=True)
    found = {
        "chief": ks.distribution.is_chief(),
        "workers": ks.distribution.worker_count(strategy),
        "replicas": strategy.num_replicas_in_sync,
    }
    if job == "found":
        if int(replicas) == 1:
            found["stock"] = stock_keras(strategy)
        found.update(found_by(strategy, disk))
    else:
        killed = [KilledAt(1)] if (job, index) == ("killed", 1) else []
        model = build(strategy)
        backup = ks.callbacks.TrainingBackup(disk / "backup")
        found["begins_at"] = backup.epoch
        found["history"] = fit(model, disk, [*killed, backup])
        found["weights"] = model.get_weights()
    np.save(disk / f"{job}.npy", np.array(found, object), allow_pickle=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
