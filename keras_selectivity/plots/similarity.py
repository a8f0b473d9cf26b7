"""Similarity of layers to layers, of two networks or through training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import (
    checked_flag,
    checked_kind,
    checked_numbers,
    checked_seed,
    checked_text,
)
from keras_selectivity.plots._curves import colors, figure_size, finish
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._intervals import (
    by_replicate,
    draw_interval,
    mean_interval,
)
from keras_selectivity.similarity import SimilarityMatrix

_NAMES = {"cca": "CCA", "svcca": "SVCCA", "pwcca": "PWCCA", "cka": "CKA"}
_MISSING = "0.85"


def plot_similarity(
    matrices: SimilarityMatrix | Mapping[str, SimilarityMatrix],
    *,
    distances: bool = False,
    title: str = "",
) -> Any:
    """Draw similarities of layers to layers as a map of colors.

    A row for each layer of the first network, from the first at the top, a column
    for each of the second. Colors go from 0 to 1, or from the lowest value where a
    debiased CKA is below 0, alike in all panels. What is NaN, pairs that were not
    compared and layers that do not vary, is gray.

    Args:
        matrices: What `compare` returned; or a mapping of label to one, as of several
            epochs, each in a panel of its own.
        distances: Whether to draw `1 - similarity`.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `matrices` are not similarity matrices, or an option is of a
            wrong type.
        ValueError: If there are none, or not all are of the same method.

    Example:
        >>> from keras_selectivity.similarity import SimilarityMatrix
        >>> found = SimilarityMatrix([[1.0, 0.2], [0.4, 1.0]], ["a", "b"], ["a", "b"])
        >>> figure = plot_similarity(found)
        >>> panel, bar = figure.axes
        >>> [text.get_text() for text in panel.get_xticklabels()], bar.get_ylabel()
        (['a', 'b'], 'similarity (PWCCA)')

    Reference:
        R22 figure 10, all pairs of modules at several epochs.
    """
    named = {"": matrices} if isinstance(matrices, SimilarityMatrix) else matrices
    _check_matrices(named)
    distances = checked_flag("distances", distances)
    from matplotlib import colormaps

    shown = {k: m.distances if distances else m.values for k, m in named.items()}
    ends = _ends(list(shown.values()))
    first = next(iter(named.values()))
    width, height = (
        min(max(2.2, 1.2 + 0.22 * n), 9.0) for n in first.values.shape[::-1]
    )
    figure = new_figure(width * len(named) + 1.3, height + 0.6, title)
    colors = colormaps["viridis"].with_extremes(bad=_MISSING)
    panels = figure.subplots(1, len(named), squeeze=False)[0]
    for axes, (label, matrix) in zip(panels, named.items(), strict=True):
        image = axes.imshow(
            shown[label], cmap=colors, vmin=ends[0], vmax=ends[1], aspect="auto"
        )
        _label_layers(axes.set_xticks, matrix.columns, rotation=90)
        _label_layers(axes.set_yticks, matrix.rows)
        if label:
            axes.set_title(label)
    bar = figure.colorbar(image, ax=list(panels))
    what = "distance" if distances else "similarity"
    bar.set_label(f"{what} ({_NAMES.get(first.method, first.method)})")
    return figure


def plot_similarity_through_training(
    epochs: Sequence[float],
    values: Mapping[str, Any],
    *,
    ylabel: str = "similarity (CKA)",
    seed: int = 0,
    title: str = "",
) -> Any:
    """Draw the similarity of pairs of layers against the epoch.

    A line for each label. That of several networks is their mean, in a band of 95%
    bootstrap intervals over the networks (percentiles of the means of 2,000
    resamples); of five networks they are too narrow, see `inference.bootstrap_mean`.
    Epochs at which a value is NaN are left out.

    Args:
        epochs: `(epochs,)`: where each value belongs.
        values: Mapping of label to `(epochs,)`, or to `(networks, epochs)`.
        ylabel: Name of what is drawn.
        seed: Of the resampling.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `values` are no mapping to numbers, or an option is of a wrong
            type.
        ValueError: If there are none, or not one for each epoch.

    Example:
        >>> values = {"a and b": [[0.9, 0.5], [0.8, 0.4]], "a and c": [0.7, 0.2]}
        >>> figure = plot_similarity_through_training([0, 1], values)
        >>> len(figure.axes[0].lines), len(figure.axes[0].collections)
        (2, 1)

    Reference:
        R22 figures 5 and 10: CKA of module 4 with the layers of module 7, of six
        networks.
    """
    seed, ylabel = checked_seed(seed), checked_text("ylabel", ylabel, empty=True)
    found = by_replicate("values", values)
    places = checked_numbers("epochs", epochs, shape="(epochs,)")
    points = next(iter(found.values())).shape[1]
    if places.shape != (points,):
        raise ValueError(
            "`epochs` must have one place for each value. Received: epochs of shape "
            f"{places.shape}, {points} values."
        )
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(*figure_size(list(found)), title)
    axes = figure.subplots()
    for color, (label, array) in zip(colors(len(found)), found.items(), strict=True):
        draw_interval(
            axes, places, mean_interval(array, seed), color=color, label=label
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel=ylabel)
    finish(axes)
    return figure


def _check_matrices(named: Any) -> None:
    wanted = "what `compare` returned, or a mapping of label to it"
    for matrix in checked_kind("matrices", named, Mapping, wanted).values():
        checked_kind("matrices", matrix, SimilarityMatrix, wanted)
    methods = {
        f"{matrix.method} {matrix.options or ''}".strip() for matrix in named.values()
    }
    if len(methods) != 1:
        raise ValueError(
            "`matrices` must hold at least one, all of the same method. Received: "
            f"methods {sorted(methods)}."
        )


def _ends(shown: list[np.ndarray]) -> tuple[float, float]:
    """Ends of the scale of colors: 0 and 1, or beyond where a value is."""
    finite = np.concatenate([values[np.isfinite(values)] for values in shown])
    return min(0.0, *finite, 0.0), max(1.0, *finite, 1.0)


def _label_layers(set_ticks: Any, names: Sequence[str], **style: Any) -> None:
    """Name the layers along an axis, every second one or fewer where they are many."""
    step = -(-len(names) // 40)
    places = range(0, len(names), step)
    set_ticks(places, names[::step], fontsize=8 if len(names) <= 20 else 6, **style)
