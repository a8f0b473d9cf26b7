"""Precision, compilers and optimizers: the penalty and its gradient are float32's.

What is compared, and how, is in `tools/check_precision.py`. Of one unit in the last
place, `epsilon`, the tolerances are these multiples:

- mu: 1 for any type. Its sums are float64 in every setting, so that only the
  activations are rounded, and their errors average out over samples and units.
- The gradient: 32. A convolution rounds its inputs, its weights and its output, a
  normalization and a rectifier theirs, forward and backward: about 10 roundings a
  layer, of a half each, that add up as a root over the 8 layers in either direction.
  That is 0.5 * sqrt(2 * 8 * 10) = 6, and a few times that for the normalizations,
  whose gradient is a difference of near numbers.
- A layer's gradient by itself: 96, as the smallest takes the errors of the largest.
- float32's gradient: 256, and 4096 of a layer. It is read off the weights, of which
  some are 1 and their changes a hundredth or a thousandth of that: the change of one
  has so many times the epsilon of the weight itself.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity import SelectivityModel
from tools import check_precision
from tools.check_precision import REGULARIZERS, SETTINGS, Reference, Setting, Trainer

BY_NAME = {setting.name: setting for setting in SETTINGS}
# The same operations in the same order, scaled by powers of two.
EXACT = ["LossScaleOptimizer", "steps_per_execution=8", "gradient accumulation"]
# Each takes seconds. SI has all; d' those of another type, which round its own sums:
# the optimizer and the number of steps come after the penalty, whichever it is.
TESTED = [
    *(("SI", name) for name in BY_NAME),
    *(
        ("d', epsilon 0.1", name)
        for name in ("float64", "mixed_float16", "mixed_bfloat16")
    ),
]
# 0.112 of the penalty's gradient there, and 0.030 of the task's by itself; 0.019 of
# both with 2.21, and 0.018 without XLA with either.
ROUNDED = ("SI", "mixed_float16, jit")
OLD_XLA = pytest.mark.xfail(
    tuple(map(int, tf.__version__.split(".")[:2])) < (2, 21),
    reason="the XLA of TensorFlow 2.20 rounds more often than float16 asks for",
    strict=True,
)


@pytest.fixture(scope="module")
def reference():
    """Float32 steps of one measure, made once."""
    made = {}

    def of(measure):
        if measure not in made:
            batch = check_precision.batch_of(256)
            made[measure] = Reference(REGULARIZERS[measure](), batch)
        return made[measure]

    return of


@pytest.mark.parametrize(
    ("measure", "name"),
    [pytest.param(*one, marks=OLD_XLA if one == ROUNDED else ()) for one in TESTED],
)
def test_penalty_and_gradient_agree_with_float32(reference, measure, name):
    setting = BY_NAME[name]
    found = check_precision.deviation(setting, reference(measure))
    low = setting.dtype != "float32"
    assert found.mu <= setting.epsilon * (1 if low else 4)
    assert found.gradient <= setting.epsilon * (32 if low else 256)
    assert found.layer <= setting.epsilon * (96 if low else 4096)
    if low:
        # The same layers pass both gradients back: neither may be much the worse.
        assert found.gradient <= 2 * found.task
        assert found.layer <= 2 * found.task_layer
    if name in EXACT:
        assert found.gradient == found.layer == 0.0


def test_the_comparison_sees_a_wrong_gradient(reference, monkeypatch):
    """A penalty of nine tenths is a tenth away, which twice the task's is not."""
    step = Trainer.fit

    def weakened(trainer, batch, alpha, steps):
        return step(trainer, batch, 0.9 * alpha, steps)

    mine = reference("SI")
    plain = Setting("float32")
    assert check_precision.deviation(plain, mine).gradient == 0.0
    monkeypatch.setattr(Trainer, "fit", weakened)
    assert check_precision.deviation(plain, mine).gradient == pytest.approx(
        0.1, rel=1e-3
    )


def test_the_average_of_the_weights():
    passed = [[np.array([value])] for value in (9.0, 1.0, 5.0, 2.0)]
    # 0.75 * (0.75 * 1 + 0.25 * 5) + 0.25 * 2.
    np.testing.assert_allclose(check_precision.averaged(passed), [[2.0]])


@pytest.mark.parametrize("name", [name for name in BY_NAME if "jit" not in name])
def test_two_epochs_stay_finite(digits, make_cnn, name):
    """With Keras's own loss scale where float16 is used."""
    measure = "d', epsilon 1e-7"
    setting = BY_NAME[name]
    x, y = digits[0][:640], digits[1][:640]
    with check_precision.policy(setting.policy):
        base = make_cnn()
        model = SelectivityModel(base, -1.0, REGULARIZERS[measure]())
    optimizer = setting.optimizer(0.01)
    if setting.policy == "mixed_float16":
        optimizer = keras.optimizers.SGD(0.01)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, steps_per_execution=setting.steps_per_execution)
    before = base.get_weights()
    history = model.fit(x, y, batch_size=32, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(np.isfinite(weight).all() for weight in base.get_weights())
    moved = [np.any(a != b) for a, b in zip(before, base.get_weights(), strict=True)]
    assert all(moved)
