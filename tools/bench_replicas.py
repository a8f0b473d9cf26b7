"""How many bytes are all-reduced a step: class statistics beside gradients.

Traces the train step of ResNet50 for two replicas and adds up what every
collective operation in its graph reduces. Beside it what that comes to by
arithmetic, and for rings of several sizes what each GPU sends: a ring of N sends
2 (N - 1) / N of the bytes.

    python -m tools.bench_replicas [--classes 10 1000]
"""

import argparse
import os
from collections import Counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks


def wrapped(classes: int, regularizer: str, synchronized: bool) -> Any:
    """ResNet50 for small images, wrapped and compiled."""
    base = keras.applications.ResNet50(
        weights=None, classes=classes, input_shape=(32, 32, 3)
    )
    model = ks.SelectivityModel(
        base, alpha=-1.0, regularizer=regularizer, synchronized=synchronized
    )
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    return model


def reduced_bytes(strategy: Any, model: Any, batch: int) -> Counter[str]:
    """Bytes that a step reduces, by the type of the numbers."""
    x = tf.zeros((batch, 32, 32, 3))
    y = tf.zeros((batch,), tf.int32)
    model.optimizer.build(model.trainable_weights)

    def step() -> Any:
        return strategy.run(model.train_step, args=((x, y),))

    graph = tf.function(step).get_concrete_function().graph
    found: Counter[str] = Counter()
    for operation in _operations(graph):
        if operation.type.startswith("CollectiveReduce"):
            tensor = operation.inputs[0]
            kind = tensor.dtype.name
            found[kind] += tensor.dtype.size * tensor.shape.num_elements()
    # Each replica has an operation of its own.
    return Counter({k: v // strategy.num_replicas_in_sync for k, v in found.items()})


def _operations(graph: Any) -> Any:
    yield from graph.get_operations()
    for function in graph._functions.values():
        if hasattr(function, "graph"):
            yield from function.graph.get_operations()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--batch", type=int, default=8, help="samples a replica")
    args = parser.parse_args()
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print("ResNet50, MiB all-reduced a step")
    print(
        f"{'classes':>7} {'regularizer':<12}{'gradients':>10}{'computed':>10}"
        f"{'in the graph':>14}{'share of gradients':>20}"
    )
    for classes in args.classes:
        for name in ("si", "dprime"):
            with strategy.scope():
                model = wrapped(classes, name, True)
            units = sum(model.units.values())
            sums = 2 if model.regularizer.needs_squares else 1
            computed = 8 * (classes + sums * classes * units) / 2**20
            gradients = sum(4 * int(np.prod(w.shape)) for w in model.trainable_weights)
            found = reduced_bytes(strategy, model, args.batch)
            statistics = found["float64"] / 2**20
            print(
                f"{classes:>7} {name:<12}{gradients / 2**20:>10.1f}{computed:>10.1f}"
                f"{statistics:>14.1f}{found['float64'] / gradients:>20.2f}",
                flush=True,
            )
            for replicas in (8, 256):
                share = 2 * (replicas - 1) / replicas
                print(
                    f"        ring of {replicas:>3}: each sends "
                    f"{share * statistics:.1f} MiB of statistics, "
                    f"{share * gradients / 2**20:.1f} MiB of gradients"
                )


if __name__ == "__main__":
    main()
