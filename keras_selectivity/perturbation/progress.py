"""Progress of a long analysis: shown, kept in a file, continued from it."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_selectivity.storage import archive
from keras_selectivity.storage.files import remove_unfinished, unusable

_FORMAT, _VERSION = "keras_selectivity checkpoint of an analysis", 2
_REMEDY = "Delete it to begin anew"
# An interrupted analysis loses at most about this much, and what it is in.
_SECONDS_BETWEEN_FILES = 2.0


class Progress:
    """Counts the steps of an analysis, and continues one that was interrupted.

    A step is one probe over one batch. Sums are kept with the number of steps
    that they hold, so that a continued analysis adds the very same numbers in
    the same order, and ends with the same result bit for bit.

    Args:
        sums: The arrays that the analysis adds to, in place.
        steps: Number of steps, 0 where it is not known.
        verbose: 0 for no progress bar.
        path: File to continue from and to write to, or None.
        identity: What makes the analysis what it is; arrays, variables and what
            has a `repr`.

    Raises:
        ValueError: If the file is damaged, or of another analysis.
    """

    def __init__(
        self,
        sums: Mapping[str, np.ndarray],
        steps: int,
        verbose: str | int = "auto",
        path: str | os.PathLike[str] | None = None,
        identity: Sequence[Any] = (),
    ) -> None:
        self._sums = sums
        self._path = None if path is None else os.fspath(path)
        self._steps = steps
        self._step = 0
        self._done = 0
        self._seen = ""
        self._seen_before = ""
        self._bar = (
            keras.utils.Progbar(steps or None, unit_name="step") if verbose else None
        )
        self._shown = 0.0
        self._written = time.monotonic()
        if self._path is not None:
            remove_unfinished(*os.path.split(archive.check_path(self._path)))
            self._identity = _digest(*identity)
            if os.path.exists(self._path):
                self._restore()

    @property
    def fresh(self) -> bool:
        """Whether nothing of the batch at hand is in the sums yet."""
        return self._done <= self._step

    def see(self, batch: Any) -> None:
        """Take note of a batch, so that other data are not taken for the same."""
        if self._path is not None:
            self._seen = _digest(self._seen, batch)

    def skip(self, steps: int) -> bool:
        """Pass over steps if all of them were done before."""
        last = self._step < self._done <= self._step + steps
        if last and self._seen_before:
            self._check_data()
        if self._step + steps > self._done:
            return False
        self._step += steps
        return True

    def advance(self) -> None:
        """Count a step that was done."""
        self._step += 1
        self._done = self._step
        # The terminal is slower than a step of a small network.
        now = time.monotonic()
        if self._bar is not None and now - self._shown > 0.1:
            self._bar.update(self._step, finalize=False)
            self._shown = now
        if self._path is not None and now - self._written > _SECONDS_BETWEEN_FILES:
            self._write()

    def finish(self) -> None:
        """The end of the data: nothing is left to continue."""
        if self._seen_before:
            self._check_data()
        if self._bar is not None:
            self._bar.update(self._step, finalize=True)
        if self._path is not None and os.path.exists(self._path):
            os.remove(self._path)

    def _check_data(self) -> None:
        if self._seen != self._seen_before:
            raise ValueError(
                f"The data are not those of the analysis in {self._path!r}, or come in "
                "another order. Use data that are the same at every pass (no "
                "shuffling), or delete the file to begin anew."
            )
        self._seen_before = ""

    def _write(self) -> None:
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "identity": self._identity,
            "seen": self._seen,
            "done": self._done,
        }
        archive.write(self._path or "", header, self._sums)
        self._written = time.monotonic()

    def _restore(self) -> None:
        path = self._path or ""
        header, arrays = archive.read(path, _FORMAT, _VERSION, _REMEDY)
        if header.get("identity") != self._identity:
            raise unusable(
                path,
                "is the checkpoint of another analysis: of other weights, units or "
                "settings",
                f"{_REMEDY}, or name another file",
            )
        done, seen = header.get("done"), header.get("seen")
        shapes = {name: total.shape for name, total in self._sums.items()}
        if (
            {name: array.shape for name, array in arrays.items()} != shapes
            or not all(np.isfinite(array).all() for array in arrays.values())
            or not (isinstance(done, int) and done >= 0)
            or not isinstance(seen, str)
        ):
            raise unusable(path, "does not hold sums of this analysis", _REMEDY)
        for name, total in self._sums.items():
            total[...] = arrays[name]
        self._done, self._seen_before = done, seen


def _digest(*parts: Any) -> str:
    found = hashlib.sha256()
    for part in keras.tree.flatten(parts):
        if hasattr(part, "__array__") or hasattr(part, "numpy"):
            array = np.ascontiguousarray(keras.ops.convert_to_numpy(part))
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(array.tobytes())
        else:
            found.update(repr(part).encode())
    return found.hexdigest()
