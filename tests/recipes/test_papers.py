"""Several papers by one command, slices of miniatures, and the page over all."""

import pytest

from recipes import __main__ as command
from recipes import papers
from recipes.claims.table import Claim
from recipes.claims.verdicts import HELD, UNDECIDED


def arguments(*words):
    return command.read(words)


@pytest.mark.parametrize("name", papers.NAMES)
def test_a_quick_slice_is_some_of_the_miniature(name):
    quick = command.chosen(arguments("run", name, "--quick"))
    whole = command.chosen(arguments("run", name))
    assert quick.keys() <= whole.keys()
    few, many = (
        sum(len(sweep.settings) for sweep in sweeps.values())
        for sweeps in (quick, whole)
    )
    assert 0 < few < many


def test_a_quick_slice_is_of_the_miniature_alone():
    with pytest.raises(ValueError, match=r"`--quick` must be left out with `--scale f"):
        command.chosen(arguments("run", "lm21", "--quick", "--scale", "full"))


def test_all_is_each_paper_by_the_same_command():
    options = ("--quick", "--output", "all")
    for words in (("run", "all", *options), ("run", *options, "all")):
        found = command.each(arguments(*words))
        assert [one.name for one in found] == list(papers.NAMES)
        assert all(one.quick and one.output == "all" for one in found)
        # As another process reads them.
        again = [command.read(one.arguments) for one in found]
        assert [vars(one) for one in again] == [vars(one) for one in found]
    one = arguments("run", "lm21")
    assert command.each(one) == [one]


def test_the_page_over_papers_is_of_those_that_have_runs(tmp_path, monkeypatch):
    claims = {
        "lm21": [Claim("F1", "net", "says", "found", "rule", None, HELD)],
        "r22": [Claim("F2", "net", "says", "found", "rule", None, UNDECIDED)],
    }
    monkeypatch.setattr(command, "results", lambda args: claims.get(args.name))
    monkeypatch.setattr(
        command, "drawn", lambda args: (claims[args.name], args.name == "r22")
    )
    assert command.figures(arguments("figures", "all", "--output", str(tmp_path))) == 1
    page = (tmp_path / "claims.md").read_text()
    assert "| lm21 | 1 | 1 | 0 | 0 | 0 | 100% |" in page
    assert "# r22: Importance of class selectivity" in page
    assert "m18" not in page


def test_all_that_is_missing_is_trained_and_the_worst_status_told(monkeypatch):
    statuses = {"lm21": 0, "m18": 1, "g19": 0, "r22": 0}
    monkeypatch.setattr(command, "trained", lambda args: statuses[args.name])
    assert command.run(arguments("run", "all", "--no-figures")) == 1
    monkeypatch.setattr(command, "results", lambda args: None)
    assert command.run(arguments("run", "all")) == 1
