"""LM21's VGG16 is torchvision's up to its dense layers."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.models import vgg16

DIGITS = {
    "input_shape": (8, 8, 1),
    "blocks": ((16, 2), (32, 2), (64, 3)),
    "dense": 64,
}


def convolutions(model):
    return [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]


def test_convolutions_are_those_published():
    found = sum(layer.count_params() for layer in convolutions(vgg16()))
    published = keras.applications.VGG16(weights=None, include_top=False)
    assert found == published.count_params() == 14_714_688


def test_13_convolutions_and_a_dense_layer_are_tapped():
    model = vgg16()
    taps = ks.taps.TappedModel(model)
    assert taps.units == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6 + [512]
    assert taps.names[-1] == "dense_relu"
    assert ks.taps.TappedModel(model, "^block").names == taps.names[:-1]


def test_the_end_of_the_network():
    model = vgg16()
    assert model.get_layer("block5_pool").output.shape == (None, 1, 1, 512)
    assert model.get_layer("dense").kernel.shape == (512, 512)
    assert model.output.shape == (None, 10)


def test_every_convolution_has_a_norm_and_then_a_rectifier():
    layers = vgg16(**DIGITS).layers
    for index, layer in enumerate(layers):
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.use_bias
            norm, relu = layers[index + 1 : index + 3]
            assert isinstance(norm, keras.layers.BatchNormalization)
            assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)
            assert isinstance(relu, keras.layers.ReLU)


def test_weights_start_as_documented():
    model = vgg16(**DIGITS)
    for layer in convolutions(model)[1:]:
        std = np.sqrt(2 / (9 * layer.filters))
        # The standard deviation of at least 2304 draws, to four times its error.
        assert layer.kernel.numpy().std() == pytest.approx(std, rel=0.06)
        assert not np.any(layer.bias.numpy())
    for name in ("dense", "logits"):
        assert np.abs(model.get_layer(name).kernel.numpy()).max() <= 1 / 8


def test_a_small_one_learns_digits(digits):
    x, y = digits
    model = ks.SelectivityModel(vgg16(**DIGITS), alpha=0)
    model.compile(
        keras.optimizers.SGD(0.05, 0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x[:1200], y[:1200], batch_size=50, epochs=3, verbose=0)
    assert (
        model.evaluate(x[1200:], y[1200:], verbose=0, return_dict=True)["accuracy"]
        > 0.8
    )


def test_leaky_rectifiers_have_the_names_of_the_others():
    plain = ks.taps.TappedModel(vgg16(**DIGITS))
    leaky = ks.taps.TappedModel(vgg16(**DIGITS, negative_slope=0.5))
    assert leaky.names == plain.names
    assert leaky.signed.all()


def test_images_too_small_for_the_blocks():
    with pytest.raises(ValueError, match=r"at least 32 .*5 blocks.*\(8, 8, 1\)"):
        vgg16((8, 8, 1))
    with pytest.raises(ValueError, match="at least 32 "):
        vgg16((64, 31, 3))


def test_a_slope_that_is_none():
    with pytest.raises(ValueError, match="`negative_slope` must be at least 0"):
        vgg16(**DIGITS, negative_slope=1.0)
