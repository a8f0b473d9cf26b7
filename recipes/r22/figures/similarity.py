"""CKA between modules through training."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recipes.figures import Drawing
from recipes.r22.alignment import LATE, MODULE_PAIRS, series
from recipes.r22.analyses import computed, similarities
from recipes.r22.figures.pieces import NETWORKS, epoch_axis, follow, opened
from recipes.runner.results import Results

_CAPTION = f"{NETWORKS} Unbiased CKA of minibatches. Epoch 0: before training."


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks without a regularizer that have been compared."""
    found = computed(similarities(results))
    if found:
        yield "cka_late", partial(late, results, found)
        yield "cka_pairs", partial(pairs, results, found)


def late(results: Results, found: Sequence[dict[str, Any]]) -> Figure:
    """CKA of module 4 with the layers of module 7 and the fully connected layer.

    Repeats figure 5.
    """
    figure, axes = opened(
        results["plain"], "CKA of module 4 with late layers", _CAPTION, 1, 1
    )
    figure.set_size_inches(6.8, 4.4)
    _lines(axes[0, 0], found, [("module 4", name) for name in LATE], short=True)
    return figure


def pairs(results: Results, found: Sequence[dict[str, Any]]) -> Figure:
    """CKA of all pairs of modules, and of the fully connected layer.

    Repeats figure 10.
    """
    figure, axes = opened(results["plain"], "CKA of pairs of modules", _CAPTION, 1, 2)
    modules = [pair for pair in MODULE_PAIRS if "FC" not in pair]
    others = [pair for pair in MODULE_PAIRS if "FC" in pair]
    for panel, some in zip(axes[0], (modules, others), strict=True):
        _lines(panel, found, some)
    return figure


def _lines(
    axes: Any,
    found: Sequence[dict[str, Any]],
    some: Sequence[tuple[str, str]],
    *,
    short: bool = False,
) -> None:
    for a, b in some:
        table = np.array([series(one, a, b) for one in found])
        label = b if short else f"{a} and {b.removeprefix('module ')}"
        follow(axes, found[0]["epochs"], table, label=label)
    epoch_axis(axes, "CKA")
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.03)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
