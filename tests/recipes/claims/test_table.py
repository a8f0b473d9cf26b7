"""Claims as rows of a table, and as Markdown."""

from types import SimpleNamespace

from recipes.claims.samples import Asked, negative
from recipes.claims.table import (
    Claim,
    Row,
    claimed,
    markdown,
    overview,
    page,
    stated,
    summary,
    table,
)
from recipes.claims.verdicts import HELD, NOT_TESTED, REFUTED, UNDECIDED, Outcome
from recipes.quantities import Quantity

value = Quantity("value", lambda run: run.value, "a value")


class Results(dict):
    """Runs by sweep, of which `by_alpha` is asked."""

    miniature = False

    def by_alpha(self, sweep):
        return {run.settings.alpha: [run] for run in self[sweep]}


def run(alpha, value):
    return SimpleNamespace(settings=SimpleNamespace(alpha=alpha, seed=0), value=value)


def tell(first, second, number, *, word):
    """A rule that says what it is called with; without samples nothing."""
    if not first.values:
        return None
    alphas = [*first.values], [*second.values]
    return Outcome(f"{alphas} {number} {word}", "rule", None, HELD)


def test_rules_are_called_with_what_was_measured():
    results = Results(net=[run(-1.0, 0.1), run(0.0, 0.2)])
    row = Row("F1", "says").by(tell, value, Asked(value, negative), 3, word="x")
    assert list(claimed(results, "net", [row])) == [
        Claim("F1", "net", "says", "([-1.0, 0.0], [-1.0]) 3 x", "rule", None, HELD)
    ]
    (found,) = claimed(results, "called so", [row], sweep="net")
    assert found.network == "called so"
    assert list(claimed(results, "absent", [row])) == []


def test_equal_numbers_of_other_types_are_other_arguments():
    def kinds(*arguments):
        return Outcome(str(arguments), "", None, HELD)

    (found,) = claimed(Results(), "net", [Row("", "").by(kinds, 1, 1.0, True)])
    assert found.found == "(1, 1.0, True)"


def test_a_row_without_a_rule_or_an_outcome_is_left_out():
    assert list(claimed(Results(), "net", [Row("F1", "says")])) == []
    assert list(stated("net", [("F1", "says", None)])) == []


def test_what_a_miniature_cannot_test_is_known_before_its_runs():
    def unasked(*arguments):
        raise AssertionError

    row = Row("F1", "says").by(unasked).not_in_miniature("no such networks")
    results = Results()
    results.miniature = True
    (found,) = claimed(results, "net", [row])
    assert (found.verdict, found.test) == (NOT_TESTED, "no such networks")
    full = Row("F1", "says").by(tell, value, value, 1, word="").not_in_miniature("no")
    (found,) = claimed(Results(net=[run(0.0, 0.2)]), "net", [full])
    assert found.verdict is HELD


def test_tables():
    assert markdown(["a"], []) == "| a |\n|---|"
    found = [
        Claim("F1", "net", "says", "found", "test", 0.01234, HELD),
        Claim("F2", "net", "says", "found", "test", None, REFUTED),
        Claim("F3", "net", "says", "found", "test", None, UNDECIDED),
    ]
    assert table(found).splitlines()[2:] == [
        "| F1 | net | says | found | test | 0.012 | held |",
        "| F2 | net | says | found | test |  | **refuted** |",
        "| F3 | net | says | found | test |  | undecided |",
    ]
    assert summary(found).splitlines()[-1] == (
        "Of 3 claims 1 held, 1 refuted, 1 undecided, 0 not tested."
    )


def test_a_page_is_by_verdict_and_an_overview_by_paper():
    found = [
        Claim(f"F{i}", "net", "says", "found", "test", None, verdict)
        for i, verdict in enumerate((UNDECIDED, HELD, HELD, NOT_TESTED, REFUTED))
    ]
    headings = [line for line in page(found).splitlines() if line.startswith("## ")]
    assert headings == [
        "## Held: 2",
        "## Refuted: 1",
        "## Undecided: 1",
        "## Not tested: 1",
    ]
    assert "| F1 | net |" in page(found).split("## Refuted")[0]
    assert overview({"a": found, "b": found[3:4]}).splitlines()[2:] == [
        "| a | 5 | 2 | 1 | 1 | 1 | 75% |",
        "| b | 1 | 0 | 0 | 0 | 1 |  |",
    ]
