"""The share of one class among the samples that drive a unit most."""

from typing import Any, Literal

import numpy as np

from keras_selectivity.checks import checked_count, received
from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class Precision(UnitMetric):
    """Share of the most frequent class among the N most activating samples.

    `"precision"` is the share, from about 1/classes to 1; `"precision_class"`
    the class. Where samples tie for the last places, as the zeros of a rectifier
    do, each of them counts for the places left over in equal parts: what a
    random draw among them gives on average, whatever the order of the data.
    Sample weights do not count. Needs the activation of every unit for every
    sample.

    Args:
        n: Number of samples N, or `"class"` for the mean number of samples a
            class; never more than there are samples.

    Raises:
        TypeError: If `n` is neither an integer nor text.
        ValueError: If it is below 1, or other text than `"class"`.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> responses = np.array([[9], [8], [7], [1]], np.float32)
        >>> labels = np.array([0, 0, 1, 1])
        >>> statistics = class_statistics(responses, np.eye(2)[labels])
        >>> observed = Observations(statistics, responses=responses, labels=labels)
        >>> Precision(n=3).compute(observed)["precision"]
        array([0.66666667])

    Reference:
        Zhou et al. (2015), N = 60; G19 section 2, N = 100; LM21 appendix A.13,
        N = samples a class.
    """

    name = "precision"
    needs_responses = True

    def __init__(self, n: int | Literal["class"] = 60) -> None:
        if isinstance(n, str) and n != "class":
            raise ValueError(
                f'`n` must be a positive integer or "class". {received("n", n)}'
            )
        self.n = n if isinstance(n, str) else checked_count("n", n)

    def compute(self, observations: Observations) -> dict[str, Any]:
        """Share and class for every unit, each `(units,)` float64."""
        labels = np.asarray(needed(observations, "labels"))
        count = self._count(labels)
        classes = len(np.asarray(observations.statistics.weight))
        shares: list[float] = []
        modes: list[float] = []
        for _, block in observations.blocks():
            for responses in block:
                found = _class_shares(responses, labels, count, classes)
                shares.append(found.max() / count)
                modes.append(float(found.argmax()))
        return {"precision": np.array(shares), "precision_class": np.array(modes)}

    def _count(self, labels: np.ndarray) -> int:
        if self.n == "class":
            return round(len(labels) / len(np.unique(labels)))
        return min(int(self.n), len(labels))


def _class_shares(
    responses: np.ndarray, labels: np.ndarray, count: int, classes: int
) -> np.ndarray:
    """How many of the `count` highest responses fall to each class."""
    least = np.partition(responses, len(responses) - count)[len(responses) - count]
    above = np.bincount(labels[responses > least], minlength=classes)
    tied = np.bincount(labels[responses == least], minlength=classes)
    return above + tied * ((count - above.sum()) / tied.sum())
