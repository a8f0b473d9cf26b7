"""The CCA distance ratio: which pairs, which way round, and its test."""

import numpy as np
import pytest
from scipy import stats

from keras_selectivity.similarity import ReplicateDistances, pwcca, replicates
from tests.similarity.oracles import rotation

LAYERS = ["conv_1", "conv_2", "dense"]


def networks(count, noise, seed=0, samples=60):
    """Networks that share a representation, each turned its own way."""
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(99).normal(size=(samples, 3))
    return [
        {
            name: shared @ rotation(3, seed + i) + noise * rng.normal(size=(samples, 3))
            for name in LAYERS
        }
        for i in range(count)
    ]


def recorded(calls):
    def distance(x, y):
        calls.append((float(x[0, 0]), float(y[0, 0])))
        return abs(x[0, 0] - 10 * y[0, 0])

    return distance


@pytest.mark.parametrize(("count", "within", "cross"), [(20, 190, 400), (5, 10, 25)])
def test_w28_numbers_of_pairs(count, within, cross):
    one = [{"dense": np.full((1, 1), i)} for i in range(count)]
    found = replicates(one, one, distance=lambda x, y: 1.0)
    assert found.within.shape == (within, 1)
    assert found.cross.shape == (cross, 1)


def test_which_pairs_and_which_way_round():
    calls = []
    regularized = [{"dense": np.array([[value]])} for value in (1.0, 2, 3)]
    plain = [{"dense": np.array([[value]])} for value in (7.0, 8)]
    found = replicates(regularized, plain, distance=recorded(calls))
    # Within the regularised set; then from each unregularised one, which is first.
    assert calls[:3] == [(1, 2), (1, 3), (2, 3)]
    assert calls[3:] == [(a, b) for a in (7, 8) for b in (1, 2, 3)]
    assert found.within[:, 0].tolist() == [19, 29, 28]
    assert found.cross[:, 0].tolist() == [3, 13, 23, 2, 12, 22]


def test_pwcca_is_the_distance():
    regularized, plain = networks(2, 1.0), networks(1, 0.2, seed=50)
    found = replicates(regularized, plain)
    assert found.layers == LAYERS
    for i, name in enumerate(LAYERS):
        first, second = (network[name] for network in regularized)
        assert found.within[0, i] == pwcca(first, second).distance
        assert found.cross[1, i] == pwcca(plain[0][name], second).distance


def test_networks_that_are_only_turned_have_ratio_one():
    found = replicates(networks(8, 0.5), networks(8, 0.5, seed=50))
    assert found.ratio == pytest.approx(1, abs=0.05)
    # Cross pairs with another representation are further than those within.
    others = networks(8, 0.5, seed=50)
    for network in others:
        for name in LAYERS:
            network[name] = network[name] ** 2
    assert replicates(networks(8, 0.5), others).ratio > 1.2


def test_ratio_and_test_by_hand():
    found = ReplicateDistances(
        within={"a": [0.1, 0.3], "b": [0.2, 0.2], "c": [0.5, 0.3]},
        cross={"c": [0.4, 0.4, 0.4], "a": [0.3, 0.5, 0.4], "b": [0.2, 0.3, 0.4]},
    )
    assert found.layers == ["a", "b", "c"]
    assert found.cross[0].tolist() == [0.3, 0.2, 0.4]
    np.testing.assert_allclose(found.ratios, [2, 1.5, 1])
    assert found.ratio == pytest.approx(1.5)
    # Differences 0.2, 0.1, 0: mean 0.1, deviation 0.1, t = sqrt(3).
    test = found.test(comparisons=2)
    assert test.statistic == pytest.approx(np.sqrt(3))
    assert test.pvalue == pytest.approx(2 * stats.t(2).sf(np.sqrt(3)))
    assert test.corrected == pytest.approx(2 * test.pvalue)


def message(call):
    with pytest.raises(ValueError) as caught:
        call()
    return str(caught.value)


def test_errors():
    two, one = networks(2, 1.0), networks(1, 1.0)
    assert message(lambda: replicates(one, two)) == (
        "Distances need two replicates in `regularized` and one in `unregularized`. "
        "Received: 1 and 2."
    )
    assert message(lambda: replicates(two, [])).endswith("Received: 2 and 0.")
    assert message(lambda: replicates(two, [{"dense": one[0]["dense"]}])) == (
        "Every replicate must have the same layers. Received: replicates with "
        f"{LAYERS} and with ['dense']."
    )


def test_errors_of_distances():
    good = {"a": [0.1, 0.2]}
    assert message(lambda: ReplicateDistances(good, {"b": [1.0]})) == (
        "`within` and `cross` must hold the same layers, at least one. Received: "
        "within of ['a'], cross of ['b']."
    )
    assert "at least one" in message(lambda: ReplicateDistances({}, {}))
    assert message(lambda: ReplicateDistances({"a": []}, good)) == (
        "`within` must hold as many distances for every layer, at least one. "
        "Received: [0] distances."
    )
    assert message(lambda: ReplicateDistances(good, {"a": [np.nan]})) == (
        "`cross` must be finite. Received: cross with NaN or infinity."
    )
    same = ReplicateDistances({"a": [1e-15], "b": [0.1]}, {"a": [0.1], "b": [0.1]})
    assert message(lambda: same.ratios) == (
        "A ratio needs replicates that differ. Received: distances of 0 within the "
        "layers ['a']. Train the replicates from different seeds."
    )
    alone = ReplicateDistances(good, good)
    assert "at least 2" in message(alone.test)
