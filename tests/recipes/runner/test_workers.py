"""Processes are started, replaced and ended; those here do nothing and are quick."""

import os
import stat
import sys
import textwrap
import time

import pytest

from recipes.runner import ending, workers


@pytest.fixture
def programmed(monkeypatch, tmp_path):
    """Let `start` run a program in the place of what would train."""

    def put(text):
        path = tmp_path / "worker"
        head = f"#!{sys.executable}\nimport os, signal, sys, time\n"
        # As if by `python -m recipes.runner.workers INDEX FAILURES FOLDER`.
        head += "index, failures, folder = sys.argv[3:]\nos.chdir(folder)\n"
        head += "def begin():\n    open(f'{index} {os.getpid()}', 'x').close()\n"
        path.write_text(head + textwrap.dedent(text))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(workers.sys, "executable", str(path))
        monkeypatch.setattr(workers, "_gpus", list)
        (tmp_path / "left").mkdir()
        return tmp_path / "left"

    return put


def test_a_process_that_leaves_work_is_replaced(programmed):
    folder = programmed(
        """
        times = len(os.listdir())
        open(str(times), "x").close()
        sys.exit(75 if times < 3 else 0)
        """
    )
    assert workers.start([str(folder)], 1) == 0
    assert sorted(os.listdir(folder)) == ["0", "1", "2", "3"]


def test_what_failed_is_told_once_and_by_name(programmed, capsys):
    folder = programmed(
        """
        open(os.path.join(failures, "mlp_digits"), "w").close()
        sys.exit(int(index))
        """
    )
    assert workers.start([str(folder)], 2) == 1
    assert capsys.readouterr().err == "error: 1 failed: mlp_digits\n"


def test_a_process_that_the_system_ended_is_told_and_the_others_go_on(
    programmed, capsys
):
    folder = programmed(
        """
        if index == "0":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.5)
        begin()
        """
    )
    assert workers.start([str(folder)], 2) == 1
    assert [*begun(folder)] == ["1"]
    said = capsys.readouterr().err
    assert said.startswith("error: a process was ended by SIGKILL. The same command")
    assert said.count("\n") == 1


SLEEPS = """
    begin()
    time.sleep(60)
"""


def begun(folder):
    """Indices of the processes that have begun; their process ids."""
    return dict(sorted(name.split() for name in os.listdir(folder)))


def gone(folder, count):
    """Whether so many had begun, and none is there any more, not even as a zombie."""
    found = begun(folder)
    assert len(found) == count
    for pid in found.values():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
    return True


def test_where_nothing_can_be_done_all_end(programmed):
    folder = programmed(
        """
        begin()
        while len(os.listdir()) < 3:
            time.sleep(0.01)
        if index == "1":
            sys.exit(2)
        time.sleep(60)
        """
    )
    assert workers.start([str(folder)], 3) == ending.UNUSABLE
    assert gone(folder, 3)


def test_none_outlives_an_error(programmed, monkeypatch):
    folder = programmed(SLEEPS)

    def interrupted(children, begin):
        while len(os.listdir(folder)) < 2:
            time.sleep(0.01)
        raise SystemExit(130)

    monkeypatch.setattr(workers, "_watch", interrupted)
    with pytest.raises(SystemExit):
        workers.start([str(folder)], 2)
    assert gone(folder, 2)


def test_none_outlives_one_that_cannot_be_started(programmed, monkeypatch):
    folder = programmed(SLEEPS)
    popen = workers.subprocess.Popen

    def limited(command, **options):
        if command[3] == "1":
            while not os.listdir(folder):
                time.sleep(0.01)
            raise BlockingIOError("Resource temporarily unavailable")
        return popen(command, **options)

    monkeypatch.setattr(workers.subprocess, "Popen", limited)
    with pytest.raises(BlockingIOError):
        workers.start([str(folder)], 2)
    assert gone(folder, 1)


def test_one_that_does_not_heed_a_signal_is_killed(programmed, monkeypatch):
    folder = programmed(
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        begin()
        if index == "1":
            while len(os.listdir()) < 2:
                time.sleep(0.01)
            sys.exit(2)
        time.sleep(60)
        """
    )
    monkeypatch.setattr(ending, "GRACE", 0.5)
    assert workers.start([str(folder)], 2) == 2
    assert gone(folder, 2)
