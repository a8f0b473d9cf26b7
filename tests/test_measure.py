"""A pass over a data set, against the activations fetched and averaged by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.trainers.trainer import Trainer

import keras_selectivity as ks
from keras_selectivity.measure import Measurement
from reference import discriminability, selectivity


@pytest.fixture
def data(digits):
    x, y = digits
    return x[:157], y[:157]


def fetched(model, x, layer):
    """Unit activations of a layer, the plain way."""
    found = keras.Model(model.input, model.get_layer(layer).output).predict(
        x, verbose=0
    )
    return found.mean(axis=tuple(range(1, found.ndim - 1)), dtype=np.float64)


@pytest.mark.parametrize("rest", ["classes", "samples"])
def test_equals_the_reference_on_fetched_activations(make_cnn, data, rest):
    model = make_cnn()
    x, y = data
    metrics = [
        ks.metrics.SelectivityIndex(rest=rest),
        ks.metrics.Discriminability(rest=rest),
    ]
    report = ks.measure(model, data, metrics, verbose=0)
    assert list(report) == ["relu_1", "conv_2", "dense"]
    labels = np.eye(10)[y]
    for layer in report:
        activations = fetched(model, x, layer)
        expected = selectivity(activations, labels, rest=rest)
        np.testing.assert_allclose(report[layer]["si"], expected, atol=2e-6)
        expected = discriminability(activations, labels, rest=rest)
        np.testing.assert_allclose(report[layer]["dprime"], expected, rtol=1e-4)
        means = np.stack([activations[y == c].mean(axis=0) for c in range(10)])
        np.testing.assert_allclose(report.class_means[layer], means, rtol=1e-5)
        np.testing.assert_array_equal(
            report.preferred_class[layer], np.argmax(report.class_means[layer], axis=0)
        )
    np.testing.assert_array_equal(report.class_weight, np.bincount(y, minlength=10))


def test_does_not_depend_on_batches_or_order(make_cnn, data):
    model = make_cnn()
    x, y = data
    metrics = ["si", "dprime"]
    whole = ks.measure(model, data, metrics, batch_size=157, verbose=0)
    order = np.random.default_rng(0).permutation(157)
    for report in (
        ks.measure(model, data, metrics, batch_size=7, verbose=0),
        ks.measure(model, (x[order], y[order]), metrics, batch_size=50, verbose=0),
    ):
        for layer in whole:
            for metric in metrics:
                np.testing.assert_allclose(
                    report[layer][metric], whole[layer][metric], rtol=1e-4, atol=1e-6
                )


class _Sequence(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return -(-len(self.x) // 40)

    def __getitem__(self, i):
        return self.x[40 * i : 40 * i + 40], self.y[40 * i : 40 * i + 40]


def test_takes_data_as_fit_does(make_cnn, data):
    model = make_cnn()
    x, y = data
    expected = ks.measure(model, data, verbose=0).mean()
    for form in (
        tf.data.Dataset.from_tensor_slices(data).batch(40),
        _Sequence(x, y),
        (x, np.eye(10)[y]),
        (x, y[:, None]),
        (x, y, np.ones(157)),
    ):
        assert ks.measure(model, form, verbose=0).mean() == pytest.approx(
            expected, abs=1e-6
        )


def test_a_sample_of_weight_zero_counts_for_nothing(make_cnn, data):
    x, y = data
    weight = (np.arange(157) % 3 > 0).astype("float32")
    kept = weight > 0
    model = make_cnn()
    weighted = ks.measure(model, (x, y, weight), ["si", "dprime"], verbose=0)
    without = ks.measure(model, (x[kept], y[kept]), ["si", "dprime"], verbose=0)
    for metric in ("si", "dprime"):
        assert weighted.mean(metric) == pytest.approx(without.mean(metric), rel=1e-5)


def test_an_absent_class_is_nan_in_the_means_and_not_in_the_measures(make_cnn, data):
    x, y = data
    kept = y != 4
    report = ks.measure(make_cnn(), (x[kept], y[kept]), ["si", "dprime"], verbose=0)
    assert np.isnan(report.class_means["conv_2"][4]).all()
    assert report.class_weight[4] == 0
    for layer in report:
        assert np.isfinite(report[layer]["si"]).all()
        assert not (report.preferred_class[layer] == 4).any()


def test_any_layer_may_be_named_the_output_too(make_cnn, data):
    model = make_cnn()
    report = ks.measure(model, data, taps=["conv_1", "logits"], verbose=0)
    # Both can be negative: counted from their minimum over the data set.
    x, y = data
    for layer in report:
        activations = fetched(model, x, layer)
        expected = selectivity(activations, np.eye(10)[y], signed=[True] * 10)
        np.testing.assert_allclose(report[layer]["si"], expected, atol=2e-5)


def test_means_go_over_units_then_layers_then_groups(make_cnn, data):
    groups = {"conv": ["relu_1", "conv_2"], "dense": ["dense"]}
    report = ks.measure(make_cnn(), data, groups=groups, verbose=0)
    layers = report.layer_means()
    assert list(layers) == ["relu_1", "conv_2", "dense"]
    assert layers["dense"] == pytest.approx(report["dense"]["si"].mean())
    expected = ((layers["relu_1"] + layers["conv_2"]) / 2 + layers["dense"]) / 2
    assert report.mean() == pytest.approx(expected)


def test_a_wrapped_model_is_measured_with_its_own_taps_and_groups(make_cnn, data):
    model = ks.SelectivityModel(make_cnn(), taps=ks.taps.last(2), groups=r"^(.)")
    report = ks.measure(model, data, verbose=0)
    assert list(report) == ["conv_2", "dense"]
    assert report.groups == {"c": ["conv_2"], "d": ["dense"]}
    assert list(ks.measure(model, data, taps="relu", verbose=0)) == [
        "relu_1",
        "conv_2",
        "dense",
    ]


def test_two_replicas_measure_what_one_does(data, two_replicas):
    def build():
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Conv2D(4, 3, activation="relu", name="a"),
                keras.layers.Conv2D(4, 3, activation="leaky_relu", name="b"),
                keras.layers.Flatten(),
                keras.layers.Dense(10),
            ]
        )

    with two_replicas.scope():
        mirrored = build()
    metrics = ["si", "dprime"]
    one = ks.measure(build(), data, metrics, batch_size=30, verbose=0)
    two = ks.measure(mirrored, data, metrics, batch_size=30, verbose=0)
    np.testing.assert_array_equal(one.class_weight, two.class_weight)
    for layer in one:
        for metric in metrics:
            np.testing.assert_allclose(one[layer][metric], two[layer][metric], 1e-5)


def test_variance_survives_a_mean_ten_thousand_times_the_deviation():
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 3
    x = (1e4 + y[:, None] + rng.normal(size=(3000, 2))).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU(name="r")])
    model.add(keras.layers.Dense(3))
    report = ks.measure(model, (x, y), ["dprime"], batch_size=64, verbose=0)
    expected = discriminability(x.astype(np.float64), np.eye(3)[y])
    np.testing.assert_allclose(report["r"]["dprime"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((np.zeros((0, 8, 8, 1)), np.zeros(0, int)), "no samples"),
        ((np.zeros((5, 8, 8, 1)), np.zeros(5, int), np.zeros(5)), "`data` is empty"),
        (np.zeros((5, 8, 8, 1)), "needs labels"),
        ((np.zeros((5, 8, 8, 1)), np.zeros((5, 7))), "num_classes=10"),
    ],
)
def test_bad_data_is_named(make_cnn, data, message):
    with pytest.raises(ValueError, match=message):
        ks.measure(make_cnn(), data, verbose=0)


@pytest.fixture(params=["as on a CPU", "as on a GPU"])
def compiler(request, monkeypatch):
    """Keras compiles with XLA by default where there is a GPU."""
    if request.param == "as on a GPU":
        monkeypatch.setattr(Trainer, "_resolve_auto_jit_compile", lambda self: True)


@pytest.mark.parametrize("form", ["arrays", "data set"])
def test_labels_that_cannot_be_used_are_refused(make_cnn, data, compiler, form):
    x, y = data[0][:40], data[1][:40].copy()
    y[33] = 10
    given = (x, y)
    if form == "data set":
        given = tf.data.Dataset.from_tensor_slices(given).batch(16)
    model = make_cnn()
    with pytest.raises(ValueError, match=r"^`y` must hold labels in \[0, 10\)") as e:
        ks.measure(model, given, verbose=0)
    found = "values from 0 to 10" if form == "arrays" else "1 sample with another label"
    assert f"Received: {found}" in str(e.value)


def test_a_measurement_that_failed_can_be_repeated(make_cnn, data):
    measurement = Measurement(make_cnn())
    wrong = tf.data.Dataset.from_tensor_slices((data[0], data[1] + 5)).batch(32)
    with pytest.raises(ValueError, match="`y` must hold labels"):
        measurement.run(wrong, verbose=0)
    right = tf.data.Dataset.from_tensor_slices(data).batch(32)
    assert measurement.run(right, verbose=0).accuracy >= 0


def test_samples_of_an_ignored_class_are_not_measured(make_cnn, data):
    x, y = data
    marked = np.where(np.arange(len(y)) % 3 == 0, 255, y)
    model = make_cnn()
    loss = keras.losses.SparseCategoricalCrossentropy
    model.compile(loss=loss(from_logits=True, ignore_class=255))
    found = ks.measure(model, (x, marked), verbose=0)
    kept = marked != 255
    expected = ks.measure(model, (x[kept], y[kept]), verbose=0)
    assert found.class_weight.sum() == kept.sum()
    assert found.mean() == pytest.approx(expected.mean(), rel=1e-6)
    np.testing.assert_array_equal(found.confusion, expected.confusion)


@pytest.mark.parametrize("flag", ["no", 1, None])
def test_a_flag_is_true_or_false(make_cnn, flag):
    with pytest.raises(TypeError, match="`correct_only` must be True or False"):
        ks.measure(make_cnn(), None, correct_only=flag)


def test_endless_data_need_steps(make_cnn, data):
    x, y = data
    endless = tf.data.Dataset.from_tensor_slices((x, y)).batch(16).repeat()
    model = make_cnn()
    with pytest.raises(ValueError, match="`data` is an endless data set"):
        ks.measure(model, endless, verbose=0)
    found = ks.measure(model, endless, steps=3, verbose=0)
    expected = ks.measure(model, (x[:48], y[:48]), verbose=0)
    assert found.class_weight.sum() == 48
    assert found.mean() == pytest.approx(expected.mean(), rel=1e-6)


def test_an_unknown_metric_is_answered_with_the_nearest(make_cnn, data):
    with pytest.raises(
        ValueError, match=r"`metrics` must name measures among .*'d_prime'"
    ):
        ks.measure(make_cnn(), data, ["d_prime"])
    with pytest.raises(TypeError, match="`metrics` must hold"):
        ks.measure(make_cnn(), data, [3])
    twice = [ks.metrics.Precision(n=5), "precision"]
    with pytest.raises(ValueError, match="two measures of one name"):
        ks.measure(make_cnn(), data, twice)
    with pytest.raises(ValueError, match="at least one"):
        ks.measure(make_cnn(), data, [])


def test_silent_units_are_silent_in_every_measurement(make_cnn, data):
    model = ks.SelectivityModel(make_cnn())
    with model.silenced({"relu_1": [1, 3]}):
        for taps in (None, ["conv_1", "relu_1"]):
            report = ks.measure(model, data, taps=taps, verbose=0)
            means = report.class_means["relu_1"].max(axis=0)
            assert np.flatnonzero(means == 0).tolist() == [1, 3]
        # Downstream of a silenced layer that is not measured itself.
        silent = ks.measure(model, data, taps=["conv_2"], verbose=0)
    plain = ks.measure(model, data, taps=["conv_2"], verbose=0)
    assert (silent["conv_2"]["si"] != plain["conv_2"]["si"]).any()


def test_the_labels_of_a_model_with_several_targets_are_named(data):
    x, y = data
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.Dense(4, "relu", name="h")(keras.layers.Flatten()(inputs))
    digit = keras.layers.Dense(10, name="digit")(hidden)
    odd = keras.layers.Dense(1, name="odd")(hidden)
    model = keras.Model(inputs, {"digit": digit, "odd": odd})
    targets = {"digit": y, "odd": y % 2}
    found = {
        name: ks.measure(model, (x, targets), labels=name, verbose=0)
        for name in targets
    }
    assert found["digit"].class_means["h"].shape == (10, 4)
    assert found["odd"].class_means["h"].shape == (2, 4)
    with pytest.raises(ValueError, match="`labels`"):
        ks.measure(model, (x, targets), verbose=0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_named(data, value):
    x, y = data[0].copy(), data[1]
    x[90] = value  # A rectifier may well make a zero of NaN.
    inputs = keras.Input((8, 8, 1))
    first = keras.layers.Dense(4, "softplus", name="first")(
        keras.layers.Flatten()(inputs)
    )
    clean = keras.layers.Dense(3, "softplus", name="clean")(
        keras.layers.Flatten()(keras.ops.zeros_like(inputs))
    )
    joined = keras.layers.Concatenate()([first, clean])
    model = keras.Model(inputs, keras.layers.Dense(10)(joined))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([np.ones_like(w) for w in layer.get_weights()])
    with pytest.raises(ValueError, match=r"activations of \['first'\].*batch 2 "):
        ks.measure(model, (x, y), taps="nonlinear", batch_size=40, verbose=0)


def blind_and_seeing():
    """Layers of which `blind` sees zeros, and `seeing` and the output the image."""
    inputs = keras.Input((8, 8, 1))
    image = keras.layers.Flatten()(inputs)
    blind = keras.layers.Dense(3, "softplus", name="blind")(keras.ops.zeros_like(image))
    seeing = keras.layers.Dense(4, "softplus", name="seeing")(image)
    joined = keras.layers.Concatenate()([blind, seeing])
    return keras.Model(inputs, keras.layers.Dense(10)(joined))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_output_that_is_not_finite_is_refused(data, value):
    """The highest of NaN is class 0, which would count as right for a digit of 0."""
    x, y = data[0].copy(), data[1]
    x[90] = value
    message = r"The output is not finite, first in batch 2 of `data` .* Look behind"
    with pytest.raises(ValueError, match=message):
        ks.measure(blind_and_seeing(), (x, y), taps=["blind"], batch_size=40, verbose=0)


def test_a_sample_of_weight_zero_may_be_nan(data):
    x, y = data
    kept = np.arange(157) % 3 > 0
    padded = np.where(kept[:, None, None, None], x, np.nan)
    model = blind_and_seeing()
    metrics = ["si", "dprime", "active_fraction", "precision"]
    found, wanted = (
        ks.measure(model, form, metrics, taps=["blind", "seeing"], verbose=0)
        for form in ((padded, y, kept.astype("float32")), (x[kept], y[kept]))
    )
    assert found.accuracy == wanted.accuracy
    for metric in metrics:
        np.testing.assert_allclose(
            found["seeing"][metric], wanted["seeing"][metric], rtol=1e-5
        )


@pytest.mark.slow
def test_ten_million_samples_lose_no_digits_that_matter():
    """1e7 samples, mean 1e4 times the deviation, against float64 by halves."""
    batch, batches = 2**17, 77
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(batch, 2)).astype("float32")
    y = rng.integers(0, 3, batch)
    x = (np.float32(1e4) + y[:, None] + noise).astype("float32")
    data = tf.data.Dataset.from_tensors((x, y)).repeat(batches)
    model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU(name="r")])
    model.add(keras.layers.Dense(3))
    report = ks.measure(model, data, ["si", "dprime"], verbose=0)
    assert report.class_weight.sum() == batch * batches > 1e7
    # The same batch again and again: the measures are those of the batch.
    exact = x.astype(np.float64)
    means = np.stack([exact[y == c].mean(axis=0) for c in range(3)])
    np.testing.assert_allclose(report.class_means["r"], means, rtol=1e-12)
    variance = np.stack([exact[y == c].var(axis=0) for c in range(3)])
    mixture = (variance[:2] + means[:2] ** 2).mean(axis=0) - means[:2].mean(axis=0) ** 2
    expected = (means[2] - means[:2].mean(axis=0)) / np.sqrt(
        (variance[2] + mixture) / 2
    )
    np.testing.assert_allclose(report["r"]["dprime"], expected, rtol=1e-6)


def test_classes_and_units_can_be_renamed(make_cnn, data):
    """Permuting classes and units permutes the results and changes none."""
    metrics = ["si", "si_second", "dprime", "precision", "top_class", "localist"]
    metrics += ["mutual_information", "dead", "active_fraction", "l1_norm"]
    model = make_cnn(norm=False)
    x, y = data
    before = ks.measure(model, data, metrics, verbose=0)
    renamed = np.random.default_rng(0).permutation(10)
    after = ks.measure(model, (x, renamed[y]), metrics, verbose=0)
    order = np.random.default_rng(1).permutation(12)
    layer = model.get_layer("dense")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel[:, order], bias[order]])
    moved = ks.measure(model, data, metrics, verbose=0)
    for metric in before["dense"]:
        same = before["dense"][metric]
        if metric == "precision_class":
            continue  # Two classes can have the same share.
        if metric == "top_class_class":
            alive = before["dense"]["dead"] == 0  # Ties go to the first class.
            np.testing.assert_array_equal(
                after["dense"][metric][alive], renamed[same[alive].astype(int)]
            )
        else:
            np.testing.assert_allclose(after["dense"][metric], same, 1e-6, 1e-9)
        np.testing.assert_allclose(
            moved["dense"][metric], same[order], rtol=1e-4, atol=1e-6
        )


def test_the_response_of_a_feature_map_may_be_its_maximum(make_cnn, data):
    model = ks.SelectivityModel(make_cnn())
    x, y = data
    report = ks.measure(model, data, response="max", verbose=0)
    for layer in ("conv_2", "dense"):
        maps = keras.Model(
            model.base_model.input, model.base_model.get_layer(layer).output
        ).predict(x, verbose=0)
        peaks = maps.max(axis=tuple(range(1, maps.ndim - 1)))
        expected = selectivity(peaks, np.eye(10)[y])
        np.testing.assert_allclose(report[layer]["si"], expected, atol=2e-6)
    with pytest.raises(ValueError, match="response='median'"):
        ks.measure(model, data, response="median")


def test_the_maximum_leaves_masked_tokens_out():
    tokens = np.array([[[5.0], [9.0]], [[3.0], [-4.0]]], "float32")
    mask = np.array([[True, False], [True, True]])
    _, units = ks.taps.Tap(response="max")(tokens, mask=mask)
    assert units.numpy().ravel().tolist() == [5, 3]
