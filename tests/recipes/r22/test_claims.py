import re

import numpy as np
import pytest

from recipes.claims.table import table
from recipes.claims.verdicts import HELD, NOT_TESTED, REFUTED, UNDECIDED, at_least
from recipes.quantities import accuracy_by_epoch
from recipes.r22.claims import claims
from recipes.r22.claims.networks import (
    aligned_early,
    area_grows_early,
    random_alike,
)
from recipes.r22.claims.regularized import (
    accuracy_gaps,
    gap,
    in_order,
    recovers,
    recovers_slowly,
    stays_behind,
    until,
)
from recipes.r22.claims.selectivity import (
    blocks_recede,
    peak,
    recedes,
    rises,
    settles,
)
from recipes.r22.quantities import strengths
from tests.recipes.r22 import worlds

#: What a world without any effect agrees with, by the reason.
WITHOUT_EFFECT = {
    "says that the regularizer does nothing there, or that nothing happens": {
        "in module 7 it does not fall back",
        "curves of random order are alike over epochs",
        "from epoch 5 about as good as without",
        "started from epochs 1 to 5 about as good as without",
        "no difference between none, from epoch 0 and from epoch 5",
        "later that is gone",
    },
}
#: Of which the miniature can say nothing.
NOT_IN_MINIATURE = {
    ("F11, A.5.1", "resnet50, alpha -10"),
    ("F14", "resnet50, all modules, alpha +1"),
    ("F15b, A.5.3", "resnet50, alpha -20"),
}


def world(tmp_path_factory, kind, seed=0):
    """Of twelve networks a side, which tell nearly everything."""
    folder, chosen = tmp_path_factory.mktemp(kind), worlds.small(range(12))
    return claims(worlds.results(folder, worlds.KINDS[kind], chosen, seed=seed))


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    return world(tmp_path_factory, "mirrored")


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """A draw in which chance makes no claim hold, as it does one in twenty times."""
    return world(tmp_path_factory, "flat", seed=1)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The miniature, where the paper is right."""
    return worlds.draw(tmp_path_factory.mktemp("drawn"), "right", 0)


def key(claim):
    return claim.rows, claim.network, claim.claim


def verdict(outcome):
    return outcome.verdict


def test_every_claim_holds_where_the_paper_is_right(right_claims):
    assert [key(claim) for claim in right_claims if claim.verdict is not HELD] == []
    assert len({key(claim) for claim in right_claims}) == len(right_claims)


def test_no_claim_holds_in_every_world(right_claims, mirrored, flat):
    refuted = {key(c) for c in [*mirrored, *flat] if c.verdict is REFUTED}
    assert {key(claim) for claim in right_claims} - refuted == set()


def test_no_effect_is_found_where_there_is_none(flat):
    known = set().union(*WITHOUT_EFFECT.values())
    assert {claim.claim for claim in flat if claim.verdict is HELD} - known == set()


def test_the_miniature_judges_every_claim_or_says_why_not(right_claims, drawn):
    found = claims(drawn)
    assert [key(claim) for claim in found] == [key(claim) for claim in right_claims]
    untested = [claim for claim in found if claim.verdict is NOT_TESTED]
    assert {(claim.rows, claim.network) for claim in untested} == NOT_IN_MINIATURE
    assert len(untested) == len(NOT_IN_MINIATURE)
    assert all(claim.test and not claim.found for claim in untested)
    assert all(claim.found for claim in found if claim.verdict is not NOT_TESTED)


def test_every_figure_of_the_paper_is_spoken_of(right_claims):
    spoken = set(re.findall(r"F\d+", " ".join(claim.rows for claim in right_claims)))
    # F1 is a diagram, F4 is lost.
    assert spoken == {f"F{i}" for i in range(2, 17)} - {"F4"}


def test_the_table_can_be_read(right_claims):
    text = table(right_claims)
    assert {line.count("|") for line in text.splitlines()} == {8}
    assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", text))


def test_one_network_a_side_decides_nothing(tmp_path):
    found = claims(worlds.results(tmp_path, worlds.Right, worlds.small([0])))
    # Networks of figure 16 are two.
    assert {c.verdict for c in found if "F16" not in c.rows} == {UNDECIDED}


@pytest.mark.parametrize("left_out", [*worlds.small([0])])
def test_partial_sets_of_runs_raise_nothing(left_out, tmp_path):
    chosen = worlds.small([0, 1])
    del chosen[left_out]
    analyzed = left_out != "plain"
    found = claims(worlds.results(tmp_path, worlds.Right, chosen, analyzed))
    assert all(isinstance(claim.found, str) for claim in found)
    assert bool(found) == (left_out != "plain")


def test_what_has_not_been_computed_is_left_out(tmp_path):
    chosen = worlds.small([0, 1])
    rows = {
        c.rows for c in claims(worlds.results(tmp_path, worlds.Right, chosen, False))
    }
    assert "F2" in rows
    assert not rows & {"F3", "F5", "F8, A.2"}


# Of two networks that differ a little.
def pair(*curve):
    return np.array([curve, curve]) * [[0.995], [1.005]]


def test_an_early_peak():
    curve = pair(0.2, 0.3, 0.5, 0.4, 0.35, 0.3, 0.9)
    assert peak(curve[0]) == 2
    assert verdict(rises({4: curve})) is HELD
    assert verdict(recedes({4: curve})) is HELD
    # Less than a tenth, three epochs later.
    assert verdict(recedes({4: pair(0.2, 0.5, 0.5, 0.5, 0.46, 0.4)})) is REFUTED
    assert verdict(recedes({4: curve, 5: pair(*[0.3] * 7)})) is REFUTED
    assert recedes({4: curve[:, :4]}) is None
    # By less than half.
    assert verdict(rises({4: pair(0.2, 0.28, 0.2, 0.2, 0.2, 0.2)})) is REFUTED
    assert verdict(rises({4: curve, 7: pair(*[0.3] * 7)})) is REFUTED
    noisy = np.array([[0.2, 0.5, 0, 0, 0], [0.2, 0.2, 0, 0, 0]])
    assert verdict(rises({4: noisy})) is UNDECIDED


@pytest.mark.parametrize(
    ("levels", "ends", "expected"),
    [
        ((0.3, 0.35, 0.4), (0.3, 0.35, 0.4), HELD),
        ((0.3, 0.3, 0.4), (0.3, 0.3, 0.4), HELD),
        # All alike.
        ((0.3, 0.3, 0.31), (0.3, 0.3, 0.31), REFUTED),
        # One goes on falling.
        ((0.3, 0.35, 0.4), (0.3, 0.35, 0.2), REFUTED),
    ],
)
def test_a_baseline_of_each_layer(levels, ends, expected):
    curves = {
        module: pair(0.2, 0.5, 0.4, 0.4, level, level, end)
        for module, level, end in zip((4, 5, 6), levels, ends, strict=True)
    }
    assert verdict(settles(curves)) is expected


def test_most_blocks_have_a_peak():
    up, flat = [0.2, 0.5, 0.4, 0.35, 0.3], [0.3] * 5
    assert verdict(blocks_recede(np.array([[up, up, flat]] * 2))) is HELD
    assert verdict(blocks_recede(np.array([[up, flat, flat]] * 2))) is REFUTED
    some = np.array([[up, up, flat], [up, flat, flat]])
    assert verdict(blocks_recede(some)) is UNDECIDED


def ablated(*areas, order="most_selective"):
    """Two networks whose area is so large at epochs 1, 5 and 25, in every module."""

    def one(factor):
        curves = [[1.0, factor * (area - 1)] for area in areas]
        table = {str(module): curves for module in (4, 5, 6, 7)}
        return {"epochs": [1, 5, 25], order: table}

    return [one(0.999), one(1.001)]


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ((2, 4, 5), HELD),
        # As fast later, in as many epochs; and falling less and less.
        ((2, 3, 8), REFUTED),
        ((5, 4, 2), REFUTED),
        ((5, 3, 2), REFUTED),
    ],
)
def test_areas_that_grow_early(areas, expected):
    assert verdict(area_grows_early(ablated(*areas), [0, 1, 2])) is expected


@pytest.mark.parametrize(
    ("areas", "expected"), [((4, 4.3, 4.2), HELD), ((4, 4.6, 4), REFUTED)]
)
def test_areas_that_are_alike(areas, expected):
    found = ablated(*areas, order="random")
    assert verdict(random_alike(found, [0, 1, 2])) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.9, 0.3), HELD),
        # It falls, and next to nothing; from where it was low.
        ((0.9, 0.85), REFUTED),
        ((0.300, 0.299), REFUTED),
        ((0.4, 0.1), REFUTED),
    ],
)
def test_modules_that_are_alike_early(values, expected):
    def one(shift):
        tables = [[[1, v + shift], [v + shift, 1]] for v in (0.0, *values)]
        return {"epochs": [0, 1, 9], "layers": ["a", "b"], "values": tables}

    assert verdict(aligned_early([one(0), one(0.001)], [("a", "b")])) is expected


def test_networks_are_compared_seed_by_seed(right):
    of = until(12)(accuracy_by_epoch)
    plain, against = right["plain"], right["against_from_0"]
    found = gap(against, plain, of)
    each = [of(one) - of(other) for one, other in zip(against, plain, strict=True)]
    assert found.value == pytest.approx(np.mean(each))
    assert found.error == pytest.approx(np.std(each, ddof=1) / np.sqrt(5))
    # A single network beside others: of other seeds.
    single = gap(against[:1], plain, of)
    assert single.freedom == 4
    assert single.value == pytest.approx(of(against[0]) - np.mean([*map(of, plain)]))


def test_about_as_good(right):
    none, later = right["plain"], {"": right["against_from_5"]}
    assert verdict(accuracy_gaps(later, none, at_least(-3))) is HELD
    harmed = {"from 5": later[""], "from 0": right["against_from_0"]}
    assert verdict(accuracy_gaps(harmed, none, at_least(-3))) is REFUTED


def test_recovery_and_its_lack(right, drawn, tmp_path):
    off, none = right["recovery"], right["plain"]
    assert verdict(recovers(off, none)) is HELD
    assert verdict(recovers_slowly(off, none)) is HELD
    assert verdict(stays_behind(right["against_from_0"], none)) is HELD
    assert verdict(stays_behind(off, none)) is not HELD
    # Too short.
    assert recovers_slowly(drawn["recovery"], drawn["plain"]) is None
    for name, kind in worlds.KINDS.items():
        found = worlds.results(tmp_path / name, kind, worlds.small(range(5)), False)
        outcome = recovers(found["recovery"], found["plain"])
        # Flat: nothing was lost, as far as five networks can tell.
        expected = {"right": HELD, "mirrored": REFUTED, "flat": UNDECIDED}
        assert verdict(outcome) is expected[name]


def test_every_strength_counts(right):
    found = strengths(right)
    assert [*found] == [-1, -5, -10, -20]
    assert verdict(in_order(found)) is HELD
    backwards = dict(zip(found, reversed(found.values()), strict=True))
    assert verdict(in_order(backwards)) is REFUTED


def test_starting_epochs_are_compared_at_one_epoch(right_claims):
    # From epoch 0 and 5 they have 60 epochs, from the others 12.
    (found,) = [
        claim.found
        for claim in right_claims
        if claim.claim.startswith("started from epochs 1 to 5")
    ]
    assert found.startswith("epochs 10 to 12: ")
    assert [int(start) for start in re.findall(r"% from (\d)", found)] == [
        1,
        2,
        3,
        4,
        5,
    ]
