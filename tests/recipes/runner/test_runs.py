"""A run's folder says all of itself; what is interrupted or damaged is mended."""

import json
import shutil

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.storage.files import UnusableFileError
from recipes.runner import training
from recipes.runner.runs import Run
from recipes.runner.settings import Settings

SETTINGS = Settings(
    data="digits",
    model="mlp",
    model_options={"widths": [16, 12]},
    epochs=4,
    batch_size=256,
    learning_rate=0.1,
    anneal_epochs=(2,),
    alpha=-0.5,
    warmup_epochs=2,
    seed=3,
    deterministic=True,
    kept_epochs=(0, 3),
    first_epoch_points=2,
)


def silent(what: str) -> None:
    pass


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = Run(SETTINGS, tmp_path_factory.mktemp("runs"))
    run.do(silent)
    return run


@pytest.fixture
def copied(finished, tmp_path):
    run = Run(SETTINGS, tmp_path)
    shutil.copytree(finished.folder, run.folder)
    return run


def left_by(run):
    """What two runs must share: numbers, not times."""
    run = Run(run.settings, run.output)  # Without what it remembers.
    preferred = {name: p.tolist() for name, p in run.preferred_classes.history.items()}
    report = {name: a.tolist() for name, a in run.report.to_arrays().items()}
    weights = [
        [w.tolist() for w in run.model(epochs).get_weights()] for epochs in (None, 0, 3)
    ]
    found = (run.result["selected_epoch"], run.history, run.first_epoch)
    return *found, preferred, report, weights


def test_the_folder_says_all_of_itself(finished):
    kept = {path.name for path in finished.folder.iterdir()}
    assert kept == {
        "settings.json",
        "history.json",
        "selected.weights.h5",
        "report.npz",
        "preferred_classes.npz",
        "first_epoch.json",
        "kept",
        "logs",
        "result.json",
    }
    names = {path.name for path in (finished.folder / "kept").iterdir()}
    assert names == {"0000.weights.h5", "0003.weights.h5"}
    said = json.loads((finished.folder / "settings.json").read_text())
    assert {name: said[name] for name in SETTINGS.to_json()} == SETTINGS.to_json()
    assert said["versions"]["keras"] == keras.__version__
    assert len(said["devices"]) >= 1


def test_the_history_has_every_epoch(finished):
    history = finished.history
    assert {len(values) for values in history.values()} == {4}
    assert {
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "si",
        "test_accuracy",
        "test_si",
        "test_si/hidden_1",
        "learning_rate",
        "preferred_class_changes",
    } <= set(history)
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.1, 0.01, 0.01])
    preferred = finished.preferred_classes.history
    assert {one.shape for one in preferred.values()} == {(4, 16), (4, 12)}


def test_the_weights_are_of_the_best_epoch_and_the_report_is_theirs(finished):
    accuracy = finished.history["val_accuracy"]
    best = finished.result["selected_epoch"]
    assert accuracy[best] == max(accuracy)
    assert all(value < max(accuracy) for value in accuracy[best + 1 :])
    data = training.load(SETTINGS)
    model = finished.model()
    report = ks.measure(model, data.batches("test", 100), verbose=0)
    np.testing.assert_allclose(
        report["hidden_1"]["si"], finished.report["hidden_1"]["si"], atol=1e-6
    )
    assert report.accuracy == finished.accuracy == finished.result["accuracy"]
    assert finished.history["test_accuracy"][best] == finished.accuracy
    assert {
        *("si", "dprime", "precision", "mutual_information"),
        *("dead", "active_fraction"),
    } <= set(finished.report.metrics)


def test_precision_is_of_as_many_samples_as_a_class_has(finished):
    """50 of the 500 digits of the test set (LM21 A.13)."""
    data = training.load(SETTINGS)
    report = ks.measure(
        finished.model(),
        data.batches("test", 100),
        metrics=[ks.metrics.Precision(50)],
        verbose=0,
    )
    for layer, found in finished.report.items():
        np.testing.assert_allclose(found["precision"], report[layer]["precision"])


def test_kept_weights_are_of_their_epochs(finished):
    data = training.load(SETTINGS).batches("test", 100)
    first = finished.first_epoch
    assert first["step"] == [0, 2, 3]  # Of 5 steps.
    before = ks.measure(finished.model(0), data, verbose=0)
    assert before.accuracy == first["test_accuracy"][0]
    assert before.layer_means()["hidden_2"] == pytest.approx(
        first["test_si/hidden_2"][0], abs=1e-6
    )
    after = ks.measure(finished.model(3), data, verbose=0)
    assert after.accuracy == finished.history["test_accuracy"][2]
    assert (
        after.class_representation()
        == (finished.history["test_class_representation"][2])
    )
    with pytest.raises(ValueError, match=r"`epochs` must be one of \(0, 3\)"):
        finished.model(2)


def test_all_rectifiers_are_followed_whichever_are_regularized(tmp_path):
    settings = SETTINGS.replace(
        taps=r"hidden_\d", groups=r"hid(den)_", window=(1,), epochs=3, kept_epochs=()
    )
    run = Run(settings.replace(taps="hidden_1"), tmp_path)
    run.do(silent)
    assert "epochs1" in run.name
    assert "test_si/hidden_2" in run.history
    # The first epoch is that of a network without a regularizer.
    plain = Run(settings.replace(alpha=0), tmp_path)
    plain.do(silent)
    names = ("test_si/hidden_2", "test_accuracy")
    for name in names:
        assert run.history[name][0] == pytest.approx(plain.history[name][0], abs=1e-6)
    assert run.history[names[0]][2] != pytest.approx(plain.history[names[0]][2], 1e-6)


def test_a_finished_run_is_found_again(finished):
    assert Run(SETTINGS, finished.output).state == "finished"
    assert Run(SETTINGS.replace(seed=4), finished.output).state == "missing"


@pytest.mark.parametrize(
    "name",
    [
        *("selected.weights.h5", "report.npz", "history.json"),
        *("preferred_classes.npz", "first_epoch.json", "kept/0000.weights.h5"),
        "settings.json",
    ],
)
@pytest.mark.parametrize("how", ["cut", "changed", "lost"])
def test_damage_is_noticed(copied, name, how):
    path = copied.folder / name
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.unlink()
    assert copied.state == "damaged"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"settings": 3, "files": 4}']
)
def test_a_damaged_result_is_noticed(copied, content):
    (copied.folder / "result.json").write_text(content)
    assert copied.state == "damaged"


def test_what_is_damaged_is_done_again(copied, finished):
    (copied.folder / "report.npz").write_bytes(b"PK")
    said = []
    copied.do(said.append)
    assert said[0] == "damaged, is done again"
    assert copied.state == "finished"
    assert left_by(copied) == left_by(finished)


def test_what_is_damaged_meanwhile_is_not_sealed_as_good(tmp_path):
    run = Run(SETTINGS.replace(epochs=1, kept_epochs=(0,)), tmp_path)

    def damage(what: str) -> None:
        if what == "measuring":
            path = run.folder / "kept" / "0000.weights.h5"
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)

    with pytest.raises(UnusableFileError, match=r"0000\.weights\.h5.*damaged"):
        run.do(damage)
    assert not run.path.exists()
    assert run.state == "damaged" and not run.finished


class Killed(BaseException):
    """As a signal: nothing of ours may catch it."""


@pytest.mark.parametrize("moment", ["epoch 1 of", "epoch 3 of", "measuring"])
def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path, finished, moment):
    def kill(what: str) -> None:
        if what.startswith(moment):
            raise Killed

    run = Run(SETTINGS, tmp_path)
    with pytest.raises(Killed):
        run.do(kill)
    assert run.state == "unfinished"
    run.do(silent)
    assert left_by(run) == left_by(finished)
    assert not list(run.folder.glob("epoch-*"))


def test_a_backup_without_its_history_is_not_gone_on_from(tmp_path, finished):
    def kill(what: str) -> None:
        if what.startswith("epoch 3"):
            raise Killed

    run = Run(SETTINGS, tmp_path)
    with pytest.raises(Killed):
        run.do(kill)
    (run.folder / "history.json").write_text("{")
    assert run.state == "damaged"
    run.do(silent)
    assert left_by(run) == left_by(finished)


def test_a_backup_that_a_killed_process_left_is_removed(copied):
    left = copied.folder / "backup"
    left.mkdir()
    (left / "epoch-000004.weights.h5").write_bytes(b"left")
    assert copied.finished
    copied.tidy()
    assert not left.exists()
    # Of one that has not ended it is what the next process goes on from.
    left.mkdir()
    copied.path.unlink()
    copied.tidy()
    assert left.exists()


def test_the_baseline_is_the_same_whatever_it_is_compared_with(tmp_path):
    plain = Run(SETTINGS.replace(alpha=0), tmp_path)
    other = Run(SETTINGS.replace(alpha=0, regularizer="dprime"), tmp_path)
    assert plain.folder == other.folder


def test_a_network_comes_back_with_the_precision_it_was_trained_in(finished):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = finished.model()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("hidden_1").dtype_policy.name == "float32"


def test_networks_can_share_their_training_set():
    settings = SETTINGS.replace(data_seed=5, corruption=0.5)
    one, other, own = (
        training.load(settings.replace(**change)).train
        for change in ({"seed": 0}, {"seed": 1}, {"data_seed": None})
    )
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.y, other.y)
    assert (one.x != own.x).any()
    assert (one.y != own.y).any()
