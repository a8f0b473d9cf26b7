"""Real networks, as small as can be, against NumPy."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.lm21 import analyses
from recipes.lm21.experiments import swept
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.training import load
from tests.recipes import made
from tests.recipes.lm21.worlds import DIGITS

LAYERS = ["hidden_1", "hidden_2"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two perceptrons without the regularizer, two with it, and others made up."""
    base = DIGITS.replace(
        model="mlp", model_options={"widths": [6, 4]}, epochs=1, anneal_epochs=()
    )
    sweeps = {"resnet20": swept(base, [-30.0, -1.0, 0.0, 1.0], (0, 1))}
    output = tmp_path_factory.mktemp("runs")
    for settings in sweeps["resnet20"].settings:
        if settings.alpha in (-1, 0):
            Run(settings, output).do(lambda what: None)
        else:
            made.finish(Run(settings, output))
    found = Results(sweeps, output)
    for analysis in analyses.analyses(found):
        analysis.do(lambda what: None)
    return found


def hidden(run, x):
    """Activations of both layers."""
    model = run.model()
    outputs = [model.get_layer(name).output for name in LAYERS]
    return [np.asarray(one, float) for one in keras.Model(model.input, outputs)(x)]


def index(activations, labels):
    """SI of every unit, its minimum subtracted."""
    shifted = activations - activations.min(axis=0)
    means = np.array([shifted[labels == c].mean(axis=0) for c in range(10)])
    most = means.max(axis=0)
    rest = (means.sum(axis=0) - most) / 9
    return (most - rest) / (most + rest + 1e-7)


def test_what_is_analyzed(results):
    found = analyses.analyses(results)
    assert all(one.finished and one.line for one in found)
    kinds = [one.path.stem.rpartition("_")[0] for one in found]
    assert kinds == ["distances_resnet20_alpha-1"] + ["upper_bound"] * 4


def test_distances_are_of_all_pairs_over_the_test_set(results):
    runs = results.by_alpha("resnet20")
    x = load(runs[0.0][0].settings).test.x
    seen = {alpha: [hidden(run, x) for run in runs[alpha]] for alpha in (-1.0, 0.0)}
    found = analyses.distances(results, "resnet20")[-1.0].found

    def distance(a, b, layer):
        return ks.similarity.pwcca(a[layer], b[layer]).distance

    for layer, name in enumerate(LAYERS):
        within = [distance(*seen[-1.0], layer)]
        cross = [distance(b, a, layer) for a in seen[-1.0] for b in seen[0.0]]
        np.testing.assert_allclose(found["within"][name], within, atol=1e-4)
        np.testing.assert_allclose(sorted(found["cross"][name]), sorted(cross), 1e-4)
    ratios = [np.mean(found["cross"][n]) / np.mean(found["within"][n]) for n in LAYERS]
    assert analyses.as_distances(found).ratio == pytest.approx(np.mean(ratios))


def test_bounds_are_fitted_to_the_validation_set_and_scored_on_the_test_set(results):
    for run, one in zip(
        results.by_alpha("resnet20")[-1.0],
        analyses.bounds(results, "resnet20")[-1.0],
        strict=True,
    ):
        test = load(run.settings).test
        for name, seen in zip(LAYERS, hidden(run, test.x), strict=True):
            own = one.found["axis_aligned"][name]
            assert own == pytest.approx(index(seen, test.y).mean(), abs=1e-4)
            assert own - 0.05 < one.found["upper_bound"][name] < 1


def test_nothing_is_computed_of_others_as_the_paper_has_it(results):
    assert set(analyses.distances(results, "resnet20")) == {-1.0}
    assert set(analyses.bounds(results, "resnet20")) == {-1.0, 0.0}
