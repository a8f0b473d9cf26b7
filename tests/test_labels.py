"""The forms that labels may have, and what is said of labels that cannot be used."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.data.targets import ClassTargets, LabelWatch
from keras_selectivity.labels import FAULTS, Labels, complaint, label_weights


def faults(labels, classes, weights=None, **options):
    """Numbers of samples with a wrong index, distribution, fraction, weight."""
    return Labels(labels, classes, weights, **options).faults.numpy().tolist()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "float32"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_integer_labels_equal_one_hot(dtype, shape):
    labels = np.array([2, 0, 1, 2])
    expected = np.zeros((4, 3))
    expected[range(4), labels] = 1
    found = label_weights(labels.reshape(shape).astype(dtype), 3)
    assert found.dtype == tf.float64
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(label_weights(expected, 3), expected)


@pytest.mark.parametrize("weight_shape", [(2,), (2, 1)])
def test_soft_labels_times_weights(weight_shape):
    labels = np.array([[0.25, 0.75, 0], [0, 0.5, 0.5]])
    weights = np.array([2.0, 0.0]).reshape(weight_shape)
    np.testing.assert_array_equal(
        label_weights(labels, 3, weights), [[0.5, 1.5, 0], [0, 0, 0]]
    )


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binary_floats_are_probabilities_of_class_1(shape, dtype):
    labels = np.array([0, 1, 0.25], dtype).reshape(shape)
    np.testing.assert_array_equal(
        label_weights(labels, 2), [[1, 0], [0, 1], [0.75, 0.25]]
    )


def test_labels_work_in_a_graph():
    @tf.function(input_signature=[tf.TensorSpec((None, 1)), tf.TensorSpec((None,))])
    def weights(y, w):
        return label_weights(y, 3, w)

    found = weights(tf.constant([[1.0], [2.0]]), tf.constant([1.0, 3.0]))
    np.testing.assert_array_equal(found, [[0, 1, 0], [0, 0, 3]])


def test_booleans_are_the_classes_0_and_1():
    rows = [[1, 0], [0, 1]]
    np.testing.assert_array_equal(label_weights(np.array([False, True]), 2), rows)
    np.testing.assert_array_equal(label_weights(np.eye(2, dtype=bool), 2), rows)


def test_many_classes_for_labels_of_few_bits():
    found = label_weights(np.array([255, 0], "uint8"), 1000).numpy()
    assert found.argmax(axis=1).tolist() == [255, 0]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_soft_labels_that_are_rounded(dtype):
    mixed = np.random.default_rng(0).dirichlet(np.ones(100), 50).astype(dtype)
    assert faults(mixed, 100) == [0, 0, 0, 0]
    bfloat16 = tf.cast(mixed, tf.bfloat16)
    assert faults(bfloat16, 100) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, -1, 7, 2], 3),
        ([1.0, np.nan, 0.5, 2.0], 3),
        (np.array([[0, 1, 0], [np.nan, 0, 0], [1, 1, 1], [0, 0, 1.0]]), 3),
        ([0.25, np.nan, 8.0, 1.0], 2),
    ],
)
def test_a_sample_of_weight_0_may_have_any_label(labels, classes):
    weights = [1.0, 0.0, 0.0, 2.0]
    found = Labels(np.array(labels), classes, weights)
    assert found.faults.numpy().tolist() == [0, 0, 0, 0]
    kept = Labels(np.array(labels)[[0, 3]], classes, [1.0, 2.0]).weights
    np.testing.assert_array_equal(found.weights.numpy()[[0, 3]], kept)
    np.testing.assert_array_equal(found.weights.numpy()[[1, 2]], 0)


@pytest.mark.parametrize("ignored", [-1, 255, 1])
def test_samples_of_an_ignored_class_count_for_nothing(ignored):
    found = Labels(np.array([0, ignored, 2]), 3, ignored=ignored)
    assert found.faults.numpy().tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(found.weights, [[1, 0, 0], [0, 0, 0], [0, 0, 1]])


# Bad input.


@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 3), ()])
def test_label_shape_that_fits_no_form(shape):
    with pytest.raises(ValueError, match="`y` must hold integers of shape") as e:
        label_weights(np.zeros(shape), 3)
    message = str(e.value)
    assert "distributions of shape (samples, 3) for num_classes=3" in message
    assert f"Received: shape={shape}" in message
    segmentation = len(shape) > 2
    assert ("segmentation" in message) == segmentation
    assert ("pass `num_classes`" in message) != segmentation
    assert ("name the one that holds the classes with `labels`" in message) != (
        segmentation
    )


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        ([0, 3, 1], 3, [1, 0, 0, 0]),
        ([-1, 0, 7], 3, [2, 0, 0, 0]),
        ([[0], [7]], 3, [1, 0, 0, 0]),
        ([0.0, 1.5], 3, [1, 0, 0, 0]),
        ([np.nan, 1.0], 3, [1, 0, 0, 0]),
        ([0.0, 1.5], 2, [1, 0, 0, 0]),
        ([-0.5, np.nan], 2, [2, 0, 0, 0]),
        ([[1.5, -0.5, 0.0]], 3, [0, 1, 0, 0]),
        ([[1, 1, 0], [0, 0, 0], [0, 1, 0], [np.nan, 0, 1]], 3, [0, 3, 0, 0]),
    ],
)
def test_labels_that_cannot_be_used(labels, classes, expected):
    """They are counted, count for nothing, and outside a graph they are refused."""
    found = Labels(np.array(labels), classes)
    assert found.faults.numpy().tolist() == expected
    assert np.count_nonzero(found.weights.numpy().sum(axis=1) == 0) == sum(expected)
    with pytest.raises(ValueError, match="`y` must hold") as e:
        label_weights(np.array(labels), classes)
    assert f"Received: {sum(expected)} sample" in str(e.value)


def test_fractions_may_be_no_probabilities():
    assert faults([0.0, 0.25, 1.0, 2.0], 2, fractions=False) == [1, 0, 1, 0]


@pytest.mark.parametrize("weights", [[1.0, -1.0], [np.nan, 1.0], [1.0, np.inf]])
def test_sample_weights_that_cannot_be_used(weights):
    assert faults([0, 1], 3, weights) == [0, 0, 0, 1]
    assert np.isfinite(Labels([0, 1], 3, weights).weights).all()
    with pytest.raises(ValueError, match="`sample_weight` must not be negative, and"):
        label_weights([0, 1], 3, weights)


@pytest.mark.parametrize("shape", [(4, 2), (4, 2, 1), ()])
def test_sample_weight_shape(shape):
    with pytest.raises(ValueError, match="`sample_weight` must have shape") as e:
        label_weights([0, 1, 2, 0], 3, np.ones(shape))
    assert f"Received: shape={shape}" in str(e.value)


@pytest.mark.parametrize(
    "text", [np.array(["cat", "dog"]), np.array([0, "dog"], object), tf.constant(["a"])]
)
def test_text_is_no_number(text):
    with pytest.raises(TypeError, match="`y` must hold numbers") as e:
        label_weights(text, 3)
    assert "np.unique(y, return_inverse=True)" in str(e.value)
    with pytest.raises(TypeError, match="`sample_weight` must hold numbers"):
        label_weights([0, 1], 3, text)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_counts_what_cannot_be_used(jit_compile):
    """Also where XLA drops what only raises."""

    @tf.function(jit_compile=jit_compile)
    def read(y, w):
        found = Labels(y, 3, w)
        return found.weights, found.faults

    weights, found = read(tf.constant([0, 5, 2]), tf.constant([1.0, 1.0, -1.0]))
    np.testing.assert_array_equal(weights, [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert found.numpy().tolist() == [1, 0, 0, 1]


def test_every_fault_says_what_is_allowed_and_what_to_do():
    for kind in range(len(FAULTS)):
        counts = np.zeros(len(FAULTS))
        counts[kind] = 3
        message = complaint(counts, 7)
        assert message.startswith("`sample_weight`" if kind == 3 else "`y` must hold")
        assert "Received: 3 samples" in message
    assert complaint(np.zeros(len(FAULTS)), 7) is None


# Among a model's targets.


def head(units, activation=None, **compiled):
    """A model with one output; compiled if there is a loss."""
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(units, activation)(inputs)
    model = keras.Model(inputs, outputs)
    if compiled:
        model.compile(**compiled)
    return model


def test_lists_of_numbers_are_no_labels():
    targets = ClassTargets(head(3))
    for y in ([0, 1, 2], [[0], [1]], ["a", "b"]):
        with pytest.raises(TypeError, match="`y` must be an array") as e:
            targets.check(y)
        assert "np.asarray(y)" in str(e.value)
    with pytest.raises(TypeError, match="`sample_weight` must be an array"):
        targets.check(np.array([0, 1]), [1.0, 0.0])


def test_arrays_are_checked_whole():
    """Beyond the rows that are looked at together, too."""
    y = np.zeros(20_000, int)
    targets = ClassTargets(head(3))
    targets.check(y)
    y[-1] = 9
    with pytest.raises(ValueError, match="values from 0 to 9"):
        targets.check(y)
    weights = np.ones(20_000)
    weights[-1] = np.inf
    with pytest.raises(ValueError, match=r"`sample_weight`.*values from 1\.0 to inf"):
        targets.check(np.zeros(20_000, int), weights)


def test_multi_label_targets_are_refused():
    rows = np.random.default_rng(0).integers(0, 2, (200, 4)).astype("float32")
    with pytest.raises(ValueError, match="numbers that are not negative and sum") as e:
        ClassTargets(head(4, "sigmoid")).check(rows)
    assert "rows that sum to 0 to 4" in str(e.value)
    assert "`y[:, k]` with `num_classes=2`" in str(e.value)


@pytest.mark.parametrize(
    ("loss", "num_classes", "allowed"),
    [
        ("mse", None, False),
        (keras.losses.Huber(), None, False),
        (None, None, False),
        ("mse", 2, True),
        ("binary_crossentropy", None, True),
        (keras.losses.BinaryCrossentropy(from_logits=True), None, True),
    ],
)
def test_a_regression_is_told_from_soft_labels(loss, num_classes, allowed):
    model = head(1, **({"loss": loss} if loss else {}))
    targets = ClassTargets(model, num_classes)
    targets.check(np.array([0.0, 1.0, 1.0]))
    y = np.random.default_rng(0).random(20)
    if allowed:
        targets.check(y)
    else:
        with pytest.raises(ValueError, match="`y` must hold the classes 0 and 1") as e:
            targets.check(y)
        assert "A regression has no classes" in str(e.value)
        assert "`num_classes=2`" in str(e.value)


def test_an_output_for_every_pixel_is_no_classifier():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(5, 3)(inputs))
    with pytest.raises(ValueError, match="`model` must be a classifier") as e:
        ClassTargets(model)
    assert "(None, 6, 6, 5)" in str(e.value)
    assert ClassTargets(model, num_classes=5).num_classes == 5


def test_the_ignored_class_is_the_compiled_loss_s():
    sparse = keras.losses.SparseCategoricalCrossentropy
    y = np.array([0, 255, 2])
    trained = head(3, loss=sparse(from_logits=True, ignore_class=255))
    expected = [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    np.testing.assert_array_equal(ClassTargets(trained).weights(y), expected)
    other = ClassTargets(head(3), compiled=trained)
    np.testing.assert_array_equal(other.weights(y), expected)
    with pytest.raises(ValueError, match="values from 0 to 255"):
        ClassTargets(head(3)).check(y)


def test_the_watch_looks_after_ever_more_batches():
    targets = ClassTargets(head(3))
    watch = LabelWatch(targets)
    looks = []
    watch.look = lambda: looks.append(batch)
    with watch.watching():
        for batch in range(1, 20):
            watch.on_train_batch_end(batch)
        batch = "end"
    assert looks == [1, 2, 4, 8, 16, "end"]
