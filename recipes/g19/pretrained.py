"""G19's own network: the AlexNet that Caffe ships, from a file of its weights.

    python -m recipes.g19.pretrained WEIGHTS.npz [--data-dir DIR] [--output runs]

measures it on ImageNet as a trained network is measured, and writes the figures, the
tables and the claims to `OUTPUT/g19/pretrained`.

The file is a plain `.npz`, without pickles, with `conv1/weights`, `conv1/biases`, and
so on for `conv2` to `conv5`, `fc6`, `fc7` and `fc8`, in the order in which Caffe has
them: `(outputs, inputs of a group, height, width)` and `(outputs, inputs)`; `fc6`
counts its inputs channel by channel. With Caffe at hand it is made by

    net = caffe.Net("deploy.prototxt", "bvlc_alexnet.caffemodel", caffe.TEST)
    np.savez("alexnet.npz", **{
        f"{name}/{part}": blob.data
        for name, blobs in net.params.items()
        for part, blob in zip(("weights", "biases"), blobs)})
"""

import argparse
import functools
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from recipes.data import NORMALIZATIONS
from recipes.runner import ending
from recipes.runner.training import build, load

#: Layers with weights.
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
#: What Caffe subtracts from blue, green and red, pixels from 0 to 255.
MEAN = (104.00698793, 116.66876762, 122.67891434)


def load_weights(
    model: keras.Model,
    path: Path,
    normalization: tuple[Sequence[float], Sequence[float]] = NORMALIZATIONS[
        "imagenet2012_227"
    ],
    mean: Sequence[float] = MEAN,
) -> None:
    """Give an AlexNet the weights that Caffe has, for images as this package has them.

    Caffe's network takes blue, green and red from 0 to 255 less their means; here
    images are red, green and blue, from 0 to 1, less the means of `normalization` and
    divided by its deviations. The first convolution is rewritten for these: it gives
    what Caffe's gives of the same photograph, up to rounding.
    """
    found = _read(path)
    arrays = {}
    for name in LAYERS:
        kernel = model.get_layer(name).kernel.shape
        weights = _checked(path, found, f"{name}/weights", _caffe_shape(model, name))
        biases = _checked(path, found, f"{name}/biases", (kernel[-1],))
        arrays[name] = (_as_keras(model, name, weights), biases)
    kernel, bias = arrays["conv1"]
    arrays["conv1"] = _for_normalized(kernel, bias, normalization, mean)
    # All of them are right before the first is set.
    for name, (kernel, bias) in arrays.items():
        layer = model.get_layer(name)
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)


def _for_normalized(
    kernel: np.ndarray,
    bias: np.ndarray,
    normalization: tuple[Sequence[float], Sequence[float]],
    mean: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
    """The first convolution, for red, green, blue, normalized."""
    # x_caffe = 255 (std x + offset) - mean, channel by channel.
    kernel = kernel[:, :, ::-1]
    offset, std = (np.asarray(values, float) for values in normalization)
    shift = 255 * offset - np.asarray(mean, float)[::-1]
    moved = bias + np.einsum(
        "hwco,c->o", kernel, np.broadcast_to(shift, kernel.shape[2])
    )
    return kernel * (255 * std)[:, None], moved


def _caffe_shape(model: keras.Model, name: str) -> tuple[int, ...]:
    shape = model.get_layer(name).kernel.shape
    if len(shape) == 2:
        return shape[1], shape[0]
    height, width, inputs, outputs = shape
    return outputs, inputs, height, width


def _as_keras(model: keras.Model, name: str, weights: np.ndarray) -> np.ndarray:
    if weights.ndim == 4:
        return weights.transpose(2, 3, 1, 0)
    if name == "fc6":
        # Caffe flattens channel by channel, Keras place by place.
        height, width, channels = model.get_layer("pool5").output.shape[1:]
        maps = weights.reshape(len(weights), channels, height, width)
        weights = maps.transpose(0, 2, 3, 1).reshape(len(weights), -1)
    return weights.T


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, EOFError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} must be an .npz file of arrays, without pickles. Received: {error}"
        ) from error


def _checked(
    path: Path, found: dict[str, np.ndarray], key: str, shape: tuple[int, ...]
) -> np.ndarray:
    if key not in found:
        raise ValueError(
            f"{path} must hold {key!r} of shape {shape}. It holds {sorted(found)}."
        )
    array = found[key]
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(
            f"{path}: {key!r} must be of shape {shape}, of floats. Received: shape "
            f"{array.shape} of {array.dtype}."
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{path}: {key!r} must be finite. Received: NaN or infinity.")
    return array.astype(float)


def network(weights: Path, folder: Path) -> Any:
    """Caffe's AlexNet on ImageNet."""
    from recipes.g19.experiments import IMAGENET
    from recipes.g19.measured import Network

    def model() -> keras.Model:
        found = build(IMAGENET)
        load_weights(found, weights)
        return found

    data = functools.partial(load, IMAGENET)
    return Network(
        "pretrained", "Caffe's AlexNet", folder, IMAGENET, model, data, published=True
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the network, and draw.

    Args:
        arguments: Of the command line; None: the real ones.
    """
    import os

    from recipes import papers
    from recipes.g19 import claims, figures, tables
    from recipes.g19.measured import Measured

    parser = argparse.ArgumentParser(prog="python -m recipes.g19.pretrained")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--data-dir", help="where TensorFlow Datasets keeps ImageNet")
    parser.add_argument("--output", type=Path, default=Path("runs"))
    args = parser.parse_args(arguments)
    if args.data_dir:
        os.environ["TFDS_DATA_DIR"] = args.data_dir
    folder = args.output / "g19" / "pretrained"

    def measure() -> int:
        folder.mkdir(parents=True, exist_ok=True)
        measured = Measured(network(args.weights, folder))
        measured.do(print)
        found, survey = [measured], folder / "survey"
        print(
            papers.write(
                folder,
                figures.of(found),
                tables.tables(found, survey),
                claims.claims(found, survey),
            )
        )
        return 0

    return ending.status(measure)


if __name__ == "__main__":
    ending.by_signals("Stopped. What was finished is kept.")
    sys.exit(main())
