import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_selectivity.perturbation.orders import orders, points
from keras_selectivity.report import SelectivityReport

LAYERS = {"a": 3, "b": 2}


def report(**values):
    return SelectivityReport(
        {name: {"si": np.asarray(v, float)} for name, v in values.items()},
        groups={name: [name] for name in values},
        preferred_class={},
        class_means={},
        class_weight=np.ones(2),
        confusion=np.eye(2),
    )


@given(st.integers(1, 6), st.integers(0, 2**31))
def test_random_orders_are_permutations_that_the_seed_fixes(repeats, seed):
    found = orders("random", LAYERS, repeats, seed)
    assert found.shape == (repeats, 5)
    assert (np.sort(found, axis=1) == np.arange(5)).all()
    more = orders("random", LAYERS, repeats + 1, seed)
    assert (more[:repeats] == found).all()


def test_random_orders_differ():
    found = orders("random", {"a": 50}, 5, 0)
    assert len(np.unique(found, axis=0)) == 5
    assert (orders("random", {"a": 50}, 5, 1) != found).any()


def test_ranked_orders_go_through_all_layers_together():
    found = report(a=[0.1, 0.9, 0.3], b=[0.5, 0.2])
    assert orders("most_selective", LAYERS, 9, 0, found).tolist() == [[1, 3, 2, 4, 0]]
    assert orders("least_selective", LAYERS, 9, 0, found).tolist() == [[0, 4, 2, 3, 1]]


def test_units_without_a_value_come_last_and_ties_in_order():
    found = report(a=[np.nan, 0.5, 0.5], b=[0.5, 0.7])
    assert orders("most_selective", LAYERS, 1, 0, found).tolist() == [[4, 1, 2, 3, 0]]
    assert orders("least_selective", LAYERS, 1, 0, found).tolist() == [[1, 2, 3, 4, 0]]


def test_explicit_order():
    assert orders([("b", 0), ("a", 2)], LAYERS, 1, 0).tolist() == [[3, 2]]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([("c", 0)], "not tapped: 'c'"),
        ([("a", 3)], "does not exist: 3 of layer 'a', whose units are 0 to 2"),
        ([("a", -1)], "does not exist: -1"),
        ([("a", 1.0)], "does not exist: 1.0"),
        ([("a", 1), ("b", 0), ("a", 1)], r"must not repeat units.*\('a', 1\)"),
        ([], "`order` is empty"),
        ("sideways", "`order` must be"),
        ("most_selective", "needs a report"),
    ],
)
def test_orders_that_are_wrong(order, message):
    with pytest.raises(ValueError, match=message):
        orders(order, LAYERS, 1, 0)


def test_an_order_of_no_pairs():
    with pytest.raises(TypeError, match="pairs of a layer's name and a unit"):
        orders([3, 4], LAYERS, 1, 0)


@pytest.mark.parametrize(
    ("found", "metric", "message"),
    [
        (report(a=[1, 2, 3]), "si", r"lacks the layers \['b'\]"),
        (report(a=[1, 2, 3], b=[1, 2]), "dprime", "lacks the measure 'dprime'"),
        (report(a=[1, 2], b=[1, 2]), "si", "other numbers of units"),
    ],
)
def test_reports_that_do_not_fit(found, metric, message):
    with pytest.raises(ValueError, match=message):
        orders("most_selective", LAYERS, 1, 0, found, metric)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (2, [0, 10]),
        (5, [0, 2, 5, 8, 10]),
        (50, list(range(11))),
        ([0, 3, 10], [0, 3, 10]),
        ([0.0, 0.25, 1.0], [0, 2, 10]),
        ([0.5], [5]),
        (np.array([0.1, 0.2]), [1, 2]),
    ],
)
def test_points(wanted, expected):
    assert points(wanted, 10, 10).tolist() == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (1, "at least 2"),
        (-3, "at least 2"),
        ([0.0, 1.01], r"in \[0, 1\]"),
        ([-0.1, 0.5], r"in \[0, 1\]"),
        ([0.0, np.nan], "rise|in"),
        ([0, 11], "number of units, 10"),
        ([-1, 2], "below 0"),
        ([3, 3], "must rise"),
        ([0.5, 0.2], "must rise"),
    ],
)
def test_points_that_are_wrong(wanted, message):
    with pytest.raises(ValueError, match=message):
        points(wanted, 10, 10)


@pytest.mark.parametrize("wanted", ["all", None, True, [[0, 1]], ["a"], []])
def test_points_of_a_wrong_kind(wanted):
    with pytest.raises((TypeError, ValueError), match="`points`"):
        points(wanted, 10, 10)


def test_points_of_an_order_of_some_units():
    assert points(3, 10, 4).tolist() == [0, 2, 4]
    with pytest.raises(ValueError, match="number of units, 4"):
        points([0.0, 0.5], 10, 4)
