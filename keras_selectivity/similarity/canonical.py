"""What CCA, SVCCA and PWCCA share: whitening, correlations and their result.

A direction is a weighting of a layer's units. Each method takes directions of
either side, whitens them, and reads the canonical correlations off one singular
value decomposition.
"""

from typing import NamedTuple

import numpy as np

# A direction whose variance is below this share of the greatest direction's
# (1e-5 of its deviation, with every unit scaled to variance 1) counts as none.
# Covariances hold variances to about 1e-15 of the greatest, and whitening divides
# that by the direction's own: above the threshold a correlation keeps six digits
# at worst. Where units depend on each other by linear maps computed in float32,
# what is left of them is about 1e-14, and would count as directions of their own.
RANK_TOLERANCE = 1e-10
# Above it a correlation was not rounded: the covariances belong to no data.
_ROUNDING = 1e-3


class CanonicalSimilarity(NamedTuple):
    """Canonical correlations of two representations, and their mean.

    Attributes:
        correlations: `(min(ranks),)` float64, descending, in [0, 1].
        weights: `(min(ranks),)` float64, not negative, of sum 1; None where all
            correlations count alike.
        ranks: Number of directions of x and of y that took part.
        samples: Number of samples.

    Example:
        >>> found = CanonicalSimilarity(np.array([1.0, 0.5]), None, (2, 3), 100)
        >>> found.similarity, found.distance, found.forced
        (0.75, 0.25, 0)
    """

    correlations: np.ndarray
    weights: np.ndarray | None
    ranks: tuple[int, int]
    samples: int

    @property
    def similarity(self) -> float:
        """Weighted mean of the correlations, in [0, 1]."""
        mean = np.average(self.correlations, weights=self.weights)
        return min(1.0, float(mean))

    @property
    def distance(self) -> float:
        """`1 - similarity`, in [0, 1]."""
        return 1.0 - self.similarity

    @property
    def forced(self) -> int:
        """How many correlations are 1 only because the samples are few.

        Directions of x and of y share the `samples - 1` that centered samples
        have; with more of them than that, some must coincide.
        """
        return max(0, sum(self.ranks) - (self.samples - 1))


class Whitening(NamedTuple):
    """Directions of one side that are uncorrelated and of equal variance.

    Attributes:
        transform: `(units, rank)` float64: directions, as weights of the units.
        loadings: `(units, rank)` float64: products of every unit with every
            direction, summed over the samples.
    """

    transform: np.ndarray
    loadings: np.ndarray

    @property
    def rank(self) -> int:
        """Number of directions."""
        return self.transform.shape[1]


def whitening(products: np.ndarray, *, name: str = "x") -> Whitening:
    """Whiten every direction in which the units vary.

    Units are scaled to variance 1 first, so that their own scales, however far
    apart, decide nothing. Constant units have no direction.

    Args:
        products: `(units, units)`, as `Covariances.xx`.
        name: Name of the argument, for the error.

    Returns:
        `Whitening` of as many directions as the units have, up to
        `RANK_TOLERANCE`.

    Raises:
        ValueError: If every unit is constant.

    Example:
        >>> found = whitening(np.array([[4.0, 4.0], [4.0, 4.0]]))
        >>> found.rank
        1
        >>> bool(np.isclose(np.ptp(found.transform), 0))
        True
    """
    deviation = np.sqrt(np.diagonal(products))
    kept = np.flatnonzero(deviation)
    if not kept.size:
        raise _constant(name)
    scale = deviation[kept, None]
    values, vectors = np.linalg.eigh(products[np.ix_(kept, kept)] / scale / scale.T)
    values, vectors = _top(values, vectors)
    root = np.sqrt(values)
    transform = np.zeros((len(products), len(values)))
    loadings = np.zeros_like(transform)
    transform[kept] = vectors / root / scale
    loadings[kept] = vectors * root * scale
    return Whitening(transform, loadings)


def principal_whitening(
    products: np.ndarray, variance: float, *, name: str = "x"
) -> Whitening:
    """Whiten the principal directions that hold a share of the variance.

    The directions are those of the centered activations as they are, each unit at
    its own scale.

    Args:
        products: `(units, units)`, as `Covariances.xx`.
        variance: Share of the total variance, in (0, 1]. The fewest directions
            that hold at least so much are kept; with 1 all of them, as
            `whitening` finds them.
        name: Name of the argument, for the error.

    Returns:
        `Whitening`.

    Raises:
        ValueError: If every unit is constant.

    Example:
        >>> principal_whitening(np.diag([90.0, 9.0, 1.0]), 0.99).rank
        2
    """
    if variance == 1:
        return whitening(products, name=name)
    if not np.any(np.diagonal(products)):
        raise _constant(name)
    # Scaled as a whole, for the sake of very large and very small numbers.
    scale = np.max(np.diagonal(products))
    values, vectors = _top(*np.linalg.eigh(products / scale))
    shares = np.cumsum(values) * (scale / np.trace(products))
    # A share that is reached up to rounding is reached.
    count = 1 + np.searchsorted(shares[:-1], variance - 1e-12)
    root = np.sqrt(values[:count] * scale)
    return Whitening(vectors[:, :count] / root, vectors[:, :count] * root)


def correlate(
    x: Whitening, y: Whitening, xy: np.ndarray, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Canonical correlations of two whitened sides.

    Args:
        x: Directions of x.
        y: Directions of y.
        xy: `(units_x, units_y)`, as `Covariances.xy`.
        samples: Number of samples.

    Returns:
        Correlations `(min(ranks),)`, descending, in [0, 1], and the canonical
        variates of x as columns `(x.rank, min(ranks))` in terms of its
        directions.

    Raises:
        ValueError: If a side has as many directions as centered samples, when all
            correlations are 1 whatever the other side; or if the covariances
            belong to no data.

    Example:
        >>> side = whitening(np.eye(2))
        >>> correlate(side, side, np.diag([0.5, -1.0]), 10)[0]
        array([1. , 0.5])
    """
    for name, side in (("x", x), ("y", y)):
        if side.rank >= samples - 1:
            raise ValueError(
                f"Every canonical correlation is 1 where `{name}` has as many "
                "directions as centered samples have, whatever the representations. "
                f"Received: {samples} samples, in which `{name}` varies in "
                f"{side.rank} directions. Give more samples, better ten for each "
                "unit; or keep fewer directions, as `svcca` does."
            )
    left, correlations, _ = np.linalg.svd(
        x.transform.T @ xy @ y.transform, full_matrices=False
    )
    if correlations[0] > 1 + _ROUNDING:
        raise ValueError(
            "The covariances must be those of one set of samples. Received: "
            f"covariances with a canonical correlation of {correlations[0]:.6g}."
        )
    return np.minimum(correlations, 1.0), left


def unweighted(
    x: Whitening, y: Whitening, xy: np.ndarray, samples: int
) -> CanonicalSimilarity:
    """Canonical correlations of two whitened sides that all count alike.

    Args:
        x: Directions of x.
        y: Directions of y.
        xy: `(units_x, units_y)`, as `Covariances.xy`.
        samples: Number of samples.

    Returns:
        `CanonicalSimilarity`, its `weights` None.

    Raises:
        ValueError: As for `correlate`.

    Example:
        >>> side = whitening(np.eye(2))
        >>> unweighted(side, side, np.diag([0.5, -1.0]), 10).similarity
        0.75
    """
    correlations, _ = correlate(x, y, xy, samples)
    return CanonicalSimilarity(correlations, None, (x.rank, y.rank), samples)


def _top(values: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues above the tolerance, descending, and their vectors."""
    kept = np.flatnonzero(values > RANK_TOLERANCE * values[-1])[::-1]
    return values[kept], vectors[:, kept]


def _constant(name: str) -> ValueError:
    return ValueError(
        f"`{name}` must vary over the samples. Received: {name} in which every unit "
        "is constant. Leave out layers that do not respond."
    )
