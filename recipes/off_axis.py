"""Did the regulariser lower selectivity, or turn it off the units' axes?

LM21's two controls (section 4.2, figure 2) on scikit-learn's handwritten digits:
networks trained as in the demo with alpha 0 and with its most negative alpha, the
PWCCA distances among them, and the upper bound of selectivity along any orthonormal
axes. Prints tables and draws the figures. Small-scale: 8x8 images, ResNet20.

    python -m recipes.off_axis [--alpha -2] [--seeds 4] [--folder runs/off_axis]
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
from keras_selectivity.similarity.observed import activations_of
from recipes.data import Split, digits
from recipes.demo import EPOCHS, SETTINGS, anneal
from recipes.models import resnet20


def network(
    alpha: float, seed: int, train: Split, folder: Path, epochs: int = EPOCHS
) -> keras.Model:
    """A network trained as the demo trains it, from its file where there is one.

    Args:
        alpha: Scale of the regulariser.
        seed: Of initialisation and the order of samples.
        train: Training data.
        folder: Where the weights are kept.
        epochs: Length of the training.

    Returns:
        A `SelectivityModel`.
    """
    keras.utils.set_random_seed(seed)
    model = ks.SelectivityModel(resnet20((8, 8, 1)), alpha=alpha)
    path = folder / f"alpha{alpha:+g}_seed{seed}_epochs{epochs}.weights.h5"
    if path.exists():
        model.load_weights(path)
        return model
    model.compile(
        keras.optimizers.SGD(SETTINGS["learning_rate"], SETTINGS["momentum"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    schedule = keras.callbacks.LearningRateScheduler(anneal)
    model.fit(
        *train,
        batch_size=SETTINGS["batch_size"],
        epochs=epochs,
        verbose=0,
        callbacks=[schedule],
    )
    temporary = path.with_name(f"tmp_{path.name}")
    model.save_weights(temporary)
    temporary.replace(path)
    return model


def networks(
    alphas: Sequence[float],
    seeds: Sequence[int],
    train: Split,
    folder: Path,
    epochs: int = EPOCHS,
) -> dict[float, list[keras.Model]]:
    """The replicates of every alpha, with progress.

    Args:
        alphas: Scales of the regulariser.
        seeds: One replicate a seed.
        train: Training data.
        folder: Where the weights are kept.
        epochs: Length of the training.

    Returns:
        Mapping of alpha to its networks.
    """
    found: dict[float, list[keras.Model]] = {alpha: [] for alpha in alphas}
    begun, total = time.monotonic(), len(alphas) * len(seeds)
    for number, (alpha, seed) in enumerate(
        ((alpha, seed) for alpha in alphas for seed in seeds), start=1
    ):
        found[alpha].append(network(alpha, seed, train, folder, epochs))
        left = (time.monotonic() - begun) / number * (total - number)
        print(
            f"[{number:2}/{total}] alpha {alpha:+g}, seed {seed} (about {left:.0f} s "
            "left)",
            flush=True,
        )
    return found


def bounds(
    models: Sequence[keras.Model], fit: Split, score: Split, max_steps: int
) -> list[dict[str, ks.projection.UpperBound]]:
    """The upper bound of every layer of every network.

    Args:
        models: The networks.
        fit: Images to fit the projections to.
        score: Images to score them on.
        max_steps: Steps of a fit at most.

    Returns:
        For each network a mapping of layer to its bound.
    """
    fitted = activations_of(models, fit.x, verbose=0)
    scored = activations_of(models, score.x, verbose=0)
    return [
        ks.projection.selectivity_upper_bound(
            {name: (a, fit.y) for name, a in ones.items()},
            {name: (a, score.y) for name, a in others.items()},
            starts=1,
            max_steps=max_steps,
            verbose=0,
        )
        for ones, others in zip(fitted, scored, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, compare, print the tables and draw the figures.

    Args:
        arguments: Of the command line; None: the real ones.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alpha", type=float, default=-2.0)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--max-steps", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("runs/off_axis"))
    args = parser.parse_args(arguments)
    args.folder.mkdir(parents=True, exist_ok=True)
    train, test = digits()
    alphas = [args.alpha, 0.0]
    found = networks(alphas, range(args.seeds), train, args.folder, args.epochs)
    distances = ks.similarity.replicates(
        found[args.alpha], found[0.0], data=test.x, verbose=0
    )
    test_of_pairs = distances.test()
    print(
        f"\nPWCCA distance on {len(test.y)} test images, mean over layers: "
        f"{distances.within.mean():.4f} among the {args.seeds} networks of alpha "
        f"{args.alpha:+g}, {distances.cross.mean():.4f} from those to alpha 0.\n"
        f"Ratio {distances.ratio:.3f} (mean over layers), paired t-test over "
        f"{len(distances.layers)} layers: t = {test_of_pairs.statistic:.2f}, "
        f"p = {test_of_pairs.pvalue:.2g}"
    )
    upper: dict[float, np.ndarray] = {}
    aligned: dict[float, np.ndarray] = {}
    print("\n alpha | SI of the units | upper bound | steps at most")
    for alpha in alphas:
        every = bounds(found[alpha], train, test, args.max_steps)
        upper[alpha] = np.array(
            [np.mean([b.mean_upper_bound for b in one.values()]) for one in every]
        )
        aligned[alpha] = np.array(
            [np.mean([b.mean_axis_aligned for b in one.values()]) for one in every]
        )
        print(
            f"{alpha:+6g} | {aligned[alpha].mean():.3f} +- {aligned[alpha].std():.3f} "
            f"| {upper[alpha].mean():.3f} +- {upper[alpha].std():.3f} | "
            f"{args.max_steps}",
            flush=True,
        )
    from keras_selectivity.plots import plot_replicates, plot_upper_bound

    plot_replicates({f"alpha {args.alpha:+g}": distances}).savefig(
        args.folder / "distances.png", dpi=150
    )
    plot_upper_bound(
        np.repeat(alphas, args.seeds).tolist(),
        np.concatenate([aligned[alpha] for alpha in alphas]).tolist(),
        np.concatenate([upper[alpha] for alpha in alphas]).tolist(),
        title="ResNet20 on 8x8 digits (small scale)",
    ).savefig(args.folder / "upper_bound.png", dpi=150)
    print(f"\nFigures: {args.folder}/distances.png, {args.folder}/upper_bound.png")


if __name__ == "__main__":
    main()
