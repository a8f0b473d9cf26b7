"""One, two and three replicas in a process of its own, for `test_distribution.py`.

`python three_replicas.py FILE` writes weights and logs to FILE. It is a process of its
own since the tests' has two devices, and the collectives of a second strategy collide
with those of the first: so each strategy here has its turn, from nothing.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tests import cluster_worker


class NoTask(keras.losses.Loss):
    """Zero, so that the penalty alone trains."""

    def call(self, y_true, y_pred):
        return keras.ops.sum(y_pred * 0, axis=-1)


def train(strategy, regularizer, rows, batch, loss=None):
    model = cluster_worker.build(strategy, regularizer=regularizer)
    if loss is not None:
        with strategy.scope():
            model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    x, y = cluster_worker.samples(rows)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    return {"weights": model.get_weights(), "history": history}


def main(file):
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 3,
    )
    found = {}
    for replicas in (1, 3):
        devices = [f"CPU:{i}" for i in range(replicas)]
        strategy = (
            tf.distribute.MirroredStrategy(devices)
            if replicas > 1
            else tf.distribute.get_strategy()
        )
        for regularizer in ("si", "dprime"):
            # Batches of 18 and 12, sorted by class: 6 and 4 a replica.
            found[replicas, regularizer, "task"] = train(strategy, regularizer, 48, 18)
            # The last batch has 10: 4, 4 and 2.
            found[replicas, regularizer, "uneven"] = train(
                strategy, regularizer, 46, 18, NoTask()
            )
    np.save(file, np.array(found, object), allow_pickle=True)


if __name__ == "__main__":
    main(sys.argv[1])
