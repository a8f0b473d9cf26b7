"""Preferred classes through training (LM21 A.16)."""

import copy

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.callbacks import PreferredClasses, PreferredClassTracker
from keras_selectivity.storage.files import UnusableFileError


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


def test_worked_example_w29():
    history = {"a": [[3, 3], [3, 3], [5, 3], [5, 3], [3, 3]]}
    found = PreferredClasses(range(5), history)
    assert found.changes["a"].tolist() == [2, 0]
    assert found.changed["a"] == 0.5


def test_history_is_saved_and_goes_on_after_a_restart(model, data, tmp_path):
    path = tmp_path / "preferred.npz"
    whole = PreferredClassTracker(data, path)
    model.fit(*data, epochs=3, verbose=0, callbacks=[whole])
    loaded = PreferredClasses.load(path)
    assert loaded.epochs.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(loaded.history["conv_2"], whole.history["conv_2"])
    (tmp_path / f".unfinished-{'0' * 16}-preferred.npz").write_bytes(b"killed")
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


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive" * 9])
def test_a_damaged_file_is_refused_before_the_first_step(
    model, data, tmp_path, content
):
    path = tmp_path / "preferred.npz"
    path.write_bytes(content)
    before = model.get_weights()
    options = {"epochs": 2, "initial_epoch": 1, "verbose": 0}
    with pytest.raises(UnusableFileError, match=r"preferred\.npz.*Remove it"):
        tracker = PreferredClassTracker(data, path)
        model.fit(*data, callbacks=[tracker], **options)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    # Nothing is continued from the beginning, and the file is written anew.
    tracker = PreferredClassTracker((data[0][:20], data[1][:20]), path)
    model.fit(*data, verbose=0, callbacks=[tracker])
    assert PreferredClasses.load(path).epochs.tolist() == [0]


def test_the_file_of_another_network_or_training_is_refused(model, data, tmp_path):
    path = tmp_path / "preferred.npz"
    few = data[0][:20], data[1][:20]
    options = {"epochs": 2, "initial_epoch": 1, "verbose": 0}
    PreferredClasses([0], {"dense": [[1, 2]]}, "alpha -1").save(path)
    tracker = PreferredClassTracker(few, path, training="alpha -2")
    with pytest.raises(UnusableFileError, match="'alpha -1', not 'alpha -2'"):
        model.fit(*few, callbacks=[tracker], **options)
    tracker = PreferredClassTracker(few, path, training="alpha -1")
    with pytest.raises(UnusableFileError, match=r"another network.*'dense': 2"):
        model.fit(*few, callbacks=[tracker], **options)


def test_a_folder_that_does_not_exist_is_named_at_once(model, data, tmp_path):
    tracker = PreferredClassTracker(data, tmp_path / "none" / "preferred.npz")
    with pytest.raises(ValueError, match="folder that exists"):
        model.fit(*data, verbose=0, callbacks=[tracker])


@pytest.mark.parametrize(
    ("epochs", "history", "message"),
    [
        ([0, 1], {"a": [[1, 2]]}, r"shape \(2, any\)"),
        ([1, 0], {"a": [[1], [2]]}, "`epochs` must rise"),
        ([-1], {"a": [[1]]}, "at least 0"),
        ([0], {"a": [[-1]]}, "at least 0"),
        ([0], {"a": [[0.5]]}, "must be integers"),
        ([0], {"a": [1]}, r"shape \(1, any\)"),
    ],
)
def test_a_history_that_cannot_be_is_refused(epochs, history, message):
    with pytest.raises(ValueError, match=message):
        PreferredClasses(epochs, history)


def test_bad_arguments_are_named(data):
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        PreferredClassTracker(data, "history.pkl")
    with pytest.raises(ValueError, match="`data` must hold samples"):
        PreferredClassTracker((data[0][:0], data[1][:0]))
    with pytest.raises(ValueError, match="`data` must hold samples"):
        PreferredClassTracker(None)
