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
