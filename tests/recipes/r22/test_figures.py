import importlib
import re

import numpy as np
import pytest

from drawn import counts, faults, legend
from recipes.r22.ablation import able
from recipes.r22.analyses import COMPARED, ablations, analyses, computed, similarities
from recipes.r22.experiments import mini
from recipes.r22.figures import THEMES, figures
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep
from recipes.runner.training import load
from tests.recipes.r22 import worlds

pytestmark = pytest.mark.slow

# Lines of each panel; dotted ones, where something is switched, among them.
NAMES = {
    "selectivity_modules": [4, 4 + 3],
    "selectivity_layers": [3, 4, 6, 3],
    "ablation_epochs": [7] * 6,
    # Hollow points are lines of their own.
    "ablation_areas": [2 + 2] * 3,
    "ablation_trained": [2] * 4,
    "cka_late": [4],
    "cka_pairs": [6, 4],
    "against_selectivity": [4, 4, 4 + 1],
    "against_accuracy": [3 + 1] * 2,
    "kept_on": [3 + 1] * 2,
    "starts": [7] * 2,
    "strengths_accuracy": [3 + 1] * 4,
    "strengths_selectivity": [4] * 4 + [4 + 1] * 4,
    "for_large": [4 + 1] * 2 + [3 + 1] * 2,
    "for_small": [4 + 1] * 4 + [5 + 2] * 2,
    "recovery": [3 + 1, 3 + 1, 4 + 1],
    "representation": [4 + 1],
    "summed": [4, 4 + 1, 4, 4 + 1, 5 + 1, 5 + 1],
}


@pytest.fixture
def made(right):
    return right


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One plain network, trained for two epochs, with its analyses."""
    base = mini()["plain"].base.replace(
        data="digits",
        model_options={"widths": [2, 2, 2, 2]},
        epochs=2,
        batch_size=128,
        anneal_epochs=(),
        kept_epochs=(0, 1, 2),
        first_epoch_points=1,
    )
    sweeps = {"plain": Sweep(base, {"seed": (0,)})}
    output = tmp_path_factory.mktemp("trained")
    Run(base, output).do(lambda text: None)
    results = Results(sweeps, output)
    for analysis in analyses(results):
        analysis.do(lambda text: None)
    return results


def test_every_figure_is_drawn(made):
    found = dict(figures(made))
    assert set(found) == set(NAMES)
    for name, draw in found.items():
        figure = draw()
        assert not faults(figure), name
        lines = [lines for lines, _ in counts(figure)]
        assert lines == NAMES[name], name
        assert "ResNet50, ImageNet" in figure.get_suptitle()


def test_docstrings_name_every_figure_of_the_paper():
    text = ""
    for theme in THEMES:
        module = importlib.import_module(theme.__name__)
        for one in vars(module).values():
            if getattr(one, "__module__", None) == theme.__name__:
                text += " ".join((one.__doc__ or "").split())
    found = re.findall(
        r"(?:Repeats|:) (?:the \w+-hand side of )?figure (\d+[ab]?)", text
    )
    # Figure 1 is a diagram, figure 4 is lost.
    singles = {str(number) for number in range(2, 17)} - {"4", "6", "15"}
    assert set(found) == singles | {"6a", "6b", "15a", "15b"}
    assert found.count("3") == 2


@pytest.mark.parametrize("left_out", [*worlds.small([0])])
def test_a_sweep_that_is_missing_leaves_the_other_figures(left_out, tmp_path):
    chosen = worlds.small([0])
    del chosen[left_out]
    found = worlds.results(tmp_path, worlds.Right, chosen, left_out != "plain")
    names = {name for name, _ in figures(found)}
    assert names <= set(NAMES)
    assert bool(names) == (left_out != "plain")


def test_selectivity_against_the_epoch_begins_before_training(made):
    axes = dict(figures(made))["selectivity_modules"]().axes[0]
    line = axes.lines[0]
    assert list(line.get_xdata()) == list(range(61))
    keys = [f"test_si/stage1_block{block}_out" for block in (1, 2, 3)]
    before, after = (
        np.mean([[found[key][0] for key in keys] for found in tables])
        for tables in (
            [run.first_epoch for run in made["plain"]],
            [run.history for run in made["plain"]],
        )
    )
    assert line.get_ydata()[:2] == pytest.approx([before, after])


def test_cases_against_the_epoch(made):
    training, test = dict(figures(made))["against_accuracy"]().axes
    assert legend(test) == ["no regularizer", "from epoch 0", "from epoch 5"]
    for axes, key in ((training, "accuracy"), (test, "test_accuracy")):
        expected = np.mean([run.history[key] for run in made["plain"]], axis=0)
        np.testing.assert_allclose(axes.lines[0].get_ydata()[1:], 100 * expected)
    assert len({line.get_color() for line in test.lines[:3]}) == 3
    assert test.lines[3].get_xdata() == [5, 5]
    zoomed = dict(figures(made))["kept_on"]().axes[1]
    assert zoomed.get_xlim() == (29.5, 60.5)
    assert zoomed.get_title() == "the second half"


def test_modules_against_the_epoch(made):
    found = dict(figures(made))["strengths_selectivity"]()
    titles = [axes.get_title() for axes in found.axes]
    assert [t.split(", ")[1] for t in titles] == ["from epoch 0"] * 4 + [
        "from epoch 5"
    ] * 4
    axes = found.axes[0]
    assert legend(axes) == [f"module {number}" for number in (4, 5, 6, 7)]
    assert len({line.get_color() for line in axes.lines}) == 4


def test_alignment_is_the_mean_over_networks(made):
    late, pairs = (dict(figures(made))[name]() for name in ("cka_late", "cka_pairs"))
    assert legend(late.axes[0]) == [
        *("module 7, block 1", "module 7, block 2", "module 7", "FC")
    ]
    tables = np.mean([one["values"] for one in computed(similarities(made))], axis=0)
    for line, name in zip(late.axes[0].lines, legend(late.axes[0]), strict=True):
        assert list(line.get_xdata()) == list(worlds.KEPT)
        expected = tables[:, 0, [*COMPARED].index(name)]
        assert line.get_ydata() == pytest.approx(expected)
    assert legend(pairs.axes[0])[0] == "module 4 and 5"
    assert legend(pairs.axes[1])[-1] == "module 7 and FC"


def test_areas_are_sums_of_normalized_accuracies(made):
    axes = dict(figures(made))["ablation_areas"]().axes[0]
    ranked = axes.lines[0].get_ydata()
    assert ranked[0] == pytest.approx(worlds.Right.ranked[0], abs=0.1)
    assert ranked[-1] == pytest.approx(worlds.Right.ranked[1], abs=0.1)


def test_figures_of_a_trained_network(trained):
    found = dict(figures(trained))
    assert set(found) == {
        name for name in NAMES if name[:4] in ("sele", "abla", "cka_")
    }
    for name, draw in found.items():
        figure = draw()
        # After two epochs the network may have nothing to lose: no curve is drawn.
        unable = name == "ablation_epochs" and not able(
            computed(ablations(trained)), 0.1
        )
        empty = [f"nothing in panel {place}" for place in range(6)] if unable else []
        assert faults(figure) == empty, name
        assert "digits (small scale)" in figure.get_suptitle().replace("\n", " ")


def test_ablation_of_a_trained_network(trained):
    (run,) = trained["plain"]
    found = analyses(trained)[0].found
    assert found["epochs"] == [1, 2]
    labels = np.concatenate([y for _, y in load(run.settings).batches("test", 500)])
    shares = np.bincount(labels) / len(labels)
    for order in ("most_selective", "random"):
        # 3, 4, 6 and 3 blocks of 4 * 2 feature maps each.
        assert {m: c[-1] for m, c in found["counts"].items()} == {
            "4": 24,
            "5": 32,
            "6": 48,
            "7": 24,
        }
        for curves in found[order].values():
            np.testing.assert_allclose(
                [curve[0] for curve in curves], run.history["test_accuracy"], atol=1e-6
            )
        # Without module 7 all images have the same output.
        assert np.isclose(found[order]["7"][-1][-1], shares, atol=1e-6).any()


def test_cka_of_a_trained_network(trained):
    found = analyses(trained)[1].found
    assert found["epochs"] == [0, 1, 2]
    assert found["layers"] == [*COMPARED]
    values = np.array(found["values"], float)
    assert values.shape == (3, 7, 7)
    np.testing.assert_allclose(values, values.transpose(0, 2, 1))
    diagonal = np.diagonal(values, axis1=1, axis2=2)
    np.testing.assert_allclose(diagonal[np.isfinite(diagonal)], 1)
    assert np.nanmax(np.abs(values)) <= 1.5


def test_si_of_units_of_a_trained_network(trained):
    (run,) = trained["plain"]
    found = analyses(trained)[2].found
    assert found["epochs"] == [0, 1, 2]
    assert len(found["layers"]) == 16
    for name, values in found["layers"].items():
        mean, low, high = np.transpose(values)
        key = f"test_si/{name}"
        expected = [run.first_epoch[key][0], *run.history[key]]
        # The history has LM21's epsilon, a tenth of R22's: it is felt before training.
        np.testing.assert_allclose(mean, expected, atol=5e-3)
        assert (low <= mean).all() and (mean <= high).all()
