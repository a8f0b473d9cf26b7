"""Results in files: arrays and a header, whole or not at all, no pickles."""

import json
import os
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np


class Archived:
    """Base of results that can be saved and loaded.

    A subclass names its format, gives its arrays and what else it holds, and
    makes an equal result of them.
    """

    #: What the file says it is, and the version of its layout.
    file_format: ClassVar[str]
    file_version: ClassVar[int] = 1
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
        except KeyError as error:
            raise ValueError(
                f"{os.fspath(path)!r} is damaged: {error} is missing. {cls.remedy}."
            ) from error


def write(
    path: str | os.PathLike[str],
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    compressed: bool = True,
) -> None:
    """Write a header and arrays under a temporary name, then rename.

    Args:
        path: A name that ends in `.npz`.
        header: What JSON can hold.
        arrays: Arrays of numbers, by names other than `header`.
        compressed: Whether to trade time for size.

    Raises:
        ValueError: If the path does not end in `.npz`.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "result.npz")
        >>> write(path, {"format": "sums", "version": 1}, {"sum": np.ones(2)})
        >>> read(path, "sums", 1)[1]["sum"].tolist()
        [1.0, 1.0]
    """
    path = check_path(path)
    temporary = f"{path}.{os.getpid()}.tmp"
    savez: Any = np.savez_compressed if compressed else np.savez
    try:
        with open(temporary, "wb") as file:
            savez(file, header=json.dumps(header), **arrays)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def check_path(path: str | os.PathLike[str]) -> str:
    """Raise for a path that could not be written.

    Args:
        path: What a user passed.

    Returns:
        The path as text.

    Raises:
        ValueError: If it does not end in `.npz`, or its folder does not exist.

    Example:
        >>> check_path("result.npz")
        'result.npz'
    """
    path = os.fspath(path)
    if not path.endswith(".npz"):
        raise ValueError(f"`path` must end in .npz. Received: path={path!r}.")
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise ValueError(
            f"`path` must be in a folder that exists. Received: path={path!r}. "
            f"Make {folder!r} first."
        )
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
    path = os.fspath(path)
    kind = file_format.removeprefix("keras_selectivity ")
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no {kind} {path!r}.")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        known = header["format"] == file_format
    except Exception as error:  # A damaged archive fails in a dozen ways.
        raise ValueError(
            f"{path!r} is no {kind}, or damaged: {error}. {remedy}."
        ) from error
    if not known or header.get("version") != version:
        raise ValueError(
            f"{path!r} is of format {header['format']!r}, version "
            f"{header.get('version')!r}. This package reads {file_format!r}, version "
            f"{version}; {remedy[0].lower()}{remedy[1:]}, or install the package that "
            "wrote it."
        )
    return header, arrays
