"""Claims as rows of a table, and as Markdown."""

from types import SimpleNamespace

from recipes.claims.samples import Asked, negative
from recipes.claims.table import Claim, Row, claimed, markdown, stated, summary, table
from recipes.claims.verdicts import Outcome
from recipes.quantities import Quantity

value = Quantity("value", lambda run: run.value, "a value")


class Results(dict):
    """Runs by sweep, of which `by_alpha` is asked."""

    def by_alpha(self, sweep):
        return {run.settings.alpha: [run] for run in self[sweep]}


def run(alpha, value):
    return SimpleNamespace(settings=SimpleNamespace(alpha=alpha, seed=0), value=value)


def tell(first, second, number, *, word):
    """A rule that says what it is called with; without samples nothing."""
    if not first.values:
        return None
    alphas = [*first.values], [*second.values]
    return Outcome(f"{alphas} {number} {word}", "rule", None, True)


def test_rules_are_called_with_what_was_measured():
    results = Results(net=[run(-1.0, 0.1), run(0.0, 0.2)])
    row = Row("F1", "says").by(tell, value, Asked(value, negative), 3, word="x")
    assert list(claimed(results, "net", [row])) == [
        Claim("F1", "net", "says", "([-1.0, 0.0], [-1.0]) 3 x", "rule", None, True)
    ]
    (found,) = claimed(results, "called so", [row], sweep="net")
    assert found.network == "called so"
    assert list(claimed(results, "absent", [row])) == []


def test_equal_numbers_of_other_types_are_other_arguments():
    def kinds(*arguments):
        return Outcome(str(arguments), "", None, None)

    (found,) = claimed(Results(), "net", [Row("", "").by(kinds, 1, 1.0, True)])
    assert found.found == "(1, 1.0, True)"


def test_a_row_without_a_rule_or_an_outcome_is_left_out():
    assert list(claimed(Results(), "net", [Row("F1", "says")])) == []
    assert list(stated("net", [("F1", "says", None)])) == []


def test_tables():
    assert markdown(["a"], []) == "| a |\n|---|"
    found = [
        Claim("F1", "net", "says", "found", "test", 0.01234, True),
        Claim("F2", "net", "says", "found", "test", None, False),
        Claim("F3", "net", "says", "found", "test", None, None),
    ]
    assert table(found).splitlines()[2:] == [
        "| F1 | net | says | found | test | 0.012 | yes |",
        "| F2 | net | says | found | test |  | **no** |",
        "| F3 | net | says | found | test |  | undecided |",
    ]
    assert summary(found).splitlines()[-1] == (
        "Of 3 claims 1 held, 1 did not, 1 are undecided."
    )
