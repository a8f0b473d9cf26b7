"""Nonlinearities at which no tap can be put: those inside a layer's own `call`."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_selectivity.network.graph import RebuiltGraph, Step, has_own_call
from keras_selectivity.network.nonlinearities import (
    WITH_ACTIVATION,
    is_known,
    makers_of,
    nonlinearity,
)

# The scores of an attention layer are weights of positions, not units.
_ATTENTION = (
    keras.layers.AdditiveAttention,
    keras.layers.Attention,
    keras.layers.GroupQueryAttention,
    keras.layers.MultiHeadAttention,
)

# A head that ends in one of these makes the model's output of it.
_HEADS = ("log_softmax", "sigmoid", "softmax")

# Operations of TensorFlow -> the kind that they are, or are most likely a part of.
_OPERATIONS = {
    "Elu": "elu",
    "Erf": "gelu",
    "Erfc": "gelu",
    "LeakyRelu": "leaky_relu",
    "Relu": "relu",
    "Relu6": "relu6",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}


class Beyond(NamedTuple):
    """A nonlinearity at which no tap can be put.

    Attributes:
        layer: Name of the call in the model's graph inside which it is, see `TapPoint`.
        path: Where it is in there; empty for the call itself.
        kind: Its kind.
    """

    layer: str
    path: str
    kind: str


def beyond(graph: RebuiltGraph) -> list[Beyond]:
    """List the hidden nonlinearities of a model at which no tap can be put.

    They are inside layers with a `call` of their own, as far as these keep them as
    layers or functions; where they keep none, those that TensorFlow traces there. The
    gates of recurrent layers and the scores of attention count for none.

    Args:
        graph: One that went through the model's graph.

    Returns:
        A list in graph order.

    Example:
        >>> class Block(keras.layers.Layer):
        ...     def __init__(self):
        ...         super().__init__(name="block")
        ...         self.dense = keras.layers.Dense(3, activation="relu", name="dense")
        ...     def call(self, x):
        ...         return x + self.dense(x)
        >>> graph = RebuiltGraph({})
        >>> inputs = keras.Input((3,))
        >>> outputs = keras.layers.Dense(2)(Block()(inputs))
        >>> model = graph.rebuild(keras.Model(inputs, outputs))
        >>> beyond(graph)
        [Beyond(layer='block', path='dense', kind='relu')]
    """
    return [
        found
        for step in graph.steps
        for found in _of_call(step, step.name in graph.points)
        if step.name not in graph.outputs or (found.path and found.kind not in _HEADS)
    ]


def _of_call(step: Step, tappable: bool) -> list[Beyond]:
    kind, _ = nonlinearity(step.operation)
    own = [] if tappable or kind is None else [Beyond(step.name, "", kind)]
    held = list(_held(step.operation, {id(step.operation)}))
    inside = [Beyond(step.name, path, kind) for path, _, kind in held if kind]
    parts = [step.operation, *(part for _, part, _ in held)]
    if kind is None and not inside and any(map(_is_opaque, parts)):
        inside = [Beyond(step.name, "call", kind) for kind in _traced(step)]
    return own + inside


def _held(layer: Any, seen: set[int]) -> Iterator[tuple[str, Any, str | None]]:
    """What a layer holds, however deep: path, layer or function, and its kind.

    What makes the output of the layer that holds it has no kind of its own.
    """
    makers = {id(maker) for maker in makers_of(layer)}
    for name, part in _parts(layer):
        if id(part) in seen:
            continue
        yield name, part, None if id(part) in makers else nonlinearity(part)[0]
        if isinstance(part, keras.Operation):
            # Functions are not noted: two layers may well share one.
            seen.add(id(part))
            for path, inner, kind in _held(part, seen):
                yield f"{name}/{path}", inner, kind


def _parts(layer: Any) -> list[tuple[str, Any]]:
    """Layers, operations and activation functions that a layer holds, by name."""
    whole = isinstance(layer, WITH_ACTIVATION) and not has_own_call(layer)
    if whole or isinstance(layer, _ATTENTION):
        return []
    if isinstance(layer, keras.Sequential):
        return [(part.name, part) for part in layer.layers]
    if isinstance(layer, keras.Model) and hasattr(layer, "operations"):
        return [(part.name, part) for part in layer.operations]
    held = [
        (attribute, part)
        for attribute, value in vars(layer).items()
        for part in keras.tree.flatten(value)
    ]
    layers = [(p.name, p) for _, p in held if isinstance(p, keras.layers.Layer)]
    return layers + [(attribute, part) for attribute, part in held if is_known(part)]


def _is_opaque(part: Any) -> bool:
    """Whether what it computes is a function of a user's."""
    functions = keras.layers.Lambda, keras.layers.TFSMLayer
    return isinstance(part, functions) or has_own_call(part)


def _traced(step: Step) -> list[str]:
    """Kinds of the nonlinearities among the operations that TensorFlow traces."""

    def specified(leaf: Any) -> Any:
        symbolic = isinstance(leaf, keras.KerasTensor)
        return tf.TensorSpec(leaf.shape, leaf.dtype) if symbolic else leaf

    def call(*args: Any, **kwargs: Any) -> Any:
        with keras.StatelessScope():
            return step.operation(*args, **kwargs)

    args, kwargs = keras.tree.map_structure(specified, (step.args, step.kwargs))
    try:
        function = tf.function(call, autograph=False)
        graph = function.get_concrete_function(*args, **kwargs).graph.as_graph_def()
    except Exception:  # What a user's own code raises when it is run once more.
        return []
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return [_OPERATIONS[node.op] for node in nodes if node.op in _OPERATIONS]
