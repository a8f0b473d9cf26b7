"""Per-unit measures over a data set, one module a measure."""

import difflib

from keras_selectivity.checks import received
from keras_selectivity.metrics.active_fraction import ActiveFraction
from keras_selectivity.metrics.base import Observations, UnitMetric
from keras_selectivity.metrics.dead import Dead
from keras_selectivity.metrics.discriminability import Discriminability
from keras_selectivity.metrics.l1_norm import L1Norm
from keras_selectivity.metrics.localist import Localist
from keras_selectivity.metrics.mutual_information import MutualInformation
from keras_selectivity.metrics.precision import Precision
from keras_selectivity.metrics.second_selectivity_index import SecondSelectivityIndex
from keras_selectivity.metrics.selectivity_index import SelectivityIndex
from keras_selectivity.metrics.top_class import TopClass

__all__ = [
    "ActiveFraction",
    "Dead",
    "Discriminability",
    "L1Norm",
    "Localist",
    "MutualInformation",
    "Observations",
    "Precision",
    "SecondSelectivityIndex",
    "SelectivityIndex",
    "TopClass",
    "UnitMetric",
    "get",
]

_BY_NAME: dict[str, type[UnitMetric]] = {
    metric.name: metric
    for metric in (
        ActiveFraction,
        SelectivityIndex,
        Dead,
        Discriminability,
        L1Norm,
        Localist,
        MutualInformation,
        Precision,
        SecondSelectivityIndex,
        TopClass,
    )
}


def get(identifier: str | UnitMetric) -> UnitMetric:
    """The measure that a name or an instance stands for.

    Args:
        identifier: The name of a measure (`"si"`, `"precision"`, ...) or a
            `UnitMetric`.

    Returns:
        An instance.

    Raises:
        ValueError: If no measure has that name.
        TypeError: If it is neither a name nor an instance.

    Example:
        >>> get("si").name
        'si'
    """
    if isinstance(identifier, UnitMetric):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"`metrics` must hold names among {sorted(_BY_NAME)} or instances of "
            f"`UnitMetric`. {received('metrics', identifier)}"
        )
    if identifier not in _BY_NAME:
        near = difflib.get_close_matches(identifier, _BY_NAME, n=1, cutoff=0.3)
        hint = f" Nearest: {near[0]!r}." if near else ""
        raise ValueError(
            f"`metrics` must name measures among {sorted(_BY_NAME)}. "
            f"{received('metrics', identifier)}{hint}"
        )
    return _BY_NAME[identifier]()
