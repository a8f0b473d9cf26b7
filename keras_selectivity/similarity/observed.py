"""The activations of a model's layers, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import checked_list, checked_verbose
from keras_selectivity.data.batches import Batches, check_inputs, not_finite
from keras_selectivity.network.graph import check_keras
from keras_selectivity.views import View

Spatial = Literal["mean", "positions"]


class Observed:
    """A model whose activations are read, compiled once.

    It runs in evaluation mode, on one device, and is not changed.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential` model.
        taps: Selection, see `taps.select`; a list may name any layer, the output
            too. None: the model's own taps, or every hidden rectifier.
        spatial: `"mean"`: the unit activation, the mean over a feature map.
            `"positions"`: the feature map.

    Attributes:
        model: The model; of a `SelectivityModel` the wrapped one.
        names: Names of the layers, in graph order.
        units: Number of units of each.
        maps: Mapping of name to the size of the feature map, as `(height, width)`;
            `()` for a dense layer and for `"mean"`. None where only the data tell.

    Raises:
        TypeError: If the model is a subclassed one, or `taps` of a wrong type.
        ValueError: If the model is not built, the selection is empty, or
            `"positions"` meets positions that are masked.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 1)),
        ...     keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
        ... ])
        >>> observed = Observed(model, ["conv"], "positions")
        >>> observed.maps, observed(np.ones((5, 8, 8, 1)))["conv"].shape
        ({'conv': (6, 6)}, (5, 6, 6, 3))
    """

    def __init__(
        self,
        model: keras.Model,
        taps: taps_module.Selection | None = None,
        spatial: Spatial = "mean",
    ) -> None:
        kind = taps_module.TappedModel if spatial == "mean" else _MappedModel
        view = View.of(model, taps)
        tapped = view.tapped(kind)
        self.model = view.base
        self.names = tapped.names
        self.units = tapped.units
        self.maps = {
            name: tuple(shape[1:-1])
            for name, shape in zip(tapped.names, tapped.shapes, strict=True)
        }

        def run(x: Any) -> list[tf.Tensor]:
            return tapped(x, training=False)[1]

        self._run = run
        self._eagerly = model.run_eagerly
        self._compiled: dict[str, Any] = {}

    def __call__(self, x: Any) -> dict[str, np.ndarray]:
        """Run the model on a batch.

        Args:
            x: What the model takes.

        Returns:
            Mapping of name to `(batch, *map, units)`, float32 at least.

        Raises:
            ValueError: If the first of the batches does not fit the model.
        """
        if not self._compiled:
            check_inputs(self.model, x)
        x = keras.tree.map_structure(
            lambda leaf: None if leaf is None else tf.convert_to_tensor(leaf), x
        )
        found = self._run(x) if self._eagerly else self._function(x)(x)
        return {
            name: np.asarray(activations)
            for name, activations in zip(self.names, found, strict=True)
        }

    def _function(self, x: Any) -> Any:
        """The model for any number of samples: the last batch retraces nothing."""
        specs = keras.tree.map_structure(
            lambda leaf: (
                None
                if leaf is None
                else tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype)
            ),
            x,
        )
        key = str(specs)
        if key not in self._compiled:
            function = tf.function(self._run)
            self._compiled[key] = function.get_concrete_function(specs)
        return self._compiled[key]


def check_finite(found: dict[str, np.ndarray], batch: int, model: str) -> None:
    """Raise for activations that are not finite.

    Args:
        found: What `Observed` gave for a batch.
        batch: Number of the batch, from 0.
        model: What a user calls the model.

    Raises:
        ValueError: If there are any.

    Example:
        >>> check_finite({"dense": np.array([[np.nan]])}, 3, "model_a")
        Traceback (most recent call last):
        ...
        ValueError: The activations of ['dense'] of `model_a` are not finite, first in \
batch 3 of `data` (counted from 0). The first of these layers is where to look; check \
its weights and the data.
    """
    bad = [name for name, a in found.items() if not np.all(np.isfinite(a))]
    if bad:
        raise not_finite(bad, batch, model=model)


def tap_names(model: keras.Model, taps: taps_module.Selection | None) -> Sequence[str]:
    """Names of the taps that `Observed` would take.

    The arguments are those of `Observed`.

    Returns:
        Names, in graph order.

    Raises:
        TypeError: As for `Observed`.
        ValueError: As for `Observed`.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((4,)), keras.layers.Dense(3, name="only")])
        >>> tap_names(model, ["only"])
        ['only']
    """
    view = View.of(model, taps)
    _, points = taps_module.chosen(view.base, view.taps, allow_output=True)
    return [point.name for point in points]


def each_batch(batches: Batches, verbose: str | int) -> Iterator[tuple[int, Any]]:
    """Inputs of every batch, with a progress bar.

    Args:
        batches: The data.
        verbose: 0 for no progress bar.

    Yields:
        The number of the batch, from 0, and what the model takes.

    Example:
        >>> batches = Batches(np.zeros((5, 2)), batch_size=3)
        >>> [(number, len(x)) for number, x in each_batch(batches, verbose=0)]
        [(0, 3), (1, 2)]
    """
    bar = keras.utils.Progbar(len(batches) or None) if verbose else None
    done = 0
    for x, _, _ in batches:
        yield done, x
        done += 1
        if bar is not None:
            bar.update(done, finalize=False)
    if bar is not None and done:
        bar.update(done, finalize=True)


def activations_of(
    models: Sequence[keras.Model],
    data: Any,
    taps: taps_module.Selection | None = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
) -> list[dict[str, np.ndarray]]:
    """Unit activations of one model, or of several of one architecture.

    All models run on the same batches, once, in evaluation mode. What is returned
    takes `4 * samples * units` bytes for each model, over all of its taps.

    Args:
        models: `SelectivityModel`s or any built Functional or `Sequential` models,
            whose taps are paired in graph order.
        data: As for `compare`.
        taps: As for `compare`.
        batch_size: For arrays; None: 256.
        verbose: 0 for no progress bar.
        steps: As for `compare`.

    Returns:
        For each model a mapping of layer to `(samples, units)`, float32 at least;
        layers are named as in the first model.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If there are no models, they differ in their taps, the data are
            empty, endless without `steps` or do not fit the models, or activations
            are not finite.

    Example:
        >>> def network():
        ...     return keras.Sequential([
        ...         keras.Input((4,)), keras.layers.Dense(3, name="only")])
        >>> found = activations_of([network(), network()], np.ones((5, 4)), ["only"],
        ...                        verbose=0)
        >>> [activations["only"].shape for activations in found]
        [(5, 3), (5, 3)]
    """
    verbose = checked_verbose(verbose)
    batches = Batches(data, batch_size, steps=steps)
    models = checked_list("models", models, "a list of Keras models")
    for model in models:
        check_keras(model, "models")
    observed = [Observed(model, taps) for model in models]
    for other in observed:
        if other.units != observed[0].units:
            raise ValueError(
                "Every replicate must have the same layers, with as many units. "
                f"Received: models with the taps {_sizes(observed[0])} and "
                f"{_sizes(other)}."
            )
    parts: list[list[list[np.ndarray]]] = [[[] for _ in o.names] for o in observed]
    for number, x in each_batch(batches, verbose):
        for index, (one, kept) in enumerate(zip(observed, parts, strict=True)):
            found = one(x)
            check_finite(found, number, f"model {index}")
            for part, activations in zip(kept, found.values(), strict=True):
                part.append(activations)
    if not parts[0][0]:
        raise ValueError("`data` is empty: it holds not a single batch.")
    return [
        {
            name: np.concatenate(part)
            for name, part in zip(observed[0].names, kept, strict=True)
        }
        for kept in parts
    ]


class _MapTap(taps_module.Tap):
    """Observes the feature map, where a `Tap` observes its mean."""

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        _check_mask(inputs, mask)
        output, units = super().call(inputs, mask)
        rank = output.shape.rank
        axis = self.channel_axis % rank
        order = [*(i for i in range(rank) if i != axis), axis]
        return output, tf.cast(tf.transpose(output, order), units.dtype)

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        _check_mask(inputs, mask)
        output, units = super().compute_output_spec(inputs, mask)
        shape = list(inputs.shape)
        channels = shape.pop(self.channel_axis)
        return output, keras.KerasTensor((*shape, channels), dtype=units.dtype)


class _MappedModel(taps_module.TappedModel):
    """A model together with the feature maps of selected units."""

    tap_class: ClassVar[type[taps_module.Tap]] = _MapTap


def _check_mask(inputs: Any, mask: Any) -> None:
    if mask is not None and len(inputs.shape) == 3:
        raise ValueError(
            'spatial="positions" takes every position for a sample, and some are '
            'masked. Received: a layer with a Keras mask. Use spatial="mean", in '
            "which masked positions count for nothing."
        )


def _sizes(observed: Observed) -> str:
    return str(dict(zip(observed.names, observed.units, strict=True)))
