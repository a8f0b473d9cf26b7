"""Every response of a unit, the target class apart from the others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import (
    checked_integer,
    checked_numbers,
    checked_real,
    checked_seed,
)
from keras_selectivity.plots.arguments import class_name
from keras_selectivity.plots.draw import draw_jitter, figure_of, one_panel


def plot_jitter(
    responses: Any,
    labels: Any,
    target: int | None = None,
    *,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw every response of a unit, at a random height.

    One point a sample: its response along x, a random offset along y that only
    keeps the points apart. The target class has its own marker.

    Args:
        responses: `(samples,)` response of the unit to each sample; G19 takes
            those that the model classifies rightly.
        labels: `(samples,)` int: class of each sample.
        target: Class that stands out. None: the class with the highest mean
            response, the first of them on a tie.
        class_names: Names of the classes, in their order. None: their numbers.
        seed: Of the offsets.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If responses or labels are not numbers, or an option is of a wrong
            type.
        ValueError: If `responses` and `labels` differ in length, are empty or not
            vectors, a response is not finite, no sample is of class `target`, or the
            class has no name.

    Example:
        >>> figure = plot_jitter([0.0, 0.1, 2.0, 1.5], [0, 0, 1, 1])
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['other classes (2)', 'class 1 (2)']

    Reference:
        G19 figures 3a and 4.
    """
    seed = checked_seed(seed)
    responses = checked_numbers("responses", responses, shape="(samples,)")
    labels = checked_real("labels", labels, booleans=True)
    if responses.shape != labels.shape:
        raise ValueError(
            "`responses` and `labels` must be vectors of the same length, above 0. "
            f"Received: shapes {responses.shape} and {labels.shape}."
        )
    classes, place = np.unique(labels, return_inverse=True)
    if target is None:
        means = np.bincount(place, responses) / np.bincount(place)
        target = classes[means.argmax()]
    elif checked_integer("target", target) not in classes:
        raise ValueError(
            "`target` must be a class of `labels`, which holds "
            f"{len(classes)} classes. Received: target={target!r}."
        )

    class_name(class_names, target)  # Before anything is drawn.
    axes = one_panel(ax, (7, 3.2), title)
    draw_jitter(axes, responses, labels, target, class_names=class_names, seed=seed)
    # Beside the points: they fill the whole height.
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure_of(axes)
