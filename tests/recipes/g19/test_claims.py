"""Claims hold where they should, and only there."""

import numpy as np
import pytest

from recipes.g19 import PAPER, claims
from recipes.g19.claims import over

LABELS = np.repeat(np.arange(4), 25)
RNG = np.random.default_rng(0)


def held(find, one):
    return find(one)[1]


@pytest.mark.parametrize(
    ("find", "yes", "no"),
    [
        (
            claims.rising,
            {m: {"fc8": 0.6, "prob": 0.6} for m in ("top_class", "precision", "ccmas")},
            {"precision": {"fc7": 0.6}},
        ),
        (claims.no_localist, {}, {"localist": {"prob": [0, 0, 1, 0]}}),
        (
            claims.ten_times,
            {"precision": dict.fromkeys(("conv5", "fc6", "fc7"), 0.11)},
            {"top_class": {"fc7": 0.06}},
        ),
        (
            claims.high_ccmas,
            {"ccmas": {"fc6": 0.6, "fc7": 0.6}},
            {"ccmas": {"fc6": 0.6, "fc7": 0.5}},
        ),
        (
            claims.thresholds,
            {"ccmas": {"fc6": 0.71, "fc7": 0.71}},
            {
                "ccmas": {"fc6": 0.71, "fc7": 0.71},
                "top_class": {"fc7": [0, 0, 0, 0, 0, 0.06]},
            },
        ),
        (
            claims.imprecise,
            {
                "ccmas": {"fc6": [0, 0, 0.9, 0, 0, 0]},
                "precision": {"fc6": [0.9, 0.9, 0.1, 0.9, 0.9, 0.9]},
            },
            {
                "ccmas": {"fc6": [0, 0, 0.9, 0, 0, 0]},
                "precision": {"fc6": [0.9, 0.9, 0.5, 0.9, 0.9, 0.9]},
            },
        ),
        (
            claims.softmax,
            {"top_class": {"fc8": 0.4, "prob": 0.8}},
            {"top_class": {"fc8": 0.41, "prob": 0.8}},
        ),
        (claims.beyond_one, {"ccmas": {"fc8": [0.9, 0.9, 1.1, 0.9]}}, {}),
        (
            claims.second_is_near,
            {"ccmas_second": dict.fromkeys(("conv5", "fc6", "fc7"), 0.46)},
            {"ccmas_second": {"conv5": 0.46, "fc6": 0.46, "fc7": 0.44}},
        ),
        (
            claims.same,
            {"top_class_class": {"conv5": 1, "fc6": [0, 0, 1, 1, 1, 1], "fc8": 0}},
            {"top_class_class": {"conv5": 1, "fc6": [0, 0, 0, 1, 1, 1], "fc8": 0}},
        ),
    ],
)
def test_of_measures(make_up, find, yes, no):
    assert held(find, make_up(yes)) is True
    assert held(find, make_up(no)) is False


def test_the_few_images_of_a_class_leave_low_selectivity_open(make_up):
    low = {"top_class": dict.fromkeys(("conv5", "fc6", "fc7"), 0.002)}
    assert held(claims.low_top_class, make_up(low, size=720)) is True
    assert held(claims.low_top_class, make_up(size=720)) is False
    assert held(claims.low_top_class, make_up(low, size=110)) is None


def silenced(share):
    """Responses of class 0, a share of them 0, and of the others, all 0."""
    responses = np.where(LABELS == 0, 5.0, 0.0)
    responses[: round(25 * share)] = 0
    return responses


def test_a_detector_that_is_none(make_up):
    values = {"precision": {"fc6": 0.95}, "top_class": {"fc6": 0.035}}

    def found(values, share):
        one = make_up(values, responses=silenced(share), labels=LABELS)
        return held(claims.no_detector, one)

    assert found(values, 0.04) is True
    assert found(values, 0) is False
    assert found({**values, "precision": {"fc6": 0.7}}, 0.04) is False
    assert found({**values, "top_class": {"fc6": 0.5}}, 0.04) is False


def test_most_responses_are_zero(make_up):
    def found(responses):
        return held(claims.silent, make_up(responses=responses, labels=LABELS))

    assert found(silenced(0.04)) is True
    assert found(np.where(LABELS < 2, 5.0, 0.0)) is False
    assert found(np.zeros(100)) is False


def test_distributions(make_up):
    labels = np.repeat([0, 1], [200, 800])
    falling = RNG.exponential(3, 1000)
    bell = RNG.normal(40, 4, 1000)
    for responses, every, own in (
        (np.where(labels == 0, bell / 10, falling), True, True),
        (bell, False, True),
        (falling, True, False),
    ):
        one = make_up(responses=responses, labels=labels)
        assert held(claims.exponential, one) is every
        assert held(claims.normal, one) is own
    nothing = make_up(responses=np.zeros(1000), labels=labels)
    assert held(claims.exponential, nothing) is None


def test_networks_must_agree(make_up):
    yes, no = make_up({"ccmas": {"fc8": 2.0}}), make_up()
    assert over([yes], "rule", claims.beyond_one).held is True
    assert over([yes, yes], "rule", claims.beyond_one).held is True
    assert over([no, no], "rule", claims.beyond_one).held is False
    found = over([yes, no], "rule", claims.beyond_one)
    assert found.held is None
    assert "holds in 1 of 2" in found.found
    few = make_up(size=110)
    assert over([few, few], "rule", claims.low_top_class).held is None


def test_every_row_of_the_paper_has_a_claim(trained):
    rows = " ".join(claim.rows for claim in PAPER.claims(trained))
    for row in ("F2a", "F3a", "F4a", "F5a", "T1", "T2", "TA1", "TA2", "FA2", "FA3"):
        assert row in rows
    for row in ("3.2", "F6", "FA4a", "FA4b", "FA4c", "FA5"):
        assert row in rows
    for claim in PAPER.claims(trained):
        assert claim.found
        assert claim.test
