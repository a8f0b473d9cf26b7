"""Canonical correlation analysis (CCA)."""

from typing import Any

from keras_selectivity.similarity.canonical import (
    CanonicalSimilarity,
    unweighted,
    whitening,
)
from keras_selectivity.similarity.covariances import (
    Covariances,
    checked_covariances,
    covariances,
)


def cca(x: Any, y: Any) -> CanonicalSimilarity:
    """Mean canonical correlation of two representations.

    The canonical correlations are the singular values of
    `S_xx^(-1/2) S_xy S_yy^(-1/2)`: the correlations of the best matching pairs of
    directions of x and y, each pair uncorrelated with the ones before. They are
    the same after any invertible affine map of either side, and for x and y
    exchanged.

    Constant units take no part, and units that depend on others add no direction:
    there are as many correlations as the side with fewer directions has (see
    `canonical.RANK_TOLERANCE`).

    Correlations are too high where samples are few: independent noise in 50 units
    has a mean of 0.64 over 100 samples and 0.09 over 5,000. Compare values for the
    same number of samples and units only, from ten samples a unit upwards.
    `forced` counts those that are 1 for want of samples.

    Args:
        x: `(samples, units_x)`, real, finite, of any float or integer dtype;
            computed in float64. Half precision leaves noise that counts as
            directions.
        y: `(samples, units_y)`, the same samples in the same order.

    Returns:
        `CanonicalSimilarity`: `correlations`, `similarity` (their mean) and
        `distance` in [0, 1], `weights` None.

    Raises:
        TypeError: If an array does not hold real numbers.
        ValueError: If an array is not two-dimensional, holds NaN or infinity, or
            has constant units only; if the samples differ in number; if a side has
            `samples - 1` directions, as it has with no more samples than
            independent units.

    Example:
        >>> x = [[1.0], [2.0], [3.0], [4.0]]
        >>> y = [[1.0], [3.0], [2.0], [4.0]]
        >>> round(cca(x, y).distance, 6)
        0.2

    Reference:
        Hotelling (1936); LM21 (Leavitt and Morcos, 2021) appendix A.3; the mean as
        in Raghu et al. (2017).
    """
    return cca_from_covariances(covariances(x, y))


def cca_from_covariances(found: Covariances) -> CanonicalSimilarity:
    """`cca` of representations of which only the covariances are known.

    Args:
        found: What `covariances` or `CovarianceStream.between` returned.

    Returns:
        As `cca`.

    Raises:
        TypeError: If `found` are no `Covariances`.
        ValueError: As for `cca`.

    Example:
        >>> found = covariances([[1], [2], [3], [4]], [[1], [3], [2], [4]])
        >>> round(cca_from_covariances(found).similarity, 6)
        0.8
    """
    found = checked_covariances(found)
    x, y = whitening(found.xx, name="x"), whitening(found.yy, name="y")
    return unweighted(x, y, found.xy, found.samples)
