"""The command line, in real processes."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from recipes.__main__ import main
from recipes.runner import ending
from tools import check_sweep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    # One process: what several find must not depend on their number.
    process = check_sweep.start(output, 1)
    shown, _ = process.communicate()
    assert process.returncode == 0
    return output, shown


def test_it_tells_of_every_run(undisturbed):
    _, shown = undisturbed
    for seed in (0, 1):
        assert f"mlp_digits_alpha-1_seed{seed}_" in shown
        assert f"mlp_digits_alpha0_seed{seed}_" in shown
    assert "[4/4] mlp" in shown and "left)" in shown and "accuracy " in shown


def killed_together(process):
    os.killpg(process.pid, signal.SIGKILL)


def killed_alone(process):
    process.kill()


def told(process):
    process.terminate()


def interrupted(process):
    """As a terminal does it for Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


def said_by(text):
    """Lines of a program, without those with which TensorFlow is imported."""
    noise = r"[IW]0000 |WARNING: All log messages before absl::InitializeLog"
    return [line for line in text.split("\n") if line and not re.match(noise, line)]


def test_however_it_is_ended_it_goes_on_as_if_undisturbed(undisturbed, tmp_path):
    """Each time ended after a backup, and the same command again."""
    backups = functools.partial(tmp_path.rglob, "backup/epoch-*")
    for end, processes, code, line in (
        (killed_together, 2, -9, []),
        (told, 2, 143, [ending.STOPPED]),
        (killed_alone, 1, -9, []),
        (interrupted, 1, 130, [ending.STOPPED]),
    ):
        before = set(backups())
        process = check_sweep.start(tmp_path, processes, stderr=subprocess.PIPE)
        while set(backups()) <= before:
            assert process.poll() is None
            time.sleep(0.02)
        end(process)
        # Returns when all have ended, since they hold the ends of the pipes.
        _, said = process.communicate(timeout=600)
        assert (process.returncode, said_by(said)) == (code, line)
        assert list(backups())
    check_sweep.run(tmp_path, [], processes=1)
    expected = check_sweep.outcome(undisturbed[0])
    assert len(expected) > 100
    assert check_sweep.differences(expected, check_sweep.outcome(tmp_path)) == []


def test_two_commands_share_a_sweep(tmp_path):
    both = [check_sweep.start(tmp_path, 1) for _ in range(2)]
    shown = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    folder = tmp_path / "lm21" / "mini"
    begun = {
        path.parent.name: len(list((path.parent / "logs" / "train").iterdir()))
        for path in folder.rglob("result.json")
    }
    # A run that both had trained would have events of both.
    assert sorted(begun.values()) == [1, 1, 1, 1]
    # Each told of all four, whoever trained them.
    assert all("[4/4]" in text for text in shown)


def test_finished_runs_are_not_repeated(undisturbed, capfd):
    output, _ = undisturbed
    before = check_sweep.outcome(output)
    results = {path: path.stat().st_mtime_ns for path in output.rglob("result.json")}
    arguments = [*check_sweep.SWEEP, "--output", str(output), "--processes", "1"]
    assert main(["run", *arguments, "--no-figures"]) == 0
    shown = capfd.readouterr().out
    # Four trainings; an analysis of distances, four of upper bounds.
    assert "[4/4] already there" in shown and "[5/5] already there" in shown
    assert "accuracy" not in shown
    assert check_sweep.outcome(output) == before
    assert results == {path: path.stat().st_mtime_ns for path in results}


def test_figures_and_claims_are_drawn_from_what_is_there(undisturbed, capsys):
    output, _ = undisturbed
    arguments = [*check_sweep.SWEEP, "--output", str(output)]
    assert main(["figures", *arguments]) == 0
    folder = output / "lm21" / "mini"
    assert "| paper | network | claim |" in (folder / "claims.md").read_text()
    figures = list((folder / "figures").glob("*.png"))
    assert figures and all(path.stat().st_size > 5000 for path in figures)
    # A sweep of which a part is missing: drawn, and said.
    assert main(["figures", *arguments, "--seeds", "2"]) == 1
    assert "Missing runs: 2, such as mlp_digits" in capsys.readouterr().out
    # An analysis that is lost is not left out without a word.
    lost = next(folder.glob("*/upper_bound_*.json"))
    content = lost.read_bytes()
    lost.unlink()
    assert main(["figures", *arguments]) == 1
    assert "Missing analyses: 1, such as upper_bound" in capsys.readouterr().out
    lost.write_bytes(content)


def test_the_list_names_every_sweep(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "lm21: Selectivity considered harmful" in shown
    assert "resnet18: resnet18, tiny_imagenet, 20 seeds, 26 alphas" in shown
    assert "vgg16: vgg16, glyphs10, 5 seeds, 9 alphas" in shown


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lm22"], "There is no recipe 'lm22'. There are: lm21"),
        (["lm21", "--only", "resnet34"], "There is no sweep 'resnet34'. There are: "),
        (["lm21", "--set", "epoch=3"], "no field 'epoch'. Did you mean 'epochs'?"),
        (["lm21", "--set", "epochs=0"], "`epochs` must be a positive integer. Receiv"),
        (["lm21", "--set", "epochs=-1"], "`epochs` must be a positive integer. Recei"),
        (["lm21", "--set", "epochs=few"], "`epochs` must be a positive integer. Rec"),
        (["lm21", "--set", "epochs=3", "--set", "epochs=4"], "not be changed twice"),
        (["lm21", "--set", "epochs=1", "kept_epochs=[2]"], "`kept_epochs` must be num"),
        (["lm21", "--set", "alpha=NaN"], "`alpha` must be a finite number"),
        (["lm21", "--set", "epochs"], "changed by field=value, such as epochs=3"),
        (["lm21", "--seeds", "-1"], "`--seeds` must be an integer of at least 0. Re"),
        (["lm21", "--seeds", "3", "--seeds", "3"], "`--seeds` must not have a value t"),
        (["lm21", "--seeds", "3", "--set", "seed=3"], "`seed` must not be changed tw"),
        (["lm21", "--alphas", "nan"], "`--alphas` must be a finite number. Received"),
        (["g19", "--alphas", "1"], "`--alphas` must be left out: none of these sweeps"),
        (["lm21", "--processes", "0"], "`--processes` must be a positive integer"),
        (["lm21", "--output", ""], "`--output` must not be empty"),
        (
            ["lm21", "--scale", "full", "--data-dir", "/no/folder"],
            "`data_dir` (`--data-dir`, or TFDS_DATA_DIR in the environment) must be",
        ),
    ],
)
def test_errors_come_before_any_work(arguments, text, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    output = [] if "--output" in arguments else ["--output", "runs"]
    assert main(["run", *arguments, *output]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and text in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lm21", "--worker=0"], "unrecognized arguments: --worker=0"),
        (["lm21", "--processes", "two"], "argument --processes: invalid int value"),
        (["lm21", "--seeds"], "argument --seeds: expected at least one argument"),
    ],
)
def test_errors_of_the_command_line(arguments, text, capsys):
    with pytest.raises(SystemExit) as raised:
        main(["run", *arguments])
    assert raised.value.code == 2 and text in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "figures"])
@pytest.mark.parametrize("place", ["file", "file/runs"])
def test_an_output_that_is_a_file(command, place, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([command, "lm21", "--output", str(tmp_path / place)]) == 2
    said = capsys.readouterr().err
    assert "`--output` must be a folder, and " in said and said.count("\n") == 1


def test_a_disk_without_room_is_one_line(tmp_path):
    """No file may be larger than a block: the system's own error, in a process."""
    command = " ".join(["ulimit -f 1; exec", sys.executable, "-m recipes run lm21"])
    done = subprocess.run(
        ["sh", "-c", f"{command} --output '{tmp_path}'"],
        cwd=check_sweep.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    [line] = said_by(done.stderr)
    assert line.startswith(f"error: {tmp_path}/lm21/mini: File too large. Make room")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path, capsys):
    tmp_path.chmod(0o555)
    assert main(["run", "lm21", "--output", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "Permission denied. Change its permissions" in said
    assert said.startswith(f"error: {tmp_path}") and said.count("\n") == 1


def test_figures_without_runs_say_what_to_do(tmp_path, capsys):
    assert main(["figures", "lm21", "--output", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "There is no finished run in" in said
    assert "python -m recipes run lm21 --scale mini" in said


def test_the_settings_beside_a_run_are_what_was_asked_for(undisturbed):
    output, _ = undisturbed
    found = [json.loads(p.read_text()) for p in output.rglob("settings.json")]
    assert {(one["alpha"], one["seed"]) for one in found} == {
        (0, 0),
        (0, 1),
        (-1, 0),
        (-1, 1),
    }
    assert {one["batch_size"] for one in found} == {64}
