"""The pairs of layers whose CKA R22 follows, and their values through training."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

#: With which module 4 is compared (figure 5).
LATE = ("module 7, block 1", "module 7, block 2", "module 7", "FC")
#: All pairs of modules, and the fully connected layer (figure 10).
MODULE_PAIRS = tuple(
    itertools.combinations(("module 4", "module 5", "module 6", "module 7", "FC"), 2)
)


def series(found: Mapping[str, Any], a: str, b: str) -> np.ndarray:
    """CKA of two layers at the epochs of an analysis.

    Returns:
        `(epochs,)`, NaN where a layer does not vary.

    Example:
        >>> found = {"layers": ["a", "b"], "values": [[[1, 0.5], [0.5, 1]]]}
        >>> series(found, "a", "b").tolist()
        [0.5]
    """
    row, column = (found["layers"].index(name) for name in (a, b))
    return np.array([table[row][column] for table in found["values"]], float)
