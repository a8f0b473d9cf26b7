import math
import re

import numpy as np
import pytest
from scipy import stats

from keras_selectivity.similarity import ReplicateDistances
from recipes import quantities as shared
from recipes.claims.samples import Samples, negative, positive, span
from recipes.claims.table import table
from recipes.claims.verdicts import (
    HELD,
    NOT_TESTED,
    REFUTED,
    UNDECIDED,
    above,
    at_least,
    at_most,
    below,
    within,
)
from recipes.lm21 import quantities
from recipes.lm21.analyses import bounds, distances
from recipes.lm21.claims import accuracy, basis, claims, selectivity, training, units
from recipes.lm21.claims.margins import HALF_POINT, HARMLESS, about, costs
from recipes.lm21.claims.measures import looser, unit_correlated
from tests.recipes.lm21 import worlds

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
        "alpha above 0 does not lock units: no fewer change than at alpha 0",
        "it is about equal at 0, 0.1 and 0.2",
        "t95 is about that at 0 (45 +- 15), alpha from -2 to 0.7",
    },
    "says that it does little, at most": {
        "little is lost from -5 on (2 points at most)",
        "that loss is small",
        "from 30 on never more than 3% are dead",
        "alpha below 0 has little or no effect on accuracy",
        "alpha below 0, down to -2, does little harm",
        "no alpha gains half a point",
        "t95 (35 +- 1 at 0) is at most 1.5 times that, alpha from -2 to 1",
    },
    "asks half of what it says, that d' does not; not that SI does": {
        "reducing d' does not improve accuracy, unlike reducing SI",
    },
}
#: Of a hundred directions that are not there five are found by chance.
BY_CHANCE = {"SI of these layers falls with alpha below 0"}


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    """The miniature, in which the paper is right."""
    return claims(worlds.draw(tmp_path_factory.mktemp("mini"), "right", 0))


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored")
    return claims(worlds.imagined(folder, worlds.Mirrored, worlds.sweeps(range(10))))


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flat")
    return claims(worlds.imagined(folder, worlds.Flat, worlds.sweeps(range(10))))


def samples(values):
    return Samples({a: dict(enumerate(v)) for a, v in values.items()})


def verdict(outcome):
    return outcome.verdict


def key(claim):
    return claim.rows, claim.network, claim.claim


def test_every_claim_holds_where_the_paper_is_right(right_claims):
    assert [key(claim) for claim in right_claims if claim.verdict is not HELD] == []
    assert len({key(claim) for claim in right_claims}) == len(right_claims)


def test_no_claim_holds_in_every_world(right_claims, mirrored, flat):
    refuted = {key(claim) for claim in [*mirrored, *flat] if claim.verdict is REFUTED}
    assert {key(claim) for claim in right_claims} - refuted == set()


def test_no_effect_is_found_where_there_is_none(flat):
    known = BY_CHANCE.union(*WITHOUT_EFFECT.values())
    assert {claim.claim for claim in flat if claim.verdict is HELD} - known == set()


def test_every_figure_of_the_paper_is_spoken_of(right_claims):
    text = " ".join(claim.rows for claim in right_claims)
    figures = ["F1", "F2", "F3", "F4", "A.2", "A.14", *(f"A{i}" for i in range(1, 35))]
    spoken = set(re.findall(r"F\d+|A\.?\d+", text))
    assert set(figures) - spoken == set()


def test_the_table_can_be_read(right_claims):
    text = table(right_claims)
    assert {line.count("|") for line in text.splitlines()} == {8}
    assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", text))


def test_in_the_miniature_every_claim_is_judged_or_has_its_reason(mini, right_claims):
    # Of leaky ReLU it has one slope.
    said = {(claim.rows, claim.claim) for claim in right_claims}
    assert {(claim.rows, claim.claim) for claim in mini} == said
    untested = [claim for claim in mini if claim.verdict is NOT_TESTED]
    assert all(claim.test for claim in untested)
    assert len(mini) - len(untested) > 100


def test_what_five_networks_show_of_what_the_paper_finds(mini):
    assert [key(claim) for claim in mini if claim.verdict is REFUTED] == []
    held = [claim for claim in mini if claim.verdict is HELD]
    tested = [claim for claim in mini if claim.verdict is not NOT_TESTED]
    assert len(held) > 0.9 * len(tested)


def test_the_main_result_is_told_of_every_network(right_claims):
    main = [c for c in right_claims if c.claim.startswith("promoting SI costs")]
    networks = [claim.network for claim in main]
    assert networks == ["resnet18", "resnet20", "vgg16", "resnet50"]
    assert all(re.match(r"-.* points \[-.*, -.*\]", claim.found) for claim in main)


@pytest.mark.parametrize(
    "alphas", [(0,), (-1,), (0, 2), (-0.4, 0), (-30, 30), (-2, -1, 0, 1, 2)]
)
@pytest.mark.parametrize("seeds", [1, 2])
def test_partial_sets_of_runs_raise_nothing(alphas, seeds, tmp_path):
    chosen = worlds.sweeps(range(seeds), grid=alphas, few=alphas)
    found = claims(worlds.imagined(tmp_path, worlds.Right, chosen))
    assert all(isinstance(claim.found, str) for claim in found)
    if seeds == 1:
        # Nothing is known of how a single network varies.
        assert {claim.verdict for claim in found} <= {UNDECIDED}


def test_runs_in_memory_are_those_on_a_disk(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-1, 0, 2))["resnet20"]}
    kept = worlds.results(tmp_path / "kept", worlds.Right, chosen)
    memory = worlds.imagined(tmp_path / "memory", worlds.Right, chosen)
    assert claims(memory) == claims(kept) != []


def test_no_runs_no_claims(tmp_path):
    assert claims(worlds.imagined(tmp_path, worlds.Right, {})) == []


def test_what_has_not_been_computed_is_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-1, -0.4, 0))["resnet20"]}
    found = worlds.imagined(tmp_path, worlds.Right, chosen, analyzed=False)
    rows = {claim.rows for claim in claims(found)}
    assert "A1d" in rows
    assert not rows & {"A3", "A4b", "A4c"}


def test_distances_of_collapsed_networks_are_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(3), grid=(-5, -1, 0))["resnet20"]}
    found = worlds.imagined(tmp_path, worlds.Right, chosen)
    same = {"within": {"a": [0.0] * 3}, "cross": {"a": [0.1] * 9}}
    distances(found, "resnet20")[-5.0].write(same)
    assert list(basis.ratios(found, "resnet20").values) == [-1.0]


def test_bounds_that_are_not_numbers_are_left_out(tmp_path):
    chosen = {"resnet20": worlds.sweeps(range(2), grid=(-5, -1, 0))["resnet20"]}
    found = worlds.imagined(tmp_path, worlds.Right, chosen)
    for one in bounds(found, "resnet20")[-5.0]:
        tables = dict.fromkeys(worlds.LAYERS, math.nan)
        one.write({"upper_bound": tables, "axis_aligned": tables})
    rows = {claim.rows for claim in claims(found)}
    assert "A4b" in rows
    assert "A4c" not in rows
    means = basis.network_means(found, "resnet20", "upper_bound")
    assert list(means.values) == [-1.0, 0.0]


def test_pvalues_are_those_of_scipy(right, right_claims):
    found = {key(claim)[:2]: claim for claim in right_claims}
    values = Samples.of(right, "resnet20", shared.accuracy)
    zero = np.array(values.at(0.0))
    expected = max(
        stats.ttest_1samp(values.at(a) - zero, 0, alternative="less").pvalue
        for a in values.values
        if a > 0
    )
    assert found["A6a, A6b", "resnet20"].pvalue == pytest.approx(expected)
    gaps = [np.subtract(values.at(m), values.at(-m)) for m in (0.1, 0.4, 1.0, 2.0, 5.0)]
    expected = stats.ttest_1samp(np.mean(gaps, axis=0), 0, alternative="less").pvalue
    assert found["A33b, section 4.3", "resnet20"].pvalue == pytest.approx(expected)


def test_networks_without_a_number_are_left_out(right):
    none = shared.Quantity("none", lambda run: math.nan, "")
    values = Samples.of(right, "vgg16", none)
    assert values.values == {}
    for outcome in (
        accuracy.cut(values, values, 2, costs(0), -1),
        accuracy.best_at(values, -1),
        accuracy.first_loss(values),
        accuracy.promoted(values, below(0.1), positive),
        accuracy.promoted_on_average(values, below(0.1), positive),
        accuracy.mirrored_cloud(values, values),
        basis.ratio_grows(values),
        basis.late_layers({}),
        selectivity.every_layer({}, negative),
        selectivity.steadily(values),
        selectivity.uneven(values),
        selectivity.times(values, values, within(1, 2), positive),
        looser(values, values, positive, negative),
        unit_correlated({}, above(0.2)),
        training.slow_or_varied(values, positive),
        units.more_regular(values, values, values),
        units.rescued(values, values, positive),
        units.when_lost(values, values, 0.01, at_most(0.1)),
    ):
        assert outcome is None


def test_margins_are_around_what_the_paper_prints():
    assert about(-0.06)[:2] == pytest.approx((-0.09, -0.03))
    assert about(0.02)[:2] == pytest.approx((0.005, 0.035))
    assert costs(0).low == -HARMLESS
    assert costs(0.02).low == pytest.approx(-0.03)


def test_a_cut_is_judged_where_selectivity_says():
    si = samples({0: [0.4, 0.41, 0.39], -1: [0.2, 0.21, 0.19], -2: [0.1, 0.1, 0.1]})
    same = samples({a: [0.9, 0.91, 0.92] for a in (0, -1, -2)})
    worse = samples({0: [0.9, 0.91, 0.92], -1: [0.8, 0.81, 0.82], -2: [0.9, 0.9, 0.9]})
    wide = samples({0: [0.9, 0.9, 0.9], -1: [0.9, 0.93, 0.87], -2: [0.9, 0.9, 0.9]})

    def judged(accuracy_, fold, reach=-1):
        return verdict(accuracy.cut(accuracy_, si, fold, costs(0), reach))

    assert judged(same, 2) is HELD
    assert judged(same, 4) is HELD
    assert judged(same, 10) is REFUTED
    assert judged(worse, 2) is REFUTED
    assert judged(wide, 2) is UNDECIDED
    # Four fifths of a cut are the cut.
    assert judged(same, 2.4) is HELD
    assert accuracy.cut(same, si, 10, costs(0), reach=-5) is None
    assert "-1; SI" in accuracy.cut(same, si, 2, costs(0), -1).found


def test_the_best_alpha_gains_and_has_no_rival():
    zero = [0.90, 0.91, 0.92]
    gain, more = ([value + by for value in zero] for by in (0.02, 0.04))
    best = samples({-2: zero, -1: gain, 0: zero})
    assert verdict(accuracy.best_at(best, -1)) is HELD
    assert verdict(accuracy.best_at(samples({-2: more, -1: gain, 0: zero}), -1)) is (
        REFUTED
    )
    assert verdict(accuracy.best_at(samples({-2: zero, -1: zero, 0: zero}), -1)) is (
        REFUTED
    )
    noisy = samples({-2: zero, -1: [0.90, 0.93, 0.97], 0: zero})
    assert verdict(accuracy.best_at(noisy, -1)) is UNDECIDED
    assert accuracy.best_at(samples({-1: gain, 0: zero}), -1) is None


def test_the_first_loss_is_at_its_alpha_or_not():
    zero = [0.900, 0.901, 0.902]
    drop = [0.880, 0.881, 0.882]
    assert verdict(accuracy.first_loss(samples({-1: drop, -0.5: zero, 0: zero}))) is (
        HELD
    )
    assert verdict(accuracy.first_loss(samples({-1: drop, -0.5: drop, 0: zero}))) is (
        REFUTED
    )
    assert verdict(accuracy.first_loss(samples({-1: zero, -0.5: zero, 0: zero}))) is (
        REFUTED
    )
    unsure = [0.90, 0.93, 0.88]
    assert verdict(accuracy.first_loss(samples({-1: drop, -0.5: unsure, 0: zero}))) is (
        UNDECIDED
    )
    assert accuracy.first_loss(samples({-0.5: drop, 0: zero})) is None


def test_promoting_is_set_against_reducing_seed_by_seed():
    # Seeds differ by more than signs do.
    found = samples({-1: [0.5, 0.7, 0.9], 0: [0, 0, 0], 1: [0.4, 0.61, 0.79]})
    assert verdict(accuracy.promoted(found, below(0.01), positive)) is HELD
    average = accuracy.promoted_on_average(found, below(0.01), positive)
    assert verdict(average) is HELD
    assert verdict(accuracy.promoted(found.mirrored(), below(0.01), positive)) is (
        REFUTED
    )
    assert accuracy.promoted(found, below(0.01), span(2)) is None


def test_the_cloud_is_of_networks_near_the_usual_selectivity():
    si = samples({a: [v] * 3 for a, v in ((-9, 0.01), (-1, 0.2), (0, 0.3), (1, 0.5))})
    fine, worse = [0.9, 0.91, 0.92], [0.8, 0.82, 0.81]
    # What has no selectivity left has collapsed: it is not near.
    harmed = samples({-9: [0.1] * 3, -1: fine, 0: fine, 1: worse})
    assert verdict(accuracy.mirrored_cloud(harmed, si)) is HELD
    spared = samples({-9: [0.1] * 3, -1: worse, 0: fine, 1: fine})
    assert verdict(accuracy.mirrored_cloud(spared, si)) is REFUTED
    far = si.where(lambda alpha: alpha in (-9, 0))
    assert accuracy.mirrored_cloud(harmed, far) is None


def test_a_seed_contributes_to_a_ratio_what_is_missing_without_it():
    rng = np.random.default_rng(0)
    names, seeds = ("a", "b"), (3, 5, 8)
    within_, cross = rng.uniform(1, 2, (2, 3)), rng.uniform(1, 2, (2, 3, 3))
    found = ReplicateDistances(
        dict(zip(names, within_, strict=True)),
        {name: table.ravel() for name, table in zip(names, cross, strict=True)},
    )
    values = basis.pseudovalues(found, seeds, seeds)
    # Pairs (3, 5), (3, 8), (5, 8); rows of `cross` are networks without regularizer.
    left = {3: 2, 5: 1, 8: 0}
    for i, seed in enumerate(seeds):
        rest = [j for j in range(3) if j != i]
        ratio = np.mean(
            [
                cross[k][np.ix_(rest, rest)].mean() / within_[k][left[seed]]
                for k in (0, 1)
            ]
        )
        assert values[seed] == pytest.approx(3 * found.ratio - 2 * ratio)
    assert basis.pseudovalues(found, seeds[:2], seeds) == {}


def test_intervals_of_ratios_know_that_pairs_share_networks():
    rng = np.random.default_rng(0)
    means, errors = [], []
    for _ in range(200):
        own, other = 0.05 * rng.normal(size=(2, 6))
        pairs = [1 + own[i] + own[j] for i in range(6) for j in range(i + 1, 6)]
        crossed = [1 + a + b for a in other for b in own]
        found = ReplicateDistances({"a": pairs}, {"a": crossed})
        values = [*basis.pseudovalues(found, range(6), range(6)).values()]
        means.append(np.mean(values))
        errors.append(np.std(values, ddof=1) / math.sqrt(6))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)


def bound_tables(lost):
    """Bounds of three seeds, and the share that each layer loses."""
    plain = {seed: dict.fromkeys("abcd", 0.5 + seed / 100) for seed in range(3)}
    kept = {
        seed: {layer: one[layer] * (1 - by - seed / 500) for layer, by in lost.items()}
        for seed, one in plain.items()
    }
    return {0.0: plain, -5.0: kept}


def test_the_bound_falls_in_all_but_the_last_layers():
    def judged(*lost):
        tables = bound_tables(dict(zip("abcd", lost, strict=True)))
        return verdict(basis.late_layers(tables))

    assert judged(0.5, 0.4, 0.05, 0.1) is HELD
    assert judged(0.5, 0.4, 0.3, 0.3) is REFUTED
    assert judged(0.5, 0.0, 0.0, 0.0) is REFUTED
    # About half as much.
    assert judged(0.4, 0.4, 0.199, 0.199) is UNDECIDED
    two = {0.0: {0: {"a": 0.5, "b": 0.5}}, -5.0: {0: {"a": 0.4, "b": 0.4}}}
    assert basis.late_layers(two) is None


def test_every_layer_counts(tmp_path):
    found = worlds.imagined(
        tmp_path, worlds.Right, {"a": worlds.sweeps(range(4))["resnet20_first3"]}
    )
    runs = found.by_alpha("a")
    # The last three layers are left alone.
    assert verdict(selectivity.every_layer(runs, span(-9, 0))) is not HELD
    layers = selectivity.by_layer(runs)
    assert [*layers] == worlds.LAYERS
    run = runs[2.0][1]
    expected = run.report.layer_means()["layer4"]
    assert layers["layer4"].values[2.0][1] == pytest.approx(expected)


def test_steps_are_forward_or_back():
    up = samples({a: [a / 10, a / 10 + 0.01, a / 9] for a in range(4)})
    back = samples({**{a: [a / 10] * 3 for a in range(4)}, 4: [0.1, 0.11, 0.12]})
    assert verdict(selectivity.steadily(up)) is HELD
    assert verdict(selectivity.steadily(up.mirrored())) is REFUTED
    assert verdict(selectivity.steadily(back)) is REFUTED
    assert verdict(selectivity.uneven(back)) is HELD
    assert verdict(selectivity.uneven(up)) is REFUTED
    noisy = samples({0: [0.1, 0.2, 0.3], 1: [0.3, 0.1, 0.2]})
    assert verdict(selectivity.uneven(noisy)) is UNDECIDED


def test_times_as_much_seed_by_seed():
    first, second = samples({0: [2.0, 4.2, 5.9]}), samples({0: [1.0, 2.0, 3.0]})
    at_0 = span(0, 0)
    assert verdict(selectivity.times(first, second, within(1.8, 2.2), at_0)) is HELD
    assert verdict(selectivity.times(second, first, within(1.8, 2.2), at_0)) is REFUTED
    assert selectivity.times(first, samples({}), within(1, 2), at_0) is None


def test_two_quantities_can_part_at_large_alpha():
    alphas = range(12)
    si = samples({a: [a, a + 0.1, a + 0.2] for a in alphas})
    parted = samples({a: [a if a < 6 else 12 - a] * 3 for a in alphas})
    near, far = (lambda a: a < 6), (lambda a: a >= 6)
    assert verdict(looser(parted, si, far, near)) is HELD
    assert verdict(looser(si, si, far, near)) is REFUTED


def test_two_correlations_are_of_the_same_seeds():
    """Each end lacks a run of another seed: two have both."""
    grows = {a: {seed: a + seed / 10 for seed in range(4)} for a in range(8)}
    second = {a: dict(ones) for a, ones in grows.items()}
    for alpha, missing in ((1, 0), (2, 0), (6, 3), (7, 3)):
        del second[alpha][missing]
    # One of these seeds goes the other way at large alpha.
    for alpha in range(4, 8):
        second[alpha][1] = -alpha
    found = looser(Samples(grows), Samples(second), lambda a: a >= 4, lambda a: a < 4)
    assert found.found.startswith("rho 0.00, against rho 1.00; -1 [")


def test_training_is_slow_or_varies():
    zero = [10, 11, 12, 10, 11]
    slow = [20, 21, 22, 20, 21]
    varied = [3, 17, 10, 3, 17, 2, 18]
    beyond = positive

    def judged(values):
        return verdict(training.slow_or_varied(samples({0: zero, **values}), beyond))

    assert judged({1: slow}) is HELD
    assert judged({1: slow, 2: zero}) is REFUTED
    assert judged({1: zero}) is REFUTED
    assert judged({1: varied}) is HELD
    assert judged({1: [10, 18, 12, 15, 14]}) is UNDECIDED


def test_deviations_are_shares_of_the_median():
    found = training.deviations(samples({0: [1.0, 2.0, 4.0]}))
    assert found.at(0) == [0.5, 0.0, 1.0]


def test_a_loss_is_rescued_or_not():
    relu = samples({0: [0.9, 0.91, 0.92], 1: [0.7, 0.72, 0.71]})
    spared = samples({0: [0.9, 0.91, 0.92], 1: [0.9, 0.9, 0.92]})
    assert verdict(units.rescued(relu, relu, positive)) is HELD
    assert verdict(units.rescued(spared, relu, positive)) is REFUTED
    # Where ReLU loses nothing there is nothing to rescue.
    noisy = samples({0: [0.9, 0.9, 0.9], 1: [0.91, 0.89, 0.9]})
    assert verdict(units.rescued(noisy, noisy, positive)) is UNDECIDED


def test_units_are_sparse_when_accuracy_is_lost_or_later():
    fine, lost = [0.9, 0.91, 0.9], [0.8, 0.8, 0.81]
    rare, many = [0.0, 0.0, 0.0], [0.2, 0.2, 0.21]
    late = samples({0: rare, 1: rare, 2: many})

    def judged(*by_alpha):
        found = samples(dict(enumerate(by_alpha)))
        return verdict(units.when_lost(found, late, 0.05, at_most(0.1)))

    assert judged(fine, lost, lost) is HELD
    assert judged(fine, fine, lost) is REFUTED
    assert judged(fine, fine, fine) is UNDECIDED


def test_without_a_dead_unit_nothing_becomes_more_regular():
    grows = samples({0: [0.1, 0.11], 1: [0.2, 0.21], 2: [0.3, 0.31]})
    turns = samples({0: [0.1, 0.11], 1: [0.3, 0.31], 2: [0.2, 0.21]})
    none = samples({0: [0.0], 1: [0.0], 2: [0.0]})
    some = samples({0: [0.0], 1: [0.1], 2: [0.2]})
    assert verdict(units.more_regular(grows, turns, some)) is HELD
    assert verdict(units.more_regular(turns, turns, some)) is REFUTED
    assert verdict(units.more_regular(grows, grows, none)) is UNDECIDED


def test_units_of_a_network_correlate_so_strongly(right):
    runs = right.by_alpha("resnet20")
    assert verdict(unit_correlated(runs, within(0.8, 1))) is HELD
    assert verdict(unit_correlated(runs, at_least(0.99))) is REFUTED
    assert HALF_POINT < HARMLESS


def test_quantities_of_a_run(right):
    run = right.by_alpha("resnet20")[5.0][0]
    assert shared.dead_share(run) == 3 / 24
    assert quantities.sparse_share(run) == 4 / 24
    assert quantities.busy_share(run) == 20 / 24
    assert quantities.living_selectivity(run) > quantities.selectivity(run)
    assert quantities.t95(run) == run.history["test_accuracy"].count(0.1) + 1
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
