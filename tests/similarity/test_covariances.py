"""Streamed covariances against NumPy's, whatever the batches, means and scales."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selectivity.similarity import (
    CovarianceStream,
    cca_from_covariances,
    cka_from_covariances,
    covariances,
    pwcca_from_covariances,
)
from tests.similarity.oracles import related

UNEVEN = [0, 1, 1, 8, 9, 60, 200]


def reference(x, y):
    """The same by definition: `Covariances` as a tuple."""
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    from_x, from_y = x - x.mean(axis=0), y - y.mean(axis=0)
    norms = np.stack([np.sum(from_x**2, axis=1), np.sum(from_y**2, axis=1)])
    norms -= norms.mean(axis=1, keepdims=True)
    return (
        len(x),
        x.mean(axis=0),
        y.mean(axis=0),
        from_x.T @ from_x,
        from_y.T @ from_y,
        from_x.T @ from_y,
        norms @ norms.T,
    )


def streamed(x, y, ends=UNEVEN):
    stream = CovarianceStream()
    for start, end in zip([0, *ends], [*ends, len(x)], strict=True):
        stream.update([x[start:end]], [y[start:end]])
    return stream


def assert_same(found, expected, rtol=1e-10):
    for name, a, b in zip(found._fields, found, expected, strict=True):
        scale = np.max(np.abs(b))
        np.testing.assert_allclose(a, b, rtol=0, atol=rtol * scale, err_msg=name)


def test_hand_solved():
    found = covariances([[1], [2], [3], [4]], [[1, 0], [3, 0], [2, 0], [4, 2]])
    assert found.samples == 4
    assert found.mean_x.tolist() == [2.5]
    assert found.mean_y.tolist() == [2.5, 0.5]
    assert found.xx.tolist() == [[5]]
    assert found.xy.tolist() == [[4, 3]]
    assert found.yy.tolist() == [[5, 3], [3, 3]]
    # q = 9/4, 1/4, 1/4, 9/4; r = 10/4, 2/4, 2/4, 18/4.
    np.testing.assert_allclose(found.norms, [[4, 6], [6, 11]])


# More than are made float64 at a time, too.
@pytest.mark.parametrize("samples", [3, 4, 300, 5000])
def test_all_at_once(samples):
    x, y = related(samples)
    assert_same(covariances(x, y), reference(x, y))


def test_uneven_batches():
    x, y = related(300)
    stream = streamed(x, y)
    assert stream.samples == 300
    assert_same(stream.between(), reference(x, y))


@pytest.mark.parametrize("offset", [2.0**14, -(2.0**24)])
def test_means_far_above_the_deviation(offset):
    # Steps of 2**-10 keep x + offset exact, so that the reference is too.
    x, y = (np.round(array * 2**10) / 2**10 for array in related(300))
    expected = reference(x, y)
    found = streamed(x + offset, y - 3 * offset).between()
    for name, a, b in zip(found._fields[3:], found[3:], expected[3:], strict=True):
        atol = 1e-9 * np.max(np.abs(b))
        np.testing.assert_allclose(a, b, rtol=0, atol=atol, err_msg=name)


def test_first_sample_far_from_the_others():
    x, y = related(300)
    x[0] += 1e4
    assert_same(streamed(x, y).between(), reference(x, y))


def test_every_pair_of_layers():
    x, y = related(90)
    first, second = [x, x[:, :2]], [y[:, 3:], y, y[:, :1]]
    stream = CovarianceStream()
    for start in range(0, 90, 40):
        batch = slice(start, start + 40)
        stream.update([a[batch] for a in first], [b[batch] for b in second])
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            assert_same(stream.between(i, j), reference(a, b))
    with pytest.raises(ValueError, match="`x` must be the index of one of 2 layers"):
        stream.between(2, 0)


@pytest.mark.parametrize("ends", [[0], [1], [150], [300]])
def test_merged_streams(ends):
    x, y = related(300)
    x, y = x + 100, y - 100
    one, two = streamed(x[: ends[0]], y[: ends[0]], []), CovarianceStream()
    two.update([x[ends[0] :]], [y[ends[0] :]])
    before = two.between() if two.samples > 1 else None
    one.merge(two)
    assert_same(one.between(), reference(x, y))
    if before is not None:
        assert_same(two.between(), before, rtol=0)
    # What is merged can be merged, and takes batches.
    one.merge(one)
    one.update([x], [y])
    assert_same(one.between(), reference(np.tile(x, (3, 1)), np.tile(y, (3, 1))))


def test_constant_units_have_exactly_no_products():
    x, y = related(300)
    x[:, 1], x[:, 2], y[:, 0] = 0.1, 0, -7e8
    found = streamed(x, y).between()
    assert not np.any(found.xx[[1, 2]]) and not np.any(found.xx[:, [1, 2]])
    assert not np.any(found.xy[[1, 2]]) and not np.any(found.xy[:, 0])
    assert not np.any(found.yy[0]) and np.all(np.diagonal(found.yy)[1:])
    assert found.mean_x[1] == 0.1


def test_a_unit_constant_up_to_rounding_is_constant():
    x, y = related(300)
    noise = np.random.default_rng(1).integers(-1, 2, 300)
    x[:, 0] = 0.1 + noise * 1e-17
    y = y.astype("float32")
    y[:, 0] = np.float32(5) + noise.astype("float32") * np.spacing(np.float32(5))
    found = streamed(x, y).between()
    assert found.xx[0, 0] == found.yy[0, 0] == 0
    # In float64 the same differences are no rounding.
    assert streamed(x, y.astype("float64")).between().yy[0, 0] > 0


def test_a_unit_that_begins_constant_varies_later():
    x, y = related(100)
    x[:40, 0] = 0
    x[:40, 1] = 9
    assert_same(streamed(x, y, [40]).between(), reference(x, y))


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "uint16", "bfloat16"]
)
def test_dtypes_are_computed_in_float64(dtype):
    x, y = (tf.cast(20 * array, dtype) for array in related(300))
    exact = [tf.cast(array, "float64").numpy() for array in (x, y)]
    assert_same(covariances(x, y), reference(*exact))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 40), max_size=6),
    st.integers(0, 2**32 - 1),
    st.floats(-9, 9),
)
def test_batches_do_not_matter(ends, seed, magnitude):
    x, y = related(40, (3, 4), seed)
    x, y = x * 10.0**magnitude, y + 10.0**magnitude
    found = streamed(x, y, sorted(ends)).between()
    whole = covariances(x, y)
    for method, same in (
        (cca_from_covariances, lambda found: found.correlations),
        (pwcca_from_covariances, lambda found: found.distance),
        (cka_from_covariances, float),
        (lambda found: cka_from_covariances(found, debiased=True), float),
    ):
        np.testing.assert_allclose(
            same(method(found)), same(method(whole)), rtol=1e-6, atol=1e-6
        )


def message(call, error=ValueError):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_errors_of_one_array():
    x, y = related(5, (2, 2))
    assert message(lambda: covariances(x[0], y)) == (
        "`x` must have shape (samples, units), with at least one unit. Received: x of "
        "shape (2,). Take the mean over the other axes, or flatten them."
    )
    assert "y of shape (5, 0)" in message(lambda: covariances(x, y[:, :0]))
    assert message(lambda: covariances(x.astype(complex), y), TypeError) == (
        "`x` must hold real numbers. Received: x of dtype complex128."
    )
    assert "dtype bool" in message(lambda: covariances(x, y > 0), TypeError)
    for bad in (np.nan, np.inf, -np.inf):
        y[3, 1] = bad
        assert message(lambda: covariances(x, y)) == (
            f"`y` must be finite. Received: {bad} at sample 3, unit 1."
        )


@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e160, 5e307])
def test_numbers_whose_squares_leave_float64(scale):
    x, y = related(5, (2, 2))
    assert message(lambda: covariances(x, y * scale)) == (
        "`y` must hold numbers whose squares float64 can hold. Received: units that "
        "vary by more than about 1e150, or by less than 1e-140. Scale `y`."
    )


def test_errors_of_several_arrays():
    x, y = related(5, (2, 3))
    assert message(lambda: covariances(x, y[:4])) == (
        "`x` and `y` must hold the same samples. Received: x of shape (5, 2), y of "
        "shape (4, 3)."
    )
    for samples in (0, 1):
        assert message(lambda n=samples: covariances(x[:n], y[:n])) == (
            f"`x` and `y` must hold at least two samples. Received: {samples} samples."
        )
    assert message(lambda: CovarianceStream().update([], [y])) == (
        "`x` must not be empty. Received: x=[]."
    )


def test_an_error_leaves_the_stream_as_it_was():
    x, y = related(20, (2, 3))
    stream = CovarianceStream()
    with pytest.raises(ValueError, match="squares"):
        stream.update([x * 1e200], [y])
    assert stream.samples == 0
    stream.update([x], [y])
    wrong = "`y` must have the units of the batches before in each layer: [3]. "
    assert message(lambda: stream.update([x], [y, y])).startswith(
        f"{wrong}Received: [3, 3] units."
    )
    other = CovarianceStream()
    other.update([x], [x])
    assert message(lambda: stream.merge(other)).startswith(
        f"{wrong}Received: [2] units."
    )
    with pytest.raises(ValueError, match="finite"):
        stream.update([x], [y * np.nan])
    assert_same(stream.between(), reference(x, y))
