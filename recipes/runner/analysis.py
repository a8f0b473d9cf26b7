"""A result of finished runs, computed once and kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_selectivity.storage.files import UnusableFileError, remove_unfinished
from recipes.runner.files import read_json, write_json


class Analysis:
    """A result in a file, computed once by one process.

    Args:
        path: The file, which need not exist.
        compute: Makes what the file is to hold, plain numbers in lists.
        describe: Says what was found.
        name: Unlike that of any other task; None: that of the file.
    """

    def __init__(
        self,
        path: Path,
        compute: Callable[[], dict[str, Any]],
        describe: Callable[[dict[str, Any]], str],
        name: str | None = None,
    ) -> None:
        self.path = path
        self.compute = compute
        self.describe = describe
        self.name = name or path.stem

    @property
    def finished(self) -> bool:
        """Whether the file is there, and whole."""
        return self.found is not None

    @property
    def found(self) -> dict[str, Any] | None:
        """What the file holds; None if it is not there, or damaged."""
        try:
            return read_json(self.path)
        except (FileNotFoundError, UnusableFileError):
            return None

    @property
    def line(self) -> str:
        """What was found, in a few words."""
        return self.describe(self.found) if self.found else ""

    def do(self, say: Callable[[str], None]) -> None:
        """Compute it, and write it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(self.path.parent, self.path.name)
        write_json(self.path, self.compute())
