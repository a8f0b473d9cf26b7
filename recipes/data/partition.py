"""Which samples are held out, and which labels are shuffled."""

import numpy as np

from keras_selectivity.checks import checked_seed
from recipes.data.split import Split


def held_out(split: Split, share: int | float, seed: int) -> tuple[Split, Split]:
    """Part of every class held out at random, for validation.

    Args:
        split: What to divide.
        share: Images of every class, if an integer; if a fraction, that share of
            every class, rounded so that the whole has `round(share * samples)`.
        seed: Of the choice.

    Example:
        >>> split = Split(np.zeros((6, 8, 8, 1)), np.array([0, 1, 0, 1, 0, 1]))
        >>> rest, held = held_out(split, 1, seed=0)
        >>> sorted(held.y.tolist()), rest.samples
        ([0, 1], 4)

    Reference:
        LM21 section 3.1: 50 images a class of Tiny ImageNet, anew for each run.
    """
    classes, counts = np.unique(split.y, return_counts=True)
    rng = np.random.default_rng(checked_seed(seed))
    chosen = np.zeros(split.samples, bool)
    for label, number in zip(classes, _numbers(share, counts), strict=True):
        chosen[rng.permutation(np.flatnonzero(split.y == label))[:number]] = True
    return _where(split, ~chosen), _where(split, chosen)


def _numbers(share: int | float, counts: np.ndarray) -> np.ndarray:
    """How many to hold out of classes of so many."""
    if isinstance(share, int) and not isinstance(share, bool):
        numbers = np.full(len(counts), share)
    elif isinstance(share, float) and 0 < share < 1:
        exact = share * counts
        numbers = exact.astype(int)
        missing = round(share * counts.sum()) - numbers.sum()
        numbers[np.argsort(numbers - exact, kind="stable")[:missing]] += 1
    else:
        raise ValueError(
            "`share` must be a fraction between 0 and 1, or an integer number of "
            f"images a class. Received: share={share!r}."
        )
    if (numbers < 1).any() or (numbers >= counts).any():
        raise ValueError(
            "`share` must leave at least one image of every class on both sides. "
            f"Received: share={share!r}, where the smallest class has {counts.min()} "
            "images. Hold out another number, or pass more images."
        )
    return numbers


def _where(split: Split, chosen: np.ndarray) -> Split:
    return Split(split.x[chosen], split.y[chosen])
