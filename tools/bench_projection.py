"""What a step of the off-axis bound costs, beside LM21's way of taking one.

Variants alternate in one process, so that the machine's noise falls on all alike;
medians are printed, and medians of ratios of neighbors. The baseline is geotorch's
orthogonal parametrization with autodiff over all samples: rewritten in TensorFlow, or
the original, in a process of its own by a Python that has torch, geotorch and NumPy.

    python -m tools.bench_projection [--rounds 9] [--units 512] [--samples 10000]
        [--classes 10] [--torch PYTHON]
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from keras_selectivity.projection import Labeled, Screening, Search
from tools.bench_train_step import measure

BASELINE = "autodiff, expm"
STEPS = 10  # A call of the search takes several steps; the axes are corrected there.


def data(units: int, samples: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rectifier outputs that tell classes apart, and one-hot labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, samples)
    hidden = rng.normal(size=(classes, 64))[y] + rng.normal(size=(samples, 64))
    a = hidden @ rng.normal(size=(64, units)) / 8
    a = np.maximum(a + 0.5 * rng.normal(size=a.shape), 0).astype(np.float32)
    return a, np.eye(classes, dtype=np.float32)[y]


def tensorflow_expm(a: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Adam on a skew matrix, `W = base @ expm(X)`, gradients by autodiff."""
    units, classes = a.shape[1], labels.shape[1]
    skew = tf.Variable(tf.zeros((units, units)))
    mean, square = tf.Variable(skew), tf.Variable(skew)
    activations, one_hot = tf.constant(a), tf.constant(labels)
    count = tf.reduce_sum(one_hot, axis=0)[:, None]
    steps = tf.Variable(0.0)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            lower = tf.linalg.band_part(skew, -1, 0)
            projected = activations @ tf.linalg.expm(lower - tf.transpose(lower))
            projected -= tf.reduce_min(projected, axis=0)
            means = tf.matmul(one_hot, projected, transpose_a=True) / count
            best = tf.reduce_max(means, axis=0)
            rest = (tf.reduce_sum(means, axis=0) - best) / (classes - 1)
            loss = 1 - tf.reduce_mean((best - rest) / (best + rest + 1e-7))
        gradient = tape.gradient(loss, skew)
        steps.assign_add(1)
        mean.assign(0.9 * mean + 0.1 * gradient)
        square.assign(0.999 * square + 0.001 * gradient**2)
        deviation = tf.sqrt(square / (1 - 0.999**steps)) + 1e-8
        skew.assign_sub(0.001 * mean / (1 - 0.9**steps) / deviation)
        return loss

    def fetched() -> None:
        step().numpy()

    return fetched


GEOTORCH = """
import sys
import geotorch, numpy, torch
arrays = numpy.load(sys.argv[1])
activations, one_hot = (torch.tensor(arrays[name]) for name in ("a", "labels"))
units, classes = activations.shape[1], one_hot.shape[1]
layer = torch.nn.Linear(units, units, bias=False)
geotorch.orthogonal(layer, "weight")
optimizer = torch.optim.Adam(layer.parameters(), 0.001)
count = one_hot.sum(dim=0)[:, None]
for line in sys.stdin:
    optimizer.zero_grad()
    projected = activations @ layer.weight
    projected = projected - projected.min(dim=0).values
    means = one_hot.T @ projected / count
    best = means.max(dim=0).values
    rest = (means.sum(dim=0) - best) / (classes - 1)
    loss = 1 - ((best - rest) / (best + rest + 1e-7)).mean()
    loss.backward()
    optimizer.step()
    print(float(loss), flush=True)
"""


def geotorch_step(
    python: str, a: np.ndarray, labels: np.ndarray
) -> tuple[subprocess.Popen[str], Callable[[], None]]:
    """The same by geotorch itself: torch and TensorFlow share no process."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file.name, a=a, labels=labels)
        process = subprocess.Popen(
            [python, "-W", "ignore", "-c", GEOTORCH, file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        )

        def step() -> None:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101
            process.stdin.write("step\n")
            process.stdin.flush()
            if not process.stdout.readline():
                raise RuntimeError(f"{python} took no step with geotorch.")

        step()  # After it the file has been read.
    return process, step


def search(
    a: np.ndarray, labels: np.ndarray, screening: Screening
) -> Callable[[], None]:
    """Ours: `STEPS` steps a call."""
    found = Search(Labeled(a, labels.astype(np.float64)), screening=screening)
    states = [found.start(np.eye(a.shape[1]))]

    def step() -> None:
        states[0], losses = found.advance(states[0], tf.constant(STEPS))
        losses.numpy()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--torch", metavar="PYTHON", help="one that has geotorch")
    args = parser.parse_args()
    a, labels = data(args.units, args.samples, args.classes)
    variants = {
        BASELINE: tensorflow_expm(a, labels),
        "ours": search(a, labels, "float32"),
        "ours, bfloat16": search(a, labels, "bfloat16"),
    }
    process = None
    if args.torch:
        process, variants["geotorch"] = geotorch_step(args.torch, a, labels)
    print(
        f"a step: {args.units} units, {args.samples} samples, {args.classes} classes; "
        f"medians of {args.rounds} alternations"
    )
    times = measure(variants, args.rounds)
    if process:
        process.terminate()
    walls = {
        name: pairs[:, 1] / (STEPS if name.startswith("ours") else 1)
        for name, pairs in times.items()
    }
    baseline = walls.get("geotorch", walls[BASELINE])
    print(f"{'variant':<19}{'wall ms':>9}{'ratio':>7}")
    for name, wall in walls.items():
        ratio = np.median(wall / baseline)
        print(f"{name:<19}{1e3 * np.median(wall):>9.1f}{ratio:>7.3f}")


if __name__ == "__main__":
    main()
