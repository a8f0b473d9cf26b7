"""CKA against its definition with whole kernel matrices, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selectivity.similarity import cka, cka_from_covariances, covariances
from tests.similarity import oracles
from tests.similarity.oracles import HAND_X, HAND_Y, invertible, related, rotation

W26 = ([[1.0], [2], [3], [4]], [[1.0], [3], [2], [4]])
OPTIONS = [
    {"debiased": debiased, "kernel": kernel}
    for debiased in (False, True)
    for kernel in ("linear", "rbf")
]


def definition(x, y, *, debiased=False, kernel="linear", bandwidth=0.8):
    def rbf(array):
        return oracles.rbf_kernel(array, bandwidth)

    return oracles.cka(
        np.asarray(x, "float64"),
        np.asarray(y, "float64"),
        oracles.linear_kernel if kernel == "linear" else rbf,
        oracles.unbiased_hsic if debiased else oracles.centered_hsic,
    )


def cases():
    x, y = related(60, (6, 9))
    dead = np.hstack([x, np.zeros((60, 2)), np.full((60, 1), 0.1)])
    wide = np.random.default_rng(0).normal(size=(60, 200))
    return {
        "rectified": (x, y),
        "four samples": (x[:4], y[10:14]),
        "more units than samples": (wide, wide[:, :70] + 1),
        "independent": (wide[:, :3], wide[:, 100:]),
        "duplicated and dead": (dead, np.hstack([y, y])),
        "scales of all sizes": (x * 10.0 ** np.arange(-6, 6, 2), y),
        "tiny and huge": (x * 1e-30, y * 1e30),
        "float32": (x.astype("float32"), y.astype("float32")),
        "float16": (x.astype("float16"), y),
        "an outlier": (np.vstack([x[:-1], 1e3 * x[-1:]]), y),
    }


CASES = cases()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_is_the_definition(name, options):
    found = cka(*CASES[name], **options)
    assert found == pytest.approx(definition(*CASES[name], **options), abs=1e-9)
    assert isinstance(found, float)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("bandwidth", [0.2, 0.4, 3])
def test_bandwidth(bandwidth, debiased):
    options = {"kernel": "rbf", "bandwidth": bandwidth, "debiased": debiased}
    x, y = related(40)
    assert cka(x, y, **options) == pytest.approx(definition(x, y, **options), abs=1e-9)


def test_a_wide_rbf_kernel_is_linear():
    x, y = related(100)
    found = cka(x, y, kernel="rbf", bandwidth=1e3)
    assert found == pytest.approx(cka(x, y), abs=1e-5)


@pytest.mark.parametrize("debiased", [False, True])
def test_definition_does_not_heed_the_mean(debiased):
    """So that centering first is no change to the unbiased estimate either."""
    x, y = related(30)
    moved = definition(x + 10, y - np.arange(9), debiased=debiased)
    assert moved == pytest.approx(definition(x, y, debiased=debiased), abs=1e-9)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("offset", [1e4, 1e7])
def test_a_large_mean_costs_nothing(options, offset):
    x, y = (np.round(array * 2**10) / 2**10 for array in related(80))
    found = cka(x + offset, y - offset, **options)
    assert found == pytest.approx(cka(x, y, **options), abs=1e-9)


def test_w26():
    assert cka(*W26) == pytest.approx(0.64)
    assert cka(*W26, debiased=True) == pytest.approx(-0.0385, abs=5e-5)


def test_hand_solved():
    # Covariances diag(1.6, 0.6), diag(4, 1) and the identity.
    expected = (1.6**2 + 0.6**2) / np.sqrt((4**2 + 1) * 2)
    assert cka(HAND_X, HAND_Y) == pytest.approx(expected)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_w27_rotated_scaled_and_shifted(options):
    x, _ = related(80)
    assert cka(x, 7 * x @ rotation(6) + 2, **options) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.floats(-6, 6))
def test_what_it_should_not_heed(options, seed, units, magnitude):
    rng = np.random.default_rng(seed)
    x, y = related(30, (units, 4), seed)
    if units == 1:
        x = x + rng.normal(size=x.shape)  # An unlucky unit may hardly respond.
    expected = cka(x, y, **options)
    order = rng.permutation(30)
    moved = 10.0**magnitude * (x @ rotation(units, seed))[order]
    assert cka(moved, y[order][:, ::-1], **options) == pytest.approx(expected, abs=1e-7)
    assert cka(y, x, **options) == pytest.approx(expected, abs=1e-12)
    assert -1 <= expected <= 1


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_invertible_maps_change_it(options):
    x, y = related(80)
    mapped = x @ invertible(6, 100)
    assert cka(x, mapped, **options) < 0.98
    assert abs(cka(mapped, y, **options) - cka(x, y, **options)) > 0.01


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_independent_representations(kernel):
    """Biased: high with many units. Debiased: 0 on average."""
    rng = np.random.default_rng(0)
    pairs = [rng.normal(size=(2, 30, 40)) for _ in range(100)]
    biased = [cka(x, y, kernel=kernel) for x, y in pairs]
    assert np.mean(biased) > 0.4
    debiased = [cka(x, y, kernel=kernel, debiased=True) for x, y in pairs]
    error = np.std(debiased) / np.sqrt(len(debiased))
    assert np.mean(debiased) == pytest.approx(0, abs=4 * error)
    assert min(debiased) < 0


def message(*args, **options):
    with pytest.raises(ValueError) as caught:
        cka(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("constant", [0.0, 0.1, -7e9])
def test_constant_representations_are_an_error(debiased, constant):
    x, y = related(30)
    x = np.full((30, 5), constant)
    assert message(x, y, debiased=debiased) == (
        "`x` must vary over the samples, for the debiased estimate by more than one "
        "sample's standing apart. Received: x with HSIC(x, x) = 0. Leave out layers "
        "that do not respond."
    )
    assert "`y` must vary" in message(y, x, debiased=debiased)
    assert message(x, y, debiased=debiased, kernel="rbf") == (
        "`x` must differ between most pairs of samples. Received: x with a median "
        "distance of 0, which gives no bandwidth. Leave out samples or layers that do "
        'not respond, or use kernel="linear".'
    )


@pytest.mark.parametrize("samples", [5, 60, 3000])
def test_one_sample_apart_has_no_debiased_estimate(samples):
    x = np.zeros((samples, 1))
    x[1] = 3.3
    y = np.random.default_rng(0).normal(size=(samples, 2))
    assert 0 < cka(x, y) < 1
    assert "standing apart" in message(x, y, debiased=True)


def test_a_representation_that_mostly_does_not_respond():
    x, y = related(60)
    x[:50] = 0
    assert 0 < cka(x, y) < 1
    assert "median distance of 0" in message(x, y, kernel="rbf")


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_too_few_samples(kernel):
    x, y = related(3)
    assert message(x, y, debiased=True, kernel=kernel) == (
        "`x` and `y` must hold at least 4 samples for debiased=True. Received: 3 "
        "samples."
    )
    assert "at least" in message(x[:1], y[:1], kernel=kernel)
    assert "the same samples" in message(x, y[:2], kernel=kernel)
    assert "finite" in message(x * np.nan, y, kernel=kernel)


def test_options_are_checked():
    x, y = related(10)
    assert message(x, y, kernel="cosine") == (
        '`kernel` must be "linear" or "rbf". Received: kernel=\'cosine\'.'
    )
    assert message(x, y, bandwidth=0.5) == (
        '`bandwidth` is for kernel="rbf" only. Received: bandwidth=0.5 with '
        'kernel="linear".'
    )
    for bandwidth in (0, -1, np.inf, np.nan):
        assert f"Received: bandwidth={bandwidth!r}." in message(
            x, y, kernel="rbf", bandwidth=bandwidth
        )


def test_numbers_whose_powers_leave_float64():
    x, y = related(10)
    assert cka(x * 1e60, y) == pytest.approx(cka(x, y))
    assert "fourth powers float64 can hold" in message(x * 1e120, y)
    assert "float64 can hold" in message(x * 1e120, y, debiased=True)


def test_from_covariances():
    x, y = related(50)
    found = covariances(x, y)
    for debiased in (False, True):
        expected = cka(x, y, debiased=debiased)
        assert cka_from_covariances(found, debiased=debiased) == expected
