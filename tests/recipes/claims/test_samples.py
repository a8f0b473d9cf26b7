"""Quantities of networks by alpha, and what is set against what."""

import math
from types import SimpleNamespace

import pytest

from recipes.claims.samples import (
    RUNS,
    Asked,
    Found,
    Samples,
    negative,
    resolved,
    sampled,
    span,
)
from recipes.quantities import Quantity, percent

value = Quantity("value", lambda run: run.value, "a value", percent)


def run(alpha, seed, value):
    return SimpleNamespace(
        settings=SimpleNamespace(alpha=alpha, seed=seed), value=value
    )


class Results(dict):
    """Runs by sweep, of which `by_alpha` is asked."""

    def by_alpha(self, sweep):
        found = {}
        for one in self[sweep]:
            found.setdefault(one.settings.alpha, []).append(one)
        return found


@pytest.fixture
def results():
    return Results(
        own=[run(-1.0, 0, 0.1), run(0.0, 0, 0.2), run(0.0, 1, math.nan)],
        other=[run(0.0, 0, 0.9)],
    )


def test_networks_without_a_number_are_left_out(results):
    found = Samples.of(results, "own", value)
    assert found.values == {-1.0: {0: 0.1}, 0.0: {0: 0.2}}
    assert found.text() == "20.0% at 0, 10.0% at -1"
    assert Samples.of(results, "none", value).values == {}
    assert Samples({}).text() == ""
    assert sampled(results["own"], value) == [0.1, 0.2]


def test_two_numbers_of_a_network_in_one():
    found = Samples({0.0: {0: 1.0, 1: 2.0}, 1.0: {0: 3.0, 1: 5.0, 2: 9.0}})
    assert found.change().values == {0.0: {0: 0, 1: 0}, 1.0: {0: 2, 1: 3}}
    assert found.fold().values[1.0] == {0: 3, 1: 2.5}
    assert found.seeds() == {0: {0.0: 1, 1.0: 3}, 1: {0.0: 2, 1.0: 5}, 2: {1.0: 9}}
    assert found.combined(Samples({1.0: {2: 1.0}}), max).values == {1.0: {2: 9}}
    nothing = Samples({0.0: {0: 0.0}, 1.0: {0: 2.0}})
    assert math.isnan(nothing.fold().mean(1.0))


def test_what_the_arguments_of_a_rule_stand_for(results):
    own = Samples.of(results, "own", value)
    assert resolved(results, "own", value) == own
    assert resolved(results, "own", Asked(value, negative)) == own.where(negative)
    assert resolved(results, "own", Asked(value, sweep="other")).at(0.0) == [0.9]
    assert resolved(results, "own", RUNS) == results.by_alpha("own")
    assert resolved(results, "none", RUNS) == {}
    assert resolved(results, "own", Found(lambda r, sweep: (r, sweep))) == (
        results,
        "own",
    )
    assert resolved(results, "own", 0.5) == 0.5
    assert resolved(results, "own", negative) is negative


def test_a_change_is_that_of_the_same_seed():
    found = Samples({0.0: {0: 0.5, 1: 0.6}, 1.0: {1: 0.8, 2: 0.1}, 2.0: {2: 0.1}})
    assert found.change().values == {
        0.0: {0: 0.0, 1: 0.0},
        1.0: {1: pytest.approx(0.2)},
    }


def test_the_other_sign():
    found = Samples({-2.0: {0: 0.1}, 0.0: {0: 0.2}, 1.0: {0: 0.3}}).mirrored()
    assert list(found.values) == [-1.0, 0.0, 2.0]
    assert found.at(2.0) == [0.1]


def test_ends_belong_to_a_span():
    assert [span(-1, 2)(alpha) for alpha in (-1.1, -1, 2, 2.1)] == [
        *(False, True, True, False)
    ]
    assert span(1)(1e9)
