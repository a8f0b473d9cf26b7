"""Preferred classes through training (LM21 A.16)."""

import copy

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.callbacks import PreferredClassTracker


@pytest.fixture
def data(digits):
    return digits[0][:120], digits[1][:120]


@pytest.fixture
def model(make_cnn):
    model = ks.SelectivityModel(make_cnn(), alpha=0.5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss)
    return model


class Reports(keras.callbacks.Callback):
    def __init__(self, data):
        super().__init__()
        self.data, self.found = data, []

    def on_epoch_end(self, epoch, logs=None):
        self.found.append(ks.measure(self.model, self.data, verbose=0))


def test_history_is_what_a_measurement_after_every_epoch_says(model, data):
    tracker, reports = PreferredClassTracker(data), Reports(data)
    logs = model.fit(*data, epochs=4, verbose=0, callbacks=[tracker, reports]).history
    assert tracker.epochs == [0, 1, 2, 3]
    for layer, history in tracker.history.items():
        expected = [report.preferred_class[layer] for report in reports.found]
        np.testing.assert_array_equal(history, expected)
        changes = sum(history[t] != history[t - 1] for t in (1, 2, 3))
        np.testing.assert_array_equal(tracker.changes[layer], changes)
        assert tracker.changed[layer] == (changes > 0).mean()
    assert logs["preferred_class_changed"][-1] == pytest.approx(
        np.mean(list(tracker.changed.values()))
    )
    assert logs["preferred_class_changes"][0] == 0
    # Otherwise the comparison above says nothing.
    assert logs["preferred_class_changes"][-1] > 0


def test_worked_example_w29(model, data):
    tracker = PreferredClassTracker(data)
    tracker.history = {"a": np.array([[3, 3], [3, 3], [5, 3], [5, 3], [3, 3]])}
    assert tracker.changes["a"].tolist() == [2, 0]
    assert tracker.changed["a"] == 0.5


def test_history_is_saved_and_goes_on_after_a_restart(model, data, tmp_path):
    path = tmp_path / "preferred.npz"
    whole = PreferredClassTracker(data, path)
    model.fit(*data, epochs=3, verbose=0, callbacks=[whole])
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["history/conv_2"], whole.history["conv_2"])
    # A new process would begin with a new callback, at the epoch that was lost.
    again = PreferredClassTracker(data, path)
    model.fit(*data, epochs=4, initial_epoch=2, verbose=0, callbacks=[again])
    assert again.epochs == [0, 1, 2, 3]
    np.testing.assert_array_equal(
        again.history["conv_2"][:2], whole.history["conv_2"][:2]
    )
    assert len(again.history["conv_2"]) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["preferred.npz"]


def test_a_second_training_from_the_start_begins_anew(model, data):
    tracker = PreferredClassTracker(data)
    model.fit(*data, epochs=2, verbose=0, callbacks=[tracker])
    model.fit(*data, epochs=3, verbose=0, callbacks=[tracker])
    assert tracker.epochs == [0, 1, 2]
    assert len(tracker.history["dense"]) == 3


def test_copies_share_the_data_before_and_after_training(model, data):
    tracker = PreferredClassTracker(data)
    assert copy.deepcopy(tracker).data is data
    model.fit(*data, verbose=0, callbacks=[tracker])
    twin = copy.deepcopy(tracker)
    assert twin.data is data
    assert twin.history is not tracker.history
    model.fit(*data, epochs=2, initial_epoch=1, verbose=0, callbacks=[twin])
    assert twin.epochs == [0, 1]
    assert tracker.epochs == [0]


def test_bad_arguments_are_named(data):
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        PreferredClassTracker(data, "history.pkl")
    with pytest.raises(ValueError, match="`data` must hold samples"):
        PreferredClassTracker((data[0][:0], data[1][:0]))
    with pytest.raises(ValueError, match="`data` must hold samples"):
        PreferredClassTracker(None)
