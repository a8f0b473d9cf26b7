"""Class selectivity index for the second-best class."""

from typing import Any

import numpy as np

from keras_selectivity import functional
from keras_selectivity.checks import checked_number
from keras_selectivity.functional import Rest
from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class SecondSelectivityIndex(UnitMetric):
    """The selectivity index of the class with the second highest mean (CCMAS_2).

    The same index, with that class in the place of the preferred one; the rest
    then holds the preferred class. If the index told of selectivity for one
    class, this one should be low. At most 1, and negative where the preferred
    class outweighs it. NaN with fewer than two classes. Needs the class means
    alone.

    Args:
        epsilon: Positive: 1e-7 in LM21; G19 has none.
        rest: `"samples"` as G19 has it, or `"classes"`.

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> means = np.array([[10.0], [1.0], [0.0]])
        >>> statistics = class_statistics(means, np.eye(3))
        >>> second = SecondSelectivityIndex().compute(Observations(statistics))
        >>> round(float(second[0]), 6)
        -0.666667

    Reference:
        G19 section 2, there "CCMAS_2".
    """

    name = "si_second"

    def __init__(self, epsilon: float = 1e-7, rest: Rest = "classes") -> None:
        self.epsilon = checked_number("epsilon", epsilon, above=0)
        self.rest = functional.checked_rest(rest)

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        statistics = needed(observations, "statistics")
        means = np.array(statistics.means)
        means[~np.asarray(statistics.present)] = -np.inf
        if np.isfinite(means).any(axis=1).sum() < 2:
            return np.full(means.shape[1], np.nan)
        preferred = np.asarray(statistics.preferred_class)
        means[preferred, np.arange(means.shape[1])] = -np.inf
        return functional.selectivity_index(
            statistics,
            epsilon=self.epsilon,
            rest=self.rest,
            preferred=np.argmax(means, axis=0),
        )
