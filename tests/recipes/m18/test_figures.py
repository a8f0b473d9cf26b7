import importlib
import io
import re

from recipes.m18.figures import THEMES, figures
from recipes.m18.figures.pieces import titled
from recipes.runner.results import Results
from tests.recipes.m18 import worlds

EXPECTED = {
    "mlp_ablation",
    "mlp_noise",
    "convnet_ablation",
    "convnet_noise",
    "resnet50_ablation",
    "ensemble",
    "mlp_training",
    "convnet_training",
    "hyperparameters",
    "mlp_dropout",
    "batch_norm",
    "clamp",
    "mlp_importance_selectivity",
    "mlp_importance_information",
    "convnet_importance_selectivity",
    "convnet_importance_information",
    "convnet_depth",
    "convnet_l1_norm",
    "resnet50_importance_selectivity",
    "resnet50_importance_information",
    "resnet50_depth",
    "resnet50_l1_norm",
}


def test_every_figure_is_drawn(right):
    found = dict(figures(right))
    assert set(found) == EXPECTED
    for name, draw in found.items():
        figure = draw()
        file = io.BytesIO()
        figure.savefig(file, dpi=30)
        assert file.tell() > 0, name
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
    assert titled([type(run)(small, run.output)], "x") == "MLP, digits (small scale): x"


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
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    areas = [float(word.split("area ")[1]) for word in words]
    assert [word.split(":")[0] for word in words] == [
        "true labels",
        *(f"{share}% shuffled" for share in (25, 50, 75, 100)),
    ]
    # As the world has it: not in order.
    assert areas[0] > areas[2] > areas[1] > areas[3] > areas[4]


def test_the_ensemble_s_best_are_those_with_the_lowest_error(right):
    left, points = dict(figures(right))["ensemble"]().axes
    best, worst = (line.get_ydata()[10] for line in left.lines)
    assert best > 90 > 20 > worst
    assert len(points.collections[0].get_offsets()) == 24
