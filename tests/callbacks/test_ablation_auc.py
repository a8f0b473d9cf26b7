import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks


def compiled(make_cnn, **arguments):
    model = make_cnn(activation="softmax", **arguments)
    model.compile(
        keras.optimizers.Adam(0.01),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def test_logs_the_area_of_the_curve(make_cnn, digits):
    x, y = digits
    model = compiled(make_cnn)
    callback = ks.callbacks.AblationAUC([x, y], points=5, repeats=2, samples=300)
    logs = model.fit(x, y, epochs=3, verbose=0, callbacks=[callback]).history
    assert len(logs["ablation_auc"]) == 3
    assert logs["ablation_auc"][-1] == callback.curve.auc.mean()
    # The sample is drawn by the seed.
    chosen = np.sort(np.random.default_rng(0).choice(len(x), 300, replace=False))
    wanted = ks.perturbation.cumulative(
        model, (x[chosen], y[chosen]), points=5, repeats=2, verbose=0
    )
    np.testing.assert_array_equal(callback.curve.accuracy, wanted.accuracy)
    assert logs["ablation_auc"][-1] > logs["ablation_auc"][0]


def test_early_stopping_stops_a_real_run(make_cnn, digits):
    """On labels that can only be memorized the area does not rise for long."""
    x, y = digits
    x, y = x[:200], np.random.default_rng(0).permutation(y[:200])
    model = compiled(make_cnn)
    history = model.fit(
        x,
        y,
        epochs=60,
        batch_size=32,
        verbose=0,
        callbacks=[
            ks.callbacks.AblationAUC((x, y), points=6, repeats=2),
            keras.callbacks.EarlyStopping("ablation_auc", mode="max", patience=3),
        ],
    ).history["ablation_auc"]
    assert 4 <= len(history) < 60
    best = int(np.argmax(history))
    assert len(history) == best + 1 + 3


def test_one_trace_for_a_whole_training(make_cnn, digits):
    x, y = digits
    traces = []

    class Traced(keras.layers.Layer):
        def call(self, inputs):
            traces.append(1)
            return inputs + 0.0

    base = make_cnn(activation="softmax")
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, Traced()(base(inputs)))
    model.compile("adam", "sparse_categorical_crossentropy")
    counts = []
    model.fit(
        x[:300],
        y[:300],
        epochs=4,
        verbose=0,
        callbacks=[
            ks.callbacks.AblationAUC(
                (x[:300], y[:300]), ks.taps.kind("relu"), points=3, repeats=1
            ),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: counts.append(len(traces))
            ),
        ],
    )
    assert len(set(counts)) == 1


def test_every_and_key(make_cnn, digits):
    x, y = digits
    model = compiled(make_cnn)
    callback = ks.callbacks.AblationAUC(
        (x, y), points=3, repeats=1, samples=200, every=2, key="area"
    )
    area = model.fit(x, y, epochs=4, verbose=0, callbacks=[callback]).history["area"]
    assert area[0] == area[1] != area[2] == area[3]


def test_used_again_and_copied(make_cnn, digits):
    x, y = digits
    data = (x[:300], y[:300])
    callback = ks.callbacks.AblationAUC(data, points=3, repeats=1, taps=ks.taps.last(1))
    for _ in range(2):
        model = compiled(make_cnn)
        twin = copy.deepcopy(callback)
        assert twin.data[0] is data[0]
        assert twin.curve is None
        areas = [
            model.fit(*data, verbose=0, callbacks=[each]).history["ablation_auc"][0]
            for each in (callback, twin)
        ]
        assert callback.curve.layers == {"dense": 12}
        assert all(0 < area <= 1 for area in areas)


@pytest.mark.parametrize("samples", [None, 150, 5000])
def test_data_sets(make_cnn, digits, samples):
    x, y = digits
    x, y = x[:300], y[:300]
    model = compiled(make_cnn)
    callback = ks.callbacks.AblationAUC(
        tf.data.Dataset.from_tensor_slices((x, y)).batch(64),
        points=3,
        repeats=1,
        samples=samples,
    )
    model.fit(x, y, verbose=0, callbacks=[callback])
    part = slice(samples)
    wanted = ks.perturbation.cumulative(
        model, (x[part], y[part]), points=3, repeats=1, verbose=0
    )
    np.testing.assert_allclose(callback.curve.accuracy, wanted.accuracy, atol=1e-2)
    assert callback.curve.accuracy[0, 0] == pytest.approx(wanted.accuracy[0, 0])


def test_ranked_orders_follow_the_training(make_cnn, digits):
    x, y = digits
    data = (x[:300], y[:300])
    model = ks.SelectivityModel(make_cnn(activation="softmax"), alpha=-1.0)
    model.compile("adam", "sparse_categorical_crossentropy")
    callback = ks.callbacks.AblationAUC(
        data, points=4, order="most_selective", clamp="mean", samples=None
    )
    logs = model.fit(*data, epochs=2, verbose=0, callbacks=[callback]).history
    wanted = ks.perturbation.cumulative(
        model, data, "most_selective", None, 4, clamp="mean", reference=data, verbose=0
    )
    np.testing.assert_array_equal(callback.curve.accuracy, wanted.accuracy)
    assert len(logs["ablation_auc"]) == 2


def test_two_replicas(digits, make_cnn, two_replicas):
    x, y = digits
    data = (x[:256], y[:256])
    with two_replicas.scope():
        model = compiled(make_cnn)
    callback = ks.callbacks.AblationAUC(data, points=3, repeats=1)
    logs = model.fit(*data, batch_size=64, verbose=0, callbacks=[callback]).history
    wanted = ks.perturbation.cumulative(model, data, points=3, repeats=1, verbose=0)
    assert logs["ablation_auc"] == [wanted.auc.mean()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"repeats": 0}, "`repeats`"),
        ({"samples": 0}, "`samples`"),
        ({"every": 0}, "`every`"),
        ({"clamp": "joy"}, "`clamp`"),
    ],
)
def test_errors_when_it_is_made(digits, arguments, message):
    with pytest.raises(ValueError, match=message):
        ks.callbacks.AblationAUC(digits, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"taps": ["nowhere"]}, "no layer 'nowhere'"),
        ({"order": [("nowhere", 0)]}, "not tapped"),
        ({"points": [0, 99]}, "number of units, 26"),
    ],
)
def test_errors_before_training(make_cnn, digits, arguments, message):
    model = compiled(make_cnn)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(
            *digits,
            verbose=0,
            callbacks=[ks.callbacks.AblationAUC(digits, **arguments)],
        )
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
