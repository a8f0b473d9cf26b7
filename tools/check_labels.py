"""What is said of labels that cannot be used, and when, with and without XLA.

    python -m tools.check_labels

Trains and measures a small network of 3 classes on labels from 1 to 3, given as arrays
and as a data set. Where there is a GPU, Keras compiles with XLA by default; here it is
made to do so, on whatever device there is.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.trainer import Trainer

import keras_selectivity as ks

SAMPLES, BATCH = 96, 16


def main() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((SAMPLES, 8), "float32"), np.arange(SAMPLES) % 3 + 1
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    late = np.where(np.arange(SAMPLES) < 48, 0, y)
    later = tf.data.Dataset.from_tensor_slices((x, late)).batch(BATCH)
    auto = Trainer._resolve_auto_jit_compile
    for compiled in (False, True):
        Trainer._resolve_auto_jit_compile = (lambda self: True) if compiled else auto
        print(f"jit_compile={compiled}")
        for form, given in (
            ("arrays", (x, y)),
            ("data set", (data, None)),
            ("data set, from batch 3 on", (later, None)),
        ):
            print(f"  measure, {form}: {said(measured, given)}")
            print(f"  fit, {form}: {said(trained, given)}")


def measured(model: ks.SelectivityModel, x: object, y: object) -> None:
    ks.measure(model, x if y is None else (x, y), verbose=0)


def trained(model: ks.SelectivityModel, x: object, y: object) -> None:
    model.fit(x, y, batch_size=BATCH, verbose=0, shuffle=False)


def said(call: object, given: tuple) -> str:
    model = ks.SelectivityModel(
        keras.Sequential(
            [
                keras.Input((8,)),
                keras.layers.Dense(4, activation="relu"),
                keras.layers.Dense(3),
            ]
        )
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    try:
        call(model, *given)  # type: ignore[operator]
    except Exception as error:
        steps = int(model.optimizer.iterations.numpy())
        name = type(error).__name__
        return f"{name} after {steps} training steps: {str(error)[:96]} ..."
    return "NOTHING"


if __name__ == "__main__":
    main()
