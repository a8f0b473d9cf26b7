import re
from types import SimpleNamespace

import numpy as np
import pytest

from recipes.claims.table import table
from recipes.claims.verdicts import Outcome
from recipes.m18.claims import claims
from recipes.m18.claims.generalization import clustered, frequent, parting
from recipes.m18.claims.memorization import TRUE, disordered, lower, only_fitted
from recipes.m18.claims.units import early_is_greater
from recipes.m18.measures import picks
from tests.recipes.m18 import worlds

#: In the other world the small networks begin there too, and the curves are ordered the
#: other way round.
SHARED = {
    "curves begin at a training accuracy of about 1",
    "curves are not perfectly ordered",
}

#: What a world without any effect agrees with, by the reason.
WITHOUT_EFFECT = {
    "says how curves begin and end, whatever lies between": {
        "curves begin at a training accuracy of about 1",
        "curves end at chance",
    },
    "says that two things are unrelated, or alike": {
        "SI and importance correlate slightly, rho = 0.095",
        "selective units are no more important",
        "mutual information is a poor predictor",
        "mutual information is a poor predictor within layers",
        "SI and the L1 norm of the filter do not correlate",
        "with true labels, all dropout fractions are similarly robust",
    },
    "is what networks without dropout do too, as long as few units are silent": {
        "up to the dropout fraction, silent units cost little training accuracy",
    },
    "is what units do whose importance is chance: half are below the median": {
        "many highly selective units have little impact",
    },
    "asks for two means out of order, as noise has them": {
        "curves are not perfectly ordered",
    },
    "compares two mean correlations that are noise, without a test": {
        "mutual information and importance are related in the first and last layers "
        "more than between",
    },
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    return claims(worlds.results(tmp_path_factory.mktemp("wrong"), worlds.Wrong))


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Ten networks of each: a difference that is not there is then refuted."""
    folder = tmp_path_factory.mktemp("flat")
    return claims(worlds.results(folder, worlds.Flat, worlds.sweeps(range(10))))


def key(claim):
    return claim.rows, claim.network, claim.claim


def test_every_claim_holds_where_the_paper_is_right(right_claims):
    assert [key(claim) for claim in right_claims if claim.held is not True] == []
    assert len({key(claim) for claim in right_claims}) == len(right_claims)


def test_no_claim_holds_where_it_is_wrong(right_claims, wrong):
    found = [claim for claim in wrong if claim.claim not in SHARED]
    assert [key(claim) for claim in found if claim.held is True] == []
    # There, ResNet50 has not fitted its labels.
    assert {claim.rows for claim in found if claim.held is None} == {"F1c"}
    assert {key(claim) for claim in right_claims} == {key(claim) for claim in wrong}


def test_no_effect_is_found_where_there_is_none(flat):
    known = set().union(*WITHOUT_EFFECT.values())
    assert {claim.claim for claim in flat if claim.held is True} - known == set()


def test_every_row_of_the_paper_is_spoken_of(right_claims):
    rows = {claim.rows for claim in right_claims}
    assert rows == {
        *("F1a", "F1b", "F1c", "F2a", "F2b", "F3a", "F3b", "F4a", "F4b", "F4c"),
        *("3.2", "3.3", "F5a", "F5b", "F6a", "F6b", "F7a", "F7b", "F7c", "F7d", "F7e"),
        *("A1", "A2a", "A2b", "A3a", "A3b", "A4a", "A4b", "A4c", "A4d", "A4e"),
    }


def test_the_table_can_be_read(right_claims):
    text = table(right_claims)
    assert {line.count("|") for line in text.splitlines()} == {8}
    assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", text))


def test_one_network_of_each_kind_decides_no_difference(tmp_path):
    few = worlds.sweeps(seeds=(0,))
    chosen = {name: few[name] for name in ("mlp", "convnet", "convnet_plain")}
    found = claims(worlds.results(tmp_path, chosen=chosen))
    compared = [claim for claim in found if "t-test over networks" in claim.test]
    assert len(compared) == 6
    assert {claim.held for claim in compared} == {None}


@pytest.mark.parametrize(
    ("groups", "held"),
    [
        ({TRUE: [0.9, 0.91, 0.92], "half": [0.5, 0.51, 0.52]}, True),
        ({TRUE: [0.9, 0.91, 0.92], "half": [0.95, 0.96, 0.97]}, False),
        ({TRUE: [0.9, 0.5], "half": [0.85, 0.4]}, None),
        ({TRUE: [0.9], "half": [0.5]}, None),
        ({TRUE: [0.9, 0.5] * 6, "half": [0.85, 0.45] * 6}, False),
    ],
)
def test_lower(groups, held):
    assert lower(groups).held is held


def test_lower_asks_it_of_every_group():
    groups = {TRUE: [0.9, 0.91], "some": [0.95, 0.96], "all": [0.1, 0.11]}
    assert lower(groups).held is False
    assert lower({"all": [0.1]}) is None


def test_disordered_claims_only_some_curves():
    ordered = {"a": [0.9], "b": [0.8], "c": [0.7]}
    assert disordered(ordered).held is None
    assert disordered({**ordered, "d": [0.75]}).held is True


def test_early_layers():
    def held(**importance):
        found = early_is_greater([SimpleNamespace(importance=importance)])
        return found and found.held

    high, low = np.arange(20.0) + 50, np.arange(20.0)
    assert held(first=high, last=low) is True
    assert held(first=low, last=high) is False
    # The units of one network are many.
    assert held(first=low[::2], last=low[1::2] - 1.5) is False
    assert held(only=np.ones(3)) is None


def test_networks_that_have_not_fitted_decide_nothing():
    outcome = Outcome("", "", 0.01, True)
    bad, good = Outcome("", "", None, False), Outcome("", "", None, True)
    assert only_fitted(outcome, bad).held is None
    assert only_fitted(outcome, good).held is True
    assert only_fitted(None, bad) is None


def test_parting():
    epoch = [1, 2, 4, 8, 16, 32]
    loss = [1.0, 0.5, 0.3, 0.4, 0.5, 0.6]
    auc = [0.3, 0.5, 0.7, 0.68, 0.6, 0.5]
    one = {"epoch": epoch, "test_loss": loss, "auc": auc}
    assert parting([one]).held is True
    assert parting([{**one, "test_loss": sorted(loss)[::-1]}]).held is None
    assert parting([{**one, "auc": sorted(auc)}]).held is False
    assert parting([]) is None


def test_clusters():
    assert clustered([0.1] * 10 + [0.9] * 10).held is True
    assert clustered(np.random.default_rng(0).normal(size=200).tolist()).held is False
    assert clustered([0.1] * 4 + [0.9] * 4).held is None


def test_frequent():
    accuracy = np.linspace(0, 1, 96)
    assert frequent(picks(accuracy, accuracy)).held is True
    assert frequent(picks(-accuracy, accuracy)).held is False
