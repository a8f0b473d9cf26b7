import math
import re

import numpy as np
import pytest
from scipy import stats

from recipes import quantities as shared
from recipes.claims.rules import between, moves, pooled, trend
from recipes.claims.samples import Samples, negative, positive
from recipes.claims.table import table
from recipes.lm21 import quantities
from recipes.lm21.analyses import bounds, distances
from recipes.lm21.claims import accuracy, basis, claims, training, units
from recipes.lm21.claims.accuracy import cut, falls_by, indistinct
from recipes.lm21.claims.losses import gains_less, harmless, little
from recipes.lm21.claims.measures import looser
from recipes.lm21.claims.selectivity import uneven
from recipes.lm21.claims.training import alike, unrelated
from tests.recipes.lm21 import worlds

MINI = (-5, -2, -1, -0.4, 0, 0.4, 1, 2, 5, 30)
MINI_VARIANTS = (-2, -0.4, 0, 0.4, 2)


#: What a world without any effect agrees with, by the reason.
WITHOUT_EFFECT = {
    "says that alpha does nothing there": {
        "no different from alpha 0 at -3.0",
        "no loss at alpha from -0.7 to -0.1",
        "no unit dies below alpha 30",
        "with leaky ReLU no unit is dead",
        "from -0.4 on nothing is gained",
        "no clear relation of alpha and the number of changes",
        "SI is as without warm-up",
        "nearly every unit changes its preferred class, whatever alpha from 0",
        "it is about equal at 0, 0.1 and 0.2",
        "t95 overlaps with 45 +- 15 at 0, alpha from -2 to 0.7",
    },
    "says that it does little, at most": {
        "little is lost from -5 on (2 points at most)",
        "that loss is small",
        "never more than 3% are dead",
        "even the largest slope gains little, alpha from 1",
        "alpha below 0 has little or no effect on accuracy",
        "alpha below 0, down to -2, does little harm",
        "no alpha gains half a point",
        "t95 (35 +- 1 at 0) is at most 1.5 times that, alpha from -2 to 1",
    },
    "asks half of what it says, that d' does not; not that SI does": {
        "reducing d' does not improve accuracy, unlike reducing SI",
    },
    "compares two correlations that are noise, without a test": {
        "precision goes with SI less at large alpha",
        "mutual information goes with SI less at large alpha",
    },
}


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    chosen = worlds.sweeps(range(3), grid=MINI, few=MINI_VARIANTS)
    for name in [*chosen]:
        if name.startswith(("resnet18", "resnet50")):
            del chosen[name]
    return worlds.results(tmp_path_factory.mktemp("mini"), worlds.Right, chosen)


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored")
    return claims(worlds.results(folder, worlds.Mirrored, worlds.sweeps(range(6))))


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Ten networks of each: a difference that is not there is then refuted."""
    folder = tmp_path_factory.mktemp("flat")
    return claims(worlds.results(folder, worlds.Flat, worlds.sweeps(range(10))))


def samples(values):
    return Samples({a: dict(enumerate(v)) for a, v in values.items()})


def key(claim):
    return claim.rows, claim.network, claim.claim


def test_every_claim_holds_where_the_paper_is_right(right_claims):
    assert [key(claim) for claim in right_claims if claim.held is not True] == []
    assert len({key(claim) for claim in right_claims}) == len(right_claims)


def test_no_claim_holds_in_every_world(right_claims, mirrored, flat):
    refuted = {key(claim) for claim in [*mirrored, *flat] if claim.held is False}
    assert {key(claim) for claim in right_claims} - refuted == set()


def test_no_effect_is_found_where_there_is_none(flat):
    known = set().union(*WITHOUT_EFFECT.values())
    assert {claim.claim for claim in flat if claim.held is True} - known == set()


def test_every_figure_of_the_paper_is_spoken_of(right_claims):
    text = " ".join(claim.rows for claim in right_claims)
    figures = ["F1", "F2", "F3", "F4", "A.2", "A.14", *(f"A{i}" for i in range(1, 35))]
    spoken = set(re.findall(r"F\d+|A\.?\d+", text))
    assert set(figures) - spoken == set()


def test_the_table_can_be_read(right_claims):
    text = table(right_claims)
    assert {line.count("|") for line in text.splitlines()} == {8}
    assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", text))


def test_three_replicates_leave_open_what_they_cannot_show(mini):
    found = claims(mini)
    open_ones = {claim.rows: claim for claim in found if claim.held is None}
    assert all(claim.held is not False for claim in found)
    # Rank sums, and a correlation over four alphas.
    assert set(open_ones) == {"A33b", "A15a, A15b", "A19d", "A3"}
    assert "3 against 3 networks give p = 0.2 at best" in open_ones["A33b"].found
    assert open_ones["A3"].pvalue == pytest.approx(2 / math.factorial(4))


def test_the_miniature_says_nothing_of_networks_it_has_not(mini):
    found = claims(mini)
    networks = {claim.network for claim in found}
    assert not any(name.startswith(("resnet18", "resnet50")) for name in networks)
    # 0.7 is not in its grid.
    assert "5 points are lost at 0.7" not in {claim.claim for claim in found}


@pytest.mark.parametrize(
    "alphas", [(0,), (-1,), (0, 2), (-0.4, 0), (-30, 30), (-2, -1, 0, 1, 2)]
)
@pytest.mark.parametrize("seeds", [1, 2])
def test_partial_sets_of_runs_raise_nothing(alphas, seeds, tmp_path):
    chosen = worlds.sweeps(range(seeds), grid=alphas, few=alphas)
    found = claims(worlds.results(tmp_path, worlds.Right, chosen))
    assert all(isinstance(claim.found, str) for claim in found)
    if seeds == 1:
        # One network a side is not a sample.
        assert not any(claim.test.startswith("t-test") for claim in found)


def test_no_runs_no_claims(tmp_path):
    assert claims(worlds.results(tmp_path, worlds.Right, {})) == []


def test_what_has_not_been_computed_is_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-1, 0))["resnet20"]}
    found = worlds.results(tmp_path, worlds.Right, chosen, analyzed=False)
    rows = {claim.rows for claim in claims(found)}
    assert "A1d" in rows
    assert not rows & {"A3", "A4b", "A4c"}


def test_distances_of_collapsed_networks_are_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-5, -1, 0))["resnet20"]}
    found = worlds.results(tmp_path, worlds.Right, chosen)
    same = {"within": {"a": [0.0], "b": [0.0]}, "cross": {"a": [0.1], "b": [0.1]}}
    distances(found, "resnet20")[-5.0].write(same)
    assert list(basis.ratios(found, "resnet20")) == [-1.0]


def test_bounds_that_are_not_numbers_are_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-5, -1, 0))["resnet20"]}
    found = worlds.results(tmp_path, worlds.Right, chosen)
    for one in bounds(found, "resnet20")[-5.0]:
        tables = dict.fromkeys(worlds.LAYERS, math.nan)
        one.write({"upper_bound": tables, "axis_aligned": tables})
    rows = {claim.rows for claim in claims(found)}
    assert "A4b" in rows
    assert "A4c" not in rows
    means = basis.network_means(found, "resnet20", "upper_bound")
    assert list(means.values) == [-1.0, 0.0]


def test_pvalues_of_accuracy_are_those_of_scipy(right, right_claims):
    found = {key(claim)[:2]: claim for claim in right_claims}
    values = Samples.of(right, "resnet20", shared.accuracy)
    zero = values.at(0.0)
    alphas = [alpha for alpha in values.values if alpha > 0]
    pvalues = [stats.ttest_ind(values.at(a), zero).pvalue for a in alphas]
    expected = max(pvalues) * len(alphas)
    assert found["A6a, A6b", "resnet20"].pvalue == pytest.approx(expected)
    pvalues = [
        stats.ranksums(values.at(m), values.at(-m)).pvalue for m in (0.1, 0.4, 1, 2, 5)
    ]
    assert found["A33b", "resnet20"].pvalue == pytest.approx(5 * max(pvalues))


def test_pvalues_of_trends_are_those_of_scipy(right, right_claims):
    found = {claim.rows: claim for claim in right_claims if claim.network == "resnet20"}
    runs = [run for run in right["resnet20"] if 0 <= run.settings.alpha <= 10]
    expected = stats.spearmanr(
        [run.report.mean() for run in runs], [run.accuracy for run in runs]
    )
    assert found["A6c"].pvalue == pytest.approx(expected.pvalue)
    assert f"rho {expected.statistic:.2f}" in found["A6c"].found


def test_networks_without_a_number_are_left_out(right, tmp_path):
    values = Samples.of(
        right, "vgg16", shared.Quantity("none", lambda run: math.nan, "")
    )
    assert values.values == {}
    assert values.text() == ""
    for outcome in (
        moves(values, positive, 1),
        harmless(values, negative),
        trend(values, 1),
        uneven(values),
        between(values, 0, 1),
        unrelated(values),
        alike(values, values, 1),
        pooled(values, values, 1),
        cut(values, values, 2, 0.01, -1),
        little(values, negative, 0.01),
        gains_less(values, negative, 0.01),
        indistinct(values, negative),
        training.overlapping(values, positive),
    ):
        assert outcome is None


def test_a_loss_is_no_harm_up_to_a_point_that_is_not_significant():
    def at(loss, spread, count):
        noise = spread * np.linspace(-1, 1, count)
        return samples({0: 0.9 + noise, -1: 0.9 - loss + noise})

    same = samples({0: [0.9] * 3, 1: [0.9] * 3})
    assert harmless(same, positive).held is True
    assert harmless(at(0.005, 0.05, 3), negative).held is True
    assert harmless(at(0.005, 0.0001, 3), negative).held is False
    assert harmless(at(0.02, 0.05, 3), negative).held is None
    assert harmless(at(0.02, 0.05, 12), negative).held is False
    assert indistinct(at(-0.02, 0.0001, 3), negative).held is False


def test_a_cut_beyond_the_grid_is_open():
    si = samples({0: [0.4, 0.4], -1: [0.2, 0.2]})
    same = samples({0: [0.9, 0.91], -1: [0.9, 0.91]})
    assert cut(same, si, 2, 0.01, -1).held is True
    assert cut(same, si, 3, 0.01, -5).held is None
    assert cut(same, si, 3, 0.01, -1).held is False
    assert cut(same, si, 2, 0.01, -1).found.startswith("2-fold at -1, +0.0 points")


def test_a_fall_is_of_the_same_seeds_and_by_so_much():
    found = Samples({0.0: {0: 0.8, 1: 0.9}, 1.0: {1: 0.8, 0: 0.7, 2: 0.1}})
    assert falls_by(found, 0.1, 1.0).held is True
    assert falls_by(found, 0.2, 1.0).held is False
    assert falls_by(Samples({0.0: {0: 1.0}, 1.0: {1: 1.0}}), 0.1, 1.0) is None


def test_two_quantities_can_part_at_large_alpha():
    alphas = range(12)
    si = samples({a: [a] for a in alphas})
    parted = samples({a: [a if a < 6 else 12 - a] for a in alphas})
    near, far = (lambda a: a < 6), (lambda a: a >= 6)
    assert looser(parted, si, far, near).held is True
    assert looser(si, si, far, near).held is False


def test_the_first_loss_is_at_its_alpha_or_not():
    zero = [0.900, 0.901, 0.902]
    drop = [0.880, 0.881, 0.882]
    assert accuracy.first_loss(samples({-1: drop, -0.5: zero, 0: zero})).held is True
    assert accuracy.first_loss(samples({-1: drop, -0.5: drop, 0: zero})).held is False
    assert accuracy.first_loss(samples({-0.5: drop, 0: zero})) is None
    # Nothing varies nearer to 0, and all of it is lost.
    flat = {-1: [0.80, 0.81], -0.5: [0.85, 0.85], 0: [0.90, 0.90]}
    assert accuracy.first_loss(samples(flat)).held is False


def test_sparse_units_come_late_early_or_cannot_be_told():
    fine, lost, rare = [0.9, 0.9], [0.8, 0.8], [0.0, 0.0]
    many = [0.2, 0.2]
    late = samples({0: rare, 1: rare, 2: many})
    assert units.later(samples({0: fine, 1: lost, 2: lost}), late, 0.05).held is True
    assert units.later(samples({0: fine, 1: fine, 2: lost}), late, 0.05).held is False
    assert units.later(samples({0: fine, 1: fine, 2: fine}), late, 0.05).held is None


def test_without_a_dead_unit_nothing_becomes_more_regular():
    si = samples({0: [0.1, 0.1], 1: [0.3, 0.3], 2: [0.2, 0.2]})
    none = samples({0: [0.0], 1: [0.0], 2: [0.0]})
    assert units.more_regular(si, si, none).held is None


def test_quantities_of_a_run(right):
    run = right.by_alpha("resnet20")[5.0][0]
    assert shared.dead_share(run) == 3 / 24
    assert quantities.sparse_share(run) == 4 / 24
    assert quantities.busy_share(run) == 20 / 24
    assert quantities.living_selectivity(run) > quantities.selectivity(run)
    assert quantities.t95(run) == 80
    assert quantities.changed_share(run) == 1
    assert 10 <= quantities.mean_changes(run) <= 20
    assert quantities.unit_correlation(run).correlation > 0.7


def test_the_ends_of_a_network_are_its_layers(right):
    run = right.by_alpha("resnet20_first3")[2.0][0]
    means = [*run.report.layer_means("si").values()]
    assert quantities.first_selectivity(run) == pytest.approx(np.mean(means[:3]))
    assert quantities.last_selectivity(run) == pytest.approx(np.mean(means[3:]))


def test_what_was_not_measured_is_nan(right):
    run = right["vgg16"][0]
    unmeasured = type(run)(run.settings.replace(measure_every_epoch=False), run.output)
    unmeasured.__dict__["history"] = {}
    assert math.isnan(quantities.t95(unmeasured))
    assert math.isnan(quantities.mean_changes(unmeasured))
    assert math.isnan(quantities.changed_share(unmeasured))
