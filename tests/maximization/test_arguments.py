"""Every wrong argument is told before work starts."""

import keras
import numpy as np
import pytest

from keras_selectivity.maximization import maximize

L = keras.layers


def network(shape=(8, 8, 1), **options):
    return keras.Sequential(
        [
            keras.Input(shape, **options),
            L.Conv2D(3, 3, name="conv", activation="relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(2, name="logits"),
        ],
        name="net",
    )


def generator(code=5, size=8):
    return keras.Sequential(
        [keras.Input((code,)), L.Dense(size * size), L.Reshape((size, size, 1))]
    )


def message(kind=ValueError, model=None, *units, **options):
    with pytest.raises(kind) as error:
        maximize(network() if model is None else model, *units, **options)
    return str(error.value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"images": 0}, "`images` must be a positive integer. Received: images=0."),
        ({"steps": -2}, "`steps` must be a positive integer. Received: steps=-2."),
        (
            {"batch_size": 0},
            "`batch_size` must be a positive integer. Received: batch_size=0.",
        ),
        (
            {"learning_rate": -1},
            "`learning_rate` must be a finite number above 0. Received: "
            "learning_rate=-1.",
        ),
        (
            {"l2": -0.1},
            "`l2` must be a finite number of at least 0. Received: l2=-0.1.",
        ),
        (
            {"total_variation": float("inf")},
            "`total_variation` must be a finite number of at least 0. Received: "
            "total_variation=inf.",
        ),
        ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1."),
        (
            {"response": "sum"},
            '`response` must be "mean" or "max". Received: response=\'sum\'.',
        ),
        (
            {"value_range": (1, 0)},
            "`value_range` must be (lowest, highest), the lowest below the highest. "
            "Received: value_range=(1, 0).",
        ),
        (
            {"image_shape": (8, 9, 1)},
            "`image_shape` must be (height, width, channels) in accord with the "
            "model's input of shape (8, 8, 1). Received: image_shape=(8, 9, 1).",
        ),
        (
            {"image_shape": (8, 8)},
            "`image_shape` must be (height, width, channels) in accord with the "
            "model's input of shape (8, 8, 1). Received: image_shape=(8, 8).",
        ),
        (
            {"units": [0, 2]},
            "`units` must be distinct indices in [0, 2), the units of 'logits'. "
            "Received: units=[0, 2].",
        ),
    ],
)
def test_options(options, expected):
    assert message(**options) == expected


@pytest.mark.parametrize("given", [(0, 1, 2), (0, [1, 2]), (0, np.nan)])
def test_value_ranges(given):
    assert "`value_range` must be" in message(value_range=given)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("steps", 1.5),
        ("learning_rate", "fast"),
        ("value_range", 1),
        ("value_range", ("a", "b")),
        ("image_shape", 8),
    ],
)
def test_options_of_a_wrong_type(name, given):
    assert message(TypeError, **{name: given}).startswith(f"`{name}` must ")


@pytest.mark.parametrize("given", [-1, [0, 0], [2]])
def test_units_that_do_not_exist(given):
    assert "distinct indices in [0, 2)" in message(ValueError, None, given)


def test_no_units():
    assert message(units=[]) == "`units` must not be empty. Received: units=[]."


@pytest.mark.parametrize("given", [1.0, "logits", [True], [[0, 1]]])
def test_units_of_a_wrong_type(given):
    assert "`units` must be an integer" in message(TypeError, None, given)


def test_layers():
    assert "There is no layer 'convolution'" in message(layer="convolution")
    assert "`layer` must be the name" in message(TypeError, layer=3)
    inputs = keras.Input((8, 8, 1))
    parts = [
        keras.Sequential(
            [keras.Input((8, 8, 1)), L.Conv2D(1, 1, name="conv")], name=name
        )
        for name in ("one", "two")
    ]
    nested = keras.Model(inputs, L.Flatten()(parts[1](parts[0](inputs))))
    found = message(model=nested, layer="conv")
    assert "stands for ['one/conv', 'two/conv']. Give the full name of one" in found
    two = keras.Model(inputs, [L.Flatten()(inputs), L.Dense(2)(L.Flatten()(inputs))])
    assert "`layer` must name one layer. Received: layer=None" in message(model=two)


def test_inputs_that_are_no_image():
    dense = keras.Sequential([keras.Input((4,)), L.Dense(2)])
    assert "with inputs of shape [(4,)]" in message(model=dense)
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    two = keras.Model([a, b], L.Flatten()(L.Add()([a, b])))
    assert "must take one image" in message(model=two)
    assert "image_shape=None" in message(model=network((None, None, 1)))
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    integers = keras.Model(inputs, L.Flatten()(L.Rescaling(1 / 255)(inputs)))
    assert "which takes uint8" in message(model=integers)


def test_channels_first():
    keras.config.set_image_data_format("channels_first")
    assert "images with channels last" in message(model=network((1, 8, 8)))


def test_transformations():
    expected = (
        "`transformations` must be `Transformations(...)`, or None for the default. "
        "Received: transformations=False."
    )
    assert message(TypeError, transformations=False) == expected


def test_models():
    assert "`model` must be a Keras model" in message(TypeError, "resnet")


def test_generators():
    assert "makes (6, 6, 1) from (5,)" in message(generator=generator(size=6))
    open_code = keras.Sequential(
        [keras.Input((None, None, 4)), L.Conv2D(1, 3, padding="same")]
    )
    assert "codes of a fixed shape" in message(generator=open_code)
    assert "`generator` must be a built" in message(TypeError, generator="gan")
    found = message(generator=generator(), value_range=(0, 1))
    assert found.startswith("`value_range` must be left out with a generator")
    found = message(generator=generator(), total_variation=0.1)
    assert found.startswith("`total_variation` must be left out with a generator")


def test_activations_that_are_not_finite():
    model = network()
    kernel, _ = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([kernel, np.array([0, np.nan])])
    expected = "units [1] of 'logits' are not finite at step 0 (counted from 0)"
    assert expected in message(model=model, verbose=0)
