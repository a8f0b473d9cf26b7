"""Which hidden outputs are observed; the layer that observes and silences them.

`TappedModel` rebuilds the graph of a model around the very same layers and puts
a `Tap` behind each selected output. Nothing of the user's model changes: same
layers, same weights, same outputs bit for bit.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_choice, checked_integer
from keras_selectivity.network.coverage import warn
from keras_selectivity.network.graph import (
    RebuiltGraph,
    TapPoint,
    check_model,
    filter_norms,
)
from keras_selectivity.network.reach import beyond
from keras_selectivity.network.selection import (
    First,
    Kind,
    Last,
    Selection,
    first,
    group,
    kind,
    last,
    select,
    unsaid,
)
from keras_selectivity.network.tracing import traced_apart

__all__ = [
    "First",
    "Kind",
    "Last",
    "Response",
    "Selection",
    "Tap",
    "TapPoint",
    "TappedModel",
    "find",
    "first",
    "group",
    "kind",
    "last",
    "select",
]

Response = Literal["mean", "max"]


def find(model: keras.Model) -> list[TapPoint]:
    """List every output in a model at which a tap can be put, in graph order.

    Args:
        model: A built Functional or `Sequential` model, nested or not.

    Returns:
        Sites, the model's own outputs among them.

    Raises:
        TypeError: If the model is not a Keras model, or a subclassed one.
        ValueError: If the model is not built.

    Example:
        >>> import keras
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> [(point.name, point.nonlinearity, point.output) for point in find(model)]
        [('hidden', 'relu', False), ('logits', None, True)]
    """
    return _rebuilt(model).finished_points


def chosen(
    model: keras.Model, taps: Selection, *, allow_output: bool = False
) -> tuple[list[TapPoint], list[TapPoint]]:
    """What a view of a model taps; a warning tells what is left out unsaid.

    Args:
        model: As for `find`.
        taps: As for `select`.
        allow_output: As for `select`.

    Returns:
        All points of the model, and the chosen ones.

    Raises:
        TypeError: As `find` and `select`.
        ValueError: As `find` and `select`.

    Example:
        >>> import keras
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> [[point.name for point in points] for points in chosen(model, "relu")]
        [['hidden', 'logits'], ['hidden']]
    """
    graph = _rebuilt(model)
    points = graph.finished_points
    # Names say themselves what they leave out.
    missed = [] if isinstance(taps, (list, tuple)) else beyond(graph)
    found = select(points, taps, allow_output=allow_output, beyond=missed)
    message = unsaid(points, taps, found, missed)
    if message:
        warn(message)
    return points, found


def _rebuilt(model: keras.Model) -> RebuiltGraph:
    check_model(model)
    graph = RebuiltGraph({})
    graph.rebuild(model)
    return graph


@keras.saving.register_keras_serializable(package="keras_selectivity")
class Tap(keras.layers.Layer):
    """Passes an output on and observes its units.

    The unit activation is the mean over every axis but the batch's and the
    channels' (space in 1, 2 or 3 dimensions, or tokens; masked tokens count for
    nothing), or the dense activation itself.

    The observation costs one read of the activation forward. Backward its
    gradient is added to that of the output in one write: automatic
    differentiation would make the broadcast gradient a tensor of its own first.
    But for masks and layouts, the implementation is just::

        @tf.custom_gradient
        def tap(y):  # (batch, height, width, units)
            units = tf.reduce_mean(y, [1, 2])

            def gradient(dy, d_units):  # Of the output, and of the observation.
                share = d_units / (height * width)
                return dy + share[:, None, None, :]

            return (y, units), gradient

    Where the tap was given a mask, units whose mask is 0 are silenced: their
    feature map becomes zero. The mask is a variable, so that changing it
    retraces nothing; while `silenced` is false it is not even applied.

    Args:
        channel_axis: Axis of the channels, see `TapPoint`.
        response: `"mean"`, or `"max"` for the highest value of a feature map in
            the place of its mean (as G19 has it for conv5), without the gradient
            of its own.

    Call arguments:
        inputs: `(batch, ..., units)`, or `(batch, units, ...)` for axis 1.
        mask: `(batch, tokens)` bool, Keras's own.

    Returns:
        The output, as it came in; and the unit activations `(batch, units)` in
        float32 at least.

    Example:
        >>> import numpy as np
        >>> output, units = Tap()(np.ones((2, 4, 4, 3), "float32"))
        >>> tuple(output.shape), tuple(units.shape)
        ((2, 4, 4, 3), (2, 3))
    """

    def __init__(
        self, channel_axis: int = -1, response: Response = "mean", **kwargs: Any
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.channel_axis = checked_integer("channel_axis", channel_axis)
        self.response = checked_choice("response", response, ("mean", "max"))
        self.supports_masking = True
        self._silencing: Callable[[], tuple[tf.Tensor, tf.Tensor]] | None = None

    def silence_with(self, read: Callable[[], tuple[tf.Tensor, tf.Tensor]]) -> None:
        """Take the mask from `read() -> (silenced () bool, mask (units,))`."""
        self._silencing = read

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        axis = self.channel_axis % inputs.shape.rank
        positions = [i for i in range(1, inputs.shape.rank) if i != axis]
        silenced, unit_mask = None, None
        if self._silencing is not None:
            silenced, unit_mask = self._silencing()
            shape = [-1 if i == axis else 1 for i in range(inputs.shape.rank)]
            unit_mask = tf.reshape(tf.cast(unit_mask, inputs.dtype), shape)
        weights = _position_weights(inputs, positions, mask)
        output, units = _observe(inputs, weights, positions, silenced, unit_mask)
        if self.response == "max":
            units = _highest(output, weights, positions)
        return output, units

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        units = inputs.shape[self.channel_axis]
        dtype = _statistics_dtype(inputs.dtype)
        return (
            keras.KerasTensor(inputs.shape, dtype=inputs.dtype),
            keras.KerasTensor((inputs.shape[0], units), dtype=dtype),
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask, None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "channel_axis": self.channel_axis,
            "response": self.response,
        }


class TappedModel:
    """A model together with the activations of selected units.

    Not a layer: a second view of the user's model, which owns no weights.

    Args:
        model: A built Functional or `Sequential` model, nested or not.
        taps: Selection of hidden outputs, see `select`.
        allow_output: Whether `taps` may name the model's output.
        silenced_as: Another view of the model, whose silent units are silent in
            this one too.
        response: What stands for a feature map: its `"mean"` or its `"max"`.

    Raises:
        TypeError: If the model is a subclassed one, or `taps` of a wrong type.
        ValueError: If the model is not built, or the selection is empty.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> tapped = TappedModel(model)
        >>> output, activations = tapped(np.ones((5, 4), "float32"))
        >>> tapped.names, [tuple(a.shape) for a in activations]
        (['hidden'], [(5, 3)])
    """

    #: What is put behind an output.
    tap_class: ClassVar[type[Tap]] = Tap

    def __init__(
        self,
        model: keras.Model,
        taps: Selection = "relu",
        *,
        allow_output: bool = False,
        silenced_as: "TappedModel | None" = None,
        response: Response = "mean",
    ) -> None:
        checked_choice("response", response, ("mean", "max"))
        points, self.points = chosen(model, taps, allow_output=allow_output)
        self._readers: dict[str, Any] = {}
        if silenced_as is not None:
            self._readers.update(silenced_as._readers)
        needed = {*self.names, *self._readers}
        self._taps = {
            point.name: self.tap_class(point.channel_axis, response, name=f"tap_{i}")
            for i, point in enumerate(points)
            if point.name in needed
        }
        for name, reader in self._readers.items():
            self._taps[name].silence_with(reader)
        self._functional = RebuiltGraph(self._taps).rebuild(model)

    @property
    def names(self) -> list[str]:
        """Names of the taps, in graph order."""
        return [point.name for point in self.points]

    @property
    def units(self) -> list[int]:
        """Number of units of each tap."""
        return [point.units for point in self.points]

    @property
    def shapes(self) -> list[tuple[int | None, ...]]:
        """Shape of what is observed at each tap, the batch axis first."""
        activations = self._functional.output[1]
        return [tuple(activations[name].shape) for name in self.names]

    @property
    def signed(self) -> np.ndarray:
        """`(sum of units,)` bool: the units whose activation can be negative."""
        return np.repeat([point.signed for point in self.points], self.units)

    @property
    def filter_norms(self) -> np.ndarray:
        """`(sum of units,)` L1 norm of each unit's filter, NaN where it has none."""
        return np.concatenate([filter_norms(point) for point in self.points])

    def silence_with(self, silenced: Any, mask: Any) -> None:
        """Let a variable `mask` `(sum of units,)` silence units.

        Args:
            silenced: Variable `()` bool, true while any unit is silenced.
            mask: Variable `(sum of units,)`, 0 for a silenced unit, else 1.
        """
        start = 0
        for name, units in zip(self.names, self.units, strict=True):
            reader = _mask_reader(silenced, mask, start, start + units)
            self._readers[name] = reader
            self._taps[name].silence_with(reader)
            start += units

    @property
    def silent(self) -> dict[str, np.ndarray]:
        """For each tap that can silence units, `(units,)` bool: those silent now."""
        states = {name: read() for name, read in self._readers.items()}
        return {
            name: (mask.numpy() == 0) & bool(silenced.numpy())
            for name, (silenced, mask) in states.items()
        }

    def silencing_taps(self) -> dict[str, Tap]:
        """New taps for another graph, where what is silent here is silent too.

        Returns:
            Mapping of name to `Tap`, for every tap that can silence units here.
        """
        axes = {point.name: point.channel_axis for point in self.points}
        taps = {name: Tap(axes[name]) for name in self._readers}
        for name, reader in self._readers.items():
            taps[name].silence_with(reader)
        return taps

    def __call__(
        self, inputs: Any, training: bool | None = None
    ) -> tuple[Any, list[Any]]:
        """Run the model.

        Args:
            inputs: What the model takes.
            training: As in Keras.

        Returns:
            What the model returns, and for each tap `(batch, units)`.
        """
        outputs, activations = self._functional(inputs, training=training)
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        return outputs, [activations[name] for name in self.names]


@traced_apart
def _observe(
    x: tf.Tensor,
    weights: tf.Tensor | None,
    positions: list[int],
    silenced: tf.Tensor | None,
    unit_mask: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """`x`, silenced where it must be, and the unit activations of it.

    `weights` are those of the positions in the mean, None for equal ones.
    """
    dtype = _statistics_dtype(x.dtype)

    def silence(tensor: tf.Tensor) -> tf.Tensor:
        if silenced is None:
            return tensor
        return tf.cond(silenced, lambda: tensor * unit_mask, lambda: tensor)

    @tf.custom_gradient
    def observe(x: tf.Tensor) -> Any:
        y = silence(x)
        if weights is None:
            units = tf.reduce_mean(tf.cast(y, dtype), axis=positions)
        else:
            units = tf.reduce_sum(tf.cast(y, dtype) * weights, axis=positions)

        def gradient(dy: tf.Tensor, d_units: tf.Tensor) -> tf.Tensor:
            if weights is None:
                share = tf.saturate_cast(d_units * _share(x, positions), x.dtype)
                return silence(_add_everywhere(dy, share, positions, x.shape))
            share = tf.expand_dims(d_units, 1) * weights
            return silence(dy + tf.saturate_cast(share, x.dtype))

        return (y, units), gradient

    return observe(x)


def _highest(
    x: tf.Tensor, weights: tf.Tensor | None, positions: list[int]
) -> tf.Tensor:
    """The highest value over the positions, masked ones left out."""
    values = tf.cast(x, _statistics_dtype(x.dtype))
    if weights is not None:
        values = tf.where(weights > 0, values, values.dtype.min)
    return tf.reduce_max(values, axis=positions) if positions else values


def _share(x: tf.Tensor, positions: list[int]) -> tf.Tensor:
    """What part each position has in the mean."""
    count = tf.reduce_prod([tf.shape(x)[axis] for axis in positions])
    return 1 / tf.cast(count, _statistics_dtype(x.dtype))


def _add_everywhere(
    x: tf.Tensor, units: tf.Tensor, positions: list[int], shape: tf.TensorShape
) -> tf.Tensor:
    """`x` plus, at each of its positions, the `(batch, units)` value.

    `shape` is the static shape of `x`, which the tensor itself may not know.
    """
    count = math.prod(shape[axis] or 0 for axis in positions)
    repeats = math.gcd(count, max(1, 128 // shape[-1])) if count else 1
    if positions != list(range(1, shape.rank - 1)) or repeats < 2:
        for axis in positions:
            units = tf.expand_dims(units, axis)
        return x + units
    # A sum that broadcasts over a short last axis runs at half the speed on a
    # CPU: a row of several positions at once makes that axis longer.
    width = repeats * shape[-1]
    row = tf.reshape(tf.tile(units[:, None], (1, repeats, 1)), (-1, 1, width))
    rows = tf.reshape(x, (-1, count // repeats, width)) + row
    return tf.reshape(rows, tf.shape(x))


def _position_weights(
    x: tf.Tensor, positions: list[int], mask: Any
) -> tf.Tensor | None:
    if mask is None or positions != [1]:
        return None
    weights = tf.cast(mask, _statistics_dtype(x.dtype))[..., None]
    return weights / tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1)


def _statistics_dtype(dtype: Any) -> str:
    name = keras.backend.standardize_dtype(dtype)
    return "float64" if name == "float64" else "float32"


def _mask_reader(silenced: Any, mask: Any, start: int, stop: int) -> Callable:
    def read() -> tuple[tf.Tensor, tf.Tensor]:
        return tf.convert_to_tensor(silenced), tf.convert_to_tensor(mask)[start:stop]

    return read
