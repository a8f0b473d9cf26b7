import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.data.batches import Batches, check_inputs, first_look


def rows(batches):
    return np.concatenate([np.asarray(keras.tree.flatten(x)[0]) for x, _, _ in batches])


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return np.full((2, 1), i), np.zeros(2)


X = np.arange(7.0)[:, None]


@pytest.mark.parametrize(
    ("data", "expected", "length"),
    [
        ((X, X), X, 3),
        ([X, X], X, 3),
        ((X,), X, 3),
        (X, X, 3),
        ({"only": X}, X, 3),
        ((X, None, np.ones(7)), X, 3),
        ((tf.constant(X), X), X, 3),
        (tf.data.Dataset.from_tensor_slices((X, X)).batch(3), X, 3),
        (Sequence(), np.repeat([0, 1, 2], 2)[:, None], 3),
        ([(X[:4], X[:4]), (X[4:], X[4:])], X, None),
    ],
)
def test_every_form_gives_every_sample_twice(data, expected, length):
    if length is None:  # A list of batches is a sequence of its own kind.
        data = dict(enumerate(data)).values()
    batches = Batches(data, 3, again=True)
    for _ in range(2):
        np.testing.assert_array_equal(rows(batches), expected)
    assert len(batches) == (length or 2)


class Endless(Sequence):
    num_batches = None


@pytest.mark.parametrize(
    "data",
    [
        (X, X),
        tf.data.Dataset.from_tensor_slices((X, X)).batch(3),
        tf.data.Dataset.from_tensor_slices((X, X)).batch(3).repeat(),
        iter([(X[:3], X[:3]), (X[3:6], X[3:6]), (X[6:], X[6:])]),
    ],
)
def test_steps_are_so_many_batches(data):
    batches = Batches(data, 3, steps=2)
    assert rows(batches).ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert len(batches) == 2


def test_steps_of_an_endless_py_dataset():
    batches = Batches(Endless(), steps=5)
    assert rows(batches).ravel().tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(batches) == 5
    with pytest.raises(ValueError, match="`data` is an endless data set"):
        Batches(Endless())


def test_data_that_end_before_the_steps_are_taken_whole():
    for data in ((X, X), tf.data.Dataset.from_tensor_slices((X, X)).batch(3)):
        batches = Batches(data, 3, steps=9)
        np.testing.assert_array_equal(rows(batches), X)
        assert len(batches) == 3


def test_no_batch_more_than_the_steps_is_made():
    made = []

    def batches():
        for start in range(9):
            made.append(start)
            yield X, X

    assert len(list(Batches(batches(), steps=3))) == 3
    assert made == [0, 1, 2]


def test_arrays_are_the_samples_that_are_taken():
    x, y, weight = Batches((X, X), 3, steps=2).arrays
    assert len(x) == len(y) == 6
    assert weight is None
    assert Batches(tf.data.Dataset.from_tensors((X, X))).arrays is None


def test_structures_of_inputs_and_targets():
    data = {"a": X, "b": X * 2}, [X, None]
    (x, y, weight), *rest = Batches(data, 4)
    assert weight is None
    np.testing.assert_array_equal(x["b"], X[:4] * 2)
    assert y[1] is None
    assert len(rest) == 1


def test_an_array_is_not_copied():
    (x, _, _), *_ = Batches((X, X), 7)
    assert np.shares_memory(x, X)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (None, ValueError, "None"),
        ((X, X[:3]), ValueError, "one length. Received: lengths \\[3, 7\\]"),
        ((X[:0], X[:0]), ValueError, "no samples"),
        (5, TypeError, "Received: int"),
        (tf.data.Dataset.from_tensors((X, X)).repeat(), ValueError, "endless"),
        (iter([(X, X)]), ValueError, "`train` must be data that can be iterated more"),
        ("digits", TypeError, "Received: str"),
        ([], ValueError, "no samples"),
        ((None, X), ValueError, "no samples"),
        (([1, 2], [0, 1]), TypeError, r"`x` must be an array.*x=\[1, 2\]"),
        ((X, [0] * 7), TypeError, r"`y` must be an array.*`np.asarray\(y\)`"),
        ((X, X, 1.0), TypeError, "`sample_weight` must be an array"),
        ((X, "labels"), TypeError, "`y` must be an array"),
        ({"a": [1, 2]}, TypeError, "`x` must be an array"),
        (np.array(3.0), TypeError, "`x` must be an array"),
        (np.array([[1, 2], [3]], object), TypeError, "an array of Python objects"),
        ((X,) * 4, ValueError, "Received: 4 entries"),
    ],
)
def test_errors(data, error, message):
    with pytest.raises(error, match=message):
        Batches(data, 3, "train", again=True)


def test_what_can_be_iterated_once_is_enough_once():
    assert len(rows(Batches(iter([(X, X)])))) == 7


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError)]
)
def test_sizes_that_are_none(size, error):
    with pytest.raises(error, match="`batch_size`"):
        Batches((X, X), size)


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (5, TypeError, "`x` must be an array"),
        (([1, 2], [0, 1]), TypeError, "`x` must be an array"),
        ((X,) * 4, ValueError, "Received: 4 entries"),
    ],
)
def test_batches_that_are_none(batch, error, message):
    with pytest.raises(error, match=message):
        list(Batches(iter([batch])))


def test_text_may_be_an_input():
    words = np.array(["a", "b"], object)
    (x, _, _), *_ = Batches(words)
    assert x.tolist() == ["a", "b"]


def two_inputs():
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    joined = keras.layers.Concatenate()([left, right])
    return keras.Model({"left": left, "right": right}, keras.layers.Dense(2)(joined))


L, R = np.zeros((5, 4)), np.zeros((5, 3), int)


@pytest.mark.parametrize(
    ("x", "good"),
    [
        ({"left": L, "right": R}, True),
        ({"right": R, "left": L, "more": L}, True),
        ((L, R), True),
        ({"left": L}, False),
        ({"left": R, "right": L}, False),
        (L, False),
        ((R, L), False),
    ],
)
def test_inputs_that_a_model_takes(x, good):
    if good:
        check_inputs(two_inputs(), x)
        return
    with pytest.raises(ValueError, match=r"`train` does not fit .* \(None, 4\), right"):
        check_inputs(two_inputs(), x, "train")


def test_a_look_at_arrays_and_data_sets():
    assert first_look((X, X))[0] is X
    x, *_ = first_look(tf.data.Dataset.from_tensors((X, X)).take(1))
    np.testing.assert_array_equal(x, X)
    with pytest.raises(ValueError, match="not a single batch"):
        first_look(tf.data.Dataset.from_tensors((X, X)).filter(lambda *_: False))
