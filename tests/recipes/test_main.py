"""The command line, in real processes."""

import json
import random

import pytest

from recipes.__main__ import main
from tools import check_sweep


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


@pytest.mark.parametrize("seed", [1])
def test_killed_and_shared_it_ends_as_if_undisturbed(undisturbed, tmp_path, seed):
    """Two processes, killed together at a random moment, and started again."""
    output, _ = undisturbed
    moment = random.Random(seed).uniform(8, 14)
    check_sweep.run(tmp_path, [moment], processes=2)
    expected = check_sweep.outcome(output)
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


def test_finished_runs_are_not_repeated(undisturbed):
    output, _ = undisturbed
    before = check_sweep.outcome(output)
    results = {path: path.stat().st_mtime_ns for path in output.rglob("result.json")}
    shown, _ = check_sweep.start(output, 1).communicate()
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
    assert main(["figures", *arguments, "--seeds", "0", "1", "2"]) == 1
    assert "2 runs are missing, such as mlp_digits" in capsys.readouterr().out


def test_the_list_names_every_sweep(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "lm21: Selectivity considered harmful" in shown
    assert "resnet18: resnet18, tiny_imagenet, 20 seeds, 26 alphas" in shown
    assert "vgg16: vgg16, digits, 5 seeds, 10 alphas" in shown


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lm22"], "There is no recipe 'lm22'. There are: lm21"),
        (["lm21", "--only", "resnet34"], "There is no sweep 'resnet34'. There are: "),
        (["lm21", "--set", "epoch=3"], "no field 'epoch'. Did you mean 'epochs'?"),
        (["lm21", "--set", "epochs=0"], "`epochs` must be at least 1. Received: "),
        (["lm21", "--set", "epochs=few"], "`epochs` must be a whole number"),
        (["lm21", "--seeds", "-1"], "`seed` must be at least 0"),
        (["lm21", "--processes", "0"], "`--processes` must be at least 1"),
    ],
)
def test_errors_come_before_any_work(arguments, text, tmp_path, capsys):
    assert main(["run", *arguments, "--output", str(tmp_path / "runs")]) == 2
    assert text in capsys.readouterr().err


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
