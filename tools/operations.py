"""Ends a process just before one of its operations on files, as SIGKILL would.

For the checks of what is left behind: every moment in which files are replaced comes
up, not only those that chance finds.
"""

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def die_at(number: int, folder: Path, log: Path) -> None:
    """Kill this process before its n-th operation on the files of a folder.

    Operations are: a file is opened to be written, or to be verified; it is synced
    (where the process dies, half of it is lost, as if it had died while it wrote); it
    gets its name; it is removed; a folder is made or removed.

    Args:
        number: Of the operation, from 1; 0 for none.
        folder: Where they are counted.
        log: Gets a line for each. It must not be in the folder.
    """
    line_by_line = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    count = 0

    def before(operation: str, path: str) -> bool:
        """Count an operation; whether the process is to die."""
        nonlocal count
        if not path.startswith(f"{folder}{os.sep}") or ".locks" in path:
            return False
        count += 1
        name = re.sub("[0-9a-f]{16}", "*", os.path.relpath(path, folder))
        os.write(line_by_line, f"{operation} {name}\n".encode())
        return count == number

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS and before(_EVENTS[event], _path(event, arguments)):
            os.kill(os.getpid(), signal.SIGKILL)

    def sync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if before("half of", path):
            os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        really_sync(descriptor)

    really_sync = os.fsync
    os.fsync = sync  # type: ignore[assignment]
    sys.addaudithook(hook)


_EVENTS = {
    "open": "open",
    "os.rename": "name",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "os.mkdir": "make",
}


def _path(event: str, arguments: tuple[Any, ...]) -> str:
    """What an event is about."""
    path = arguments[0]
    if not isinstance(path, (str, os.PathLike)):
        return ""
    # A whole folder is removed name by name.
    inside = event in ("os.remove", "os.rmdir") and arguments[1] >= 0
    folder = os.readlink(f"/proc/self/fd/{arguments[1]}") if inside else ""
    return os.path.join(folder, path)


def check(
    root: Path,
    count: int,
    work: Callable[[Path], None],
    differences: Callable[[Path, Path], list[str]],
) -> int:
    """Kill work at many of its operations, do it again, compare with it undisturbed.

    Prints a line a time.

    Args:
        root: Takes the folders of every time.
        count: At how many operations, spread evenly over all that there are.
        work: Works in a folder, or goes on there.
        differences: What is not the same in a folder and in the undisturbed one.

    Returns:
        How often anything was different, or left over.
    """
    never = root / "never"
    if _forked(work, never, 0):
        raise RuntimeError("What was not to be killed failed.")
    total = len(_operations(never))
    print(f"never killed: {total} operations", flush=True)
    failed = 0
    for number in spread(total, count):
        folder = root / str(number)
        statuses = _forked(work, folder, number), _forked(work, folder, 0)
        bad = [] if statuses == (-signal.SIGKILL, 0) else [f"statuses {statuses}"]
        bad += differences(folder, never)
        bad += [f"left: {path.name}" for path in folder.rglob(".unfinished-*")]
        failed += bool(bad)
        verdict = f"DIFFERENT: {bad[:3]}" if bad else "the same, bit for bit"
        died = _operations(folder)[number - 1]
        print(f"{number:3}: before `{died}`: {verdict}", flush=True)
    return failed


def spread(total: int, count: int) -> list[int]:
    """Numbers from 1 to a total, spread evenly.

    Example:
        >>> spread(10, 4), spread(3, 9)
        ([1, 4, 7, 10], [1, 2, 3])
    """
    if count >= total:
        return list(range(1, total + 1))
    return [1 + round(i * (total - 1) / (count - 1)) for i in range(count)]


def _operations(folder: Path) -> list[str]:
    return folder.with_suffix(".log").read_text().splitlines()


def _forked(work: Callable[[Path], None], folder: Path, number: int) -> int:
    """Status of a process of its own, which begins with what this one has imported."""
    folder.mkdir(exist_ok=True)
    process = os.fork()
    if not process:
        status = 1
        try:
            die_at(number, folder, folder.with_suffix(".log"))
            work(folder)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
