"""SI and d' against the NumPy reference, worked examples, and their gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selectivity.functional import (
    discriminability,
    preferred_and_rest,
    selectivity_index,
)
from keras_selectivity.labels import label_weights
from keras_selectivity.statistics import class_statistics
from tests import reference
from tests.reference import uniform

RESTS = ["classes", "samples"]
quick = settings(max_examples=40, deadline=None, derandomize=True)


def si(a, y, weights=None, *, classes=None, signed=None, **options):
    classes = classes or np.shape(y)[1]
    rows = label_weights(y, classes, weights)
    return selectivity_index(
        class_statistics(a, rows, signed=signed, squares=False), **options
    )


def dprime(a, y, weights=None, *, classes=None, **options):
    classes = classes or np.shape(y)[1]
    rows = label_weights(y, classes, weights)
    return discriminability(class_statistics(a, rows), **options)


def from_means(means, **options):
    """SI of one unit with the given class means, one sample a class."""
    a = np.array(means, "float64")[:, None]
    return float(si(a, np.eye(len(means)), **options)[0])


# Adversarial inputs: name -> (activations, labels, classes, sample weights).


def adversarial_cases():
    rng = np.random.default_rng(0)
    n, units = 60, 5
    relu = np.maximum(rng.normal(size=(n, units)), 0)
    balanced = np.arange(n) % 6
    skewed = np.repeat([0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 10, 40])
    one_hot = np.eye(6)[balanced]
    order = rng.permutation(n)
    mix = rng.uniform(size=(n, 1))
    soft = mix * one_hot + (1 - mix) * one_hot[order]
    weights = rng.uniform(0, 3, size=n)
    zeros = np.where(rng.uniform(size=n) < 0.4, 0.0, weights)
    constant = relu.copy()
    constant[:, 0] = 0
    constant[:, 1] = 0.1
    constant[:, 2] = 7e5
    within = np.linspace(0, 1.7, 6)[balanced][:, None] * [1.0, 1e-3, 1e4, 0, 0.3]
    two_levels = (balanced == 2)[:, None] * [1.0, 0.1, 1e-8, 1e8, 0]
    offset = 1e4 + rng.normal(size=(n, units))
    return {
        "balanced": (relu, balanced, 6, None),
        "unbalanced": (relu, skewed, 6, None),
        "missing classes": (relu, balanced % 3 * 4 + 1, 40, None),
        "one sample a class": (relu, np.arange(n), n, None),
        "single class": (relu, np.full(n, 2), 6, None),
        "single sample": (relu[:1], np.array([4]), 6, None),
        "no class": (relu, balanced, 6, np.zeros(n)),
        "two classes": (relu, balanced % 2, 2, None),
        "soft labels": (relu, soft, 6, None),
        "soft labels, weights": (relu, soft, 6, zeros),
        "weights": (relu, skewed, 6, weights),
        "weights with zeros": (relu, skewed, 6, zeros),
        "weights that leave one class": (relu, balanced, 6, 1.0 * (balanced == 3)),
        "tiny weights": (relu, skewed, 6, weights * 1e-12),
        "dead and constant units": (constant, skewed, 6, None),
        "constant within each class": (within, balanced, 6, None),
        "on for one class, else zero": (two_levels, balanced, 6, None),
        "offset": (offset, skewed, 6, None),
        "offset, float32": (offset.astype("float32"), skewed, 6, weights),
        "huge": (relu * 1e30, skewed, 6, None),
        "tiny": (relu * 1e-30, skewed, 6, None),
        "scales of all sizes": (relu * 10.0 ** np.arange(-9, 11, 4), skewed, 6, None),
        "float16": (relu.astype("float16"), skewed, 6, None),
        "float16, large": ((relu * 2e4).astype("float16"), balanced, 6, None),
    }


CASES = adversarial_cases()


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("name", CASES)
def test_selectivity_is_the_reference(name, rest):
    a, y, classes, weights = CASES[name]
    found = si(a, y, weights, classes=classes, rest=rest).numpy()
    expected = reference.selectivity(a, y, weights, num_classes=classes, rest=rest)
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.all((found >= -1e-12) & (found <= 1)) or rest == "samples"


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("name", CASES)
def test_signed_selectivity_is_the_reference(name, rest):
    a, y, classes, weights = CASES[name]
    a = np.asarray(a)
    a = a - a[:, ::-1] if a.dtype != "float16" else a
    signed = np.array([True, False, True, True, False])
    found = si(a, y, weights, classes=classes, rest=rest, signed=signed).numpy()
    expected = reference.selectivity(
        a, y, weights, num_classes=classes, rest=rest, signed=signed
    )
    assert np.all(np.isfinite(found[signed]))
    np.testing.assert_allclose(found[signed], expected[signed], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("name", CASES)
def test_discriminability_is_the_reference(name, rest):
    a, y, classes, weights = CASES[name]
    found = dprime(a, y, weights, classes=classes, rest=rest).numpy()
    expected = reference.discriminability(a, y, weights, num_classes=classes, rest=rest)
    assert np.all(np.isfinite(found))
    # Constant units: rounding of the means, 1e-16 of them, over epsilon.
    scale = np.abs(np.asarray(a, "float64")).max(axis=0)
    constant = np.ptp(np.asarray(a, "float64"), axis=0) == 0
    atol = np.where(constant, scale * 1e-15 / 1e-7, 1e-9)
    assert np.all(np.abs(found - expected) <= 1e-7 * np.abs(expected) + atol)


@pytest.mark.parametrize("measure", [si, dprime])
@pytest.mark.parametrize("name", ["single class", "single sample", "no class"])
def test_fewer_than_two_classes_give_exactly_zero(measure, name):
    a, y, classes, weights = CASES[name]
    np.testing.assert_array_equal(measure(a, y, weights, classes=classes), 0)


@pytest.mark.parametrize("measure", [si, dprime])
@pytest.mark.parametrize("rest", RESTS)
def test_epsilon(measure, rest):
    a, y, _, weights = CASES["weights"]
    expected = {si: reference.selectivity, dprime: reference.discriminability}
    for epsilon in (1e-6, 0.5):
        np.testing.assert_allclose(
            measure(a, y, weights, classes=6, rest=rest, epsilon=epsilon),
            expected[measure](a, y, weights, num_classes=6, rest=rest, epsilon=epsilon),
            rtol=1e-9,
        )


@pytest.mark.parametrize("measure", [si, dprime])
def test_numpy_statistics_give_the_same(measure):
    """Measurement keeps its sums in NumPy: one formula for both."""
    a, y, classes, weights = CASES["weights with zeros"]
    statistics = class_statistics(a, label_weights(y, classes, weights))
    in_numpy = type(statistics)(*(value.numpy() for value in statistics))
    function = {si: selectivity_index, dprime: discriminability}[measure]
    np.testing.assert_allclose(function(in_numpy), function(statistics), rtol=1e-13)


# Worked examples of experiments.md, section 4.


@pytest.mark.parametrize("rest", RESTS)
def test_w1_equal_means(rest):
    assert from_means([2.0] * 10, rest=rest) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("rest", RESTS)
def test_w2_one_class_only(rest):
    means = [3.0] + [0.0] * 9
    assert from_means(means, rest=rest) == pytest.approx(0.99999997, abs=5e-9)
    found = from_means(means, rest=rest, epsilon=1e-6)
    assert found == pytest.approx(0.99999967, abs=5e-9)


@pytest.mark.parametrize("measure", [si, dprime])
@pytest.mark.parametrize("rest", RESTS)
def test_w3_dead_unit(measure, rest):
    assert measure(np.zeros((10, 1)), np.eye(10), rest=rest).numpy() == [0]


def test_w4_tells_the_epsilons_apart():
    means = [1e-6] + [0.0] * 9
    assert from_means(means) == pytest.approx(0.909091, abs=5e-7)
    assert from_means(means, epsilon=1e-6) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        (1, 1),
        (2, 0.8),
        (3, 0.636364),
        (4, 0.5),
        (5, 0.384615),
        (6, 0.285714),
        (7, 0.2),
        (8, 0.125),
        (9, 0.058824),
        (10, 0),
    ],
)
def test_w5_active_for_j_of_ten_classes(active, expected):
    found = from_means([1.0] * active + [0.0] * (10 - active))
    assert found == pytest.approx(expected, abs=6e-7)


def test_w6_means_one_to_ten():
    assert from_means(range(1, 11)) == pytest.approx(1 / 3, abs=1e-7)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ([10, 5] + [-2] * 8, 1.278481),  # W12: negative means, not shifted
        ([10, 9.8] + [1] * 8, 0.669759),  # W13
        ([10, 1, 0], 0.904762),  # W13
    ],
)
def test_w12_w13_ccmas(means, expected):
    assert from_means(means, rest="samples") == pytest.approx(expected, abs=5e-7)


def test_w16_shift_to_the_minimum():
    a, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.eye(2)
    np.testing.assert_allclose(si(a, y), [1 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(si(a, y, signed=np.array([True, True])), 1, rtol=1e-6)
    mixed = si(a, y, signed=np.array([False, True]))
    np.testing.assert_allclose(mixed, [1 / 3, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("rest", "expected"), [("classes", 0.6), ("samples", 0.904762)]
)
def test_w20_unbalanced(rest, expected):
    y = np.repeat([0, 1, 2], [10, 10, 90])
    a = np.array([1.0, 0.5, 0.0])[y][:, None]
    found = si(a, y, classes=3, rest=rest).numpy()
    assert found == pytest.approx([expected], abs=5e-7)


@pytest.mark.parametrize("rest", RESTS)
def test_w21_absent_class_takes_no_part(rest):
    a, y = np.array([[1.0], [0.5]]), np.array([0, 1])
    found = si(a, y, classes=3, rest=rest).numpy()
    assert found == pytest.approx([1 / 3], abs=1e-6)


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([9, 11, 0, 2, 0, 2], 9.0),  # W22, population variance
        ([9, 11, 0, 2, 4, 6], 4.041452),  # W23, pooled noise variance
    ],
)
def test_w22_w23_discriminability(values, expected, rest):
    a, y = np.array(values, "float64")[:, None], np.repeat([0, 1, 2], 2)
    found = dprime(a, y, classes=3, rest=rest).numpy()
    assert found == pytest.approx([expected], abs=2e-6)


def test_w38_gradient_of_si():
    a = tf.Variable([[3.0], [1.0]], dtype="float64")
    with tf.GradientTape() as tape:
        value = si(a, np.eye(2))[0]
    gradient = tape.gradient(value, a)
    np.testing.assert_allclose(gradient[:, 0], [0.125, -0.375], rtol=1e-6)


def test_preferred_and_rest_moments():
    """W23 by hand: rest of {0, 2} and {4, 6} has mean 3 and variance 5."""
    a, y = np.array([9.0, 11, 0, 2, 4, 6])[:, None], np.repeat([0, 1, 2], 2)
    moments = preferred_and_rest(class_statistics(a, label_weights(y, 3)))
    np.testing.assert_allclose(np.ravel(moments), [10, 3, 1, 5], rtol=1e-12)


# Gradients.


def value_and_gradient(measure, a, y, weights, probe, **options):
    a = tf.Variable(np.asarray(a, "float64"))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(measure(a, y, weights, **options) * probe)
    return float(value), tape.gradient(value, a).numpy()


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("labels", ["integer", "soft"])
@pytest.mark.parametrize("kind", ["si", "si signed", "dprime"])
def test_gradient_is_the_finite_difference(kind, labels, weighted, rest):
    rng = np.random.default_rng(3)
    n, classes, units = 11, 4, 3
    a = rng.uniform(0.2, 2, size=(n, units))
    y = np.array([0, 1, 1, 3, 3, 3, 0, 1, 3, 0, 3])  # Class 2 is missing.
    if labels == "soft":
        y = rng.dirichlet(np.ones(classes), size=n)
    weights = rng.uniform(0.1, 2, size=n) if weighted else None
    if weighted:
        weights[[2, 5]] = 0
    options = {"classes": classes, "rest": rest}
    if kind == "si signed":
        a -= 1
        options["signed"] = np.array([True, False, True])
        a[:, 1] += 1
    measure = dprime if kind == "dprime" else si
    probe = np.array([1.0, -0.7, 2.0])
    _, found = value_and_gradient(measure, a, y, weights, probe, **options)
    expected = np.zeros_like(a)
    h = 1e-6
    for i in range(n):
        for u in range(units):
            above, below = a.copy(), a.copy()
            above[i, u] += h
            below[i, u] -= h
            difference = measure(above, y, weights, **options) - measure(
                below, y, weights, **options
            )
            expected[i, u] = np.sum(difference * probe) / (2 * h)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-9)
    assert np.abs(expected).max() > 1e-3


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("kind", ["si", "si signed", "dprime"])
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_finite(name, kind, rest):
    a, y, classes, weights = CASES[name]
    options = {"classes": classes, "rest": rest}
    if kind == "si signed":
        options["signed"] = np.ones(5, bool)
    measure = dprime if kind == "dprime" else si
    _, gradient = value_and_gradient(measure, a, y, weights, np.ones(5), **options)
    assert np.all(np.isfinite(gradient))
    if name in ("single class", "single sample", "no class"):
        np.testing.assert_array_equal(gradient, 0)
    if weights is not None:
        counted = np.asarray(weights) > 0
        np.testing.assert_array_equal(gradient[~counted], 0)


# Invariants.


@st.composite
def batches(draw):
    """A batch without ties: sizes and seed drawn, values from the seed."""
    samples, classes = draw(st.integers(2, 14)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    a = rng.uniform(0.1, 3, size=(samples, 3))
    if draw(st.booleans()):
        y = rng.integers(0, classes, size=samples)
    else:
        y = rng.dirichlet(np.ones(classes), size=samples)
    weights = rng.uniform(0.1, 2, size=samples) if draw(st.booleans()) else None
    return a, y, classes, weights


def both(a, y, classes, weights, rest, **options):
    signed = np.array([False, True, True])
    return np.stack(
        [
            si(a, y, weights, classes=classes, rest=rest, signed=signed, **options),
            dprime(a, y, weights, classes=classes, rest=rest, **options),
        ]
    )


@quick
@given(batches(), st.sampled_from(RESTS), st.floats(-20, 20))
def test_scale_changes_nothing_but_through_epsilon(batch, rest, log_scale):
    a, y, classes, weights = batch
    options = {"classes": classes, "rest": rest, "epsilon": 1e-60}
    scale = 2.0 ** round(log_scale)
    np.testing.assert_allclose(
        si(a * scale, y, weights, **options), si(a, y, weights, **options), rtol=1e-9
    )
    if len(a) < 2 * classes:
        return  # Classes of one sample: d' is its distance over epsilon.
    np.testing.assert_allclose(
        dprime(a * scale, y, weights, **options),
        dprime(a, y, weights, **options),
        rtol=1e-9,
    )


@quick
@given(batches(), st.sampled_from(RESTS), st.floats(-50, 50))
def test_shift_changes_neither_dprime_nor_signed_si(batch, rest, shift):
    a, y, classes, weights = batch
    options = {"classes": classes, "rest": rest, "epsilon": 1e-3}
    np.testing.assert_allclose(
        dprime(a + shift, y, weights, **options),
        dprime(a, y, weights, **options),
        rtol=1e-8,
        atol=1e-9,
    )
    signed = np.ones(3, bool)
    np.testing.assert_allclose(
        si(a + shift, y, weights, signed=signed, **options),
        si(a, y, weights, signed=signed, **options),
        rtol=1e-8,
        atol=1e-9,
    )


@quick
@given(batches(), st.sampled_from(RESTS), st.randoms(use_true_random=False))
def test_order_of_samples_classes_and_units(batch, rest, random):
    a, y, classes, weights = batch
    expected = both(a, y, classes, weights, rest, epsilon=1e-3)
    samples, relabel = list(range(len(a))), list(range(classes))
    random.shuffle(samples)
    random.shuffle(relabel)
    y = np.array(relabel)[y] if y.ndim == 1 else y[:, np.argsort(relabel)]
    shuffled = None if weights is None else weights[samples]
    found = both(a[samples], y[samples], classes, shuffled, rest, epsilon=1e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
    swapped = dprime(a[:, ::-1], y, weights, classes=classes, rest=rest, epsilon=1e-3)
    np.testing.assert_allclose(swapped[::-1], expected[1], rtol=1e-9, atol=1e-10)


@quick
@given(batches(), st.sampled_from(RESTS), st.integers(0, 14))
def test_split_and_merged_batches_give_the_whole(batch, rest, cut):
    a, y, classes, weights = batch
    rows = label_weights(y, classes, weights).numpy()
    whole = class_statistics(a, rows)
    center = np.array([1.0, 1.5, 2.0])
    parts = [
        class_statistics(a[i], rows[i], center=center)
        for i in (slice(0, cut), slice(cut, None))
    ]
    merged = whole._replace(
        weight=parts[0].weight + parts[1].weight,
        total=parts[0].total + parts[1].total,
        squares=parts[0].squares + parts[1].squares,
        center=center,
    )
    for function in (selectivity_index, discriminability):
        np.testing.assert_allclose(
            function(merged, rest=rest, epsilon=1e-3),
            function(whole, rest=rest, epsilon=1e-3),
            rtol=1e-9,
            atol=1e-10,
        )


@quick
@given(batches(), st.sampled_from(RESTS), st.integers(0, 13))
def test_weight_zero_is_an_absent_sample(batch, rest, index):
    a, y, classes, weights = batch
    index %= len(a)
    weights = np.ones(len(a)) if weights is None else weights
    zeroed = np.where(np.arange(len(a)) == index, 0.0, weights)
    a = a.copy()
    a[index] = [1e3, -1e3, 1e3]
    kept = np.arange(len(a)) != index
    np.testing.assert_allclose(
        both(a, y, classes, zeroed, rest, epsilon=1e-3),
        both(a[kept], y[kept], classes, weights[kept], rest, epsilon=1e-3),
        rtol=1e-9,
        atol=1e-10,
    )


@quick
@given(batches(), st.sampled_from(RESTS))
def test_doubled_weight_is_a_doubled_sample(batch, rest):
    a, y, classes, _ = batch
    weights = np.ones(len(a))
    weights[0] = 2
    np.testing.assert_allclose(
        both(a, y, classes, weights, rest, epsilon=1e-3),
        both(
            np.concatenate([a[:1], a]),
            np.concatenate([y[:1], y]),
            classes,
            None,
            rest,
            epsilon=1e-3,
        ),
        rtol=1e-9,
        atol=1e-10,
    )


@quick
@given(batches(), st.sampled_from(RESTS))
def test_integer_labels_are_one_hot_labels(batch, rest):
    a, _, classes, weights = batch
    y = np.arange(len(a)) % classes
    np.testing.assert_array_equal(
        both(a, y, classes, weights, rest),
        both(a, np.eye(classes)[y], classes, weights, rest),
    )


# Bad input.


@pytest.mark.parametrize("measure", [si, dprime])
def test_unknown_rest(measure):
    with pytest.raises(ValueError, match='`rest` must be "classes" or "samples"') as e:
        measure(np.eye(2), np.eye(2), rest="others")
    assert "Received: rest='others'" in str(e.value)


def test_discriminability_needs_squares():
    statistics = class_statistics(np.eye(2), np.eye(2), squares=False)
    with pytest.raises(ValueError, match="`statistics` must hold squares") as e:
        discriminability(statistics)
    assert "class_statistics(..., squares=True)" in str(e.value)


def test_formulas_compile_in_a_graph_with_unknown_batch_size():
    @tf.function(input_signature=[tf.TensorSpec((None, 3), "float64")])
    def run(a):
        y = label_weights(tf.range(tf.shape(a)[0]) % 4, 4)
        return dprime(a, y), si(a, y)

    a = uniform((12, 3))
    y = np.arange(12) % 4
    found = run(tf.constant(a))
    expected = (
        reference.discriminability(a, y, num_classes=4),
        reference.selectivity(a, y, num_classes=4),
    )
    np.testing.assert_allclose(keras.tree.map_structure(np.array, found), expected)
