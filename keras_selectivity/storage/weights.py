"""Weights in files, with a checksum that is verified before they are used.

A file is what `keras.Model.save_weights` writes, and reads, followed by two lines: what
is known of it, as JSON, and the SHA-256 of all before. They are one file, so that a
process that is killed never leaves one without the other.
"""

import errno
import hashlib
import json
import math
import os
from typing import BinaryIO

import keras
import numpy as np

from keras_selectivity.storage.files import replacing, unusable

_REMEDY = "Make it again"
# Of the hexadecimal digits of the checksum, and the end of the line before.
_CHECKSUM = 65
_LONGEST_LINE = 4096
# What HDF5 takes beside the numbers, in bytes for every variable, and less.
_OVERHEAD = 4096


def save_weights(
    model: keras.Model, path: str | os.PathLike[str], **facts: str | int
) -> None:
    """Write the weights of a model, whole or not at all.

    Args:
        model: A model that is built.
        path: A name that ends in `.weights.h5`.
        **facts: What tells the file from others: `load_weights` asks for the same.

    Raises:
        OSError: If the disk is full.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> path = os.path.join(tempfile.mkdtemp(), "best.weights.h5")
        >>> save_weights(model, path, epochs=3)
        >>> load_weights(model, path, epochs=3)
        >>> model.load_weights(path)  # Keras reads it too, and does not verify it.
    """
    with replacing(path) as file:
        _reserve(model, file)
        model.save_weights(file.name, overwrite=True)
        known = {"facts": facts, "shapes": _shapes(model)}
        file.seek(0, os.SEEK_END)
        file.write(f"\n{json.dumps(known)}".encode())
        file.write(f"\n{_digest(file, file.tell())}".encode())


def load_weights(
    model: keras.Model,
    path: str | os.PathLike[str],
    remedy: str = _REMEDY,
    **facts: str | int,
) -> None:
    """Read what `save_weights` wrote into a model; a damaged file changes nothing.

    Args:
        model: A model of the same architecture.
        path: The file.
        remedy: What a reader of the error can do.
        **facts: What the file must say of itself.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, says something else of itself, or is of another
            model.
    """
    known, own = check_weights(path, remedy, **facts), _shapes(model)
    # A model without an optimizer takes the weights alone, and the other way round.
    if any(known[name] != own[name] for name in {*known} & {*own}):
        raise unusable(path, "is not of this model", remedy)
    try:
        model.load_weights(path)
    except Exception as error:  # Whole, of such variables, and yet of another model.
        raise unusable(path, f"is not of this model: {error}", remedy) from error


def check_weights(
    path: str | os.PathLike[str], remedy: str = _REMEDY, **facts: str | int
) -> dict[str, str]:
    """Raise for a file of weights that is damaged or another.

    Args:
        path: The file.
        remedy: As for `load_weights`.
        **facts: As for `load_weights`.

    Returns:
        What only models, and optimizers, of one architecture have in common.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or says something else of itself.
    """
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END) - _CHECKSUM
        file.seek(max(end, 0))
        if end < 0 or file.read() != f"\n{_digest(file, end)}".encode():
            problem = "is damaged, or has no checksum: it is not what was written"
            raise unusable(path, problem, remedy)
        file.seek(max(end - _LONGEST_LINE, 0))
        line = file.read(end - file.tell()).rpartition(b"\n")[2]
    known = json.loads(line)
    if known["facts"] != facts:
        problem = f"is of {known['facts']}, and not of {facts}"
        raise unusable(path, problem, remedy)
    return known["shapes"]


def _digest(file: BinaryIO, size: int) -> str:
    """SHA-256 of the first bytes of a file."""
    found = hashlib.sha256()
    file.seek(0)
    while size and (chunk := file.read(min(size, 2**20))):
        found.update(chunk)
        size -= len(chunk)
    return found.hexdigest()


def _shapes(model: keras.Model) -> dict[str, str]:
    """For the model, and its optimizer if it has one, what tells it from others."""
    found = {"model": model.weights}
    if getattr(model, "optimizer", None) is not None:
        found["optimizer"] = model.optimizer.variables
    return {
        name: hashlib.sha256(
            repr([tuple(v.shape) for v in variables]).encode()
        ).hexdigest()
        for name, variables in found.items()
    }


def _reserve(model: keras.Model, file: BinaryIO) -> None:
    """Raise if the disk, or a quota, has no room for the weights of a model.

    HDF5 would notice too late: it can then end Python with a segmentation fault.
    """
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    numbers = sum(
        math.prod(v.shape) * np.dtype(keras.backend.standardize_dtype(v.dtype)).itemsize
        for v in variables
    )
    size = numbers + _OVERHEAD * (len(variables) + 16)
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except AttributeError:  # Of this system.
        return
    except OSError as error:
        # Others say that the file system cannot reserve.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
