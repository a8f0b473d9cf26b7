"""A model in segments: what lies downstream of a tap can be run alone."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from keras_selectivity import taps as taps_module
from keras_selectivity._keras import mask_of
from keras_selectivity.network import graph

# A tensor that crosses from one segment to another, with its Keras mask or None.
Crossing = tuple[tf.Tensor, tf.Tensor | None]
Values = dict[int, Crossing]
Perturb = Callable[[int, tf.Tensor], tf.Tensor]


class SegmentedModel:
    """A model cut at every tap.

    The calls of its graph that lie downstream of the very same taps make a
    segment, a compiled function of its own. So what lies downstream of some taps
    is a list of segments, and everything else that they need, shortcuts and
    parallel branches too, crosses into them from segments that need not run
    again.

    Args:
        model: A built Functional or `Sequential` model, nested or not.
        taps: Selection of hidden outputs, see `taps.select`.
        silenced_as: A view of the model whose silent units are silent here too.

    Attributes:
        model: The model.
        tap_points: The tapped points, in graph order.

    Raises:
        TypeError: If the model is a subclassed one, or `taps` of a wrong type.
        ValueError: If the model is not built, or the selection is empty.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, use_bias=False, name="logits"),
        ... ])
        >>> segmented = SegmentedModel(model)
        >>> values = segmented.run(np.ones((5, 4), "float32"))
        >>> downstream = segmented.downstream([0])
        >>> downstream.run(values, np.array([0, 0]), lambda tap, x: x * 0).numpy()
        array([[0., 0.],
               [0., 0.]], dtype=float32)
    """

    def __init__(
        self,
        model: keras.Model,
        taps: taps_module.Selection = "relu",
        silenced_as: taps_module.TappedModel | None = None,
    ) -> None:
        _, self.tap_points = taps_module.chosen(model, taps)
        silencing = {} if silenced_as is None else silenced_as.silencing_taps()
        whole = graph.RebuiltGraph(silencing)
        rebuilt = whole.rebuild(model)
        self.model = model
        self._inputs = model.inputs
        # Takes data as the model itself does: by name, nested, of another dtype.
        self._intake = keras.Model(graph.ends(model)[0], list(model.inputs))
        self._outputs = keras.tree.map_structure(whole.canonical, rebuilt.output[0])
        self._tapped = [id(whole.tensors[point.name]) for point in self.tap_points]
        self._segments = self._divided(whole.steps)

    @property
    def names(self) -> list[str]:
        """Names of the taps, in graph order."""
        return [point.name for point in self.tap_points]

    @property
    def units(self) -> list[int]:
        """Number of units of each tap."""
        return [point.units for point in self.tap_points]

    def run(self, inputs: Any) -> Values:
        """Run the whole model and keep every tensor that crosses a cut.

        Args:
            inputs: A batch of what the model takes.

        Returns:
            The tensors, for `tapped`, `output` and `Downstream.run`.
        """
        taken = keras.tree.flatten(self._intake(inputs))
        values: Values = {
            id(symbol): (tensor, None)
            for symbol, tensor in zip(self._inputs, taken, strict=True)
        }
        for segment in self._segments:
            values.update(segment.run(values))
        return values

    def tapped(self, values: Values, tap: int) -> tf.Tensor:
        """The output at a tap, `(batch, ..., units)`, of a whole run."""
        return values[self._tapped[tap]][0]

    def output(self, values: Values) -> Any:
        """What the model returns, of a whole run."""
        return self._outputs_of(values)

    def downstream(self, taps: Iterable[int]) -> "Downstream":
        """What has to run again when the outputs at some taps change.

        Args:
            taps: Positions in `tap_points`.

        Returns:
            A `Downstream`.
        """
        taps = frozenset(taps)
        touched = sum(1 << tap for tap in taps)
        segments = [s for s in self._segments if s.upstream & touched]
        return Downstream(
            segments,
            {self._tapped[tap]: tap for tap in taps},
            [id(symbol) for symbol in keras.tree.flatten(self._outputs)],
            self._outputs_of,
        )

    def _divided(self, steps: list[graph.Step]) -> list["_Segment"]:
        """The steps by the taps upstream of them, as segments that can run in order."""
        bit = {key: 1 << tap for tap, key in enumerate(self._tapped)}
        upstream = {id(symbol): 0 for symbol in self._inputs}
        members: dict[int, list[graph.Step]] = {}
        for step in steps:
            taps = 0
            for symbol in _symbols((step.args, step.kwargs)):
                taps |= upstream[id(symbol)]
            for symbol in _symbols(step.outputs):
                upstream[id(symbol)] = taps | bit.get(id(symbol), 0)
            members.setdefault(taps, []).append(step)
        wanted = {id(symbol) for symbol in _symbols(self._outputs)}
        # A segment needs those with fewer taps upstream, never the other way.
        ordered = sorted(members, key=int.bit_count)
        crossing = wanted | {
            id(symbol)
            for taps in ordered
            for step in members[taps]
            for symbol in _symbols((step.args, step.kwargs))
            if upstream[id(symbol)] != taps or id(symbol) in bit
        }
        batch = self._inputs[0].shape[0]
        return [_Segment(taps, members[taps], crossing, batch) for taps in ordered]

    def _outputs_of(self, values: Values) -> Any:
        outputs = keras.tree.map_structure(
            lambda symbol: values[id(symbol)][0], self._outputs
        )
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        return outputs


class Downstream:
    """What lies downstream of some taps; made by `SegmentedModel.downstream`.

    Args:
        segments: The segments that run again, in order.
        tapped: Mapping of the ids of the tapped tensors to the taps.
        outputs: Ids of the model's outputs.
        outputs_of: What makes the model's output of its tensors.
    """

    def __init__(
        self,
        segments: list["_Segment"],
        tapped: dict[int, int],
        outputs: list[int],
        outputs_of: Callable[[Values], Any],
    ) -> None:
        made = {key for segment in segments for key in segment.makes}
        needed = [key for segment in segments for key in segment.needs]
        #: Ids of the tensors that come from outside.
        self.frontier = list(
            dict.fromkeys(k for k in needed + outputs if k not in made)
        )
        self._segments = segments
        self._tapped = tapped
        self._outputs_of = outputs_of
        last = {key: i for i, s in enumerate(segments) for key in s.needs}
        self._finished: list[list[int]] = [[] for _ in segments]
        for key, i in last.items():
            if key not in outputs:
                self._finished[i].append(key)
        shared = {key for segment in segments for key in segment.shared}
        self._batched = {key for key in self.frontier if key not in shared}

    def run(self, values: Values, rows: Any, perturb: Perturb) -> Any:
        """Run for some samples of a batch, each as often as it is named.

        Args:
            values: What `SegmentedModel.run` returned for the batch.
            rows: `(rows,)` int: which sample of the batch each row is.
            perturb: `(tap, (rows, ..., units)) -> (rows, ..., units)`: what
                becomes of the output at each tap.

        Returns:
            What the model returns for the rows.
        """
        alive: Values = {}

        def add(key: int, crossing: Crossing) -> None:
            if key in self._tapped:
                crossing = perturb(self._tapped[key], crossing[0]), crossing[1]
            alive[key] = crossing

        for key in self.frontier:
            crossing = values[key]
            add(key, _gathered(crossing, rows) if key in self._batched else crossing)
        for segment, finished in zip(self._segments, self._finished, strict=True):
            for key, crossing in segment.run(alive).items():
                add(key, crossing)
            for key in finished:
                del alive[key]
        return self._outputs_of(alive)

    def row_bytes(self, values: Values) -> int:
        """Bytes that a row holds at the most crowded cut, at the least 1."""
        bytes_of = {
            key: tensor.dtype.size * tensor.shape[1:].num_elements()
            for key, (tensor, _) in values.items()
            if tensor.shape.rank
        }
        return max(
            1,
            sum(bytes_of.get(key, 0) for key in self.frontier),
            *(
                sum(bytes_of.get(key, 0) for key in {*s.needs, *s.makes})
                for s in self._segments
            ),
        )


class _Segment:
    """Calls that lie downstream of the very same taps, compiled together."""

    def __init__(
        self,
        upstream: int,
        steps: list[graph.Step],
        crossing: set[int],
        batch: int | None,
    ) -> None:
        self.upstream = upstream
        made = {id(symbol): symbol for s in steps for symbol in _symbols(s.outputs)}
        needed = {
            id(symbol): symbol
            for step in steps
            for symbol in _symbols((step.args, step.kwargs))
            # What is tapped comes back in perturbed, so it is never from within.
            if id(symbol) not in made
        }
        self.needs = list(needed)
        self.makes = [key for key in made if key in crossing]
        # Tensors without a batch axis are the same for every row.
        self.shared = {
            key for key, s in needed.items() if not _has_batch(s.shape, batch)
        }
        inputs = {
            key: keras.Input(batch_shape=_open(symbol.shape, batch), dtype=symbol.dtype)
            for key, symbol in needed.items()
        }
        known = dict(inputs)
        for step in steps:
            args, kwargs = keras.tree.map_structure(
                lambda x: known.get(id(x), x), (step.args, step.kwargs)
            )
            outputs = step.operation(*args, **kwargs)
            for old, new in zip(
                keras.tree.flatten(step.outputs),
                keras.tree.flatten(outputs),
                strict=True,
            ):
                known[id(old)] = new
        self._model = keras.Model(
            list(inputs.values()), [known[key] for key in self.makes]
        )
        # Masks come in with their tensors and go on to the layers within.
        self._model.supports_masking = True
        self._function: Any = None
        self._masked: list[bool] = []

    def run(self, values: Values) -> Values:
        inputs = [values[key][0] for key in self.needs]
        masks = [values[key][1] for key in self.needs]
        given = [mask for mask in masks if mask is not None]
        masked = [mask is not None for mask in masks]
        if self._function is None or masked != self._masked:
            self._masked = masked
            self._function = self._compiled(given)
        return dict(zip(self.makes, self._function(inputs, given), strict=True))

    def _compiled(self, masks: list[tf.Tensor]) -> Any:
        """The segment for any number of rows: nothing retraces with them."""

        def run(inputs: list[tf.Tensor], given: list[tf.Tensor]) -> list[Crossing]:
            rest = iter(given)
            mask = [next(rest) if masked else None for masked in self._masked]
            outputs = self._model(inputs, training=False, mask=mask if given else None)
            return [(output, mask_of(output)) for output in keras.tree.flatten(outputs)]

        tensors = [
            tf.TensorSpec(symbol.shape, symbol.dtype) for symbol in self._model.inputs
        ]
        specs = [tf.TensorSpec([None, *m.shape[1:]], m.dtype) for m in masks]
        function = tf.function(run, input_signature=[tensors, specs])
        return function.get_concrete_function()


def _gathered(crossing: Crossing, rows: Any) -> Crossing:
    tensor, mask = crossing
    return tf.gather(tensor, rows), None if mask is None else tf.gather(mask, rows)


def _symbols(structure: Any) -> list[Any]:
    return [
        leaf
        for leaf in keras.tree.flatten(structure)
        if isinstance(leaf, keras.KerasTensor)
    ]


def _has_batch(shape: tuple[int | None, ...], batch: int | None) -> bool:
    return len(shape) > 0 and shape[0] in (None, batch)


def _open(shape: tuple[int | None, ...], batch: int | None) -> tuple[int | None, ...]:
    """The shape for any number of rows."""
    return (None, *shape[1:]) if _has_batch(shape, batch) else shape
