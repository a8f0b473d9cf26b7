"""What the regularizer costs: a SelectivityModel's training step beside a plain one.

Variants alternate in one process, step by step, so that the machine's noise
falls on all alike; medians of ratios of neighbors are printed.

    python -m tools.bench_train_step [--rounds 30] [--batch 64 256] [--classes 10 1000]
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from recipes.models import resnet20


class AutodiffModel(keras.Model):
    """The same penalty written the plain way, for comparison.

    Feature maps are model outputs, pooled by a Keras layer, and everything is
    left to automatic differentiation.
    """

    def __init__(self, base: keras.Model, alpha: float, classes: int) -> None:
        super().__init__(dtype=base.dtype_policy, autocast=False)
        self.base = base
        self.alpha = alpha
        self.classes = classes
        maps = [
            keras.layers.GlobalAveragePooling2D(dtype="float32")(layer.output)
            for layer in base.layers
            if isinstance(layer, keras.layers.ReLU)
        ]
        self.observed = keras.Model(base.input, [base.output, *maps])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.base(inputs, training=training)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            y_pred, *maps = self.observed(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
            one_hot = tf.one_hot(y, self.classes)
            count = tf.reduce_sum(one_hot, axis=0)[:, None]
            values = []
            for units in maps:
                means = tf.matmul(one_hot, units, transpose_a=True)
                means = tf.math.divide_no_nan(means, count)
                best = tf.reduce_max(means, axis=0)
                present = tf.reduce_sum(tf.cast(count > 0, tf.float32))
                rest = (tf.reduce_sum(means, axis=0) - best) / (present - 1)
                values.append(tf.reduce_mean((best - rest) / (best + rest + 1e-7)))
            loss -= self.alpha * tf.reduce_mean(tf.stack(values))
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.trainable_weights)
        self.optimizer.apply_gradients(
            zip(gradients, self.trainable_weights, strict=True)
        )
        self.metrics[0].update_state(loss, sample_weight=tf.shape(x)[0])
        return self.compute_metrics(x, y, y_pred)


def steps(classes: int, batch: int) -> dict[str, Callable[[], Any]]:
    """A callable for each variant that takes one training step."""
    x = tf.random.normal((batch, 32, 32, 3))
    y = tf.random.uniform((batch,), maxval=classes, dtype=tf.int32)
    data = tf.data.Dataset.from_tensors((x, y)).repeat()

    def plain() -> keras.Model:
        keras.utils.set_random_seed(0)
        return resnet20(classes=classes)

    models = {
        "plain Keras": plain(),
        "SI": ks.SelectivityModel(plain(), alpha=-1.0),
        "d'": ks.SelectivityModel(plain(), alpha=-1.0, regularizer="dprime"),
        "SI by autodiff": AutodiffModel(plain(), -1.0, classes),
    }
    return {name: _step(model, iter(data)) for name, model in models.items()}


def _step(model: keras.Model, batches: Any) -> Callable[[], Any]:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss)
    model.make_train_function()

    def step() -> None:
        float(model.train_function(batches)["loss"])

    return step


def measure(
    variants: dict[str, Callable[[], Any]], rounds: int
) -> dict[str, np.ndarray]:
    """CPU and wall seconds of every variant: `{name: (rounds, 2)}`."""
    for step in variants.values():
        for _ in range(3):
            step()
    times: dict[str, list[np.ndarray]] = {name: [] for name in variants}
    names = list(variants)
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            times[name].append(cost(variants[name]))
    return {name: np.array(pairs) for name, pairs in times.items()}


def cost(run: Callable[[], Any]) -> np.ndarray:
    """CPU and wall seconds of one run."""
    cpu, wall = _cpu(), time.perf_counter()
    run()
    return np.array([_cpu() - cpu, time.perf_counter() - wall])


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--batch", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument(
        "--policy", nargs="+", default=["float32", "mixed_float16", "mixed_bfloat16"]
    )
    args = parser.parse_args()
    print(f"ResNet20, 32x32x3, 19 taps; medians of {args.rounds} alternations")
    header = f"{'policy':<15}{'classes':>8}{'batch':>6}  {'variant':<15}"
    print(f"{header}{'CPU ms':>9}{'ratio':>7}{'wall ms':>9}{'ratio':>7}")
    for policy in args.policy:
        keras.config.set_dtype_policy(policy)
        # Half precision has no fast kernels on a CPU: one setting is enough.
        half = policy != "float32"
        for classes in args.classes[:1] if half else args.classes:
            for batch in args.batch[:1] if half else args.batch:
                times = measure(steps(classes, batch), args.rounds)
                baseline = times["plain Keras"]
                for name, pairs in times.items():
                    cpu, wall = 1e3 * np.median(pairs, axis=0)
                    ratio = np.median(pairs / baseline, axis=0)
                    print(
                        f"{policy:<15}{classes:>8}{batch:>6}  {name:<15}"
                        f"{cpu:>9.1f}{ratio[0]:>7.3f}{wall:>9.1f}{ratio[1]:>7.3f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
