"""Weights in files: verified before a model gets them."""

import errno
import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from keras_selectivity.storage.files import UnusableFileError
from keras_selectivity.storage.weights import check_weights, load_weights, save_weights


def dense(units=3, compiled=False):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    if compiled:
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
    return model


def test_they_come_back_and_keras_reads_them_too(tmp_path):
    path, model = tmp_path / "a.weights.h5", dense()
    save_weights(model, path, epochs=3)
    for load in (
        lambda m: load_weights(m, path, epochs=3),
        lambda m: m.load_weights(path),
    ):
        other = dense()
        load(other)
        for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.weights.h5"]


def test_what_is_not_asked_for_changes_nothing(tmp_path):
    path = tmp_path / "a.weights.h5"
    save_weights(dense(), path, epochs=3)
    model = dense(4)
    before = model.get_weights()
    with pytest.raises(UnusableFileError, match="is not of this model"):
        load_weights(model, path, epochs=3)
    with pytest.raises(UnusableFileError, match=r"a\.weights\.h5.*'epochs': 3.* 4"):
        load_weights(dense(), path, epochs=4)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(FileNotFoundError):
        check_weights(tmp_path / "none.weights.h5")


def test_files_of_keras_have_no_checksum(tmp_path):
    dense().save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(UnusableFileError, match="has no checksum"):
        load_weights(dense(), tmp_path / "a.weights.h5")


def test_an_optimizer_is_looked_at_where_both_have_one(tmp_path):
    plain, trained = tmp_path / "plain.weights.h5", tmp_path / "trained.weights.h5"
    save_weights(dense(), plain)
    save_weights(dense(compiled=True), trained)
    load_weights(dense(), trained)
    load_weights(dense(compiled=True), trained)
    other = dense()
    other.compile(keras.optimizers.SGD(momentum=0.9), "mse")
    other.optimizer.build(other.trainable_variables)
    with pytest.raises(UnusableFileError, match="is not of this model"):
        load_weights(other, trained)


def test_a_full_disk_leaves_the_old_file_and_python_alive(tmp_path):
    """A limit to the size of files does what a full disk and a quota do."""
    program = textwrap.dedent(
        """
        import pathlib, resource, signal, sys
        import keras, numpy as np
        from keras_selectivity.storage import archive, weights
        from recipes.runner.files import write_json
        folder = pathlib.Path(sys.argv[1])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def write(size):
            model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(size)])
            yield lambda: weights.save_weights(model, folder / "a.weights.h5")
            header = {"format": "sums", "version": 1}
            arrays = {"sum": np.zeros(size)}
            yield lambda: archive.write(folder / "a.npz", header, arrays)
            content = {"sum": [0.5] * size}
            yield lambda: write_json(folder / "a.json", content)

        for one in write(3):
            one()
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert len(before) == 3
        # The last of them would end Python: HDF5 fails to write what it keeps.
        for limit, size in ((20_000, 9000), (60_000, 9000), (2000, 3000)):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, -1))
            for one in write(size):
                try:
                    one()
                except OSError as error:
                    print(error.errno)
                assert before == {p.name: p.read_bytes() for p in folder.iterdir()}
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(errno.EFBIG)] * 9


def test_a_file_system_that_cannot_reserve_is_used_all_the_same(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    save_weights(dense(), tmp_path / "a.weights.h5")
    monkeypatch.delattr(os, "posix_fallocate")
    save_weights(dense(), tmp_path / "a.weights.h5")
    load_weights(dense(), tmp_path / "a.weights.h5")
