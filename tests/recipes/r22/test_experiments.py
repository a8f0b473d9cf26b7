import keras
import pytest

from keras_selectivity import SelectivityModel
from recipes.r22.claims.regularized import LEFT_OUT
from recipes.r22.experiments import ALL, EARLY, MODULES, full, mini
from recipes.runner import regularizers
from recipes.runner.training import build


@pytest.fixture(scope="module")
def network():
    settings = mini()["plain"].base
    return build(settings.replace(model_options={"widths": [1, 1, 1, 1]}))


def shared(sweep, field):
    (value,) = {getattr(one, field) for one in sweep.settings}
    return value


def test_the_papers_settings():
    plain = full()["plain"]
    assert len(plain.settings) == 10
    base = plain.base
    assert (base.data, base.model) == ("imagenet2012", "resnet50")
    assert (base.epochs, base.batch_size, base.learning_rate) == (90, 256, 0.1)
    assert (base.weight_decay, base.momentum, base.alpha) == (1e-4, 0.9, 0)
    assert base.model_options == {"max_pool": True}
    assert base.anneal_epochs == (30, 60)
    assert {0, 90} <= set(base.kept_epochs)


@pytest.mark.parametrize(
    ("sweep", "alphas", "windows", "taps", "epochs"),
    [
        ("against_from_0", {-20}, {()}, EARLY, 60),
        ("against_from_5", {-20}, {(5,)}, EARLY, 60),
        ("recovery", {-20}, {(0, 4)}, EARLY, 60),
        ("for_large", {10, 20}, {(0, 4)}, EARLY, 20),
        ("for_small_four", {1, 5}, {(0, 4)}, ALL, 20),
        ("for_small_one", {1, 5}, {(0, 1)}, ALL, 20),
        ("starts", {-20}, {(1,), (2,), (3,), (4,)}, EARLY, 20),
        ("strengths_from_0", {-1, -5, -10}, {()}, EARLY, 20),
        ("strengths_from_5", {-1, -5, -10}, {(5,)}, EARLY, 20),
        ("representation", {20}, {(0, 4)}, EARLY, 20),
        ("summed", {-20}, {(), (5,)}, EARLY, 20),
    ],
)
def test_the_papers_regularized_networks(sweep, alphas, windows, taps, epochs):
    found = full()[sweep]
    assert {one.alpha for one in found.settings} == alphas
    assert {one.window for one in found.settings} == windows
    assert shared(found, "taps") == taps
    assert shared(found, "groups") == MODULES
    assert shared(found, "epochs") == epochs
    expected = "si_sum" if sweep == "summed" else "si_r22"
    assert shared(found, "regularizer") == expected


def test_the_miniature_has_the_same_sweeps():
    small, large = mini(), full()
    assert small.keys() == large.keys() - {"summed"}
    for name, sweep in small.items():
        for field in ("taps", "groups", "regularizer"):
            assert shared(sweep, field) == shared(large[name], field)
        for field in ("alpha", "window"):
            values = [
                {getattr(one, field) for one in found.settings}
                for found in (sweep, large[name])
            ]
            assert values[0] <= values[1], (name, field)
        assert shared(sweep, "data") == "glyphs100"
        assert shared(sweep, "deterministic")


def test_what_the_miniature_leaves_out():
    def alphas(sweeps, *names):
        return {one.alpha for name in names for one in sweeps[name].settings}

    strengths = "strengths_from_0", "strengths_from_5", "for_small_four"
    assert alphas(full(), *strengths) - alphas(mini(), *strengths) == LEFT_OUT.keys()


def test_networks_of_the_miniature_are_replicated():
    for name, sweep in mini().items():
        seeds = {one.seed for one in sweep.settings}
        expected = 5 if name in ("plain", "against_from_0", "against_from_5") else 3
        assert len(seeds) >= expected
        assert seeds <= {one.seed for one in mini()["plain"].settings}


def test_only_the_plain_networks_are_followed_step_by_step():
    for name, sweep in full().items():
        assert (shared(sweep, "first_epoch_points") > 1) == (name == "plain")
        assert bool(shared(sweep, "kept_epochs")) == (name == "plain")


@pytest.mark.parametrize(("taps", "modules"), [(EARLY, 3), (ALL, 4)])
def test_regularized_are_the_outputs_of_the_blocks(network, taps, modules):
    model = SelectivityModel(network, alpha=-1.0, taps=taps, groups=MODULES)
    blocks = (3, 4, 6, 3)[:modules]
    assert [len(names) for names in model.groups.values()] == [*blocks]
    for name in model.tap_names:
        assert name.endswith("_out")


def test_si_with_the_papers_epsilon():
    found = regularizers.get("si_r22")
    assert found.get_config() == {"epsilon": 1e-6, "rest": "classes"}
    assert isinstance(found, type(regularizers.get("si")))
    assert keras.saving.get_registered_name(type(found))
