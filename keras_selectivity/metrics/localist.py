"""Units that tell one class from all the others by a threshold."""

from typing import Any

import numpy as np

from keras_selectivity.metrics.base import Observations, UnitMetric
from keras_selectivity.metrics.class_extremes import class_extremes


class Localist(UnitMetric):
    """Localist selectivity: responses to a class are disjoint from all others.

    `"localist"` is 1 for a unit that is localist for some class, on or off, else
    0. `"localist_on"` is 1 if the lowest response to the class lies above the
    highest to all other classes, `"localist_off"` if its highest lies below
    their lowest, both strictly. 0 with fewer than two classes. Sample weights do
    not count. Needs the activation of every unit for every sample.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> responses = np.array([[9, 1], [8, 5], [7, 4], [1, 6]], np.float32)
        >>> labels = np.array([0, 0, 1, 1])
        >>> statistics = class_statistics(responses, np.eye(2)[labels])
        >>> observed = Observations(statistics, responses=responses, labels=labels)
        >>> Localist().compute(observed)["localist_on"]
        array([1., 0.])

    Reference:
        G19 section 2.
    """

    name = "localist"
    needs_responses = True

    def compute(self, observations: Observations) -> dict[str, Any]:
        """On or off, on, and off for every unit, each `(units,)` of 0 and 1."""
        found = class_extremes(observations)
        on = _stands_apart(found.highest, found.lowest)
        off = _stands_apart(-found.lowest, -found.highest)
        return {
            "localist": np.asarray(on | off, np.float64),
            "localist_on": np.asarray(on, np.float64),
            "localist_off": np.asarray(off, np.float64),
        }


def _stands_apart(highest: np.ndarray, lowest: np.ndarray) -> np.ndarray:
    """Whether the class with the highest response lies above all the others."""
    if highest.shape[1] < 2:
        return np.zeros(len(highest), bool)
    units = np.arange(len(highest))
    top = np.argmax(highest, axis=1)
    others = highest.copy()
    others[units, top] = -np.inf
    return lowest[units, top] > others.max(axis=1)
