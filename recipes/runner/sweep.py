"""Many trainings and analyses, shared by as many processes as there are."""

import dataclasses
import itertools
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from filelock import FileLock, Timeout

from keras_selectivity.checks import received
from recipes.runner import ending
from recipes.runner.settings import Settings

#: How long a process that has nothing left to begin waits for the others.
PATIENCE = 2.0


@dataclasses.dataclass(frozen=True)
class Sweep:
    """Trainings that differ in some fields.

    Attributes:
        base: What they have in common.
        vary: For each field its values; every combination is a training.

    Example:
        >>> base = Settings(data="digits", model="mlp", epochs=1, batch_size=8,
        ...                 learning_rate=0.1)
        >>> sweep = Sweep(base, {"alpha": (-1, 0), "seed": (0, 1, 2)})
        >>> len(sweep.settings)
        6
        >>> sweep.override({"seed": (7,)}, epochs=2).settings[0].epochs
        2
    """

    base: Settings
    vary: Mapping[str, Sequence[Any]]

    @property
    def settings(self) -> list[Settings]:
        """Of every training, the last field varying fastest."""
        return [
            self.base.replace(**dict(zip(self.vary, values, strict=True))).effective
            for values in itertools.product(*self.vary.values())
        ]

    def override(self, vary: Mapping[str, Sequence[Any]], **changes: Any) -> "Sweep":
        """The same with other values."""
        if twice := sorted(vary.keys() & changes.keys()):
            raise ValueError(
                f"`{twice[0]}` must not be changed twice. {received('vary', vary)} "
                f"{received(twice[0], changes[twice[0]])}"
            )
        kept = {
            name: vary.get(name, values)
            for name, values in self.vary.items()
            if name not in changes
        }
        return Sweep(self.base.replace(**changes), kept)


class Task(Protocol):
    """A training or an analysis: what can be done once, by one process."""

    @property
    def name(self) -> str:
        """Unlike that of any other task in the folder."""

    @property
    def path(self) -> Path:
        """The file that is there once it is finished."""

    @property
    def finished(self) -> bool:
        """Whether its result is there, and whole."""

    @property
    def line(self) -> str:
        """What it found, in a few words."""

    def do(self, say: Callable[[str], None]) -> None:
        """Do it, telling what is being done."""


class Shared(NamedTuple):
    """What became of tasks: names of those that failed, and how many are left."""

    failed: list[str]
    left: int


def share(
    tasks: Sequence[Task],
    folder: Path,
    *,
    quiet: bool = False,
    most: int | None = None,
    failures: Path | None = None,
) -> Shared:
    """Do what no process has done, together with those that do the same.

    A task is locked by the process that works at it, and free again when that
    process ends, however it ends. Returns when all are finished, or have failed.

    Args:
        tasks: What is to be done.
        folder: Of the runs; has the locks in `.locks`.
        quiet: Whether to print nothing but failures.
        most: How many to do here before it returns; None: all.
        failures: Folder in which processes note what has failed, so that none tries
            it again; None: another process may.

    Raises:
        Unusable: If no task can be done, such as on a full disk.
    """
    locks = folder / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    left = [task for task in tasks if not task.finished]
    progress = Progress(tasks, quiet)
    here = 0
    failed: list[str] = []
    while left and here != most:
        before = here
        for task in list(left):
            try:
                with FileLock(locks / f"{task.name}.lock", timeout=0):
                    if task.finished:
                        progress.ended(task)
                    elif not (failures and (failures / task.name).exists()):
                        here += 1
                        if not _done(task, progress):
                            failed.append(task.name)
                            if failures:
                                (failures / task.name).touch()
            except Timeout:
                continue
            left.remove(task)
            if here == most:
                break
        if left and here == before:
            time.sleep(PATIENCE)
    return Shared(failed, len(left))


def _done(task: Task, progress: "Progress") -> bool:
    """Whether it went well; what went wrong is printed, and others go on."""
    progress.begun(task)
    try:
        with ending.mendable(task.path.parent):
            task.do(lambda what: progress.says(task, what))
    except (ending.Unusable, BrokenPipeError):
        raise
    except Exception:
        print(f"\n{task.name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return False
    progress.ended(task)
    return True


class Progress:
    """Lines about tasks that several processes share, with the time that is left.

    Args:
        tasks: All of them.
        quiet: Whether to print nothing.
    """

    def __init__(self, tasks: Sequence[Task], quiet: bool = False) -> None:
        self.tasks = tasks
        self.quiet = quiet
        self._before = self.there
        self._start = self._said = time.monotonic()
        if self._before:
            self._print(f"{self._counted(self._before)} already there")

    @property
    def there(self) -> int:
        """How many have their result, whoever made it."""
        return sum(task.path.exists() for task in self.tasks)

    def begun(self, task: Task) -> None:
        """One begins here."""
        # A terminal's line is written over; a file's lines stay.
        if sys.stdout.isatty():
            self._say(task, "begins")

    def says(self, task: Task, what: str) -> None:
        """One that is under way tells how far it is; not every word is passed on."""
        patience = 0.2 if sys.stdout.isatty() else 30
        if time.monotonic() - self._said >= patience:
            self._say(task, what)

    def ended(self, task: Task) -> None:
        """One has ended, here or in another process."""
        self._print(f"{self._counted(self.there)} {task.name}: {task.line} {self.left}")

    @property
    def left(self) -> str:
        """How long the rest will take, at the pace of all processes so far."""
        there = self.there
        rest, done = len(self.tasks) - there, there - self._before
        if not rest or not done:
            return ""
        seconds = (time.monotonic() - self._start) / done * rest
        hours, minutes = divmod(round(seconds / 60), 60)
        if hours:
            return f"(about {hours} h {minutes} min left)"
        return (
            f"(about {minutes} min left)"
            if minutes
            else f"(about {seconds:.0f} s left)"
        )

    def _say(self, task: Task, what: str) -> None:
        self._said = time.monotonic()
        text = f"{self._counted(self.there + 1)} {task.name}: {what}"
        self._print(text[:110].ljust(110), end="\r" if sys.stdout.isatty() else "\n")

    def _counted(self, number: int) -> str:
        total = len(self.tasks)
        return f"[{min(number, total):{len(str(total))}}/{total}]"

    def _print(self, text: str, end: str = "\n") -> None:
        if not self.quiet:
            print(text, end=end, flush=True)
