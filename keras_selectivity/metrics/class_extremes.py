"""The highest and lowest response to every class."""

from typing import NamedTuple

import numpy as np

from keras_selectivity.metrics.base import Observations, needed


class ClassExtremes(NamedTuple):
    """Extremes of the responses to each present class.

    Attributes:
        classes: `(present classes,)` int: which classes they are.
        sizes: `(present classes,)` int: number of samples of each.
        highest: `(units, present classes)` highest response.
        lowest: `(units, present classes)` lowest response.
        clusters: `(units,)` int: how many samples of the class with the highest
            response respond more than every sample of the other classes.
    """

    classes: np.ndarray
    sizes: np.ndarray
    highest: np.ndarray
    lowest: np.ndarray
    clusters: np.ndarray


def class_extremes(observations: Observations) -> ClassExtremes:
    """Find the extremes of every unit's responses, class by class.

    Args:
        observations: With responses and labels.

    Returns:
        `ClassExtremes`.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> responses = np.array([[9], [8], [7], [1]], np.float32)
        >>> labels = np.array([0, 0, 1, 1])
        >>> statistics = class_statistics(responses, np.eye(2)[labels])
        >>> class_extremes(
        ...     Observations(statistics, responses=responses, labels=labels)
        ... ).highest.tolist()
        [[9.0, 7.0]]
    """
    labels = np.asarray(needed(observations, "labels"))
    order = np.argsort(labels, kind="stable")
    classes, starts, sizes = np.unique(
        labels[order], return_index=True, return_counts=True
    )
    highest, lowest, clusters = [], [], []
    for _, block in observations.blocks():
        block = block[:, order]
        peaks = np.maximum.reduceat(block, starts, axis=1)
        highest.append(peaks)
        lowest.append(np.minimum.reduceat(block, starts, axis=1))
        clusters.append(_cluster_sizes(block, peaks, starts, sizes))
    return ClassExtremes(
        classes,
        sizes,
        np.concatenate(highest),
        np.concatenate(lowest),
        np.concatenate(clusters),
    )


def _cluster_sizes(
    block: np.ndarray, peaks: np.ndarray, starts: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Samples of each unit's top class above all those of the other classes."""
    found = np.zeros(len(block), np.int64)
    for unit, (responses, peak) in enumerate(zip(block, peaks, strict=True)):
        top = int(np.argmax(peak))
        others = np.delete(peak, top).max(initial=-np.inf)
        own = responses[starts[top] : starts[top] + sizes[top]]
        found[unit] = np.count_nonzero(own > others)
    return found
