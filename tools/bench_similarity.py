"""What the similarities cost, beside their plain definitions on the same arrays.

Variants alternate in one process, so that the machine's noise falls on all alike;
medians are printed, and medians of ratios of neighbors. Peak memory is that of a
process of its own for each variant, above one that only holds the arrays.

    python -m tools.bench_similarity [--rounds 5] [--units 64 512 2048]
        [--samples 10000]
"""

import argparse
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_selectivity import similarity
from tools.bench_measure import peak_memory
from tools.bench_train_step import cost


def google_svcca_pwcca(x: np.ndarray, y: np.ndarray) -> float:
    """PWCCA by the algorithm of google/svcca, written anew: its similarity.

    The steps of `compute_pwcca` with epsilon 0, on `(units, samples)` as there: the
    joint covariance, scaled by its greatest entries; pseudo-inverses and their
    roots; a singular value decomposition; weights from an orthonormal basis of the
    rotated (not whitened) activations of x. It is not the published formula. It
    expects no more units in x than in y.
    """
    units = len(x)
    joint = np.cov(x, y)
    within_x, within_y = joint[:units, :units], joint[units:, units:]
    cross = joint[:units, units:]
    scale_x, scale_y = np.max(np.abs(within_x)), np.max(np.abs(within_y))
    roots = [
        _root(np.linalg.pinv(within))
        for within in (within_x / scale_x, within_y / scale_y)
    ]
    whitened = roots[0] @ (cross / np.sqrt(scale_x * scale_y)) @ roots[1]
    left, correlations, _ = np.linalg.svd(whitened)
    mean = np.mean(x, axis=1, keepdims=True)
    basis, _ = np.linalg.qr((left.T @ (x - mean) + mean).T)
    weights = np.sum(np.abs(basis.T @ x.T), axis=1)
    return float(np.sum(weights / np.sum(weights) * np.abs(correlations)))


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(values)) @ vectors.T


def plain_pwcca(x: np.ndarray, y: np.ndarray) -> float:
    """PWCCA by its definition: full singular value decompositions of the data."""
    bases = []
    for array in (x, y):
        left, _, _ = np.linalg.svd(array - array.mean(axis=0), full_matrices=False)
        bases.append(left)
    turned, correlations, _ = np.linalg.svd(bases[0].T @ bases[1])
    variates = bases[0] @ turned
    weights = np.abs(variates.T @ (x - x.mean(axis=0))).sum(axis=1)
    return float(np.average(correlations, weights=weights))


def plain_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear CKA by its definition: Gram matrices of samples by samples."""
    grams = []
    for array in (x, y):
        centered = array - array.mean(axis=0)
        grams.append(centered @ centered.T)
    norms = np.linalg.norm(grams[0]) * np.linalg.norm(grams[1])
    return float(np.vdot(*grams) / norms)


def variants(units: int, samples: int) -> dict[str, Callable[[], Any]]:
    """A callable for each variant, on two layers of rectifier outputs."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(samples, units)), 0)
    mixed = x @ rng.normal(size=(units, units)) / np.sqrt(units)
    y = np.maximum(mixed + rng.normal(size=x.shape), 0)

    def streamed() -> float:
        stream = similarity.CovarianceStream()
        for i in range(0, samples, 256):
            stream.update([x[i : i + 256]], [y[i : i + 256]])
        return similarity.pwcca_from_covariances(stream.between()).similarity

    return {
        "PWCCA, full SVDs": functools.partial(plain_pwcca, x, y),
        "PWCCA, google/svcca": lambda: google_svcca_pwcca(x.T, y.T),
        "pwcca": lambda: similarity.pwcca(x, y).similarity,
        "pwcca, batches": streamed,
        "cca": lambda: similarity.cca(x, y).similarity,
        "svcca": lambda: similarity.svcca(x, y).similarity,
        "CKA, Gram matrices": functools.partial(plain_cka, x, y),
        "cka": functools.partial(similarity.cka, x, y),
        "cka, debiased": functools.partial(similarity.cka, x, y, debiased=True),
    }


def _memory(name: str, units: int, samples: int) -> float:
    """MiB above the arrays themselves at the peak, in a process of its own."""

    def peak(variant: str) -> int:
        command = [sys.executable, "-m", "tools.bench_similarity", "--only", variant]
        sizes = ["--units", str(units), "--samples", str(samples)]
        run = subprocess.run(
            [*command, *sizes], capture_output=True, text=True, check=True
        )
        return int(run.stdout.split()[-1])

    return (peak(name) - peak("nothing")) / 2**20


def _table(units: int, samples: int, rounds: int) -> None:
    print(
        f"\n{units} units a side, {samples} samples; medians of {rounds} alternations"
    )
    header = f"{'variant':<21}{'CPU ms':>9}{'ratio':>8}{'wall ms':>9}{'ratio':>8}"
    print(f"{header}{'MiB':>7}  ratio to")
    for run in variants(8, 100).values():
        run()  # Whatever is loaded at the first use.
    runs = variants(units, samples)
    costs = [[cost(run) for run in runs.values()] for _ in range(rounds)]
    times = dict(zip(runs, np.swapaxes(costs, 0, 1), strict=True))
    for name, pairs in times.items():
        plain = "CKA, Gram matrices" if "cka" in name.lower() else "PWCCA, full SVDs"
        cpu, wall = 1e3 * np.median(pairs, axis=0)
        ratio = np.median(pairs / times[plain], axis=0)
        print(
            f"{name:<21}{cpu:>9.0f}{ratio[0]:>8.3f}{wall:>9.0f}{ratio[1]:>8.3f}"
            f"{_memory(name, units, samples):>7.0f}  {plain}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--units", type=int, nargs="+", default=[64, 512, 2048])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        runs = variants(args.units[0], args.samples)
        runs.get(args.only, lambda: None)()
        print(peak_memory())
        return
    for units in args.units:
        _table(units, args.samples, args.rounds)


if __name__ == "__main__":
    main()
