import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selectivity.batches import Batches


def rows(batches):
    return np.concatenate([np.asarray(x) for x, _, _ in batches])


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
