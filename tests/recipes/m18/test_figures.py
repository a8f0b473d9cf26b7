import importlib
import re

import numpy as np
import pytest

from drawn import counts, faults, legend
from recipes.figures import titled
from recipes.m18.analyses import noise_curves, units
from recipes.m18.figures import THEMES, figures
from recipes.m18.quantities import area, normalized_area
from recipes.runner.results import Results
from tests.recipes.m18 import worlds

# Lines and points of each panel.
EXPECTED = {
    "mlp_ablation": [(5, 0)],
    # With the intact network of each share, and one for the legend.
    "mlp_noise": [(5 + 5 + 1, 0)],
    "convnet_ablation": [(5, 0)],
    "convnet_noise": [(5 + 5 + 1, 0)],
    "resnet50_ablation": [(5, 0)],
    # Points of both areas.
    "ensemble": [(2, 0), (0, 2 * 40)],
    # Losses, points of five networks, and both areas on an axis of their own.
    "mlp_training": [(2, 0), (0, 5 * 12), (2, 0)],
    "convnet_training": [(2, 0), (0, 5 * 12), (2, 0)],
    "hyperparameters": [(0, 2 * 96), (1, 0)],
    # Three dropout fractions, on true and on shuffled labels.
    "mlp_dropout": [(3 + 2 * 3, 0)],
    "batch_norm": [(2, 0), (0, 0), (0, 0)],
    "clamp": [(2, 0)],
    **{
        f"{network}_importance_{measure}": [(1, units * layers), (layers, 0)]
        for network, layers, units in (
            ("mlp", 2, 64),
            ("convnet", 11, 24),
            ("resnet50", 8, 24),
        )
        for measure in ("selectivity", "information")
    },
    **{
        name: panels
        for network, layers in (("convnet", 11), ("resnet50", 8))
        for name, panels in (
            (f"{network}_depth", [(1, 24 * layers)]),
            (f"{network}_l1_norm", [(0, 24 * layers)]),
        )
    },
}


def test_every_figure_is_drawn(right):
    found = dict(figures(right))
    assert set(found) == set(EXPECTED)
    for name, draw in found.items():
        figure = draw()
        assert not faults(figure), name
        assert counts(figure) == EXPECTED[name], name
        assert re.match(
            r"(MLP|ConvNet|ResNet50), (MNIST|CIFAR-10|ImageNet)", figure.get_suptitle()
        )


def test_docstrings_name_every_figure_of_the_paper():
    text = ""
    for theme in THEMES:
        module = importlib.import_module(theme.__name__)
        text += " ".join(
            value.__doc__ or ""
            for value in vars(module).values()
            if getattr(value, "__module__", "") == theme.__name__
        )
    for name in ("1a", "2b", "3a", "4a", "4c", "5a", "5b", "6a", "7a", "A1", "A2a"):
        assert name in text
    assert "A3b" in text
    assert "A4e" in text


def test_the_small_scale_is_named(right):
    run = right["mlp"][0]
    small = run.settings.replace(data="digits")
    assert titled(small, "x") == "MLP, digits (small scale): x"


def test_nothing_is_drawn_of_what_was_not_analyzed(tmp_path):
    chosen = {"mlp": worlds.sweeps((0,))["mlp"]}
    results = worlds.results(tmp_path, chosen=chosen)
    assert {name for name, _ in figures(results)} == {"mlp_ablation", "mlp_noise"}
    for run in results["mlp"]:
        (run.folder / "ablation.json").unlink()
        (run.folder / "noise.json").unlink()
    assert list(figures(Results(chosen, tmp_path))) == []


def test_the_area_is_in_the_legend(right):
    (axes,) = dict(figures(right))["mlp_ablation"]().axes
    words = legend(axes)
    areas = [float(re.search(r"AUC ([\d.]+) ±", word)[1]) for word in words]
    assert [word.split(":")[0] for word in words] == [
        "true labels",
        *(f"{share}% shuffled" for share in (25, 50, 75, 100)),
    ]
    # As the world has it: not in order.
    assert areas[0] > areas[1] > areas[2] > areas[3] < areas[4]


def test_the_ensemble_s_best_are_those_with_the_lowest_error(right):
    left, points = dict(figures(right))["ensemble"]().axes
    best, worst = (line.get_ydata()[10] for line in left.lines)
    assert best > 90 > 20 > worst
    plain, normalized = points.collections
    assert len(plain.get_offsets()) == len(normalized.get_offsets()) == 40
    first = right["ensemble"][0]
    assert area(first) in plain.get_offsets()[:, 1]
    assert normalized_area(first) in normalized.get_offsets()[:, 1]
    assert normalized_area(first) > area(first)


def test_dropout_fractions_have_colors_and_shuffled_labels_dots(right):
    (axes,) = dict(figures(right))["mlp_dropout"]().axes
    marks, true, shuffled = (axes.lines[place:][:3] for place in (0, 3, 6))
    for lines, style in ((marks, "--"), (true, "-"), (shuffled, ":")):
        assert [line.get_linestyle() for line in lines] == [style] * 3
        assert [line.get_color() for line in lines] == [m.get_color() for m in marks]
    assert [line.get_xdata()[0] for line in marks] == [0.1, 0.2, 0.3]
    bands = [band.get_facecolor()[0, :3].tolist() for band in axes.collections]
    assert bands[:3] == bands[3:]
    assert [word.split(" (normalized")[0] for word in legend(axes)] == [
        f"{kind}, {share}" for kind in ("true", "shuffled") for share in (0.1, 0.2, 0.3)
    ]


def test_noise_is_training_accuracy(right):
    (axes,) = dict(figures(right))["mlp_noise"]().axes
    assert axes.get_ylabel() == "training accuracy (%)"
    found, *_ = noise_curves(right["mlp"])
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), found.scales[1:])
    assert legend(axes)[-1] == "intact"


def test_importance_of_the_first_network(right):
    axes, lines, _ = dict(figures(right))["convnet_importance_selectivity"]().axes
    one = units(right["convnet"][0])
    x = np.concatenate([found["si"] for found in one.report.values()])
    np.testing.assert_allclose(axes.collections[0].get_offsets()[:, 0], x)
    y = np.concatenate([found["loss_change"] for found in one.single.values()])
    np.testing.assert_allclose(axes.collections[0].get_offsets()[:, 1], y)
    assert lines.get_title() == "lines of 11 of 11 layers"
    assert {a.get_ylabel() for a in (axes, lines)} == {"test loss that silencing adds"}


def test_l1_norm_of_the_first_network(right):
    axes = dict(figures(right))["convnet_l1_norm"]().axes[0]
    one = units(right["convnet"][0])
    x, y = axes.collections[0].get_offsets().T
    np.testing.assert_allclose(x, np.concatenate([*one.l1_norm.values()]))
    si = [one.report[name]["si"] for name in one.l1_norm]
    np.testing.assert_allclose(y, np.concatenate(si))


@pytest.mark.parametrize("metric", ["si", "mutual_information"])
def test_densities_hold_every_feature_map(right, metric):
    panels = dict(figures(right))["batch_norm"]().axes[1:]
    panel = panels[metric != "si"]
    bars = list(panel.patches)
    assert len(bars) == 2 * 25
    # A density has an area of 1, for each of the two.
    area = sum(bar.get_height() * bar.get_width() for bar in bars)
    assert area == pytest.approx(2)
    assert legend(panel) == ["with batch norm", "without"]
