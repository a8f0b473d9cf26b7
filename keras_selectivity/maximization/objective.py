"""What is maximized of a unit: its activation, and what stands for it where it is flat.

The gradient of an activation vanishes where a probability is close to 0 or 1, and
where a rectifier is off. What enters these nonlinearities still has one.
"""

from typing import Any, ClassVar

import keras
import tensorflow as tf

from keras_selectivity.network.graph import TapPoint
from keras_selectivity.taps import Response, Tap, TappedModel


def objective(
    model: keras.Model,
    point: TapPoint,
    response: Response = "mean",
    silenced_as: TappedModel | None = None,
) -> TappedModel:
    """A view of the model whose activations are what is maximized.

    Args:
        model: A built Functional or `Sequential` model.
        point: Where the units are, as `taps.find` lists it.
        response: As for `TappedModel`.
        silenced_as: As for `TappedModel`.

    Returns:
        The view, to be called within a `tf.function`. Its one activation
        `(batch, units)` is the unit activation, but:

        - of the model's output, if it is a softmax or a sigmoid: that of its logits,
          where the nonlinearity is the last operation of the output's graph;
        - of a unit that a ReLU keeps at 0 for a sample: that of what enters the ReLU.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.taps import find
        >>> model = keras.Sequential([
        ...     keras.Input((2,)),
        ...     keras.layers.Dense(2, kernel_initializer="identity",
        ...                        activation="softmax", name="output")])
        >>> view = objective(model, find(model)[0])
        >>> logits = tf.function(lambda x: view(x)[1][0])
        >>> logits(np.array([[3.0, -2.0]], "float32")).numpy()
        array([[ 3., -2.]], dtype=float32)
    """
    saturates = point.output and point.nonlinearity in ("softmax", "sigmoid")
    view = _LogitModel if saturates else _RisingModel
    return view(
        model,
        [point.name],
        allow_output=True,
        silenced_as=silenced_as,
        response=response,
    )


def _entering(tensor: tf.Tensor, kinds: tuple[str, ...]) -> tf.Tensor | None:
    """What enters the operation of these kinds that made a tensor of a graph."""
    operation = tensor.op
    while operation.type in ("Identity", "Cast"):
        operation = operation.inputs[0].op
    return operation.inputs[0] if operation.type in kinds else None


class _LogitTap(Tap):
    """Observes logits in the place of probabilities."""

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        output, units = super().call(inputs, mask)
        logits = _entering(inputs, ("Softmax", "Sigmoid"))
        if logits is not None:
            _, units = super().call(logits, mask)
        return output, units


class _RisingTap(Tap):
    """Observes what enters a ReLU where nothing comes out of it."""

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        output, units = super().call(inputs, mask)
        below = _entering(inputs, ("Relu", "Relu6"))
        if below is not None:
            _, entering = super().call(below, mask)
            units += tf.where(units == 0, entering, 0)
        return output, units


class _LogitModel(TappedModel):
    tap_class: ClassVar[type[Tap]] = _LogitTap


class _RisingModel(TappedModel):
    tap_class: ClassVar[type[Tap]] = _RisingTap
