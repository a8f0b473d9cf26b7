"""The modules of a ResNet50 as R22 numbers them, and the SI of each."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

#: Stage of the network here to module of the paper.
NUMBERS = {f"stage{stage}": stage + 3 for stage in (1, 2, 3, 4)}
#: Modules that the paper calls early and intermediate, and the late one.
EARLY = (4, 5, 6)
LATE = 7
_LAYER = re.compile(r"test_si/(stage(\d)_block\d+_out)$")


def of_layers(history: Mapping[str, Sequence[float]]) -> dict[int, list[str]]:
    """The layers of each module whose SI a history holds, in depth order.

    Example:
        >>> of_layers({"loss": [], "test_si/stage1_block1_out": [0.2]})
        {4: ['stage1_block1_out']}
    """
    found: dict[int, list[str]] = {}
    for key in history:
        if match := _LAYER.match(key):
            found.setdefault(int(match[2]) + 3, []).append(match[1])
    return dict(sorted(found.items()))


def selectivities(
    history: Mapping[str, Sequence[float]],
) -> dict[int, np.ndarray]:
    """SI of each block of each module through training.

    Reference:
        R22 figures 2 and 9: a module's SI is the mean over its blocks.
    """
    return {
        module: np.array([history[f"test_si/{name}"] for name in names])
        for module, names in of_layers(history).items()
    }
