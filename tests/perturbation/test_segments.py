import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_selectivity.perturbation.segments import SegmentedModel
from keras_selectivity.taps import Tap


def same(_, x):
    return x


def check_reruns(model, x, taps="relu", atol=0.0):
    """Whatever the cut, an unperturbed rerun gives what the model gives."""
    segmented = SegmentedModel(model, taps)
    values = segmented.run(x)
    expected = keras.tree.flatten(model(x, training=False))
    for found, wanted in zip(
        keras.tree.flatten(segmented.output(values)), expected, strict=True
    ):
        np.testing.assert_array_equal(found, wanted)
    rows = np.array([2, 0, 2, 1])
    for tap in range(len(segmented.tap_points)):
        again = segmented.downstream([tap]).run(values, rows, same)
        for found, wanted in zip(keras.tree.flatten(again), expected, strict=True):
            np.testing.assert_allclose(found, np.asarray(wanted)[rows], atol=1e-6)
    return segmented, values


@pytest.mark.parametrize(
    "application",
    ["ResNet50", "ResNet50V2", "VGG16", "MobileNetV2", "DenseNet121", "InceptionV3"],
)
def test_applications(application):
    shape = (75, 75, 3) if application == "InceptionV3" else (32, 32, 3)
    build = getattr(keras.applications, application)
    model = build(weights=None, include_top=False, input_shape=shape, pooling="avg")
    x = np.random.default_rng(0).random((3, *shape), "float32")
    segmented = SegmentedModel(model)
    values = segmented.run(x)
    expected = model(x, training=False)
    np.testing.assert_array_equal(segmented.output(values), expected)
    rows = np.array([2, 0])
    count = len(segmented.tap_points)
    for tap in {0, count // 3, count // 2, count - 1}:
        again = segmented.downstream([tap]).run(values, rows, same)
        np.testing.assert_allclose(
            again, tf.gather(expected, rows), rtol=1e-4, atol=1e-5
        )


def test_only_what_lies_downstream_runs_again():
    """A branch beside the tap is carried across the cut, not run again."""
    calls = []

    class Counted(layers.Dense):
        def call(self, x):
            tf.py_function(lambda: calls.append(self.name), [], [])
            return super().call(x)

    inputs = keras.Input((4,))
    left = Counted(3, activation="relu", name="left")(inputs)
    left = Counted(3, name="left_2")(left)
    right = Counted(3, activation="relu", name="right")(inputs)
    right = Counted(3, name="right_2")(right)
    joined = Counted(2, name="joined")(layers.Add()([left, right]))
    model = keras.Model(inputs, joined)
    segmented = SegmentedModel(model)
    values = segmented.run(np.ones((2, 4), "float32"))
    assert sorted(calls) == ["joined", "left", "left_2", "right", "right_2"]
    calls.clear()
    left_tap = segmented.names.index("left")
    segmented.downstream([left_tap]).run(values, np.array([0]), same)
    assert sorted(calls) == ["joined", "left_2"]


def test_nothing_retraces_with_rows_or_taps(make_cnn):
    traces = []

    @keras.saving.register_keras_serializable("tests")
    class Traced(layers.Layer):
        def call(self, x):
            traces.append(self.name)
            return x + 0

    inputs = keras.Input((8, 8, 1))
    x = make_cnn()(inputs)
    model = keras.Model(inputs, Traced(name="end")(x))
    segmented = SegmentedModel(model)
    values = segmented.run(np.ones((5, 8, 8, 1), "float32"))
    before = len(traces)
    for batch in (3, 4, 9):
        values = segmented.run(np.ones((batch, 8, 8, 1), "float32"))
        for tap in range(3):
            for rows in (1, 2, 7):
                segmented.downstream([tap]).run(values, np.zeros(rows, int), same)
    assert len(traces) == before


def test_masked_tokens_cross_a_cut():
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 5, mask_zero=True)(inputs)
    x = layers.Dense(4, activation="relu", name="tokens")(x)
    x = layers.GlobalAveragePooling1D()(x)  # Leaves masked tokens out.
    model = keras.Model(inputs, layers.Dense(3)(x))
    tokens = np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 1], [2, 0, 0, 0, 0, 0]])
    segmented, values = check_reruns(model, tokens)
    unmasked = segmented.downstream([0]).run(values, np.array([0]), same)
    longer = model(np.array([[1, 2, 3, 3, 3, 3]]))
    assert np.abs(unmasked - longer).max() > 1e-4


def test_a_shared_layer_is_two_taps():
    shared = layers.Dense(4, activation="relu", name="shared")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(shared(shared(inputs))))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    segmented, values = check_reruns(model, x)
    assert segmented.names == ["shared", "shared:1"]
    second = segmented.downstream([1]).run(values, [0], lambda _, x: tf.zeros_like(x))
    bias = model.layers[-1].bias
    np.testing.assert_array_equal(second[0], bias)


def test_a_nested_model_called_twice():
    core_in = keras.Input((4,))
    core = keras.Model(
        core_in, layers.Dense(4, activation="relu", name="inner")(core_in), name="core"
    )
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model({"a": a, "b": b}, layers.Dense(2)(core(a) - core(b)))
    x = {k: np.random.default_rng(i).normal(size=(3, 4)) for i, k in enumerate("ab")}
    segmented, values = check_reruns(model, x)
    assert segmented.names == ["core/inner", "core:1/inner"]
    first, second = (
        segmented.downstream([tap]).run(values, [0, 1, 2], lambda _, x: x * 0)
        for tap in (0, 1)
    )
    without_a = model({"a": np.full((3, 4), 0.0), "b": x["b"]})
    relu_of_zero = core(np.zeros((1, 4)))
    np.testing.assert_array_equal(relu_of_zero, np.zeros((1, 4)))
    np.testing.assert_allclose(first, without_a, atol=1e-6)
    assert np.abs(first - second).max() > 1e-3


def test_several_outputs_and_an_auxiliary_head():
    inputs = keras.Input((4,))
    x = layers.Dense(5, activation="relu", name="one")(inputs)
    aside = layers.Dense(3, activation="relu", name="aside")(x)
    outputs = {
        "class": layers.Dense(2, name="class")(x),
        "extra": layers.Dense(1, name="extra")(aside),
    }
    model = keras.Model(inputs, outputs)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    segmented, values = check_reruns(model, x)
    tap = segmented.names.index("aside")
    found = segmented.downstream([tap]).run(values, [1, 1], lambda _, x: x * 0)
    expected = model(x)
    np.testing.assert_array_equal(found["class"], np.asarray(expected["class"])[[1, 1]])
    assert (np.asarray(found["extra"]) == np.asarray(model.layers[-1].bias)).all()


def test_mixed_precision_and_channels_first():
    keras.config.set_dtype_policy("mixed_float16")
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(3, dtype="float32")(x))
    x = np.random.default_rng(0).random((3, 8, 8, 3))
    segmented, values = check_reruns(model, x)
    assert segmented.tapped(values, 0).dtype == tf.float16


class Places(layers.Layer):
    """Numbers of the places of a sequence, `(places, 1)`, the same for every sample."""

    def call(self, x):
        places = keras.ops.arange(x.shape[1], dtype=x.dtype)
        return keras.ops.expand_dims(places, -1)

    def compute_output_shape(self, shape):
        return shape[1], 1


def test_a_shape_without_a_batch_axis_crosses_whole():
    inputs = keras.Input((6, 4))
    places = Places()(inputs)
    x = layers.Dense(4, activation="relu", name="first")(inputs)
    x = layers.Dense(4, activation="relu", name="second")(x + places)
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    x = np.random.default_rng(0).random((3, 6, 4)).astype("float32")
    _, values = check_reruns(model, x)
    crossed = [one.numpy() for one, _ in values.values() if one.shape == (6, 1)]
    np.testing.assert_array_equal(crossed, [np.arange(6.0)[:, None]])


def test_silent_units_of_a_wrapper_are_silent_here(make_cnn):
    import keras_selectivity as ks

    model = ks.SelectivityModel(make_cnn())
    segmented = SegmentedModel(model.base_model, "relu", model.tapped)
    x = np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")
    with model.silenced({"dense": range(12)}):
        values = segmented.run(x)
        np.testing.assert_array_equal(segmented.output(values), model(x))
        assert not np.any(segmented.tapped(values, 2))
    np.testing.assert_array_equal(segmented.output(segmented.run(x)), model(x))
    assert all(isinstance(tap, Tap) for tap in model.tapped.silencing_taps().values())
