import copy

import keras
import numpy as np
import pytest

from keras_selectivity import SelectivityModel, measure
from keras_selectivity.callbacks import ClassRepresentation, SelectivityMonitor


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((60, 4)).astype("float32"), np.arange(60) % 6


def network():
    keras.utils.set_random_seed(0)
    model = SelectivityModel(
        keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, activation="relu", name="hidden"),
                keras.layers.Dense(6, name="logits"),
            ]
        )
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("largest", [1, 2, 5, 9])
def test_logs_the_mean_of_the_largest_counts(data, largest):
    model = network()
    callback = ClassRepresentation(data, largest=largest)
    logged = model.fit(*data, epochs=2, verbose=0, callbacks=[callback]).history
    predicted = np.argmax(model.predict(data[0], verbose=0), axis=1)
    counts = sorted(np.bincount(predicted, minlength=6))[::-1][:largest]
    assert logged["class_representation"][-1] == pytest.approx(np.mean(counts))


def test_shares_the_pass_of_other_callbacks(data, monkeypatch):
    passes = []
    run = measure.__globals__["Measurement"].run
    monkeypatch.setattr(
        measure.__globals__["Measurement"],
        "run",
        lambda self, *args, **kwargs: passes.append(1) or run(self, *args, **kwargs),
    )
    callbacks = [SelectivityMonitor(data), ClassRepresentation(data)]
    network().fit(*data, epochs=3, verbose=0, callbacks=callbacks)
    assert len(passes) == 3


def test_a_copy_shares_the_data_and_works(data):
    callback = copy.deepcopy(ClassRepresentation(data, key="five"))
    assert callback.data is data
    logged = network().fit(*data, verbose=0, callbacks=[callback]).history
    assert "five" in logged


@pytest.mark.parametrize(
    ("largest", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)]
)
def test_refuses_no_number_of_classes(data, largest, error):
    with pytest.raises(error, match="`largest` must be a positive integer"):
        ClassRepresentation(data, largest=largest)


def test_worked_example():
    # W31 of the catalogue: counts 50, 30, 10, 5, 3, 2.
    counts = [50, 30, 10, 5, 3, 2]
    x = np.eye(6)[np.repeat(np.arange(6), counts)]
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(
                6, activation="relu", kernel_initializer="identity", name="hidden"
            ),
            keras.layers.Dense(6, kernel_initializer="identity", name="logits"),
        ]
    )
    report = measure(model, (x, np.arange(100) % 6), verbose=0)
    assert report.class_representation() == pytest.approx(19.6)
    with pytest.raises(ValueError, match="`largest` must be a positive integer"):
        report.class_representation(0)
