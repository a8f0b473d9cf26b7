"""What analyses refuse, what counts for nothing, and how many batches they take."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks

single_unit = ks.perturbation.single_unit
cumulative = ks.perturbation.cumulative
noise = ks.perturbation.noise


def network(**last):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="relu", name="first"),
            keras.layers.Dense(5, activation="softplus", name="second"),
            keras.layers.Dense(3, name="logits", **last),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss)
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((30, 4)).astype("float32"), np.arange(30) % 3


def spoiled(model, layer):
    """The model with a bias of NaN, and a unit that no rectifier makes 0."""
    kernel, bias = model.get_layer(layer).get_weights()
    bias[1] = np.nan
    model.get_layer(layer).set_weights([kernel, bias])
    return model


def analyses(model, data, taps="nonlinear", **arguments):
    """Each of them, to be called."""
    arguments = {"taps": taps, "batch_size": 10, "verbose": 0, **arguments}
    within = ks.perturbation.cumulative_within
    few = {"repeats": 1, **arguments}
    return {
        "single_unit": lambda: single_unit(model, data, **arguments),
        "cumulative": lambda: cumulative(model, data, points=3, **few),
        "cumulative_within": lambda: within(model, data, points=3, **few),
        "noise": lambda: noise(model, data, [0, 1], **few),
    }


def message(call, error=ValueError):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("name", analyses(None, None))
def test_an_output_that_is_not_finite_is_refused(data, name):
    """It would be an accuracy of 1/3: the highest of NaN is class 0."""
    found = message(analyses(spoiled(network(), "logits"), data)[name])
    assert found == (
        "The output is not finite, first in batch 0 of `data` (counted from 0), and "
        "the activations of the tapped layers are. Look behind them: check the weights "
        "there."
    )


@pytest.mark.parametrize("name", analyses(None, None))
def test_activations_that_are_not_finite_are_named(data, name):
    x, y = data[0].copy(), data[1]
    x[25] = 1e38  # More than a float32 holds, once it is multiplied.
    model = network()
    model.get_layer("first").set_weights([np.full((4, 6), 9.0), np.zeros(6)])
    found = message(analyses(model, (x, y))[name])
    assert found.startswith(
        "The activations of ['first', 'second'] are not finite, first in batch 2 of "
        "`data` (counted from 0)."
    )


def test_of_two_data_sets_the_one_is_named(data):
    model, (x, y) = network(), data
    bad = np.where(np.arange(30)[:, None] == 12, np.nan, x)
    arguments = {"taps": ["second"], "points": 2, "batch_size": 10, "verbose": 0}
    model.get_layer("first").activation = keras.activations.softplus
    found = message(lambda: cumulative(model, data, test_data=(bad, y), **arguments))
    assert "batch 1 of `test_data`" in found
    for call in (
        lambda: cumulative(model, data, clamp="mean", reference=(bad,), **arguments),
        lambda: noise(
            model, data, [1], (bad,), taps=["second"], batch_size=10, verbose=0
        ),
    ):
        assert "activations of ['second'] are not finite, first in batch 1 of `ref" in (
            message(call)
        )


def test_what_only_perturbation_makes_infinite_is_refused(data):
    """A normalization by the layer's own sum, which is 0 where its units are silent."""
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(2, activation="softplus", name="hidden")(inputs)
    share = hidden / keras.ops.sum(hidden, axis=-1, keepdims=True)
    model = keras.Model(inputs, keras.layers.Dense(3)(share))
    found = message(
        lambda: cumulative(model, data, taps=["hidden"], points=[0, 1, 2], verbose=0)
    )
    assert found.startswith(
        "With 2 units of ['hidden'] silent the output is not finite, first in batch 0 "
        "of `data` (counted from 0), and the intact network's is."
    )
    found = message(
        lambda: noise(network(), data, [1.0, 1e80], taps=["second"], verbose=0)
    )
    assert found.startswith("With noise of scale 1e+80 at ['second'] the output is not")


def test_a_loss_that_is_not_finite_is_refused(data):
    x, y = data
    one_hot = np.eye(3)[y]

    def naive(labels, outputs):
        return -tf.reduce_sum(labels * tf.math.log(outputs), axis=-1)

    certain = network(activation="relu")
    certain.get_layer("logits").set_weights([np.zeros((5, 3)), np.array([1, 0, 0])])
    found = message(
        lambda: single_unit(certain, (x, one_hot), ["second"], loss=naive, verbose=0)
    )
    assert found.startswith(
        "The loss is not finite, first in batch 0 of `data` (counted from 0), and the "
        "output is."
    )
    # Only where unit 3 is silent.
    model = network(activation="relu")
    model.get_layer("logits").set_weights(
        [np.eye(5)[:, [3, 3, 3]], np.zeros(3, "float32")]
    )
    found = message(
        lambda: single_unit(model, (x, one_hot), ["second"], loss=naive, verbose=0)
    )
    assert found.startswith("With unit 3 of 'second' silent the loss is not finite")


@pytest.mark.parametrize("name", analyses(None, None))
def test_a_sample_of_weight_zero_counts_for_nothing_not_even_nan(data, name):
    x, y = data
    kept = np.arange(30) % 3 != 1
    padded_x = np.where(kept[:, None], x, np.nan).astype("float32")
    padded_y = np.where(kept, y, np.nan)  # A label that is none.
    weight = np.where(kept, 2.0, 0.0)
    model = network()
    # A rectifier makes 0 of NaN, a softplus does not.
    model.get_layer("first").activation = keras.activations.softplus
    padded = (padded_x, padded_y, weight)
    mean = {} if name == "noise" else {"clamp": "mean", "reference": padded}
    found = analyses(model, padded, **mean)[name]()
    mean = {} if name == "noise" else {"clamp": "mean", "reference": (x[kept],)}
    if name == "noise":
        # The draws depend on where a sample stands: only weights can be compared.
        weighted = (np.where(kept[:, None], x, 1), y, weight)
        wanted = analyses(model, weighted)[name]()
    else:
        wanted = analyses(model, (x[kept], y[kept]), **mean)[name]()
    if name == "cumulative_within":
        found, wanted = found["second"], wanted["second"]
    for key, array in wanted.to_arrays().items():
        np.testing.assert_allclose(found.to_arrays()[key], array, atol=1e-6)


def test_labels_are_checked_before_the_model_runs(data, monkeypatch):
    x, y = data
    model = network()
    ran = []
    monkeypatch.setattr(
        ks.perturbation.engine.SegmentedModel, "run", lambda *_: ran.append(1)
    )
    late = np.where(np.arange(30) == 29, 3, y)
    for call in analyses(model, (x, late)).values():
        assert "in [0, 3) for num_classes=3. Received: values from 0 to 3" in (
            message(call)
        )
    assert not ran


def test_data_that_do_not_fit_the_model(data, monkeypatch):
    x, y = data
    model = network()
    wrong = "does not fit the model 'sequential"
    for call in analyses(model, (x[:, :3], y)).values():
        assert wrong in message(call)
    slices = tf.data.Dataset.from_tensor_slices
    assert wrong in message(analyses(model, slices((x[:, :3], y)).batch(9))["noise"])
    mean = {"clamp": "mean", "reference": slices((x[:, :3],)).batch(9)}
    found = message(analyses(model, (x, y), **mean)["single_unit"])
    assert "`reference` does not fit the model" in found


@pytest.mark.parametrize("name", analyses(None, None))
def test_steps_are_so_many_batches(data, name):
    slices = tf.data.Dataset.from_tensor_slices(data).batch(7)
    model = network()
    (wanted, *others) = (
        analyses(model, slices.take(2))[name](),
        analyses(model, slices.repeat(), steps=2)[name](),
        analyses(model, data, batch_size=7, steps=2)[name](),
    )
    for found in others:
        if name == "cumulative_within":
            found, expected = found["second"], wanted["second"]
        else:
            expected = wanted
        for key, array in expected.to_arrays().items():
            np.testing.assert_array_equal(found.to_arrays()[key], array)
    assert "`data` is an endless data set" in message(
        analyses(model, slices.repeat())[name]
    )


def test_steps_of_ranked_orders_and_of_a_reference_that_is_the_data(data):
    model = network()
    slices = tf.data.Dataset.from_tensor_slices(data).batch(7)
    endless, part = slices.repeat(), slices.take(2)
    few = {"points": 4, "taps": ["second"], "verbose": 0, "clamp": "mean"}
    found = cumulative(
        model, endless, "most_selective", reference=endless, steps=2, **few
    )
    wanted = cumulative(model, part, "most_selective", reference=part, **few)
    np.testing.assert_array_equal(found.accuracy, wanted.accuracy)
    for name in ("test_data", "reference"):
        others = {"reference": part, name: slices.repeat()}
        call = lambda others=others: cumulative(model, part, steps=2, **few, **others)  # noqa: E731
        assert f"`{name}` is an endless data set" in message(call)
