"""What an ablation costs: `ks.perturbation` beside one `evaluate` for each mask.

The plain way costs one `evaluate` a mask, whatever the mask: one `evaluate` is
timed before and after each analysis and multiplied by the number of masks. Peak
memory is that of a process of its own for each variant, above one that only
evaluates.

    python -m tools.bench_ablation [--rounds 3] [--samples 2000] [--trained]
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_selectivity as ks
from recipes.models import resnet20
from tools.bench_measure import peak_memory
from tools.bench_train_step import cost

NAMES = ["last three", "all together", "single-unit"]


class Case:
    """ResNet20 on generated images, and the analyses of it."""

    def __init__(self, samples: int, trained: bool) -> None:
        rng = np.random.default_rng(0)
        y = rng.integers(0, 10, samples)
        patterns = rng.random((10, 32, 32, 3), "float32")
        x = patterns[y] + rng.normal(0, 0.5, (samples, 32, 32, 3)).astype("float32")
        keras.utils.set_random_seed(0)
        self.model = resnet20()
        self.model.compile(
            keras.optimizers.SGD(0.05, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        if trained:
            self.model.fit(x, y, batch_size=128, epochs=2, verbose=0)
        self.data = x, y
        self.units = sum(ks.taps.TappedModel(self.model).units)

    def evaluate(self) -> None:
        self.model.evaluate(*self.data, batch_size=256, verbose=0)

    def analyses(self) -> dict[str, tuple[Callable[[], Any], int]]:
        """For each name what to run, and how many masks it stands for."""

        def curve(taps: Any) -> Any:
            return ks.perturbation.cumulative(
                self.model, self.data, taps=taps, points=21, repeats=3, verbose=0
            )

        def each() -> Any:
            return ks.perturbation.single_unit(self.model, self.data, verbose=0)

        return {
            "last three": (lambda: curve(ks.taps.last(3)), 21 * 3),
            "all together": (lambda: curve("relu"), 21 * 3),
            "single-unit": (each, self.units),
        }


def _memory(name: str, args: argparse.Namespace) -> float:
    """MiB above `evaluate` at the peak, in processes of their own."""

    def peak(variant: str) -> int:
        command = [sys.executable, "-m", "tools.bench_ablation", "--only", variant]
        command += ["--samples", str(args.samples)]
        command += ["--trained"] if args.trained else []
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(run.stdout.split()[-1])

    return (peak(name) - peak("evaluate")) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--trained", action="store_true")
    parser.add_argument("--only", choices=[*NAMES, "evaluate"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    case = Case(args.samples, args.trained)
    case.evaluate()
    if args.only:
        if args.only != "evaluate":
            case.analyses()[args.only][0]()
        print(peak_memory())
        return
    print(
        f"ResNet20, 32x32x3, {case.units} units in 19 layers, {args.samples} samples, "
        f"batch 256, {'trained' if args.trained else 'untrained'}; medians of "
        f"{args.rounds} rounds"
    )
    print(
        f"{'analysis':<14}{'masks':>6}{'CPU s':>8}{'wall s':>8}"
        f"{'CPU ratio':>11}{'wall ratio':>12}{'MiB more':>10}"
    )
    for name, (run, masks) in case.analyses().items():
        rounds, ratios = [], []
        for _ in range(args.rounds):
            before = cost(case.evaluate)
            taken = cost(run)
            plain = (before + cost(case.evaluate)) / 2
            rounds.append(taken)
            ratios.append(taken / (masks * plain))
        (cpu, wall), ratio = np.median(rounds, axis=0), np.median(ratios, axis=0)
        print(
            f"{name:<14}{masks:>6}{cpu:>8.1f}{wall:>8.1f}{ratio[0]:>11.3f}"
            f"{ratio[1]:>12.3f}{_memory(name, args):>10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
