"""Quantities of networks by alpha, and what is set against what."""

import math
from types import SimpleNamespace

import pytest

from recipes.claims.samples import (
    RUNS,
    Asked,
    Found,
    Pairs,
    Samples,
    negative,
    positive,
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


def test_pairs_have_two_networks_a_side():
    two, one = {0: 0.1, 1: 0.2}, {0: 0.3}
    found = Samples({-2.0: two, -1.0: one, 0.0: two, 1.0: two, 2.0: two}, percent)
    assert list(found.against_zero()) == [1.0, -2.0, 2.0]
    assert list(found.against_zero(positive)) == [1.0, 2.0]
    assert found.against_zero().text(1.0) == "15.0% against 15.0%"
    few = Samples({0.0: one, 1.0: two})
    assert few.against_zero() == {}
    assert list(found.against(few)) == [1.0]
    assert Samples({1.0: two}).against_zero() == {}


def test_a_difference_is_that_of_the_same_seeds():
    found = Samples({0.0: {0: 0.8, 1: 0.9}, 1.0: {1: 0.8, 0: 0.7, 2: 0.1}})
    assert found.difference(1.0, 0.0) == pytest.approx((-0.1, -0.1, -0.1))
    assert found.gained(1.0) == "-10.0 points [-10.0, -10.0]"
    apart = Samples({0.0: {0: 0.5}, 1.0: {1: 0.75}})
    assert apart.difference(1.0, 0.0) is None
    assert apart.gained(1.0) == "+25.0 points"


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
    assert Pairs({"a": ([1.0], [2.0])}).text("a") == "1 against 2"
