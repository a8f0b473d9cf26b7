"""Units that never respond."""

from typing import Any

import numpy as np

from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class Dead(UnitMetric):
    """1 for a unit whose activation is zero for every sample, else 0.

    The mean over a layer is its proportion of dead units. A feature map of a
    rectifier has mean zero only if every element of it is zero. Needs one
    number a unit.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[0.0, 3], [0, 0]]), np.eye(2))
        >>> Dead().compute(Observations(statistics, active=np.array([0.0, 1.0])))
        array([1., 0.])

    Reference:
        LM21 appendix A.10.
    """

    name = "dead"
    needs_active = True

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        return np.asarray(needed(observations, "active") == 0, np.float64)
