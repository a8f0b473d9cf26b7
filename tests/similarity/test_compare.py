"""Networks compared in one pass, against arrays fetched at once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.similarity import (
    CovarianceStream,
    SimilarityMatrix,
    cca,
    cka,
    compare,
    pwcca,
    svcca,
)
from keras_selectivity.similarity.observed import Observed

L = keras.layers
LAYERS = ["relu_1", "conv_2", "dense"]


@pytest.fixture(scope="module")
def images(digits):
    return digits[0][:150]


@pytest.fixture
def two(make_cnn):
    return make_cnn(seed=0), make_cnn(seed=1)


def activations(model, names, x, spatial="mean"):
    """Activations fetched at once, by the model's own graph."""
    outputs = [model.get_layer(name).output for name in names]
    found = keras.Model(model.inputs, outputs).predict(x, verbose=0)
    found = keras.tree.flatten(found)
    if spatial == "positions":
        return [a.reshape(-1, a.shape[-1]).astype("float64") for a in found]
    return [
        np.mean(a, axis=tuple(range(1, a.ndim - 1)), dtype="float64") for a in found
    ]


def matrix_of(method, a, b):
    return np.array([[method(x, y) for y in b] for x in a])


METHODS = [
    ("pwcca", {}, lambda x, y: pwcca(x, y).similarity),
    ("cca", {}, lambda x, y: cca(x, y).similarity),
    ("svcca", {"variance": 0.9}, lambda x, y: svcca(x, y, variance=0.9).similarity),
    ("cka", {}, cka),
    ("cka", {"debiased": True}, lambda x, y: cka(x, y, debiased=True)),
]


@pytest.mark.parametrize("batch_size", [150, 64, 7])
@pytest.mark.parametrize(("method", "options", "on_arrays"), METHODS)
def test_streamed_is_at_once(two, images, method, options, on_arrays, batch_size):
    found = compare(*two, images, method, batch_size=batch_size, verbose=0, **options)
    assert (found.rows, found.columns) == (LAYERS, LAYERS)
    assert (found.method, found.samples, found.spatial) == (method, 150, "mean")
    a, b = (activations(model, LAYERS, images) for model in two)
    np.testing.assert_allclose(found.values, matrix_of(on_arrays, a, b), atol=1e-6)
    np.testing.assert_array_equal(found.distances, 1 - found.values)
    assert found["conv_2", "dense"] == found.values[1, 2]


def test_weights_come_from_the_first_model(two, images):
    found = compare(*two, images, verbose=0).values
    turned = compare(*two[::-1], images, verbose=0).values
    assert np.abs(found - turned.T).max() > 1e-3
    for method in ("cca", "svcca", "cka"):
        found = compare(*two, images, method, verbose=0).values
        turned = compare(*two[::-1], images, method, verbose=0).values
        np.testing.assert_allclose(found, turned.T, atol=1e-9)


@pytest.mark.parametrize("batch_size", [150, 32])
def test_positions_are_samples(two, images, batch_size):
    found = compare(
        *two,
        images,
        taps=["relu_1"],
        taps_b=["norm", "relu_1"],
        spatial="positions",
        batch_size=batch_size,
        verbose=0,
    )
    assert (found.rows, found.columns) == (["relu_1"], ["norm", "relu_1"])
    assert (found.samples, found.spatial) == (150, "positions")
    a = activations(two[0], found.rows, images, "positions")
    b = activations(two[1], found.columns, images, "positions")
    assert a[0].shape == (150 * 36, 6)
    expected = matrix_of(lambda x, y: pwcca(x, y).similarity, a, b)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)


def test_positions_of_the_same_layers(two, images):
    found = compare(*two, images, "cka", spatial="positions", pairs="same", verbose=0)
    a, b = (activations(model, LAYERS, images, "positions") for model in two)
    expected = {n: cka(x, y) for n, x, y in zip(LAYERS, a, b, strict=True)}
    assert found.diagonal == pytest.approx(expected, abs=1e-6)
    assert np.isnan(found.values[~np.eye(3, dtype=bool)]).all()


def test_channels_first_positions():
    inputs = keras.Input((3, 4, 5))
    pooled = L.MaxPooling2D(1, data_format="channels_first", name="pool")
    model = keras.Model(inputs, L.ReLU(name="relu")(pooled(inputs)))
    x = np.random.default_rng(0).normal(size=(40, 3, 4, 5)).astype("float32")
    found = compare(
        model, model, x, taps=["relu"], spatial="positions", batch_size=16, verbose=0
    )
    assert found.values == pytest.approx(1)
    (maps,) = Observed(model, ["relu"], "positions")(x).values()
    np.testing.assert_array_equal(maps, np.maximum(np.moveaxis(x, 1, -1), 0))


@pytest.mark.parametrize("method", ["pwcca", "cca", "svcca", "cka"])
@pytest.mark.parametrize("spatial", ["mean", "positions"])
def test_a_network_is_at_distance_0_from_itself(make_cnn, images, method, spatial):
    model = make_cnn()
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for other in (model, copy):
        found = compare(
            model,
            other,
            images,
            method,
            pairs="same",
            spatial=spatial,
            verbose=0,
        )
        assert list(found.diagonal) == LAYERS
        np.testing.assert_allclose(np.diagonal(found.distances), 0, atol=1e-6)


def permuted(model, seed=0):
    """The same function, with the hidden units in another order and scale."""
    rng = np.random.default_rng(seed)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    order, scale = np.arange(copy.input_shape[-1]), np.ones(copy.input_shape[-1])
    *hidden, last = [layer for layer in copy.layers if layer.get_weights()]
    for layer in (*hidden, last):
        kernel, bias = layer.get_weights()
        kernel = kernel[..., order, :] / scale[:, None]
        if layer is not last:
            order = rng.permutation(len(bias))
            scale = rng.uniform(0.5, 2, len(bias))
            kernel, bias = kernel[..., order] * scale, bias[order] * scale
        layer.set_weights([kernel, bias])
    return copy


@pytest.mark.parametrize("spatial", ["mean", "positions"])
def test_units_in_another_order_and_scale(make_cnn, images, spatial):
    model = make_cnn(norm=False)
    copy = permuted(model)
    predictions = [m.predict(images, verbose=0) for m in (model, copy)]
    np.testing.assert_allclose(*predictions, atol=1e-5)
    for method in ("pwcca", "cca"):
        found = compare(
            model, copy, images, method, pairs="same", spatial=spatial, verbose=0
        )
        np.testing.assert_allclose(np.diagonal(found.distances), 0, atol=1e-6)
    # Scales change what is principal, and what CKA sees.
    found = compare(model, copy, images, "cka", pairs="same", verbose=0)
    assert np.diagonal(found.distances).max() > 1e-3


def test_the_same_model_runs_once(make_cnn, images, monkeypatch):
    calls = []
    original = Observed.__call__
    monkeypatch.setattr(
        Observed,
        "__call__",
        lambda self, x: calls.append(len(x)) or original(self, x),
    )
    model = make_cnn()
    found = compare(
        model, model, images, taps="relu", taps_b=["logits"], batch_size=64, verbose=0
    )
    assert calls == [64, 64, 22]
    assert (found.rows, found.columns) == (LAYERS, ["logits"])
    other = compare(
        model,
        keras.models.clone_model(model),
        images,
        batch_size=64,
        verbose=0,
    )
    assert other.values.shape == (3, 3)
    assert len(calls) == 9


def test_activations_are_added_batch_by_batch(two, images, monkeypatch):
    sizes = []
    original = CovarianceStream.update
    monkeypatch.setattr(
        CovarianceStream,
        "update",
        lambda self, x, y: sizes.append(len(x[0])) or original(self, x, y),
    )
    compare(*two, images, batch_size=40, verbose=0)
    assert sizes == [40, 40, 40, 30]


def test_nothing_retraces(two, images):
    traces = []
    model = two[0]
    inputs = keras.Input((8, 8, 1))

    class Counting(L.Layer):
        def call(self, x):
            traces.append(1)
            return x

    outputs = model(Counting()(inputs))
    observed = Observed(keras.Model(inputs, outputs))
    traces.clear()
    for start, stop in ((0, 64), (64, 128), (128, 150)):
        observed(images[start:stop])
    assert len(traces) == 1


def test_selectivity_models_and_nested_ones(make_cnn, images):
    inner = make_cnn(seed=0)
    plain = compare(inner, inner, images, verbose=0)
    wrapped = ks.SelectivityModel(inner, taps=["dense", "conv_2"])
    found = compare(wrapped, inner, images, verbose=0)
    assert (found.rows, found.columns) == (["conv_2", "dense"], LAYERS)
    np.testing.assert_allclose(found.values, plain.values[1:], atol=1e-6)
    inputs = keras.Input((8, 8, 1))
    nested = keras.Model(inputs, L.Dense(4, name="top")(inner(inputs)))
    found = compare(nested, inner, images, verbose=0)
    assert found.rows == [f"cnn/{name}" for name in LAYERS]
    np.testing.assert_allclose(found.values, plain.values, atol=1e-6)


def test_units_that_are_silent_now(make_cnn, images):
    model = make_cnn()
    wrapped = ks.SelectivityModel(model)
    with wrapped.silenced({"dense": range(12)}):
        found = compare(wrapped, model, images, verbose=0)
    assert found.constant_rows == ["dense"]
    assert found.constant_columns == []
    assert np.isnan(found.values[2]).all()
    assert np.isfinite(found.values[:2]).all()


@pytest.mark.parametrize("method", ["pwcca", "cca", "svcca", "cka"])
def test_a_layer_without_variation_voids_its_row_only(make_cnn, images, method):
    model, other = make_cnn(norm=False), make_cnn(norm=False, seed=1)
    kernel, bias = model.get_layer("dense").get_weights()
    model.get_layer("dense").set_weights([0 * kernel, bias + 1])
    found = compare(model, other, images, method, taps=[*LAYERS, "logits"], verbose=0)
    assert (found.constant_rows, found.constant_columns) == (["dense", "logits"], [])
    assert np.isnan(found.values[2:]).all()
    assert np.isfinite(found.values[:2]).all()


class Sequence(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return self.x[64 * i : 64 * i + 64], np.zeros(len(self.x[64 * i : 64 * i + 64]))


def test_every_form_of_data(two, images):
    expected = compare(*two, images, verbose=0).values
    labels = np.zeros(len(images))
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    for data in (
        (images,),
        (images, labels),
        (images, labels, labels),
        images.astype("float64"),
        tf.constant(images),
        dataset.batch(64),
        dataset.shuffle(150, reshuffle_each_iteration=True).batch(31),
        Sequence(images),
        iter([(images[:70], labels[:70]), (images[70:], labels[70:])]),
    ):
        found = compare(*two, data, verbose=0)
        np.testing.assert_allclose(found.values, expected, atol=1e-6)
        assert found.samples == 150


def test_inputs_by_name():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    hidden = L.Dense(5, activation="relu", name="hidden")(L.Concatenate()([a, b]))
    model = keras.Model({"a": a, "b": b}, L.Dense(2)(hidden))
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(60, 4)), "b": rng.normal(size=(60, 3))}
    found = compare(model, model, (x,), batch_size=25, verbose=0)
    assert found.samples == 60
    assert found.values == pytest.approx(1)


def test_two_replicas(two_replicas, make_cnn, images, two):
    with two_replicas.scope():
        spread = make_cnn(seed=0)
    spread.set_weights(two[0].get_weights())
    expected = compare(*two, images, verbose=0).values
    found = compare(spread, two[1], images, batch_size=64, verbose=0)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)


def test_mixed_precision(make_cnn, images):
    keras.config.set_dtype_policy("mixed_float16")
    half = make_cnn()
    keras.config.set_dtype_policy("float32")
    full = make_cnn()
    full.set_weights(half.get_weights())
    found = compare(half, full, images, "cka", pairs="same", verbose=0)
    np.testing.assert_allclose(list(found.diagonal.values()), 1, atol=1e-3)


def test_models_are_as_they_were(two, images):
    before = [weight.copy() for model in two for weight in model.get_weights()]
    compare(*two, images, verbose=0)
    after = [weight for model in two for weight in model.get_weights()]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not two[0].compiled


def test_progress_is_shown(two, images, capsys):
    compare(*two, images, batch_size=64)
    assert "3/3" in capsys.readouterr().out
    compare(*two, images, batch_size=64, verbose=0)
    assert capsys.readouterr().out == ""


def message(*args, **kwargs):
    with pytest.raises(ValueError) as caught:
        compare(*args, verbose=0, **kwargs)
    return str(caught.value)


def test_errors_before_the_pass(two, make_cnn):
    data = iter(())  # Nothing is read.
    assert message(*two, data, "rsa") == (
        '`method` must be "cca", "svcca", "pwcca" or "cka". Received: method=\'rsa\'.'
    )
    assert '`pairs` must be "all" or "same"' in message(*two, data, pairs=1)
    assert '`spatial` must be "mean" or "positions"' in message(
        *two, data, spatial="max"
    )
    assert "`steps` must be a positive integer" in message(*two, data, steps=0)
    with pytest.raises(ValueError, match="`verbose` must be"):
        compare(*two, data, verbose="yes")
    with pytest.raises(TypeError, match="`debiased` must be True or False"):
        compare(*two, data, debiased="no")
    with pytest.raises(TypeError, match="`variance` must be a finite number"):
        compare(*two, data, variance="all")
    assert message(*two, data, debiased=True) == (
        '`debiased` is for method="cka" only. Received: debiased=True with '
        "method='pwcca'."
    )
    assert message(*two, data, variance=0.5).startswith('`variance` is for method="s')
    assert "`variance` must be" in message(*two, data, "svcca", variance=2)
    assert "`variance` must be" in message(*two, data, "svcca", variance=0)
    assert message(*two, data, spatial="positions") == (
        'spatial="positions" compares layers with feature maps of the same size. '
        "Received: 'relu_1' of `model_a` with maps of (6, 6), 'conv_2' of `model_a` "
        'with maps of (4, 4). Use spatial="mean"; or name layers of one size in '
        '`taps`; or compare with pairs="same".'
    )
    assert message(*two, data, taps=["dense"], taps_b=["conv_2"], pairs="same") == (
        'pairs="same" needs layers of the same name in both models. Received: '
        "['dense'] and ['conv_2']. Name the layers, or use pairs=\"all\", in which "
        "layers stand in graph order."
    )
    assert "There is no layer 'dens' to tap" in message(*two, data, taps=["dens"])
    with pytest.raises(TypeError, match="must be a Keras model"):
        compare(two[0], "cnn", data)


def test_steps_are_so_many_batches(two, images):
    batches = tf.data.Dataset.from_tensor_slices((images,)).batch(40)
    wanted = compare(*two, batches.take(2), verbose=0)
    for data, steps in ((batches.repeat(), 2), (images, 2)):
        found = compare(*two, data, batch_size=40, verbose=0, steps=steps)
        np.testing.assert_array_equal(found.values, wanted.values)
        assert found.samples == 80
    assert "`data` is an endless data set" in message(*two, batches.repeat())


def test_errors_of_data(two, images):
    assert "`data` must hold samples" in message(*two, None)
    assert message(*two, iter(())) == (
        "`data` must hold at least two samples. Received: 0 samples."
    )
    assert message(*two, images[:1]).endswith("Received: 1 samples.")
    assert "`data` does not fit the model 'cnn'" in message(*two, images[..., 0, 0])
    images = images.copy()
    images[100, 4, 4] = np.nan
    assert message(*two, images, taps=["relu_1"], batch_size=64) == (
        "The activations of ['relu_1'] of `model_a` are not finite, first in batch 1 "
        "of `data` (counted from 0). The first of these layers is where to look; check "
        "its weights and the data."
    )


def test_too_few_samples_name_the_layers(two, images):
    found = message(*two, images[:6])
    assert found.startswith(
        "Layer 'relu_1' of `model_a` (x) and layer 'relu_1' of `model_b` (y) cannot "
        "be compared. Every canonical correlation is 1 where `x` has as many"
    )
    assert "Received: 6 samples" in found
    assert message(*two, images[:3], method="cka", debiased=True).endswith(
        "must hold at least 4 samples for debiased=True. Received: 3 samples."
    )


def test_masked_positions():
    inputs = keras.Input((5,), dtype="int32")
    x = L.Embedding(7, 4, mask_zero=True)(inputs)
    x = L.Dense(3, activation="relu", name="tokens")(x)
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))
    data = np.random.default_rng(0).integers(0, 7, (30, 5)).astype("int32")
    assert 'Use spatial="mean"' in message(model, model, data, spatial="positions")
    found = compare(model, model, data, verbose=0)
    assert found.values == pytest.approx(1)


def test_maps_of_a_size_that_only_the_data_tell(make_cnn):
    inputs = keras.Input((None, None, 1))
    x = L.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    small = L.MaxPooling2D(name="pool")(x)
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(small)))
    x = np.random.default_rng(0).normal(size=(30, 8, 8, 1)).astype("float32")
    found = message(model, model, x, taps=["conv", "pool"], spatial="positions")
    assert "'conv' of `model_a` with maps of (6, 6), 'pool'" in found
    found = compare(model, model, x, spatial="positions", verbose=0)
    assert found.values == pytest.approx(1)


def test_save_and_load(tmp_path, two, images):
    found = compare(*two, images, "svcca", pairs="same", variance=0.9, verbose=0)
    found.constant_rows.append(found.rows[0])
    found.save(tmp_path / "matrix.npz")
    loaded = SimilarityMatrix.load(tmp_path / "matrix.npz")
    np.testing.assert_array_equal(loaded.values, found.values)
    assert {k: v for k, v in vars(loaded).items() if k != "values"} == {
        k: v for k, v in vars(found).items() if k != "values"
    }
    assert repr(loaded) == repr(found)
    assert "3 by 3 layers, svcca, 150 samples: mean=" in repr(found)


def test_matrices_by_hand():
    found = SimilarityMatrix([[0.5, np.nan]], ["a"], ["b", "a"], "cka", samples=3)
    assert (
        repr(found) == "<SimilarityMatrix of 1 by 2 layers, cka, 3 samples: mean=0.5>"
    )
    assert list(found.diagonal) == ["a"]
    empty = SimilarityMatrix([[np.nan]], ["a"], ["b"])
    assert repr(empty) == "<SimilarityMatrix of 1 by 1 layers, pwcca, 0 samples>"
    with pytest.raises(KeyError, match=r"no layer 'c' among \['b', 'a'\]"):
        found["a", "c"]
    for values, columns, options, message in [
        ([[1, 1]], ["b", "b"], {}, "must not name a layer twice"),
        ([[1, 1]], ["b"], {}, r"`values`.*shape \(1, 2\) with rows="),
        ([[2.0]], ["b"], {}, "`values`.*at most 1"),
        ([[1]], ["b"], {"constant_rows": ["c"]}, "`constant_rows` must be among"),
        ([[1]], ["b"], {"samples": -1}, "`samples`"),
    ]:
        with pytest.raises(ValueError, match=message):
            SimilarityMatrix(values, ["a"], columns, **options)
