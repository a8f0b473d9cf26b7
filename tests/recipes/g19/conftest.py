"""A tiny AlexNet that was trained and measured, and one that is made up."""

from types import SimpleNamespace

import numpy as np
import pytest

from recipes.g19 import maximized, measures
from recipes.g19.experiments import GLYPHS, SMALL_ALEXNET
from recipes.g19.measured import Examples, networks
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep
from tests.recipes import made

DIGITS = GLYPHS.replace(data="digits")
TINY = {**SMALL_ALEXNET, "widths": [8] * 5, "dense": [12, 12], "dropout": 0.0}
LAYERS = {"conv5": 6, "fc6": 6, "fc7": 6, "fc8": 4, "prob": 4}
CLASSES = 4


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Results of a run of a few epochs, measured, with four images a unit."""
    output = tmp_path_factory.mktemp("g19")
    settings = DIGITS.replace(
        model_options=TINY, epochs=3, anneal_epochs=(), learning_rate=0.05
    )
    Run(settings, output).do(lambda _: None)
    results = Results({"alexnet": Sweep(settings, {"seed": (0,)})}, output)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(maximized, "IMAGES", 4)
        patched.setitem(maximized.STEPS, "digits", 4)
        patched.setitem(measures.IMAGES, "digits", 10)
        networks(results)[0].do(lambda _: None)
    return results


@pytest.fixture
def measured(trained):
    return networks(trained)[0]


@pytest.fixture
def make_up():
    """Builder of a measured network with given values: `{measure: {layer: value}}`."""
    return made_up


def made_up(values=None, responses=None, labels=None, size=100, settings=DIGITS):
    """A network of whose units all of a layer have the same value."""
    defaults = {
        "ccmas": 0.5,
        "ccmas_class": 0,
        "ccmas_second": 0.4,
        "ccmas_second_class": 1,
        "precision": 0.5,
        "precision_class": 0,
        "top_class": 0.01,
        "top_class_class": 0,
        "top_class_cluster": 1,
        "localist": 0,
        "localist_on": 0,
        "localist_off": 0,
        "active_fraction": 0.5,
    }
    values = values or {}
    table = {
        layer: {
            metric: np.broadcast_to(
                np.asarray(values.get(metric, {}).get(layer, default), float), count
            ).copy()
            for metric, default in defaults.items()
        }
        for layer, count in LAYERS.items()
    }
    report = made.report(table, 1.0, CLASSES, CLASSES * size, correct_only=True)
    labels = np.repeat(np.arange(CLASSES), 10) if labels is None else labels
    responses = np.arange(len(labels), dtype=float) if responses is None else responses
    examples = Examples(
        dict.fromkeys(LAYERS, 0),
        dict.fromkeys(LAYERS, 0),
        np.stack([responses] * len(LAYERS)).astype(np.float32),
        np.asarray(labels),
        np.zeros((3, 4, 8, 8, 1), np.float32),
        np.zeros((3, 4), np.float32),
    )
    return SimpleNamespace(
        report=report,
        mean_report=report,
        examples=examples,
        network=SimpleNamespace(
            title="AlexNet, seed 0", settings=settings, published=False
        ),
        finished=True,
    )
