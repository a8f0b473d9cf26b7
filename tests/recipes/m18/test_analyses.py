"""Real networks, as small as can be, against NumPy."""

from pathlib import Path

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.m18 import analyses, experiments, quantities
from recipes.m18.claims.generalization import through_training
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep
from recipes.runner.training import load

pytestmark = pytest.mark.slow

BASE = experiments.DIGITS.replace(
    model_options={"widths": [6, 4]}, epochs=2, anneal_epochs=(), corruption=0.5
)
CONV = BASE.replace(
    model="convnet",
    model_options={"widths": [3, 4, 4, 5], "strides": [2, 1, 2, 1]},
    epochs=1,
    corruption=0.0,
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A perceptron on shuffled labels, one on true ones, a convolutional network."""
    mlp = BASE.replace(kept_epochs=(1, 2))
    sweeps = {
        "mlp": Sweep(BASE, {"corruption": (0.5,)}),
        "mlp_training": Sweep(mlp, {"seed": (0,)}),
        "mlp_selectivity": Sweep(BASE, {"corruption": (0.0,)}),
        "convnet": Sweep(CONV, {"seed": (0,)}),
    }
    output = tmp_path_factory.mktemp("runs")
    for sweep in sweeps.values():
        for settings in sweep.settings:
            Run(settings, output).do(lambda what: None)
    found = Results(sweeps, output)
    for analysis in analyses.analyses(found):
        analysis.do(lambda what: None)
    return found


def hidden(run, x):
    """Both hidden layers of a perceptron, and what makes logits of the second."""
    kernels = [layer.get_weights() for layer in run.model().layers if layer.weights]
    x = x.reshape(len(x), -1)
    first = np.maximum(x @ kernels[0][0] + kernels[0][1], 0)
    return first, kernels


def logits(first, kernels, silent):
    first = np.where(silent[:6], 0, first)
    second = np.maximum(first @ kernels[1][0] + kernels[1][1], 0)
    second = np.where(silent[6:], 0, second)
    return second @ kernels[2][0] + kernels[2][1]


def test_what_is_analyzed_of_which_network(results):
    names = {one.path.name: 0 for one in analyses.analyses(results)}
    for one in analyses.analyses(results):
        names[one.path.name] += 1
        assert one.finished
        assert one.line
    assert names == {
        "ablation.json": 2,
        "ablation_mean.json": 1,
        "noise.json": 2,
        "training.json": 1,
        "importance.json": 2,
        "norms.json": 2,
    }


def test_a_perceptron_s_curve_is_of_its_own_training_labels(results):
    (run,) = results["mlp"]
    data = load(run.settings)
    first, kernels = hidden(run, np.asarray(data.train.x))
    curve = analyses.curve(run)
    assert curve.layers == {"hidden_1": 6, "hidden_2": 4}
    assert curve.accuracy.shape == (10, 11)
    nothing, everything = np.zeros(10, bool), np.ones(10, bool)
    for silent, point in ((nothing, 0), (everything, -1)):
        right = logits(first, kernels, silent).argmax(axis=1) == data.train.y
        assert curve.accuracy[:, point] == pytest.approx(right.mean(), abs=2e-3)
    assert quantities.area(run) == pytest.approx(
        np.mean((curve.accuracy[:, 1:] + curve.accuracy[:, :-1]) / 2)
    )
    assert quantities.training_accuracy(run) == curve.accuracy[0, 0]
    assert quantities.normalized_area(run) == pytest.approx(
        quantities.area(run) / curve.accuracy[0, 0]
    )
    assert quantities.generalization_error(run) == pytest.approx(
        curve.accuracy[0, 0] - run.accuracy
    )


def test_importance_is_the_test_loss_that_a_unit_saves(results):
    (run,) = results["mlp_selectivity"]
    test = load(run.settings).test
    first, kernels = hidden(run, np.asarray(test.x))
    found = analyses.units(run)

    def loss(silent):
        z = logits(first, kernels, silent)
        log = z - z.max(axis=1, keepdims=True)
        log -= np.log(np.exp(log).sum(axis=1, keepdims=True))
        return -log[np.arange(len(z)), test.y].mean()

    intact = loss(np.zeros(10, bool))
    assert found.single.intact["loss"] == pytest.approx(intact, abs=1e-4)
    changes = found.single.importance("loss_change")
    expected = [loss(np.arange(10) == unit) - intact for unit in range(10)]
    assert changes == pytest.approx(expected, abs=1e-4)
    norms = np.abs(kernels[1][0]).sum(axis=0)
    assert found.l1_norm["hidden_2"] == pytest.approx(norms, rel=1e-5)


def test_training_is_followed_at_the_kept_epochs(results):
    (run,) = results["mlp_training"]
    found = analyses.training_task(run).found
    assert found["epoch"] == [1, 2]
    for place, epoch in enumerate((1, 2)):
        model = run.model(epoch)
        curve = ks.perturbation.cumulative(
            model, analyses.training_images(run), seed=run.settings.seed, verbose=0
        )
        assert found["auc"][place] == pytest.approx(curve.auc.mean(), abs=1e-3)
        normalized = through_training(found, "kept")[place]
        assert normalized == pytest.approx(curve.normalized_auc.mean(), abs=2e-3)
    data = load(run.settings)
    for name, split in (("train_loss", data.train), ("test_loss", data.test)):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        expected = float(loss(split.y, model.predict(split.x, verbose=0)))
        assert found[name][-1] == pytest.approx(expected, abs=1e-3)


def test_a_convolutional_network_loses_its_last_three_layers(results):
    (run,) = results["convnet"]
    last = ["conv_2_relu", "conv_3_relu", "conv_4_relu"]
    zero, mean = analyses.curve(run), analyses.curve(run, "mean")
    assert list(zero.layers) == list(mean.layers) == last
    assert (zero.clamp, mean.clamp) == ("zero", "mean")
    assert zero.accuracy[:, 0] == pytest.approx(mean.accuracy[:, 0])
    assert list(analyses.units(run).single) == ["conv_1_relu", *last]


def test_noise_at_scale_zero_is_none(results):
    for sweep in ("mlp", "convnet"):
        (run,) = results[sweep]
        (found,) = analyses.noise_curves([run])
        assert found.scales.tolist() == list(analyses.NOISE)
        assert np.ptp(found.accuracy[:, 0]) == 0
        expected = found.accuracy[:, 1:].mean()
        assert quantities.robustness(run) == pytest.approx(expected)


def test_imagenet_has_top_5():
    run = Run(experiments.IMAGENET, Path("runs"))
    assert analyses.top_k(run) == 5


def test_results_are_kept_as_the_library_has_them(results):
    (run,) = results["mlp_selectivity"]
    single = analyses.importance_task(run)
    found = ks.perturbation.SingleUnitAblation.load(single.archive)
    assert list(found) == ["hidden_1", "hidden_2"]
    assert found.intact == analyses.units(run).single.intact
    (run,) = results["mlp"]
    kept = ks.perturbation.AblationCurve.load(analyses.ablation_task(run).archive)
    np.testing.assert_array_equal(kept.accuracy, analyses.curve(run).accuracy)
    kept = ks.perturbation.NoiseCurve.load(analyses.noise_task(run).archive)
    (found,) = analyses.noise_curves([run])
    np.testing.assert_array_equal(kept.accuracy, found.accuracy)


def test_what_was_not_computed_is_nan(results, tmp_path):
    run = Run(results["mlp"][0].settings.replace(seed=9), tmp_path)
    for quantity in (
        quantities.area,
        quantities.normalized_area,
        quantities.area_to_mean,
        quantities.half,
        quantities.training_accuracy,
        quantities.robustness,
    ):
        assert np.isnan(quantity(run))
    assert analyses.units(run) is None
