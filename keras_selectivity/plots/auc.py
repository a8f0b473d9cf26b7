"""The area under the ablation curve through training, beside the losses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import (
    checked_kind,
    checked_names,
    checked_numbers,
    checked_text,
)
from keras_selectivity.plots.colors import CATEGORIES, categories
from keras_selectivity.plots.draw import epoch_axis, figure_of, one_panel

_HISTORY = "the `history` of what `fit` returned, a mapping of name to values"


def plot_auc(
    history: Mapping[str, Sequence[float]],
    *,
    key: str = "ablation_auc",
    losses: Sequence[str] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the area under the ablation curve, and losses, against the epoch.

    Losses belong to the axis on the left, the area to that on the right. Epochs
    count from 1, as Keras prints them. A line goes on over epochs whose value is
    NaN.

    Args:
        history: The `history` of what `fit` returned: mapping of name to a value
            for each epoch.
        key: Name of the area.
        losses: Names of the losses. None: `loss` and `val_loss`, where they are.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `history` is no mapping of names to numbers, or an option is of
            a wrong type.
        ValueError: If the history does not hold one of the names, or not a value
            of each for every epoch.

    Example:
        >>> history = {"loss": [0.9, 0.3], "val_loss": [0.8, 0.6], "auc": [0.7, 0.5]}
        >>> left, right = plot_auc(history, key="auc").axes
        >>> [len(left.lines), len(right.lines)]
        [2, 1]

    Reference:
        M18 figure 4a.
    """
    checked_kind("history", history, Mapping, _HISTORY)
    if losses is None:
        losses = [name for name in ("loss", "val_loss") if name in history]
    losses, key = checked_names("losses", losses, least=0), checked_text("key", key)
    missing = [name for name in (*losses, key) if name not in history]
    if missing:
        raise ValueError(
            f"`history` must hold {missing}, for `losses` and `key`. It holds "
            f"{sorted(history)}."
        )
    values = {
        name: checked_numbers("history", history[name], finite=False)
        for name in (*losses, key)
    }
    epochs = max(len(found) for found in history.values())
    lengths = {name: len(found) for name, found in values.items()}
    if set(lengths.values()) != {epochs}:
        raise ValueError(
            f"`history` must hold a value for each of its {epochs} epochs; log NaN "
            f"where there is none. Received: {lengths}."
        )
    left = one_panel(ax, (7, 4), title)
    right = left.twinx()
    # Without the last category, which is that of the area.
    for color, name in zip(categories(len(losses) + 1), losses, strict=False):
        _draw(left, values[name], "o-", color=color, label=name)
    _draw(right, values[key], "o--", color=CATEGORIES[-1], label=key)
    epoch_axis(left, "loss")
    right.set(ylabel="area under the ablation curve")
    right.spines["top"].set_visible(False)
    handles = [*left.lines, *right.lines]
    # Above the axes: the lines of two axes leave no place that is free of both.
    left.legend(
        handles=handles,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles),
    )
    return figure_of(left)


def _draw(axes: Axes, values: np.ndarray, style: str, **kwargs: Any) -> None:
    """Draw the values that there are, against their epochs."""
    (epochs,) = np.isfinite(values).nonzero()
    axes.plot(epochs + 1, values[epochs], style, markersize=3, **kwargs)
