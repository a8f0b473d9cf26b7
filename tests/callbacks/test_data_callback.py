"""Callbacks that look at data: what they refuse, when, and what a failed fit leaves."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.callbacks import (
    AblationAUC,
    ClassRepresentation,
    PreferredClassTracker,
    SelectivityMonitor,
)
from keras_selectivity.callbacks.data_callback import _SharedPass

CALLBACKS = [
    SelectivityMonitor,
    PreferredClassTracker,
    ClassRepresentation,
    AblationAUC,
]
slices = tf.data.Dataset.from_tensor_slices


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((24, 4)).astype("float32"), np.arange(24) % 3


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((4,)),
        keras.layers.Dense(5, activation="relu", name="hidden"),
        keras.layers.Dense(3, activation="softmax", name="probabilities"),
    ]
    model = ks.SelectivityModel(keras.Sequential(layers), alpha=-1.0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class Endless(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return np.full((2, 4), index, "float32"), np.arange(2)


def only_once(data):
    yield data


X, Y = np.zeros((6, 4), "float32"), np.arange(6) % 3


@pytest.mark.parametrize("make", CALLBACKS)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"data": None}, ValueError, "`data` must hold samples"),
        ({"data": (X[:0], Y[:0])}, ValueError, "no samples"),
        ({"data": 3}, TypeError, "`data` must be"),
        ({"data": (X, Y[:3])}, ValueError, "arrays of one length"),
        ({"data": (X, Y.tolist())}, TypeError, "`y` must be an array"),
        ({"data": only_once((X, Y))}, ValueError, "iterated more than once"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be a positive"),
        ({"steps": 0, "samples": None}, ValueError, "`steps` must be a positive"),
        ({"steps": 1.5, "samples": None}, TypeError, "`steps` must be a positive"),
        ({"data": Endless(), "samples": None}, ValueError, "endless"),
        (
            {"data": slices((X, Y)).batch(2).repeat(), "samples": None},
            ValueError,
            "`data` is an endless data set",
        ),
    ],
)
def test_what_is_refused_when_any_of_them_is_made(make, arguments, error, message):
    if make is not AblationAUC:
        arguments = {k: v for k, v in arguments.items() if k != "samples"}
    with pytest.raises(error, match=message):
        make(**{"data": (X, Y), **arguments})


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        (SelectivityMonitor, {"metrics": ["joy"]}, ValueError, "joy"),
        (SelectivityMonitor, {"metrics": 3}, TypeError, "`metrics`"),
        (SelectivityMonitor, {"metrics": []}, ValueError, "`metrics`"),
        (SelectivityMonitor, {"metrics": ["si", "si"]}, ValueError, "`metrics`"),
        (SelectivityMonitor, {"log_dir": 3}, TypeError, "`log_dir` must be a path"),
        (SelectivityMonitor, {"log_dir": ""}, ValueError, "`log_dir` must not be"),
        (ClassRepresentation, {"key": ""}, ValueError, "`key` must not be empty"),
        (ClassRepresentation, {"key": 3}, TypeError, "`key` must be a string"),
        (AblationAUC, {"key": ""}, ValueError, "`key` must not be empty"),
        (AblationAUC, {"seed": 0.5}, TypeError, "`seed` must be an integer"),
        (AblationAUC, {"seed": -1}, ValueError, "`seed` must be an integer of at"),
        (AblationAUC, {"points": 1}, ValueError, "`points` must be an integer of at"),
        (AblationAUC, {"points": "all"}, TypeError, "`points` must be"),
        (AblationAUC, {"points": [0.5, 0.2]}, ValueError, "`points` must rise"),
        (AblationAUC, {"order": "sideways"}, ValueError, "`order` must be"),
        (AblationAUC, {"order": 3}, TypeError, "`order` must be"),
        (AblationAUC, {"order": [3]}, TypeError, "`order` must hold pairs"),
        (AblationAUC, {"samples": 5, "steps": 1}, ValueError, "`steps` is for samples"),
    ],
)
def test_what_one_of_them_refuses_when_it_is_made(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make((X, Y), **arguments)


def refuse(model, callback, message, error=ValueError):
    """A training that ends before its first step."""
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(X, Y, verbose=0, callbacks=[callback])
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)


@pytest.mark.parametrize("make", CALLBACKS)
def test_what_any_of_them_refuses_before_the_first_step(make, model, data):
    x, y = data
    late = np.where(np.arange(24) == 23, 3, y)
    refuse(model, make((x, late)), r"in \[0, 3\) for num_classes=3")
    refuse(model, make((x,)), "`y` is missing")
    refuse(model, make((x, y.astype(str))), "`y` must hold numbers", TypeError)
    refuse(model, make((x[:, :3], y)), "does not fit the model")
    refuse(model, make(slices((x[:, :3], y)).batch(9)), "does not fit the model")
    refuse(model, make(slices((x, y + 3)).batch(9)), r"in \[0, 3\)")
    refuse(model, make(slices((x, y)).batch(9).filter(lambda *_: False)), "is empty")
    refuse(model, make(data, taps=["nowhere"]), "no layer 'nowhere'")


def test_a_folder_for_logs_that_cannot_be_written(model, data, tmp_path):
    (tmp_path / "file").write_text("")
    monitor = SelectivityMonitor(data, log_dir=tmp_path / "file" / "logs")
    refuse(model, monitor, "`log_dir` must be a folder that can be written")
    model.base_model.compile("sgd", "sparse_categorical_crossentropy")
    refuse(model.base_model, monitor, "`log_dir` must be a folder that can be written")


class Broken(ks.metrics.UnitMetric):
    name = "broken"

    def compute(self, observations):
        raise ArithmeticError("broken")


class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise InterruptedError


def test_a_failed_fit_leaves_nothing_behind(model, data, tmp_path):
    """Whatever failed, and wherever, the next one is as good as the first."""
    x, y = data
    monitor = SelectivityMonitor(data, log_dir=tmp_path / "first")
    tracker = PreferredClassTracker(data)
    both = [monitor, tracker]
    for failing, error in (
        ([*both, Stop()], InterruptedError),
        ([*both, SelectivityMonitor(data, [Broken()])], ArithmeticError),
        ([*both, SelectivityMonitor(data, ["si"], taps=["nowhere"])], ValueError),
        ([SelectivityMonitor(data, [Broken()]), Stop()], InterruptedError),
    ):
        with pytest.raises(error):
            model.fit(x, y, verbose=0, callbacks=failing)
    monitor.log_dir = str(tmp_path / "second")
    logs = model.fit(x, y, epochs=2, verbose=0, callbacks=both).history
    report = ks.measure(model, data, verbose=0)
    assert logs["val_si"][-1] == pytest.approx(report.mean())
    assert set(monitor.report["hidden"]) == {"si"}
    assert tracker.epochs == [0, 1]
    assert list((tmp_path / "second" / "selectivity").iterdir())
    assert not _SharedPass._of_model[model]


def test_one_pass_is_shared_after_a_failed_fit_too(model, data, monkeypatch):
    runs = []
    run = ks.measure.__globals__["Measurement"].run
    monkeypatch.setattr(
        ks.measure.__globals__["Measurement"],
        "run",
        lambda self, *args, **kwargs: runs.append(1) or run(self, *args, **kwargs),
    )
    callbacks = [SelectivityMonitor(data), ClassRepresentation(data)]
    with pytest.raises(InterruptedError):
        model.fit(*data, verbose=0, callbacks=[*callbacks, Stop()])
    model.fit(*data, epochs=2, verbose=0, callbacks=callbacks)
    assert len(runs) == 2


def test_steps_of_endless_data_are_so_many_batches(model, data):
    batches = slices(data).batch(5)
    logs = {}
    for name, form, steps in (
        ("endless", batches.repeat(), 2),
        ("part", batches.take(2), None),
    ):
        callbacks = [make(form, steps=steps) for make in CALLBACKS[:3]]
        callbacks.append(AblationAUC(form, samples=None, steps=steps))
        callbacks.append(AblationAUC(form, samples=8, key="of_samples"))
        twin = keras.models.clone_model(model.base_model)
        twin.set_weights(model.base_model.get_weights())
        twin.compile("sgd", "sparse_categorical_crossentropy")
        logs[name] = twin.fit(
            *data, shuffle=False, verbose=0, callbacks=callbacks
        ).history
    assert logs["endless"] == logs["part"]
    assert "of_samples" in logs["part"]
