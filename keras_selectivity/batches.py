"""Data in every form that `fit` takes, as batches that can be gone through again."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_batch_size, checked_steps


class Batches:
    """Batches `(x, y, sample_weight)` of a data set.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a
            `PyDataset`, or anything that can be iterated and gives such tuples.
        batch_size: For arrays; None: 256.
        argument: What a user calls the data, for messages.
        again: Whether the data must be gone through more than once.

    Raises:
        TypeError: If the data can not be iterated.
        ValueError: If they are empty, endless, of unequal lengths, or can be
            iterated only once and `again` is true.

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
    ) -> None:
        check_data(data, argument)
        self._data = data
        self._size = checked_batch_size(batch_size) or 256
        if hasattr(data, "__array__"):
            data = (data,)
        if isinstance(data, (tuple, list)):
            self._data = keras.tree.map_structure(_array, tuple(data))
            self._samples = _common_length(self._data, argument)
        elif not hasattr(data, "cardinality") and not isinstance(
            data, keras.utils.PyDataset
        ):
            self._check_iterable(argument, again)

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        for batch in self._raw():
            yield keras.utils.unpack_x_y_sample_weight(batch)

    def __len__(self) -> int:
        """Number of batches, 0 where the data do not tell."""
        if isinstance(self._data, tuple):
            return -(-self._samples // self._size)
        if hasattr(self._data, "cardinality"):
            return max(int(self._data.cardinality()), 0)
        if isinstance(self._data, keras.utils.PyDataset):
            return self._data.num_batches or 0
        return len(self._data) if hasattr(self._data, "__len__") else 0

    def _raw(self) -> Iterator[Any]:
        if isinstance(self._data, tuple):
            for start in range(0, self._samples, self._size):
                part = slice(start, start + self._size)
                yield keras.tree.map_structure(
                    lambda a, part=part: None if a is None else a[part], self._data
                )
        elif isinstance(self._data, keras.utils.PyDataset):
            for index in range(self._data.num_batches):
                yield self._data[index]
        else:
            yield from self._data

    def _check_iterable(self, argument: str, again: bool) -> None:
        try:
            once = iter(self._data) is self._data
        except TypeError as error:
            raise TypeError(
                f"`{argument}` must be (x, y) arrays, a `tf.data.Dataset` or a "
                f"`PyDataset`. Received: {type(self._data).__name__}."
            ) from error
        if once and again:
            raise ValueError(
                f"`{argument}` must be data that can be iterated more than once, "
                "and this analysis goes through them again. Received: "
                f"{type(self._data).__name__}, which is used up after one pass. Pass "
                "arrays, a `tf.data.Dataset` or a `PyDataset`."
            )


def _array(leaf: Any) -> np.ndarray | None:
    if leaf is None:
        return None
    return np.atleast_1d(np.asarray(leaf))


def _common_length(arrays: Any, argument: str) -> int:
    lengths = {len(array) for array in keras.tree.flatten(arrays) if array is not None}
    if len(lengths) != 1:
        raise ValueError(
            f"`{argument}` must hold arrays of one length. Received: lengths "
            f"{sorted(lengths)}."
        )
    return lengths.pop()


def check_data(data: Any, argument: str = "data", steps: int | None = None) -> None:
    """Raise for data that hold nothing, or never end, where that can be told.

    Args:
        data: What `measure` takes.
        argument: What a user calls the data, for messages.
        steps: How many batches will be taken of them; None: all.

    Raises:
        TypeError: If `steps` is no integer.
        ValueError: If `data` is None, holds no samples, or has no end and there are
            no `steps`; or if `steps` is below 1.

    Example:
        >>> check_data(([], []))
        Traceback (most recent call last):
        ...
        ValueError: `data` must hold samples with labels, as (x, y) or a data set. \
Received: no samples.
    """
    batches: int | None = None
    if hasattr(data, "cardinality"):
        batches = int(data.cardinality())
    elif isinstance(data, tuple) and data and hasattr(data[0], "__len__"):
        batches = len(data[0])
    if data is None or batches == 0:
        raise ValueError(
            f"`{argument}` must hold samples with labels, as (x, y) or a data set. "
            f"Received: {'None' if data is None else 'no samples'}."
        )
    endless = batches == tf.data.INFINITE_CARDINALITY or (
        isinstance(data, keras.utils.PyDataset) and data.num_batches is None
    )
    if checked_steps(steps) is None and endless:
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
