import json
import os

import numpy as np
import pytest

from keras_selectivity import archive


def test_round_trip(tmp_path):
    header = {"format": "keras_selectivity sums", "version": 1, "note": [1, "a"]}
    arrays = {"a/b": np.arange(3), "c": np.array([np.nan, np.inf])}
    for compressed in (True, False):
        path = tmp_path / "sums.npz"
        archive.write(path, header, arrays, compressed=compressed)
        found, back = archive.read(path, "keras_selectivity sums", 1)
        assert found == header
        np.testing.assert_array_equal(back["c"], arrays["c"])
        assert back["a/b"].dtype == arrays["a/b"].dtype


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "sums.npz"
    archive.write(path, {"format": "sums", "version": 1}, {"a": np.ones(2)})
    kept = path.read_bytes()
    with pytest.raises(TypeError):
        archive.write(path, {"format": object()}, {"a": np.zeros(2)})
    assert path.read_bytes() == kept
    assert os.listdir(tmp_path) == ["sums.npz"]


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / "sums.npz"
    header = json.dumps({"format": "sums", "version": 1})
    np.savez(path, header=header, bad=np.array([object()]))
    with pytest.raises(ValueError, match="damaged"):
        archive.read(path, "sums", 1)


@pytest.mark.parametrize(
    ("version", "kind", "message"),
    [(2, "sums", "version 1; run the analysis"), (1, "other", "'other'")],
)
def test_files_of_something_else(tmp_path, version, kind, message):
    path = tmp_path / "sums.npz"
    archive.write(path, {"format": kind, "version": version}, {})
    with pytest.raises(ValueError, match=message):
        archive.read(path, "sums", 1)


def test_no_file_and_a_wrong_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no sums"):
        archive.read(tmp_path / "none.npz", "keras_selectivity sums", 1)
    with pytest.raises(ValueError, match=r"end in \.npz"):
        archive.write(tmp_path / "sums.h5", {}, {})


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match="folder that exists"):
        archive.write(tmp_path / "none" / "sums.npz", {}, {})
