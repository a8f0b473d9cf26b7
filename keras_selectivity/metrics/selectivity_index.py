"""Class selectivity index."""

from typing import Any

from keras_selectivity import functional
from keras_selectivity.checks import checked_number
from keras_selectivity.functional import Rest
from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class SelectivityIndex(UnitMetric):
    """Class selectivity index (SI) over a data set, in [0, 1].

    Needs the class means alone: `classes x units` numbers, whatever the number
    of samples. See `functional.selectivity_index`.

    Args:
        epsilon: Positive: 1e-7 in LM21, 1e-6 in R22.
        rest: `"classes"` (LM21, M18, R22) or `"samples"` (G19's CCMAS).

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[3.0], [1.0]]), np.eye(2))
        >>> round(float(SelectivityIndex().compute(Observations(statistics))[0]), 4)
        0.5

    Reference:
        LM21 section 3.2, equation 1; G19 section 2 for `rest="samples"`.
    """

    name = "si"

    def __init__(self, epsilon: float = 1e-7, rest: Rest = "classes") -> None:
        self.epsilon = checked_number("epsilon", epsilon, above=0)
        self.rest = functional.checked_rest(rest)

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        statistics = needed(observations, "statistics")
        return functional.selectivity_index(
            statistics, epsilon=self.epsilon, rest=self.rest
        )
