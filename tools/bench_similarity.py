"""What PWCCA costs, beside the algorithm of google/svcca on the same arrays.

Variants alternate in one process, so that the machine's noise falls on all alike;
medians are printed, and medians of ratios of neighbours.

    python -m tools.bench_similarity [--rounds 9] [--units 512] [--samples 10000]
"""

import argparse
import functools
import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_selectivity import similarity
from tools.bench_train_step import measure

BASELINE = "google/svcca"


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


def variants(units: int, samples: int) -> dict[str, Callable[[], Any]]:
    """A callable for each variant, on two layers of rectifier outputs."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(samples, units)), 0)
    mixed = x @ rng.normal(size=(units, units)) / np.sqrt(units)
    y = np.maximum(mixed + rng.normal(size=x.shape), 0)
    across = x.T.copy(), y.T.copy()
    known = similarity.covariances(x, y)
    batches = range(0, samples, 256)

    def streamed() -> None:
        stream = similarity.CovarianceStream()
        for i in batches:
            stream.update([x[i : i + 256]], [y[i : i + 256]])
        similarity.pwcca_from_covariances(stream.between())

    return {
        BASELINE: functools.partial(google_svcca_pwcca, *across),
        "pwcca": functools.partial(similarity.pwcca, x, y),
        "pwcca, float32": functools.partial(
            similarity.pwcca, x.astype(np.float32), y.astype(np.float32)
        ),
        "pwcca, batches": streamed,
        "pwcca, covariances": functools.partial(
            similarity.pwcca_from_covariances, known
        ),
        "cca": functools.partial(similarity.cca, x, y),
        "svcca": functools.partial(similarity.svcca, x, y),
        "cka, debiased": functools.partial(similarity.cka, x, y, debiased=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--samples", type=int, default=10_000)
    args = parser.parse_args()
    print(
        f"{args.units} units a side, {args.samples} samples, batches of 256; "
        f"medians of {args.rounds} alternations"
    )
    times = measure(variants(args.units, args.samples), args.rounds)
    print(f"{'variant':<19}{'CPU ms':>9}{'ratio':>7}{'wall ms':>9}{'ratio':>7}")
    for name, pairs in times.items():
        cpu, wall = 1e3 * np.median(pairs, axis=0)
        ratio = np.median(pairs / times[BASELINE], axis=0)
        print(f"{name:<19}{cpu:>9.0f}{ratio[0]:>7.3f}{wall:>9.0f}{ratio[1]:>7.3f}")


if __name__ == "__main__":
    main()
