"""Images by hand, above every image of the data, and the same whatever the batch."""

import dataclasses

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keras_selectivity as ks
from keras_selectivity.maximization import (
    Maximized,
    Maximizer,
    Transformations,
    maximize,
)
from keras_selectivity.taps import TappedModel

L = keras.layers
BARE = {"total_variation": 0, "l2": 0, "verbose": 0}


def linear(weights):
    """A model whose outputs are linear in the pixels: `(units, height, width, ch)`."""
    weights = np.asarray(weights, "float32")
    dense = L.Dense(len(weights), use_bias=False, name="linear")
    model = keras.Sequential([keras.Input(weights.shape[1:]), L.Flatten(), dense])
    dense.set_weights([weights.reshape(len(weights), -1).T])
    return model


def filters(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def unit_size(values):
    return values / np.sqrt(np.mean(np.square(values)))


@pytest.fixture(scope="module")
def trained(digits):
    """A network that reads digits, after a few epochs."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(8, 3, name="conv_1"),
            L.BatchNormalization(momentum=0.9, name="norm"),
            L.ReLU(name="relu_1"),
            L.Conv2D(12, 3, activation="relu", name="conv_2"),
            L.GlobalAveragePooling2D(),
            L.Dense(16, activation="relu", name="dense"),
            L.Dense(10, activation="softmax", name="classes"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*digits, epochs=5, batch_size=64, verbose=0)
    return model


# Worked by hand.


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_linear_unit_ends_at_the_signs_of_its_filter(channels):
    """Of smooth filters: with rough ones a pixel may be caught at the wrong end."""
    left = np.where(np.arange(8) < 4, 1.0, -1.0)
    top = np.where(np.arange(6) < 2, 1.0, -1.0)[:, None]
    weights = np.stack([np.broadcast_to(half, (6, 8)) for half in (left, top)])
    weights = np.repeat(weights[..., None], channels, axis=-1)
    found = maximize(
        linear(weights), learning_rate=0.2, steps=500, value_range=(-1, 3), **BARE
    )
    np.testing.assert_array_equal(np.sign(found.images[:, 0] - 1), weights)
    highest = np.sum(np.maximum(3 * weights, -weights), axis=(1, 2, 3))
    assert np.all(found.activations[:, 0] > 0.9 * highest)
    assert np.all(found.activations[:, 0] <= highest)


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3)])
def test_a_linear_unit_with_l2_ends_at_its_filter(shape):
    weights = filters(2, *shape)
    found = maximize(
        linear(weights),
        learning_rate=0.1,
        steps=1500,
        l2=2.0,
        total_variation=0,
        decorrelate=False,
        verbose=0,
    )
    for unit in range(2):
        expected = 0.5 + 0.5 * unit_size(weights[unit]) / 2
        assert expected.min() > 0 and expected.max() < 1
        np.testing.assert_allclose(found.images[unit, 0], expected, atol=0.01)
        assert found.activations[unit, 0] == pytest.approx(
            np.sum(weights[unit] * expected), rel=0.01
        )


def test_a_linear_generator_with_l2_ends_at_the_code_of_the_filter():
    mixing, weights = filters(5, 64, seed=1), filters(3, 8, 8, 1)
    dense = L.Dense(64, use_bias=False)
    generator = keras.Sequential([keras.Input((5,)), dense, L.Reshape((8, 8, 1))])
    dense.set_weights([mixing])
    found = maximize(
        linear(weights), [2], generator=generator, l2=0.5, steps=1000, verbose=0
    )
    code = unit_size(mixing @ weights[2].reshape(64)) / 0.5
    expected = (code @ mixing).reshape(8, 8, 1)
    np.testing.assert_allclose(found.images[0, 0], expected, atol=0.02)
    np.testing.assert_allclose(
        found.value_range[:, 0], [found.images.min(), found.images.max()]
    )


def test_total_variation_smooths():
    weights = filters(1, 8, 8, 1)

    def variation(weight):
        found = maximize(linear(weights), total_variation=weight, verbose=0)
        return np.abs(np.diff(found.images, axis=2)).sum()

    rough, default, smooth = (variation(weight) for weight in (0, None, 0.5))
    assert rough > default > smooth


# On real images.


def test_units_respond_more_than_to_any_image_of_the_data(trained, digits):
    layers = ["relu_1", "conv_2", "dense"]
    _, highest = TappedModel(trained, layers)(digits[0])
    for layer, activations in zip(layers, highest, strict=True):
        found = maximize(trained, layer=layer, images=2, verbose=0)
        best, of_data = found.activations.max(axis=1), np.max(activations, axis=0)
        live = of_data > 0
        assert live.mean() > 0.5
        assert np.all(best[live] > of_data[live]), layer
        assert np.all((found.images >= 0) & (found.images <= 1))
        assert found.history.shape == (len(best), 2, 256)


def test_classes_are_recognized(trained, digits):
    found = maximize(trained, images=3, steps=100, verbose=0)
    assert found.layer == "classes"
    classes, images = np.arange(10), found.images.reshape(30, 8, 8, 1)
    outputs = trained.predict(images, verbose=0)
    expected = outputs[np.arange(30), np.repeat(classes, 3)]
    np.testing.assert_allclose(found.activations.reshape(30), expected, atol=1e-5)
    recognized = trained.predict(found.best, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(recognized, classes)

    def logits(images):
        _, (dense,) = TappedModel(trained, ["dense"])(images)
        kernel, bias = trained.get_layer("classes").get_weights()
        return dense @ kernel + bias

    reached = logits(images).numpy().reshape(10, 3, 10)[classes, :, classes]
    highest = logits(digits[0]).numpy().max(axis=0)
    assert np.all(reached.max(axis=1) > highest)


def test_activations_are_those_of_measure(trained):
    for response in ("mean", "max"):
        found = maximize(
            trained, [3, 0], layer="conv_2", steps=20, response=response, verbose=0
        )
        report = ks.measure(
            trained,
            (found.images[:, 0], np.arange(2)),
            taps=["conv_2"],
            response=response,
            verbose=0,
        )
        means = report.class_means["conv_2"]
        expected = [means[0, 3], means[1, 0]]
        np.testing.assert_allclose(found.activations[:, 0], expected, rtol=1e-5)
        assert found.response == response


def test_the_maximum_over_positions_is_higher_where_it_is_maximized(trained):
    common = {"layer": "conv_2", "verbose": 0}
    by_mean, by_max = (
        maximize(trained, response=response, **common) for response in ("mean", "max")
    )
    _, (peaks,) = TappedModel(trained, ["conv_2"], response="max")(by_mean.images[:, 0])
    higher = by_max.activations[:, 0] >= np.diagonal(peaks) - 1e-4
    assert higher.mean() > 0.7


def test_the_objective_rises(trained):
    history = maximize(trained, layer="dense", verbose=0).history[:, 0]
    assert np.all(history[:, -1] > history[:, 0])


def test_a_unit_that_is_off_at_the_start():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Flatten(),
            L.Dense(
                4, "relu", bias_initializer=keras.initializers.Constant(-1), name="off"
            ),
            L.Dense(2),
        ]
    )
    found = maximize(model, layer="off", verbose=0)
    assert np.all(found.history[:, 0, 0] < 0)
    assert np.all(found.activations > 0)


# Softmax.


def test_logits_of_a_softmax_are_maximized():
    weights = 200 * filters(3, 8, 8, 1)
    plain = linear(weights)
    model = keras.Sequential([plain, L.Softmax(name="softmax")])
    found = maximize(model, layer="softmax", steps=50, **BARE)
    expected = maximize(plain, steps=50, **BARE)
    np.testing.assert_allclose(found.images, expected.images, atol=1e-4)
    np.testing.assert_allclose(found.history, expected.history, rtol=1e-3)
    assert np.all((found.activations >= 0) & (found.activations <= 1))


def test_a_probability_is_maximized_where_the_logit_is_out_of_reach():
    weights = np.stack([np.ones((4, 4, 1)), np.zeros((4, 4, 1))])
    model = keras.Sequential([linear(weights), L.Softmax(), L.Rescaling(100)])
    options = {"value_range": (2, 4), "steps": 30, **BARE}
    found = maximize(model, 1, **options)
    assert np.all(found.history < 1e-10)
    # The logarithm of so small a probability is the difference of the logits.
    difference = linear(weights - weights[0])
    expected = maximize(difference, 1, **options)
    np.testing.assert_allclose(found.images, expected.images, atol=1e-3)


# The same, and not the same.


def test_the_same_call_gives_the_same_images(trained):
    options = {"layer": "conv_2", "images": 2, "steps": 15, "verbose": 0}
    one, again = (maximize(trained, [5, 2], **options) for _ in range(2))
    for name, array in one.to_arrays().items():
        np.testing.assert_array_equal(getattr(again, name), array)
    other = maximize(trained, [5, 2], **options, seed=1)
    assert np.abs(other.images - one.images).max() > 0.01
    assert np.abs(one.images[:, 0] - one.images[:, 1]).max() > 0.01


def test_every_unit_starts_from_its_own_image():
    found = maximize(linear(np.ones((2, 4, 4, 1))), steps=1, verbose=0)
    assert np.abs(found.images[0] - found.images[1]).max() > 0.01


def test_a_unit_does_not_depend_on_the_others_in_the_batch(trained):
    before = [weight.numpy() for weight in trained.weights]
    maximizer = Maximizer(trained, "relu_1", transformations=Transformations(shift=0.1))
    options = {"steps": 30, "verbose": 0}
    found = maximizer.run(images=2, **options)
    for units, batch_size in (([5], 1), ([7, 5, 1], 2), ([1, 5], 100)):
        other = maximizer.run(units, images=2, batch_size=batch_size, **options)
        np.testing.assert_allclose(other.images, found.images[units], atol=1e-3)
        np.testing.assert_allclose(
            other.history[..., :5], found.history[units][..., :5], rtol=1e-4, atol=1e-6
        )
    fewer = maximizer.run([5], images=1, **options)
    np.testing.assert_allclose(fewer.images[0, 0], found.images[5, 0], atol=1e-3)
    for weight, kept in zip(trained.weights, before, strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_other_units_seeds_and_steps_do_not_retrace(trained):
    maximizer = Maximizer(trained, "conv_2")
    for seed, units in enumerate(([1], [2, 3, 5], None)):
        maximizer.run(
            units, images=seed + 1, steps=33 + seed, seed=seed, batch_size=2, verbose=0
        )
    for function in (maximizer.ascent.start, maximizer.ascent.advance):
        assert function.experimental_get_tracing_count() == 1


def test_weights_are_read_at_every_run():
    weights = np.sign(filters(1, 4, 4, 1))
    model = linear(weights)
    maximizer = Maximizer(model, l2=0, total_variation=0)
    before = maximizer.run(verbose=0).images
    model.set_weights([-weight for weight in model.get_weights()])
    after = maximizer.run(verbose=0).images
    assert np.mean(np.sign(before - 0.5) == -np.sign(after - 0.5)) > 0.9


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.integers(-60, 60), st.integers(0, 2**32 - 1))
def test_the_scale_of_a_unit_changes_nothing(exponent, seed):
    model = linear(filters(1, 8, 8, 1))
    maximizer = Maximizer(model)
    expected = maximizer.run(steps=20, seed=seed, verbose=0)
    model.set_weights([2.0**exponent * weight for weight in model.get_weights()])
    found = maximizer.run(steps=20, seed=seed, verbose=0)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_allclose(
        found.activations, 2.0**exponent * expected.activations, rtol=1e-6
    )


def test_the_range_of_values_changes_nothing_else(trained):
    inputs = keras.Input((8, 8, 1))
    bytes_model = keras.Model(inputs, trained(L.Rescaling(1 / 255)(inputs)))
    found = maximize(trained, [1], layer="dense", steps=20, verbose=0)
    scaled = maximize(
        bytes_model, [1], layer="dense", steps=20, value_range=(0, 255), verbose=0
    )
    np.testing.assert_allclose(scaled.images / 255, found.images, atol=1e-4)
    np.testing.assert_array_equal(scaled.value_range, [[0], [255]])


# Models of every kind.


def test_a_model_that_silences_units(trained):
    wrapped = ks.SelectivityModel(trained)
    options = {"layer": "dense", "steps": 10, "verbose": 0}
    plain = maximize(trained, [1, 4], **options)
    np.testing.assert_array_equal(
        maximize(wrapped, [1, 4], **options).images, plain.images
    )
    with wrapped.silenced({"relu_1": [0, 1, 2], "dense": [4]}):
        found = maximize(wrapped, [1, 4], **options)
    assert np.abs(found.images[0] - plain.images[0]).max() > 0.01
    np.testing.assert_array_equal(found.activations[1], 0)
    np.testing.assert_array_equal(found.history[1], 0)


def test_a_layer_of_a_nested_model(trained):
    inputs = keras.Input((8, 8, 1))
    part = keras.Model(trained.inputs, trained.get_layer("conv_2").output, name="part")
    outer = keras.Model(inputs, L.Flatten()(part(inputs)))
    options = {"steps": 10, "verbose": 0}
    found = maximize(outer, [3, 1], layer="part/conv_2", **options)
    assert found.layer == "part/conv_2"
    by_short_name = maximize(outer, [3, 1], layer="conv_2", **options)
    np.testing.assert_array_equal(by_short_name.images, found.images)
    expected = maximize(trained, [3, 1], layer="conv_2", **options)
    np.testing.assert_allclose(found.images, expected.images, atol=1e-4)


def test_open_sizes_colors_and_transformations():
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            L.Conv2D(4, 3, activation="relu", name="conv"),
            L.GlobalAveragePooling2D(),
        ]
    )
    found = maximize(
        model,
        layer="conv",
        image_shape=(33, 40, 3),
        steps=15,
        value_range=(0, [1, 2, 3]),
        verbose=0,
    )
    assert found.images.shape == (4, 1, 33, 40, 3)
    assert np.all(found.history[..., -1] > found.history[..., 0])
    highest = found.images.max(axis=(0, 1, 2, 3))
    assert np.all(highest <= [1, 2, 3]) and np.all(highest > [0.6, 1.2, 1.8])
    np.testing.assert_array_equal(found.value_range, [[0, 0, 0], [1, 2, 3]])


def test_transformations_are_withstood():
    """A unit that sees single pixels: blurred by shifts, sharp without them."""
    weights = np.indices((16, 16)).sum(axis=0) % 2 * 2.0 - 1
    model = linear(weights[None, :, :, None])
    still, shifted = (
        maximize(model, transformations=Transformations(shift, 0, 0), **BARE)
        for shift in (0, 0.1)
    )
    assert still.activations > 2 * shifted.activations


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_precisions(policy):
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(3, 3, activation="relu", name="conv"),
            L.GlobalAveragePooling2D(),
            L.Dense(2, activation="softmax"),
        ]
    )
    for layer in ("conv", None):
        found = maximize(model, layer=layer, steps=40, verbose=0)
        assert found.images.dtype == found.activations.dtype == np.float32
        assert np.all(found.history[..., -1] > found.history[..., 0])


def test_progress_is_shown(capsys):
    maximize(linear(filters(3, 4, 4, 1)), steps=10, batch_size=2)
    assert "20/20" in capsys.readouterr().out


# Files.


def test_save_and_load(tmp_path):
    found = maximize(linear(filters(3, 4, 4, 1)), [2, 0], images=2, steps=3, verbose=0)
    found.save(tmp_path / "images.npz")
    back = Maximized.load(tmp_path / "images.npz")
    assert (back.layer, back.response) == ("linear", "mean")
    for name, array in found.to_arrays().items():
        np.testing.assert_array_equal(getattr(back, name), array)
        assert getattr(back, name).dtype == array.dtype
    assert back.units.tolist() == [2, 0]
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        found.save(tmp_path / "images.png")
    (tmp_path / "images.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="is no maximized images, or damaged"):
        Maximized.load(tmp_path / "images.npz")
    best = found.activations.argmax(axis=1)
    np.testing.assert_array_equal(back.best[1], found.images[1, best[1]])


def test_images_that_cannot_be_of_the_units(tmp_path):
    found = maximize(linear(filters(3, 4, 4, 1)), [2, 0], images=2, steps=3, verbose=0)
    for change, message in [
        ({"units": np.array([2])}, r"`images`.*shape \(1, any, any, any, any\)"),
        ({"activations": found.activations[:, :1]}, r"`activations`.*\(2, 2\)"),
        ({"history": found.history[:1]}, r"`history`.*shape \(2, 2, any\)"),
        ({"images": found.images * np.nan}, "`images`.*nan"),
        ({"response": "median"}, "`response` must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(found, **change)
