"""Taps: what they observe, their gradient, where they stand, what they leave."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_selectivity import SelectivityModel
from keras_selectivity.taps import Tap, TappedModel
from tests.reference import uniform

pytestmark = pytest.mark.slow

# The tap layer.

# (shape of one sample, channel axis). `_add_everywhere` adds several positions
# in a row where channels are narrow, and broadcasts where they are wide.
SHAPES = {
    "dense": ((5,), -1),
    "dense, wide": ((300,), -1),
    "1D": ((6, 3), -1),
    "1D, one position": ((1, 3), -1),
    "2D, narrow": ((4, 6, 3), -1),
    "2D, odd": ((3, 5, 7), -1),
    "2D, 64 channels": ((2, 2, 64), -1),
    "2D, 65 channels": ((2, 2, 65), -1),
    "2D, wide": ((3, 2, 200), -1),
    "3D": ((2, 3, 4, 2), -1),
    "3D, wide": ((2, 1, 2, 130), -1),
    "1D, channels first": ((3, 6), 1),
    "2D, channels first": ((3, 4, 6), 1),
    "3D, channels first": ((2, 2, 3, 4), 1),
}


def literal_mean(x, axis):
    """Mean over every axis but the batch's and the channels', in float64."""
    x = np.moveaxis(np.asarray(x, "float64"), axis, -1)
    return x.reshape(len(x), -1, x.shape[-1]).mean(axis=1)


def literal_gradient(x, dy, du, axis):
    """Of `sum(dy * x) + sum(du * mean(x))` in x: dy + du / positions."""
    shape = [len(x)] + [1] * (x.ndim - 1)
    shape[axis] = du.shape[1]
    positions = x[0].size / du.shape[1]
    return dy + du.reshape(shape) / positions


def both_gradients(tap, x, dy, du):
    """Output, units, gradient of x by the tap."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, units = tap(x)
        loss = tf.reduce_sum(tf.cast(y, tf.float64) * dy)
        loss += tf.reduce_sum(tf.cast(units, tf.float64) * du)
    return y, units, tape.gradient(loss, x)


@pytest.mark.parametrize("in_graph", [False, True, "dynamic"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", SHAPES)
def test_tap_and_its_gradient(name, dtype, in_graph):
    shape, axis = SHAPES[name]
    x = uniform((3, *shape), low=-1).astype(dtype)
    dy = uniform(x.shape, seed=1, low=-1)
    du = uniform((3, x.shape[axis]), seed=2, low=-1)
    tap = Tap(axis, dtype=dtype)

    def run(x):
        return both_gradients(tap, x, dy, du)

    if in_graph == "dynamic":
        known = [None] * x.ndim
        known[axis] = x.shape[axis]
        run = tf.function(run, input_signature=[tf.TensorSpec(known, dtype)])
    elif in_graph:
        run = tf.function(run)
    y, units, gradient = run(tf.constant(x))
    np.testing.assert_array_equal(y, x)
    tolerance = {"float64": 1e-14, "float32": 1e-6, "float16": 2e-3}[dtype]
    assert units.dtype == ("float64" if dtype == "float64" else "float32")
    # Units are float32 even where the activations are float16.
    np.testing.assert_allclose(
        units, literal_mean(x, axis), atol=min(tolerance, 1e-6), rtol=0
    )
    assert gradient.dtype == dtype
    expected = literal_gradient(x.astype("float64"), dy, du, axis)
    np.testing.assert_allclose(gradient, expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", SHAPES)
def test_gradient_is_autodiffs_of_reduce_mean(name):
    shape, axis = SHAPES[name]
    x = tf.constant(uniform((3, *shape), low=-1))
    positions = [i for i in range(1, x.shape.rank) if i != axis % x.shape.rank]
    probe = uniform((3, x.shape[axis]), seed=2)

    def gradient(tap):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, units = tap(tf.sin(x))
            loss = tf.reduce_sum(y**3) + tf.reduce_sum(tf.exp(units) * probe)
        return tape.gradient(loss, x)

    plain = gradient(lambda z: (z, tf.reduce_mean(z, axis=positions)))
    np.testing.assert_allclose(
        gradient(Tap(axis, dtype="float64")), plain, rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("which", ["output", "units"])
def test_gradient_through_one_of_the_two_alone(which):
    x = tf.constant(uniform((2, 4, 4, 3)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, units = Tap(dtype="float64")(x)
        loss = tf.reduce_sum(y * 2 if which == "output" else units * 8)
    np.testing.assert_allclose(
        tape.gradient(loss, x), 2 if which == "output" else 0.5, rtol=1e-14
    )


def test_float16_mean_of_large_maps_does_not_overflow():
    x = tf.fill((1, 64, 64, 2), tf.constant(60000, tf.float16))
    _, units = Tap(dtype="float16")(x)
    np.testing.assert_allclose(units, float(np.float16(60000)), rtol=1e-6)


def test_float16_gradient_saturates_instead_of_overflowing():
    """Finite gradients for float16 activations (design, number 5)."""
    x = tf.ones((1, 1, 1, 2), tf.float16)
    _, _, gradient = both_gradients(
        Tap(dtype="float16"), x, np.zeros(x.shape), np.array([[1e6, -1e6]])
    )
    assert np.all(np.isfinite(gradient))
    assert np.sign(gradient).ravel().tolist() == [1, -1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masked_tokens_count_for_nothing(dtype):
    x = uniform((3, 4, 2)).astype(dtype)
    mask = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]], bool)
    x[~mask] = 1e3
    du = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    tap = Tap(dtype=dtype)
    x = tf.constant(x)
    y, units, gradient = both_gradients(
        lambda x: tap(x, mask=mask), x, np.ones(x.shape), du
    )
    np.testing.assert_array_equal(y, x)
    kept = x.numpy()
    expected = [kept[0, :2].mean(0), kept[1, [0, 2, 3]].mean(0), [0, 0]]
    np.testing.assert_allclose(units, expected, rtol=1e-6)
    share = mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    expected = 1 + du[:, None] * share[..., None]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["dense", "2D, narrow", "2D, wide", "1D", "2D, channels first"]
)
def test_silenced_units(name):
    shape, axis = SHAPES[name]
    x = tf.constant(uniform((3, *shape), low=0.5))
    units = x.shape[axis]
    keep = np.arange(units) % 3 != 1
    silenced = tf.Variable(True)
    mask = tf.Variable(keep.astype("float32"))
    tap = Tap(axis, dtype="float64")
    tap.silence_with(lambda: (tf.convert_to_tensor(silenced), mask + 0))
    dy, du = uniform(x.shape, seed=1), uniform((3, units), seed=2)
    along = [1] * x.shape.rank
    along[axis] = units
    along = keep.reshape(along)

    y, means, gradient = both_gradients(tap, x, dy, du)
    np.testing.assert_array_equal(y, x * along)
    np.testing.assert_allclose(means, literal_mean(x, axis) * keep, rtol=1e-12)
    expected = literal_gradient(x.numpy(), dy, du, axis) * along
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)

    silenced.assign(False)
    y, means, gradient = both_gradients(tap, x, dy, du)
    np.testing.assert_array_equal(y, x)
    expected = literal_gradient(x.numpy(), dy, du, axis)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_tap_config_round_trip():
    tap = Tap(1, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(tap)
    )
    assert (again.channel_axis, again.name) == (1, "mine")


# Models of keras.applications.

APPLICATIONS = {
    "ResNet50": 49,
    "ResNet50V2": 49,
    "VGG16": 15,
    "MobileNetV2": 35,
    "DenseNet121": 121,
}


def nested_resnet():
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip(seed=0),
            keras.applications.ResNet50(
                include_top=False, weights=None, input_shape=(32, 32, 3)
            ),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )


@pytest.fixture(scope="module", params=[*APPLICATIONS, "nested ResNet50"])
def application(request):
    """Name, number of hidden rectifiers, model: each built once."""
    keras.utils.set_random_seed(0)
    if request.param == "nested ResNet50":
        return request.param, 49, nested_resnet()
    build = getattr(keras.applications, request.param)
    model = build(weights=None, classes=10, input_shape=(32, 32, 3))
    return request.param, APPLICATIONS[request.param], model


def test_applications(application):
    """Number of taps, outputs bit for bit, and a fit of two batches."""
    _, count, base = application
    x = uniform((4, 32, 32, 3), high=255).astype("float32")
    y = np.array([0, 1, 2, 3])
    expected = base.predict(x, verbose=0)
    config = base.to_json()
    model = SelectivityModel(base, alpha=-1.0)
    assert len(model.tap_names) == count
    assert base.to_json() == config
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    _, activations = model.observe(x, training=False)
    assert list(activations) == model.tap_names
    assert {a.shape[0] for a in activations.values()} == {4}
    assert min(float(tf.reduce_min(a)) for a in activations.values()) >= 0
    model.compile(
        keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy", run_eagerly=True
    )
    before = [w.numpy() for w in base.trainable_weights]
    history = model.fit(x, y, batch_size=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert 0 < history["si"][0] < 1
    moved = [
        not np.array_equal(b, w.numpy())
        for b, w in zip(before, base.trainable_weights, strict=True)
    ]
    assert np.mean(moved) > 0.9
    assert all(np.isfinite(weight.numpy()).all() for weight in base.weights)


def test_nested_names_and_depth_order():
    names = TappedModel(nested_resnet()).names
    assert names[0] == "resnet50/conv1_relu"
    assert names[-1] == "resnet50/conv5_block3_out"
    assert names.index("resnet50/conv3_block1_out") < names.index(
        "resnet50/conv4_block1_out"
    )


# Small graphs.


def dense_model(*hidden, units=5, inputs=4):
    return keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(3)])


def points(model, selection="relu"):
    return {s.name: s for s in TappedModel(model, selection).points}


def test_units_are_the_layers_outputs(make_cnn):
    base = make_cnn()
    x = uniform((5, 8, 8, 1)).astype("float32")
    tapped = TappedModel(base)
    assert tapped.names == ["relu_1", "conv_2", "dense"]
    assert tapped.units == [6, 8, 12]
    output, activations = tapped(x)
    np.testing.assert_array_equal(output, base(x))
    for name, activation in zip(tapped.names, activations, strict=True):
        inner = keras.Model(base.input, base.get_layer(name).output)(x)
        np.testing.assert_allclose(activation, literal_mean(inner, -1), atol=1e-6)


def test_the_users_model_is_left_alone(make_cnn):
    base = make_cnn(dropout=0.3)
    x = uniform((5, 8, 8, 1)).astype("float32")
    config, weights = base.get_config(), list(base.weights)
    inner = keras.Model(base.input, base.get_layer("conv_2").output)
    expected, expected_inner = base(x).numpy(), inner(x).numpy()
    layers_before = list(base.layers)
    tapped = TappedModel(base)
    tapped(x)
    assert base.get_config() == config
    assert [id(w) for w in base.weights] == [id(w) for w in weights]
    assert base.layers == layers_before
    np.testing.assert_array_equal(base(x), expected)
    inner_again = keras.Model(base.input, base.get_layer("conv_2").output)
    np.testing.assert_array_equal(inner_again(x), expected_inner)
    again = keras.Model.from_config(base.get_config())
    again.set_weights(base.get_weights())
    np.testing.assert_array_equal(again(x), expected)
    # A second view of the same model, and one of part of it.
    assert TappedModel(base).names == tapped.names
    assert TappedModel(inner_again).names == ["relu_1"]


@pytest.mark.parametrize(
    "shared", [lambda: layers.Dense(4, "relu", name="s"), lambda: layers.ReLU(name="s")]
)
def test_shared_layer_gives_two_taps(shared):
    shared = shared()
    inputs = keras.Input((4,))
    x = shared(layers.Dense(4)(shared(inputs)))
    base = keras.Model(inputs, layers.Dense(2)(x))
    tapped = TappedModel(base)
    assert tapped.names == ["s", "s:1"]
    x = uniform((3, 4), low=-1).astype("float32")
    output, (one, two) = tapped(x)
    np.testing.assert_array_equal(output, base(x))
    np.testing.assert_allclose(one, shared(x), rtol=1e-6)
    assert not np.allclose(one, two)


def test_nested_model_called_twice():
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, activation="relu", name="hidden")],
        name="inner",
    )
    inputs = keras.Input((4,))
    base = keras.Model(inputs, layers.Dense(2)(inner(inner(inputs))))
    tapped = TappedModel(base)
    assert tapped.names == ["inner/hidden", "inner:1/hidden"]
    x = uniform((3, 4), low=-1).astype("float32")
    output, (one, two) = tapped(x)
    np.testing.assert_array_equal(output, base(x))
    np.testing.assert_allclose(one, inner(x), rtol=1e-6)
    np.testing.assert_allclose(two, inner(inner(x)), rtol=1e-6)


def test_doubly_nested_functional_and_sequential():
    block = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, "relu", name="deep")], name="block"
    )
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, block(inner_input) + inner_input, name="inner")
    base = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2)])
    tapped = TappedModel(base)
    assert tapped.names == ["inner/block/deep"]
    x = uniform((3, 4), low=-1).astype("float32")
    output, (units,) = tapped(x)
    np.testing.assert_array_equal(output, base(x))
    np.testing.assert_allclose(units, block(x), rtol=1e-6)


def test_nested_model_at_the_output_is_not_tapped_at_its_end():
    head = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, "relu", name="hidden"),
            layers.Dense(3, "relu", name="out"),
        ],
        name="head",
    )
    base = keras.Sequential([keras.Input((4,)), head])
    assert TappedModel(base).names == ["head/hidden"]


@pytest.mark.parametrize(
    ("layer", "nonlinearity", "signed"),
    [
        (lambda: layers.ReLU(), "relu", False),
        (lambda: layers.ReLU(max_value=6), "relu", False),
        (lambda: layers.ReLU(negative_slope=0.1), "relu", True),
        (lambda: layers.Activation("relu"), "relu", False),
        (lambda: layers.Activation("relu6"), "relu6", False),
        (lambda: layers.Activation(keras.ops.relu), "relu", False),
        (lambda: layers.Activation(tf.nn.relu), "relu", False),
        (lambda: layers.Activation("leaky_relu"), "leaky_relu", True),
        (lambda: layers.LeakyReLU(), "leaky_relu", True),
        (lambda: layers.PReLU(), "prelu", True),
        (lambda: layers.Dense(5, activation="relu"), "relu", False),
        (lambda: layers.Dense(5, activation=layers.ReLU()), "relu", False),
        (
            lambda: layers.Dense(5, activation=layers.ReLU(negative_slope=0.1)),
            "relu",
            True,
        ),
        (lambda: layers.Dense(5, activation=layers.LeakyReLU()), "leaky_relu", True),
    ],
)
def test_rectifiers_of_every_kind(layer, nonlinearity, signed):
    layer = layer()
    base = dense_model(layer)
    (point,) = TappedModel(base).points
    assert (point.layer, point.nonlinearity, point.signed) == (
        layer,
        nonlinearity,
        signed,
    )
    x = uniform((6, 4), low=-3, high=3).astype("float32")
    output, (units,) = TappedModel(base)(x)
    np.testing.assert_array_equal(output, base(x))
    np.testing.assert_allclose(units, layer(x), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("gelu", True),
        ("elu", True),
        ("tanh", True),
        ("swish", True),
        ("selu", True),
        ("sigmoid", False),
        ("softplus", False),
        ("softmax", False),
    ],
)
def test_other_nonlinearities(name, signed):
    base = dense_model(layers.Dense(5, activation=name, name="h"), layers.Dense(4))
    point = points(base, "nonlinear")["h"]
    assert point.signed is signed
    assert list(points(base, "nonlinear")) == ["h"]
    assert not point.rectifier


def test_operations_without_a_layer():
    """`keras.ops.relu` leaves an operation in the graph, not a layer."""
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.relu(layers.Conv2D(4, 3)(inputs))
    x = keras.ops.leaky_relu(layers.Conv2D(5, 3)(x))
    x = keras.ops.nn.relu6(keras.ops.mean(x, axis=(1, 2)))
    base = keras.Model(inputs, layers.Dense(3)(x))
    tapped = TappedModel(base)
    assert tapped.units == [4, 5, 5]
    assert [point.signed for point in tapped.points] == [False, True, False]
    data = uniform((2, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(tapped(data)[0], base(data))


def test_time_distributed():
    base = keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.TimeDistributed(layers.Dense(5, activation="relu"), name="steps"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3),
        ]
    )
    x = uniform((2, 6, 4), low=-1).astype("float32")
    tapped = TappedModel(base)
    assert (tapped.names, tapped.units) == (["steps"], [5])
    _, (units,) = tapped(x)
    expected = np.maximum(x @ base.layers[0].layer.kernel.numpy(), 0).mean(axis=1)
    np.testing.assert_allclose(units, expected, rtol=1e-5, atol=1e-6)


def test_channels_first_is_inherited_by_norm_and_activation():
    inputs = keras.Input((1, 8, 8))
    x = layers.Conv2D(6, 3, data_format="channels_first", name="conv")(inputs)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.ReLU(name="rectified")(x)
    x = layers.Dropout(0.1)(x)
    x = keras.ops.relu(x)  # Keras names it "relu", or "relu_1" if one was made before.
    x = layers.Activation("relu", name="again")(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    x = layers.ReLU(name="pooled")(x)
    base = keras.Model(inputs, layers.Dense(3)(x))
    tapped = TappedModel(base)
    assert tapped.units == [6, 6, 6, 6]
    assert [point.channel_axis for point in tapped.points] == [1, 1, 1, -1]


def test_channels_first_enters_and_leaves_a_nested_model():
    inner_inputs = keras.Input((4, 6, 6))
    inner = keras.Model(inner_inputs, layers.ReLU(name="in")(inner_inputs), name="m")
    inputs = keras.Input((1, 8, 8))
    x = layers.Conv2D(4, 3, data_format="channels_first")(inputs)
    x = layers.Activation("relu", name="out")(inner(x) - 0.1)
    x = layers.GlobalMaxPooling2D(data_format="channels_first")(x)
    tapped = TappedModel(keras.Model(inputs, layers.Dense(3)(x)))
    assert dict(zip(tapped.names, tapped.units, strict=True)) == {"m/in": 4, "out": 4}


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.TimeDistributed(
            layers.Conv2D(5, 3, activation="relu", data_format="channels_first")
        ),
        lambda: layers.ConvLSTM2D(
            5, 3, activation="relu", data_format="channels_first", return_sequences=True
        ),
    ],
)
def test_channels_first_after_time(layer):
    layer = layer()
    inputs = keras.Input((4, 2, 8, 7))
    x = layers.TimeDistributed(layers.BatchNormalization(axis=1), name="norm")(
        layer(inputs)
    )
    x = layers.ReLU(name="again")(x)
    base = keras.Model(inputs, layers.Dense(3)(keras.ops.mean(x, axis=(1, 3, 4))))
    tapped = TappedModel(base, [layer.name, "norm", "again"])
    assert (tapped.units, [s.channel_axis for s in tapped.points]) == ([5] * 3, [2] * 3)
    data = uniform((3, 4, 2, 8, 7), low=-1).astype("float32")
    output, (units, *_) = tapped(data)
    np.testing.assert_array_equal(output, base(data))
    np.testing.assert_allclose(units, literal_mean(layer(data), 2), atol=1e-6)


def test_dynamic_spatial_shape():
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    base = keras.Model(inputs, layers.Dense(3)(x))
    model = SelectivityModel(base, alpha=-1.0)
    model.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError())
    for size in (8, 11):
        x = uniform((4, size, size + 1, 3)).astype("float32")
        logs = model.train_on_batch(x, np.eye(3)[[0, 1, 2, 0]], return_dict=True)
        assert np.isfinite(logs["loss"])


def test_token_mask_from_an_embedding():
    inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(inputs)
    x = layers.Dense(3, activation="relu", name="token")(x)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    base = keras.Model(inputs, layers.Dense(2)(x))
    tokens = np.array([[3, 4, 0, 0, 0], [1, 2, 3, 4, 5], [7, 0, 0, 0, 0]])
    output, (units,) = TappedModel(base)(tokens)
    np.testing.assert_array_equal(output, base(tokens))
    # The pooling that Keras itself does with the mask is the same mean.
    pooled = keras.Model(inputs, base.get_layer("pool").output)(tokens)
    np.testing.assert_allclose(units, pooled, rtol=1e-5, atol=1e-7)


def test_multi_input_and_dict_output():
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    x = layers.Concatenate()(
        [
            layers.Dense(5, "relu", name="l")(left),
            layers.Dense(6, "relu", name="r")(right),
        ]
    )
    hidden = layers.Dense(4, activation="relu", name="h")(x)
    base = keras.Model(
        {"left": left, "right": right},
        {"a": layers.Dense(2, "relu", name="a")(hidden), "b": hidden},
    )
    data = {"left": uniform((3, 4)), "right": uniform((3, 3))}
    tapped = TappedModel(base)
    # `h` is an output too, and so is `a`.
    assert sorted(tapped.names) == ["l", "r"]
    output, _ = tapped(data)
    expected = base(data)
    assert list(output) == list(expected)
    for key in expected:
        np.testing.assert_array_equal(output[key], expected[key])


@pytest.mark.parametrize("kind", [list, tuple])
def test_list_outputs_keep_their_structure(kind):
    inputs = keras.Input((4,))
    hidden = layers.Dense(5, activation="relu")(inputs)
    base = keras.Model(inputs, kind([layers.Dense(2)(hidden), layers.Dense(3)(hidden)]))
    x = uniform((3, 4))
    output, _ = TappedModel(base)(x)
    for one, other in zip(output, base(x), strict=True):
        np.testing.assert_array_equal(one, other)


def test_layer_with_a_call_of_its_own_and_call_arguments():
    class Scale(layers.Layer):
        def call(self, x, factor, *, training=None, offset=0.0):
            return x * factor + offset + (1.0 if training else 0.0)

    inputs, factor = keras.Input((4,)), keras.Input((1,))
    hidden = layers.Dense(4, activation="relu")(inputs)
    x = Scale()(hidden, factor, offset=2.0)
    base = keras.Model([inputs, factor], layers.Dense(2)(x))
    data = [uniform((3, 4)), uniform((3, 1))]
    for training in (False, True):
        output, _ = TappedModel(base)(data, training=training)
        np.testing.assert_array_equal(output, base(data, training=training))


def test_attention_and_layer_normalization():
    inputs = keras.Input((6, 8))
    x = layers.LayerNormalization()(inputs)
    x = x + layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.Dense(16, activation="gelu", name="mlp")(x)
    base = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    data = uniform((2, 6, 8)).astype("float32")
    tapped = TappedModel(base, "nonlinear")
    assert (tapped.names, tapped.units) == (["mlp"], [16])
    np.testing.assert_array_equal(tapped(data)[0], base(data))


# Bad input.


def message_of(error, call, *args, **kwargs):
    with pytest.raises(error) as e:
        call(*args, **kwargs)
    return str(e.value)


def test_subclassed_model():
    class Mine(keras.Model):
        def call(self, x):
            return x

    message = message_of(TypeError, TappedModel, Mine(name="mine"))
    assert "`model` must be a Functional or Sequential model" in message
    assert "'mine' of class Mine" in message
    assert "keras.Model(inputs, outputs)" in message


def test_functional_model_with_a_call_of_its_own():
    class Mine(keras.Model):
        def call(self, x):
            return 2 * super().call(x)

    inputs = keras.Input((4,))
    base = Mine(inputs, layers.Dense(2)(layers.Dense(3, "relu")(inputs)))
    assert "`model` must be a Functional" in message_of(TypeError, TappedModel, base)


@pytest.mark.parametrize("model", ["resnet", None, layers.Dense(3)])
def test_not_a_model(model):
    message = message_of(TypeError, TappedModel, model)
    assert "`model` must be a Keras model. Received: " in message
    assert type(model).__name__ in message


def test_sequential_that_is_not_built():
    base = keras.Sequential([layers.Dense(3, "relu"), layers.Dense(2)], name="s")
    message = message_of(ValueError, TappedModel, base)
    assert "`model` must be built" in message
    assert "'s'" in message
    assert "keras.Input(shape)" in message
    base.build((None, 4))
    assert len(TappedModel(base).names) == 1
