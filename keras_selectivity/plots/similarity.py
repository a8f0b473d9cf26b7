"""Similarity of layers to layers, of two networks or through training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import (
    checked_flag,
    checked_numbers,
    checked_seed,
    checked_text,
)
from keras_selectivity.plots.arguments import by_replicate, lines_of, shared
from keras_selectivity.plots.colors import categories, sequential_map
from keras_selectivity.plots.draw import (
    add_title,
    draw_interval,
    epoch_axis,
    figure_of,
    legend_beside,
    legend_width,
    mean_interval,
    one_panel,
    some_panels,
)
from keras_selectivity.similarity import SimilarityMatrix

_NAMES = {"cca": "CCA", "svcca": "SVCCA", "pwcca": "PWCCA", "cka": "CKA"}


def plot_similarity(
    matrices: SimilarityMatrix
    | Sequence[SimilarityMatrix | Sequence[SimilarityMatrix]]
    | Mapping[str, SimilarityMatrix | Sequence[SimilarityMatrix]],
    *,
    distances: bool = False,
    title: str = "",
    axes: Any = None,
) -> Figure:
    """Draw similarities of layers to layers as a map of colors.

    A row for each layer of the first network, from the first at the top, a column
    for each of the second. Colors go from 0 to 1, or from the lowest value where a
    debiased CKA is below 0, alike in all panels. What is NaN, pairs that were not
    compared and layers that do not vary, is gray.

    Args:
        matrices: What `compare` returned; or a list with an item for each panel, or a
            mapping of label to it, as of several epochs. An item may be a list of
            matrices of the same layers, whose mean is drawn.
        distances: Whether to draw `1 - similarity`.
        title: Above the figure, or above the first of the axes that are given.
        axes: As many axes as there are panels, in a list or an array of any shape, of
            a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

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
    distances = checked_flag("distances", distances)
    lines = lines_of("matrices", matrices, SimilarityMatrix, "what `compare` returned")
    _check_matrices(lines)
    shown = [
        np.mean([m.distances if distances else m.values for m in group], axis=0)
        for _, group in lines
    ]
    ends = _ends(shown)
    first = lines[0][1][0]
    width, height = (
        min(max(2.2, 1.2 + 0.22 * n), 9.0) for n in first.values.shape[::-1]
    )
    size = width * len(lines) + 1.3, height + 0.6
    panels = some_panels(axes, len(lines), (1, len(lines)), size, title)
    for panel, (label, (matrix, *_)), values in zip(panels, lines, shown, strict=True):
        image = panel.imshow(
            values, cmap=sequential_map(), vmin=ends[0], vmax=ends[1], aspect="auto"
        )
        panel.spines[:].set_visible(True)
        _label_layers(panel.set_xticks, matrix.columns, rotation=90)
        _label_layers(panel.set_yticks, matrix.rows)
        add_title(panel, label)
    bar = figure_of(panels[0]).colorbar(image, ax=panels)
    what = "distance" if distances else "similarity"
    bar.set_label(f"{what} ({_NAMES.get(first.method, first.method)})")
    return figure_of(panels[0])


def plot_similarity_through_training(
    epochs: Sequence[float],
    values: Mapping[str, Any],
    *,
    ylabel: str = "similarity (CKA)",
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
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
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

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

    axes = one_panel(ax, (5.5 + legend_width(list(found)), 4), title)
    for color, (label, array) in zip(
        categories(len(found)), found.items(), strict=True
    ):
        means = mean_interval(array, seed)
        draw_interval(axes, places, means, color=color, label=label)
    epoch_axis(axes, ylabel)
    legend_beside(axes)
    return figure_of(axes)


def _check_matrices(lines: Sequence[tuple[str, Sequence[SimilarityMatrix]]]) -> None:
    for label, group in lines:
        for side in ("rows", "columns"):
            names = [getattr(matrix, side) for matrix in group]
            shared("matrices", label, names, side)
    methods = {
        f"{matrix.method} {matrix.options or ''}".strip()
        for _, group in lines
        for matrix in group
    }
    if len(methods) != 1:
        raise ValueError(
            "`matrices` must all be of the same method. Received: methods "
            f"{sorted(methods)}."
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
