"""What a measurement costs: `measure` beside `evaluate` on the same model and data.

Variants alternate in one process, so that the machine's noise falls on all alike;
medians of ratios of neighbors are printed. Peak memory is that of a process of
its own for each variant, above what the process holds before it begins.

    python -m tools.bench_measure [--rounds 9] [--samples 2000] [--classes 10]
"""

import argparse
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_selectivity as ks
from keras_selectivity.measure import Measurement
from recipes.models import resnet20
from tools.bench_train_step import measure as timed

EVERYTHING = [
    "si",
    "si_second",
    "dprime",
    "precision",
    "top_class",
    "localist",
    "mutual_information",
    "dead",
    "active_fraction",
    "l1_norm",
]
NAMES = ["evaluate", "SI", "statistics", "everything", "fetch activations"]


def variants(samples: int, classes: int) -> dict[str, Callable[[], Any]]:
    """A callable for each variant that goes over the data once."""
    rng = np.random.default_rng(0)
    x = rng.random((samples, 32, 32, 3), "float32")
    y = rng.integers(0, classes, samples)
    keras.utils.set_random_seed(0)
    model = resnet20(classes=classes)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    streamed = [name for name in EVERYTHING if not _needs_responses(name)]
    passes = {
        "SI": Measurement(model, ["si"]),
        "statistics": Measurement(model, streamed),
        "everything": Measurement(model, EVERYTHING),
    }
    maps = [layer.output for layer in model.layers if "relu" in layer.name]
    observed = keras.Model(model.input, maps)

    def fetch() -> None:
        found = observed.predict(x, batch_size=256, verbose=0)
        responses = [array.mean(axis=(1, 2)) for array in found]
        for units in responses:
            means = [units[y == c].mean(axis=0) for c in np.unique(y)]
            np.max(means, axis=0)

    runs: dict[str, Callable[[], Any]] = {
        "evaluate": lambda: model.evaluate(x, y, batch_size=256, verbose=0)
    }
    for name, measurement in passes.items():
        runs[name] = functools.partial(measurement.run, (x, y), 256, verbose=0)
    return {**runs, "fetch activations": fetch}


def _needs_responses(name: str) -> bool:
    return ks.metrics.get(name).needs_responses


def peak_memory() -> int:
    """The highest memory that this process has held, in bytes."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _memory(name: str, args: argparse.Namespace) -> float:
    """MiB above `evaluate` that one variant takes, in processes of their own."""

    def peak(variant: str) -> int:
        command = [sys.executable, "-m", "tools.bench_measure", "--only", variant]
        sizes = ["--samples", str(args.samples), "--classes", str(args.classes)]
        run = subprocess.run(
            [*command, *sizes], capture_output=True, text=True, check=True
        )
        return int(run.stdout.split()[-1])

    return (peak(name) - peak("evaluate")) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--only", choices=NAMES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        variants(args.samples, args.classes)[args.only]()
        print(peak_memory())
        return
    print(
        f"ResNet20, 32x32x3, 19 taps, {args.samples} samples, {args.classes} classes, "
        f"batch 256; medians of {args.rounds} alternations"
    )
    times = timed(variants(args.samples, args.classes), args.rounds)
    header = f"{'variant':<19}{'CPU ms':>9}{'ratio':>7}{'wall ms':>9}{'ratio':>7}"
    print(f"{header}{'MiB more':>10}")
    for name, pairs in times.items():
        cpu, wall = 1e3 * np.median(pairs, axis=0)
        ratio = np.median(pairs / times["evaluate"], axis=0)
        more = _memory(name, args) if name != "evaluate" else 0.0
        print(
            f"{name:<19}{cpu:>9.0f}{ratio[0]:>7.3f}{wall:>9.0f}{ratio[1]:>7.3f}"
            f"{more:>10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
