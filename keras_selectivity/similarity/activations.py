"""What the methods take for activations."""

from typing import Any

import numpy as np

from keras_selectivity.checks import checked_real


def as_activations(name: str, array: Any) -> np.ndarray:
    """Activations as an array, checked.

    Args:
        name: Name of the argument, for the errors.
        array: `(samples, units)`, real, finite, of any float or integer dtype.

    Returns:
        `(samples, units)` of the dtype received, float32 for bfloat16.

    Raises:
        TypeError: If it does not hold real numbers.
        ValueError: If it is not two-dimensional, has no units, or holds NaN or
            infinity.

    Example:
        >>> as_activations("x", [[1, 2]])
        array([[1, 2]])
    """
    array = checked_real(name, array)
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(
            f"`{name}` must have shape (samples, units), with at least one unit. "
            f"Received: {name} of shape {array.shape}. Take the mean over the other "
            "axes, or flatten them."
        )
    if not np.all(np.isfinite(array)):
        sample, unit = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"`{name}` must be finite. Received: {array[sample, unit]} at sample "
            f"{sample}, unit {unit}."
        )
    return array
