"""Labels that say nothing of their images."""

import numpy as np


def corrupted(y: np.ndarray, fraction: float, seed: int = 0) -> np.ndarray:
    """Labels of which a fraction is shuffled among themselves.

    The samples are picked at random and their labels permuted, so that there are
    as many of each class as before. Of the picked labels about one in
    `classes` stays what it was.

    Args:
        y: `(samples,)` labels.
        fraction: How much of them to shuffle, in [0, 1].
        seed: Of the choice and the permutation.

    Returns:
        `(samples,)` labels.

    Raises:
        ValueError: If `fraction` is outside [0, 1].

    Example:
        >>> corrupted(np.array([0, 0, 1, 1]), 0.0).tolist()
        [0, 0, 1, 1]

    Reference:
        M18 section 2.1, after Zhang et al. (2017).
    """
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"`fraction` must be in [0, 1]. Received: fraction={fraction!r}."
        )
    rng = np.random.default_rng(seed)
    picked = rng.permutation(len(y))[: round(fraction * len(y))]
    labels = y.copy()
    labels[picked] = y[rng.permutation(picked)]
    return labels
