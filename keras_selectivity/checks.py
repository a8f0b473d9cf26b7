"""Checks of arguments that several parts share."""

from typing import Any

import numpy as np


def checked_count(argument: str, count: Any) -> int:
    """`count`, if it is a positive integer.

    Args:
        argument: Its name, for the message.
        count: What a user passed.

    Returns:
        The number.

    Raises:
        ValueError: If it is not one.

    Example:
        >>> checked_count("repeats", 3)
        3
    """
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(
            f"`{argument}` must be a positive integer. Received: {argument}={count!r}."
        )
    return int(count)


def number_or_nan(value: Any) -> float:
    """A number as a float, and NaN, which lies in no range, for anything else.

    Args:
        value: What a user passed.

    Returns:
        The float.

    Example:
        >>> number_or_nan(2), number_or_nan("two")
        (2.0, nan)
    """
    kinds = (int, float, np.integer, np.floating)
    return float(value) if isinstance(value, kinds) else float("nan")
