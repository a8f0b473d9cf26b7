"""The methods as their papers define them, on the samples, and data to try."""

import numpy as np


def orthonormal(x):
    """Orthonormal basis of the centered activations, as columns over the samples."""
    centered = np.asarray(x, "float64") - np.mean(x, axis=0, dtype="float64")
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    return left[:, sizes > 1e-9 * sizes[0]]


def correlations(x, y):
    """Canonical correlations, as cosines between the subspaces of samples."""
    return np.linalg.svd(orthonormal(x).T @ orthonormal(y), compute_uv=False)


def pwcca_distance(x, y):
    """The formula of Morcos et al. (2018), with the variates written out."""
    basis = orthonormal(x)
    left, found, _ = np.linalg.svd(basis.T @ orthonormal(y), full_matrices=False)
    variates = basis @ left
    centered = x - np.mean(x, axis=0)
    weights = [
        sum(abs(variate @ unit) for unit in centered.T) for variate in variates.T
    ]
    return 1 - np.dot(weights, found) / np.sum(weights)


def truncated(x, variance):
    """The principal directions of SVCCA, by the decomposition of the data."""
    centered = x - x.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    shares = np.cumsum(sizes**2) / np.sum(sizes**2)
    kept = next(k + 1 for k, share in enumerate(shares) if share >= variance)
    return left[:, :kept] * sizes[:kept]


def centered_hsic(k, l):  # noqa: E741
    """Biased HSIC by the centering matrix (Kornblith et al. 2019, equation 3)."""
    n = len(k)
    centering = np.eye(n) - np.ones((n, n)) / n
    return np.trace(k @ centering @ l @ centering) / (n - 1) ** 2


def unbiased_hsic(k, l):  # noqa: E741
    """HSIC_1 term by term (Song et al. 2012; experiments.md 1.25)."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    one = np.ones(n)
    terms = (
        np.trace(k @ l)
        + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (one @ k @ l @ one)
    )
    return terms / (n * (n - 3))


def cka(x, y, kernel, hsic):
    k, l = kernel(x), kernel(y)  # noqa: E741
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def linear_kernel(x):
    return x @ x.T


def rbf_kernel(x, bandwidth):
    n = len(x)
    distance = np.array([[np.sqrt(np.sum((a - b) ** 2)) for b in x] for a in x])
    pairs = [distance[i, j] for i in range(n) for j in range(i)]
    return np.exp(-(distance**2) / (2 * (bandwidth * np.median(pairs)) ** 2))


def related(samples=200, units=(6, 9), seed=0, noise=1.0):
    """Rectifier outputs that share something, of means away from 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, units[0]))
    y = x @ rng.normal(size=units) + noise * rng.normal(size=(samples, units[1]))
    return np.maximum(x + 0.5, 0), np.maximum(y + 0.5, 0)


def rotation(units, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def invertible(units, condition, seed=0):
    """A matrix of the given condition number."""
    sizes = np.logspace(0, -np.log10(condition), units)
    return rotation(units, seed) * sizes @ rotation(units, seed + 1)


# Four orthogonal columns of zero mean: what a case solved by hand is made of.
BASE = np.array(
    [[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, 1, -1, -1],
     [1, -1, 1, -1, 1, -1, 1, -1], [1, 1, -1, -1, -1, -1, 1, 1]], "float64"
).T  # fmt: skip
# x varies 2 and 1 along the first two; y is correlated with them by 0.8 and 0.6.
HAND_X = BASE[:, :2] * [2, 1] + 3
HAND_Y = BASE[:, :2] * [0.8, 0.6] + BASE[:, 2:] * [0.6, 0.8] - 1
