"""Files that appear whole or not at all, and errors for those that cannot be used."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from typing import BinaryIO

_UNFINISHED = re.compile(r"\.unfinished-[0-9a-f]{16}-(.*)", re.DOTALL)


class UnusableFileError(ValueError):
    """A file is damaged, or is not what was asked for.

    The message names the file, says what is wrong with it and what to do.

    Example:
        >>> str(unusable("r.npz", "is damaged", "Measure again"))
        "'r.npz' is damaged. Measure again."
    """


def unusable(
    path: str | os.PathLike[str], problem: str, remedy: str
) -> UnusableFileError:
    """The error for a file, in the form that all of them have.

    Args:
        path: The file.
        problem: What is wrong, as the end of a sentence that begins with the path.
        remedy: What to do, without the full stop.

    Returns:
        An error to raise.

    Example:
        >>> str(unusable("report.npz", "is empty", "Measure again"))
        "'report.npz' is empty. Measure again."
    """
    return UnusableFileError(f"{os.fspath(path)!r} {problem}. {remedy}.")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A new file to write to, which takes the place of `path` at the end, whole.

    It is beside `path`, under a name that nobody can foresee, and is made by this
    process or not at all, so that no link is followed. Its content is on the disk
    before it gets its name. After an error nothing is left of it, and `path` is as
    it was.

    Args:
        path: The file that is to be.

    Yields:
        The file, open for writing and reading; its `name` ends like `path`.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "note.txt")
        >>> with replacing(path) as file:
        ...     count = file.write(b"all of it")
        >>> path.read_text(), os.listdir(path.parent)
        ('all of it', ['note.txt'])
    """
    folder, name = os.path.split(os.fspath(path))
    token = secrets.token_hex(8)
    unfinished = os.path.join(folder, f".unfinished-{token}-{name}")
    with open(unfinished, "x+b") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.remove(unfinished)
            raise


def remove_unfinished(folder: str | os.PathLike[str], name: str | None = None) -> None:
    """Remove what processes that were killed while they wrote have left.

    For files that no other process is writing now.

    Args:
        folder: Where they wrote; it need not exist.
        name: Of the file that they wrote; None: any.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> left = f".unfinished-{'0' * 16}-report.npz"
        >>> open(os.path.join(folder, left), "x").close()
        >>> remove_unfinished(folder, "curve.npz")
        >>> os.listdir(folder) == [left]
        True
        >>> remove_unfinished(folder, "report.npz")
        >>> os.listdir(folder)
        []
    """
    folder = os.fspath(folder) or os.curdir
    if not os.path.isdir(folder):
        return
    for entry in os.listdir(folder):
        match = _UNFINISHED.fullmatch(entry)
        if match and name in (None, match[1]):
            os.remove(os.path.join(folder, entry))
