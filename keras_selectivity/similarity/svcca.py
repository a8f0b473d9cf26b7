"""Singular vector canonical correlation analysis (SVCCA)."""

from typing import Any

from keras_selectivity.checks import checked_number
from keras_selectivity.similarity.canonical import (
    CanonicalSimilarity,
    principal_whitening,
    unweighted,
)
from keras_selectivity.similarity.covariances import (
    Covariances,
    checked_covariances,
    covariances,
)


def svcca(x: Any, y: Any, *, variance: float = 0.99) -> CanonicalSimilarity:
    """Mean canonical correlation of the principal directions of either side.

    Each side is reduced to its first principal directions, those of the singular
    value decomposition of the centered activations: the fewest that together hold
    at least the given share of the side's total variance. Then CCA. The same after
    any rotation, shift and common scale of either side; not after other invertible
    maps, which change what is principal.

    Args:
        x: `(samples, units_x)`, as for `cca`.
        y: `(samples, units_y)`, the same samples in the same order.
        variance: Share of the variance to keep, in (0, 1]. With 1 it is `cca`.

    Returns:
        `CanonicalSimilarity`: `correlations`, `similarity` (their mean) and
        `distance` in [0, 1], `weights` None; `ranks` are the numbers of directions
        that were kept.

    Raises:
        TypeError: If an array does not hold real numbers, or `variance` is none.
        ValueError: As for `cca`, of the directions kept; or if `variance` is not in
            (0, 1].

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(100, 3)) * [5, 5, 0.1]
        >>> found = svcca(x, x[:, :2])
        >>> found.ranks, round(found.similarity, 6)
        ((2, 2), 1.0)

    Reference:
        Raghu et al. (2017), section 2.
    """
    variance = checked_number("variance", variance, above=0, most=1)
    return svcca_from_covariances(covariances(x, y), variance=variance)


def svcca_from_covariances(
    found: Covariances, *, variance: float = 0.99
) -> CanonicalSimilarity:
    """`svcca` of representations of which only the covariances are known.

    Args:
        found: What `covariances` or `CovarianceStream.between` returned.
        variance: As for `svcca`.

    Returns:
        As `svcca`.

    Raises:
        TypeError: If `found` are no `Covariances`, or `variance` no number.
        ValueError: As for `svcca`.

    Example:
        >>> found = covariances([[1], [2], [3], [4]], [[1], [3], [2], [4]])
        >>> round(svcca_from_covariances(found).similarity, 6)
        0.8
    """
    found = checked_covariances(found)
    variance = checked_number("variance", variance, above=0, most=1)
    x = principal_whitening(found.xx, variance, name="x")
    y = principal_whitening(found.yy, variance, name="y")
    return unweighted(x, y, found.xy, found.samples)
