"""One measure against another: every unit, and the correlations of all."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from scipy import stats

from keras_selectivity.plots import plot_agreement
from keras_selectivity.plots.colors import CATEGORIES
from keras_selectivity.report import SelectivityReport


def make_report(**layers):
    values = {
        name: {"si": np.asarray(si, float), "precision": np.asarray(precision, float)}
        for name, (si, precision) in layers.items()
    }
    units = {name: len(found["si"]) for name, found in values.items()}
    return SelectivityReport(
        values,
        groups={name: [name] for name in layers},
        preferred_class={name: np.zeros(count, int) for name, count in units.items()},
        class_means={name: np.ones((2, count)) for name, count in units.items()},
        class_weight=np.ones(2),
        confusion=np.eye(2),
    )


def test_points_depth_and_correlations():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 9)), rng.random((2, 4))
    figure = plot_agreement(make_report(z=first, a=second), title="agree")
    axes, bar = figure.axes
    points = axes.collections[0]
    both = np.concatenate([first, second], axis=1)
    np.testing.assert_array_equal(points.get_offsets(), both.T)
    np.testing.assert_array_equal(points.get_array(), [0] * 9 + [1] * 4)
    ranks = both.argsort(axis=1).argsort(axis=1)
    spearman, pearson = (np.corrcoef(found)[0, 1] for found in (ranks, both))
    assert axes.get_title() == (
        f"Spearman {spearman:.3f}, Pearson {pearson:.3f} (13 units)"
    )
    assert axes.get_xlabel() == "class selectivity index"
    assert axes.get_ylabel() == "precision"
    assert [label.get_text() for label in bar.get_yticklabels()] == ["z", "a"]
    assert figure.get_suptitle() == "agree"


def test_measures_can_be_swapped():
    report = make_report(a=([0.1, 0.2, 0.4], [0.3, 0.2, 0.1]))
    axes = plot_agreement(report, "precision", "si").axes[0]
    np.testing.assert_array_equal(
        axes.collections[0].get_offsets(), [[0.3, 0.1], [0.2, 0.2], [0.1, 0.4]]
    )


def test_units_without_a_value_are_left_out():
    nan = np.nan
    report = make_report(
        a=([0.1, nan, 0.3, 0.5], [1, 1, nan, 3]), b=([nan], [1]), c=([0.2], [2])
    )
    axes = plot_agreement(report).axes[0]
    points = axes.collections[0]
    np.testing.assert_array_equal(points.get_offsets(), [[0.1, 1], [0.5, 3], [0.2, 2]])
    np.testing.assert_array_equal(points.get_array(), [0, 0, 2])
    pearson = np.corrcoef([0.1, 0.5, 0.2], [1, 3, 2])[0, 1]
    assert axes.get_title() == f"Spearman 1.000, Pearson {pearson:.3f} (3 units)"


@pytest.mark.parametrize(
    "si, precision",
    [([0.1], [0.2]), ([0.1, 0.2, 0.3], [0.5, 0.5, 0.5]), ([np.nan], [0.1])],
)
def test_no_correlation_where_there_is_none(tmp_path, si, precision):
    figure = plot_agreement(make_report(a=(si, precision)))
    figure.savefig(tmp_path / "odd.png")
    assert figure.axes[0].get_title().startswith("Spearman nan, Pearson nan")


def test_values_that_differ_by_rounding_do_not_warn():
    near = 0.2 + np.array([0, 1, 2, 3]) * 2e-16
    axes = plot_agreement(make_report(a=([0.1, 0.2, 0.3, 0.5], near))).axes[0]
    assert len(axes.collections[0].get_offsets()) == 4
    spearman = float(axes.get_title().split()[1].rstrip(","))
    # Of what is left after rounding: 0.2 four times over, or rising.
    assert spearman == pytest.approx(stats.spearmanr(range(4), near)[0], abs=1e-3)


def test_networks_that_belong_together_are_one_cloud():
    one = make_report(a=([0.1, 0.2], [1, 2]), b=([0.3], [4]))
    other = make_report(a=([0.5, 0.6], [5, 7]), b=([0.7], [6]))
    axes, bar = plot_agreement([[one, other]]).axes
    points = axes.collections[0]
    np.testing.assert_allclose(
        points.get_offsets()[:, 0], [0.1, 0.2, 0.3, 0.5, 0.6, 0.7]
    )
    np.testing.assert_array_equal(points.get_array(), [0, 0, 1, 0, 0, 1])
    assert "(6 units)" in axes.get_title()
    assert len(bar.get_yticklabels()) == 2
    with pytest.raises(ValueError, match="`reports` of one line must have the same la"):
        plot_agreement([[one, make_report(a=([0.1], [1]))]])


def test_labels_have_colors_and_correlations_of_their_own():
    one = make_report(a=([0.1, 0.2, 0.3], [1, 2, 3]))
    other = make_report(b=([0.5, 0.6, 0.7], [3, 2, 1]))
    (axes,) = plot_agreement({"up": one, "down": other}).axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == [
        "up: Spearman 1.000, Pearson 1.000 (3 units)",
        "down: Spearman -1.000, Pearson -1.000 (3 units)",
    ]
    colors = [points.get_facecolor()[0] for points in axes.collections]
    np.testing.assert_allclose(colors, [to_rgba(color) for color in CATEGORIES[:2]])
    np.testing.assert_allclose(
        axes.collections[1].get_offsets(), [[0.5, 3], [0.6, 2], [0.7, 1]]
    )


def test_many_layers_share_the_bar():
    layers = {f"layer_{i}": ([0.1 * i], [0.2]) for i in range(70)}
    bar = plot_agreement(make_report(**layers)).axes[1]
    names = [label.get_text() for label in bar.get_yticklabels()]
    assert names == [f"layer_{i}" for i in range(0, 70, 3)]


def test_unknown_measures():
    report = make_report(a=([0.1], [0.2]))
    with pytest.raises(ValueError, match=r"`x` must be .*x='sj'"):
        plot_agreement(report, "sj")
    with pytest.raises(ValueError, match=r"`y` must be .*y='dprime'"):
        plot_agreement(report, y="dprime")
