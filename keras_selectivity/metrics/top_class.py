"""How much of its top class a unit tells from everything else."""

from typing import Any

import numpy as np

from keras_selectivity.metrics.base import Observations, UnitMetric
from keras_selectivity.metrics.class_extremes import class_extremes


class TopClass(UnitMetric):
    """Top-class selectivity, in [0, 1].

    The top class is that of the single most activating sample, the top cluster
    the samples of it that are strictly more active than every sample of every
    other class. `"top_class"` is the cluster's share of the class's samples: 1
    for a localist "on" unit, 0 where two classes tie for the maximum.
    `"top_class_class"` is the class, `"top_class_cluster"` the cluster's size.
    Sample weights do not count. Needs the activation of every unit for every
    sample.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> responses = np.array([[9], [3], [7], [1]], np.float32)
        >>> labels = np.array([0, 0, 1, 1])
        >>> statistics = class_statistics(responses, np.eye(2)[labels])
        >>> observed = Observations(statistics, responses=responses, labels=labels)
        >>> TopClass().compute(observed)["top_class"]
        array([0.5])

    Reference:
        G19 section 2.
    """

    name = "top_class"
    needs_responses = True

    def compute(self, observations: Observations) -> dict[str, Any]:
        """Selectivity, class and cluster of every unit, each `(units,)`."""
        found = class_extremes(observations)
        top = np.argmax(found.highest, axis=1)
        return {
            "top_class": found.clusters / found.sizes[top],
            "top_class_class": found.classes[top],
            "top_class_cluster": found.clusters,
        }
