"""The off-axis bound by hand, against brute force, and at its edges."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import keras_selectivity as ks
from keras_selectivity.projection import (
    Labeled,
    Search,
    UpperBound,
    _starting_axes,
    orthonormalized,
    rotated,
    selectivity_upper_bound,
)
from tests import reference

W14 = np.array([[0.0, 1], [2, 3], [1, 0], [3, 2]]), np.array([0, 0, 1, 1])
BRIEF = {"max_steps": 60, "starts": 1, "verbose": 0}


def bound(fit, score=None, **options):
    return selectivity_upper_bound(
        fit, fit if score is None else score, **{"verbose": 0, **options}
    )


def rectified(samples=120, units=6, classes=4, seed=0):
    """Units that respond to several classes each, and labels of uneven classes."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, samples)])
    y = np.minimum(y, rng.integers(0, 2 * classes, len(y)))
    y[:classes] = np.arange(classes)
    hidden = rng.normal(size=(classes, 3))[y] + rng.normal(size=(len(y), 3))
    a = hidden @ rng.normal(size=(3, units)) + 0.5 * rng.normal(size=(len(y), units))
    return np.maximum(a, 0), y


def rotation(units, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def labeled(a, y):
    return Labeled(np.asarray(a), np.eye(max(y) + 1)[y])


def brute_loss(a, y, projection, *, epsilon=1e-7, rest="classes"):
    """LM21's loss, literally: project all samples, shift, SI, mean."""
    projected = a @ projection
    projected = projected - projected.min(axis=0)
    classes = max(y) + 1
    found = reference.selectivity(
        projected, y, num_classes=classes, epsilon=epsilon, rest=rest
    )
    return 1 - found.mean()


def spread(axes):
    """How far axes are from orthonormal."""
    axes = np.asarray(axes, np.float64)
    return np.max(np.abs(axes @ axes.T - np.eye(len(axes))))


# Worked by hand.


def test_w14_the_global_maximum_is_reached_from_the_units_axes():
    found = bound(W14, starts=1)
    np.testing.assert_allclose(found.axis_aligned, 1 / 3, atol=1e-6)
    # By hand, at 45 degrees: one axis 0, the other 1.
    assert found.mean_upper_bound == pytest.approx(0.5, abs=2e-3)
    np.testing.assert_allclose(np.sort(found.upper_bound), [0, 1], atol=4e-3)
    np.testing.assert_allclose(np.abs(found.projection), 0.5**0.5, atol=2e-3)
    assert found.start == 0
    assert found.history[0] == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize("degrees", [0, 10, 30, -30, 45])
def test_w14_loss_along_the_way(degrees):
    angle = np.deg2rad(degrees)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    t = np.tan(angle)
    expected = 1 - (3 + t**2) / (9 - t**2)
    found = Search(labeled(*W14), dtype="float64").loss(tf.constant(axes))
    assert found == pytest.approx(expected, abs=1e-6)


def test_w14_the_units_axes_are_stationary():
    search = Search(labeled(*W14))
    projection, history = search.run(np.eye(2), 100)
    np.testing.assert_array_equal(projection, np.eye(2))
    assert len(history) == 12  # One step to compare with, ten without change.


def test_w15_equal_class_means_have_no_selectivity_anywhere():
    a = np.array([[0.0, 1, 2], [2, 3, 0], [1, 2, 1], [3, 1, 0], [-1, 3, 2]])
    y = np.array([0, 0, 0, 1, 1])
    np.testing.assert_array_equal(a[:3].mean(axis=0), a[3:].mean(axis=0))
    found = bound((a, y), max_steps=200)
    np.testing.assert_allclose(found.upper_bound, 0, atol=1e-6)
    np.testing.assert_allclose(found.axis_aligned, 0, atol=1e-6)


def test_w16_the_shift_counts_for_the_units_too():
    found = bound((np.array([[1.0, 2], [2, 1]]), [0, 1]), **BRIEF)
    np.testing.assert_allclose(found.axis_aligned, 1, atol=1e-6)


def test_rotated_one_hot_classes_are_found():
    y = np.arange(50) % 5
    a = np.eye(5)[y] @ rotation(5)
    found = bound((a, y))
    assert found.mean_axis_aligned < 0.8
    assert found.mean_upper_bound > 0.995


# Against brute force.


@pytest.mark.parametrize("rest", ["classes", "samples"])
@pytest.mark.parametrize("seed", range(3))
def test_loss_is_that_of_all_samples(seed, rest):
    a, y = rectified(seed=seed)
    axes = rotation(6, seed)
    expected = brute_loss(a, y, axes.T, rest=rest)
    for dtype, tolerance in (("float64", 1e-9), ("float32", 1e-5)):
        search = Search(labeled(a, y), rest=rest, dtype=dtype)
        found = search.loss(tf.constant(axes, dtype))
        assert found == pytest.approx(expected, abs=tolerance)


def test_slope_by_finite_differences():
    search = Search(labeled(*rectified()), dtype="float64")
    axes = tf.constant(rotation(6))
    slope = search.loss_and_slope(axes)[1].numpy()
    np.testing.assert_array_equal(slope, -slope.T)
    step = 1e-6
    for i, j in zip(*np.triu_indices(6, 1), strict=True):
        turn = np.zeros((6, 6))
        turn[i, j], turn[j, i] = step, -step
        ends = [search.loss(rotated(axes, sign * turn)) for sign in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope[i, j], abs=1e-7)


def test_trajectory_is_that_of_autodiff_over_all_samples():
    """Adam on the entries of the skew matrix, gradients through every sample."""
    a, y = rectified()
    axes = _starting_axes(6, 1, 0)
    search = Search(labeled(a, y), dtype="float64")
    _, history = search.run(axes, 60)
    labels = np.eye(4)[y]
    upper = np.transpose(np.triu_indices(6, 1))
    mean, square, expected = 0.0, 0.0, []
    projection = axes.T
    for step in range(1, 62):
        entries = tf.Variable(tf.zeros(len(upper), tf.float64))
        with tf.GradientTape() as tape:
            skew = tf.scatter_nd(upper, entries, (6, 6))
            skew -= tf.transpose(skew)
            projected = tf.matmul(a @ projection, tf.linalg.expm(skew))
            projected -= tf.reduce_min(projected, axis=0)
            means = tf.matmul(labels.T, projected) / labels.sum(axis=0)[:, None]
            best = tf.reduce_max(means, axis=0)
            others = (tf.reduce_sum(means, axis=0) - best) / 3
            loss = 1 - tf.reduce_mean((best - others) / (best + others + 1e-7))
        gradient = tape.gradient(loss, entries).numpy()
        expected.append(float(loss))
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        rate = 0.001 / (1 - 0.9**step)
        turn = -rate * mean / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        skew = np.zeros((6, 6))
        skew[tuple(upper.T)] = turn
        projection = projection @ tf.linalg.expm(skew - skew.T).numpy()
    np.testing.assert_allclose(history, expected, atol=1e-6)
    assert expected[-1] < expected[0] - 0.01


def test_bound_is_the_brute_loss_of_the_projection():
    fit, score = rectified(), rectified(seed=0, samples=90)
    found = bound(fit, score, max_steps=300)
    np.testing.assert_allclose(
        1 - found.mean_upper_bound, brute_loss(*score, found.projection), atol=1e-9
    )
    np.testing.assert_allclose(
        1 - found.fit_upper_bound.mean(), brute_loss(*fit, found.projection), atol=1e-9
    )
    assert min(found.history) == pytest.approx(
        1 - found.fit_upper_bound.mean(), abs=1e-5
    )


def test_bfloat16_screening_ends_at_the_same_bound():
    a, y = rectified(samples=600, units=16)
    fit = a @ rotation(16), y
    found = [
        bound(fit, starts=1, max_steps=800, screening=screening)
        for screening in ("float32", "bfloat16")
    ]
    assert found[0].mean_upper_bound > found[0].mean_axis_aligned + 0.02
    assert found[1].mean_upper_bound == pytest.approx(
        found[0].mean_upper_bound, abs=0.01
    )


def test_agrees_with_measure():
    a, y = rectified(units=3)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.ReLU(name="relu")(inputs))
    report = ks.measure(
        model, (a.astype("float32"), y), taps=["relu"], num_classes=4, verbose=0
    )
    assert a.min(axis=0).tolist() == [0, 0, 0]
    found = bound((a.astype("float32"), y), **BRIEF)
    np.testing.assert_allclose(found.axis_aligned, report["relu"]["si"], atol=1e-12)


# Properties.


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("units", [3, 128])
def test_axes_stay_orthonormal(units, start):
    search = Search(labeled(*rectified(units=units)))
    state = search.start(_starting_axes(units, start, 0))
    for _ in range(150):
        state, _ = search.advance(state, tf.constant(1))
        assert spread(state.axes) < 1e-5
    assert state.axes.dtype == tf.float32
    assert np.max(np.abs(state.axes - _starting_axes(units, start, 0))) > 0.003


def test_orthonormal_to_the_end():
    found = bound(rectified(units=8), starts=1)
    assert len(found.history) > 1000
    assert spread(found.projection) < 1e-12


def test_a_large_turn_is_a_rotation():
    normal = np.random.default_rng(0).normal(size=(20, 20))
    turned = rotated(tf.eye(20), tf.constant(normal - normal.T, tf.float32))
    assert spread(turned) < 1e-5
    assert spread(orthonormalized(1.001 * tf.eye(3))) < 1e-5


def test_steps_do_not_retrace():
    search = Search(labeled(*rectified()))
    for seed in range(3):
        search.run(_starting_axes(6, 1, seed), 60 + seed)
    assert search.advance.experimental_get_tracing_count() == 1


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(-5, 5), st.floats(-100, 100))
def test_what_it_should_not_heed(seed, magnitude, offset):
    """Order of samples, names of classes, scale, and a shift of every unit."""
    rng = np.random.default_rng(seed)
    a, y = rectified(samples=40, units=3, classes=3, seed=seed)
    order, names = rng.permutation(len(y)), rng.permutation(3)
    axes = tf.constant(_starting_axes(3, 1, seed))
    expected = Search(labeled(a, y), epsilon=1e-20, dtype="float64").loss_and_slope(
        axes
    )
    moved = 10.0**magnitude * (a[order] + offset)
    search = Search(labeled(moved, names[y[order]]), epsilon=1e-20, dtype="float64")
    for one, other in zip(search.loss_and_slope(axes), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    found = bound((moved, names[y[order]]), **BRIEF, epsilon=1e-20)
    np.testing.assert_allclose(
        found.upper_bound, bound((a, y), **BRIEF, epsilon=1e-20).upper_bound, atol=1e-3
    )


@pytest.mark.parametrize("max_steps", [1, 30, 300])
@pytest.mark.parametrize("seed", range(2))
def test_never_below_the_units_on_the_fit_set(seed, max_steps):
    fit, score = rectified(samples=30, seed=seed), rectified(samples=25, seed=seed + 9)
    found = bound(fit, score, max_steps=max_steps, seed=seed)
    assert found.fit_upper_bound.mean() >= found.fit_axis_aligned.mean()
    for values in found.upper_bound, found.axis_aligned, found.fit_upper_bound:
        assert values.shape == (6,)
        assert values.dtype == np.float64
        assert np.all((values >= 0) & (values <= 1))


def test_the_units_axes_are_kept_where_no_start_beats_them():
    y = np.arange(12) % 3
    found = bound((np.eye(3)[y], y), max_steps=1)
    assert found.start == -1
    np.testing.assert_array_equal(found.projection, np.eye(3))
    np.testing.assert_array_equal(found.upper_bound, found.axis_aligned)
    assert len(found.history) == 2


def test_seed():
    a, y = rectified()
    fit = a @ rotation(6), y
    found = [bound(fit, max_steps=40, seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(found[0].projection, found[1].projection)
    np.testing.assert_array_equal(found[0].history, found[1].history)
    assert np.max(np.abs(found[0].projection - found[2].projection)) > 1e-3


def test_more_starts_are_never_worse_on_the_fit_set():
    # Rotated, so that the units' axes are no better a start than any others.
    a, y = rectified(units=8)
    fit = a @ rotation(8), y
    means = [
        bound(fit, starts=n, max_steps=400).fit_upper_bound.mean() for n in (1, 2, 4)
    ]
    assert means == sorted(means)
    assert means[2] > means[0]


def test_several_layers_in_one_call(capsys):
    fit = {"conv": rectified(), "dense": rectified(units=3, classes=2, seed=1)}
    score = {"dense": rectified(units=3, classes=2), "conv": rectified(seed=2)}
    found = selectivity_upper_bound(fit, score, max_steps=60)
    assert "240/240" in capsys.readouterr().out
    assert list(found) == ["conv", "dense"]
    for name, one in found.items():
        alone = bound(fit[name], score[name], max_steps=60)
        np.testing.assert_array_equal(one.upper_bound, alone.upper_bound)
    assert not capsys.readouterr().out


# Edges.


@pytest.mark.parametrize(
    "change",
    {
        "float16": lambda a, y: (a.astype("float16"), y),
        "integers": lambda a, y: (np.round(3 * a).astype(int), y),
        "negative": lambda a, y: (a - 5, y),
        "dead": lambda a, y: (a * [0, 1, 1, 0, 1, 1], y),
        "constant": lambda a, y: (np.hstack([a[:, :5], 0 * a[:, :1] - 7]), y),
        "all constant": lambda a, y: (0 * a + 3, y),
        "tiny": lambda a, y: (a * 1e-30, y),
        "huge": lambda a, y: (a * 1e200, y),
        "large mean": lambda a, y: (a + 1e6, y),
        "missing classes": lambda a, y: (a, 3 * y),
        "one class": lambda a, y: (a, 0 * y),
        "two classes": lambda a, y: (a, y % 2),
        "one unit": lambda a, y: (a[:, :1], y),
        "few samples": lambda a, y: (a[:4], y[:4]),
        "one sample": lambda a, y: (a[:1], y[:1]),
    }.items(),
    ids=lambda change: change[0],
)
def test_edges(change):
    fit = change[1](*rectified())
    found = bound(fit, **BRIEF)
    units = fit[0].shape[1]
    assert spread(found.projection) < 1e-12
    assert found.projection.shape == (units, units)
    assert np.all(np.isfinite(found.history))
    assert found.fit_upper_bound.mean() >= found.fit_axis_aligned.mean()
    for values in found.upper_bound, found.axis_aligned:
        # Where nothing varies, the rounding of a constant beside epsilon is left.
        assert np.all((values >= -1e-7) & (values <= 1))
    if change[0] in ("all constant", "one class", "one sample"):
        assert found.mean_upper_bound == pytest.approx(0, abs=1e-7)


def test_one_unit_has_one_axis():
    fit = rectified(units=1)
    found = bound(fit, **BRIEF)
    np.testing.assert_array_equal(found.projection, [[1]])
    assert found.upper_bound == found.axis_aligned


def test_forms_of_labels():
    a, y = rectified()
    one_hot = np.eye(4)[y]
    expected = bound((a, y), **BRIEF)
    for labels in (y[:, None], y.astype("float32"), 2 * one_hot):
        found = bound((a, labels), **BRIEF)
        np.testing.assert_allclose(found.upper_bound, expected.upper_bound, atol=1e-6)
    # A row of zeros counts for nothing, not even for the minimum.
    more = np.vstack([a, -9 * np.ones(6)]), np.vstack([one_hot, np.zeros(4)])
    found = bound(more, (a, y), **BRIEF)
    np.testing.assert_allclose(found.upper_bound, expected.upper_bound, atol=1e-6)


def message(*args, error=ValueError, **options):
    with pytest.raises(error) as caught:
        bound(*args, **options)
    return str(caught.value)


def test_errors_of_the_sets():
    a, y = rectified()
    nan = a.copy()
    nan[3, 1] = np.nan
    assert message((nan, y)) == (
        "`fit[0]` must be finite. Received: nan at sample 3, unit 1."
    )
    assert "`score[0]` must have shape (samples, units)" in message((a, y), (a[0], y))
    assert message((a, y), (a[:, :5], y)) == (
        "`fit` and `score` must hold the same units. Received: 6 units and 5 units."
    )
    assert message((a, y[1:])) == (
        "The labels of `fit` must be integers of shape (samples,) or distributions of "
        "shape (samples, classes), one for each sample. Received: labels of shape "
        f"({len(y) - 1},) for activations of shape {a.shape}."
    )
    assert "must be a pair (activations, labels)" in message(a, error=TypeError)
    assert "Received: 3 items" in message((a, y, y))
    assert "finite and not negative" in message((a, y - 1))
    assert "values from 0 to -" not in message((a, y - 1))
    assert message((a, y / 2)) == (
        "The labels of `fit` must be integers in [0, 2). Received: values from 0.0 to "
        "1.5."
    )
    assert "at least one sample. Received: no labels" in message((a[:0], y[:0]))
    assert "belong to a class" in message((a, np.zeros((len(a), 4))))
    assert message((a, np.eye(4)[y]), (a, np.eye(5)[y])) == (
        "The labels of `fit` and `score` must have the same classes. Received: 4 "
        "classes and 5 classes."
    )
    assert "integers in [0, 4)" in message((a, np.eye(4)[y]), (a, y + 1))
    letters = np.array(list("abcd"))[y]
    assert "Number the classes from 0." in message((a, letters), error=TypeError)
    assert "real numbers" in message((a.astype(str), y), error=TypeError)


def test_errors_of_names():
    one = rectified()
    assert message({"conv": one}, {"dense": one}) == (
        "`fit` and `score` must both be (activations, labels), or mappings of the same "
        "names to such pairs, at least one. Received: fit with the names ['conv'], "
        "score with the names ['dense']."
    )
    assert "score with no names" in message({"conv": one}, one)
    assert "at least one" in message({}, {})
    bad = one[0], one[1] - 1
    assert "`score['conv']`" in message({"conv": one}, {"conv": bad})


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"starts": 0}, "`starts` must be a positive integer. Received: starts=0."),
        (
            {"max_steps": 0},
            "`max_steps` must be a positive integer. Received: max_steps=0.",
        ),
        (
            {"patience": 0},
            "`patience` must be a positive integer. Received: patience=0.",
        ),
        (
            {"tolerance": -1.0},
            "`tolerance` must be a finite number of at least 0. Received: "
            "tolerance=-1.0.",
        ),
        (
            {"learning_rate": 0.0},
            "`learning_rate` must be a finite number above 0. Received: "
            "learning_rate=0.0.",
        ),
        (
            {"screening": "int8"},
            '`screening` must be "float32" or "bfloat16". Received: '
            "screening='int8'.",
        ),
        (
            {"rest": "all"},
            '`rest` must be "classes" or "samples". Received: rest=\'all\'.',
        ),
    ],
)
def test_errors_of_options(option, expected):
    assert message(rectified(), **option) == expected


def test_save_and_load(tmp_path):
    rng = np.random.default_rng(0)
    data = rng.random((30, 4)), np.arange(30) % 3
    found = selectivity_upper_bound(data, data, max_steps=5, verbose=0)
    found.save(tmp_path / "bound.npz")
    back = UpperBound.load(tmp_path / "bound.npz")
    assert back.start == found.start
    for name, array in found.to_arrays().items():
        np.testing.assert_array_equal(getattr(back, name), array)


def test_a_bound_that_cannot_be_is_refused():
    half = np.array([0.25, 0.75])
    good = UpperBound(half, half, half, half, np.eye(2), half, 0)
    for change, message in [
        ({"axis_aligned": np.ones(3)}, r"`axis_aligned`.*shape \(2\)"),
        ({"fit_upper_bound": half + 1}, "`fit_upper_bound`.*at most 1"),
        ({"projection": np.ones(2)}, r"`projection`.*shape \(2, 2\)"),
        ({"history": np.array([np.nan])}, "`history`.*nan"),
        ({"start": -2}, "`start` must be an integer of at least -1"),
    ]:
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(good, **change)
