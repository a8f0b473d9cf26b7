import importlib
import itertools
import re

import numpy as np
import pytest

from drawn import faults
from keras_selectivity import inference
from recipes.lm21.analyses import bounds, distances
from recipes.lm21.experiments import MAGNITUDES, leaky, signed, swept
from recipes.lm21.figures import THEMES, figures
from recipes.lm21.figures.sheet import Sheet
from recipes.lm21.figures.values import ACCURACY, Value, against_zero, stars
from recipes.lm21.measures import changed_share, changes, t95
from recipes.runner.sweep import Sweep
from tests.recipes.lm21.worlds import DIGITS

MAIN = (
    "accuracy_negative",
    "accuracy_positive",
    "accuracy_signs",
    "selectivity",
    "precision",
    "mutual_information",
    "dead_units",
    "sparsity",
    "dprime_si",
    "preferred_classes",
    "t95",
)
OFF_AXIS = ("distances", "distance_ratio", "upper_bound", "upper_bound_layers")
VARIANTS = (
    "leaky",
    "dprime",
    "first3_negative",
    "first3_positive",
    "last3_negative",
    "last3_positive",
    "warmup",
)


def expected_names():
    found = {
        f"{network}_{theme}"
        for network in ("resnet18", "resnet50", "resnet20", "vgg16")
        for theme in MAIN
    }
    found |= {f"{n}_{theme}" for n in ("resnet18", "resnet20") for theme in OFF_AXIS}
    found |= {f"resnet20_{theme}" for theme in VARIANTS}
    return found | {"resnet20_vgg16_overlaid"}


def drawn(results, name):
    """The axes of a figure, in reading order."""
    return dict(figures(results))[name]().axes


def accuracies(results, sweep, alpha):
    return [100 * run.accuracy for run in results.by_alpha(sweep)[alpha]]


def marks(axes):
    """The marks above a panel, by their place."""
    return {text.xy[0]: text.get_text() for text in axes.texts if text.get_text()}


def test_every_figure_is_drawn(made_results):
    found = dict(figures(made_results))
    assert set(found) == expected_names()
    assert len(list(figures(made_results))) == len(found)
    for name, draw in found.items():
        figure = draw()
        assert not faults(figure), name
        assert "digits (small scale): " in figure.get_suptitle()


def test_docstrings_name_every_figure_of_the_paper():
    text = ""
    for theme in THEMES:
        module = importlib.import_module(theme.__name__)
        for one in vars(module).values():
            if getattr(one, "__module__", None) == theme.__name__:
                text += one.__doc__ or ""
    named = {int(number) for number in re.findall(r"\bA(\d+)", text)}
    assert named == set(range(1, 35))
    for main in ("1a-c", "2a", "2b", "2c", "3a-c", "4a, 4b"):
        assert re.search(rf"figures? (2\w and )?{main}\b", text), main


def test_accuracy_against_alpha(made_results):
    above, subset, _ = drawn(made_results, "resnet20_accuracy_negative")[:3]
    alphas = [-5.0, -2.0, -1.0, -0.4, 0.0]
    means = [np.mean(accuracies(made_results, "resnet20", a)) for a in alphas]
    np.testing.assert_allclose(above.lines[0].get_ydata(), means)
    ticks = [text.get_text() for text in above.get_xticklabels()]
    assert ticks == [f"{alpha:g}" for alpha in alphas]
    assert [text.get_text() for text in subset.get_xticklabels()] == ticks[1:]
    assert above.lines[0].get_xdata().tolist() == [0, 1, 2, 3, 4]


def test_the_band_is_the_bootstrap_interval_of_the_replicates(made_results):
    axes = drawn(made_results, "resnet20_accuracy_positive")[0]
    band = axes.collections[0].get_paths()[0].vertices
    for place, alpha in enumerate([0.0, 0.4, 1.0, 2.0, 5.0, 30.0]):
        values = accuracies(made_results, "resnet20", alpha)
        ends = band[band[:, 0] == place][:, 1]
        found = inference.bootstrap_mean(values, resamples=2000)
        assert min(ends) == pytest.approx(found.low)
        assert max(ends) == pytest.approx(found.high)
        assert min(ends) < np.mean(values) < max(ends)
        # But for rounding, the interval is within the values.
        assert np.all(np.abs(ends - np.mean(values)) <= np.ptp(values) + 1e-9)


def test_accuracy_against_selectivity_has_intervals_both_ways(made_results):
    axes = drawn(made_results, "resnet20_accuracy_negative")[2]
    runs = made_results.by_alpha("resnet20")
    alphas = [-5.0, -2.0, -1.0, -0.4, 0.0]
    index = [np.mean([run.report.mean() for run in runs[a]]) for a in alphas]
    np.testing.assert_allclose(axes.lines[0].get_xdata(), index)
    assert len(axes.containers) == len(alphas)
    assert all(one.has_xerr and one.has_yerr for one in axes.containers)


def test_marks_are_corrected_tests_against_alpha_zero(made_results):
    baseline = accuracies(made_results, "resnet20", 0.0)
    expected = {}
    for place, alpha in enumerate([0.4, 1.0, 2.0, 5.0, 30.0], start=1):
        values = accuracies(made_results, "resnet20", alpha)
        p = inference.t_test(values, baseline, comparisons=5).corrected
        if p < 0.05:
            expected[place] = "*" * (1 + (p < 0.01) + (p < 0.001))
    above, subset, against = drawn(made_results, "resnet20_accuracy_positive")[:3]
    assert marks(above) == expected
    assert expected[5] == "***"
    # Fewer alphas, but the same tests.
    kept = {place: mark for place, mark in expected.items() if place <= 3}
    assert marks(subset) == kept
    assert [*marks(against).values()] == [expected[p] for p in expected if p < 5]


def test_signs_are_compared_by_rank_sum(made_results):
    above, subset, every = drawn(made_results, "resnet20_accuracy_signs")[:3]
    labels = [text.get_text() for text in above.get_xticklabels()]
    assert labels == ["0", "0.4", "1", "2", "5", "30"]
    assert [text.get_text() for text in subset.get_xticklabels()] == labels[:4]
    below, promoted = above.lines[:2]
    assert below.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert promoted.get_ydata()[-1] == pytest.approx(
        np.mean(accuracies(made_results, "resnet20", 30.0))
    )
    # Three against three: 0.05 before the correction, at best.
    assert marks(above) == {}
    assert sum(len(one.get_xdata()) for one in every.lines) == len(
        made_results["resnet20"]
    )


def test_layers_and_network(made_results):
    layers, mean = drawn(made_results, "resnet20_precision")[:2]
    runs = made_results.by_alpha("resnet20")[-5.0]
    expected = np.mean(
        [[*run.report.layer_means("precision").values()] for run in runs], axis=0
    )
    np.testing.assert_allclose(layers.lines[0].get_ydata(), expected)
    assert mean.lines[0].get_ydata()[0] == pytest.approx(expected.mean())


def test_distances(made_results):
    within, cross = (
        distances(made_results, "resnet20")[-2.0].found[side]
        for side in ("within", "cross")
    )
    axes = drawn(made_results, "resnet20_distances")[0]
    for line, table in zip(axes.lines, (cross, within), strict=True):
        expected = [np.mean(values) for values in table.values()]
        np.testing.assert_allclose(line.get_ydata(), expected)
    axes = drawn(made_results, "resnet20_distance_ratio")[0]
    ratios = [np.mean(cross[name]) / np.mean(within[name]) for name in cross]
    assert axes.lines[-1].get_ydata()[1] == pytest.approx(np.mean(ratios))
    assert marks(axes)[0] == "***"


def test_upper_bounds(made_results):
    found = [one.found for one in bounds(made_results, "resnet18")[-2.0]]
    expected = np.mean([[*one["upper_bound"].values()] for one in found], axis=0)
    most, own = drawn(made_results, "resnet18_upper_bound")[0].lines
    assert most.get_ydata()[0] == pytest.approx(expected.mean())
    assert (most.get_ydata() > own.get_ydata()).all()
    layers = drawn(made_results, "resnet18_upper_bound_layers")[0]
    np.testing.assert_allclose(layers.lines[0].get_ydata(), expected)


def test_dead_units_and_selectivity_without_them(made_results):
    share, layers, index, _ = drawn(made_results, "resnet20_dead_units")[:4]
    runs = made_results.by_alpha("resnet20")[30.0]
    dead, alive = [], []
    for run in runs:
        dead.append(np.concatenate([one["dead"] for one in run.report.values()]))
        kept = [one["si"][one["dead"] == 0] for one in run.report.values()]
        alive.append(np.mean([values.mean() for values in kept if len(values)]))
    assert share.lines[0].get_ydata()[-1] == pytest.approx(np.mean(dead)) != 0
    assert index.lines[0].get_ydata()[-1] == pytest.approx(np.mean(alive))
    assert np.mean(alive) > np.mean([run.report.mean() for run in runs])
    by_layer = [run.report.layer_means("dead").values() for run in runs]
    np.testing.assert_allclose(
        layers.lines[-1].get_ydata(), np.mean([[*one] for one in by_layer], axis=0)
    )


def test_leaky_slopes_stand_beside_relu(made_results):
    above, share, index, _ = drawn(made_results, "resnet20_leaky")[:4]
    labels = [text.get_text() for text in above.get_legend().get_texts()]
    assert labels == [f"negative slope {slope}" for slope in ("0", "0.1", "0.5")]
    assert share.lines[0].get_ydata()[-1] > 0
    assert not np.any(share.lines[2].get_ydata())
    assert [text.get_text() for text in index.get_xticklabels()] == [
        "0",
        "0.4",
        "2",
        "5",
    ]


def test_sparse_units(made_results):
    every, share = drawn(made_results, "resnet20_sparsity")
    runs = made_results.by_alpha("resnet20")[1.0]
    values = [
        np.concatenate([one["active_fraction"] for one in run.report.values()])
        for run in runs
    ]
    expected = np.mean([np.mean(one < 0.5) for one in values])
    assert share.lines[0].get_ydata()[6] == pytest.approx(expected)
    assert 0 < expected < 1
    points = [line for line in every.lines if line.get_marker() == "."]
    np.testing.assert_array_equal(points[6].get_ydata(), np.concatenate(values))


def test_restricted_layers(made_results):
    _, index, _, above, _, against = drawn(made_results, "resnet20_last3_positive")[:6]
    runs = made_results.by_alpha("resnet20_last3")
    expected = [
        np.mean([[*run.report.layer_means().values()][-3:] for run in runs[alpha]])
        for alpha in (0.0, 0.4, 2.0)
    ]
    np.testing.assert_allclose(index.lines[0].get_ydata(), expected)
    np.testing.assert_allclose(against.lines[0].get_xdata(), expected)
    assert above.lines[0].get_ydata()[-1] == pytest.approx(
        np.mean(accuracies(made_results, "resnet20_last3", 2.0))
    )


def test_warmed_up_beside_constant(made_results):
    figure = dict(figures(made_results))["resnet20_warmup"]()
    assert "over 5 epochs" in figure.get_suptitle()
    above = figure.axes[2]
    for line, sweep in zip(above.lines, ("resnet20_warmup", "resnet20"), strict=True):
        expected = [
            np.mean(accuracies(made_results, sweep, alpha))
            for alpha in signed([0.4, 2])
        ]
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_correlation_is_over_all_units(made_results):
    figure = dict(figures(made_results))["resnet20_dprime_si"]()
    runs = made_results.by_alpha("resnet20")[0.0]
    index, dprime = (
        np.concatenate([one[name] for run in runs for one in run.report.values()])
        for name in ("si", "dprime")
    )
    (line,) = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), index)
    expected = inference.spearman(index, dprime).correlation
    assert f"{expected:.2f}" in figure.get_supxlabel().replace("\n", " ")


def test_preferred_classes_and_t95(made_results):
    share, number = drawn(made_results, "resnet20_preferred_classes")[:2]
    runs = made_results.by_alpha("resnet20")
    for axes, measure in ((share, changed_share), (number, changes)):
        expected = np.mean([measure(run.preferred_classes) for run in runs[0.4]])
        assert axes.lines[0].get_ydata()[1] == pytest.approx(expected)
    (axes,) = drawn(made_results, "resnet20_t95")
    # Of a box: itself, two whiskers, the median.
    medians = [line.get_ydata()[0] for line in axes.lines[3::4]]
    expected = [
        inference.quartiles([t95(run.history["test_accuracy"]) for run in ones]).median
        for ones in runs.values()
    ]
    assert medians == expected


def test_other_shades_for_other_signs(made_results):
    figure = dict(figures(made_results))["resnet20_selectivity"]()
    (legend,) = figure.legends
    colors = [tuple(handle.get_color()) for handle in legend.legend_handles]
    assert len(set(colors)) == len(made_results.by_alpha("resnet20"))
    assert colors[0][2] > colors[0][0]
    assert colors[-1][0] > colors[-1][2]


def digits(alphas, seeds=(0, 1, 2), name="resnet20", **fields):
    return {name: swept(DIGITS.replace(**fields), alphas, seeds)}


def drawn_names(results):
    for name, draw in figures(results):
        assert not faults(draw()), name
    return {name for name, _ in figures(results)}


def test_without_runs_there_is_no_figure(make_results):
    assert not list(figures(make_results({})))


def test_alpha_zero_alone(make_results):
    assert drawn_names(make_results(digits([0.0]))) == {
        "resnet20_sparsity",
        "resnet20_dprime_si",
        "resnet20_t95",
    }


def test_without_alpha_zero_nothing_is_marked(make_results):
    results = make_results(digits([-2.0, -1.0]))
    names = drawn_names(results)
    assert "resnet20_accuracy_negative" in names
    assert not any("positive" in name or "signs" in name for name in names)
    assert "resnet20_dprime_si" not in names
    assert marks(drawn(results, "resnet20_accuracy_negative")[0]) == {}


def test_a_single_replicate_has_neither_interval_nor_mark(make_results):
    results = make_results(digits([-1.0, 0.0, 1.0], seeds=(0,)))
    drawn_names(results)
    axes = drawn(results, "resnet20_accuracy_positive")[0]
    assert not axes.collections
    assert marks(axes) == {}


def test_alphas_with_other_numbers_of_replicates(make_results):
    results = make_results(
        digits([-1.0, 0.0, 1.0]),
        keep=lambda settings: settings.alpha != 1 or settings.seed == 0,
    )
    assert len(results.missing) == 2
    drawn_names(results)


def test_a_variant_without_the_main_sweep(make_results):
    sweeps = {
        "resnet20_warmup": Sweep(DIGITS, {"warmup_epochs": (5,), "alpha": (0, -1, 1)}),
        "resnet20_first3": Sweep(DIGITS, {"taps": ("first:3",), "alpha": (0, -1, 1)}),
        **leaky(DIGITS, [0.5], [0.0, 1.0], [0]),
    }
    assert drawn_names(make_results(sweeps)) == {
        "resnet20_warmup",
        "resnet20_first3_negative",
        "resnet20_first3_positive",
        "resnet20_leaky",
    }


def test_runs_that_were_not_followed_have_no_figures_of_training(make_results):
    results = make_results(digits([0.0, 1.0], measure_every_epoch=False))
    names = drawn_names(results)
    assert "resnet20_accuracy_positive" in names
    assert not names & {"resnet20_t95", "resnet20_preferred_classes"}


def test_what_is_not_defined_is_a_gap(made_results):
    """As after a training that diverged, or where all units are dead."""
    runs = made_results.by_alpha("resnet18")

    def gap(run):
        return np.nan if run.settings.alpha == 0.4 else run.report.mean()

    sheet = Sheet(runs, "text", "caption", 1, 3)
    left, middle, right = sheet.axes
    sheet.curve(left, Value(gap, "gap"))
    sheet.means(middle, Value(gap, "gap"))
    sheet.cloud(right, Value(gap, "gap"))
    sheet.figure.draw_without_rendering()
    expected = [False, False, False, True, False]
    assert np.isnan(left.lines[0].get_ydata()).tolist() == expected
    assert np.isnan(middle.lines[0].get_xdata()).tolist() == expected
    drawn = [np.isnan(line.get_xdata()).all() for line in right.lines]
    assert drawn == expected
    assert (left.get_ylabel(), right.get_xlabel()) == ("gap", "gap")


def test_many_alphas_stay_readable(make_results):
    alphas = signed(MAGNITUDES)
    figure = dict(figures(make_results(digits(alphas))))["resnet20_accuracy_signs"]()
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    labels = [text.get_window_extent() for text in figure.axes[0].get_xticklabels()]
    assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(labels))


def test_stars():
    pvalues = (0.05, 0.049, 0.009, 0.0009, np.nan)
    assert [stars(p) for p in pvalues] == ["", "*", "**", "***", ""]


def test_a_family_is_the_alphas_that_can_be_tested(made_results):
    runs = made_results.by_alpha("resnet20")
    tests = against_zero({**runs, -5.0: runs[-5.0][:1]}, ACCURACY)
    assert -5.0 not in tests
    assert 0.0 not in tests
    assert len(tests) == len(runs) - 2
    for test in tests.values():
        assert test.corrected == min(1, test.pvalue * len(tests))
