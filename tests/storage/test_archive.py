"""Archives: whole or not at all, of stated sizes, with a checksum."""

import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest

from keras_selectivity.storage import archive
from keras_selectivity.storage.files import UnusableFileError

ARRAYS = {
    "a/b": np.arange(3),
    "c": np.array([np.nan, np.inf]),
    "scalar": np.array(0.25),
    "none": np.zeros((0, 3)),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "flags": np.array([True, False]),
}


def forge(path, header, members, compression=zipfile.ZIP_STORED):
    """An archive as `write` never makes one."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("header.json", json.dumps({"format": "sums", **header}))
        for name, content in members.items():
            file.writestr(name, content)


def test_round_trip(tmp_path):
    header = {"format": "keras_selectivity sums", "version": 1, "note": [1, "a"]}
    path = tmp_path / "sums.npz"
    archive.write(path, header, ARRAYS)
    found, back = archive.read(path, "keras_selectivity sums", 1)
    assert found == header
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)
    back["a/b"][0] = 7  # To be worked with.


def test_numpy_reads_the_arrays_and_the_same_result_makes_the_same_file(tmp_path):
    paths = tmp_path / "1.npz", tmp_path / "2.npz"
    for path in paths:
        archive.write(path, {"format": "sums", "version": 1}, ARRAYS)
    with np.load(paths[0], allow_pickle=False) as file:
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(file[name], array)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("header", "arrays"),
    [({"format": object()}, {"a": np.zeros(2)}), ({}, {"a": np.array([object()])})],
)
def test_a_write_that_fails_leaves_the_old_file(tmp_path, header, arrays):
    path = tmp_path / "sums.npz"
    archive.write(path, {"format": "sums", "version": 1}, {"a": np.ones(2)})
    kept = path.read_bytes()
    with pytest.raises((TypeError, ValueError)):
        archive.write(path, header, arrays)
    assert path.read_bytes() == kept
    assert [entry.name for entry in tmp_path.iterdir()] == ["sums.npz"]


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / "sums.npz"
    np.savez(tmp_path / "bad.npz", bad=np.array([object()]))
    with zipfile.ZipFile(tmp_path / "bad.npz") as file:
        bad = file.read("bad.npy")
    header = {"version": 1, "arrays": {"bad": ["|O", [1]]}}
    forge(path, header, {"bad.npy": bad, "sha256": "0" * 64})
    with pytest.raises(UnusableFileError, match="allow_pickle=False"):
        archive.read(path, "sums", 1)


def test_files_of_the_first_layout_are_named(tmp_path):
    path = tmp_path / "sums.npz"
    np.savez(path, header=json.dumps({"format": "sums", "version": 1}), a=np.ones(2))
    with pytest.raises(UnusableFileError, match="no checksum, an older version"):
        archive.read(path, "sums", 1)


@pytest.mark.parametrize(
    ("version", "kind", "message"),
    [(2, "sums", "version 1. Run the analysis again, or install"), (1, "oth", "'oth'")],
)
def test_files_of_something_else(tmp_path, version, kind, message):
    path = tmp_path / "sums.npz"
    archive.write(path, {"format": kind, "version": version}, {})
    with pytest.raises(UnusableFileError, match=message):
        archive.read(path, "sums", 1)


def test_no_file_and_a_wrong_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no sums"):
        archive.read(tmp_path / "none.npz", "keras_selectivity sums", 1)
    with pytest.raises(ValueError, match=r"end in \.npz"):
        archive.write(tmp_path / "sums.h5", {}, {})


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match="folder that exists"):
        archive.write(tmp_path / "none" / "sums.npz", {}, {})


def description(shape, dtype="<f8"):
    """What NumPy puts before an array."""
    file = io.BytesIO()
    said = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, said)
    return file.getvalue()


MANY = 2**27


def big(shape=(MANY // 8,), dtype="<f8"):
    return {"version": 1, "arrays": {"a": [dtype, list(shape)]}}


@pytest.mark.parametrize(
    ("header", "content", "compression", "message"),
    [
        (big(), bytes(MANY), zipfile.ZIP_DEFLATED, "compressed"),
        (big(), description((MANY // 8,)), zipfile.ZIP_STORED, "another size"),
        (big((1,)), description((MANY,)) + bytes(8), zipfile.ZIP_STORED, ""),
        (big((2**62,)), description((2**62,)), zipfile.ZIP_STORED, "another size"),
        (big((-1,)), description((1,)) + bytes(8), zipfile.ZIP_STORED, ""),
        (big((1,), "<f4"), description((1,)) + bytes(8), zipfile.ZIP_STORED, "states"),
        ({**big((1,)), "long": " " * 2**24}, b"", zipfile.ZIP_STORED, "too long"),
        ({"arrays": {}}, b"", zipfile.ZIP_STORED, "does not state"),
        ({}, b"", zipfile.ZIP_STORED, "'arrays' is missing"),
    ],
    ids=[
        *("bomb", "stated too big", "described too big", "absurd", "negative"),
        *("other dtype", "long header", "not stated", "nothing stated"),
    ],
)
def test_nothing_is_expanded_before_its_size_is_checked(
    tmp_path, header, content, compression, message
):
    path = tmp_path / "sums.npz"
    members = {"a.npy": content, "sha256": "0" * 64}
    forge(path, {"version": 1, **header}, members, compression)
    del content, members
    tracemalloc.start()
    try:
        with pytest.raises(UnusableFileError, match=rf"sums\.npz.*{message}"):
            archive.read(path, "sums", 1)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_members_that_lie_over_one_another_are_refused(tmp_path):
    """A directory that names one member a thousand times."""
    path = tmp_path / "sums.npz"
    names = {f"a{i}": ["|u1", [2**16]] for i in range(64)}
    forge(path, {"version": 1, "arrays": names}, {"a.npy": bytes(2**16)})
    with zipfile.ZipFile(path, "a") as file:
        (info,) = [info for info in file.infolist() if info.filename == "a.npy"]
        for name in names:
            twin = zipfile.ZipInfo(f"{name}.npy")
            for field in ("CRC", "file_size", "compress_size", "header_offset"):
                setattr(twin, field, getattr(info, field))
            file.filelist.append(twin)
        file._didModify = True
    with pytest.raises(UnusableFileError, match="more than its own size"):
        archive.read(path, "sums", 1)


@pytest.mark.parametrize("change", ["value", "shape", "name", "note"])
def test_content_that_zip_believes_is_not_that_of_the_checksum(tmp_path, change):
    """Damage that was in memory when the members were written."""
    path = tmp_path / "sums.npz"
    archive.write(path, {"format": "sums", "version": 1, "n": 1}, {"a": np.ones(4)})
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    header = json.loads(members.pop("header.json"))
    values = members.pop("a.npy")[-32:]
    name, shape = "a", (4,)
    if change == "value":
        values = bytes([values[0] ^ 1]) + values[1:]
    elif change == "shape":
        shape = (2, 2)
    elif change == "name":
        name = "b"
    else:
        header["n"] = 0
    header["arrays"] = {name: ["<f8", list(shape)]}
    forge(path, header, {f"{name}.npy": description(shape) + values, **members})
    with pytest.raises(UnusableFileError, match="checksum is not that of its content"):
        archive.read(path, "sums", 1)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1, 2], {}, r"shape \(3\).*shape \(2,\)"),
        ([1, 2, np.nan], {}, "finite numbers.*nan"),
        ([1, 2, np.inf], {}, "finite numbers.*inf"),
        ([1, 2, 3.5], {"dtype": np.int64}, "integers.*float64"),
        ([0, 1, 2], {"most": 1}, r"at most 1\. Received: 2"),
        ([np.nan, 1, -1], {"least": 0, "finite": False}, "at least 0.*-1"),
    ],
)
def test_what_a_result_cannot_hold(values, options, message):
    with pytest.raises(ValueError, match=rf"`sums` must be.*{message}"):
        archive.checked_array("sums", values, (3,), **options)


@pytest.mark.parametrize("values", [[[1], [2, 3]], ["a", "b", "c"], None])
def test_what_is_no_number(values):
    with pytest.raises(TypeError, match="`sums` must hold real numbers"):
        archive.checked_array("sums", values, (3,))
    with pytest.raises(TypeError, match="`sums` must hold real numbers"):
        archive.checked_array("sums", [True, False, True], (3,), dtype=np.int64)


def test_what_a_result_can_hold():
    checked = archive.checked_array
    assert checked("sums", [0, -1e-9], (2,), least=0).tolist() == [0, -1e-9]
    assert checked("sums", [], (None,), dtype=np.int64).dtype == np.int64
    assert checked("sums", np.ones(2, "float32"), (2,), dtype=None).dtype == "float32"
    assert np.isnan(checked("sums", [np.nan], (None,), most=1, finite=False)).all()
