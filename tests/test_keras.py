"""Says when what is private in Keras is gone, or is no longer needed.

That Keras cannot average scalars over workers, `test_distribution.py` says.
"""

import inspect

import keras
import numpy as np
import pytest

from keras_selectivity._keras import HookedModel, begin_fit_at, mask_of


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Epochs(keras.callbacks.Callback):
    def __init__(self):
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append(epoch)


def test_fit_begins_where_it_is_told(model):
    for told, expected in ((2, [2, 3]), (None, [1, 2, 3])):
        begin_fit_at(model, told)
        epochs = Epochs()
        model.fit(
            np.ones((4, 2)),
            np.ones((4, 1)),
            epochs=4,
            initial_epoch=1,
            verbose=0,
            callbacks=[epochs],
        )
        assert epochs.seen == expected


def test_keras_has_no_other_way_to_begin_later():
    """Fails when Keras's own backup goes on by something else."""
    assert "_initial_epoch" in inspect.getsource(keras.callbacks.BackupAndRestore)


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch"])
def test_a_model_is_told_when_keras_begins(call):
    told = []

    class Told(HookedModel):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def _begin(self, iterator, data_batch):
            told.append((iterator is not None, data_batch is not None))
            return super()._begin(iterator, data_batch)

    model = Told()
    model.compile("sgd", "mse")
    quiet = {} if call == "train_on_batch" else {"verbose": 0}
    getattr(model, call)(np.ones((4, 2)), np.ones((4, 1)), **quiet)
    by_batch = call == "train_on_batch"
    assert told == [(not by_batch, by_batch)]


def test_keras_has_no_public_hook_before_the_first_step():
    """Fails when Keras builds a model in another way."""
    begins = inspect.getsource(keras.Model.fit)
    assert "_symbolic_build" in begins
    public = [name for name in dir(keras.Model) if "symbolic_build" in name]
    assert all(name.startswith("_") for name in public)


def test_a_mask_is_left_on_the_output():
    tokens = np.array([[3, 0], [1, 2]])
    found = mask_of(keras.layers.Embedding(4, 2, mask_zero=True)(tokens))
    assert np.asarray(found).tolist() == [[True, False], [True, True]]
    assert mask_of(keras.ops.ones((2, 2))) is None
    # There is no public reader of it.
    assert not [name for name in (*dir(keras.ops), *dir(keras.utils)) if "mask" in name]
