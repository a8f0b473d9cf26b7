"""What a measure of units is, and what it may look at."""

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from keras_selectivity.checks import checked_kind
from keras_selectivity.functional import checked_statistics
from keras_selectivity.statistics import ClassStatistics

_BLOCK = 2**26  # bytes of responses that a measure works on at a time


@dataclasses.dataclass(frozen=True)
class Observations:
    """What a pass over a data set has gathered, the units of all taps abreast.

    Attributes:
        statistics: Class statistics of the data set, float64.
        active: `(units,)` float64: weight of the samples with an activation
            other than zero; None unless a measure needs it.
        filter_norms: `(units,)` float64: L1 norm of the weights that make each
            unit, NaN where no filter does; None unless a measure needs it.
        responses: `(samples, units)` float32: the activation of every unit for
            every sample of weight above 0, on disk where it is large; None
            unless a measure needs it.
        labels: `(samples,)` int: class of those samples, the likeliest of a
            soft label; None unless a measure needs it.

    Raises:
        TypeError: If `statistics` are no `ClassStatistics`.
        ValueError: If the arrays are of other units or samples.
    """

    statistics: ClassStatistics
    active: np.ndarray | None = None
    filter_norms: np.ndarray | None = None
    responses: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        units = tuple(checked_statistics(self.statistics).total.shape[1:])
        samples = () if self.labels is None else np.shape(self.labels)
        for name, shape in (
            ("active", units),
            ("filter_norms", units),
            ("responses", samples + units),
        ):
            value = getattr(self, name)
            if value is not None and np.shape(value) != shape:
                raise ValueError(
                    f"`{name}` must have shape {shape}, that of the statistics and "
                    f"the labels. Received: {name} of shape {np.shape(value)}."
                )

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """The responses, some units at a time, in memory.

        Yields:
            The units, and their responses `(units, samples)` float32.
        """
        responses = needed(self, "responses")
        samples, units = responses.shape
        width = max(1, _BLOCK // max(1, 4 * samples))
        for start in range(0, units, width):
            span = slice(start, min(start + width, units))
            yield span, np.ascontiguousarray(responses[:, span].T)


# Which attribute a measure sets to be given what.
_NEEDS = {
    "active": "needs_active",
    "filter_norms": "needs_filters",
    "responses": "needs_responses",
    "labels": "needs_responses",
}


def needed(observations: Observations, name: str) -> Any:
    """What a measure uses of the observations, if they hold it.

    Args:
        observations: What a pass over a data set has gathered.
        name: One of its attributes.

    Returns:
        Its value.

    Raises:
        TypeError: If they are no `Observations`.
        ValueError: If it was not gathered.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[0.0], [2.0]]), np.eye(2))
        >>> needed(Observations(statistics, active=np.array([1.0])), "active")
        array([1.])
    """
    checked_kind("observations", observations, Observations, "`Observations`")
    value = getattr(observations, name)
    if value is None:
        raise ValueError(
            f"`observations` must hold `{name}`. Received: {name}=None. A measure "
            f"that uses it has the attribute `{_NEEDS[name]} = True`."
        )
    return value


class UnitMetric:
    """Base class: a number for every unit, from what a pass has gathered.

    Attributes:
        name: Key of the measure in a report.
        needs_squares: Whether `compute` uses `statistics.squares`.
        needs_active: Whether it uses `active`.
        needs_filters: Whether it uses `filter_norms`.
        needs_responses: Whether it uses `responses` and `labels`.

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
    needs_responses: ClassVar[bool] = False

    def compute(self, observations: Observations) -> Any:
        """Value of every unit.

        Args:
            observations: What the pass has gathered.

        Returns:
            `(units,)` float64; or a dictionary of such arrays under several
            names, the measure's own among them.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `compute(observations)`."
        )
