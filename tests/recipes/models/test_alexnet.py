"""AlexNet is Caffe's, and a small one learns digits."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from recipes.data import SHAPES
from recipes.g19.experiments import IMAGENET, SMALL_ALEXNET
from recipes.models import alexnet
from recipes.models.alexnet import LocalResponseNormalization, with_prob

#: Outputs of the layers of Caffe's bvlc_alexnet, in its order, channels last.
CAFFE = {
    "conv1": (55, 55, 96),
    "norm1": (55, 55, 96),
    "pool1": (27, 27, 96),
    "conv2": (27, 27, 256),
    "norm2": (27, 27, 256),
    "pool2": (13, 13, 256),
    "conv3": (13, 13, 384),
    "conv4": (13, 13, 384),
    "conv5": (13, 13, 256),
    "pool5": (6, 6, 256),
    "flat": (9216,),
    "fc6": (4096,),
    "drop6": (4096,),
    "fc7": (4096,),
    "drop7": (4096,),
    "fc8": (1000,),
}


@pytest.fixture(scope="module")
def published():
    return alexnet()


def test_parameters_are_those_published(published):
    assert published.count_params() == 60_965_224


def test_layers_are_caffes_in_its_order(published):
    shapes = {layer.name: layer.output.shape[1:] for layer in published.layers[1:]}
    assert list(shapes) == list(CAFFE)
    assert shapes == CAFFE


def test_groups_halve_the_inputs(published):
    inputs = {
        f"conv{i}": published.get_layer(f"conv{i}").kernel.shape[2] for i in "2345"
    }
    assert inputs == {"conv2": 48, "conv3": 256, "conv4": 192, "conv5": 192}


def test_weights_start_as_caffe_has_them(published):
    for name, std, bias in (
        ("conv2", 0.01, 0.1),
        ("fc6", 0.005, 0.1),
        ("fc8", 0.01, 0),
    ):
        layer = published.get_layer(name)
        # Over 300,000 draws.
        assert layer.kernel.numpy().std() == pytest.approx(std, rel=0.02)
        np.testing.assert_allclose(layer.bias.numpy(), bias, rtol=1e-6)


def test_the_layers_of_the_paper_can_be_tapped(published):
    names = ["conv5", "fc6", "fc7", "fc8", "prob"]
    tapped = ks.taps.TappedModel(with_prob(published), names, allow_output=True)
    assert tapped.names == names
    assert tapped.units == [256, 4096, 4096, 1000, 1000]
    signed = np.split(tapped.signed, np.cumsum(tapped.units)[:-1])
    assert [bool(one.any()) for one in signed] == [False, False, False, True, False]


def test_photographs_are_cut_to_227_pixels():
    shape, _ = SHAPES[IMAGENET.data]
    assert shape == (227, 227, 3)
    model = alexnet(shape, widths=(2, 2, 2, 2, 2), dense=(2, 2))
    assert model.get_layer("conv1").output.shape == (None, 55, 55, 2)
    assert model.get_layer("pool5").output.shape == (None, 6, 6, 2)


def test_local_responses_are_normalized_as_in_caffe():
    x = np.random.default_rng(0).normal(0, 30, (2, 3, 4, 7)).astype("float32")
    expected = np.empty_like(x)
    for channel in range(7):
        near = x[..., max(0, channel - 2) : channel + 3]
        scale = 1 + 1e-4 / 5 * np.sum(near**2, axis=-1)
        expected[..., channel] = x[..., channel] / scale**0.75
    found = LocalResponseNormalization()(x).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(found / x).min() < 0.99


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16"])
def test_it_is_built_in_every_precision(policy):
    keras.config.set_dtype_policy(policy)
    model = with_prob(alexnet((8, 8, 1), 10, **{**SMALL_ALEXNET, "widths": [4] * 5}))
    found = model(np.ones((2, 8, 8, 1), "float32"))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(np.sum(found, axis=1), 1, rtol=1e-5)


def test_a_model_is_made_of_its_configuration():
    model = alexnet((8, 8, 1), 10, **{**SMALL_ALEXNET, "widths": [4] * 5})
    copy = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    copy.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((3, 8, 8, 1), "float32")
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-6)


def test_a_small_one_learns_digits(digits):
    x, y = digits
    model = ks.SelectivityModel(alexnet((8, 8, 1), 10, **SMALL_ALEXNET), alpha=0)
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x[:1200], y[:1200], batch_size=50, epochs=6, verbose=0)
    found = model.evaluate(x[1200:], y[1200:], verbose=0, return_dict=True)
    assert found["accuracy"] > 0.7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (1, 2, 3, 4)}, r"`widths` must hold 5 numbers.*\(1, 2, 3, 4\)"),
        ({"kernels": (3, 3)}, "`kernels` must hold 5 numbers"),
        ({"dense": (8,)}, "`dense` must hold 2 numbers"),
        ({"dropout": 1.0}, r"`dropout` must be at least 0 and less than 1.*1\.0"),
        ({"start": "zeros"}, '`start` must be "caffe" or "he".*\'zeros\''),
        ({"input_shape": (32, 32, 3)}, r"`input_shape` must be larger: conv2.*32, 32"),
    ],
)
def test_what_is_no_alexnet(options, message):
    with pytest.raises(ValueError, match=message):
        alexnet(**options)
