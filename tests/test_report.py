"""Reports: what they derive, and how they are kept in files."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity import SelectivityReport
from keras_selectivity.storage import archive


@pytest.fixture(scope="module")
def measured():
    """A model of two layers on data without class 2, and its report."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(5, activation="relu", name="a"),
            keras.layers.Dense(4, activation="relu", name="b"),
            keras.layers.Dense(4, name="logits"),
        ]
    )
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6)).astype("float32")
    y = rng.choice([0, 1, 3], 60)
    report = ks.measure(model, (x, y), ["si", "dead", "l1_norm"], verbose=0)
    return model, x, y, report


def test_confusion_accuracy_and_predictions_come_with_the_pass(measured):
    model, x, y, report = measured
    predicted = model.predict(x, verbose=0).argmax(axis=1)
    expected = np.zeros((4, 4))
    for true, guess in zip(y, predicted, strict=True):
        expected[true, guess] += 1
    np.testing.assert_array_equal(report.confusion, expected)
    assert report.accuracy == pytest.approx((predicted == y).mean())
    counts = np.bincount(predicted, minlength=4)
    np.testing.assert_array_equal(report.predicted_counts, counts)
    assert report.absent_classes == [2]


def test_correct_only_measures_the_rightly_classified_samples(measured):
    model, x, y, _ = measured
    right = model.predict(x, verbose=0).argmax(axis=1) == y
    assert 0 < right.sum() < len(y)
    found = ks.measure(model, (x, y), correct_only=True, batch_size=7, verbose=0)
    expected = ks.measure(model, (x[right], y[right]), verbose=0)
    for layer in expected:
        np.testing.assert_allclose(found[layer]["si"], expected[layer]["si"], atol=1e-6)
    np.testing.assert_array_equal(found.class_weight, expected.class_weight)
    assert found.confusion.sum() == len(y)
    assert found.correct_only
    with pytest.raises(ValueError, match="`correct_only` leaves nothing"):
        ks.measure(model, (x[~right], y[~right]), correct_only=True, verbose=0)


def test_a_model_that_predicts_no_class_is_measured_all_the_same(measured):
    _, x, y, _ = measured
    headless = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(5, activation="relu", name="a"),
            keras.layers.Dense(9),
        ]
    )
    report = ks.measure(headless, (x, y), num_classes=4, verbose=0)
    assert np.isfinite(report.mean())
    assert np.isnan(report.accuracy)
    with pytest.raises(ValueError, match=r"`correct_only` needs .* 4 classes"):
        ks.measure(headless, (x, y), num_classes=4, correct_only=True, verbose=0)


def test_binary_predictions_are_above_a_half(measured):
    _, x, y, _ = measured
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    odd = y % 2
    report = ks.measure(model, (x, odd), verbose=0)
    predicted = model.predict(x, verbose=0)[:, 0] > 0.5
    assert report.accuracy == pytest.approx((predicted == odd).mean())


def test_a_saved_report_is_the_same_bit_for_bit(measured, tmp_path):
    report = measured[3]
    path = tmp_path / "report.npz"
    report.save(path)
    loaded = SelectivityReport.load(path)
    assert list(loaded) == list(report)
    assert loaded.metrics == report.metrics
    assert loaded.groups == report.groups
    assert loaded.correct_only == report.correct_only
    expected = report.to_arrays()
    found = loaded.to_arrays()
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()
    assert [file.name for file in tmp_path.iterdir()] == ["report.npz"]


def test_a_failed_save_leaves_the_old_report(measured, tmp_path, monkeypatch):
    report = measured[3]
    path = tmp_path / "report.npz"
    report.save(path)
    before = path.read_bytes()

    def full(stream, array, **options):
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="disk full"):
        report.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["report.npz"]


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_named(measured, tmp_path, share):
    path = tmp_path / "report.npz"
    measured[3].save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"report\.npz.*damaged"):
        SelectivityReport.load(path)


def test_damaged_bytes_are_named(measured, tmp_path):
    path = tmp_path / "report.npz"
    measured[3].save(path)
    whole = bytearray(path.read_bytes())
    for place in range(60, len(whole) // 2, 97):
        whole[place] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(ValueError, match=r"report\.npz.*damaged"):
        SelectivityReport.load(path)


def test_other_files_and_versions_are_named(measured, tmp_path):
    path = tmp_path / "report.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="is no report, or damaged"):
        SelectivityReport.load(path)
    header = {"format": "keras_selectivity report", "version": 99}
    archive.write(path, header, {})
    with pytest.raises(ValueError, match=r"version 99.*reads .* version 2"):
        SelectivityReport.load(path)
    header = {**header, "version": 2, "layers": ["a"], "metrics": ["si"]}
    archive.write(path, header, {})
    with pytest.raises(ValueError, match="is missing"):
        SelectivityReport.load(path)
    np.savez(path, header=np.array([{"pickled": 1}], dtype=object))
    with pytest.raises(ValueError, match="is no report, or damaged"):
        SelectivityReport.load(path)
    with pytest.raises(FileNotFoundError, match="There is no report"):
        SelectivityReport.load(tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        measured[3].save(tmp_path / "report.pkl")


def test_the_data_frame_is_tidy(measured):
    report = measured[3]
    frame = report.to_pandas()
    assert list(frame.columns) == [
        "layer",
        "unit",
        "preferred_class",
        "si",
        "dead",
        "l1_norm",
    ]
    assert len(frame) == 9
    means = frame.groupby("layer")["si"].mean()
    assert means["b"] == pytest.approx(report.layer_means("si")["b"])


def test_a_measure_that_was_not_taken_is_named(measured):
    report = measured[3]
    with pytest.raises(ValueError, match=r"needs 'dprime', which.*measure it with"):
        report.mean("dprime")
    x, y = measured[1], measured[2]
    plain = ks.measure(measured[0], (x, y), verbose=0)
    with pytest.raises(ValueError, match="`without_dead` needs 'dead'"):
        plain.layer_means("si", without_dead=True)


def test_what_it_prints_of_itself(measured):
    model, x, y, _ = measured
    report = ks.measure(model, (x, y), ["top_class", "precision"], verbose=0)
    shown = repr(report)
    assert f"top_class={report.mean('top_class'):.4g}" in shown
    assert "precision_class" not in shown


def changed(report, **arguments):
    """A report of the same arguments, but for some."""
    given = {
        "values": dict(report),
        "groups": report.groups,
        "preferred_class": report.preferred_class,
        "class_means": report.class_means,
        "class_weight": report.class_weight,
        "confusion": report.confusion,
    }
    return SelectivityReport(**{**given, **arguments})


def test_a_report_of_what_cannot_be_is_refused(measured):
    report = measured[3]
    a, b = report["a"], report["b"]
    assert changed(report).mean() == report.mean()
    means = report.class_means
    inverse = {name: -1 - classes for name, classes in report.preferred_class.items()}
    for arguments, message in [
        ({"values": {}}, "`values` must hold a layer"),
        ({"values": {"a": {}, "b": {}}}, "`values` must hold a layer"),
        ({"values": {"a": a, "b": {"si": b["si"]}}}, "same quantities"),
        ({"values": {"a": {**a, "si": a["si"][:3]}, "b": b}}, r"shape \(3\)"),
        ({"preferred_class": {"c": a["si"]}}, "`preferred_class` must hold layers"),
        ({"groups": {"all": ["c"]}}, "`groups` must hold layers"),
        ({"preferred_class": inverse}, "at least 0"),
        ({"preferred_class": {"a": a["si"], "b": b["si"]}}, "must be integers"),
        ({"class_means": {**means, "a": means["a"][:3]}}, r"shape \(4, 5\)"),
        ({"class_means": {**means, "a": np.full((4, 5), np.nan)}}, "finite"),
        ({"class_weight": -report.class_weight}, "at least 0"),
        ({"class_weight": report.class_weight * np.nan}, "finite"),
        ({"confusion": report.confusion[:2]}, r"`confusion`.*shape \(4, 4\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            changed(report, **arguments)
    with pytest.raises(TypeError, match="`correct_only` must be True or False"):
        changed(report, correct_only="no")
