"""What stays in memory of models that are gone, beside plain Keras.

A cycle builds a small network for 8x8 images, fits it for an epoch, measures it,
lets go of everything and collects the garbage. `measure` is compared with one
`evaluate`: each traces one function. Every variant takes its cycles in a process
of its own, first as they are and then with `keras.backend.clear_session()` at the
end of each; the slope of the process's memory over the cycles is printed, by
least squares with its standard error. TensorFlow keeps a kernel for each variable
with a name that it has not seen, until the session is cleared, and the graph of
each training step of plain Keras for ever.

    python -m tools.bench_memory [--cycles 30] [--warmup 5]
"""

import argparse
import ctypes
import gc
import os
import resource
import subprocess
import sys
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import scipy.stats

import keras_selectivity as ks

_RNG = np.random.default_rng(0)
DATA = _RNG.random((256, 8, 8, 1), "float32"), _RNG.integers(0, 10, 256)


def network() -> keras.Model:
    """A network of three convolutions."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10),
        ]
    )


def fitted(model: keras.Model) -> keras.Model:
    """The model after an epoch."""
    compiled(model).fit(*DATA, verbose=0)
    return model


def compiled(model: keras.Model) -> keras.Model:
    """The model, ready for `fit` and `evaluate`."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss, metrics=["accuracy"])
    return model


def fit() -> None:
    fitted(network())


def fit_evaluate() -> None:
    fitted(network()).evaluate(*DATA, verbose=0)


def wrap_fit() -> None:
    fitted(ks.SelectivityModel(network(), alpha=-1.0))


def wrap_fit_measure() -> None:
    model = fitted(ks.SelectivityModel(network(), alpha=-1.0))
    ks.measure(model, DATA, verbose=0)


def evaluate(model: keras.Model) -> None:
    """Evaluate by another view of the same model, as `measure` takes one."""
    view = keras.Model(model.inputs, model.outputs)
    compiled(view).evaluate(*DATA, verbose=0)


def measure(model: keras.Model) -> None:
    ks.measure(model, DATA, verbose=0)


# Each with the one of plain Keras that it is compared with.
CYCLES: dict[str, tuple[Callable[..., None], str]] = {
    "fit, evaluate": (fit_evaluate, "fit, evaluate"),
    "wrap, fit, measure": (wrap_fit_measure, "fit, evaluate"),
    "fit": (fit, "fit"),
    "wrap, fit": (wrap_fit, "fit"),
    "evaluate one model": (evaluate, "evaluate one model"),
    "measure one model": (measure, "evaluate one model"),
}


def slope(name: str, args: argparse.Namespace) -> tuple[float, float]:
    """MB a cycle, and the standard error."""
    run, _ = CYCLES[name]
    models = [network()] if name.endswith("one model") else []
    held = []
    for _ in range(args.warmup + args.cycles):
        run(*models)
        if args.clear:
            keras.backend.clear_session()
        gc.collect()
        held.append(memory())
    line = scipy.stats.linregress(range(args.cycles), held[args.warmup :])
    return line.slope, line.stderr


def memory() -> float:
    """What this process holds, in MB, after the allocator gave back what it can."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * resource.getpagesize() / 1e6


def in_own_process(name: str, args: argparse.Namespace, clear: bool) -> list[float]:
    """What `slope` finds in a fresh process."""
    command = [sys.executable, "-m", "tools.bench_memory", "--only", name]
    sizes = ["--cycles", str(args.cycles), "--warmup", str(args.warmup)]
    run = subprocess.run(
        [*command, *sizes, *["--clear"] * clear],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(number) for number in run.stdout.split()[-2:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--only", choices=CYCLES, help=argparse.SUPPRESS)
    parser.add_argument("--clear", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(*slope(args.only, args))
        return
    print(f"MB a cycle, over {args.cycles} cycles after {args.warmup}")
    half = f"{'MB':>9}{'error':>8}{'ratio':>8}"
    print(f"{'cycle':<20}{half}{'cleared':>10}{half[1:]}")
    plain: dict[tuple[str, bool], float] = {}
    for name, (_, baseline) in CYCLES.items():
        print(f"{name:<20}", end="", flush=True)
        for clear in (False, True):
            found, error = in_own_process(name, args, clear)
            plain.setdefault((name, clear), found)
            ratio = found / plain[baseline, clear]
            print(" " * 10 * clear, end="")
            print(f"{found:>9.3f}{error:>8.3f}{ratio:>8.2f}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
