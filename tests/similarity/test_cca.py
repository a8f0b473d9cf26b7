"""CCA against its definition on the samples, worked cases and known distributions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.cross_decomposition import CCA

from keras_selectivity.similarity import (
    Covariances,
    cca,
    cca_from_covariances,
    covariances,
    pwcca,
    svcca,
)
from tests.similarity import oracles
from tests.similarity.oracles import HAND_X, HAND_Y, invertible, related, rotation

METHODS = [cca, svcca, pwcca]


def adversarial_cases():
    rng = np.random.default_rng(0)
    x, y = related()
    noise = rng.normal(size=(200, 2))
    scaled = x * 10.0 ** np.linspace(-6, 6, 6)
    dead = x.copy()
    dead[:, [0, 3]] = 0
    constant = x.copy()
    constant[:, 1] = 0.1
    constant[:, 2] = -3e9
    return {
        "rectified": (x, y),
        "fewer units in y": (y, x),
        "independent": (x, noise),
        "one unit": (x[:, :1], y),
        "duplicated unit": (np.hstack([x, x[:, :1]]), y),
        "all duplicated": (np.hstack([x, x, x]), np.hstack([y, 1e3 * y])),
        "a unit that depends on others": (np.hstack([x, x @ np.ones((6, 1))]), y),
        "rank of one": (x[:, :1] * [1, 2, -3], y),
        "dead units": (dead, y),
        "constant units": (constant, y),
        "constant but for one sample": (np.hstack([x, np.eye(200)[:, :1]]), y),
        "scales of all sizes": (scaled, y * 10.0 ** np.linspace(6, -6, 9)),
        "tiny": (x * 1e-30, y * 1e-30),
        "huge": (x * 1e30, y * 1e30),
        "offset": (x + 1e4, y - 1e4),
        "offset, more": (x + 1e7, y * 1e-3 + 1e3),
        "float32": (x.astype("float32"), y.astype("float32")),
        "float32, offset": ((x + 1e4).astype("float32"), y),
        "float16": (x.astype("float16"), y),
        "integers": (np.round(20 * x).astype("int32"), y),
        "more units than samples, few directions": (
            x[:, :3] @ rng.normal(size=(3, 300)),
            y,
        ),
    }


CASES = adversarial_cases()


def as_definition(name):
    """Arrays for the definition, which knows no constant unit but 0."""
    x, y = (np.asarray(array, "float64") for array in CASES[name])
    x = np.where(np.ptp(x, axis=0) == 0, 0, x)
    return tuple(a / np.where(a.std(axis=0) > 0, a.std(axis=0), 1) for a in (x, y))


@pytest.mark.parametrize("name", CASES)
def test_correlations_are_the_definition(name):
    found = cca(*CASES[name])
    expected = oracles.correlations(*as_definition(name))
    assert len(found.correlations) == len(expected) == min(found.ranks)
    np.testing.assert_allclose(found.correlations, expected, rtol=0, atol=1e-7)
    assert found.similarity == pytest.approx(np.mean(expected), abs=1e-7)
    assert found.distance == 1 - found.similarity
    assert found.weights is None
    assert found.samples == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_everything_is_finite_and_in_range(name, method):
    found = method(*CASES[name])
    assert np.all((found.correlations >= 0) & (found.correlations <= 1))
    assert np.all(np.diff(found.correlations) <= 0)
    assert 0 <= found.similarity <= 1
    assert 0 <= found.distance <= 1


def test_ranks():
    ranks = {name: cca(*CASES[name]).ranks for name in CASES}
    assert ranks["rectified"] == (6, 9)
    assert ranks["all duplicated"] == ranks["scales of all sizes"] == (6, 9)
    assert ranks["rank of one"] == (1, 9)
    assert ranks["a unit that depends on others"] == (6, 9)
    assert ranks["dead units"] == ranks["constant units"] == (4, 9)
    assert ranks["more units than samples, few directions"] == (3, 9)


@pytest.mark.parametrize("seed", range(3))
def test_scikit_learn_agrees(seed):
    x, y = related(300, (2, 4), seed)
    model = CCA(2, max_iter=100_000, tol=1e-14).fit(x, y)
    first, second = model.transform(x, y)
    expected = [np.corrcoef(first[:, i], second[:, i])[0, 1] for i in range(2)]
    np.testing.assert_allclose(cca(x, y).correlations, expected, atol=1e-6)


def test_hand_solved():
    np.testing.assert_allclose(cca(HAND_X, HAND_Y).correlations, [0.8, 0.6])
    assert cca(HAND_X, HAND_Y).distance == pytest.approx(0.3)


def test_one_unit_each_is_the_correlation():
    found = cca([[1], [2], [3], [4]], [[4], [2], [3], [1]])
    assert found.similarity == pytest.approx(0.8)
    assert found.ranks == (1, 1)


@pytest.mark.parametrize("condition", [1, 1e3])
@pytest.mark.parametrize("units", [3, 40])
@pytest.mark.parametrize("method", METHODS)
def test_invertibly_mapped_representations_are_the_same(method, units, condition):
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(500, units)), 0)
    y = 7 * x @ invertible(units, condition) + rng.normal(size=units)
    if method is svcca and condition > 1:
        return  # What is principal changes: see test_svcca.
    assert method(x, y).distance == pytest.approx(0, abs=1e-9)
    assert method(y, x).distance == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_representation(method):
    x, _ = related()
    for same in (x, x[:, ::-1], x @ rotation(6), -x, x + 5, x.astype("float32")):
        assert method(x, same).distance == pytest.approx(0, abs=1e-7)


def test_maps_of_either_side_change_nothing():
    x, y = related()
    expected = cca(x, y).correlations
    mapped = cca(x @ invertible(6, 1e3) + 1, y @ invertible(9, 1e3, seed=5) - 1)
    np.testing.assert_allclose(mapped.correlations, expected, atol=1e-9)
    np.testing.assert_allclose(cca(y, x).correlations, expected, atol=1e-12)


def test_other_maps_change_it():
    x, y = related()
    assert cca(x[:, :3], y).distance != pytest.approx(cca(x, y).distance, abs=1e-3)
    assert cca(x, x**3).distance > 0.01


@pytest.mark.parametrize(("samples", "units"), [(12, 1), (12, 3), (40, 5)])
def test_independent_representations_have_the_known_distribution(samples, units):
    """R squared of one unit: Beta(units / 2, (samples - 1 - units) / 2)."""
    rng = np.random.default_rng(0)
    found = [
        cca(rng.normal(size=(samples, 1)), rng.normal(size=(samples, units)))
        for _ in range(500)
    ]
    squares = [float(value.correlations[0]) ** 2 for value in found]
    known = stats.beta(units / 2, (samples - 1 - units) / 2)
    assert stats.kstest(squares, known.cdf).pvalue > 0.01


def test_sum_of_squares_of_independent_units_has_the_known_mean():
    """The trace of Pillai's test: units_x * units_y / (samples - 1) on average."""
    rng = np.random.default_rng(0)
    sums = [
        np.sum(
            cca(rng.normal(size=(60, 8)), rng.normal(size=(60, 5))).correlations ** 2
        )
        for _ in range(300)
    ]
    error = np.std(sums) / np.sqrt(len(sums))
    assert np.mean(sums) == pytest.approx(8 * 5 / 59, abs=4 * error)


def test_forced_correlations_are_counted():
    x, y = related(12, (6, 8))
    found = cca(x, y)
    assert found.forced == 6 + 8 - 11
    np.testing.assert_allclose(found.correlations[:3], 1)
    assert found.correlations[3] < 0.9999
    assert cca(*related(15, (6, 8))).forced == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 5),
    st.floats(-6, 6),
    st.lists(st.sampled_from(["dead", "constant", "copy", "offset"]), max_size=3),
)
def test_what_no_method_should_heed(seed, units_x, units_y, magnitude, extras):
    """Order of samples, order and common scale of units, units without news."""
    rng = np.random.default_rng(seed)
    x, y = related(40, (units_x, units_y), seed)
    varies = [np.any(np.ptp(array, axis=0) > 0) for array in (x, y)]
    if not all(varies):
        return
    others = x.copy()
    for extra in extras:
        column = {
            "dead": np.zeros((40, 1)),
            "constant": np.full((40, 1), rng.normal()),
            "copy": others[:, :1],
            "offset": others[:, :1] + 3,
        }[extra]
        others = np.hstack([others, column])
    order = rng.permutation(40)
    others = others[order][:, rng.permutation(others.shape[1])] * 10.0**magnitude
    for method in METHODS:
        copied = {"copy", "offset"} & set(extras)
        if copied and method is not cca:
            continue  # A copy counts twice in the variance and in the weights.
        np.testing.assert_allclose(
            method(others, y[order]).distance, method(x, y).distance, atol=1e-6
        )


def message(call, *args, **kwargs):
    with pytest.raises(ValueError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_constant_representations_are_an_error(method):
    x, y = related()
    for constant in (np.zeros((200, 2)), np.full((200, 2), 0.1)):
        for name, args in (("x", (constant, y)), ("y", (x, constant))):
            assert message(method, *args) == (
                f"`{name}` must vary over the samples. Received: {name} in which every "
                "unit is constant. Leave out layers that do not respond."
            )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("samples", [2, 6, 9])
def test_too_few_samples_are_an_error(method, samples):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(samples, 3)), rng.normal(size=(samples, 20))
    options = {} if method is not svcca else {"variance": 1}
    side = "x" if samples == 2 else "y"
    assert message(method, x, y, **options) == (
        f"Every canonical correlation is 1 where `{side}` has "
        "as many directions as centered samples have, whatever the representations. "
        f"Received: {samples} samples, in which `{side}` varies "
        f"in {samples - 1} directions. Give more samples, better ten for each unit; or "
        "keep fewer directions, as `svcca` does."
    )


def test_one_more_sample_than_directions_and_one():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(22, 20))
    assert cca(rng.normal(size=(22, 3)), y).forced == 2
    assert "21 samples" in message(cca, rng.normal(size=(21, 3)), y[:21])


def test_covariances_of_no_data_are_an_error():
    found = covariances(*related())._replace(xy=1e9 * np.ones((6, 9)))
    assert "must be those of one set of samples" in message(cca_from_covariances, found)
    assert isinstance(found, Covariances)
