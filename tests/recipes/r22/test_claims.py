import re

import numpy as np
import pytest

from recipes.claims.samples import Pairs
from recipes.claims.table import table
from recipes.r22.claims import claims
from recipes.r22.claims.regularized import harmless, recovers, stays_behind
from recipes.r22.claims.selectivity import peak, recedes, rises
from tests.recipes.r22 import worlds

#: What a world without any effect agrees with, by the reason.
WITHOUT_EFFECT = {
    "says that the regularizer does nothing there, or that nothing happens": {
        "in module 7 it does not fall back",
        "from epoch 5 about as good as without",
        "started from epochs 1 to 5 about as good as without",
        "no difference between none, from epoch 0 and from epoch 5",
        "later that is gone",
    },
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    return claims(worlds.results(folder, worlds.Wrong, worlds.small(range(12))))


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Twelve networks: a difference that is not there is then refuted."""
    folder = tmp_path_factory.mktemp("flat")
    return claims(worlds.results(folder, worlds.Flat, worlds.small(range(12))))


def key(claim):
    return claim.rows, claim.network, claim.claim


def test_every_claim_holds_where_the_paper_is_right(right_claims):
    assert [key(claim) for claim in right_claims if claim.held is not True] == []
    assert len({key(claim) for claim in right_claims}) == len(right_claims)


def test_no_claim_holds_in_every_world(right_claims, wrong, flat):
    refuted = {key(claim) for claim in [*wrong, *flat] if claim.held is False}
    assert {key(claim) for claim in right_claims} - refuted == set()


def test_no_effect_is_found_where_there_is_none(flat):
    known = set().union(*WITHOUT_EFFECT.values())
    assert {claim.claim for claim in flat if claim.held is True} - known == set()


def test_every_figure_of_the_paper_is_spoken_of(right_claims):
    spoken = set(re.findall(r"F\d+", " ".join(claim.rows for claim in right_claims)))
    # F1 is a diagram, F4 is lost.
    assert spoken == {f"F{i}" for i in range(2, 17)} - {"F4"}


def test_the_table_can_be_read(right_claims):
    text = table(right_claims)
    assert {line.count("|") for line in text.splitlines()} == {8}
    assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", text))


def test_one_network_a_side_leaves_open_what_needs_a_test(tmp_path):
    chosen = worlds.small([0])
    # The paper itself has two networks of that sweep.
    del chosen["representation"]
    found = claims(worlds.results(tmp_path, worlds.Right, chosen))
    tested = [claim for claim in found if claim.test.startswith("t-test;")]
    assert tested
    # At most 2 points are lost: that needs no test.
    needed = [claim for claim in tested if "at most 2 points" not in claim.test]
    assert {claim.held for claim in needed} == {None}
    assert all(claim.pvalue is None for claim in tested)


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


@pytest.mark.parametrize(
    ("one", "held"),
    [
        ([80.0, 80.1, 79.9], False),  # Significantly, and by much.
        ([89.0, 89.5, 88.7], True),  # By a point, not significantly.
        ([82.0, 94.0, 85.0], None),  # By three points, not significantly.
        ([91.0, 91.5, 92.0], True),
    ],
)
def test_two_points_are_no_harm(one, held):
    assert harmless(Pairs({"": (one, [90.0, 89.0, 91.0])})).held is held


def test_an_early_peak():
    curve = np.array([0.2, 0.3, 0.5, 0.4, 0.35, 0.3, 0.9])
    assert peak(curve) == 2
    assert rises({4: curve[None]}).held is True
    assert recedes({4: curve[None]}).held is True
    # A tenth, three epochs later.
    assert recedes({4: np.array([[0.2, 0.5, 0.5, 0.5, 0.46, 0.4]])}).held is False
    assert recedes({4: curve[None], 5: np.full((1, 7), 0.3)}).held is False
    assert recedes({4: curve[None, :4]}) is None
    assert rises({4: np.array([[0.5, 0.1, 0.2, 0.3, 0.4, 0.5]])}).held is False


def test_recovery_and_its_lack(right, tmp_path):
    off, none = right["recovery"], right["plain"]
    assert recovers(off, none).held is True
    assert stays_behind(right["against_from_0"], none).held is True
    assert stays_behind(right["against_from_5"], none).held is False
    flat = worlds.results(tmp_path, worlds.Flat, worlds.small([0, 1]))
    # Nothing was lost that could be recovered.
    assert recovers(flat["recovery"], flat["plain"]).held is None


def test_starting_epochs_are_compared_at_one_epoch(right_claims):
    # From epoch 0 and 5 they have 24 epochs, from the others 12.
    (found,) = [
        claim.found
        for claim in right_claims
        if claim.claim.startswith("started from epochs 1 to 5")
    ]
    assert len(set(re.findall(r"against ([\d.]+)%", found))) == 1
    assert found.count("against") == 5
