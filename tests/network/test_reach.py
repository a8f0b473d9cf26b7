"""Nonlinearities inside layers: every one is found, and nothing else is."""

import keras
import pytest
import tensorflow as tf
from keras import layers

from keras_selectivity.network.graph import RebuiltGraph
from keras_selectivity.network.reach import beyond


class Block(layers.Layer):
    """Sublayers and functions in attributes, lists and mappings."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, activation="relu", name="dense")
        self.rectifier = layers.ReLU(name="rectifier")
        self.act = keras.activations.gelu
        self.linear = layers.Dense(4, name="linear")
        self.towers = [layers.Dense(4, layers.LeakyReLU(), name="leaky")]
        self.by_name = {"a": layers.Activation("silu", name="smooth")}
        self.again = self.dense

    def build(self, shape):
        for layer in (self.dense, self.linear, *self.towers):
            layer.build(shape)
        self.built = True

    def call(self, x):
        x = self.act(self.rectifier(self.linear(self.dense(x))))
        return self.by_name["a"](self.towers[0](x)) + x


BLOCK = {
    "dense": "relu",
    "rectifier": "relu",
    "act": "gelu",
    "leaky": "leaky_relu",
    "smooth": "silu",
}


class Nested(keras.Model):
    """A subclassed model with a Sequential and a block of the user's in it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(4, "tanh", name="first")
        self.stack = keras.Sequential([layers.Dense(4, "relu", name="d")], name="stack")
        self.block = Block(name="block")

    def build(self, shape):
        for part in (self.first, self.stack, self.block):
            part.build(shape)
        self.built = True

    def call(self, x):
        return self.block(self.stack(self.first(x)))


class Functions(layers.Layer):
    """No sublayer at all."""

    def call(self, x):
        x = tf.nn.leaky_relu(keras.ops.relu(x))
        return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.nn.elu(x), lambda: x)

    def compute_output_shape(self, shape):
        return shape


class Twins(layers.Layer):
    """Two outputs, the first of a rectifier."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rectifier = layers.ReLU(name="rectifier")

    def call(self, x):
        return self.rectifier(x), x


class Cell(layers.Layer):
    state_size = 4

    def call(self, x, states):
        return keras.ops.tanh(x) + states[0], states


def cells():
    low, high = layers.LSTMCell(4, name="low"), layers.GRUCell(4)
    return layers.StackedRNNCells([low, high], name="cells")


def functional():
    inputs = keras.Input((4,))
    x = keras.ops.relu(layers.Dense(4, "relu", name="d")(inputs))
    return keras.Model(inputs, layers.Dense(4)(x), name="frame")


def found_in(layer, head=None):
    """What is out of reach in a small model with the layer in it: path and kind."""
    inputs = keras.Input((6, 4))
    x = layer(inputs)
    x = x[0] if isinstance(x, (list, tuple)) else x
    x = layers.GlobalAveragePooling1D()(x) if len(x.shape) == 3 else x
    outputs = layers.Dense(2, activation="softmax")(x) if head is None else head(x)
    graph = RebuiltGraph({})
    graph.rebuild(keras.Model(inputs, outputs))
    found = beyond(graph)
    names = {layer.name if head is None else head.name}
    assert {one.layer for one in found} <= names
    return [(one.path, one.kind) for one in found]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: Block(), BLOCK),
        (
            lambda: Nested(),
            {"first": "tanh", "stack/d": "relu"}
            | {f"block/{path}": kind for path, kind in BLOCK.items()},
        ),
        (lambda: Twins(), {"rectifier": "relu"}),
        (lambda: layers.TimeDistributed(layers.Dense(4, "relu")), {}),
        (
            lambda: layers.TimeDistributed(functional()),
            {"frame/d": "relu", "frame/relu": "relu"},
        ),
        (lambda: layers.GRU(4, return_state=True), {"": "tanh"}),
        (lambda: layers.LSTM(4, return_sequences=True), {}),
        (lambda: layers.Bidirectional(layers.LSTM(4)), {}),
        (
            lambda: layers.RNN(cells()),
            {"cells/low": "tanh"},
        ),
        (lambda: layers.Lambda(tf.nn.relu), {}),
        (lambda: layers.Lambda(lambda x: 2 * x), {}),
        (lambda: layers.Dropout(0.5), {}),
        (lambda: layers.LayerNormalization(), {}),
    ],
)
def test_what_layers_hold(layer, expected):
    layer = layer()
    # Keras numbers the names that it makes.
    found = {path.rstrip("_0123456789"): kind for path, kind in found_in(layer)}
    assert found == expected


def test_attention_holds_none():
    attention = layers.MultiHeadAttention(2, 4)
    inputs = keras.Input((6, 4))
    x = layers.GlobalAveragePooling1D()(attention(inputs, inputs))
    graph = RebuiltGraph({})
    graph.rebuild(keras.Model(inputs, layers.Dense(2)(x)))
    assert beyond(graph) == []


@pytest.mark.parametrize(
    ("layer", "kinds"),
    [
        (lambda: Functions(), ["elu", "leaky_relu", "relu"]),
        (lambda: layers.TimeDistributed(Functions()), ["elu", "leaky_relu", "relu"]),
        (lambda: layers.Lambda(lambda x: tf.nn.softplus(x)), ["softplus"]),
        (lambda: layers.RNN(Cell()), ["tanh"]),
    ],
)
def test_functions_that_a_call_makes(layer, kinds):
    found = found_in(layer())
    assert {path for path, _ in found} == {"call"}
    assert sorted({kind for _, kind in found}) == kinds


def test_looking_leaves_nothing_behind():
    """A trace of a `call` must not add its losses, or change a state."""

    class Counting(layers.Layer):
        def build(self, shape):
            self.calls = self.add_weight(shape=(), initializer="zeros")

        def call(self, x):
            self.calls.assign_add(1.0)
            self.add_loss(keras.ops.sum(x))
            return tf.nn.relu(x)

    layer = Counting()
    assert found_in(layer) == [("call", "relu")]
    assert layer.losses == []
    assert float(layer.calls) == 0


def test_a_call_that_cannot_be_traced_again():
    class Moody(layers.Layer):
        fails = False

        def call(self, x):
            if self.fails:
                raise RuntimeError("not again")
            return tf.nn.relu(x)

    layer = Moody()
    inputs = keras.Input((4,))
    graph = RebuiltGraph({})
    graph.rebuild(keras.Model(inputs, layers.Dense(2)(layer(inputs))))
    assert len(beyond(graph)) == 1
    layer.fails = True
    assert beyond(graph) == []


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_the_end_of_a_head_is_the_output(kind):
    class Head(layers.Layer):
        def __init__(self):
            super().__init__(name="head")
            self.hidden = layers.Dense(4, "relu", name="hidden")
            self.out = layers.Dense(3, kind, name="out")

        def build(self, shape):
            self.hidden.build(shape)
            self.out.build((None, 4))
            self.built = True

        def call(self, x):
            return self.out(self.hidden(x))

    assert found_in(layers.Dropout(0.1), Head()) == [("hidden", "relu")]


def test_an_activation_over_an_unknown_number_of_channels():
    inputs = keras.Input((None, None))
    x = layers.ReLU(name="rectifier")(inputs)
    graph = RebuiltGraph({})
    graph.rebuild(keras.Model(inputs, keras.ops.mean(x, axis=-1)))
    assert [(one.layer, one.path) for one in beyond(graph)] == [("rectifier", "")]


def test_a_layer_called_twice_counts_twice():
    block = Block(name="block")
    inputs = keras.Input((4,))
    graph = RebuiltGraph({})
    graph.rebuild(keras.Model(inputs, layers.Dense(2)(block(block(inputs)))))
    assert [one.layer for one in beyond(graph)] == ["block"] * 5 + ["block:1"] * 5
