"""The main job on real images: a sweep of alpha on the handwritten digits.

    python -m recipes.demo [--alphas -2 -0.5 0 0.5 2] [--seeds 0 1] [--output runs/demo]

Every run trains a small ResNet20 through `SelectivityModel`. Finished runs are
kept and not repeated.
"""

import os
import sys

from recipes.runner import ending

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    ending.by_signals("Stopped. The same command goes on: finished runs are kept.")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import json
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_selectivity as ks
from keras_selectivity.checks import checked_path
from keras_selectivity.plots import plot_sweep
from recipes.data import Split, digits
from recipes.models import resnet20
from recipes.runner.settings import several

ALPHAS = [-2.0, -0.5, 0.0, 0.5, 2.0]
EPOCHS = 30
SETTINGS: dict[str, Any] = {
    "model": "resnet20",
    "data": "digits",
    "epochs": EPOCHS,
    "batch_size": 128,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "anneal_epochs": [EPOCHS // 2, 3 * EPOCHS // 4],
}


def train(alpha: float, seed: int, folder: Path, train: Split, test: Split) -> dict:
    """Train one network; its settings and results as plain numbers."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = ks.SelectivityModel(resnet20((8, 8, 1)), alpha=alpha)
    model.compile(
        keras.optimizers.SGD(SETTINGS["learning_rate"], SETTINGS["momentum"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    monitor = ks.callbacks.SelectivityMonitor(test, log_dir=folder, batch_size=500)
    history = model.fit(
        *train,
        batch_size=SETTINGS["batch_size"],
        epochs=EPOCHS,
        validation_data=test,
        validation_batch_size=500,
        verbose=0,
        callbacks=[
            keras.callbacks.LearningRateScheduler(anneal),
            monitor,
            keras.callbacks.TensorBoard(folder),
        ],
    ).history
    report = ks.measure(model, test, batch_size=500, verbose=0)
    return {
        **SETTINGS,
        "alpha": alpha,
        "seed": seed,
        "accuracy": history["val_accuracy"][-1],
        "si": report.mean("si"),
        "layers": report.layer_means("si"),
        "seconds": time.perf_counter() - start,
    }


def anneal(epoch: int, rate: float) -> float:
    """Learning rate of an epoch: a tenth at each of the settings' epochs."""
    return rate * 0.1 if epoch in SETTINGS["anneal_epochs"] else rate


def finished(folder: Path, alpha: float, seed: int) -> dict | None:
    """The results of a run that ended with these settings, else None.

    Returns:
        The dictionary that `train` made, or None.
    """
    try:
        result = json.loads((folder / "result.json").read_text())
        wanted = {**SETTINGS, "alpha": alpha, "seed": seed}
        return result if wanted.items() <= result.items() else None
    # There is none, or it was cut short.
    except (FileNotFoundError, ValueError, AttributeError):
        return None


def save(path: Path, result: dict) -> None:
    """Write a result whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=1))
    temporary.replace(path)


def sweep(alphas: list[float], seeds: list[int], output: Path) -> list[dict]:
    """Train every network that is not there yet, with progress."""
    data = digits()
    todo = [(alpha, seed) for seed in seeds for alpha in alphas]
    results: list[dict] = []
    spent: list[float] = []
    for number, (alpha, seed) in enumerate(todo, start=1):
        folder = output / f"alpha{alpha:+g}_seed{seed}"
        label = f"[{number:2}/{len(todo)}] alpha {alpha:+5g}, seed {seed}: "
        result = finished(folder, alpha, seed)
        if result is None:
            print(label + "training ...", end="\r", flush=True)
            # What an interrupted run left would show twice in TensorBoard.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            result = train(alpha, seed, folder, *data)
            save(folder / "result.json", result)
            spent.append(result["seconds"])
            left = sum(
                finished(output / f"alpha{a:+g}_seed{s}", a, s) is None
                for a, s in todo[number:]
            )
            note = f"{result['seconds']:.0f} s"
            if left:
                note += f", about {left * np.mean(spent):.0f} s left"
        else:
            note = "already there"
        results.append(result)
        print(
            f"{label}accuracy {100 * result['accuracy']:.1f} %, "
            f"SI {result['si']:.3f} ({note})",
            flush=True,
        )
    return results


def table(results: list[dict]) -> str:
    """Test accuracy and mean SI for each alpha: mean and range over seeds."""
    lines = [
        " alpha | test accuracy (%)         | mean SI                  | runs",
        "-------+---------------------------+--------------------------+-----",
    ]
    for alpha in sorted({result["alpha"] for result in results}):
        runs = [result for result in results if result["alpha"] == alpha]
        accuracy = 100 * np.array([run["accuracy"] for run in runs])
        selectivity = np.array([run["si"] for run in runs])
        lines.append(
            f"{alpha:+6g} | {accuracy.mean():6.2f} ({accuracy.min():6.2f} to "
            f"{accuracy.max():6.2f}) | {selectivity.mean():7.3f} "
            f"({selectivity.min():5.3f} to {selectivity.max():5.3f}) | {len(runs):4}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo from the command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--alphas", type=float, nargs="+", default=[-2, -0.5, 0, 0.5, 2]
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--output", default="runs/demo")
    args = parser.parse_args(arguments)
    return ending.status(lambda: run(args))


def run(args: argparse.Namespace) -> int:
    """Train, and show what was found."""
    alphas, seeds = several("alpha", args.alphas), several("seed", args.seeds)
    output = Path(checked_path("--output", args.output))
    start = time.perf_counter()
    print(
        f"Training ResNet20 on the handwritten digits (8x8, 10 classes), {EPOCHS} "
        f"epochs a run,\nwith loss = cross-entropy - alpha * mean class selectivity "
        "index (SI)\n"
    )
    results = sweep(alphas, seeds, output)
    figure = output / "sweep.png"
    plot_sweep(
        [run["alpha"] for run in results],
        [run["si"] for run in results],
        [run["accuracy"] for run in results],
        title="ResNet20 on 8x8 digits (small scale)",
    ).savefig(figure, dpi=150)
    print(f"\n{table(results)}\n")
    print("Mean over the seeds, and their range. SI over the 500 test images.")
    print(f"Figure:      {figure}")
    print(f"TensorBoard: {_tensorboard()} --logdir {output}")
    print(f"Time:        {time.perf_counter() - start:.0f} s")
    return 0


def _tensorboard() -> Any:
    """The command as the user can type it: the one beside this Python."""
    beside = Path(sys.executable).parent / "tensorboard"
    if shutil.which("tensorboard") or not beside.exists():
        return "tensorboard"
    try:
        return beside.relative_to(Path.cwd())
    except ValueError:
        return beside


if __name__ == "__main__":
    sys.exit(main())
