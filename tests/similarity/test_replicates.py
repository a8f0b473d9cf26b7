"""The CCA distance ratio: which pairs, which way round, and its test."""

import importlib
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import keras_selectivity as ks
from keras_selectivity.similarity import ReplicateDistances, cka, pwcca, replicates
from tests.similarity.oracles import rotation

LAYERS = ["conv_1", "conv_2", "dense"]


def networks(count, noise, seed=0, samples=60):
    """Networks that share a representation, each turned its own way."""
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(99).normal(size=(samples, 3))
    return [
        {
            name: shared @ rotation(3, seed + i) + noise * rng.normal(size=(samples, 3))
            for name in LAYERS
        }
        for i in range(count)
    ]


def recorded(calls):
    def distance(x, y):
        calls.append((float(x[0, 0]), float(y[0, 0])))
        return abs(x[0, 0] - 10 * y[0, 0])

    return distance


@pytest.mark.parametrize(("count", "within", "cross"), [(20, 190, 400), (5, 10, 25)])
def test_w28_numbers_of_pairs(count, within, cross):
    one = [{"dense": np.full((1, 1), i)} for i in range(count)]
    found = replicates(one, one, distance=lambda x, y: 1.0)
    assert found.within.shape == (within, 1)
    assert found.cross.shape == (cross, 1)


def test_which_pairs_and_which_way_round():
    calls = []
    regularized = [{"dense": np.array([[value]])} for value in (1.0, 2, 3)]
    plain = [{"dense": np.array([[value]])} for value in (7.0, 8)]
    found = replicates(regularized, plain, distance=recorded(calls))
    # Within the regularized set; then from each unregularized one, which is first.
    assert calls[:3] == [(1, 2), (1, 3), (2, 3)]
    assert calls[3:] == [(a, b) for a in (7, 8) for b in (1, 2, 3)]
    assert found.within[:, 0].tolist() == [19, 29, 28]
    assert found.cross[:, 0].tolist() == [3, 13, 23, 2, 12, 22]


def test_pwcca_is_the_distance():
    regularized, plain = networks(2, 1.0), networks(1, 0.2, seed=50)
    found = replicates(regularized, plain)
    assert found.layers == LAYERS
    for i, name in enumerate(LAYERS):
        first, second = (network[name] for network in regularized)
        expected = pwcca(first, second).distance, pwcca(plain[0][name], second).distance
        assert found.within[0, i] == pytest.approx(expected[0], abs=1e-9)
        assert found.cross[1, i] == pytest.approx(expected[1], abs=1e-9)


def plain_loop(regularized, plain):
    """Every pair by itself."""
    within = list(itertools.combinations(regularized, 2))
    cross = list(itertools.product(plain, regularized))
    return tuple(
        np.array([[pwcca(a[n], b[n]).distance for n in a] for a, b in pairs])
        for pairs in (within, cross)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_whitening_once_is_the_plain_loop(dtype):
    rng = np.random.default_rng(0)

    def network():
        shared = np.random.default_rng(1).normal(size=(3000, 12))
        x = shared @ rng.normal(size=(12, 20)) + rng.normal(size=(3000, 20))
        rectified = np.maximum(x + 0.5, 0) + 10
        rectified[:, 3] = 2.5  # A constant unit,
        rectified[:, 5] = rectified[:, 6] * 2  # and one that depends on another.
        return {"a": rectified.astype(dtype), "b": x[:, :7].astype(dtype)}

    regularized, plain = [network() for _ in range(4)], [network() for _ in range(3)]
    found = replicates(regularized, plain, verbose=0)
    within, cross = plain_loop(regularized, plain)
    np.testing.assert_allclose(found.within, within, atol=1e-9)
    np.testing.assert_allclose(found.cross, cross, atol=1e-9)


def test_each_layer_is_whitened_once(monkeypatch):
    module = importlib.import_module("keras_selectivity.similarity.replicates")
    calls = []
    original = module.whitening
    monkeypatch.setattr(
        module, "whitening", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    replicates(networks(5, 1.0), networks(4, 1.0), verbose=0)
    assert len(calls) == len(LAYERS) * 9


def test_models_are_their_activations(make_cnn, digits):
    images = digits[0][:120]
    models = [make_cnn(seed=seed) for seed in range(5)]
    # Names that Keras makes up differ from model to model.
    models[4] = keras.models.clone_model(
        models[4], clone_function=lambda layer: renamed(layer)
    )
    layers = ["relu_1", "conv_2", "dense"]
    arrays = []
    for model in models:
        view = ks.taps.TappedModel(model)
        _, found = view(images)
        arrays.append(dict(zip(layers, [np.array(a) for a in found], strict=True)))
    expected = replicates(arrays[:3], arrays[3:], verbose=0)
    shuffled = tf.data.Dataset.from_tensor_slices((images, digits[1][:120]))
    for data in (images, (images, digits[1][:120]), shuffled.shuffle(120).batch(50)):
        found = replicates(models[:3], models[3:], data=data, batch_size=64, verbose=0)
        assert found.layers == layers
        np.testing.assert_allclose(found.within, expected.within, atol=1e-5)
        np.testing.assert_allclose(found.cross, expected.cross, atol=1e-5)
    endless = tf.data.Dataset.from_tensor_slices(images).batch(40).repeat()
    found = replicates(models[:3], models[3:], data=endless, steps=3, verbose=0)
    np.testing.assert_allclose(found.cross, expected.cross, atol=1e-5)
    found = replicates(
        models[:2], models[2:4], data=images, taps=["dense"], distance=cka, verbose=0
    )
    assert found.layers == ["dense"]
    values = [cka(arrays[i]["dense"], arrays[j]["dense"]) for i, j in ((0, 1), (2, 0))]
    np.testing.assert_allclose([found.within[0, 0], found.cross[0, 0]], values, 1e-5)


def renamed(layer):
    config = layer.get_config()
    return type(layer).from_config({**config, "name": f"{config['name']}_4"})


def test_progress_is_shown(make_cnn, digits, capsys):
    models = [make_cnn(seed=seed) for seed in range(3)]
    replicates(models[:2], models[2:], data=digits[0][:60], batch_size=30)
    printed = capsys.readouterr().out
    assert "2/2" in printed
    assert "9/9" in printed
    replicates(models[:2], models[2:], data=digits[0][:60], verbose=0)
    assert capsys.readouterr().out == ""


def test_networks_that_are_only_turned_have_ratio_one():
    found = replicates(networks(8, 0.5), networks(8, 0.5, seed=50))
    assert found.ratio == pytest.approx(1, abs=0.05)
    # Cross pairs with another representation are further than those within.
    others = networks(8, 0.5, seed=50)
    for network in others:
        for name in LAYERS:
            network[name] = network[name] ** 2
    assert replicates(networks(8, 0.5), others).ratio > 1.2


def test_ratio_and_test_by_hand():
    found = ReplicateDistances(
        within={"a": [0.1, 0.3], "b": [0.2, 0.2], "c": [0.5, 0.3]},
        cross={"c": [0.4, 0.4, 0.4], "a": [0.3, 0.5, 0.4], "b": [0.2, 0.3, 0.4]},
    )
    assert found.layers == ["a", "b", "c"]
    assert found.cross[0].tolist() == [0.3, 0.2, 0.4]
    np.testing.assert_allclose(found.ratios, [2, 1.5, 1])
    assert found.ratio == pytest.approx(1.5)
    # Differences 0.2, 0.1, 0: mean 0.1, deviation 0.1, t = sqrt(3).
    test = found.test(comparisons=2)
    assert test.statistic == pytest.approx(np.sqrt(3))
    assert test.pvalue == pytest.approx(2 * stats.t(2).sf(np.sqrt(3)))
    assert test.corrected == pytest.approx(2 * test.pvalue)


def message(call):
    with pytest.raises(ValueError) as caught:
        call()
    return str(caught.value)


def test_errors():
    two, one = networks(2, 1.0), networks(1, 1.0)
    assert message(lambda: replicates(one, two)).startswith(
        "`regularized` must have 2 items or more. Received: regularized=[{"
    )
    assert message(lambda: replicates(two, [])) == (
        "`unregularized` must not be empty. Received: unregularized=[]."
    )
    assert message(lambda: replicates(two, [{"dense": one[0]["dense"]}])) == (
        "`regularized` and `unregularized` must have the same layers. Received: "
        "replicates with "
        f"{LAYERS} and with ['dense']."
    )


def test_errors_of_arrays():
    two, one = networks(2, 1.0), networks(1, 1.0)
    few = [{"a": network["dense"][:4]} for network in two]
    assert message(lambda: replicates(few, few[:1], verbose=0)).startswith(
        "Replicates 0 (x) and 1 (y) cannot be compared in the layer 'a'. Every "
        "canonical correlation is 1"
    )
    dead = {name: np.ones((60, 3)) for name in LAYERS}
    assert message(lambda: replicates(two, [dead], verbose=0)).startswith(
        "`conv_1 of replicate 2` must vary over the samples."
    )
    one[0]["dense"] = one[0]["dense"][:50]
    assert message(lambda: replicates(two, one, verbose=0)) == (
        "`regularized` and `unregularized` must hold the same samples. Received: in "
        "the layer 'dense', [60, 60, 50]."
    )


def test_errors_of_models(make_cnn, digits):
    two, models = networks(2, 1.0), [make_cnn(seed=seed) for seed in range(2)]
    data = digits[0][:50]
    assert message(lambda: replicates(models, models[:1])) == (
        "`data` must be given for replicates that are models. Received: data=None."
    )
    assert message(lambda: replicates(two, two, data=data)) == (
        "`data` and `taps` are for replicates that are models. Received: mappings of "
        "layer to activations. Leave both out."
    )
    with pytest.raises(TypeError, match=r"all of one kind\. Received: .*'dict'"):
        replicates(models, two, data=data)
    with pytest.raises(TypeError, match=r"all of one kind\. Received: .*'ndarray'"):
        replicates([data, data], [data])
    other = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, activation="relu"),
         keras.layers.Flatten(), keras.layers.Dense(10)]
    )  # fmt: skip
    found = message(lambda: replicates(models, [other], data=data))
    assert found.startswith(
        "Every replicate must have the same layers, with as many units. Received: "
        "models with the taps {'relu_1': 6, 'conv_2': 8, 'dense': 12} and {'conv2d"
    )
    empty = iter(())
    assert message(lambda: replicates(models, models, data=empty, verbose=0)) == (
        "`data` is empty: it holds not a single batch."
    )
    endless = tf.data.Dataset.from_tensor_slices(data).batch(9).repeat()
    assert "endless" in message(lambda: replicates(models, models, data=endless))
    bad = np.full_like(data, np.nan)
    assert "of `model 0` are not finite, first in batch 0" in message(
        lambda: replicates(models, models, data=bad, verbose=0)
    )


def test_errors_of_distances():
    good = {"a": [0.1, 0.2]}
    assert message(lambda: ReplicateDistances(good, {"b": [1.0]})) == (
        "`within` and `cross` must hold the same layers, at least one. Received: "
        "within of ['a'], cross of ['b']."
    )
    assert "at least one" in message(lambda: ReplicateDistances({}, {}))
    assert message(lambda: ReplicateDistances({"a": []}, good)) == (
        "`within` must hold at least 1 value. Received: within of shape (0,)."
    )
    assert message(lambda: ReplicateDistances(good, {"a": [np.nan]})) == (
        "`cross` must be finite. Received: cross with NaN or infinity. Leave such "
        "values out."
    )
    same = ReplicateDistances({"a": [1e-15], "b": [0.1]}, {"a": [0.1], "b": [0.1]})
    assert message(lambda: same.ratios) == (
        "A ratio needs replicates that differ. Received: distances of 0 within the "
        "layers ['a']. Train the replicates from different seeds."
    )
    alone = ReplicateDistances(good, good)
    assert "at least 2" in message(alone.test)
