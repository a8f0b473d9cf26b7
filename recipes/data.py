"""The data sets of the recipes."""

from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Images `(samples, height, width, channels)` float32 and labels `(samples,)`."""

    x: np.ndarray
    y: np.ndarray


def digits(seed: int = 0, test_size: int = 500) -> tuple[Split, Split]:
    """Scikit-learn's handwritten digits: 1,797 real images, 8x8, 10 classes.

    Scaled to [0, 1]; split at random, with the same share of every class on
    both sides.

    Args:
        seed: Of the split.
        test_size: Number of test images.

    Returns:
        `(train, test)`.

    Example:
        >>> train, test = digits()
        >>> train.x.shape, test.x.shape
        ((1297, 8, 8, 1), (500, 8, 8, 1))
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    found = load_digits()
    x = (found.images[..., None] / 16).astype(np.float32)
    y = found.target.astype(np.int32)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_size, stratify=y, random_state=seed
    )
    return Split(x_train, y_train), Split(x_test, y_test)


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
