"""How many samples a unit responds to."""

from typing import Any

import numpy as np

from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class ActiveFraction(UnitMetric):
    """Share of the samples with an activation other than zero, in [0, 1].

    LM21 calls a unit sparse that does not respond to at least half of the
    samples: a value below 0.5. Needs one number a unit.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[0.0, 3], [0, 0]]), np.eye(2))
        >>> observed = Observations(statistics, active=np.array([0.0, 1.0]))
        >>> ActiveFraction().compute(observed)
        array([0. , 0.5])

    Reference:
        LM21 appendix A.11.
    """

    name = "active_fraction"
    needs_active = True

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        active = needed(observations, "active")
        return active / np.sum(observations.statistics.weight)
