"""Checks of epochs that callbacks are given."""

import math
from typing import Any


def checked_epoch(argument: str, epoch: Any) -> float:
    """`epoch`, if it is a number of epochs, at least 0.

    Args:
        argument: Its name, for the message.
        epoch: What a user passed.

    Returns:
        The number.

    Raises:
        ValueError: If it is not such a number.

    Example:
        >>> checked_epoch("start", 5)
        5
    """
    if (
        isinstance(epoch, bool)
        or not isinstance(epoch, (int, float))
        or not 0 <= epoch < math.inf
    ):
        raise ValueError(
            f"`{argument}` must be a number of epochs, at least 0. "
            f"Received: {argument}={epoch!r}."
        )
    return epoch


def checked_window(start: Any, stop: Any) -> tuple[float, float]:
    """The epochs `start <= epoch < stop`; None as `stop` has no end.

    Args:
        start: First epoch.
        stop: First epoch after it, or None.

    Returns:
        Both, infinity for None.

    Raises:
        ValueError: If one is not a number of epochs, or `stop` not after `start`.

    Example:
        >>> checked_window(3, None)
        (3, inf)
    """
    first = checked_epoch("start", start)
    last = math.inf if stop is None else checked_epoch("stop", stop)
    if last <= first:
        raise ValueError(
            f"`stop` must come after `start`. Received: start={start!r}, stop={stop!r}."
        )
    return first, last
