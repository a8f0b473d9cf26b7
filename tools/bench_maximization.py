"""What images for units cost, one unit at a time and many at once, and what they reach.

A ResNet20 that was trained on the handwritten digits, and an untrained VGG16 at 64x64.
Time is that of the ascent, without tracing it. Then, for ten units, the activation for
the made image stands beside the highest over all digits; for VGG16 these are enlarged,
with random images beside them. With `--figures` it draws the made images, with the
selectivity of their units over the digits.

    python -m tools.bench_maximization [--units 32] [--steps 256] [--epochs 5]
        [--models resnet20 vgg16] [--figures FOLDER]
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_selectivity as ks
from keras_selectivity.maximization import Maximized, Maximizer
from keras_selectivity.plots import plot_maximized
from keras_selectivity.similarity.observed import activations_of
from recipes.models import resnet20

SHOWN = 10


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """Images `(1797, 8, 8, 1)` in [0, 1], and labels."""
    x, y = load_digits(return_X_y=True)
    return (x / 16).astype("float32").reshape(-1, 8, 8, 1), y


def digits(epochs: int) -> tuple[keras.Model, str, np.ndarray, float]:
    """A trained network, a layer, images to compare with, and their highest value."""
    images, y = digit_images()
    model = resnet20((8, 8, 1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    model.fit(images, y, batch_size=128, epochs=epochs, verbose=0)
    relus = [layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)]
    return model, relus[-1].name, images, 1.0


def vgg16(epochs: int) -> tuple[keras.Model, str, np.ndarray, float]:
    """An untrained network, a layer, images to compare with, their highest value."""
    del epochs
    model = keras.applications.VGG16(weights=None, input_shape=(64, 64, 3))
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 255, (256, 64, 64, 3)).astype("float32")
    enlarged = keras.ops.image.resize(255 * digit_images()[0], (64, 64))
    colors = np.repeat(enlarged, 3, axis=-1)
    return model, "block4_conv3", np.concatenate([noise, colors]), 255.0


MODELS = {"resnet20": digits, "vgg16": vgg16}


def timed(
    maximizer: Maximizer, units: list[int], **options: Any
) -> tuple[float, Maximized]:
    """Wall seconds for a unit, and what a run made of them."""
    begun = time.perf_counter()
    found = maximizer.run(units, verbose=0, **options)
    return (time.perf_counter() - begun) / len(units), found


def drawn(found: Maximized, model: keras.Model, images: np.ndarray, name: str) -> Any:
    """A figure of made images, of units whose selectivity is that over the digits."""
    _, y = digit_images()
    data = images[-len(y) :], y
    report = ks.measure(model, data, taps=[found.layer], verbose=0)
    return plot_maximized(found, report, title=f"{name}, {found.layer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--figures", type=Path)
    args = parser.parse_args()
    for name in args.models:
        keras.utils.set_random_seed(0)
        model, layer, images, highest = MODELS[name](args.epochs)
        maximizer = Maximizer(model, layer, value_range=(0, highest))
        units = list(range(args.units))
        maximizer.run([0], steps=2, verbose=0)
        few = units[: max(1, args.units // 8)]
        alone, _ = timed(maximizer, few, steps=args.steps, batch_size=1)
        together, found = timed(
            maximizer, units, steps=args.steps, batch_size=args.units
        )
        print(f"{name}, {layer}, {args.steps} steps: units a minute")
        print(f"  one at a time {60 / alone:8.1f}")
        faster = f"({alone / together:.1f}x)"
        print(f"  {args.units} at once {60 / together:12.1f}  {faster}")
        (layers,) = activations_of([model], images, [layer], verbose=0)
        best = layers[layer].max(axis=0)
        print(f"  {'unit':>6}{'made':>10}{'highest':>10}{'ratio':>8}")
        for unit, made in zip(units[:SHOWN], found.activations[:, 0], strict=False):
            ratio = made / max(best[unit], 1e-12)
            print(f"  {unit:>6}{made:>10.4f}{best[unit]:>10.4f}{ratio:>8.2f}")
        if args.figures:
            args.figures.mkdir(parents=True, exist_ok=True)
            figure = drawn(found, model, images, name)
            figure.savefig(args.figures / f"{name}.png", dpi=80)


if __name__ == "__main__":
    main()
