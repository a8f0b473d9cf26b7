"""Tasks are shared, each done once, and a failure does not stop the others."""

import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from recipes.runner.ending import Unusable
from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep, share

BASE = Settings(data="digits", model="mlp", epochs=2, batch_size=8, learning_rate=0.1)


class Noted:
    """A task that leaves a file, and notes that it was done."""

    def __init__(self, name: str, folder: Path, fails: bool = False) -> None:
        self.name = name
        self.folder = folder
        self.fails = fails
        self.times = 0

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def finished(self) -> bool:
        return self.path.exists()

    @property
    def line(self) -> str:
        return f"found {self.name}"

    def do(self, say) -> None:
        self.times += 1
        say("half-way")
        if self.fails:
            raise RuntimeError("out of memory")
        (self.folder / self.name).touch()


def test_every_combination_once():
    sweep = Sweep(BASE, {"seed": (0, 1), "alpha": (-1, 0, 1)})
    found = [(one.seed, one.alpha) for one in sweep.settings]
    assert found == [(s, a) for s in (0, 1) for a in (-1, 0, 1)]


def test_overrides_replace_what_varies_and_what_does_not():
    sweep = Sweep(BASE, {"seed": (0, 1), "alpha": (-1, 0, 1)})
    other = sweep.override({"alpha": (5,)}, epochs=3)
    assert [(o.seed, o.alpha, o.epochs) for o in other.settings] == [
        (0, 5, 3),
        (1, 5, 3),
    ]
    with pytest.raises(ValueError, match="`seed` must not be changed twice"):
        sweep.override({"seed": (1,)}, seed=7)
    # What a sweep does not vary, a command for all sweeps does not bring in.
    assert Sweep(BASE, {"seed": (0,)}).override({"alpha": (5,)}).settings == [BASE]
    assert [o.seed for o in sweep.override({}, seed=7).settings] == [7] * 3


def test_what_is_there_is_not_done_again(tmp_path, capsys):
    tasks = [Noted(name, tmp_path) for name in "abc"]
    (tmp_path / "b").touch()
    assert share(tasks, tmp_path) == ([], 0)
    assert [task.times for task in tasks] == [1, 0, 1]
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "[1/3] already there"
    assert shown.splitlines()[-1].strip() == "[3/3] c: found c"
    assert share(tasks, tmp_path, quiet=True) == ([], 0)
    assert [task.times for task in tasks] == [1, 0, 1]
    assert capsys.readouterr().out == ""


def test_a_failure_is_told_and_the_others_go_on(tmp_path, capsys):
    tasks = [Noted("a", tmp_path, fails=True), Noted("b", tmp_path)]
    assert share(tasks, tmp_path) == (["a"], 0)
    assert tasks[1].finished
    shown = capsys.readouterr().err
    assert "a failed:" in shown and "RuntimeError: out of memory" in shown


def test_what_failed_elsewhere_is_not_tried_again(tmp_path):
    """As by processes that take one another's place: they would never end."""
    failures = tmp_path / "failures"
    failures.mkdir()

    def shared(most):
        tasks = [Noted(name, tmp_path, fails=name in "ab") for name in "abc"]
        found = share(tasks, tmp_path, most=most, failures=failures)
        return [task.times for task in tasks], found

    assert shared(1) == ([1, 0, 0], (["a"], 2))
    assert shared(1) == ([0, 1, 0], (["b"], 1))
    assert shared(1) == ([0, 0, 1], ([], 0))
    assert sorted(path.name for path in failures.iterdir()) == ["a", "b"]


def test_a_full_disk_ends_all(tmp_path, capsys):
    class Full(Noted):
        def do(self, say) -> None:
            self.times += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    tasks = [Full("a", tmp_path), Noted("b", tmp_path)]
    with pytest.raises(Unusable, match=f"{tmp_path}: No space left on device. Make"):
        share(tasks, tmp_path)
    assert [task.times for task in tasks] == [1, 0]
    assert capsys.readouterr().err == ""


def test_the_time_left_is_that_of_the_pace_so_far(tmp_path, monkeypatch, capsys):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    class Slow(Noted):
        def do(self, say) -> None:
            clock[0] += 3600
            super().do(say)
            if self.name == "b":  # Another process has ended one meanwhile.
                (self.folder / "d").touch()

    share([Slow(name, tmp_path) for name in "abcde"], tmp_path)
    shown = capsys.readouterr().out
    assert "[1/5] a: found a (about 4 h 0 min left)" in shown
    assert "[3/5] b: found b (about 1 h 20 min left)" in shown
    assert "[4/5] c: found c (about 45 min left)" in shown


def test_what_another_process_does_is_waited_for(tmp_path):
    """A process takes a lock, dies with it, and its task is done here."""
    (tmp_path / ".locks").mkdir()
    program = textwrap.dedent(
        """
        import pathlib, sys, time
        from filelock import FileLock, Timeout
        folder = pathlib.Path(sys.argv[1])
        with FileLock(folder / ".locks" / "a.lock"):
            (folder / "held").touch()
            time.sleep(600)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    try:
        while not (tmp_path / "held").exists():
            time.sleep(0.05)

        class Last(Noted):
            def do(self, say) -> None:
                super().do(say)
                process.kill()
                process.wait()

        tasks = [Noted("a", tmp_path), Last("b", tmp_path)]
        assert share(tasks, tmp_path) == ([], 0)
        # `b` first, since `a` was held until `b` had killed the holder.
        assert [task.times for task in tasks] == [1, 1]
    finally:
        process.kill()


def test_a_task_finished_elsewhere_is_not_done(tmp_path):
    """Between the first look and the lock, another process may have ended it."""

    class Late(Noted):
        looks = 0

        @property
        def finished(self) -> bool:
            Late.looks += 1
            return Late.looks > 1

    task = Late("a", tmp_path)
    assert share([task], tmp_path) == ([], 0)
    assert task.times == 0


@pytest.mark.parametrize("fails", [True, False])
def test_a_lock_is_held_meanwhile_and_free_afterwards(tmp_path, fails):
    def free():
        try:
            with FileLock(tmp_path / ".locks" / "a.lock", timeout=0):
                return True
        except Timeout:
            return False

    class Looking(Noted):
        def do(self, say) -> None:
            self.was_free = free()
            super().do(say)

    task = Looking("a", tmp_path, fails=fails)
    share([task], tmp_path)
    assert (task.times, task.was_free, free()) == (1, False, True)


def test_variants_share_their_baselines_and_nothing_else():
    plain = Sweep(BASE, {"alpha": (0, 1)})
    variant = Sweep(BASE.replace(taps="first:3"), {"alpha": (0, 1)})
    assert plain.settings[0] == variant.settings[0]
    assert plain.settings[1] != variant.settings[1]
    assert variant.settings[1].taps == "first:3"


def test_a_process_can_leave_work_to_the_next(tmp_path):
    tasks = [Noted(name, tmp_path) for name in "abcd"]
    (tmp_path / "a").touch()
    assert share(tasks, tmp_path, most=2) == ([], 1)
    assert [task.times for task in tasks] == [0, 1, 1, 0]
    assert share(tasks, tmp_path, most=2) == ([], 0)
    assert [task.times for task in tasks] == [0, 1, 1, 1]
