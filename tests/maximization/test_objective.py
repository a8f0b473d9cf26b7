"""Logits in the place of probabilities; what enters a rectifier that is off."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.maximization.objective import objective
from keras_selectivity.taps import find

L = keras.layers
X = np.random.default_rng(0).normal(size=(6, 5, 5, 2)).astype("float32")


def observed(model, name, response="mean"):
    (point,) = [point for point in find(model) if point.name == name]
    view = objective(model, point, response)
    return tf.function(lambda x: view(x, training=False)[1][0])(X).numpy()


def head(*layers):
    inputs = keras.Input((5, 5, 2))
    x = L.Flatten()(inputs)
    logits = L.Dense(3, name="logits")(x)
    x = logits
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x), keras.Model(inputs, logits)


@pytest.mark.parametrize(
    "layer",
    [
        L.Softmax(name="end"),
        L.Activation("softmax", name="end"),
        L.Activation("sigmoid", name="end"),
        L.Activation("softmax", dtype="float64", name="end"),
    ],
)
def test_output_is_replaced_by_its_logits(layer):
    model, logits = head(layer)
    np.testing.assert_allclose(observed(model, "end"), logits(X), rtol=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_activation_of_a_layer(activation):
    dense = L.Dense(4, activation=activation, name="end")
    model, logits = head(dense)
    expected = logits(X) @ dense.kernel + dense.bias
    np.testing.assert_allclose(observed(model, "end"), expected, rtol=1e-4, atol=1e-5)


def test_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    model, logits = head(L.Activation("softmax", dtype="float32", name="end"))
    np.testing.assert_allclose(observed(model, "end"), logits(X), atol=1e-3)
    assert observed(model, "end").dtype == "float32"


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([L.Softmax(), L.Rescaling(2.0, name="end")], "end"),
        ([L.Dense(3, "sigmoid", name="hidden"), L.Dense(2)], "hidden"),
        ([L.Dense(3, "linear", name="end")], "end"),
    ],
)
def test_other_units_are_what_they_are(layers, name):
    model, _ = head(*layers)
    part = keras.Model(model.input, model.get_layer(name).output)
    np.testing.assert_allclose(observed(model, name), part(X), atol=1e-6)


@pytest.mark.parametrize("response", ["mean", "max"])
@pytest.mark.parametrize("kind", ["relu", "relu6", "layer"])
def test_units_that_are_off(kind, response):
    inputs = keras.Input((5, 5, 2))
    low = keras.initializers.Constant(-1.5)
    below = L.Conv2D(8, 3, name="below", bias_initializer=low)
    rectifier = L.ReLU(name="on") if kind == "layer" else L.Activation(kind, name="on")
    x = rectifier(below(inputs))
    model = keras.Model(inputs, L.Dense(2)(L.Flatten()(x)))
    maps = below(X).numpy()
    pool = np.mean if response == "mean" else np.max
    on = pool(np.clip(maps, 0, 6 if kind == "relu6" else None), axis=(1, 2))
    expected = np.where(on > 0, on, pool(maps, axis=(1, 2)))
    assert (on > 0).any() and (on == 0).any()
    np.testing.assert_allclose(
        observed(model, "on", response), expected, rtol=1e-4, atol=1e-5
    )


def test_the_models_output_is_what_it_was():
    model, _ = head(L.Softmax(name="end"))
    view = objective(model, find(model)[-1])
    outputs = tf.function(lambda x: view(x)[0])(X)
    np.testing.assert_allclose(outputs, model(X), atol=1e-6)
