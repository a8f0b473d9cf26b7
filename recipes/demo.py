"""The main job on real images: a sweep of alpha on the handwritten digits.

    python -m recipes.demo [--alphas -2 -0.5 0 0.5 2] [--seeds 0 1] [--output runs/demo]

Every run trains a small ResNet20 through `SelectivityModel`, as the recipes do.
Finished runs are kept and not repeated; others go on from their last whole epoch.
"""

import os
import sys

from recipes.runner import ending

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    ending.by_signals(ending.STOPPED)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_selectivity.checks import checked_path
from keras_selectivity.plots import plot_sweep
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.settings import Settings, several
from recipes.runner.sweep import Sweep, share
from recipes.runner.training import quieten

SETTINGS = Settings(
    data="digits",
    model="resnet20",
    epochs=30,
    batch_size=128,
    learning_rate=0.1,
    anneal_epochs=(15, 22),
    weight_decay=0.0,
    select="last",
)
SWEEP = Sweep(SETTINGS, {"seed": (0, 1), "alpha": (-2.0, -0.5, 0.0, 0.5, 2.0)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from the command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alphas", type=float, nargs="+", default=SWEEP.vary["alpha"])
    parser.add_argument("--seeds", type=int, nargs="+", default=SWEEP.vary["seed"])
    parser.add_argument("--output", default="runs/demo")
    args = parser.parse_args(arguments)
    return ending.status(lambda: run(args))


def run(args: argparse.Namespace) -> int:
    """Train what is missing, and show what was found."""
    vary = {"alpha": several("alpha", args.alphas), "seed": several("seed", args.seeds)}
    sweep = SWEEP.override(vary)
    output = Path(checked_path("--output", args.output))
    start = time.perf_counter()
    print(
        "Training ResNet20 on the handwritten digits (8x8, 10 classes), "
        f"{SETTINGS.epochs} epochs a run,\nwith loss = cross-entropy - alpha * mean "
        "class selectivity index (SI)\n"
    )
    runs = [Run(settings, output) for settings in sweep.settings]
    if share(runs, output).failed:
        return 1
    for one in runs:
        one.tidy()
    found = Results({"demo": sweep}, output)
    figure = output / "sweep.png"
    plot_sweep(
        [run.settings.alpha for run in found["demo"]],
        [run.report.mean("si") for run in found["demo"]],
        [run.accuracy for run in found["demo"]],
        title="ResNet20 on 8x8 digits (small scale)",
    ).savefig(figure, dpi=150)
    print(f"\n{table(found.by_alpha('demo'))}\n")
    print("Mean over the seeds, and their range. SI over the 500 test images.")
    print(f"Figure:      {figure}")
    print(f"TensorBoard: {_tensorboard()} --logdir {output}")
    print(f"Time:        {time.perf_counter() - start:.0f} s")
    return 0


def table(runs: Mapping[float, Sequence[Run]]) -> str:
    """Test accuracy and mean SI for each alpha: mean and range over seeds."""
    lines = [
        " alpha | test accuracy (%)         | mean SI                  | runs",
        "-------+---------------------------+--------------------------+-----",
    ]
    for alpha, ones in runs.items():
        accuracy = 100 * np.array([run.accuracy for run in ones])
        selectivity = np.array([run.report.mean("si") for run in ones])
        lines.append(
            f"{alpha:+6g} | {accuracy.mean():6.2f} ({accuracy.min():6.2f} to "
            f"{accuracy.max():6.2f}) | {selectivity.mean():7.3f} "
            f"({selectivity.min():5.3f} to {selectivity.max():5.3f}) | {len(ones):4}"
        )
    return "\n".join(lines)


def _tensorboard() -> Path | str:
    """The command as the user can type it: the one beside this Python."""
    beside = Path(sys.executable).parent / "tensorboard"
    if shutil.which("tensorboard") or not beside.exists():
        return "tensorboard"
    try:
        return beside.relative_to(Path.cwd())
    except ValueError:
        return beside


if __name__ == "__main__":
    quieten()
    sys.exit(main())
