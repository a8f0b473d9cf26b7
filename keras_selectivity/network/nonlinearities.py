"""Kinds of nonlinearity: which there are, and which one a layer's output shows."""

import functools
import inspect
from typing import Any

import keras

#: Rectifiers by name -> can the output be negative?
RECTIFIERS = {"relu": False, "relu6": False, "leaky_relu": True, "prelu": True}

#: All nonlinearities that have a name in Keras, and a few that have one elsewhere.
NONLINEARITIES = RECTIFIERS | {
    "celu": True,
    "elu": True,
    "exponential": False,
    "gelu": True,
    "glu": True,
    "hard_shrink": True,
    "hard_sigmoid": False,
    "hard_silu": True,
    "hard_tanh": True,
    "log_sigmoid": True,
    "log_softmax": True,
    "mish": True,
    "selu": True,
    "sigmoid": False,
    "silu": True,
    "soft_shrink": True,
    "softmax": False,
    "softplus": False,
    "softsign": True,
    "sparse_plus": False,
    "sparse_sigmoid": False,
    "sparsemax": False,
    "squareplus": False,
    "tanh": True,
    "tanh_shrink": True,
    "threshold": True,
}


def _key(name: str) -> str:
    return name.lower().replace("_", "")


# Whatever the spelling: the class `HardSiLU`, the function `hard_silu`.
_NAMES = {_key(name): name for name in NONLINEARITIES}
_NAMES |= {"hardswish": "hard_silu", "swish": "silu"}

_LINEAR = ("linear", "identity")

#: Layers whose output is what their `activation` makes of the rest.
WITH_ACTIVATION: tuple[Any, ...] = tuple(
    cls
    for cls in vars(keras.layers).values()
    if inspect.isclass(cls) and "activation" in inspect.signature(cls).parameters
)


def canonical(kind: str) -> str:
    """The name of a kind of nonlinearity as Keras spells it.

    Args:
        kind: A name in any spelling, or an alias of it.

    Returns:
        The name; one that Keras does not know as it came.

    Example:
        >>> canonical("HardSwish"), canonical("LeakyReLU"), canonical("my_own")
        ('hard_silu', 'leaky_relu', 'my_own')
    """
    return _NAMES.get(_key(kind), kind)


def nonlinearity(layer: Any) -> tuple[str | None, bool]:
    """The kind of nonlinearity that makes the output of a layer.

    Args:
        layer: A layer, an operation, or a function that is an activation.

    Returns:
        Its name, None for a linear layer; and whether the output can be negative.

    Example:
        >>> nonlinearity(keras.layers.Dense(3, activation="hard_swish"))
        ('hard_silu', True)
    """
    if not isinstance(layer, keras.Operation):
        return _of_function(layer)
    makers = makers_of(layer)
    if makers and makers[0] is getattr(layer, "activation", None):
        return _of_activation(makers[0])
    if makers:
        return nonlinearity(makers[0])
    kind = canonical(type(layer).__name__)
    if kind not in NONLINEARITIES:
        return None, True
    if kind == "relu":
        slope, threshold = (
            getattr(layer, name, None) or 0 for name in ("negative_slope", "threshold")
        )
        return kind, bool(slope or threshold < 0)
    return kind, NONLINEARITIES[kind]


def makers_of(layer: Any) -> tuple[Any, ...]:
    """What makes the output of a layer, in the layer: its activation for instance.

    Args:
        layer: A layer or operation.

    Returns:
        Layers or functions, all of the same kind of nonlinearity; none if the layer
        itself makes its output.
    """
    if isinstance(layer, keras.layers.Wrapper):
        return (layer.layer,)
    if isinstance(layer, keras.layers.Bidirectional):
        return layer.forward_layer, layer.backward_layer
    if isinstance(layer, WITH_ACTIVATION):
        return (layer.activation,)
    if isinstance(layer, keras.layers.StackedRNNCells):
        return (layer.cells[-1],)
    if isinstance(layer, keras.layers.RNN):
        return (layer.cell,)
    if isinstance(layer, keras.layers.Lambda) and is_known(layer.function):
        return (layer.function,)
    return ()


def is_known(function: Any) -> bool:
    """Whether it is a function by the name of one of `NONLINEARITIES`.

    Args:
        function: Anything.

    Returns:
        True or False.

    Example:
        >>> is_known(keras.activations.gelu), is_known(print), is_known("gelu")
        (True, False, False)
    """
    if isinstance(function, functools.partial):
        return is_known(function.func)
    return inspect.isroutine(function) and canonical(_name(function)) in NONLINEARITIES


def _of_activation(activation: Any) -> tuple[str | None, bool]:
    """As `nonlinearity`, where a layer that is not known must be one all the same."""
    kind, signed = nonlinearity(activation)
    name = type(activation).__name__
    unknown = isinstance(activation, keras.Operation) and kind is None
    return (name, True) if unknown and _key(name) not in _LINEAR else (kind, signed)


def _of_function(function: Any) -> tuple[str | None, bool]:
    if isinstance(function, functools.partial):
        # Its arguments may be a negative slope.
        kind, _ = nonlinearity(function.func)
        return kind, True
    kind = canonical(_name(function))
    return (None, True) if kind in _LINEAR else (kind, NONLINEARITIES.get(kind, True))


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
