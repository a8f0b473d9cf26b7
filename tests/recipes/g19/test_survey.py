"""The survey's design is the paper's, and its scores are those counted by hand."""

import csv
import re
from collections import Counter

import numpy as np
import pytest

from recipes.claims.verdicts import HELD, NOT_TESTED, REFUTED, UNDECIDED
from recipes.g19 import design, judgements
from recipes.g19.claims import PEOPLE, people_claims
from recipes.g19.design import (
    Panel,
    Preferred,
    deal,
    people,
    wanted,
    write_form,
    write_panels,
)
from recipes.g19.judgements import (
    interpretable,
    read_judgements,
    read_objects,
    read_panels,
    scores,
    surveyed,
    table_2,
)
from recipes.g19.survey import main, tile

pytestmark = pytest.mark.slow

DESIGN = {"conv5": range(256), "fc6": range(2048), "fc8": range(995)}
#: Of conv5.0 four of five say yes, of conv5.1 three of five; all name fc8.3.
JUDGEMENTS = [
    ("a", "conv5", 0, "yes", "Dog"),
    ("b", "conv5", 0, "yes", "dog "),
    ("c", "conv5", 0, "yes", "puppy"),
    ("d", "conv5", 0, "yes", "cat"),
    ("e", "conv5", 0, "no", ""),
    ("a", "conv5", 1, "yes", "cat"),
    ("b", "conv5", 1, "yes", "cat"),
    ("c", "conv5", 1, "yes", "cat"),
    ("d", "conv5", 1, "no", ""),
    ("e", "conv5", 1, "no", ""),
    ("a", "fc8", 3, "yes", "drink"),
    ("b", "fc8", 3, "yes", "eggnog"),
]
PREFERRED = {
    Panel("conv5", 0): Preferred("dog", "cat"),
    Panel("conv5", 1): Preferred("cat", "cat"),
    Panel("fc8", 3): Preferred("eggnog", "eggnog"),
}
OBJECTS = {"puppy": "dog", "eggnog": "drink"}


def write(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def filled(path, rows=JUDGEMENTS):
    return write(path, design.FORM, [[p, 1, *rest] for p, *rest in rows])


def test_the_design_is_the_paper_s():
    lists, persons = deal(DESIGN), people()
    assert len(lists) == 64
    assert Counter(persons) == {5: 51, 6: 13}
    assert sum(persons) == 333
    for panels in lists:
        count = Counter(panel.layer for panel in panels)
        assert (count["conv5"], count["fc6"]) == (4, 32)
        assert count["fc8"] in (15, 16)
        assert len(panels) in (51, 52)
    every = [panel for panels in lists for panel in panels]
    assert len(every) == len(set(every)) == 3299
    counts = {
        layer: sum(
            n * sum(panel.layer == layer for panel in panels)
            for panels, n in zip(lists, persons, strict=True)
        )
        for layer in DESIGN
    }
    assert counts["conv5"] == 1332
    assert counts["fc6"] == 10_656
    # The paper's 5,181 depends on which lists had six people.
    assert 333 * 15 < counts["fc8"] < 333 * 16


def test_lists_are_drawn():
    assert deal(DESIGN) == deal(DESIGN) != deal(DESIGN, seed=1)
    with pytest.raises(ValueError, match="`count` must be at least 1"):
        deal(DESIGN, 0)


@pytest.mark.parametrize(
    ("yes", "count", "percent"),
    # W36 of the catalogue: as printed, 1.1, 1.3 and 1.6.
    [(289, 1332, 1.13), (11, 256, 1.27), (590, 995, 1.56)],
)
def test_binomial_errors_are_those_printed(yes, count, percent):
    found = judgements._binomial(yes, count)
    assert 100 * found.error == pytest.approx(percent, abs=0.005)


def test_scores_by_hand(tmp_path):
    answers = read_judgements(filled(tmp_path / "form.csv"))
    found = scores(answers, PREFERRED, OBJECTS)
    assert list(found) == ["conv5", "fc8"]
    conv5, fc8 = found.values()
    assert (conv5.judgements, conv5.units) == (10, 2)
    assert conv5.yes == pytest.approx((0.7, np.sqrt(0.7 * 0.3 / 10)))
    # 4 of 5 are 80%: interpretable; 3 of 5 are not.
    assert conv5.interpretable == pytest.approx((0.5, np.sqrt(0.25 / 2)))
    # dog, dog, puppy and cat: three of four are a dog, one a cat.
    assert conv5.agreement.value == 0.75
    assert np.isnan(conv5.agreement.error)
    assert conv5.top_class.value == 0.75
    assert conv5.ccmas_class.value == 0.25
    assert fc8.yes == (1.0, 0.0)
    assert (fc8.agreement.value, fc8.top_class.value) == (1.0, 1.0)


def test_without_objects_names_stand_for_themselves(tmp_path):
    found = scores(read_judgements(filled(tmp_path / "form.csv")), PREFERRED)
    assert found["conv5"].agreement.value == 0.5
    assert found["fc8"].top_class.value == 0.5
    assert np.isnan(
        scores(read_judgements(tmp_path / "form.csv"))["fc8"].top_class
    ).all()


def test_errors_over_units(tmp_path):
    rows = [("a", "fc6", unit, "yes", name) for unit, name in enumerate("xyz")]
    rows += [("b", "fc6", unit, "yes", "x") for unit in range(3)]
    preferred = {Panel("fc6", unit): Preferred("x", "y") for unit in range(3)}
    path = filled(tmp_path / "form.csv", rows)
    found = scores(read_judgements(path), preferred)["fc6"]
    # Of the names 1, 1/2 and 1/2 are x; 0, 1/2 and 0 are y.
    assert found.top_class.value == pytest.approx(2 / 3)
    assert found.top_class.error == pytest.approx(np.sqrt(1 / 12) / np.sqrt(3))
    assert found.ccmas_class.value == pytest.approx(1 / 6)
    assert found.agreement.value == pytest.approx(2 / 3)


def test_no_unit_is_interpretable(tmp_path):
    path = filled(tmp_path / "form.csv", [("a", "fc6", 1, "no", "")])
    found = scores(read_judgements(path), {Panel("fc6", 1): Preferred("x", "y")})["fc6"]
    assert found.interpretable == (0.0, 0.0)
    assert np.isnan([*found.agreement, *found.top_class]).all()
    assert "| fc6 | 1 (10,656) | 0.0 ± 0.0 (21.0 ± 0.4) | 1 |" in table_2(
        {"fc6": found}
    )


def test_files_are_read_as_they_were_written(tmp_path):
    write_panels(tmp_path / "panels.csv", PREFERRED)
    assert read_panels(tmp_path / "panels.csv") == PREFERRED
    lists = deal({"conv5": [3, 5], "fc8": [1]}, 2)
    write_form(tmp_path / "form.csv", lists, [2, 1])
    rows = rows_of(tmp_path / "form.csv")
    assert [row["participant"] for row in rows] == ["1", "1", "2", "2", "3"]
    assert {row["yes"] + row["name"] for row in rows} == {""}
    for row in rows:
        row.update(yes="no")
    write(tmp_path / "form.csv", design.FORM, [list(row.values()) for row in rows])
    found = read_judgements(tmp_path / "form.csv")
    assert [one.panel for one in found[:2]] == lists[0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({2: ("c", "conv6", 0, "yes", "x")}, "row 4, column `layer`.*conv5, fc6, fc8"),
        ({2: ("c", "conv5", "x", "yes", "x")}, "row 4, column `unit`.*'x'"),
        ({2: ("c", "conv5", -1, "yes", "x")}, "row 4, column `unit`.*'-1'"),
        ({0: ("", "conv5", 0, "yes", "x")}, "row 2, column `participant`.*filled in"),
        ({1: ("b", "conv5", 0, "", "")}, "row 3, column `yes`.*`yes` or `no`.*''"),
        ({1: ("b", "conv5", 0, "Y", "x")}, "row 3, column `yes`.*'Y'"),
        ({1: ("b", "conv5", 0, "yes", " ")}, "row 3, column `name`.*filled in where"),
        ({1: ("b", "conv5", 0, "no", "dog")}, "row 3, column `name`.*'dog'"),
        ({1: ("a", "conv5", 0, "yes", "x")}, "row 3, column `unit`.*judged in row 2"),
    ],
)
def test_what_is_wrong_in_a_form_is_named(tmp_path, changed, message):
    rows = [changed.get(place, row) for place, row in enumerate(JUDGEMENTS)]
    with pytest.raises(ValueError, match=message):
        read_judgements(filled(tmp_path / "form.csv", rows))


def test_files_of_another_form(tmp_path):
    path = write(tmp_path / "form.csv", ["participant", "yes"], [["a", "yes"]])
    with pytest.raises(ValueError, match=r"must name the columns participant, list"):
        read_judgements(path)
    path.write_text("")
    with pytest.raises(ValueError, match="Received: nothing"):
        read_judgements(path)
    write(path, design.FORM, [])
    with pytest.raises(ValueError, match="must have a row below the header"):
        read_judgements(path)
    write(path, design.FORM, [["a", 1]])
    with pytest.raises(ValueError, match=r"row 2: must have 6 columns. Received: 2"):
        read_judgements(path)
    path = write(tmp_path / "panels.csv", design.PANELS, [["fc6", 1, "a", ""]])
    with pytest.raises(ValueError, match=r"row 2, column `ccmas_class`"):
        read_panels(path)
    rows = [["fc6", 1, "a", "b"]] * 2
    with pytest.raises(ValueError, match=r"row 3, column `unit`.*only once"):
        read_panels(write(path, design.PANELS, rows))
    path = tmp_path / "objects.csv"
    rows = [["Beer", "drink"], ["beer", "glass"]]
    with pytest.raises(ValueError, match=r"row 3, column `object`.*'drink' as before"):
        read_objects(write(path, judgements.OBJECTS, rows))


def test_a_panel_of_another_survey(tmp_path):
    answers = read_judgements(filled(tmp_path / "form.csv"))
    with pytest.raises(ValueError, match=r"conv5\.1 is not there"):
        scores(answers, {Panel("conv5", 0): Preferred("a", "b")})
    with pytest.raises(ValueError, match="at least one"):
        scores([])


def test_the_command_scores_a_form(tmp_path, capsys):
    form = filled(tmp_path / "form.csv")
    write_panels(tmp_path / "panels.csv", PREFERRED)
    objects = write(tmp_path / "objects.csv", judgements.OBJECTS, OBJECTS.items())
    report = tmp_path / "table.md"
    arguments = ["--panels", str(tmp_path / "panels.csv"), "--objects", str(objects)]
    assert main(["score", str(form), *arguments, "--report", str(report)]) == 0
    text = report.read_text()
    assert capsys.readouterr().out == text
    assert "| conv5 | 10 (1,332) | 70.0 ± 14.5 (21.7 ± 1.1) | 2 |" in text
    assert "| 75.0 (89.5 ± 5.7) | 75.0 (34.1 ± 14.4) | 25.0 (0) |" in text
    assert main(["score", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_the_command_makes_panels_and_a_form(trained, tmp_path, capsys, monkeypatch):
    from recipes import papers
    from recipes.g19 import maximized
    from recipes.g19.experiments import SCALES

    (run,) = trained["alexnet"]
    root = tmp_path / "runs"
    (root / "g19").mkdir(parents=True)
    (root / "g19" / "mini").symlink_to(run.output)
    sweeps = {"alexnet": survey_sweep(run.settings)}
    monkeypatch.setitem(SCALES, "mini", lambda: sweeps)
    monkeypatch.setattr(maximized, "IMAGES", 4)
    monkeypatch.setitem(maximized.STEPS, "digits", 2)
    assert papers.get("g19").scales is SCALES
    arguments = ["--only", "conv5=2", "fc8=1", "--lists", "2", "--people", "3"]
    assert main(["panels", "--runs", str(root), *arguments]) == 0
    folder = run.output / "survey"
    panels = read_panels(folder / "panels.csv")
    assert Counter(panel.layer for panel in panels) == {"conv5": 2, "fc8": 1}
    names = {f"{panel.layer}.{panel.unit}.png" for panel in panels}
    assert {path.name for path in (folder / "panels").iterdir()} == names
    rows = rows_of(folder / "form.csv")
    assert {row["participant"] for row in rows} == {"1", "2", "3"}
    assert main(["panels", "--runs", str(tmp_path / "no"), *arguments]) == 2
    assert "There is no network" in capsys.readouterr().err


def survey_sweep(settings):
    from recipes.runner.sweep import Sweep

    return Sweep(settings, {"seed": (settings.seed,)})


def test_which_units_are_shown():
    assert wanted([]) == {"conv5": 10**9, "fc6": 2048, "fc8": 10**9}
    with pytest.raises(ValueError, match=re.escape("Received: 'fc7=3'")):
        wanted(["fc7=3"])
    found = design.drawn({"fc6": 4096}, wanted(["fc6=2048"]))["fc6"]
    assert len(set(found)) == 2048
    assert found == sorted(found) != list(range(2048))


def test_a_panel_is_a_grid():
    images = np.linspace(0, 0.9, 100)[:, None, None, None] * np.ones((1, 8, 8, 1))
    grid = tile(images)
    assert grid.shape == (10 * 48 + 9, 10 * 48 + 9, 3)
    assert np.all(grid[:48, :48] == 0)
    assert np.all(grid[48] == 1)
    np.testing.assert_allclose(grid[-1, -1], 0.9)
    np.testing.assert_allclose(grid[49 * 3 + 5, 49 * 7 + 5], images[37, 0, 0, 0])


def test_claims_are_not_tested_without_judgements(tmp_path):
    assert surveyed(tmp_path) == {}
    found = list(people_claims([], tmp_path))
    assert {claim.verdict for claim in found} == {NOT_TESTED}
    assert len(found) == len(PEOPLE) + 1
    assert {claim.test for claim in found} == {"nobody was asked"}


def answered(folder, names):
    """Every unit of three layers has two judges, who name what `names` says.

    Verdicts by the column of table 2.
    """
    preferred = {}
    rows = []
    for layer, ones in names.items():
        for unit, name in enumerate(ones):
            preferred[Panel(layer, unit)] = Preferred("dog", "cat")
            answer = "yes" if name else "no"
            rows += [(person, layer, unit, answer, name) for person in "ab"]
    filled(folder / "judgements.csv", rows)
    write_panels(folder / "panels.csv", preferred)
    columns = [column for _, _, column, _ in PEOPLE]
    verdicts = [claim.verdict for claim in people_claims([], folder)]
    return dict(zip(columns, verdicts, strict=True))


def test_claims_of_judgements(tmp_path):
    rare, often = ["cat"] * 12 + [""] * 800, ["dog"] * 40
    found = answered(tmp_path, {"conv5": rare, "fc6": rare, "fc8": often})
    # People name the class of CCMAS where they should not.
    assert found.pop("ccmas_class") is REFUTED
    assert set(found.values()) == {HELD}
    found = answered(tmp_path, {"conv5": rare, "fc6": often, "fc8": often})
    assert found == {
        **dict.fromkeys(("yes", "interpretable", "top_class", "ccmas_class"), REFUTED),
        "agreement": HELD,
    }
    # Nothing is named in conv5.
    found = answered(tmp_path, {"conv5": [""] * 99, "fc6": rare, "fc8": often})
    assert (found["yes"], found["interpretable"]) == (HELD, HELD)
    assert (found["agreement"], found["top_class"]) == (UNDECIDED, UNDECIDED)
    # Two judges of a single unit tell little, and of other layers nothing.
    assert set(answered(tmp_path, {"fc8": ["dog"]}).values()) <= {UNDECIDED, REFUTED}


def test_the_units_that_people_find_interpretable(tmp_path):
    answered(tmp_path, {"conv5": ["dog", ""], "fc8": ["", "cat"]})
    assert interpretable(tmp_path) == [Panel("conv5", 0), Panel("fc8", 1)]
