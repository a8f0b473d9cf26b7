"""How a program of the recipes ends: in one line that says what a user can mend.

Nothing that takes time is imported here, since a program begins with it.
"""

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

#: Exit status of a program that cannot do what it was asked for.
UNUSABLE = 2
#: Seconds within which a process ends that has been told to.
GRACE = 10
STOPPED = (
    "Stopped. The same command goes on: finished runs are kept, and others go on from "
    "their last whole epoch."
)
#: Of a user, of the system, and of a terminal that is closed.
SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]

_CLOSED = "Change its permissions, or name another folder."
_FULL = "Make room, or name another folder; finished work is kept."
_NO_FOLDER = "A folder is needed there. Remove the file, or name another folder."
_ADVICE = {
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
}


class Unusable(OSError):
    """Says what no task of a command can do without, and how a user can mend it."""


def trouble(error: Exception, place: object = "") -> str | None:
    """What a user can mend of the file system, in one line; None for other errors.

    HDF5 and TensorFlow have errors of their own, with the system's words in them.
    """
    if isinstance(error, Unusable):
        return str(error)
    for number, advice in _ADVICE.items():
        words = os.strerror(number)
        if isinstance(error, OSError) and error.errno == number:
            return f"{error.filename or place}: {words}. {advice}"
        if advice != _NO_FOLDER and words in str(error):
            return f"{place}: {words}. {advice}"
    return None


@contextlib.contextmanager
def mendable(place: object) -> Iterator[None]:
    """Work at a place, of which an error that a user can mend becomes `Unusable`."""
    try:
        yield
    except Exception as error:
        if line := trouble(error, place):
            raise Unusable(line) from error
        raise


def status(command: Callable[[], int]) -> int:
    """The exit status of a command; what a user can mend is told in one line."""
    try:
        return command()
    except BrokenPipeError:
        # What read the output has ended (`| head`), and nothing can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except (ValueError, TypeError, ImportError, OSError) as error:
        print(f"error: {trouble(error) or error}", file=sys.stderr)
        return UNUSABLE


def by_signals(line: str = "") -> None:
    """End with `line` at the first signal, as an exception ends a program.

    What is being written is then whole or not there, and the status is the shell's:
    128 and the signal's number. Signals that are ignored stay so (`nohup`).
    """

    def end(number: int, frame: FrameType | None) -> None:
        if not threading.main_thread().is_alive():
            return  # What is registered with `atexit` runs: it ends already.
        if _finalizes(frame):
            # Python ignores an exception there: the signal comes again.
            again = threading.Timer(0.01, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        by_signals()
        with contextlib.suppress(OSError):  # The terminal may be closed.
            # Not `print`, which may be what was interrupted.
            os.write(2, f"\n{line}\n".encode() * bool(line))
        raise SystemExit(128 + number)

    for one in SIGNALS:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, end)


def _finalizes(frame: FrameType | None) -> bool:
    """Whether an object is being collected, wherever the program was."""
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None


def with_parent() -> None:
    """End when the process that started this one has ended, however it did.

    That one holds the other end of standard input, and writes nothing.
    """

    def watch() -> None:
        os.read(0, 1)
        # The system's own end, should Python not come to handle the signal.
        if hasattr(signal, "alarm"):
            signal.alarm(GRACE)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
