"""Programs end by a signal, with their parent or by an error, and say one line."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from recipes.runner import ending
from recipes.runner.ending import Unusable, mendable, status, trouble

ROOT = Path(__file__).resolve().parents[3]


def program(text, **options):
    """A process that has imported nothing but `ending`, and said so."""
    begun = "from recipes.runner import ending\nimport os, signal, sys, time\n"
    process = subprocess.Popen(
        [sys.executable, "-c", begun + textwrap.dedent(text)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "ready\n"
    return process


WORKING = """
ending.by_signals("Stopped.")
try:
    print("ready", flush=True)
    time.sleep(60)
finally:
    print("cleaned", flush=True)
"""


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_ends_a_program_with_one_line(sent, code):
    process = program(WORKING)
    process.send_signal(sent)
    shown, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert said.split("\n") == ["", "Stopped.", ""]
    # As an exception does: nothing is left half-written.
    assert shown == "cleaned\n"


def test_a_signal_while_an_object_is_collected():
    process = program(
        """
        class Collected:
            def __del__(self):
                print("ready", flush=True)
                time.sleep(0.5)

        ending.by_signals("Stopped.")
        Collected()
        time.sleep(60)
        """
    )
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[1].split() == ["Stopped."]
    assert process.returncode == 143


def test_a_signal_while_a_program_ends_by_itself():
    process = program(
        """
        import atexit

        def last():
            print("ready", flush=True)
            time.sleep(0.5)

        ending.by_signals("Stopped.")
        atexit.register(last)
        """
    )
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


def test_a_second_signal_ends_what_takes_long_to_end():
    process = program(
        """
        ending.by_signals("Stopped.")
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            print("cleaning", flush=True)
            time.sleep(60)
        """
    )
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "cleaning\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].split() == ["Stopped."]
    assert process.returncode == 130


def test_a_closed_terminal_does_not_hide_the_signal():
    process = program("os.close(2)" + WORKING)
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=30)[0] == "cleaned\n"
    assert process.returncode == 129


def test_what_was_ignored_stays_ignored():
    """As `nohup` has it."""
    process = program(
        """
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        ending.by_signals("Stopped.")
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[1].split() == ["Stopped."]
    assert process.returncode == 143


def test_a_child_ends_with_its_parent():
    process = program(
        """
        ending.by_signals()
        ending.with_parent()
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            print("cleaned", flush=True)
        """,
        stdin=subprocess.PIPE,
    )
    # Closes standard input, as the system does it when the parent is killed.
    assert process.communicate(timeout=30) == ("cleaned\n", "")
    assert process.returncode == 143


def test_a_child_that_cannot_end_is_ended_by_the_system():
    process = program(
        """
        ending.GRACE = 1
        ending.by_signals()
        ending.with_parent()
        said = None
        while True:
            try:
                said = said or print("ready", flush=True) or True
                time.sleep(60)
            except SystemExit:  # As a callback of C code swallows it.
                pass
        """,
        stdin=subprocess.PIPE,
    )
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGALRM


class TensorFlowError(Exception):
    """Of no class that is known here, as `tf.errors` are."""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OSError(errno.EROFS, "Read-only file system", "runs/lm21"),
            "runs/lm21: Read-only file system. Change its permissions, or name another",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "runs"),
            "runs: Permission denied. Change its permissions",
        ),
        (OSError(errno.ENOSPC, "No space"), "here: No space left on device. Make room"),
        (
            FileExistsError(errno.EEXIST, "exists", "runs"),
            "runs: File exists. A folder",
        ),
        (
            NotADirectoryError(errno.ENOTDIR, "", "a/b"),
            "a/b: Not a directory. A folder",
        ),
        # As HDF5 and TensorFlow tell of it.
        (
            OSError("errno = 28, error message = 'No space left on device'"),
            "here: No sp",
        ),
        (
            TensorFlowError("logs/events; No space left on device"),
            "here: No space left",
        ),
        (Unusable("cifar10 cannot be prepared."), "cifar10 cannot be prepared."),
    ],
)
def test_what_a_user_can_mend_is_one_line(error, line, capsys):
    assert trouble(error, "here").startswith(line)

    def command():
        with mendable("here"):
            raise error

    assert status(command) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {line}") and said.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError("truncated file"),
        OSError(errno.EIO, os.strerror(errno.EIO), "x"),
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "x"),
        ValueError("File exists"),
    ],
)
def test_other_errors_are_those_of_a_task(error):
    assert trouble(error) is None
    with pytest.raises(type(error)) as raised, mendable("here"):
        raise error
    assert raised.value is error


def test_output_that_nobody_reads_ends_a_program_without_a_word():
    process = program(
        """
        print("ready", flush=True)
        def command():
            while True:
                print("more", flush=True)
        sys.exit(ending.status(command))
        """
    )
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(timeout=30) == 2
    process.stderr.close()


@pytest.mark.parametrize("kind", [ValueError, TypeError, ImportError, OSError])
def test_errors_of_arguments_are_one_line(kind, capsys):
    def command():
        raise kind("`seed` must be an integer.")

    assert status(command) == ending.UNUSABLE == 2
    assert capsys.readouterr().err == "error: `seed` must be an integer.\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        status(lambda: 1 // 0)
    assert status(lambda: 1) == 1
