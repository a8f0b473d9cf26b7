"""Results in files: arrays and a header, whole or not at all, no pickles.

A file is what `numpy.savez` writes, and two members more: `header.json`, which says
what the file is and states every array's name, dtype and shape, and `sha256`, the
checksum of the header and of the arrays' bytes. Nothing is compressed: activations
hardly get smaller, it takes twenty times as long, and a file cannot claim to hold
more than its own size.
"""

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np

from keras_selectivity.checks import checked_kind, checked_path, checked_real, received
from keras_selectivity.storage.files import replacing, unusable

_HEADER, _CHECKSUM = "header.json", "sha256"
# What may be read before anything is known of a file.
_LONGEST_HEADER = 2**24
# The description that NumPy puts before an array.
_LONGEST_DESCRIPTION = 2**14
# How far a mean of many numbers may lie beyond them.
_ROUNDING = 1e-6


class Archived:
    """Base of results that can be saved and loaded.

    A subclass names its format, gives its arrays and what else it holds, and
    makes an equal result of them. It checks them as it does those of a user: what
    `_restored` raises says that the file cannot be used.
    """

    #: What the file says it is, and the version of its layout.
    file_format: ClassVar[str]
    file_version: ClassVar[int] = 2
    #: What to do about a damaged file.
    remedy: ClassVar[str] = "Run the analysis again"

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The result as a plain dictionary of arrays."""
        raise NotImplementedError

    def _header(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result to a file, whole or not at all.

        Args:
            path: A name that ends in `.npz`.

        Raises:
            ValueError: If it does not.
        """
        header = {"format": self.file_format, "version": self.file_version}
        write(path, {**header, **self._header()}, self.to_arrays())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a result that `save` wrote.

        Args:
            path: The file.

        Returns:
            An equal result.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, holds something else, or is of a
                version that this package does not know.
        """
        header, arrays = read(path, cls.file_format, cls.file_version, cls.remedy)
        try:
            return cls._restored(header, arrays)
        except Exception as error:  # Content that `save` would not have written.
            raise unusable(path, f"is damaged: {_said(error)}", cls.remedy) from error


def write(
    path: str | os.PathLike[str],
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Write a header and arrays to a file, whole or not at all.

    Args:
        path: A name that ends in `.npz`.
        header: What JSON can hold.
        arrays: Arrays of numbers.

    Raises:
        ValueError: If the path does not end in `.npz`.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "result.npz")
        >>> write(path, {"format": "sums", "version": 1}, {"sum": np.ones(2)})
        >>> read(path, "sums", 1)[1]["sum"].tolist()
        [1.0, 1.0]
        >>> np.load(path)["sum"].tolist()
        [1.0, 1.0]
    """
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    stated = {n: [array.dtype.str, array.shape] for n, array in arrays.items()}
    text = json.dumps({**header, "arrays": stated}).encode()
    with replacing(check_path(path)) as file, zipfile.ZipFile(file, "w") as archive:
        # With a date of its own a file would differ each time that it is written.
        archive.writestr(zipfile.ZipInfo(_HEADER), text)
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
        archive.writestr(zipfile.ZipInfo(_CHECKSUM), _checksum(text, arrays))


def check_path(path: str | os.PathLike[str], argument: str = "path") -> str:
    """Raise for a path that could not be written.

    Args:
        path: What a user passed.
        argument: Its name, for the message.

    Returns:
        The path as text.

    Raises:
        TypeError: If it is none.
        ValueError: If it does not end in `.npz`, or its folder does not exist.

    Example:
        >>> check_path("result.npz")
        'result.npz'
    """
    path = check_ending(path, argument)
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise ValueError(
            f"`{argument}` must be in a folder that exists. {received(argument, path)} "
            f"Make {folder!r} first."
        )
    return path


def check_ending(path: str | os.PathLike[str], argument: str = "path") -> str:
    """Raise for a path that does not name an archive.

    Args:
        path: What a user passed.
        argument: Its name, for the message.

    Returns:
        The path as text.

    Raises:
        TypeError: If it is none.
        ValueError: If it does not end in `.npz`.

    Example:
        >>> check_ending("result.npz")
        'result.npz'
    """
    path = checked_path(argument, path)
    if not path.endswith(".npz"):
        raise ValueError(f"`{argument}` must end in .npz. {received(argument, path)}")
    return path


def read(
    path: str | os.PathLike[str],
    file_format: str,
    version: int,
    remedy: str = "Run the analysis again",
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write` wrote.

    Args:
        path: The file.
        file_format: The `format` that its header must name.
        version: The `version` that its header must name.
        remedy: What a reader of the error can do.

    Returns:
        `(header, arrays)`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, of another format or version.
    """
    path = checked_path("path", path)
    kind = file_format.removeprefix("keras_selectivity ")
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"There is no {kind} {path!r}. Received: path={path!r}."
        )
    with open(path, "rb") as file:
        try:
            archive = _Reader(file)
        except Exception as error:  # A damaged archive fails in a dozen ways.
            problem = f"is no {kind}, or damaged: {_said(error)}"
            raise unusable(path, problem, remedy) from error
        header = archive.header
        if (header.get("format"), header.get("version")) != (file_format, version):
            raise unusable(
                path,
                f"is of format {header.get('format')!r}, version "
                f"{header.get('version')!r}; this package reads {file_format!r}, "
                f"version {version}",
                f"{remedy}, or install the package that wrote it",
            )
        try:
            return header, archive.arrays()
        except Exception as error:
            problem = f"is a {kind} that is damaged: {_said(error)}"
            raise unusable(path, problem, remedy) from error


def checked_array(
    name: str,
    values: Any,
    shape: Sequence[int | None],
    *,
    dtype: type | None = np.float64,
    least: float = -math.inf,
    most: float = math.inf,
    finite: bool = True,
) -> np.ndarray:
    """What a result holds, if it can be that.

    Args:
        name: For the message.
        values: Numbers.
        shape: That they must have; None for an axis of any length.
        dtype: What they are to be: float64; int64, for which they must be integers; or
            None, for what they are.
        least: The lowest that is allowed, up to rounding.
        most: The highest.
        finite: Whether none may be NaN or infinite.

    Returns:
        An array.

    Raises:
        TypeError: If they are no numbers.
        ValueError: If they are others.

    Example:
        >>> checked_array("accuracy", [[1, 0.5]], (None, 2), least=0, most=1)
        array([[1. , 0.5]])
    """
    lengths = ", ".join("any" if length is None else str(length) for length in shape)
    integers = dtype is np.int64
    kind = "integers" if integers else "finite numbers" if finite else "numbers"
    wanted = f"`{name}` must be {kind} of shape ({lengths})"
    array = checked_real(name, values, booleans=dtype is not np.int64)
    fits = array.ndim == len(shape) and all(
        length in (None, found)
        for length, found in zip(shape, array.shape, strict=True)
    )
    # NumPy takes an empty list for one of floats.
    kinds = "iu" if integers and array.size else "biuf"
    if not fits or array.dtype.kind not in kinds:
        raise ValueError(f"{wanted}. Received: {array.dtype} of shape {array.shape}.")
    good = (array >= least - _ROUNDING) & (array <= most + _ROUNDING)
    good = good & np.isfinite(array) if finite else good | np.isnan(array)
    if not good.all():
        bounds = f", at least {least:g}" if least > -math.inf else ""
        bounds += f", at most {most:g}" if most < math.inf else ""
        raise ValueError(f"{wanted}{bounds}. Received: {array[~good].flat[0]!s}.")
    return array.astype(dtype or array.dtype, copy=False)


def checked_units(
    name: str, values: Mapping[str, Mapping[str, Any]], *, finite: bool
) -> dict[str, dict[str, np.ndarray]]:
    """Quantities of the units of layers, if they can be that.

    Args:
        name: For the message.
        values: For each layer and quantity `(units,)` numbers.
        finite: Whether none may be NaN or infinite.

    Returns:
        The same, as float64.

    Raises:
        ValueError: If there is none, the layers do not hold the same quantities, or
            the quantities of a layer are not of the same units.

    Example:
        >>> checked_units("values", {"a": {"si": [0, 1]}}, finite=True)
        {'a': {'si': array([0., 1.])}}
    """
    for found in values.values():
        checked_kind(name, found, Mapping, "a mapping of layers to mappings of arrays")
    held = {layer: sorted(found) for layer, found in values.items()}
    first = next(iter(held.values()), [])
    if not first or any(keys != first for keys in held.values()):
        raise ValueError(
            f"`{name}` must hold a layer and a quantity at least, and the same "
            f"quantities for every layer. {received(name, held)}"
        )
    checked: dict[str, dict[str, np.ndarray]] = {}
    for layer, found in values.items():
        units = None
        checked[layer] = {}
        for key, numbers in found.items():
            called = f"{name}[{layer!r}][{key!r}]"
            array = checked_array(called, numbers, (units,), finite=finite)
            checked[layer][key], units = array, len(array)
    return checked


class _Reader:
    """An archive of which nothing is read before its size is known to be right."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(file)
        self._members = {info.filename: info for info in self._archive.infolist()}
        size = file.seek(0, os.SEEK_END)
        if "header.npy" in self._members:
            raise ValueError("it has no checksum, an older version wrote it")
        if any(info.compress_type for info in self._members.values()):
            raise ValueError("it is compressed")
        # Members that lie over one another could hold more than the file.
        if sum(info.file_size for info in self._members.values()) > size:
            raise ValueError("it claims to hold more than its own size")
        self._text = self._read(_HEADER, _LONGEST_HEADER)
        self.header = json.loads(self._text)
        stated = self.header.pop("arrays")
        self._stated = {n: (np.dtype(d), tuple(s)) for n, (d, s) in stated.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays, whose checksum is right."""
        names = {f"{name}.npy" for name in self._stated}
        if names | {_HEADER, _CHECKSUM} != set(self._members):
            raise ValueError("its header does not state what it holds")
        arrays = {name: self._array(name) for name in self._stated}
        expected = self._read(_CHECKSUM, 64).decode()
        if _checksum(self._text, arrays) != expected:
            raise ValueError("its checksum is not that of its content")
        return arrays

    def _array(self, name: str) -> np.ndarray:
        dtype, shape = self._stated[name]
        bytes_ = math.prod(shape) * dtype.itemsize
        info = self._members[f"{name}.npy"]
        if not 0 <= info.file_size - bytes_ <= _LONGEST_DESCRIPTION:
            raise ValueError(f"{name!r} has another size than its header states")
        with self._archive.open(info) as stream:
            np.lib.format.read_magic(stream)
            described = np.lib.format.read_array_header_1_0(stream)
            if described != (shape, False, dtype):
                raise ValueError(f"{name!r} is not what its header states")
            stream.seek(0)
            return np.lib.format.read_array(stream, allow_pickle=False)

    def _read(self, member: str, longest: int) -> bytes:
        info = self._members[member]
        if info.file_size > longest:
            raise ValueError(f"{member!r} is too long")
        return self._archive.read(info)


def _checksum(header: bytes, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the header's text and of the arrays' bytes, in its order."""
    found = hashlib.sha256(header)
    for array in arrays.values():
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _said(error: Exception) -> str:
    """What an error says, without its full stop."""
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return str(error).rstrip(".") or type(error).__name__
