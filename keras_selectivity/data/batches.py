"""Data in every form that `fit` takes, as batches that can be gone through again."""

import itertools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_batch_size, checked_steps, received
from keras_selectivity.network import graph

# What the entries of `(x, y, sample_weight)` are called in messages.
_PARTS = ("x", "y", "sample_weight")


class Batches:
    """Batches `(x, y, sample_weight)` of a data set.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a
            `PyDataset`, or anything that can be iterated and gives such tuples.
        batch_size: For arrays; None: 256.
        argument: What a user calls the data, for messages.
        again: Whether the data must be gone through more than once.
        steps: How many batches to take; None: all. Data that end before are taken
            whole.

    Attributes:
        argument: As given.
        arrays: The samples that are taken, as `(x, y, sample_weight)`, where the
            data are arrays; or None.

    Raises:
        TypeError: If the data cannot be iterated, or hold something else than
            arrays.
        ValueError: If they are empty, endless without `steps`, of unequal lengths,
            or can be iterated only once and `again` is true.

    Example:
        >>> batches = Batches((np.zeros((5, 2)), np.arange(5)), batch_size=3)
        >>> [len(y) for x, y, weight in batches], len(batches)
        ([3, 2], 2)
    """

    def __init__(
        self,
        data: Any,
        batch_size: int | None = None,
        argument: str = "data",
        again: bool = False,
        steps: int | None = None,
    ) -> None:
        check_data(data, argument, steps, again)
        self.argument = argument
        self.arrays: tuple[Any, Any, Any] | None = None
        self._data = data
        self._size = checked_batch_size(batch_size) or 256
        self._steps = steps
        parts = _parts(data)
        if parts is not None:
            arrays = keras.tree.map_structure(_array, parts)
            samples = _common_length(arrays, argument)
            self._samples = min(samples, steps * self._size) if steps else samples
            kept = _rows(arrays, 0, self._samples)
            self.arrays = keras.utils.unpack_x_y_sample_weight(kept)

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        for batch in itertools.islice(self._raw(), self._steps):
            yield _unpacked(batch, self.argument)

    def __len__(self) -> int:
        """Number of batches, 0 where the data do not tell."""
        batches = self._held()
        return min(batches or self._steps, self._steps) if self._steps else batches

    def _held(self) -> int:
        """Number of batches of the data, 0 where they do not tell or never end."""
        if self.arrays is not None:
            return -(-self._samples // self._size)
        if hasattr(self._data, "cardinality"):
            return max(int(self._data.cardinality()), 0)
        if isinstance(self._data, keras.utils.PyDataset):
            return self._data.num_batches or 0
        return len(self._data) if hasattr(self._data, "__len__") else 0

    def _raw(self) -> Iterator[Any]:
        if self.arrays is not None:
            for start in range(0, self._samples, self._size):
                yield _rows(self.arrays, start, start + self._size)
        elif isinstance(self._data, keras.utils.PyDataset):
            held = self._data.num_batches
            for index in itertools.count() if held is None else range(held):
                yield self._data[index]
        else:
            yield from self._data


def check_data(
    data: Any, argument: str = "data", steps: int | None = None, again: bool = False
) -> None:
    """Raise for data that cannot be used, where that can be told at once.

    Args:
        data: What `measure` takes.
        argument: What a user calls the data, for messages.
        steps: How many batches will be taken of them; None: all.
        again: Whether the data must be gone through more than once.

    Raises:
        TypeError: If `data` are nothing of the kind, or hold something else than
            arrays; or if `steps` is no integer.
        ValueError: If `data` is None, holds no samples, has no end and there are no
            `steps`, or can be iterated only once and `again` is true; or if `steps`
            is below 1.

    Example:
        >>> check_data(([], []))
        Traceback (most recent call last):
        ...
        ValueError: `data` must hold samples with labels, as (x, y) or a data set. \
Received: no samples.
    """
    if data is None:
        raise ValueError(f"{_wanted(argument)} Received: None.")
    parts = _parts(data)
    if parts is not None:
        _check_arrays(parts, argument)
        inputs = keras.tree.flatten(parts[:1])
        held = _common_length(parts, argument) if any(map(_is_array, inputs)) else 0
    else:
        _check_iterable(data, argument, again)
        held = _cardinality(data)
    if held == 0:
        raise ValueError(f"{_wanted(argument)} Received: no samples.")
    if checked_steps(steps) is None and held == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"`{argument}` is an endless data set: it repeats without end. Leave out "
            "`.repeat()`, or take a number of batches with `.take(batches)` or "
            f"`steps=batches`. Received: {type(data).__name__}."
        )


def are_arrays(x: Any) -> bool:
    """Whether the inputs of a model are arrays, and not a data set.

    Args:
        x: What a user passed as `x`.

    Returns:
        True for an array, and for a structure of arrays.

    Example:
        >>> are_arrays({"image": np.zeros((5, 8, 8, 1))})
        True
        >>> are_arrays(tf.data.Dataset.range(3))
        False
    """
    leaves = keras.tree.flatten(x)
    return bool(leaves) and all(hasattr(leaf, "__array__") for leaf in leaves)


def first_look(data: Any) -> tuple[Any, Any, Any]:
    """What of a data set can be looked at before all of it is taken.

    Args:
        data: What `check_data` has found to be good, and can be gone through again.

    Returns:
        `(x, y, sample_weight)`: all of arrays, and the first batch of a data set.

    Raises:
        ValueError: If there is no batch.

    Example:
        >>> x, y, sample_weight = first_look((np.zeros((5, 2)), np.arange(5)))
        >>> len(y)
        5
    """
    if _parts(data) is not None:
        return keras.utils.unpack_x_y_sample_weight(data)
    for batch in Batches(data, steps=1):
        return batch
    raise ValueError("`data` is empty: it holds not a single batch.")


def check_inputs(model: keras.Model, x: Any, argument: str = "data") -> None:
    """Raise for inputs that are not those of a model.

    Args:
        model: A built Functional or `Sequential` model.
        x: Inputs, as arrays; the first row is looked at.
        argument: What a user calls the data, for messages.

    Raises:
        ValueError: If there are more or fewer than the model takes, or of other
            shapes or dtypes.

    Example:
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(2)], name="net")
        >>> check_inputs(model, np.zeros((5, 3)))
        Traceback (most recent call last):
        ...
        ValueError: `data` does not fit the model 'net', whose inputs are float32 \
(None, 4). Received: float64 (5, 3).
    """
    # Takes data as the model does: by name, nested, of another dtype.
    intake = keras.Model(graph.ends(model)[0], list(model.inputs))
    try:
        # What the model warns of it says itself, when it runs.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            intake(_rows(x, 0, 1))
    except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"`{argument}` does not fit the model {model.name!r}, whose inputs are "
            f"{_described(graph.ends(model)[0])}. Received: {_described(x)}."
        ) from error


def not_finite(
    layers: Sequence[str], batch: int, argument: str = "data", model: str = ""
) -> ValueError:
    """The error for activations, or for an output, that are not finite.

    Args:
        layers: The layers whose activations are not, in graph order; empty where it
            is the output alone.
        batch: Number of the first batch in which they are not, from 0.
        argument: What a user calls the data.
        model: What a user calls the model, where there are several.

    Returns:
        The exception, to be raised.

    Example:
        >>> str(not_finite([], 3))
        'The output is not finite, first in batch 3 of `data` (counted from 0), and \
the activations of the tapped layers are. Look behind them: check the weights there.'
    """
    of = f" of `{model}`" if model else ""
    where = f"first in batch {batch} of `{argument}` (counted from 0)"
    if layers:
        return ValueError(
            f"The activations of {list(layers)}{of} are not finite, {where}. The first "
            "of these layers is where to look; check its weights and the data."
        )
    return ValueError(
        f"The output{of} is not finite, {where}, and the activations of the tapped "
        "layers are. Look behind them: check the weights there."
    )


def _parts(data: Any) -> tuple[Any, ...] | None:
    """The entries of `(x, y, sample_weight)` in arrays; None for a data set."""
    if isinstance(data, dict) or hasattr(data, "__array__"):
        return (data,)
    return tuple(data) if isinstance(data, (tuple, list)) else None


def _wanted(argument: str) -> str:
    return f"`{argument}` must hold samples with labels, as (x, y) or a data set."


def _cardinality(data: Any) -> int:
    """Number of batches of a data set; below 0 as `tf.data` has it."""
    if hasattr(data, "cardinality"):
        return int(data.cardinality())
    if isinstance(data, keras.utils.PyDataset):
        held = data.num_batches
        return tf.data.INFINITE_CARDINALITY if held is None else held
    return tf.data.UNKNOWN_CARDINALITY


def _check_arrays(parts: Sequence[Any], argument: str) -> None:
    """Raise unless `(x, y, sample_weight)` hold arrays, of numbers or of text."""
    if len(parts) > len(_PARTS):
        raise ValueError(
            f"`{argument}` must be (x,), (x, y) or (x, y, sample_weight). Received: "
            f"{len(parts)} entries. Make a `tf.data.Dataset` of a list of batches."
        )
    for name, part in zip(_PARTS, parts, strict=False):
        for leaf in keras.tree.flatten(part):
            if leaf is not None and not _is_array(leaf):
                raise TypeError(
                    f"`{name}` must be an array, or several, in `{argument}`. "
                    f"{received(name, part)} Pass `np.asarray({name})`."
                )
            if str(getattr(leaf, "dtype", "")) == "object" and not _holds_text(leaf):
                raise TypeError(
                    f"`{name}` must be an array of numbers in `{argument}`. Received: "
                    "an array of Python objects. Give it a dtype, and rows of one "
                    f"length: `{name}.astype('float32')`."
                )


def _check_iterable(data: Any, argument: str, again: bool) -> None:
    try:
        once = not isinstance(data, keras.utils.PyDataset) and iter(data) is data
    except TypeError:
        once = None
    if once is None or isinstance(data, (str, bytes)):
        raise TypeError(
            f"`{argument}` must be (x, y) arrays, a `tf.data.Dataset` or a "
            f"`PyDataset`. Received: {type(data).__name__}."
        )
    if once and again:
        raise ValueError(
            f"`{argument}` must be data that can be iterated more than once, because "
            f"they are gone through again. Received: {type(data).__name__}, which is "
            "used up after one pass. Pass arrays, a `tf.data.Dataset` or a "
            "`PyDataset`."
        )


def _unpacked(batch: Any, argument: str) -> tuple[Any, Any, Any]:
    parts = _parts(batch)
    _check_arrays((batch,) if parts is None else parts, argument)
    return keras.utils.unpack_x_y_sample_weight(batch)


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "shape") and tuple(leaf.shape) != ()


def _holds_text(array: Any) -> bool:
    return all(isinstance(value, (str, bytes)) for value in np.asarray(array).flat)


def _array(leaf: Any) -> np.ndarray | None:
    return None if leaf is None else np.asarray(leaf)


def _rows(arrays: Any, start: int, stop: int) -> Any:
    return keras.tree.map_structure(
        lambda array: None if array is None else array[start:stop], arrays
    )


def _common_length(arrays: Any, argument: str) -> int:
    leaves = [leaf for leaf in keras.tree.flatten(arrays) if leaf is not None]
    lengths = {leaf.shape[0] for leaf in leaves}
    if len(lengths) > 1:
        raise ValueError(
            f"`{argument}` must hold arrays of one length. Received: lengths "
            f"{sorted(lengths)}."
        )
    return lengths.pop() if lengths else 0


def _described(inputs: Any) -> str:
    """Shapes and dtypes of inputs, in their structure."""
    found = keras.tree.map_structure(
        lambda leaf: (
            "None"
            if leaf is None
            else f"{getattr(leaf.dtype, 'name', leaf.dtype)} {tuple(leaf.shape)}"
        ),
        inputs,
    )
    return str(found).replace("'", "")
