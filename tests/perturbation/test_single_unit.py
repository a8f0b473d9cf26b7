import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.perturbation import SingleUnitAblation, progress
from keras_selectivity.perturbation.engine import Engine
from keras_selectivity.perturbation.segments import Downstream
from tests.conftest import build_cnn


def compiled():
    model = build_cnn(norm=False, activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def weights(digits):
    model = compiled()
    model.fit(digits[0][:600], digits[1][:600], epochs=3, verbose=0)
    return model.get_weights()


@pytest.fixture
def trained(weights, digits):
    """A network of the test's own, trained once for all, and images it has not seen."""
    model = compiled()
    model.set_weights(weights)
    return model, (digits[0][600:900], digits[1][600:900])


def arrays_equal(one, other):
    assert list(one.to_arrays()) == list(other.to_arrays())
    for name, array in one.to_arrays().items():
        np.testing.assert_array_equal(array, other.to_arrays()[name])
    assert one.intact == other.intact


@pytest.mark.parametrize("clamp", ["zero", "mean"])
def test_a_unit_that_is_always_zero_changes_nothing_and_is_not_run(
    trained, monkeypatch, clamp
):
    model, data = trained
    kernel, bias = model.get_layer("dense").get_weights()
    kernel[:, 3], bias[3] = 0, -1  # Dead.
    kernel[:, 5], bias[5] = 0, 2  # Constant: its mean changes nothing either.
    model.get_layer("dense").set_weights([kernel, bias])
    ran = []
    run = Downstream.run

    def noted(self, values, rows, perturb):
        ran.append(perturb.keywords["variants"])
        return run(self, values, rows, perturb)

    monkeypatch.setattr(Downstream, "run", noted)
    found = ks.perturbation.single_unit(
        model, data, taps=["dense"], clamp=clamp, reference=data, verbose=0
    )
    units = np.unique(np.concatenate(ran))
    assert 3 not in units
    assert (5 in units) == (clamp == "zero")
    assert 0 in units or 1 in units
    for change in found["dense"].values():
        assert change[3] == 0
        assert (change[5] == 0) == (clamp == "mean")


def test_samples_whose_map_is_zero_are_not_run_again(trained, monkeypatch):
    model, data = trained
    rows = []
    run = Downstream.run
    monkeypatch.setattr(
        Downstream,
        "run",
        lambda self, values, samples, perturb: (
            rows.append(len(samples)) or run(self, values, samples, perturb)
        ),
    )
    ks.perturbation.single_unit(model, data, taps=["dense"], verbose=0)
    activations = ks.SelectivityModel(model).observe(data[0])[1]["dense"]
    assert sum(rows) == np.count_nonzero(activations)
    assert sum(rows) < 0.95 * np.size(activations)


@pytest.mark.parametrize("max_rows", [1, 7, 10_000])
def test_how_many_run_at_once_does_not_matter(trained, max_rows):
    model, (x, y) = trained
    few = x[:40], y[:40]
    wanted = ks.perturbation.single_unit(model, few, verbose=0)
    found = ks.perturbation.single_unit(model, few, max_rows=max_rows, verbose=0)
    for name, array in wanted.to_arrays().items():
        np.testing.assert_allclose(found.to_arrays()[name], array, atol=1e-6)


def test_loss_of_every_kind(trained):
    model, (x, y) = trained
    one_hot = keras.utils.to_categorical(y)
    losses = [
        (y, "sparse_categorical_crossentropy"),
        (y[:, None], keras.losses.SparseCategoricalCrossentropy(reduction="sum")),
        (one_hot, "categorical_crossentropy"),
        (one_hot, keras.losses.CategoricalCrossentropy()),
        (y, keras.losses.sparse_categorical_crossentropy),
        (one_hot, lambda t, p: -tf.reduce_sum(t * tf.math.log(p), axis=-1)),
    ]
    wanted = ks.perturbation.single_unit(model, (x, y), verbose=0)
    for labels, loss in losses:
        found = ks.perturbation.single_unit(model, (x, labels), loss=loss, verbose=0)
        assert found.intact["loss"] == pytest.approx(wanted.intact["loss"], rel=1e-5)
        np.testing.assert_allclose(
            found["conv_2"]["loss_change"], wanted["conv_2"]["loss_change"], atol=1e-5
        )


def test_a_single_sigmoid_output(digits):
    x, y = digits
    x, y = x[:300], (y[:300] > 4).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(6, activation="relu", name="hidden"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=3, verbose=0)
    found = ks.perturbation.single_unit(model, (x, y), top_k=1, verbose=0)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert found.intact["loss"] == pytest.approx(loss, rel=1e-5)
    assert found.intact["accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert found.intact["top_k_accuracy"] == found.intact["accuracy"]
    kernel, bias = model.layers[-1].get_weights()
    for unit in range(6):
        cut = kernel.copy()
        cut[unit] = 0
        model.layers[-1].set_weights([cut, bias])
        expected = model.evaluate(x, y, verbose=0)
        model.layers[-1].set_weights([kernel, bias])
        change = found["hidden"]["loss_change"][unit]
        assert change == pytest.approx(expected[0] - loss, abs=1e-6)


def test_several_targets(digits):
    x, y = digits
    inputs = keras.Input((8, 8, 1))
    h = keras.layers.Dense(8, activation="relu", name="hidden")(
        keras.layers.Flatten()(inputs)
    )
    outputs = {
        "digit": keras.layers.Dense(10, activation="softmax", name="digit")(h),
        "ink": keras.layers.Dense(1, name="ink")(h),
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        "adam",
        {"digit": "sparse_categorical_crossentropy", "ink": "mean_squared_error"},
    )
    data = x[:200], {"digit": y[:200], "ink": x[:200].mean(axis=(1, 2, 3))}
    found = ks.perturbation.single_unit(model, data, labels="digit", verbose=0)
    alone = keras.Model(inputs, outputs["digit"])
    alone.compile("adam", "sparse_categorical_crossentropy")
    wanted = ks.perturbation.single_unit(alone, (x[:200], y[:200]), verbose=0)
    np.testing.assert_allclose(
        found["hidden"]["loss_change"], wanted["hidden"]["loss_change"], atol=1e-7
    )


def test_mixed_precision(digits):
    x, y = digits
    keras.config.set_dtype_policy("mixed_float16")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(6, 3, activation="relu", name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, dtype="float32"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(x[:500], y[:500], epochs=2, verbose=0)
    found = ks.perturbation.single_unit(model, (x[:200], y[:200]), verbose=0)
    keras.config.set_dtype_policy("float32")
    exact = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(6, 3, activation="relu", name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10),
        ]
    )
    exact.set_weights(model.get_weights())
    exact.compile("adam", loss)
    wanted = ks.perturbation.single_unit(exact, (x[:200], y[:200]), verbose=0)
    np.testing.assert_allclose(
        found["conv"]["loss_change"], wanted["conv"]["loss_change"], atol=2e-3
    )


def test_save_load_and_pandas(trained, tmp_path):
    model, data = trained
    found = ks.perturbation.single_unit(model, data, top_k=3, verbose=0)
    found.save(tmp_path / "found.npz")
    back = SingleUnitAblation.load(tmp_path / "found.npz")
    arrays_equal(found, back)
    assert (back.clamp, back.top_k, back.samples) == ("zero", 3, 300)
    frame = found.to_pandas()
    assert list(frame) == [
        "layer", "unit", "accuracy_change", "top_k_accuracy_change", "loss_change",
    ]  # fmt: skip
    assert len(frame) == 6 + 8 + 12
    np.testing.assert_array_equal(
        found.importance("accuracy_change"), -frame["accuracy_change"]
    )
    with pytest.raises(ValueError, match=r"`change` must be .*'joy'"):
        found.importance("joy")


def test_errors(trained, make_cnn):
    model, data = trained
    plain = make_cnn()
    with pytest.raises(ValueError, match="not compiled with one"):
        ks.perturbation.single_unit(plain, data, verbose=0)
    with pytest.raises(ValueError, match="needs `reference`"):
        ks.perturbation.single_unit(model, data, clamp="mean", verbose=0)
    with pytest.raises(ValueError, match="not name the model's output"):
        ks.perturbation.single_unit(model, data, taps=["logits"], verbose=0)
    with pytest.raises(ValueError, match=r"end in \.npz"):
        ks.perturbation.single_unit(model, data, checkpoint="progress", verbose=0)


class Interrupted(Exception):
    pass


def interrupt_after(monkeypatch, probes):
    """Raise in the middle of an analysis, with every step kept in the file."""
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_FILES", -1)
    run, done = Engine._run_probe, []

    def stopping(self, *args):
        if len(done) == probes:
            raise Interrupted
        done.append(1)
        return run(self, *args)

    monkeypatch.setattr(Engine, "_run_probe", stopping)
    return done


@pytest.mark.parametrize("probes", [1, 3, 4, 6, 8])
def test_an_interrupted_analysis_continues(trained, tmp_path, monkeypatch, probes):
    """Three taps, three batches: stopped within a batch and between two."""
    model, data = trained
    path = tmp_path / "progress.npz"
    wanted = ks.perturbation.single_unit(model, data, batch_size=100, verbose=0)
    with monkeypatch.context() as patch:
        interrupt_after(patch, probes)
        with pytest.raises(Interrupted):
            ks.perturbation.single_unit(
                model, data, batch_size=100, checkpoint=path, verbose=0
            )
    assert path.exists()
    with monkeypatch.context() as patch:
        done = interrupt_after(patch, 99)
        found = ks.perturbation.single_unit(
            model, data, batch_size=100, checkpoint=path, verbose=0
        )
    assert len(done) == 9 - probes
    arrays_equal(found, wanted)
    assert not path.exists()


def test_a_checkpoint_of_something_else_is_refused(trained, tmp_path, monkeypatch):
    model, (x, y) = trained
    path = tmp_path / "progress.npz"
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4)
        with pytest.raises(Interrupted):
            ks.perturbation.single_unit(
                model, (x, y), batch_size=100, checkpoint=path, verbose=0
            )
    kept = path.read_bytes()

    def again(data=(x, y), **arguments):
        ks.perturbation.single_unit(
            model, data, batch_size=100, checkpoint=path, verbose=0, **arguments
        )

    with pytest.raises(ValueError, match="another analysis"):
        again(taps=["conv_2"])
    with pytest.raises(ValueError, match="another analysis"):
        again(clamp="mean", reference=(x, y))
    with pytest.raises(ValueError, match="another analysis"):
        again(loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=3))
    with pytest.raises(ValueError, match="not those of the analysis"):
        again((x[::-1], y[::-1]))
    with pytest.raises(ValueError, match="not those of the analysis"):
        again((x[:100], y[:100]))
    model.get_layer("dense").bias.assign_add(np.full(12, 0.1))
    with pytest.raises(ValueError, match="another analysis"):
        again()
    assert path.read_bytes() == kept
    path.write_bytes(kept[:100])
    with pytest.raises(ValueError, match="damaged"):
        again()


def test_a_checkpoint_knows_which_units_were_silent(trained, tmp_path, monkeypatch):
    model, data = trained
    wrapped = ks.SelectivityModel(model)
    path = tmp_path / "progress.npz"
    with monkeypatch.context() as patch, wrapped.silenced({"dense": [1]}):
        interrupt_after(patch, 1)
        with pytest.raises(Interrupted):
            ks.perturbation.single_unit(wrapped, data, checkpoint=path, verbose=0)
    with pytest.raises(ValueError, match="another analysis"):
        ks.perturbation.single_unit(wrapped, data, checkpoint=path, verbose=0)
    with wrapped.silenced({"dense": [1]}):
        ks.perturbation.single_unit(wrapped, data, checkpoint=path, verbose=0)


def analysis(checkpoint=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(8, 3, activation="relu", name="conv_1"),
            keras.layers.Conv2D(8, 3, activation="relu", name="conv_2"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    data = rng.random((600, 6, 6, 2)), rng.integers(0, 4, 600)
    return ks.perturbation.single_unit(
        model, data, batch_size=10, verbose=0, checkpoint=checkpoint
    )


def test_killed_and_started_again(tmp_path):
    """A process that is killed with SIGKILL, and one that takes over."""
    program = textwrap.dedent(
        """
        import sys, time
        from keras_selectivity.perturbation import progress
        from keras_selectivity.perturbation.segments import Downstream
        from tests.perturbation.test_single_unit import analysis
        progress._SECONDS_BETWEEN_FILES = 0.0
        if sys.argv[2] == "slow":
            run = Downstream.run
            def slowly(*args):
                time.sleep(0.05)
                return run(*args)
            Downstream.run = slowly
        analysis(sys.argv[3]).save(sys.argv[1])
        """
    )
    root = Path(__file__).parents[2]

    def start(out, speed):
        return subprocess.Popen(
            [sys.executable, "-c", program, str(out), speed, str(path)],
            cwd=root,
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
            stderr=subprocess.DEVNULL,
        )

    path = tmp_path / "progress.npz"
    first = start(tmp_path / "killed.npz", "slow")
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert path.exists() and not (tmp_path / "killed.npz").exists()
    assert start(tmp_path / "resumed.npz", "fast").wait() == 0
    arrays_equal(SingleUnitAblation.load(tmp_path / "resumed.npz"), analysis())
    assert not path.exists()


def test_progress_is_shown(trained, capsys):
    model, data = trained
    ks.perturbation.single_unit(model, data, batch_size=100)
    assert "9/9" in capsys.readouterr().out
    stream = tf.data.Dataset.from_generator(
        lambda: iter([data]),
        output_signature=(
            tf.TensorSpec((None, 8, 8, 1)),
            tf.TensorSpec((None,), tf.int64),
        ),
    )
    ks.perturbation.single_unit(model, stream)
    assert "3" in capsys.readouterr().out
