"""The unit activations of a whole data set, in memory or on disk."""

import tempfile
import threading
from typing import IO

import numpy as np

MEMORY_LIMIT = 2**30


class ResponseStore:
    """Collects unit activations and labels batch by batch.

    Beyond `MEMORY_LIMIT` (1 GiB) the activations go to a temporary file, which
    is read through a memory map and vanishes with the store.

    Args:
        units: Number of units.

    Example:
        >>> store = ResponseStore(2)
        >>> store.add(np.ones((3, 2)), np.arange(3), np.array([1.0, 0.0, 1.0]))
        >>> store.responses.shape, store.labels.tolist()
        ((2, 2), [0, 2])
    """

    def __init__(self, units: int) -> None:
        self._units = units
        # Replicas add from threads of their own.
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._batches: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._bytes = 0

    def add(
        self, activations: np.ndarray, labels: np.ndarray, weight: np.ndarray
    ) -> None:
        """Keep a batch.

        Args:
            activations: `(samples, units)`.
            labels: `(samples,)` int.
            weight: `(samples,)`; a sample of weight 0 is not kept.
        """
        kept = weight > 0
        batch = np.asarray(activations[kept], np.float32)
        with self._lock:
            self._labels.append(np.asarray(labels[kept], np.int64))
            self._keep(batch)

    def _keep(self, batch: np.ndarray) -> None:
        self._bytes += batch.nbytes
        if self._file is None and self._bytes > MEMORY_LIMIT:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it stays open)
            for earlier in self._batches:
                self._file.write(earlier.tobytes())
            self._batches = []
        if self._file is None:
            self._batches.append(batch)
        else:
            self._file.write(batch.tobytes())

    @property
    def responses(self) -> np.ndarray:
        """`(samples, units)` float32, a memory map where they are on disk."""
        if self._file is None:
            return np.concatenate(
                [np.zeros((0, self._units), np.float32), *self._batches]
            )
        self._file.flush()
        shape = (len(self.labels), self._units)
        return np.memmap(self._file, np.float32, mode="r", shape=shape)

    @property
    def labels(self) -> np.ndarray:
        """`(samples,)` int64."""
        return np.concatenate([np.zeros(0, np.int64), *self._labels])
