import importlib
import io
import re

import numpy as np
import pytest

from recipes.r22.analyses import COMPARED, analyses
from recipes.r22.experiments import mini
from recipes.r22.figures import THEMES, figures
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep
from recipes.runner.training import load
from tests.recipes.r22 import worlds

pytestmark = pytest.mark.slow

NAMES = {
    "selectivity_modules",
    "selectivity_layers",
    "ablation_epochs",
    "ablation_areas",
    "ablation_trained",
    "cka_late",
    "cka_pairs",
    "against_selectivity",
    "against_accuracy",
    "kept_on",
    "starts",
    "strengths_accuracy",
    "strengths_selectivity",
    "for_large",
    "for_small",
    "recovery",
    "representation",
    "summed",
}


@pytest.fixture
def made(right):
    return right


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One plain network, trained for two epochs, with its analyses."""
    base = mini()["plain"].base.replace(
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


def saved(figure):
    file = io.BytesIO()
    figure.savefig(file, dpi=30)
    return file.tell() > 0


def test_every_figure_is_drawn(made):
    found = dict(figures(made))
    assert set(found) == NAMES
    for name, draw in found.items():
        figure = draw()
        assert saved(figure), name
        assert "ResNet50, ImageNet" in figure.get_suptitle()


def test_docstrings_name_every_figure_of_the_paper():
    text = ""
    for theme in THEMES:
        module = importlib.import_module(theme.__name__)
        for one in vars(module).values():
            if getattr(one, "__module__", None) == theme.__name__:
                text += " ".join((one.__doc__ or "").split())
    found = re.findall(r"Repeats (?:the \w+-hand side of )?figure (\d+[ab]?)", text)
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
    assert names <= NAMES
    assert bool(names) == (left_out != "plain")


def test_selectivity_against_the_epoch_begins_before_training(made):
    axes = dict(figures(made))["selectivity_modules"]().axes[0]
    line = axes.lines[0]
    assert list(line.get_xdata()) == list(range(25))
    assert line.get_ydata()[0] == pytest.approx(worlds.Right.early[0], abs=0.02)
    assert line.get_ydata()[1] == pytest.approx(worlds.Right.early[1], abs=0.02)


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
        assert saved(figure), name
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
