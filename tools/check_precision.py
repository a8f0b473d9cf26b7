"""How far the penalty and its gradient are from float32's, setting by setting.

A small ResNet20 (one block a stage, 7 taps) trains on digits under every policy of
precision and every setting of the compiler and the optimizer, from the same weights
and on the same batch. The penalty is what training logs. Its gradient is what
training does: the change of the weights with alpha, less the change without. Both
are compared with those of float32, and so is the change without the penalty, which
shows what the setting does to any loss. Prints the largest deviations of each,
relative, beside the epsilon of the type.

    python -m tools.check_precision [--samples 256] [--alpha -10]
"""

import argparse
import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import ml_dtypes
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.regularizers import Discriminability, SelectivityIndex
from recipes.data import digits
from recipes.models import resnet20

# The penalty's gradient is a difference, so that the rounding of the task's counts in
# it. At -10 the penalty's is the larger one; at -1 SI's is a tenth of the task's.
ALPHA = -10.0
# A power of 2 scales gradients without rounding. Keras's own 2**15 can overflow in
# float16, and the first steps would be skipped.
LOSS_SCALE = 2.0**8
EMA_MOMENTUM = 0.75
STEPS = 8
# 8 steps of it move the weights as one of rate 1 does.
SMALL_RATE = 1 / 8

Weights = list[np.ndarray]


class Setting(NamedTuple):
    """A way to train, and what float32 makes of the same.

    `expected` takes the weights that single float32 steps went through, the first
    being those before training, and returns what the setting should end with.
    """

    name: str
    dtype: str = "float32"
    policy: str = "float32"
    jit: bool = False
    optimizer: Callable[[float], Any] = keras.optimizers.SGD
    steps: int = 1
    updates: int = 1
    steps_per_execution: int = 1
    expected: Callable[[list[Weights]], Weights] = lambda passed: passed[-1]

    @property
    def rate(self) -> float:
        return 1.0 if self.updates == 1 else SMALL_RATE

    @property
    def epsilon(self) -> float:
        """Of the type: the distance from 1 to the next number."""
        return float(ml_dtypes.finfo(self.dtype).eps)


class Deviation(NamedTuple):
    """Relative deviations from float32: of mu, and of two changes of the weights.

    Of a gradient: in the Euclidean norm over all weights, and the largest of the
    layers' weights each by itself.
    """

    mu: float
    gradient: float
    layer: float
    task: float
    task_layer: float


def averaged(passed: list[Weights]) -> Weights:
    """The exponential moving average over the steps, the first step as it is."""
    average = passed[1]
    for weights in passed[2:]:
        average = [
            EMA_MOMENTUM * old.astype("float64") + (1 - EMA_MOMENTUM) * new
            for old, new in zip(average, weights, strict=True)
        ]
    return average


def scaled(rate: float, initial_scale: float = LOSS_SCALE) -> Any:
    return keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(rate), initial_scale=initial_scale
    )


def accumulating(rate: float) -> Any:
    return keras.optimizers.SGD(rate, gradient_accumulation_steps=4)


def averaging(rate: float) -> Any:
    return keras.optimizers.SGD(rate, use_ema=True, ema_momentum=EMA_MOMENTUM)


HALF: dict[str, Any] = {
    "dtype": "float16",
    "policy": "mixed_float16",
    "optimizer": scaled,
}
BRAIN: dict[str, Any] = {"dtype": "bfloat16", "policy": "mixed_bfloat16"}
SETTINGS = [
    Setting("float64", policy="float64"),
    Setting("LossScaleOptimizer", optimizer=scaled),
    Setting("jit_compile", jit=True),
    Setting("steps_per_execution=8", steps=8, updates=8, steps_per_execution=8),
    Setting("gradient accumulation", optimizer=accumulating, steps=4),
    Setting("EMA", optimizer=averaging, steps=8, updates=8, expected=averaged),
    Setting("mixed_float16", **HALF),
    Setting("mixed_float16, jit", jit=True, **HALF),
    Setting("mixed_bfloat16", **BRAIN),
    Setting("mixed_bfloat16, jit", jit=True, **BRAIN),
]
REGULARIZERS: dict[str, Callable[[], Any]] = {
    "SI": SelectivityIndex,
    "d', epsilon 0.1": lambda: Discriminability(epsilon=0.1),
    "d', epsilon 1e-7": Discriminability,
}


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@functools.cache
def initial_weights() -> Weights:
    keras.utils.set_random_seed(0)
    with policy("float32"):
        return resnet20((8, 8, 1), blocks=1).get_weights()


class Trainer:
    """Trains under one setting, from the same weights each time."""

    def __init__(self, setting: Setting, regularizer: Any) -> None:
        self.setting = setting
        with policy(setting.policy):
            base = resnet20((8, 8, 1), blocks=1)
            # An initializer draws other numbers in float64.
            base.set_weights(initial_weights())
            self.model = ks.SelectivityModel(base, regularizer=regularizer)
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True,
            # Keras's losses are float32 where the policy is float64.
            dtype="float64" if setting.policy == "float64" else "float32",
        )
        self.model.compile(
            setting.optimizer(setting.rate),
            loss,
            jit_compile=setting.jit,
            steps_per_execution=setting.steps_per_execution,
        )
        self.model.optimizer.build(self.model.trainable_weights)
        self._state = [*self.model.variables, *self.model.optimizer.variables]
        self._initial = [v.numpy() for v in self._state]

    @property
    def weights(self) -> Weights:
        return [v.numpy() for v in self.model.trainable_weights]

    def reset(self) -> None:
        for variable, value in zip(self._state, self._initial, strict=True):
            variable.assign(value)

    def fit(self, batch: Any, alpha: float, steps: int) -> float:
        """Train on the same batch so often; the mean of `mu` over the steps."""
        self.model.alpha = alpha
        data = tf.data.Dataset.from_tensors(batch).repeat(steps)
        logs = self.model.fit(data, shuffle=False, verbose=0).history
        return logs[self.model.regularizer.name][0]

    def run(self, batch: Any, alpha: float) -> tuple[float, Weights]:
        """`mu`, and the weights after the setting's steps."""
        self.reset()
        mu = self.fit(batch, alpha, self.setting.steps)
        return mu, self.weights


class Reference:
    """Single steps in float32, one `fit` each."""

    def __init__(self, regularizer: Any, batch: Any) -> None:
        self._trainers: dict[float, Trainer] = {}
        self.regularizer = regularizer
        self.batch = batch
        self._passed: dict[Any, tuple[list[float], list[Weights]]] = {}

    def run(self, setting: Setting, alpha: float) -> tuple[float, Weights]:
        key = setting.rate, alpha
        if key not in self._passed:
            self._passed[key] = self._steps(setting, alpha)
        mus, passed = self._passed[key]
        return float(np.mean(mus)), setting.expected(passed)

    def _steps(
        self, setting: Setting, alpha: float
    ) -> tuple[list[float], list[Weights]]:
        if setting.rate not in self._trainers:
            plain = Setting("float32", updates=setting.updates)
            self._trainers[setting.rate] = Trainer(plain, self.regularizer)
        trainer = self._trainers[setting.rate]
        trainer.reset()
        mus, passed = [], [trainer.weights]
        for _ in range(setting.updates):
            mus.append(trainer.fit(self.batch, alpha, 1))
            passed.append(trainer.weights)
        return mus, passed


def deviation(
    setting: Setting, reference: Reference, alpha: float = ALPHA
) -> Deviation:
    """How far a setting is from float32.

    Raises:
        ValueError: If a weight that the penalty does not reach moves with alpha.
    """
    batch = reference.batch
    trainer = Trainer(setting, reference.regularizer)
    initial = trainer.weights
    _, found_task = trainer.run(batch, 0.0)
    mu, found = trainer.run(batch, alpha)
    _, task = reference.run(setting, 0.0)
    expected_mu, expected = reference.run(setting, alpha)
    gradients = _errors(_less(found, found_task), _less(expected, task))
    tasks = _errors(_less(found_task, initial), _less(task, initial))
    return Deviation(abs(mu - expected_mu) / abs(expected_mu), *gradients, *tasks)


def _less(one: Weights, other: Weights) -> Weights:
    pairs = zip(one, other, strict=True)
    return [np.asarray(a, "float64") - np.asarray(b, "float64") for a, b in pairs]


def _errors(found: Weights, expected: Weights) -> tuple[float, float]:
    """Relative error over all weights, and the largest of a layer's."""
    errors = [np.linalg.norm(a - b) for a, b in zip(found, expected, strict=True)]
    sizes = [np.linalg.norm(b) for b in expected]
    if any(e > 0 and s == 0 for e, s in zip(errors, sizes, strict=True)):
        raise ValueError("a weight moved that has no gradient in float32")
    layers = [e / s for e, s in zip(errors, sizes, strict=True) if s > 0]
    return float(np.linalg.norm(errors) / np.linalg.norm(sizes)), float(max(layers))


def batch_of(samples: int) -> tuple[np.ndarray, np.ndarray]:
    train, _ = digits()
    return train.x[:samples], train.y[:samples]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--alpha", type=float, default=ALPHA)
    args = parser.parse_args()
    # Every setting traces a function of its own, as it should.
    tf.get_logger().setLevel("ERROR")
    batch = batch_of(args.samples)
    print(
        f"ResNet20 of one block a stage, {args.samples} digits in a batch, "
        f"alpha {args.alpha:g}.\nRelative deviation from float32: of mu; of the "
        "penalty's gradient, over all\nweights and of the worst layer; of the task's "
        "gradient alike."
    )
    for name, regularizer in REGULARIZERS.items():
        reference = Reference(regularizer(), batch)
        print(
            f"\n{name:<23}{'type':>10}{'epsilon':>10}{'mu':>10}{'gradient':>10}"
            f"{'layer':>10}{'task':>10}{'layer':>10}"
        )
        for setting in SETTINGS:
            found = deviation(setting, reference, args.alpha)
            numbers = "".join(f"{value:>10.1e}" for value in found)
            print(
                f"{setting.name:<23}{setting.dtype:>10}{setting.epsilon:>10.1e}{numbers}",
                flush=True,
            )


if __name__ == "__main__":
    main()
