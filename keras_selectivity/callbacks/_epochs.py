"""Checks of epochs that callbacks are given."""

import math
from typing import Any

from keras_selectivity.checks import checked_number


def checked_window(start: Any, stop: Any) -> tuple[float, float]:
    """The epochs `start <= epoch < stop`; None as `stop` has no end.

    Args:
        start: First epoch.
        stop: First epoch after it, or None.

    Returns:
        Both, infinity for None.

    Raises:
        TypeError: If one is no number.
        ValueError: If one is not finite or below 0, or `stop` not above `start`.

    Example:
        >>> checked_window(3, None)
        (3.0, inf)
    """
    first = checked_number("start", start, least=0)
    return first, math.inf if stop is None else checked_number(
        "stop", stop, above=first
    )
