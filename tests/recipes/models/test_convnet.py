"""M18's convolutional network, with and without batch normalization."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.models import convnet

WIDTHS = (64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512)
SMALL = {"input_shape": (8, 8, 1), "widths": (4, 6), "strides": (1, 2)}


@pytest.mark.parametrize("batch_norm", [True, False])
def test_parameters_are_those_of_the_widths(batch_norm):
    model = convnet(batch_norm=batch_norm)
    inputs = (3, *WIDTHS)
    weights = sum(9 * a * b for a, b in zip(inputs, WIDTHS, strict=False))
    # A norm's scale and offset, or a bias; then the linear layer.
    others = (2 if batch_norm else 1) * sum(WIDTHS) + 512 * 10 + 10
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trainable == weights + others


def test_11_rectifiers_with_the_maps_of_the_paper():
    taps = ks.taps.TappedModel(model := convnet())
    assert taps.names == [f"conv_{i}_relu" for i in range(1, 12)]
    assert tuple(taps.units) == WIDTHS
    sides = [model.get_layer(name).output.shape[1] for name in taps.names]
    assert sides == [32, 32, 16, 16, 16, 8, 8, 8, 4, 4, 4]


def test_a_norm_between_convolution_and_rectifier_or_none():
    kinds = [type(layer).__name__ for layer in convnet(**SMALL).layers]
    assert kinds.count("BatchNormalization") == 2
    plain = convnet(**SMALL, batch_norm=False)
    assert not [
        x for x in plain.layers if isinstance(x, keras.layers.BatchNormalization)
    ]
    assert plain.get_layer("conv_1_conv").use_bias
    assert not convnet(**SMALL).get_layer("conv_1_conv").use_bias


def test_strides_are_as_many_as_widths():
    with pytest.raises(ValueError, match=r"`strides` must be as many as `widths`, 2"):
        convnet(widths=(4, 6), strides=(1,))
