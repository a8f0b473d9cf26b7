"""Claims hold where they should, and only there."""

import numpy as np
import pytest

from recipes.claims.verdicts import HELD, NOT_TESTED, REFUTED, UNDECIDED
from recipes.g19 import PAPER, claims
from recipes.g19.claims import better, effect, interpretable_units
from recipes.g19.design import Panel
from recipes.g19.experiments import GLYPHS
from recipes.runner.sweep import Sweep
from tests.recipes.g19 import worlds

LABELS = np.repeat(np.arange(4), 25)
RNG = np.random.default_rng(0)
#: What is said without effect, by the reason.
WITHOUT_EFFECT = {
    "nothing is localist there": {"there are no localist units, in prob neither"},
    "all measures are alike there": {
        "CCMAS_2 is nearly as high as CCMAS in conv5, fc6 and fc7"
    },
    "of a third distribution one of the two fits is the better": {
        "its responses other than 0 are exponential rather than normal",
        "those to its best class are normal rather than exponential",
    },
}
#: Of which the miniature can say nothing.
NOT_IN_MINIATURE = {
    "mean top-class selectivity is below 0.25% in conv5, fc6 and fc7",
    "mean CCMAS is 0.84 in fc6, 0.85 in fc7",
}
#: For which people have to be asked.
OF_PEOPLE = {
    *(claim for _, claim, _, _ in claims.PEOPLE),
    "units that people find interpretable have top-class selectivity under 10%",
}


#: What twelve networks cannot show: the paper's mean in fc7 is 0.23%.
OPEN = {"mean top-class selectivity is below 0.25% in conv5, fc6 and fc7"}


def world(tmp_path_factory, kind):
    """Of twelve networks, as if they were of the full scale."""
    folder = tmp_path_factory.mktemp(kind)
    chosen = {"alexnet": Sweep(GLYPHS, {"seed": range(12)})}
    return PAPER.claims(worlds.results(folder, worlds.KINDS[kind], chosen))


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    return world(tmp_path_factory, "right")


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    return world(tmp_path_factory, "mirrored")


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return world(tmp_path_factory, "flat")


def key(claim):
    return claim.rows, claim.claim


def said(found, verdict):
    return {claim.claim for claim in found if claim.verdict is verdict}


def test_every_claim_holds_where_the_paper_is_right(right):
    assert said(right, NOT_TESTED) == OF_PEOPLE
    assert said(right, REFUTED) == set()
    assert said(right, UNDECIDED) == OPEN
    assert len({key(claim) for claim in right}) == len(right)


def test_no_claim_holds_in_every_world(right, mirrored, flat):
    refuted = said(mirrored, REFUTED) | said(flat, REFUTED)
    # Generated units are the same in every world.
    assert {c.claim for c in right if c.network == "alexnet"} - refuted == OF_PEOPLE


def test_no_effect_is_found_where_there_is_none(flat):
    held = {c.claim for c in flat if c.verdict is HELD and c.network == "alexnet"}
    assert held == set().union(*WITHOUT_EFFECT.values())


def test_the_miniature_judges_every_claim_or_says_why_not(right, tmp_path):
    found = PAPER.claims(worlds.draw(tmp_path, "right", 0))
    assert [key(claim) for claim in found] == [key(claim) for claim in right]
    assert said(found, NOT_TESTED) == NOT_IN_MINIATURE | OF_PEOPLE
    assert all(c.test for c in found)
    assert all(c.found for c in found if c.verdict is not NOT_TESTED)


def test_a_single_network_decides_only_if_it_is_the_papers(make_up):
    one = make_up({"ccmas": {"fc6": 0.9, "fc7": 0.9}})

    def judged():
        rows = {row.claim: row for row in claims.UNITS}
        row = rows["CCMAS is much higher than top-class selectivity in fc6 and fc7"]
        return row.rule([one], *row.arguments, **row.options).verdict

    assert judged() is UNDECIDED
    one.network.published = True
    assert judged() is HELD


def rule(text, found):
    """The verdict of the claim that begins so."""
    (row,) = (
        row
        for row in (*claims.UNITS, *claims.DISTRIBUTIONS)
        if row.claim.startswith(text)
    )
    return row.rule(found, *row.arguments, **row.options).verdict


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (
            "precision rises",
            {"precision": {"conv5": 0.1, "fc6": 0.3, "fc7": 0.2, "prob": 0.9}},
            HELD,
        ),
        ("precision rises", {"precision": {"conv5": 0.9}}, REFUTED),
        ("there are no localist", {"localist": {"prob": [0, 0, 1, 0]}}, REFUTED),
        ("there are no localist", {}, HELD),
        (
            "in hidden layers mean precision",
            {"precision": dict.fromkeys(("conv5", "fc6", "fc7"), 0.11)},
            HELD,
        ),
        ("in hidden layers mean precision", {"top_class": {"fc7": 0.06}}, REFUTED),
        (
            "the unit of highest CCMAS",
            {
                "ccmas": {"fc6": [0, 0, 0.9, 0, 0, 0]},
                "precision": {"fc6": [0.9, 0.9, 0.1, 0.9, 0.9, 0.9]},
            },
            HELD,
        ),
        (
            "the unit of highest CCMAS",
            {
                "ccmas": {"fc6": [0, 0, 0.9, 0, 0, 0]},
                "precision": {"fc6": [0.9, 0.9, 0.6, 0.9, 0.9, 0.9]},
            },
            REFUTED,
        ),
        (
            "top-class selectivity is high",
            {"top_class": {"fc8": 0.1, "prob": 0.8}},
            HELD,
        ),
        (
            "top-class selectivity is high",
            {"top_class": {"fc8": 0.3, "prob": 0.8}},
            REFUTED,
        ),
        ("CCMAS exceeds 1", {"ccmas": {"fc8": [0.9, 0.9, 1.1, 0.9]}}, HELD),
        ("CCMAS exceeds 1", {}, REFUTED),
        (
            "CCMAS_2 is nearly",
            {"ccmas_second": dict.fromkeys(("conv5", "fc6", "fc7"), 0.46)},
            HELD,
        ),
        (
            "CCMAS_2 is nearly",
            {"ccmas_second": {"conv5": 0.46, "fc6": 0.46, "fc7": 0.44}},
            REFUTED,
        ),
        (
            "few hidden units",
            {"top_class_class": {"conv5": 1, "fc6": [0, 1, 1, 1, 1, 1], "fc8": 0}},
            HELD,
        ),
        (
            "few hidden units",
            {"top_class_class": {"conv5": 1, "fc6": [0, 0, 1, 1, 1, 1], "fc8": 0}},
            REFUTED,
        ),
    ],
)
def test_of_measures(make_up, text, values, expected):
    # Networks of which nothing varies: their number is exact.
    assert rule(text, [make_up(values)] * 2) is expected


def test_networks_that_differ_leave_it_open(make_up):
    low, high = make_up({"ccmas": {"fc8": 2.0}}), make_up()
    assert rule("CCMAS exceeds 1", [low, high]) is UNDECIDED
    some = effect([low, high], claims.beyond("ccmas", 1, "fc8"))
    assert (some.value, some.replicates) == (0.5, 2)


def silenced(share):
    """Responses of class 0, a share of them 0, and of the others, all 0."""
    responses = np.where(LABELS == 0, 5.0, 0.0)
    responses[: round(25 * share)] = 0
    return responses


def test_a_detector_that_is_none(make_up):
    values = {"precision": {"fc6": 0.95}, "top_class": {"fc6": 0.035}}

    def found(values, share):
        one = make_up(values, responses=silenced(share), labels=LABELS)
        return rule("fc6's most precise unit", [one] * 2)

    assert found(values, 0.04) is HELD
    assert found(values, 0) is REFUTED
    assert found({**values, "precision": {"fc6": 0.7}}, 0.04) is REFUTED
    assert found({**values, "top_class": {"fc6": 0.5}}, 0.04) is REFUTED


def test_most_responses_are_zero(make_up):
    def found(responses):
        one = make_up(responses=responses, labels=LABELS)
        return rule("most images give 0", [one] * 2)

    assert found(silenced(0.04)) is HELD
    assert found(np.where(LABELS < 3, 5.0, 0.0)) is REFUTED
    assert found(np.zeros(100)) is REFUTED


def test_distributions(make_up):
    labels = np.repeat([0, 1], [200, 800])
    falling = RNG.exponential(3, 1000)
    bell = RNG.normal(40, 4, 1000)
    for responses, every, own in (
        (np.where(labels == 0, bell / 10, falling), HELD, HELD),
        (bell, REFUTED, HELD),
        (falling, HELD, REFUTED),
    ):
        ones = [make_up(responses=responses, labels=labels)] * 2
        assert rule("its responses", ones) is every
        assert rule("those to its best class", ones) is own
    nothing = [make_up(responses=np.zeros(1000), labels=labels)]
    found = better(nothing, lambda one: one.examples.of("fc6"), "exponential", "normal")
    assert found.verdict is UNDECIDED
    assert "fewer than" in found.found


def test_interpretable_units(make_up):
    panels = [Panel("fc6", 0), Panel("fc6", 1), Panel("fc8", 2)]
    low = make_up({"top_class": {"fc6": 0.03, "fc8": 0.05}})
    high = make_up({"top_class": {"fc6": 0.5, "fc8": 0.6}})
    assert interpretable_units(low, panels).verdict is HELD
    assert interpretable_units(high, panels).verdict is REFUTED
    assert interpretable_units(low, panels[:1]).verdict is UNDECIDED
    assert interpretable_units(low, []).verdict is UNDECIDED


def test_every_row_of_the_paper_has_a_claim(trained):
    rows = " ".join(claim.rows for claim in PAPER.claims(trained))
    for row in ("F2a", "F3a", "F4a", "F5a", "T1", "T2", "TA1", "TA2", "FA2", "FA3"):
        assert row in rows
    for row in ("3.2", "F6", "FA4a", "FA4b", "FA4c", "FA5", "main finding 3"):
        assert row in rows
    for claim in PAPER.claims(trained):
        assert claim.found or claim.verdict is NOT_TESTED
        assert claim.test
