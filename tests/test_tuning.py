"""Searches over alpha: in one process, and with a chief and two workers."""

import json
import os
import socket
import subprocess
import sys
import textwrap

import keras
import keras_tuner
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity import tuning

pytestmark = pytest.mark.slow


def build(hp):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(
                hp.Int("units", 8, 16, 8), activation="relu", name="one"
            ),
            keras.layers.Dense(12, activation="relu", name="two"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    return model


@pytest.fixture
def data(digits):
    x, y = digits
    return (x[:400], y[:400]), (x[400:600], y[400:600])


def test_the_wrapped_model_is_compiled_as_the_base_model_is():
    hp = keras_tuner.HyperParameters()
    model = tuning.SelectivityHyperModel(build, alpha=[-2.0, 0.0]).build(hp)
    assert isinstance(model, ks.SelectivityModel)
    assert model.alpha == -2
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.01)
    assert model.loss.get_config()["from_logits"]
    assert hp.values == {"units": 8, "alpha": -2.0}


def test_everything_that_there_is_more_than_one_of_is_tuned():
    hypermodel = tuning.SelectivityHyperModel(
        build,
        alpha=tuning.SignedRange(0.1, 10),
        regularizer=["si", "dprime"],
        taps={"all": ks.taps.kind("relu"), "last": ks.taps.last(1)},
        schedules={"constant": [], "warm-up": [ks.callbacks.AlphaWarmup(2)]},
        synchronized=False,
    )
    hp = keras_tuner.HyperParameters()
    assert hypermodel.build(hp).tap_names == ["one", "two"]
    names = {space.name for space in hp.space}
    assert names == {
        "units", "alpha_sign", "alpha_magnitude", "regularizer", "taps", "schedule",
    }  # fmt: skip
    hp.values.update(
        {
            "alpha_sign": 1,
            "alpha_magnitude": 3.0,
            "regularizer": "dprime",
            "taps": "last",
        }
    )
    model = hypermodel.build(hp)
    assert (model.alpha, model.regularizer.name) == (3, "dprime")
    assert model.tap_names == ["two"]
    assert not model.synchronized
    hp.values["alpha_sign"] = 0
    assert hypermodel.build(hp).alpha == 0


def test_one_of_each_is_no_hyperparameter():
    hp = keras_tuner.HyperParameters()
    model = tuning.SelectivityHyperModel(build, -1, ["dprime"]).build(hp)
    assert (model.alpha, model.regularizer.name) == (-1, "dprime")
    assert list(hp.values) == ["units"]


def test_schedules_act_and_trials_get_copies(data):
    train, _ = data
    warmup = ks.callbacks.AlphaWarmup(4)
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.effective_alpha)

    hypermodel = tuning.SelectivityHyperModel(
        build, alpha=-4.0, schedules={"warm-up": [warmup]}
    )
    hp = keras_tuner.HyperParameters()
    hypermodel.fit(
        hp, hypermodel.build(hp), *train, epochs=4, verbose=0, callbacks=[Spy()]
    )
    # 13 steps an epoch; alpha as it is in the last of them.
    assert seen == pytest.approx([-(epoch + 12 / 13) for epoch in range(4)])
    assert warmup._model is None


@pytest.mark.parametrize(
    "tuner", ["RandomSearch", "GridSearch", "BayesianOptimization", "Hyperband"]
)
def test_every_tuner_finishes_a_search(data, tmp_path, tuner):
    train, val = data
    arguments = {"max_epochs": 2} if tuner == "Hyperband" else {"max_trials": 2}
    search = getattr(keras_tuner, tuner)(
        tuning.SelectivityHyperModel(build, alpha=tuning.SignedRange(0.1, 10)),
        objective=tuning.objective("val_accuracy"),
        directory=tmp_path,
        project_name="search",
        seed=0,
        **arguments,
    )
    search.search(*train, validation_data=val, epochs=2, verbose=0)
    trials = search.oracle.get_best_trials(9)
    assert len(trials) >= 2
    assert all(0 < trial.score <= 1 for trial in trials)
    (best,) = search.get_best_models(1)
    _, accuracy = best.evaluate(*val, verbose=0)
    assert accuracy == pytest.approx(trials[0].score, abs=1e-6)
    alpha = best.alpha
    values = trials[0].hyperparameters.values
    assert alpha == pytest.approx(
        values["alpha_sign"] * values.get("alpha_magnitude", 0)
    )


def test_objectives_of_selectivity_and_ablation(data, tmp_path):
    train, val = data
    for name in ("selectivity_error", "ablation_auc"):
        search = keras_tuner.GridSearch(
            tuning.SelectivityHyperModel(
                lambda hp: build(keras_tuner.HyperParameters()), alpha=[-3.0, 3.0]
            ),
            objective=tuning.objective(name),
            directory=tmp_path,
            project_name=name,
        )
        search.search(
            *train,
            epochs=2,
            verbose=0,
            callbacks=[
                ks.callbacks.SelectivityMonitor(val),
                tuning.SelectivityTarget(0.9),
                ks.callbacks.AblationAUC(train, points=3, repeats=1),
            ],
        )
        best = search.get_best_hyperparameters()[0]
        scores = {
            trial.hyperparameters["alpha"]: trial.score
            for trial in search.oracle.get_best_trials(2)
        }
        better = min if name == "selectivity_error" else max
        assert scores[best["alpha"]] == better(scores.values())
        if name == "selectivity_error":
            assert best["alpha"] == 3


def test_tensorboard_shows_the_trials(data, tmp_path, served):
    train, val = data
    search = keras_tuner.GridSearch(
        tuning.SelectivityHyperModel(
            lambda hp: build(keras_tuner.HyperParameters()), alpha=[-1.0, 0.0, 1.0]
        ),
        objective=tuning.objective("val_accuracy"),
        directory=tmp_path / "search",
        project_name="p",
    )
    logs = tmp_path / "logs"
    search.search(
        *train,
        validation_data=val,
        epochs=1,
        verbose=0,
        callbacks=[
            ks.callbacks.SelectivityMonitor(val, log_dir=logs),
            keras.callbacks.TensorBoard(logs),
        ],
    )
    ask = served(logs)
    ids = sorted(trial.trial_id for trial in search.oracle.get_best_trials(3))
    query = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_RUNNING", "STATUS_SUCCESS"],
        "colParams": [],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask(
        "hparams/session_groups",
        query,
        wanted=lambda found: len(found.get("sessionGroups", [])) == 3,
    )["sessionGroups"]
    assert sorted(group["hparams"]["alpha"] for group in groups) == [-1, 0, 1]
    runs = set(ask("scalars/tags", wanted=lambda tags: len(tags) >= 9))
    for trial in ids:
        ours = [run for run in runs if trial in run and run.endswith("selectivity")]
        assert len(ours) == 1


PROGRAM = textwrap.dedent(
    """
    import sys, json
    sys.path.insert(0, {tests!r})
    import keras, keras_tuner
    from sklearn.datasets import load_digits
    from keras_selectivity import tuning
    from test_tuning import build
    x, y = load_digits(return_X_y=True)
    x = (x.reshape(-1, 8, 8, 1) / 16).astype("float32")
    keras.config.disable_interactive_logging()
    tuner = keras_tuner.GridSearch(
        tuning.SelectivityHyperModel(
            lambda hp: build(keras_tuner.HyperParameters()),
            alpha=[-2.0, -1.0, 0.0, 1.0]),
        objective=tuning.objective("val_accuracy"),
        directory={folder!r}, project_name="p")
    tuner.search(x[:400], y[:400], validation_data=(x[400:600], y[400:600]),
                 epochs=2, verbose=0)
    """
)


def start(folder, **environment):
    program = PROGRAM.format(tests=os.path.dirname(__file__), folder=str(folder))
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "KERAS_BACKEND": "tensorflow", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def trials_of(folder):
    """`{alpha: score}` as the tuner's own API reads them."""
    tuner = keras_tuner.GridSearch(
        tuning.SelectivityHyperModel(
            lambda hp: build(keras_tuner.HyperParameters()),
            alpha=[-2.0, -1.0, 0.0, 1.0],
        ),
        objective=tuning.objective("val_accuracy"),
        directory=folder,
        project_name="p",
    )
    tuner.oracle.reload()
    return {
        trial.hyperparameters["alpha"]: trial.score
        for trial in tuner.oracle.get_best_trials(9)
    }


def test_a_chief_and_two_workers_run_the_trials_of_one_process(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port}
    shared = tmp_path / "shared"
    processes = [
        start(shared, KERASTUNER_TUNER_ID=name, **address)
        for name in ("chief", "worker0", "worker1")
    ]
    try:
        for process in processes[1:]:
            assert process.wait(timeout=240) == 0
        assert processes[0].wait(timeout=120) == 0
    finally:
        for process in processes:
            process.kill()
    assert start(tmp_path / "alone").wait(timeout=240) == 0
    found, wanted = trials_of(shared), trials_of(tmp_path / "alone")
    assert sorted(wanted) == [-2, -1, 0, 1]
    assert found == pytest.approx(wanted)
    # Each trial was run by one of the workers, and both had their share.
    files = [json.loads(path.read_text()) for path in shared.rglob("trial.json")]
    assert len(files) == 4
    assert all(trial["status"] == "COMPLETED" for trial in files)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"build": 3}, TypeError, "`build` must be a function"),
        ({"build": build, "alpha": []}, ValueError, "`alpha` must not be empty"),
        ({"build": build, "taps": {}}, ValueError, "`taps` must not be empty"),
    ],
)
def test_errors(arguments, error, message):
    with pytest.raises(error, match=message):
        tuning.SelectivityHyperModel(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"low": 0}, {"low": 2, "high": 1}, {"signs": ()}, {"signs": (2,)}]
)
def test_ranges_that_are_none(arguments):
    with pytest.raises(ValueError, match="Received"):
        tuning.SignedRange(**arguments)


def test_signed_range_covers_both_signs_and_magnitudes():
    spread = tuning.SignedRange(0.1, 100)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=tuning.objective("val_loss"), max_trials=300, seed=0
    )
    hp = oracle.get_space()
    spread.sample(hp)
    oracle.update_space(hp)
    found = []
    for _ in range(300):
        values = oracle._random_values()
        hp.values = values
        found.append(spread.sample(hp))
    found = np.array(found)
    assert np.mean(found == 0) == pytest.approx(1 / 3, abs=0.1)
    for sign in (-1, 1):
        magnitudes = sign * found[found * sign > 0]
        assert len(magnitudes) > 60
        assert magnitudes.min() >= 0.1 and magnitudes.max() <= 100
        # As many below the geometric mean as above it.
        assert np.mean(magnitudes < 10**0.5) == pytest.approx(0.5, abs=0.15)


def test_a_base_model_that_is_not_compiled_needs_a_compile():
    def bare(hp):
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(4, activation="relu"),
                keras.layers.Dense(10),
            ]
        )

    hp = keras_tuner.HyperParameters()
    with pytest.raises(ValueError, match="compiled model"):
        tuning.SelectivityHyperModel(bare).build(hp)
    model = tuning.SelectivityHyperModel(
        bare, compile=lambda hp, model: model.compile("sgd", "mse")
    ).build(hp)
    assert model.compiled


def test_an_objective_without_a_direction():
    with pytest.raises(ValueError, match="more of it is better"):
        tuning.objective("val_si")
    assert tuning.objective("val_si", "min").direction == "min"


def test_a_target_needs_something_to_compare():
    with pytest.raises(ValueError, match="SelectivityMonitor before it"):
        tuning.SelectivityTarget(0.5).on_epoch_end(0, {"loss": 1})
