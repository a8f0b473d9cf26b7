"""Functions with a gradient of their own, inside steps that TensorFlow traces."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

_F = TypeVar("_F", bound=Callable[..., Any])


def traced_apart(function: _F) -> _F:
    """Let a function that uses `tf.custom_gradient` be traced in a graph of its own.

    TensorFlow registers the gradient of every call of such a function, for as
    long as the process lives, and with it the graph in which the call stands: the
    whole training step of every model that there ever was. Traced apart, what
    stays is a small graph for each shape of the arguments, however many models
    call the function.

    Args:
        function: Takes tensors, None, and what can be hashed; returns tensors.

    Returns:
        The function, with the same values and gradients.

    Example:
        >>> @traced_apart
        ... @tf.custom_gradient
        ... def with_doubled_gradient(x):
        ...     return tf.identity(x), lambda upstream: 2 * upstream
        >>> x = tf.constant(3.0)
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = with_doubled_gradient(x)
        >>> float(tape.gradient(y, x))
        2.0
    """
    traced = tf.function(function, autograph=False)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if tf.executing_eagerly():
            return function(*arguments)
        # Called directly, it would warn of "retracing" where shapes are many.
        return traced.get_concrete_function(*arguments)(*arguments)

    return call  # type: ignore[return-value]
