"""What a measure of units is, and what it may look at."""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from keras_selectivity.statistics import ClassStatistics


@dataclasses.dataclass(frozen=True)
class Observations:
    """What a pass over a data set has gathered, the units of all taps abreast.

    Attributes:
        statistics: Class statistics of the data set, float64.
        active: `(units,)` float64: weight of the samples with an activation
            other than zero; None unless a measure needs it.
        filter_norms: `(units,)` float64: L1 norm of the weights that make each
            unit, NaN where no filter does; None unless a measure needs it.
    """

    statistics: ClassStatistics
    active: np.ndarray | None = None
    filter_norms: np.ndarray | None = None


class UnitMetric:
    """Base class: a number for every unit, from what a pass has gathered.

    Attributes:
        name: Key of the measure in a report.
        needs_squares: Whether `compute` uses `statistics.squares`.
        needs_active: Whether it uses `active`.
        needs_filters: Whether it uses `filter_norms`.

    Example:
        >>> class Spread(UnitMetric):
        ...     name = "spread"
        ...     def compute(self, observations):
        ...         means = np.asarray(observations.statistics.means)
        ...         return means.max(axis=0) - means.min(axis=0)
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[3.0], [1.0]]), np.eye(2))
        >>> Spread().compute(Observations(statistics))
        array([2.])
    """

    name: ClassVar[str]
    needs_squares: ClassVar[bool] = False
    needs_active: ClassVar[bool] = False
    needs_filters: ClassVar[bool] = False

    def compute(self, observations: Observations) -> Any:
        """Value of every unit.

        Args:
            observations: What the pass has gathered.

        Returns:
            `(units,)` float64.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `compute(observations)`."
        )
