"""Projection-weighted canonical correlation analysis (PWCCA)."""

from typing import Any

import numpy as np

from keras_selectivity.similarity.canonical import (
    CanonicalSimilarity,
    Whitening,
    correlate,
    whitening,
)
from keras_selectivity.similarity.covariances import (
    Covariances,
    checked_covariances,
    covariances,
)


def pwcca(x: Any, y: Any) -> CanonicalSimilarity:
    """Canonical correlations weighted by how much of x each one accounts for.

    `similarity = sum_i a_i rho_i / sum_i a_i`, where `a_i = sum_j |<h_i, z_j>|`:
    `h_i` is the i-th canonical variate of x, of norm 1, and `z_j` the centered
    activation of unit j of x over the samples. `distance = 1 - similarity`.

    It is 0 for any invertible affine map of x or y. The weights come from x, the
    first argument: `pwcca(x, y)` and `pwcca(y, x)` differ, and so do the weights
    after a map that mixes the units of x; what is done to y, if invertible, changes
    nothing. Where x has more directions than y, the variates that have no partner
    count for nothing. Equal correlations leave their variates free to turn, and
    with them the weights: the result is well defined only where the correlations
    differ, or are all equal.

    This is the published formula. google/svcca, whose numbers LM21 prints, weighs
    by other vectors and activations that are not centered, so that it differs (by
    several hundredths on rectifier outputs).

    Args:
        x: `(samples, units_x)`, as for `cca`; gives the weights.
        y: `(samples, units_y)`, the same samples in the same order.

    Returns:
        `CanonicalSimilarity`: `correlations`, `weights`, `similarity` and
        `distance` in [0, 1].

    Raises:
        TypeError: If an array does not hold real numbers.
        ValueError: As for `cca`.

    Example:
        >>> x = [[1.0], [2.0], [3.0], [4.0]]
        >>> y = [[1.0], [3.0], [2.0], [4.0]]
        >>> round(pwcca(x, y).distance, 6)
        0.2

    Reference:
        Morcos, Raghu and Bengio (2018), "projection weighted CCA"; LM21 (Leavitt and
        Morcos, 2021) appendix A.3.
    """
    return pwcca_from_covariances(covariances(x, y))


def pwcca_from_covariances(found: Covariances) -> CanonicalSimilarity:
    """`pwcca` of representations of which only the covariances are known.

    Args:
        found: What `covariances` or `CovarianceStream.between` returned.

    Returns:
        As `pwcca`.

    Raises:
        TypeError: If `found` are no `Covariances`.
        ValueError: As for `cca`.

    Example:
        >>> found = covariances([[1], [2], [3], [4]], [[1], [3], [2], [4]])
        >>> round(pwcca_from_covariances(found).similarity, 6)
        0.8
    """
    found = checked_covariances(found)
    x, y = whitening(found.xx, name="x"), whitening(found.yy, name="y")
    return projection_weighted(x, y, found.xy, found.samples)


def projection_weighted(
    x: Whitening, y: Whitening, xy: np.ndarray, samples: int
) -> CanonicalSimilarity:
    """`pwcca` of two sides that are whitened already, as one is for many others.

    Args:
        x: What `canonical.whitening` returned; gives the weights.
        y: The same of the other side.
        xy: `(units_x, units_y)`, as `Covariances.xy`.
        samples: Number of samples.

    Returns:
        As `pwcca`.

    Raises:
        ValueError: As for `canonical.correlate`.

    Example:
        >>> found = covariances([[1], [2], [3], [4]], [[1], [3], [2], [4]])
        >>> x, y = whitening(found.xx), whitening(found.yy)
        >>> round(projection_weighted(x, y, found.xy, 4).similarity, 6)
        0.8
    """
    correlations, variates = correlate(x, y, xy, samples)
    # <h_i, z_j> without the samples: the products of unit j with the directions of
    # x, turned into variates.
    projections = np.abs(x.loadings @ variates).sum(axis=0)
    return CanonicalSimilarity(
        correlations, projections / projections.sum(), (x.rank, y.rank), samples
    )
