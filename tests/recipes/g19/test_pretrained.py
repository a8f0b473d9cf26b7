"""Caffe's weights give in this network what they give in Caffe's."""

import numpy as np
import pytest
import tensorflow as tf

from recipes.data import NORMALIZATIONS
from recipes.g19.pretrained import LAYERS, MEAN, load_weights, main
from recipes.models import alexnet

WIDTHS = (4, 6, 4, 4, 6)


@pytest.fixture
def model():
    return alexnet((67, 67, 3), 5, widths=WIDTHS, dense=(8, 7))


@pytest.fixture
def weights(model):
    """Random weights in Caffe's shapes."""
    rng = np.random.default_rng(0)
    inputs = (3, 2, 6, 2, 2)
    sizes = (11, 5, 3, 3, 3)
    found = {}
    for place, (width, maps, size) in enumerate(
        zip(WIDTHS, inputs, sizes, strict=True), start=1
    ):
        shape = (width, maps, size, size)
        found[f"conv{place}/weights"] = rng.normal(0, 0.1, shape)
        found[f"conv{place}/biases"] = rng.normal(0, 0.1, width)
    height, width, maps = model.get_layer("pool5").output.shape[1:]
    # Other than 1, for the order of the places to matter.
    assert height * width * maps == 6
    dense = {"fc6": (8, 6), "fc7": (7, 8), "fc8": (5, 7)}
    for name, shape in dense.items():
        found[f"{name}/weights"] = rng.normal(0, 0.1, shape)
        found[f"{name}/biases"] = rng.normal(0, 0.1, shape[0])
    return found


def save(path, arrays):
    np.savez(path, **arrays)
    return path


def outputs(model, name, x):
    import keras

    return keras.Model(model.input, model.get_layer(name).output)(x).numpy()


def normalized(photographs):
    mean, std = (np.array(values) for values in NORMALIZATIONS["imagenet2012_227"])
    return ((photographs / 255 - mean) / std).astype("float32")


def test_the_first_convolution_sees_caffe_s_images(model, weights, tmp_path):
    load_weights(model, save(tmp_path / "w.npz", weights))
    photographs = np.random.default_rng(1).integers(0, 256, (2, 67, 67, 3))
    caffe = photographs[..., ::-1] - np.array(MEAN)
    kernel = weights["conv1/weights"].transpose(2, 3, 1, 0)
    expected = tf.nn.conv2d(caffe, kernel, 4, "VALID").numpy()
    expected = np.maximum(expected + weights["conv1/biases"], 0)
    found = outputs(model, "conv1", normalized(photographs))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)
    assert expected.max() > 10


def test_groups_are_caffe_s(model, weights, tmp_path):
    load_weights(model, save(tmp_path / "w.npz", weights))
    x = np.random.default_rng(1).normal(0, 1, (2, 67, 67, 3)).astype("float32")
    before = outputs(model, "pool1", x)
    kernel = weights["conv2/weights"].transpose(2, 3, 1, 0)
    halves = [
        tf.nn.conv2d(
            before[..., 2 * g : 2 * g + 2], kernel[..., 3 * g : 3 * g + 3], 1, "SAME"
        )
        for g in (0, 1)
    ]
    expected = np.concatenate(halves, axis=-1) + weights["conv2/biases"]
    found = outputs(model, "conv2", x)
    np.testing.assert_allclose(found, np.maximum(expected, 0), rtol=1e-3, atol=1e-3)


def test_dense_layers_count_their_inputs_as_caffe_does(weights, tmp_path):
    model = alexnet((131, 131, 3), 5, widths=WIDTHS, dense=(8, 7))
    shape = model.get_layer("pool5").output.shape[1:]
    assert shape == (3, 3, 6)
    weights["fc6/weights"] = np.random.default_rng(2).normal(0, 1, (8, 54))
    load_weights(model, save(tmp_path / "w.npz", weights))
    x = np.random.default_rng(1).normal(0, 1, (2, 131, 131, 3)).astype("float32")
    maps = outputs(model, "pool5", x)
    flat = maps.transpose(0, 3, 1, 2).reshape(2, -1)
    assert np.ptp(flat) > 0
    for name in ("fc6", "fc7"):
        flat = flat @ weights[f"{name}/weights"].T + weights[f"{name}/biases"]
        flat = np.maximum(flat, 0)
        np.testing.assert_allclose(outputs(model, name, x), flat, rtol=1e-3, atol=1e-4)
    flat = flat @ weights["fc8/weights"].T + weights["fc8/biases"]
    np.testing.assert_allclose(model(x), flat, rtol=1e-3, atol=1e-4)


def test_what_is_wrong_with_a_file(model, weights, tmp_path):
    path = tmp_path / "w.npz"
    before = model.get_weights()
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"must be an .npz file of arrays"):
        load_weights(model, path)
    with pytest.raises(ValueError, match=r"must be an .npz file of arrays"):
        load_weights(model, save(path, {"conv1/weights": np.array([{}], object)}))
    less = {key: array for key, array in weights.items() if key != "fc8/biases"}
    with pytest.raises(ValueError, match=r"must hold 'fc8/biases' of shape \(5,\)"):
        load_weights(model, save(path, less))
    turned = {**weights, "fc7/weights": weights["fc7/weights"].T}
    with pytest.raises(ValueError, match=r"'fc7/weights' must be of shape \(7, 8\)"):
        load_weights(model, save(path, turned))
    weights["fc8/biases"][2] = np.nan
    with pytest.raises(ValueError, match="'fc8/biases' must be finite"):
        load_weights(model, save(path, weights))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_every_layer_with_weights_is_read(model):
    assert [layer.name for layer in model.layers if layer.weights] == list(LAYERS)


def test_the_command_says_that_there_is_no_file(tmp_path, capsys):
    missing = tmp_path / "no.npz"
    assert main([str(missing), "--output", str(tmp_path)]) == 2
    assert "no.npz" in capsys.readouterr().err
