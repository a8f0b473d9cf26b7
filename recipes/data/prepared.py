"""Data sets on disk, prepared by one process while others wait."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from recipes.runner.ending import Unusable, trouble


def prepared(make: Callable[[], Any]) -> Any:
    """A builder whose data is on disk: downloaded and written, if it was not."""
    builder = make()
    if builder.is_prepared():
        return builder
    folder = Path(builder.data_dir)
    with _alone(folder, f"{builder.name} is prepared"):
        # Made anew, it knows of what was prepared meanwhile.
        builder = make()
        if not builder.is_prepared():
            _remove_unfinished(folder)
            _prepare(builder, folder)
    return builder


@contextlib.contextmanager
def _alone(folder: Path, what: str) -> Iterator[None]:
    """While no other process is here; the lock of one that was killed is free."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Waiting until {what} by another process, in {folder}", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove_unfinished(folder: Path) -> None:
    """What a process that was killed has written: as large as the data set."""
    for place in folder.parent.glob(f"incomplete.*_{folder.name}"):
        shutil.rmtree(place)


def _prepare(builder: Any, folder: Path) -> None:
    if folder.exists():
        raise Unusable(
            f"{folder} holds no data set that can be read. Remove it: then "
            f"{builder.name} is prepared anew."
        )
    try:
        builder.download_and_prepare()
    # Whatever it is, it ends every task that needs the data.
    except Exception as error:
        why = trouble(error, folder) or " ".join(str(error).split())
        raise Unusable(f"{builder.name} cannot be prepared: {why}") from error
