"""The measures, by hand and against the activations of real networks."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity import metrics
from keras_selectivity.metrics import Observations, UnitMetric
from keras_selectivity.statistics import class_statistics


def test_names_and_instances_are_accepted():
    assert metrics.get("dprime").name == "dprime"
    mine = metrics.SelectivityIndex(epsilon=1e-6)
    assert metrics.get(mine) is mine


def test_a_measure_of_ones_own_is_one_class():
    class Mine(UnitMetric):
        name = "mine"

    with pytest.raises(NotImplementedError, match=r"Mine must implement `compute"):
        metrics.get(Mine()).compute(None)


def observed(means, weight=None, **kwargs):
    """Observations of one unit with these class means."""
    means = np.asarray(means, float)[:, None]
    weight = np.ones(len(means)) if weight is None else np.asarray(weight, float)
    labels = np.eye(len(means)) * weight[:, None]
    return Observations(class_statistics(means, labels), **kwargs)


@pytest.mark.parametrize(
    ("means", "first", "second"),
    [
        # W12 and W13 of the catalogue, worked by hand; epsilon moves the last digit.
        ([10, 5, *[-2] * 8], 1.278481, 1.307692),
        ([10, 9.8, *[1] * 8], 0.669759, 0.661017),
        ([10, 1, 0], 0.904762, -0.666667),
    ],
)
def test_second_class_selectivity_of_the_worked_examples(means, first, second):
    observations = observed(means)
    best = metrics.SelectivityIndex().compute(observations)
    assert float(best[0]) == pytest.approx(first, abs=1e-6)
    found = metrics.SecondSelectivityIndex().compute(observations)
    assert float(found[0]) == pytest.approx(second, abs=1e-6)


def test_the_rest_of_the_second_class_counts_samples_as_g19_does():
    # Classes of 10, 10 and 90 samples: (0.5 - 10/100) / (0.5 + 10/100).
    found = metrics.SecondSelectivityIndex(rest="samples").compute(
        observed([1, 0.5, 0], weight=[10, 10, 90])
    )
    assert float(found[0]) == pytest.approx(0.4 / 0.6, abs=1e-6)


def test_without_a_second_class_it_is_not_defined():
    found = metrics.SecondSelectivityIndex().compute(observed([3, 0], weight=[5, 0]))
    assert np.isnan(found).all()


def test_second_class_is_the_second_of_the_present_ones():
    found = metrics.SecondSelectivityIndex().compute(
        observed([10, 7, 1, 0], weight=[1, 0, 1, 1])
    )
    assert float(found[0]) == pytest.approx((1 - 5) / (1 + 5), abs=1e-6)


def test_dead_and_active_units_of_a_network(make_cnn, digits):
    x, y = digits[0][:90], digits[1][:90]
    model = make_cnn(norm=False)
    layer = model.get_layer("dense")
    kernel, bias = layer.get_weights()
    bias[3] = -1e3  # Never responds.
    kernel[:, 4], bias[4] = 0, 1.0  # Always does.
    layer.set_weights([kernel, bias])
    report = ks.measure(model, (x, y), ["si", "dead", "active_fraction"], verbose=0)
    hidden = keras.Model(model.input, layer.output).predict(x, verbose=0)
    share = (hidden != 0).mean(axis=0)
    np.testing.assert_allclose(report["dense"]["active_fraction"], share)
    np.testing.assert_array_equal(report["dense"]["dead"], share == 0)
    assert report["dense"]["dead"][3] == 1
    assert report["dense"]["active_fraction"][4] == 1
    alive = report["dense"]["si"][share > 0]
    means = report.layer_means("si", without_dead=True)
    assert means["dense"] == pytest.approx(alive.mean())
    assert means["dense"] > report.layer_means("si")["dense"]


def test_activity_is_weighted():
    active = metrics.ActiveFraction().compute(
        observed([1, 2], weight=[3, 1], active=np.array([3.0]))
    )
    assert active.tolist() == [0.75]


def test_l1_norm_is_that_of_the_filter_and_nan_where_there_is_none(digits):
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(3, 3, padding="same", use_bias=True, name="conv")(inputs)
    x = layers.BatchNormalization()(x)
    first = layers.ReLU(name="first")(x)
    fused = layers.Conv2D(3, 3, padding="same", activation="relu", name="fused")(first)
    summed = layers.ReLU(name="summed")(layers.Add()([first, fused]))
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.ReLU(name="inner")], name="nested"
    )
    x = inner(layers.MaxPooling2D(1)(layers.Conv2D(2 + 1, 1, name="before")(summed)))
    x = layers.Flatten()(x)
    model = keras.Model(inputs, layers.Dense(10)(x))
    data = digits[0][:20], digits[1][:20]
    report = ks.measure(model, data, ["l1_norm"], verbose=0)
    for tap, layer in (
        ("first", "conv"),
        ("fused", "fused"),
        ("nested/inner", "before"),
    ):
        kernel = model.get_layer(layer).get_weights()[0]
        expected = [np.abs(kernel[..., u]).sum() for u in range(3)]
        np.testing.assert_allclose(report[tap]["l1_norm"], expected, rtol=1e-6)
    assert np.isnan(report["summed"]["l1_norm"]).all()
    # The layer without a norm has no part in the mean.
    kept = [v for v in report.layer_means("l1_norm").values() if not np.isnan(v)]
    assert report.mean("l1_norm") == pytest.approx(np.mean(kept))
