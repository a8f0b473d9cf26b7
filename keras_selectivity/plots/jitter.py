"""Every response of a unit, the target class apart from the others."""

from typing import Any

import numpy as np

from keras_selectivity.checks import (
    checked_integer,
    checked_numbers,
    checked_real,
    checked_seed,
)
from keras_selectivity.plots._figure import new_figure


def plot_jitter(
    responses: Any,
    labels: Any,
    target: int | None = None,
    *,
    seed: int = 0,
    title: str = "",
) -> Any:
    """Draw every response of a unit, at a random height.

    One point a sample: its response along x, a random offset along y that only
    keeps the points apart. The target class has its own marker.

    Args:
        responses: `(samples,)` response of the unit to each sample; G19 takes
            those that the model classifies rightly.
        labels: `(samples,)` int: class of each sample.
        target: Class that stands out. None: the class with the highest mean
            response, the first of them on a tie.
        seed: Of the offsets.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If responses or labels are not numbers, or an option is of a wrong
            type.
        ValueError: If `responses` and `labels` differ in length, are empty or not
            vectors, a response is not finite, or no sample is of class `target`.

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

    figure = new_figure(7, 3.2, title)
    axes = figure.subplots()
    draw_jitter(axes, responses, labels, target, seed=seed)
    # Beside the points: they fill the whole height.
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def draw_jitter(
    axes: Any, responses: np.ndarray, labels: np.ndarray, target: int, *, seed: int = 0
) -> None:
    """Draw the points of `plot_jitter` into a panel, without a legend.

    Args:
        axes: The panel.
        responses: `(samples,)` finite.
        labels: `(samples,)` int.
        target: Class that stands out.
        seed: Of the offsets.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().subplots()
        >>> draw_jitter(axes, np.array([0.0, 2.0]), np.array([0, 1]), 1)
        >>> len(axes.collections)
        2
    """
    height = np.random.default_rng(seed).uniform(size=len(responses))
    own = labels == target

    axes.scatter(
        responses[~own],
        height[~own],
        s=9,
        color="0.55",
        alpha=0.6,
        linewidths=0,
        label=f"other classes ({np.sum(~own)})",
    )
    axes.scatter(
        responses[own],
        height[own],
        s=22,
        marker="^",
        color="C3",
        alpha=0.8,
        linewidths=0,
        label=f"class {target} ({np.sum(own)})",
    )
    axes.set(xlabel="response", ylabel="random offset", yticks=[], ylim=(-0.05, 1.05))
    axes.spines[["top", "right"]].set_visible(False)
