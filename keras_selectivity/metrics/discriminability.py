"""Class discriminability."""

from typing import Any

from keras_selectivity import functional
from keras_selectivity.checks import checked_number
from keras_selectivity.functional import Rest
from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class Discriminability(UnitMetric):
    """Class discriminability d' over a data set, without upper bound.

    Needs the class means and squares: `2 x classes x units` numbers. See
    `functional.discriminability`.

    Args:
        epsilon: Positive: 1e-7 in LM21.
        rest: `"classes"` (the other classes in equal parts) or `"samples"`.

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> labels = np.repeat(np.eye(2), 2, axis=0)
        >>> statistics = class_statistics(np.array([[9.0], [11], [0], [2]]), labels)
        >>> round(float(Discriminability().compute(Observations(statistics))[0]), 4)
        9.0

    Reference:
        LM21 appendix A.14, equations 4 to 6.
    """

    name = "dprime"
    needs_squares = True

    def __init__(self, epsilon: float = 1e-7, rest: Rest = "classes") -> None:
        self.epsilon = checked_number("epsilon", epsilon, above=0)
        self.rest = functional.checked_rest(rest)

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        statistics = needed(observations, "statistics")
        return functional.discriminability(
            statistics, epsilon=self.epsilon, rest=self.rest
        )
