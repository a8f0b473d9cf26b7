"""Settings say all of a run, and name the field that is wrong."""

import json

import numpy as np
import pytest

from recipes.runner.settings import Settings, parsed, several

BASE = {
    "data": "digits",
    "model": "mlp",
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 0.1,
}


def test_the_digest_tells_settings_apart():
    one = Settings(**BASE)
    names = {
        one.name,
        *(
            one.replace(**change).name
            for change in (
                {"seed": 1},
                {"alpha": -1},
                {"momentum": 0.8},
                {"epochs": 3},
                {"model_options": {"widths": [8, 8]}},
                {"corruption": 0.5},
                {"deterministic": True},
                {"anneal_epochs": [1]},
                {"data_seed": 0},
            )
        ),
    }
    assert len(names) == 10


def test_a_data_seed_that_is_none_changes_no_name():
    one = Settings(**BASE)
    # As a run that was stored before there was one.
    assert one.name == "mlp_digits_alpha0_seed0_f535a10c"
    assert "data_seed" not in one.to_json()
    assert one.replace(data_seed=0).to_json()["data_seed"] == 0


def test_they_come_back_from_json_as_they_were():
    one = Settings(
        **BASE, model_options={"widths": (8, 8)}, anneal_epochs=(1,), alpha=-1
    )
    back = Settings(**json.loads(json.dumps(one.to_json())))
    assert back == one
    assert back.name == one.name


def test_what_scales_nothing_is_one_baseline():
    plain = Settings(**BASE, alpha=0)
    for change in (
        {"regularizer": "dprime"},
        {"taps": "first:3"},
        {"warmup_epochs": 5},
    ):
        changed = plain.replace(**change)
        assert changed.effective == plain.effective == plain
        # Which does not forget what it is to scale.
        assert changed.replace(alpha=1).effective != plain.replace(alpha=1)


@pytest.mark.parametrize(
    ("field", "value", "error", "text"),
    [
        ("epochs", 0, ValueError, "`epochs` must be a positive integer. Received: ep"),
        ("epochs", 1.5, TypeError, "`epochs` must be a positive integer. Received: ep"),
        ("epochs", True, TypeError, "`epochs` must be a positive integer"),
        (
            "learning_rate",
            -1,
            ValueError,
            "`learning_rate` must be a finite number above 0",
        ),
        ("learning_rate", "fast", TypeError, "`learning_rate` must be a finite number"),
        ("learning_rate", float("inf"), ValueError, "`learning_rate` must be a finite"),
        ("weight_decay", float("inf"), ValueError, "`weight_decay` must be a finite"),
        ("weight_decay", -1, ValueError, "`weight_decay` must be .* at least 0"),
        (
            "momentum",
            -0.1,
            ValueError,
            "`momentum` must be a finite number of at least 0",
        ),
        ("momentum", 1, ValueError, r"`momentum` must be in \[0, 1\)"),
        ("anneal_epochs", (0,), ValueError, "`anneal_epochs` must be epochs after"),
        ("anneal_epochs", 3, TypeError, "`anneal_epochs` must be a list of integers"),
        ("anneal_epochs", [1.5], TypeError, "`anneal_epochs` must be an integer"),
        (
            "augmentation",
            "cutout",
            ValueError,
            "must be one that digits has: none, flip_crop",
        ),
        (
            "corruption",
            2,
            ValueError,
            "`corruption` must be .* at least 0 and at most 1",
        ),
        ("alpha", float("nan"), ValueError, "`alpha` must be a finite number"),
        ("alpha", float("inf"), ValueError, "`alpha` must be a finite number"),
        ("regularizer", "ccmas", ValueError, '`regularizer` must be .* or "si_r22"'),
        ("taps", "stage[", ValueError, "`taps` must be .* or a regular expression"),
        ("taps", "", ValueError, "`taps` must not be empty"),
        ("taps", 3, TypeError, "`taps` must be a string"),
        ("groups", "stage", ValueError, "`groups` must be a regular expression with a"),
        ("window", (1, 1), ValueError, "`window` must be .*stop after start"),
        ("window", (4, 1), ValueError, "`window` must be"),
        ("window", (-1,), ValueError, "`window` must be"),
        ("window", (1, 2, 3), ValueError, "`window` must be"),
        ("select", "first", ValueError, '`select` must be "best" or "last"'),
        ("kept_epochs", (10**6,), ValueError, "`kept_epochs` must be numbers of ep"),
        ("first_epoch_points", -1, ValueError, "`first_epoch_points` must be an in"),
        ("taps", "first:0", ValueError, "`taps` must be 'relu', 'first:<n>', "),
        ("taps", "middle:2", ValueError, "`taps` must be"),
        ("taps", "relu:", ValueError, "`taps` must be"),
        ("seed", -1, ValueError, "`seed` must be an integer of at least 0"),
        ("seed", 2**32, ValueError, r"`seed` must be below 2\*\*32"),
        ("warmup_epochs", 0.5, TypeError, "`warmup_epochs` must be an integer"),
        ("model_options", [1], TypeError, "`model_options` must be a mapping"),
        ("model_options", {"dropout": float("nan")}, TypeError, "that JSON can hold"),
        ("model_options", {"width": 3}, ValueError, "options of mlp: widths, dropout"),
        ("model_options", {"classes": 3}, ValueError, "options of mlp: widths, drop"),
        (
            "augmentation",
            "inception",
            ValueError,
            "`augmentation` must be .* digits has",
        ),
        ("data", "svhn", ValueError, '`data` must be "digits", '),
        ("model", "lenet", ValueError, '`model` must be .*"resnet20"'),
        ("policy", "float8", ValueError, '`policy` must be "float32", '),
        ("deterministic", 1, TypeError, "`deterministic` must be True or False"),
    ],
)
def test_errors_name_the_field(field, value, error, text):
    with pytest.raises(error, match=text):
        Settings(**{**BASE, field: value})


def test_an_unknown_field_is_named_with_its_likely_meaning():
    with pytest.raises(ValueError, match=r"no field 'epoch'. Did you mean 'epochs'"):
        parsed(["epoch=3"])
    with pytest.raises(ValueError, match=r"field=value.*Received: 'epochs'"):
        parsed(["epochs"])


def test_a_field_is_not_changed_twice():
    with pytest.raises(ValueError, match="`epochs` must not be changed twice"):
        parsed(["epochs=3", "seed=1", "epochs=4"])


def test_an_alpha_of_minus_zero_is_no_other_run():
    assert Settings(**BASE, alpha=-0.0).name == Settings(**BASE, alpha=0).name


def test_numbers_of_numpy_are_numbers():
    changed = {"epochs": np.int64(2), "learning_rate": np.float64(0.1), "batch_size": 8}
    assert Settings(**{**BASE, **changed}).name == Settings(**BASE).name


@pytest.mark.parametrize(
    ("field", "values", "error", "text"),
    [
        ("seed", [0, -1], ValueError, "`--seeds` must be an integer of at least 0"),
        ("alpha", [float("nan")], ValueError, "`--alphas` must be a finite number"),
        ("alpha", [0, 1, -0.0], ValueError, "`--alphas` must not have a value twice"),
        ("seed", ["a"], TypeError, "`--seeds` must be an integer"),
    ],
)
def test_several_values_name_their_argument(field, values, error, text):
    with pytest.raises(error, match=text):
        several(field, values)


def test_overrides_are_read_as_json_where_they_are():
    assert parsed(["anneal_epochs=[1, 2]", "taps=last:3", "alpha=-1e-1"]) == {
        "anneal_epochs": [1, 2],
        "taps": "last:3",
        "alpha": -0.1,
    }
