"""The papers' models have the papers' shapes."""

import keras
import numpy as np

import keras_selectivity as ks
from recipes.models import resnet20


def test_resnet20_is_that_of_he_et_al():
    model = resnet20()
    trainable = sum(np.prod(w.shape) for w in model.trainable_weights)
    # Idelbayev's table prints 0.27M; by hand: 3x3 convolutions, norms, linear.
    convolutions = 9 * (
        3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32**2 + 32 * 64 + 5 * 64**2
    )
    norms = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    assert trainable == convolutions + norms + 64 * 10 + 10
    taps = ks.taps.TappedModel(model)
    assert taps.units == [16] * 7 + [32] * 6 + [64] * 6


def test_shortcuts_take_every_second_pixel_and_pad_channels_with_zeros():
    model = resnet20((4, 4, 1), widths=(2, 4, 8), blocks=1)
    # Silence the residual branch of the second stage: what is left is the shortcut.
    norm = model.get_layer("stage2_block1_2_norm")
    norm.gamma.assign(np.zeros(4))
    tapped = ks.taps.TappedModel(model, ["stage1_block1_out", "stage2_block1_out"])
    x = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype("float32")
    before, after = keras.Model(
        model.input,
        [model.get_layer(name).output for name in tapped.names],
    ).predict(x, verbose=0)
    np.testing.assert_array_equal(after[..., 1:3], before[:, ::2, ::2])
    assert not np.any(after[..., [0, 3]])
