"""A result of finished runs, computed once and kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_selectivity.storage.archive import Archived
from keras_selectivity.storage.files import (
    UnusableFileError,
    remove_unfinished,
    unusable,
)
from recipes.runner.files import checksum, read_json, write_json
from recipes.runner.runs import Run


class Analysis:
    """A result in files, computed once by one process.

    Plain numbers are in a JSON file. A result of the library is in an archive of its
    own, with the ending `.npz`, and the JSON file has the checksum of that.

    Args:
        path: The JSON file, which need not exist.
        compute: Makes the result.
        describe: Says what was found.
        kind: Class of the result; None: numbers in lists and dictionaries.
        name: Unlike that of any other task; None: that of the file.
    """

    def __init__(
        self,
        path: Path,
        compute: Callable[[], Any],
        describe: Callable[[Any], str],
        kind: type[Archived] | None = None,
        name: str | None = None,
    ) -> None:
        self.path = path
        self.archive = path.with_suffix(".npz")
        self.compute = compute
        self.describe = describe
        self.kind = kind
        self.name = name or path.stem

    @classmethod
    def of(
        cls,
        run: Run,
        stem: str,
        compute: Callable[[Run], Any],
        describe: Callable[[Any], str],
        kind: type[Archived] | None = None,
    ) -> "Analysis":
        """An analysis of one run, in its folder."""
        return cls(
            run.folder / f"{stem}.json",
            lambda: compute(run),
            describe,
            kind,
            f"{stem}_{run.name}",
        )

    @property
    def finished(self) -> bool:
        """Whether the result is there, and whole."""
        return self.found is not None

    @property
    def found(self) -> Any:
        """The result; None if it is not there, or damaged."""
        try:
            return self.read()
        except (FileNotFoundError, UnusableFileError):
            return None

    def read(self) -> Any:
        """The result.

        Raises:
            FileNotFoundError: If it is not there.
            ValueError: If it is damaged, or of other runs.
        """
        content = read_json(self.path)
        if not self.kind:
            return content
        if content.get("archive") != checksum(self.archive):
            problem = "is damaged, or another file in its place"
            raise unusable(
                self.archive, problem, "Remove it, and run the command again"
            )
        return self.kind.load(self.archive)

    @property
    def line(self) -> str:
        """What was found, in a few words."""
        found = self.found
        return "" if found is None else self.describe(found)

    def do(self, say: Callable[[str], None]) -> None:
        """Compute it, and write it."""
        self.write(self.compute())

    def write(self, found: Any) -> None:
        """Keep a result."""
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        for path in (self.path, self.archive):
            remove_unfinished(folder, path.name)
        if self.kind:
            found.save(self.archive)
            found = {"archive": checksum(self.archive)}
        write_json(self.path, found)
