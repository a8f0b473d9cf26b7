"""Kinds of nonlinearity: that all of Keras's are known, and what is said of them."""

import functools
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_selectivity import taps
from keras_selectivity.network.nonlinearities import (
    NONLINEARITIES,
    canonical,
    nonlinearity,
)

# Of `keras.activations`, what is no activation; and the identity.
NO_ACTIVATIONS = {"deserialize", "get", "linear", "serialize"}
ACTIVATIONS = sorted(
    name
    for name, function in inspect.getmembers(keras.activations, inspect.isfunction)
    if name not in NO_ACTIVATIONS
)
# Called without a layer these are arithmetic: `exp`, or several operations.
ARITHMETIC = {"exponential", "hard_silu", "hard_swish", "mish", "sparsemax"}


class Snake(layers.Layer):
    def call(self, x):
        return x + keras.ops.sin(x) ** 2


def only_point(outputs, inputs):
    """The one point of a graph, which makes its output."""
    (point,) = taps.find(keras.Model(inputs, outputs))
    return point


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_of_keras_is_known(name):
    point = only_point(layers.Activation(name)(inputs := keras.Input((4,))), inputs)
    assert point.nonlinearity in NONLINEARITIES
    assert point.nonlinearity == canonical(name)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_sign_of_every_activation(name):
    """Over inputs far enough on both sides of 0 to show what can be negative."""
    function = getattr(keras.activations, name)
    arguments = (0.5, -1.0) if name == "threshold" else ()
    x = np.linspace(-8, 8, 4000, dtype="float32").reshape(100, 40)
    lowest = float(tf.reduce_min(function(tf.constant(x), *arguments)))
    assert (lowest < 0) is NONLINEARITIES[canonical(name)]


def test_every_activation_layer_of_keras_is_known():
    found = {
        name
        for name, cls in inspect.getmembers(layers, inspect.isclass)
        if ".layers.activations." in cls.__module__
    }
    assert found >= {"ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"}
    # One has its kind from its argument, one penalizes and passes on.
    for name in found - {"Activation", "ActivityRegularization"}:
        assert nonlinearity(getattr(layers, name)())[0] in NONLINEARITIES


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS} - ARITHMETIC))
def test_activations_called_without_a_layer(name):
    arguments = (0.5, -1.0) if name == "threshold" else ()
    inputs = keras.Input((4,))
    outputs = getattr(keras.activations, name)(inputs, *arguments)
    assert only_point(outputs, inputs).nonlinearity == canonical(name)


@pytest.mark.parametrize("name", ["hard_silu", "relu", "relu6", "silu", "tanh"])
def test_operations(name):
    inputs = keras.Input((4,))
    point = only_point(getattr(keras.ops, name)(inputs), inputs)
    assert point.nonlinearity == name


def test_arithmetic_has_no_kind():
    inputs = keras.Input((4,))
    assert only_point(keras.ops.exp(inputs), inputs).nonlinearity is None


def test_a_product_with_a_sigmoid_is_two_operations():
    """Nobody can tell a gate from a SiLU; the sigmoid is found, the product named."""
    inputs = keras.Input((4,))
    x = layers.Dense(4)(inputs)
    x = x * keras.ops.sigmoid(x)
    model = keras.Model(inputs, layers.Dense(2)(x))
    kinds = [point.nonlinearity for point in taps.find(model)]
    assert kinds == [None, "sigmoid", None, None]


@pytest.mark.parametrize(
    ("layer", "kind", "signed"),
    [
        (lambda: layers.Activation(tf.nn.swish), "silu", True),
        (lambda: layers.Activation(tf.identity), None, True),
        (lambda: layers.Lambda(tf.nn.relu), "relu", False),
        (lambda: layers.Lambda(lambda x: 2 * x), None, True),
        (lambda: layers.Dense(3, functools.partial(tf.nn.relu)), "relu", True),
        (lambda: layers.TimeDistributed(layers.Dense(3, "elu")), "elu", True),
        (lambda: layers.SpectralNormalization(layers.Dense(3, "elu")), "elu", True),
        (lambda: layers.SimpleRNN(3, "relu"), "relu", False),
        (lambda: layers.LSTM(3), "tanh", True),
        (lambda: layers.ConvLSTM1D(3, 2), "tanh", True),
        (lambda: layers.RNN(layers.GRUCell(3)), "tanh", True),
        (
            lambda: layers.RNN([layers.LSTMCell(3), layers.SimpleRNNCell(3, "relu")]),
            "relu",
            False,
        ),
        (lambda: layers.Bidirectional(layers.GRU(3, "sigmoid")), "sigmoid", False),
        (lambda: layers.MultiHeadAttention(2, 3), None, True),
        (lambda: layers.Dense(3, Snake()), "Snake", True),
        (lambda: layers.Dense(3, layers.Identity()), None, True),
    ],
)
def test_what_makes_the_output_of_a_layer(layer, kind, signed):
    assert nonlinearity(layer()) == (kind, signed)


def test_relu_with_a_slope_called_without_a_layer():
    inputs = keras.Input((4,))
    outputs = keras.activations.relu(inputs, negative_slope=0.1)
    assert only_point(outputs, inputs).signed


def test_an_activation_that_a_layer_only_keeps_is_not_its_output():
    """Nothing says what a `call` of its own does with it."""

    class Residual(layers.Layer):
        def __init__(self):
            super().__init__()
            self.activation = keras.activations.relu

        def call(self, x):
            return x + self.activation(x)

    assert nonlinearity(Residual()) == (None, True)


def test_a_layer_of_keras_with_another_call_keeps_its_activation():
    class Doubled(layers.Dense):
        def call(self, x):
            return super().call(2 * x)

    assert nonlinearity(Doubled(3, "gelu")) == ("gelu", True)
