"""Every figure and table of a trained network is there, and shows its numbers."""

import importlib
import re

import numpy as np
import pytest

from drawn import faults, points
from recipes.__main__ import main
from recipes.g19 import PAPER
from recipes.g19.claims import claims
from recipes.g19.experiments import SCALES
from recipes.g19.figures import THEMES, figures, of
from recipes.g19.measured import networks
from recipes.g19.measures import LAYERS
from recipes.g19.tables import TABLE_1, TABLE_A2, table_1, table_a2, tables
from recipes.papers import write
from recipes.runner.results import Results
from recipes.runner.sweep import Sweep

NAMES = {
    "measures_by_layer",
    "example_hidden",
    "example_output",
    "example_layers",
    "generated",
    "ccmas_second_class",
    "same_class",
    "ccmas_precision",
    "ccmas_top_class",
    "histogram",
    "fits",
    "maximized_conv5",
    "maximized_fc6",
    "maximized_fc8",
}


def drawn(results, name):
    return dict(figures(results))[name]()


def test_every_figure_is_drawn(trained):
    found = dict(figures(trained))
    assert set(found) == NAMES
    for name, draw in found.items():
        figure = draw()
        assert not faults(figure), name
        if name != "generated":
            assert "digits (small scale)" in figure.get_suptitle(), name


def test_without_a_network_there_is_nothing(tmp_path):
    results = Results({}, tmp_path)
    assert not list(figures(results))
    assert not list(PAPER.tables(results))
    # The generated units, and what people were not asked.
    assert {claim.network for claim in PAPER.claims(results)} == {
        "generated",
        "alexnet",
    }


def test_docstrings_name_every_figure_of_the_paper():
    text = ""
    for theme in THEMES:
        module = importlib.import_module(theme.__name__)
        for one in vars(module).values():
            if getattr(one, "__module__", None) == theme.__name__:
                text += one.__doc__ or ""
    for name in (
        "2a-c",
        "3a-e",
        "4a and 4b",
        "5a-c",
        "6a-f",
        "A2",
        "A3",
        "A4a-c",
        "A5",
    ):
        assert re.search(rf"figures? ({name}|[^.]*\b{name})\b", text), name


def test_means_by_layer(trained, measured):
    panels = drawn(trained, "measures_by_layer").axes
    for panel, (metric, scale) in zip(
        panels, (("top_class", 100), ("precision", 100), ("ccmas", 1)), strict=True
    ):
        (means,) = panel.lines
        expected = [scale * v for v in measured.report.layer_means(metric).values()]
        np.testing.assert_allclose(means.get_ydata(), expected)
        for layer, drawn_units in zip(LAYERS, points(panel), strict=True):
            values = scale * measured.report[layer][metric]
            np.testing.assert_allclose(drawn_units.get_offsets()[:, 1], values)


def test_jitterplots_have_every_image(trained, measured):
    seen = measured.examples
    for name, layers in (
        ("example_output", ("fc8", "prob")),
        ("example_layers", ("conv5", "fc7")),
    ):
        for panel, layer in zip(drawn(trained, name).axes, layers, strict=True):
            others, own = (c.get_offsets()[:, 0] for c in panel.collections)
            np.testing.assert_allclose(np.sort(own), np.sort(seen.own(layer)))
            assert len(own) + len(others) == len(seen.labels)
            assert f"{layer}.{seen.units[layer]}" in panel.get_title()


def test_the_histogram_holds_every_image(trained, measured):
    every, own = drawn(trained, "histogram").axes
    seen = measured.examples
    assert sum(bar.get_height() for bar in every.patches) == len(seen.labels)
    assert sum(bar.get_height() for bar in own.patches) == len(seen.own("fc6"))
    zero = np.mean(seen.of("fc6") == 0)
    assert f"{zero:.1%} at 0" in every.get_title()


def test_second_class_against_first(trained, measured):
    for panel, layer in zip(
        drawn(trained, "ccmas_second_class").axes, ("conv5", "fc6", "fc7"), strict=True
    ):
        x, y = panel.collections[0].get_offsets().T
        np.testing.assert_allclose(x, measured.report[layer]["ccmas"])
        np.testing.assert_allclose(y, measured.report[layer]["ccmas_second"])
        assert layer in panel.get_title()


def test_tables_have_the_paper_s_numbers_beside(make_up):
    one = make_up(
        {
            "precision": {"fc6": [0.5, 0.51, 0.76, 0.1, 0.1, 0.1]},
            "ccmas": {"fc6": [0.7, 0.71, 0.81, 0.91, 0.2, 0.2]},
            "top_class": {"fc6": [0.05, 0.06, 0, 0, 0, 0]},
        }
    )
    row = "| fc6 | 33.3 (3) | 16.7 (0.1) | 50.0 (99.7) | 33.3 (86.7) | 16.7 (6.7) |"
    assert f"{row} 16.7 (0) |" in table_1([one])
    # Two networks: of all units together.
    assert row.replace("33.3 (3)", "16.7 (3)") not in table_1([one])
    assert "| fc6 | 16.7 (3) | 8.3 (0.1) |" in table_1([one, make_up()])
    means = table_a2([one])
    assert "| fc6 | 0.588 (0.8439) | 0.4 (0.8211) | 34.5 (12.1) | 1 (17.4) |" in means
    assert "1.83 (0.19) | 0.0 (0) |" in means
    assert "| conv5, mean of the map | 0.5 | 0.4 |" in means
    assert set(TABLE_1) == set(TABLE_A2) == {"prob", "fc8", "fc7", "fc6", "conv5"}


def test_extreme_units_are_named(trained, measured):
    text = dict(PAPER.tables(trained))["table_A1"]
    unit = int(np.argmax(measured.report["fc6"]["ccmas"]))
    assert f"| highest CCMAS | fc6.{unit} |" in text
    assert "(0.9338)" in text
    assert set(dict(PAPER.tables(trained))) == {"table_1", "table_A1", "table_A2"}


def test_all_is_written(trained, measured, tmp_path):
    found = [measured], tmp_path / "survey"
    text = write(tmp_path, of([measured]), tables(*found), claims(*found))
    assert "F2a, alexnet" in text
    written = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert written == NAMES
    assert (tmp_path / "tables" / "table_1.md").read_text().startswith("Units over")
    page = (tmp_path / "claims.md").read_text()
    assert page.count("\n| ") - page.count("\n| paper |") == 27
    assert list(of([])) == []


def test_the_command_writes_tables_too(trained, tmp_path, monkeypatch, capsys):
    (run,) = trained["alexnet"]
    (tmp_path / "g19").mkdir()
    (tmp_path / "g19" / "mini").symlink_to(run.output)
    sweep = Sweep(run.settings, {"seed": (run.settings.seed,)})
    monkeypatch.setitem(SCALES, "mini", lambda: {"alexnet": sweep})
    assert main(["figures", "g19", "--output", str(tmp_path)]) == 0
    for name, text in PAPER.tables(trained):
        assert (run.output / "tables" / f"{name}.md").read_text() == text + "\n"
    assert {path.stem for path in (run.output / "figures").iterdir()} == NAMES
    assert "Of 27 claims" in capsys.readouterr().out


def test_a_unit_that_never_responds_can_be_drawn(measured, monkeypatch):
    seen = measured.examples
    silent = type(seen)(
        seen.units,
        seen.classes,
        np.zeros_like(seen.responses),
        seen.labels,
        seen.images,
        np.zeros_like(seen.levels),
    )
    monkeypatch.setitem(measured.__dict__, "examples", silent)
    for name, draw in of([measured]):
        draw().canvas.draw()
        assert name in NAMES


@pytest.mark.parametrize("name", ["fits", "histogram"])
def test_titles_name_the_unit(trained, measured, name):
    unit = networks(trained)[0].examples.units["fc6"]
    assert f"fc6.{unit}" in drawn(trained, name).get_suptitle()
