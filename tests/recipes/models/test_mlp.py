"""M18's multilayer perceptron."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.models import mlp


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_hidden_layers_are_tapped(dropout):
    taps = ks.taps.TappedModel(mlp(widths=(7, 5, 3), dropout=dropout))
    assert taps.names == ["hidden_1", "hidden_2", "hidden_3"]
    assert taps.units == [7, 5, 3]


def test_without_dropout_there_is_no_layer_for_it():
    assert [layer.name for layer in mlp().layers[1:]] == [
        "flat",
        "hidden_1",
        "hidden_2",
        "logits",
    ]


def test_dropout_follows_every_hidden_layer():
    model = mlp((4,), widths=(100, 80), dropout=0.3)
    probe = keras.Model(
        model.input, [model.get_layer(f"dropout_{i}").output for i in (1, 2)]
    )
    model.get_layer("hidden_1").bias.assign(np.ones(100))
    model.get_layer("hidden_2").bias.assign(np.full(80, 10))
    x = np.zeros((100, 4), "float32")
    for trained, asked in zip(probe(x, training=True), probe(x), strict=True):
        assert np.mean(trained == 0) == pytest.approx(0.3, abs=0.05)
        assert np.all(np.asarray(asked) > 0)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_a_dropout_that_is_no_share(dropout):
    with pytest.raises(ValueError, match="`dropout` must be at least 0 and less"):
        mlp(dropout=dropout)
