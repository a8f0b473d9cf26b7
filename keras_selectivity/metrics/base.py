"""What a measure of units is."""

from typing import Any, ClassVar

from keras_selectivity.statistics import ClassStatistics


class UnitMetric:
    """Base class: a number for every unit, from the statistics of a data set.

    Attributes:
        name: Key of the measure in a report.
        needs_squares: Whether `compute` uses `statistics.squares`.
    """

    name: ClassVar[str]
    needs_squares: ClassVar[bool] = False

    def compute(self, statistics: ClassStatistics) -> Any:
        """Value of every unit.

        Args:
            statistics: Class statistics of the whole data set, float64,
                `(classes, units)`.

        Returns:
            `(units,)` float64.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `compute(statistics)`."
        )
