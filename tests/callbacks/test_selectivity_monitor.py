"""Selectivity after every epoch: in logs, and served by a real TensorBoard."""

import copy
import urllib.parse

import keras
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.callbacks import AlphaWindow, SelectivityMonitor


@pytest.fixture
def data(digits):
    return digits[0][:120], digits[1][:120]


@pytest.fixture
def model(make_cnn):
    model = ks.SelectivityModel(make_cnn(), alpha=-2.0)
    compiled(model)
    return model


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=[accuracy])
    return model


def test_logs_hold_what_a_measurement_says(model, data):
    monitor = SelectivityMonitor(data, metrics=["si", "dprime"])
    history = model.fit(*data, epochs=2, verbose=0, callbacks=[monitor]).history
    report = ks.measure(model, data, ["si", "dprime"], verbose=0)
    assert history["val_si"][-1] == pytest.approx(report.mean("si"))
    assert history["val_dprime"][-1] == pytest.approx(report.mean("dprime"))
    for layer, mean in report.layer_means("si").items():
        assert history[f"val_si/{layer}"][-1] == pytest.approx(mean)
    assert len(history["val_si"]) == 2
    assert monitor.report.mean("si") == pytest.approx(report.mean("si"))


def test_early_stopping_and_checkpoints_can_watch_it(model, data, tmp_path):
    best = tmp_path / "best.weights.h5"
    callbacks = [
        SelectivityMonitor(data),
        keras.callbacks.ModelCheckpoint(
            best, "val_si", save_best_only=True, save_weights_only=True,
            mode="min",
        ),
        keras.callbacks.EarlyStopping(
            "val_si", mode="max", patience=0, min_delta=1.0
        ),
    ]  # fmt: skip
    history = model.fit(*data, epochs=9, verbose=0, callbacks=callbacks).history
    assert len(history["val_si"]) == 2
    assert best.exists()


def test_nothing_is_retraced_from_epoch_to_epoch(model, data):
    traces = []
    monitor = SelectivityMonitor(data)

    class Count(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            step = monitor._shared._measurement._pass
            traces.append(step.test_function)

    model.fit(*data, epochs=3, verbose=0, callbacks=[monitor, Count()])
    assert traces[0] is not None
    assert traces.count(traces[0]) == 3


class Counted:
    """A data set that counts how often it is iterated."""

    def __init__(self, data):
        self.passes = 0

        def count(*batch):
            self.passes += 1
            return batch[1]

        data_set = tf.data.Dataset.from_tensor_slices(data).batch(120)
        self.data_set = data_set.map(
            lambda x, y: (x, tf.numpy_function(count, [x, y], y.dtype))
        ).map(lambda x, y: (x, tf.ensure_shape(y, (None,))))


def test_an_epoch_with_several_measuring_callbacks_makes_one_pass(model, data):
    counted = Counted(data)
    callbacks = [
        SelectivityMonitor(counted.data_set, metrics=["dprime"]),
        ks.callbacks.PreferredClassTracker(counted.data_set),
        SelectivityMonitor(counted.data_set, metrics=["si", "precision"]),
    ]
    for _ in range(2):  # The same callbacks again, for a second training.
        counted.passes = 0
        logs = model.fit(*data, epochs=3, verbose=0, callbacks=callbacks).history
        # And a look at the first batch before the first step.
        assert counted.passes == 3 + 1
    report = ks.measure(model, data, ["dprime", "precision"], verbose=0)
    assert logs["val_dprime"][-1] == pytest.approx(report.mean("dprime"))
    assert logs["val_precision"][-1] == pytest.approx(report.mean("precision"))
    assert len(logs["preferred_class_changed"]) == 3
    assert "val_precision_class" not in logs


def test_callbacks_that_differ_do_not_share(model, data):
    first = SelectivityMonitor(data, metrics=[ks.metrics.Precision(n=5)])
    second = SelectivityMonitor(data, metrics=[ks.metrics.Precision(n=50)])
    model.fit(*data, verbose=0, callbacks=[first, second])
    for monitor, n in ((first, 5), (second, 50)):
        expected = ks.measure(model, data, [ks.metrics.Precision(n=n)], verbose=0)
        found = monitor.report.mean("precision")
        assert found == pytest.approx(expected.mean("precision"))


def test_a_plain_model_can_be_watched_too(make_cnn, data):
    model = compiled(make_cnn())
    history = model.fit(*data, verbose=0, callbacks=[SelectivityMonitor(data)]).history
    assert "val_si/conv_2" in history


@pytest.mark.parametrize("as_dataset", [False, True])
def test_copies_share_the_data_before_and_after_training(
    model, data, as_dataset, tmp_path
):
    if as_dataset:
        data_set = tf.data.Dataset.from_tensor_slices(data).batch(60)
    else:
        data_set = data
    monitor = SelectivityMonitor(data_set, log_dir=tmp_path)
    assert copy.deepcopy(monitor).data is data_set
    model.fit(*data, verbose=0, callbacks=[monitor])
    twin = copy.deepcopy(monitor)
    assert twin.data is data_set
    history = model.fit(*data, verbose=0, callbacks=[twin]).history
    assert "val_si" in history


@pytest.mark.parametrize(
    "empty",
    [
        None,
        ([], []),
        tf.data.Dataset.from_tensor_slices(([[1.0]], [0])).take(0),
    ],
)
def test_an_empty_data_set_fails_at_once(empty):
    with pytest.raises(ValueError, match="`data` must hold samples"):
        SelectivityMonitor(empty)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_data_set_that_turns_out_empty_is_named(model, data):
    never = tf.data.Dataset.from_tensor_slices(data).batch(9).filter(lambda x, y: False)
    with pytest.raises(ValueError, match="`data` is empty"):
        model.fit(*data, verbose=0, callbacks=[SelectivityMonitor(never)])


def test_tensorboard_serves_scalars_histograms_and_hparams(
    model, data, tmp_path, served
):
    log_dir = tmp_path / "logs"
    for first, last in ((0, 2), (2, 3)):  # The second is a resumed run.
        history = model.fit(
            *data,
            epochs=last,
            initial_epoch=first,
            validation_data=data,
            verbose=0,
            callbacks=[
                AlphaWindow(0, 2),
                SelectivityMonitor(data, log_dir=log_dir),
                keras.callbacks.TensorBoard(log_dir),
            ],
        ).history
    ask = served(tmp_path)

    def complete(tags):
        return "alpha" in tags.get("logs/selectivity", {})

    tags = ask("scalars/tags", wanted=complete)["logs/selectivity"]
    layers = ["relu_1", "conv_2", "dense"]
    expected = {"alpha", "si", *(f"si/{name}" for name in layers)}
    assert set(tags) == expected

    def points(plugin, tag):
        query = urllib.parse.urlencode({"run": "logs/selectivity", "tag": tag})
        return ask(f"{plugin}/{plugin}?{query}", wanted=lambda p: len(p) == 3)

    scalars = points("scalars", "si")
    assert [step for _, step, _ in scalars] == [0, 1, 2]
    assert scalars[-1][2] == pytest.approx(history["val_si"][-1], rel=1e-6)
    assert [value for _, _, value in points("scalars", "alpha")] == [-2, -2, 0]
    histogram = points("histograms", "si_of_units/conv_2")
    assert sum(count for _, _, count in histogram[-1][2]) == 8

    experiment = ask("hparams/experiment", {"experimentName": ""})
    assert [info["name"] for info in experiment["hparamInfos"]] == [
        "alpha",
        "regularizer",
    ]
    query = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_RUNNING", "STATUS_SUCCESS"],
        "colParams": [{"metric": {"tag": "si", "group": "selectivity"}}],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask("hparams/session_groups", query)["sessionGroups"]
    assert [group["hparams"]["alpha"] for group in groups] == [-2]
    values = {
        value["name"]["tag"]: value["value"] for value in groups[0]["metricValues"]
    }
    assert values["si"] == pytest.approx(scalars[-1][2])
    assert "epoch_accuracy" in values
