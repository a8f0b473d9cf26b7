"""Backups after every epoch: whole or absent, and what a killed training does next."""

import os

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.callbacks import TrainingBackup
from keras_selectivity.storage.files import UnusableFileError
from tools import check_interruption

pytestmark = pytest.mark.slow


@pytest.fixture
def data(digits):
    return digits[0][:96], digits[1][:96]


def small(seed=0):
    """The files are the same whatever the network."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(6, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def compiled(base):
    model = ks.SelectivityModel(base, alpha=-1.0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    return model


class Stop(Exception):
    pass


class StopsAt(keras.callbacks.Callback):
    """Fails in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.now = epoch, None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            raise Stop


def fit(model, data, *callbacks, **options):
    options = {"epochs": 4, "shuffle": False, "verbose": 0, **options}
    return model.fit(*data, callbacks=[*callbacks], **options).history


def state(model):
    variables = [*model.weights, *model.optimizer.variables]
    return [v.numpy() for v in variables]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_training_goes_on_where_it_was(make_cnn, data, tmp_path, wrapped):
    def build(seed):
        # Keras saves no state of dropout: only the wrapper does.
        model = compiled(make_cnn(dropout=0.3 * wrapped, seed=seed))
        if wrapped:
            return model
        base = model.base_model
        base.compile(keras.optimizers.Adam(0.01), model.loss)
        return base

    whole = build(0)
    expected = fit(whole, data)
    stopped = build(0)
    backup = TrainingBackup(tmp_path)
    with pytest.raises(Stop):
        fit(stopped, data, StopsAt(2), backup)
    assert backup.epoch == 2
    # Another process: other initial weights, another alpha.
    again = build(5)
    if wrapped:
        again.alpha = 3.0
    found = fit(again, data, TrainingBackup(tmp_path))
    assert found == {key: values[2:] for key, values in expected.items()}
    for a, b in zip(state(again), state(whole), strict=True):
        np.testing.assert_array_equal(a, b)
    if wrapped:
        assert again.alpha == -1
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000004.weights.h5"]


def test_a_finished_training_does_nothing_more(data, tmp_path):
    model = compiled(small())
    fit(model, data, TrainingBackup(tmp_path), epochs=2)
    before = state(model)
    assert fit(model, data, TrainingBackup(tmp_path), epochs=2) == {}
    for a, b in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(a, b)
    # Without the callback, training begins where the user says.
    assert len(fit(model, data, epochs=2)["loss"]) == 2


def test_backup_can_be_deleted_at_the_end(data, tmp_path):
    model = compiled(small())
    backup = TrainingBackup(tmp_path / "b", delete_checkpoint=True)
    assert backup.epoch == 0
    fit(model, data, backup, epochs=2)
    assert list((tmp_path / "b").iterdir()) == []


def test_a_save_that_is_cut_off_leaves_the_last_backup(data, tmp_path, monkeypatch):
    model = compiled(small())
    fit(model, data, TrainingBackup(tmp_path), epochs=1)

    def cut_off(path, overwrite):
        with open(path, "wb") as file:
            file.write(b"half")
        raise Stop

    monkeypatch.setattr(model, "save_weights", cut_off)
    with pytest.raises(Stop):
        fit(model, data, TrainingBackup(tmp_path), epochs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000001.weights.h5"]
    again = compiled(small(seed=4))
    assert len(fit(again, data, TrainingBackup(tmp_path), epochs=3)["loss"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000003.weights.h5"]


@pytest.mark.parametrize("content", [b"", b"not a file of weights" * 9])
def test_damaged_backup(data, tmp_path, content):
    (tmp_path / "epoch-000002.weights.h5").write_bytes(content)
    model = compiled(small())
    before = [weight.numpy() for weight in model.weights]
    with pytest.raises(UnusableFileError, match=r"epoch-000002.*damaged.*Remove it"):
        fit(model, data, TrainingBackup(tmp_path))
    with pytest.raises(UnusableFileError, match=r"epoch-000002.*damaged.*Remove it"):
        TrainingBackup(tmp_path).epoch  # noqa: B018 (what a user's program asks)
    for a, b in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def backup(digits, tmp_path_factory):
    """What is in the backup of one epoch."""
    folder = tmp_path_factory.mktemp("backup")
    few = digits[0][:96], digits[1][:96]
    fit(compiled(small()), few, TrainingBackup(folder), epochs=1)
    return (folder / "epoch-000001.weights.h5").read_bytes()


@pytest.fixture
def backed_up(backup, tmp_path):
    """A folder with the backup of one epoch."""
    path = tmp_path / "epoch-000001.weights.h5"
    path.write_bytes(backup)
    return tmp_path, path


@pytest.mark.parametrize("damage", ["empty", "flipped"])
def test_a_damaged_backup_does_not_hide_the_one_before(data, backed_up, damage):
    folder, good = backed_up
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 4
    (folder / "epoch-000002.weights.h5").write_bytes(b"" * (damage == "empty"))
    if damage == "flipped":
        (folder / "epoch-000002.weights.h5").write_bytes(content)
    with pytest.warns(UserWarning, match=r"000002.*goes on from the backup before"):
        assert TrainingBackup(folder).epoch == 1
    with pytest.warns(UserWarning, match=r"000002.*goes on from the backup before"):
        history = fit(compiled(small(seed=4)), data, TrainingBackup(folder), epochs=2)
    assert len(history["loss"]) == 1
    assert TrainingBackup(folder).epoch == 2
    assert [path.name for path in folder.iterdir()] == ["epoch-000002.weights.h5"]


def test_the_one_before_stays_until_the_new_one_is_known_to_be_whole(
    data, backed_up, monkeypatch
):
    """A disk that says all is well, and it is not."""
    folder, good = backed_up
    content = good.read_bytes()
    sync = os.fsync

    def lying(descriptor):
        sync(descriptor)
        os.pwrite(descriptor, b"!", os.fstat(descriptor).st_size // 2)

    monkeypatch.setattr(os, "fsync", lying)
    with pytest.raises(UnusableFileError, match=r"epoch-000002.*damaged"):
        fit(compiled(small()), data, TrainingBackup(folder), epochs=2)
    assert good.read_bytes() == content


def test_a_backup_is_found_under_the_name_it_has(data, backed_up):
    folder, good = backed_up
    good.rename(folder / "epoch-1.weights.h5")
    history = fit(compiled(small(seed=4)), data, TrainingBackup(folder), epochs=3)
    assert len(history["loss"]) == 2
    # One of another epoch is not taken for it.
    (folder / "epoch-000003.weights.h5").rename(folder / "epoch-000004.weights.h5")
    with pytest.raises(UnusableFileError, match=r"'epoch': 3.* not of .*'epoch': 4"):
        TrainingBackup(folder).epoch  # noqa: B018


def test_the_backup_of_another_training_is_refused(data, backed_up):
    folder, _ = backed_up
    with pytest.raises(UnusableFileError, match="'training': 'alpha -2'"):
        fit(compiled(small()), data, TrainingBackup(folder, training="alpha -2"))


def test_what_killed_processes_left_is_removed(data, backed_up):
    folder, _ = backed_up
    left = folder / f".unfinished-{'0' * 16}-epoch-000002.weights.h5"
    left.write_bytes(b"half")
    assert TrainingBackup(folder).epoch == 1
    fit(compiled(small()), data, TrainingBackup(folder), epochs=1)
    assert [path.name for path in folder.iterdir()] == ["epoch-000001.weights.h5"]


class FailsToBegin(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise Stop


def test_a_resumed_training_that_fails_leaves_nothing_behind(data, tmp_path):
    """The next `fit`, without a backup, has all its epochs."""
    wrapper = compiled(small())
    plain = small()
    plain.compile("sgd", wrapper.loss)
    for model, folder in ((wrapper, tmp_path / "wrapper"), (plain, tmp_path / "plain")):
        backup = TrainingBackup(folder)
        fit(model, data, backup, epochs=1)
        with pytest.raises(Stop):
            fit(model, data, StopsAt(1), backup)
        assert len(fit(model, data, epochs=2)["loss"]) == 2
    # Only the wrapper hears of a callback after the backup that fails to begin.
    with pytest.raises(Stop):
        fit(wrapper, data, TrainingBackup(tmp_path / "wrapper"), FailsToBegin())
    assert len(fit(wrapper, data, epochs=2)["loss"]) == 2


def test_backup_of_another_model(make_cnn, data, tmp_path):
    fit(compiled(make_cnn(norm=False)), data, TrainingBackup(tmp_path), epochs=1)
    other = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    with pytest.raises(ValueError, match="is not of this model"):
        fit(compiled(other), data, TrainingBackup(tmp_path))


def test_keras_backup_keeps_alpha_and_optimizer(make_cnn, data, tmp_path):
    """That of Keras works too, if the process is killed at a good moment."""
    whole = compiled(make_cnn())
    expected = fit(whole, data)
    stopped = compiled(make_cnn())
    with pytest.raises(Stop):
        fit(stopped, data, StopsAt(2), keras.callbacks.BackupAndRestore(tmp_path))
    again = compiled(make_cnn(seed=5))
    again.alpha = 3.0
    found = fit(again, data, keras.callbacks.BackupAndRestore(tmp_path))
    assert found == {key: values[2:] for key, values in expected.items()}
    for a, b in zip(state(again), state(whole), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def never_killed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("never")
    check_interruption.train(folder)
    return check_interruption.outcome(folder)


@pytest.mark.parametrize(
    "when",
    [{"kills": [0.4], "pause": 0.1}, {"dies_after": 2}],
    ids=["within an epoch", "before the backup"],
)
def test_nothing_is_lost_by_sigkill(never_killed, tmp_path, when):
    """Weights, alphas, preferred classes, TensorBoard steps: bit for bit."""
    assert check_interruption.run(tmp_path, **when) == 1
    found = check_interruption.outcome(tmp_path)
    assert check_interruption.differences(found, never_killed) == []
    steps = {tag: [s for s, _ in v] for tag, v in found["tensorboard"].items() if v}
    assert set(map(tuple, steps.values())) == {(0, 1, 2, 3, 4)}
    assert {"alpha", "si", "si/h0"} <= set(steps)


def test_the_check_sees_a_difference(never_killed):
    other = {**never_killed, "alphas": {}, "weights": never_killed["weights"][1:]}
    assert check_interruption.differences(never_killed, other) == ["weights", "alphas"]
