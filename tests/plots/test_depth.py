"""Means by depth and their intervals are those of the reports."""

import numpy as np
import pytest
from scipy import stats

from keras_selectivity.plots import plot_depth
from keras_selectivity.report import SelectivityReport


def make_report(**layers):
    return SelectivityReport(
        {name: {"si": np.asarray(values, float)} for name, values in layers.items()},
        groups={name: [name] for name in layers},
        preferred_class={name: np.zeros(len(v), int) for name, v in layers.items()},
        class_means={name: np.ones((2, len(v))) for name, v in layers.items()},
        class_weight=np.ones(2),
        confusion=np.eye(2),
    )


def random_report(seed, units=40):
    rng = np.random.default_rng(seed)
    return make_report(a=rng.random(units), b=rng.random(units) ** 3)


def bounds(axes, line=0):
    """`(layers, 2)` ends of the intervals of a line."""
    paths = axes.collections[line].get_paths()
    return np.array([np.ma.filled(path.vertices, np.nan)[:, 1] for path in paths])


def expected_interval(values):
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=20000, method="percentile"
    ).confidence_interval
    return found.low, found.high


def test_one_report_resamples_units():
    report = random_report(0)
    figure = plot_depth(report, title="one")
    (axes,) = figure.axes
    values = [report["a"]["si"], report["b"]["si"]]
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), [found.mean() for found in values]
    )
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0, 1])
    expected = [expected_interval(found) for found in values]
    np.testing.assert_allclose(bounds(axes), expected, atol=0.01)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_ylabel() == "mean class selectivity index"
    assert axes.get_legend() is None
    assert figure.get_suptitle() == "one"


def test_replicates_are_resampled_whole():
    replicates = [random_report(seed) for seed in range(12)]
    single = random_report(99)
    (axes,) = plot_depth([single, replicates], labels=["single", "twelve"]).axes
    means = np.array([list(r.layer_means().values()) for r in replicates])
    np.testing.assert_allclose(axes.lines[1].get_ydata(), means.mean(axis=0))
    expected = [expected_interval(found) for found in means.T]
    np.testing.assert_allclose(bounds(axes, 1), expected, atol=0.004)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["single", "twelve"]


def test_a_mapping_names_the_lines():
    one, *others = (random_report(seed) for seed in range(3))
    figure = plot_depth({"one": one, "two": others})
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    np.testing.assert_allclose(
        axes.lines[1].get_ydata(), plot_depth([others]).axes[0].lines[0].get_ydata()
    )
    # Beside the axes: it covers no interval, and is in the figure.
    box = legend.get_window_extent()
    assert axes.get_window_extent().x1 <= box.x0 < box.x1 <= figure.bbox.x1
    assert axes.get_position().width * figure.get_figwidth() > 3


def test_the_seed_decides_and_other_lines_do_not_matter():
    one, other = random_report(0), random_report(1)
    first = bounds(plot_depth(one, seed=3).axes[0])
    np.testing.assert_array_equal(
        bounds(plot_depth([other, one], seed=3).axes[0], 1), first
    )
    assert np.any(bounds(plot_depth(one, seed=4).axes[0]) != first)


def test_single_equal_and_undefined_values(tmp_path):
    nan = np.nan
    report = make_report(
        single=[0.5], equal=[0.2] * 3, some=[0.1, nan, 0.1], none=[nan]
    )
    figure = plot_depth(report)
    figure.savefig(tmp_path / "odd.png")
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.5, 0.2, 0.1, nan])
    np.testing.assert_allclose(
        bounds(axes), [[nan, nan], [0.2, 0.2], [0.1, 0.1], [nan, nan]]
    )


def test_lines_of_different_layers_are_numbered():
    (axes,) = plot_depth(
        [make_report(a=[0.1, 0.2]), make_report(b=[0.1, 0.2], c=[0.3, 0.5])]
    ).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]
    assert axes.get_xlabel() == "depth"
    assert [len(line.get_ydata()) for line in axes.lines] == [1, 2]


@pytest.mark.parametrize("reports", [[], [[]], [random_report(0), []]])
def test_reports_must_be_there(reports):
    with pytest.raises(ValueError, match="`reports` must not be empty"):
        plot_depth(reports)


def test_measure_layers_and_labels_must_fit():
    report = random_report(0)
    with pytest.raises(ValueError, match=r"`metric` must .*metric='dprime'"):
        plot_depth(report, "dprime")
    with pytest.raises(ValueError, match="`reports` of one line must have the same"):
        plot_depth([[report, make_report(a=[0.1])]])
    with pytest.raises(ValueError, match="`labels` must name each of the 1 lines"):
        plot_depth(report, labels=["a", "b"])
