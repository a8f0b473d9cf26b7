"""Do networks that memorise rely more on single directions? M18 figures 1a and 2a.

Trains M18's multilayer perceptron on scikit-learn's handwritten digits, with true
labels and with half or all of them shuffled, and silences its hidden units in
random orders. Prints a table and draws the curves. Small-scale: 1,297 images.

    python -m recipes.memorisation [--seeds 5] [--folder runs/memorisation]
"""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_selectivity as ks
from recipes.data import corrupted, digits
from recipes.models import mlp

FRACTIONS = (0.0, 0.5, 1.0)
SCALES = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def train(fraction: float, seed: int, epochs: int) -> tuple[keras.Model, tuple]:
    """A network that fits its training labels, a fraction of them shuffled.

    Args:
        fraction: Share of the labels that is shuffled.
        seed: Of the weights, the order of the data and the shuffling.
        epochs: Length of the training.

    Returns:
        `(model, (x, y))` with the labels that it was trained on.
    """
    (x, y), _ = digits()
    y = corrupted(y, fraction, seed)
    keras.utils.set_random_seed(seed)
    model = mlp(x.shape[1:])
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model, (x, y)


def run(
    seeds: Sequence[int], epochs: int
) -> tuple[
    dict[str, list[ks.perturbation.AblationCurve]],
    dict[str, list[ks.perturbation.NoiseCurve]],
]:
    """Curves of every network, by how its labels were.

    Args:
        seeds: One network a seed.
        epochs: Length of the training.

    Returns:
        Ablation curves and noise curves, lists of one for each seed.
    """
    ablations: dict[str, list] = {}
    noises: dict[str, list] = {}
    begun, done, total = time.monotonic(), 0, len(seeds) * len(FRACTIONS)
    for fraction in FRACTIONS:
        name = f"{fraction:.0%} shuffled" if fraction else "true labels"
        for seed in seeds:
            model, data = train(fraction, seed, epochs)
            ablations.setdefault(name, []).append(
                ks.perturbation.cumulative(model, data, seed=seed, verbose=0)
            )
            noises.setdefault(name, []).append(
                ks.perturbation.noise(model, data, SCALES, seed=seed, verbose=0)
            )
            done += 1
            left = (time.monotonic() - begun) / done * (total - done)
            print(
                f"[{done:>2}/{total}] {name}, seed {seed}: training accuracy "
                f"{ablations[name][-1].accuracy[0, 0]:.3f}, area "
                f"{ablations[name][-1].auc.mean():.3f} (about {left:.0f} s left)",
                flush=True,
            )
    return ablations, noises


def table(ablations: dict[str, list[ks.perturbation.AblationCurve]]) -> str:
    """Area and accuracies of each kind of labels, mean and SD over networks."""
    rows = [
        f"{'labels':<15}| {'area under the curve':<21}| "
        f"{'fraction silent at accuracy 0.5':<32}| networks"
    ]
    for name, curves in ablations.items():
        areas = [curve.auc.mean() for curve in curves]
        halves = [half_point(curve) for curve in curves]
        rows.append(
            f"{name:<15}| {_spread(areas):<21}| {_spread(halves):<32}| {len(curves)}"
        )
    return "\n".join(rows)


def half_point(curve: ks.perturbation.AblationCurve) -> float:
    """Fraction of silent units at which the mean accuracy falls to a half.

    Args:
        curve: The curve.

    Returns:
        The fraction, between points by a line; 1 if it never falls so low, 0 if it
        was never above.

    Example:
        >>> half_point(ks.perturbation.AblationCurve([0, 1, 2], {"a": 2}, [[1, .6, 0]]))
        0.583...
    """
    below = np.flatnonzero(curve.mean < 0.5)
    if not below.size:
        return 1.0
    after = below[0]
    if after == 0:
        return 0.0
    pair = slice(after - 1, after + 1)
    return float(np.interp(0.5, curve.mean[pair][::-1], curve.fractions[pair][::-1]))


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} +- {np.std(values):.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, ablate, print the table and draw the figures.

    Args:
        arguments: Of the command line; None: the real ones.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="networks of each kind")
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--folder", type=Path, default=Path("runs/memorisation"))
    args = parser.parse_args(arguments)
    ablations, noises = run(range(args.seeds), args.epochs)
    from keras_selectivity.plots import plot_ablation, plot_noise

    args.folder.mkdir(parents=True, exist_ok=True)
    plot_ablation(ablations).savefig(args.folder / "ablation.png", dpi=150)
    plot_noise(noises).savefig(args.folder / "noise.png", dpi=150)
    print("\nMLP 2x512 on the digits, accuracy on the training set, all hidden units")
    print(table(ablations))
    print(f"\nFigures: {args.folder / 'ablation.png'}, {args.folder / 'noise.png'}")


if __name__ == "__main__":
    main()
