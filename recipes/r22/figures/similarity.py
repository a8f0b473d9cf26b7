"""CKA between modules through training."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots import plot_similarity_through_training
from keras_selectivity.plots.draw import legend_beside
from recipes.figures import Drawing, available
from recipes.r22.alignment import LATE, MODULE_PAIRS, series
from recipes.r22.analyses import computed, similarities
from recipes.r22.figures.pieces import NETWORKS, page
from recipes.runner.results import Results
from recipes.runner.runs import Run

Found = Sequence[dict[str, Any]]
_CAPTION = f"{NETWORKS} Unbiased CKA of minibatches. Epoch 0: before training."


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks without a regularizer that have been compared."""
    runs, found = results.get("plain"), computed(similarities(results))
    yield from available(
        ("cka_late", late, runs, found), ("cka_pairs", pairs, runs, found)
    )


def late(runs: list[Run], found: Found) -> Figure:
    """CKA of module 4 with the layers of module 7 and the fully connected layer.

    Repeats figure 5.
    """
    panel = partial(_lines, found, {name: ("module 4", name) for name in LATE})
    text = "CKA of module 4 with late layers"
    return page(runs, text, _CAPTION, [[panel]], (6.8, 4.4))


def pairs(runs: list[Run], found: Found) -> Figure:
    """CKA of all pairs of modules, and of the fully connected layer: figure 10."""
    named = {f"{a} and {b.removeprefix('module ')}": (a, b) for a, b in MODULE_PAIRS}
    row = [
        partial(_lines, found, {k: v for k, v in named.items() if ("FC" in v) == last})
        for last in (False, True)
    ]
    return page(runs, "CKA of pairs of modules", _CAPTION, [row])


def _lines(found: Found, named: Mapping[str, tuple[str, str]], axes: Axes) -> None:
    values = {k: [series(one, *pair) for one in found] for k, pair in named.items()}
    plot_similarity_through_training(found[0]["epochs"], values, ylabel="CKA", ax=axes)
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.03)
    legend_beside(axes, fontsize=8)
