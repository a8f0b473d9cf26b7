"""What the figures over replicates share: means with bootstrap intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_kind, checked_numbers
from keras_selectivity.inference import Interval, bootstrap_mean

# Enough for the width of a line.
_RESAMPLES = 2000


def mean_interval(values: np.ndarray, seed: int) -> Interval:
    """Means of `(replicates, points)`, with 95% bootstrap intervals.

    The intervals of a single replicate have no width. A column that is not finite
    throughout is NaN, ends too.
    """
    kept = np.isfinite(values).all(axis=0)
    means, low, high = np.full((3, values.shape[1]), np.nan)
    means[kept] = low[kept] = high[kept] = values[:, kept].mean(axis=0)
    if len(values) > 1 and kept.any():
        found = bootstrap_mean(values[:, kept], resamples=_RESAMPLES, seed=seed)
        low[kept], high[kept] = found.low, found.high
    return Interval(means, low, high)


def draw_interval(axes: Any, x: Any, found: Interval, **style: Any) -> None:
    """Draw means as a line, and their intervals, if they have a width, as a band."""
    style = {"marker": "o", "markersize": 4, "linewidth": 1.2, **style}
    (line,) = axes.plot(x, found.mean, **style)
    if np.any(found.high > found.low):
        axes.fill_between(
            x, found.low, found.high, color=line.get_color(), alpha=0.2, linewidth=0
        )


def by_replicate(name: str, values: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    """For each label `(replicates, points)`; one replicate may come as a vector.

    Raises:
        TypeError: If they are no mapping of label to numbers.
        ValueError: If there are no values, or they have another shape or other
            lengths.
    """
    checked_kind(name, values, Mapping, "a mapping of labels to values")
    found = {
        str(key): np.atleast_2d(checked_numbers(name, value, shape="...", finite=False))
        for key, value in values.items()
    }
    shapes = {label: array.shape for label, array in found.items()}
    if (
        not found
        or any(array.ndim != 2 or not array.size for array in found.values())
        or len({array.shape[1] for array in found.values()}) > 1
    ):
        raise ValueError(
            f"`{name}` must hold, for each label, values of shape (replicates, "
            "points), with as many points for all labels, above 0. Received: shapes "
            f"{shapes}."
        )
    return found


def draw_alphas(axes: Any, values: np.ndarray) -> None:
    """Name alphas along the x axis, spread evenly: a sweep spans magnitudes."""
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set(xlabel="alpha")
    axes.spines[["top", "right"]].set_visible(False)
