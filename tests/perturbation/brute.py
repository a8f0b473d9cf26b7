"""The plain way: a model with a clamp behind every tap, one `evaluate` a mask."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from recipes.models import resnet20


class Clamp(layers.Layer):
    """`keep * x + (1 - keep) * value`, with `keep` a unit's or a map's."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, shape):
        self.keep = self.add_weight(
            shape=shape[1:], initializer="ones", trainable=False, name="keep"
        )
        self.value = self.add_weight(shape=shape[1:], trainable=False, name="value")

    def call(self, x):
        return self.keep * x + (1 - self.keep) * self.value


class Plain:
    """A model of `build(hook)`, where `hook(name, x)` stands behind each tap."""

    def __init__(self, build, loss, weights=None, **compiled):
        self.clamps = {}
        self._data, self._batches = None, None

        def hook(name, x):
            self.clamps[name] = Clamp(name=name.replace("/", "_") + "_clamp")
            return self.clamps[name](x)

        self.model = build(lambda name, x: x)
        if weights is not None:
            self.model.set_weights(weights)
        self.clamped = build(hook)
        theirs = {w.path: w for w in self.model.weights}
        for weight in self.clamped.weights:
            if weight.path in theirs:
                weight.assign(theirs.pop(weight.path))
        assert not theirs
        for model in (self.model, self.clamped):
            model.compile("sgd", loss, metrics=["accuracy"], **compiled)

    def maps(self, name, x):
        """The intact feature maps behind a tap, `(samples, ..., units)`."""
        for clamp in self.clamps.values():
            clamp.keep.assign(np.ones(clamp.keep.shape))
        found = []
        inner = self.clamps[name]
        call = inner.call
        inner.call = lambda x: found.append(np.asarray(x)) or call(x)
        try:
            self.clamped(x, training=False)
        finally:
            inner.call = call
        return found[0]

    def evaluate(self, data, silent, values=None):
        """`(loss, accuracy)` with units silent: mapping of tap to units."""
        for name, clamp in self.clamps.items():
            keep = np.ones(clamp.keep.shape, "float32")
            keep[..., list(silent.get(name, []))] = 0
            clamp.keep.assign(keep)
            value = np.zeros(clamp.keep.shape) if values is None else values[name]
            clamp.value.assign(value)
        if self._data is not data:
            self._data = data
            self._batches = tf.data.Dataset.from_tensor_slices(data).batch(64)
        found = self.clamped.evaluate(self._batches, verbose=0, return_dict=True)
        return found["loss"], found["accuracy"]


def plain_cnn(hook):
    inputs = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(5, 3, name="conv_1")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    x = hook("relu_1", layers.ReLU(name="relu_1")(x))
    x = hook("conv_2", layers.Conv2D(6, 3, activation="relu", name="conv_2")(x))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = hook("dense", layers.Dense(7, activation="relu", name="dense")(x))
    outputs = layers.Dense(10, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs)


def small_resnet20(hook):
    model = resnet20((8, 8, 1), widths=(2, 3, 4))

    def call(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        return hook(layer.name, output) if isinstance(layer, layers.ReLU) else output

    return keras.models.clone_model(model, call_function=call)


def nested(hook):
    def core(hook):
        inputs = keras.Input((8, 8, 1), name="core_image")
        x = layers.Conv2D(4, 3, activation="relu", name="conv_1")(inputs)
        x = hook("core/conv_1", x)
        side = layers.Conv2D(4, 1, name="side")(x)
        x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv_2")(x)
        x = layers.Add(name="add")([hook("core/conv_2", x), side])
        return keras.Model(inputs, x, name="core")

    inputs = keras.Input((8, 8, 1), name="image")
    x = layers.Rescaling(2.0, name="rescaling")(inputs)
    x = core(hook)(x)
    x = keras.Sequential(
        [keras.Input((6, 6, 4)), layers.Flatten(name="flatten")], name="head"
    )(x)
    x = hook("dense", layers.Dense(6, activation="relu", name="dense")(x))
    return keras.Model(inputs, layers.Dense(10, name="logits")(x))


def branching(hook):
    """Three branches of unlike depth, one that skips to the end, and two inputs
    of a layer from both sides of a cut."""
    inputs = keras.Input((8, 8, 1), name="image")
    stem = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(inputs)
    stem = hook("stem", stem)
    a = layers.Conv2D(3, 1, activation="relu", name="a_1")(stem)
    a = layers.Conv2D(3, 3, padding="same", name="a_2")(hook("a_1", a))
    a = hook("a_relu", layers.ReLU(name="a_relu")(a))
    b = layers.Conv2D(3, 3, padding="same", activation="relu", name="b_1")(stem)
    b = hook("b_1", b)
    gate = layers.Dense(3, activation="sigmoid", name="gate")(
        layers.GlobalAveragePooling2D(name="gate_pool")(stem)
    )
    b = layers.Multiply(name="gated")([b, layers.Reshape((1, 1, 3), name="wide")(gate)])
    joined = layers.Concatenate(name="joined")(
        [a, b, layers.MaxPooling2D(3, 1, padding="same", name="c")(stem)]
    )
    x = layers.Conv2D(5, 3, strides=2, activation="relu", name="mixed")(joined)
    x = layers.GlobalAveragePooling2D(name="pool")(hook("mixed", x))
    skipped = layers.GlobalMaxPooling2D(name="skipped")(a)
    x = layers.Concatenate(name="features")([x, skipped])
    return keras.Model(inputs, layers.Dense(10, name="logits")(x))


BUILDERS = {
    "plain_cnn": plain_cnn,
    "small_resnet20": small_resnet20,
    "nested": nested,
    "branching": branching,
}


def trained(name, data):
    """A `Plain` whose model was trained for a moment, so that its units differ."""
    keras.utils.set_random_seed(3)
    logits = name != "plain_cnn"
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model = BUILDERS[name](lambda name, x: x)
    model.compile(keras.optimizers.Adam(0.01), loss)
    # A step that creates variables is traced twice.
    model.optimizer.build(model.trainable_variables)
    model.fit(*data, epochs=3, batch_size=64, verbose=0)
    return Plain(BUILDERS[name], loss, model.get_weights())
