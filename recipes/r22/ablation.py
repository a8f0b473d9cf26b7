"""Normalized accuracy and areas of what `analyses.compute_ablation` found."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: The orders in which units are silenced, and what a reader calls them.
ORDERS = {"most_selective": "most selective first", "random": "random order"}


def accuracies(found: Mapping[str, Any], order: str, module: int) -> np.ndarray:
    """Accuracies of a module's curves."""
    return np.array(found[order][str(module)], float)


def normalized(found: Mapping[str, Any], order: str, module: int) -> np.ndarray:
    """Accuracies over that of the intact network of the same epoch.

    Returns:
        `(epochs, points)`, 1 at the first point; NaN where the intact network is
        right for no sample.

    Example:
        >>> found = {"random": {"4": [[0.8, 0.4, 0.2]]}}
        >>> normalized(found, "random", 4).tolist()
        [[1.0, 0.5, 0.25]]

    Reference:
        R22 figure 3, right.
    """
    curves = accuracies(found, order, module)
    intact = np.where(curves[:, :1] > 0, curves[:, :1], np.nan)
    return curves / intact


def areas(found: Mapping[str, Any], order: str, module: int) -> np.ndarray:
    """Area under each epoch's curve: the plain sum of its normalized accuracies.

    Example:
        >>> found = {"random": {"4": [[0.8, 0.4, 0.2]]}}
        >>> areas(found, "random", 4).tolist()
        [1.75]

    Reference:
        R22 figure 3, left: "the sum of accuracies for each epoch-specific curve".
    """
    return normalized(found, order, module).sum(axis=1)


def able(found: Sequence[dict[str, Any]], guess: float) -> list[int]:
    """Places of the epochs at which every network has something to lose.

    Near chance the normalized accuracy stays near 1, whatever is silenced: on
    ImageNet never, on ten classes in the first epochs.
    """
    intact = np.min([accuracies(one, "random", 4)[:, 0] for one in found], 0)
    return [place for place, value in enumerate(intact) if value >= 2 * guess]
