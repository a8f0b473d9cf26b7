"""Labels that say nothing of their images."""

import numpy as np

from keras_selectivity.checks import checked_seed, checked_share


def corrupted(y: np.ndarray, fraction: float, seed: int = 0) -> np.ndarray:
    """Labels of which a fraction is shuffled among themselves.

    The samples are picked at random and their labels permuted, so that there are
    as many of each class as before. Of the picked labels about one in
    `classes` stays what it was.

    Example:
        >>> corrupted(np.array([0, 0, 1, 1]), 0.0).tolist()
        [0, 0, 1, 1]

    Reference:
        M18 section 2.1, after Zhang et al. (2017).
    """
    checked_share("fraction", fraction)
    rng = np.random.default_rng(checked_seed(seed))
    picked = rng.permutation(len(y))[: round(fraction * len(y))]
    labels = y.copy()
    labels[picked] = y[rng.permutation(picked)]
    return labels
