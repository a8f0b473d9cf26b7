"""What is compared differs in one thing."""

import pytest

from recipes.m18.experiments import SCALES


@pytest.fixture(params=SCALES)
def sweeps(request):
    return SCALES[request.param]()


def test_all_networks_of_a_sweep_share_their_training_set(sweeps):
    for name, sweep in sweeps.items():
        assert {one.data_seed for one in sweep.settings} == {0}, name


def test_batch_normalization_is_the_one_difference(sweeps):
    normalized, plain = sweeps["convnet"].base, sweeps["convnet_plain"].base
    assert plain.model_options == {**normalized.model_options, "batch_norm": False}
    assert plain.replace(model_options=normalized.model_options) == normalized
    true = {one.seed for one in sweeps["convnet"].settings if not one.corruption}
    assert true == {one.seed for one in sweeps["convnet_plain"].settings}


def test_every_comparison_has_replicates(sweeps):
    for name, sweep in sweeps.items():
        if name != "hyperparameters":
            assert len({one.seed for one in sweep.settings}) >= 3, name
