"""The graph of a Keras model: what can be tapped in it, and how it is rebuilt."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_selectivity.network.nonlinearities import RECTIFIERS, nonlinearity

# Layers with one filter a unit, and layers that pass each channel on by itself.
_FILTERS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Dense,
)


_KEEP_CHANNELS = (
    keras.layers.Activation,
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
    keras.layers.BatchNormalization,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
)


@dataclasses.dataclass(frozen=True)
class TapPoint:
    """One output in a model's graph at which a tap can be put.

    Attributes:
        name: Name of the layer, after the names of the models it is nested in
            (`"resnet50/conv1_relu"`); a layer called again has `":1"`, `":2"`.
        layer: The user's layer.
        nonlinearity: Kind of its nonlinearity, None for a linear layer.
        signed: Whether its output can be negative.
        units: Number of channels.
        channel_axis: Axis of the channels: -1, or 1 for channels-first, 2 with time
            before it.
        output: Whether it makes an output of the model.
        filters: The layer whose filters make the units, one filter a unit:
            itself, or one before it with only layers between them that keep
            channels apart. None: no single filter makes a unit.
    """

    name: str
    layer: Any
    nonlinearity: str | None
    signed: bool
    units: int
    channel_axis: int
    output: bool = False
    filters: Any = None

    @property
    def rectifier(self) -> bool:
        """Whether the nonlinearity is a ReLU of some kind."""
        return self.nonlinearity in RECTIFIERS


def check_keras(model: Any, argument: str = "model") -> None:
    """Raise unless it is a Keras 3 model, of whatever kind.

    Args:
        model: What a user passed.
        argument: Its name, for the message.

    Raises:
        TypeError: If it is something else.

    Example:
        >>> check_keras(keras.Sequential())
    """
    if type(model).__module__.startswith("tf_keras"):
        raise TypeError(
            f"`{argument}` is a model of `tf_keras` (Keras 2). Build it with `keras` "
            "(Keras 3) and unset TF_USE_LEGACY_KERAS."
        )
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`{argument}` must be a Keras model. Received: {argument}={model!r} of "
            f"type {type(model).__name__}."
        )


def check_model(model: Any) -> None:
    """Raise unless the model's graph can be walked.

    Args:
        model: What a user passed as `model`.

    Raises:
        TypeError: If it is not a Keras 3 model, or a subclassed one.
        ValueError: If it is a `Sequential` model that is not built.

    Example:
        >>> check_model("resnet")
        Traceback (most recent call last):
        ...
        TypeError: `model` must be a Keras model. Received: model='resnet' of type str.
    """
    check_keras(model)
    if isinstance(model, keras.Sequential) and not model.built:
        raise ValueError(
            f"`model` must be built. Received: the Sequential model "
            f"{model.name!r}, which knows no input shape. Begin it with "
            "`keras.Input(shape)`, or call `model.build((None, *shape))`."
        )
    if not has_graph(model):
        raise TypeError(
            f"`model` must be a Functional or Sequential model. Received: "
            f"{model.name!r} of class {type(model).__name__}, whose `call` is its "
            "own: Keras keeps no graph of it, so its hidden outputs cannot be "
            "found. Build the same layers with the functional API: "
            "`inputs = keras.Input(shape); model = keras.Model(inputs, "
            "outputs)`; layers with a `call` of their own may stand in it."
        )


@dataclasses.dataclass(frozen=True)
class Step:
    """One call in a model's graph, nested models unfolded.

    Attributes:
        name: That of the point which its output would be, see `TapPoint`.
        operation: The layer or operation that is called.
        args: Its positional arguments, with symbolic tensors in them.
        kwargs: Its keyword arguments.
        outputs: The symbolic tensors that it returns, in their structure.
    """

    name: str
    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any


class RebuiltGraph:
    """One pass through a model's graph, which rebuilds it around its layers.

    Args:
        taps: Mapping of names of points to the layers to put behind them, each of
            which returns the output and the unit activations.

    Attributes:
        points: Mapping of name to `TapPoint`, in graph order.
        outputs: Names of the calls that make the model's outputs.
        steps: All calls, in an order in which they can be made.
        tensors: Mapping of name of a point to its symbolic output in `steps`,
            that of the tap behind it where there is one.

    Example:
        >>> import keras
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> graph = RebuiltGraph({})
        >>> rebuilt = graph.rebuild(model)
        >>> list(graph.points), [step.name for step in graph.steps]
        (['hidden', 'logits'], ['hidden', 'logits'])
    """

    def __init__(self, taps: Mapping[str, Any]) -> None:
        self.taps = taps
        self.points: dict[str, TapPoint] = {}
        self.steps: list[Step] = []
        self.tensors: dict[str, Any] = {}
        # Across the border of a nested model a tensor goes by two ids.
        self._canonical: dict[int, Any] = {}
        self._calls: Counter[str] = Counter()
        self._makers: dict[int, tuple[str, ...]] = {}
        self._axes: dict[int, int] = {}
        self._filters: dict[int, Any] = {}
        self._kept: list[Any] = []  # Holds tensors, whose ids are keys above.
        self.outputs: set[str] = set()

    @property
    def finished_points(self) -> list[TapPoint]:
        """The points, once the graph was walked to its outputs."""
        return [
            dataclasses.replace(point, output=name in self.outputs)
            for name, point in self.points.items()
        ]

    def rebuild(self, model: keras.Model, prefix: str = "") -> keras.Model:
        """The model's graph around its own layers, with `taps` put in.

        Args:
            model: A model with a graph, see `check_model`.
            prefix: Names of the models it is nested in, each with a "/".

        Returns:
            A Functional model with outputs `(the model's, {name: units})`.
        """
        inputs, outputs = ends(model)
        activations: dict[str, Any] = {}

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            name = self._name(prefix + layer.name)
            if has_graph(layer):
                return self._call_nested(layer, name, activations, args, kwargs)
            output = self._call(name, layer, args, kwargs)
            return self._visit(layer, name, activations, (args, kwargs), output)

        # A plain Functional model, not compiled, of whatever class it was.
        clone = keras.models.clone_model(
            keras.Model(inputs, outputs),
            input_tensors=inputs,
            clone_function=lambda layer: layer,
            call_function=call,
        )
        if not prefix:
            self.outputs = {
                name
                for tensor in keras.tree.flatten(clone.output)
                for name in self._makers.get(id(tensor), ())
            }
        name = prefix.rstrip("/").replace("/", "__").replace(":", "__")
        return keras.Model(inputs, (clone.output, activations), name=name or model.name)

    def canonical(self, tensor: Any) -> Any:
        """The tensor of `steps` that a tensor of the rebuilt model stands for."""
        return self._canonical.get(id(tensor), tensor)

    def _call(self, name: str, layer: Any, args: Any, kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        args, kwargs = keras.tree.map_structure(self.canonical, (args, kwargs))
        self.steps.append(Step(name, layer, args, kwargs, outputs))
        return outputs

    def _name(self, name: str) -> str:
        repeat = self._calls[name]
        self._calls[name] += 1
        return f"{name}:{repeat}" if repeat else name

    def _visit(
        self, layer: Any, name: str, activations: dict, arguments: Any, output: Any
    ) -> Any:
        makers: tuple[str, ...] = (name,)
        if passes_on(layer):
            makers += self._makers.get(id(_symbols(arguments)[0]), ())
        axis = self._channel_axis(layer, arguments, output)
        if axis is None:
            for tensor in _symbols(output):
                self._note(tensor, makers)
            return output
        units = output.shape[axis]
        kind, signed = nonlinearity(layer)
        filters = self._filters_of(layer, arguments)
        self.points[name] = TapPoint(
            name, layer, kind, signed, units, axis, filters=filters
        )
        if name in self.taps:
            tap = self.taps[name]
            output, activations[name] = self._call(tap.name, tap, (output,), {})
        self.tensors[name] = output
        self._note(output, makers, axis, filters)
        return output

    def _filters_of(self, layer: Any, arguments: Any) -> Any:
        """The layer whose filters make the units of `layer`, or None."""
        if isinstance(layer, _FILTERS):
            return layer
        inputs = _symbols(arguments)
        if not isinstance(layer, _KEEP_CHANNELS) or len(inputs) != 1:
            return None
        return self._filters.get(id(inputs[0]))

    def _call_nested(
        self, model: Any, name: str, activations: dict, args: Any, kwargs: Any
    ) -> Any:
        inner_inputs, _ = ends(model)
        for inner, outer in zip(
            keras.tree.flatten(inner_inputs), keras.tree.flatten(args), strict=False
        ):
            self._note_same(inner, outer)
        rebuilt = self.rebuild(model, name + "/")
        outputs, inside = rebuilt(*args, **kwargs)
        if not inside:
            outputs = model(*args, **kwargs)
        activations.update(inside)
        inner_outputs = keras.tree.flatten(rebuilt.output[0])
        for inner, outer in zip(
            inner_outputs, keras.tree.flatten(outputs), strict=True
        ):
            self._note_same(outer, inner)
        return outputs

    def _note(
        self,
        tensor: Any,
        makers: tuple[str, ...],
        axis: int = -1,
        filters: Any = None,
    ) -> None:
        self._kept.append(tensor)
        self._makers[id(tensor)] = makers
        self._axes[id(tensor)] = axis
        self._filters[id(tensor)] = filters

    def _note_same(self, tensor: Any, other: Any) -> None:
        """What is known of one tensor holds for another, across a model's border."""
        self._canonical[id(tensor)] = self.canonical(other)
        self._note(
            tensor,
            self._makers.get(id(other), ()),
            self._axes.get(id(other), -1),
            self._filters.get(id(other)),
        )

    def _channel_axis(self, layer: Any, arguments: Any, output: Any) -> int | None:
        """Axis of the units, or None for what has none that are known."""
        if not isinstance(output, keras.KerasTensor) or len(output.shape) < 2:
            return None
        axis = self._channels_at(layer, arguments, output)
        return None if output.shape[axis] is None else axis

    def _channels_at(self, layer: Any, arguments: Any, output: Any) -> int:
        if len(output.shape) < 3:
            return -1
        over_time = isinstance(layer, keras.layers.TimeDistributed)
        data_format = getattr(layer.layer if over_time else layer, "data_format", None)
        if data_format is not None:
            over_time |= getattr(layer, "return_sequences", False)
            return 1 + over_time if data_format == "channels_first" else -1
        # An activation or a normalization has what its input has.
        return max(self._axes.get(id(tensor), -1) for tensor in _symbols(arguments))


def _symbols(structure: Any) -> list[Any]:
    """The symbolic tensors in a structure."""
    leaves = keras.tree.flatten(structure)
    return [leaf for leaf in leaves if isinstance(leaf, keras.KerasTensor)]


def passes_on(layer: Any) -> bool:
    """Whether it passes its input on as it is, but for the dtype perhaps."""
    same = isinstance(layer, (keras.layers.Identity, keras.layers.Activation))
    return same and nonlinearity(layer)[0] is None


def has_graph(layer: Any) -> bool:
    """Whether it is a model whose graph says all that its call does."""
    if isinstance(layer, keras.Sequential):
        return type(layer).call is keras.Sequential.call and layer.built
    return (
        isinstance(layer, keras.Model)
        and hasattr(layer, "operations")
        and not has_own_call(layer)
    )


def has_own_call(layer: Any) -> bool:
    """Whether a class outside Keras says what its call does."""
    return any(
        "call" in vars(base)
        for base in type(layer).__mro__
        if not base.__module__.startswith("keras.")
    )


def ends(model: keras.Model) -> tuple[Any, Any]:
    """A model's symbolic inputs and outputs, in the structure that a user passes."""
    if isinstance(model, keras.Sequential):
        return model.inputs[0], model.outputs[0]
    return model.input, model.output


def filter_norms(point: TapPoint) -> np.ndarray:
    """`(units,)` L1 norm of each unit's filter, NaN where it has none."""
    if point.filters is None:
        return np.full(point.units, np.nan)
    kernel = np.abs(keras.ops.convert_to_numpy(point.filters.kernel), dtype=np.float64)
    return kernel.sum(axis=tuple(range(kernel.ndim - 1)))
