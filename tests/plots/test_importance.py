"""Importance against selectivity: every unit, and the lines of all and of layers."""

import numpy as np
import pytest
from scipy import stats

from keras_selectivity.perturbation import ImportanceCorrelations
from keras_selectivity.perturbation.correlation import correlation
from keras_selectivity.plots import plot_importance


def make_correlations(metric="si", change="loss_change", **layers):
    selectivity = {name: np.asarray(x, float) for name, (x, _) in layers.items()}
    importance = {name: np.asarray(y, float) for name, (_, y) in layers.items()}
    both = [np.concatenate(list(d.values())) for d in (selectivity, importance)]
    return ImportanceCorrelations(
        correlation(*both),
        {name: correlation(selectivity[name], importance[name]) for name in layers},
        selectivity,
        importance,
        metric,
        change,
    )


def random_layers(**units):
    rng = np.random.default_rng(0)
    return {name: rng.random((2, count)) for name, count in units.items()}


def bar_names(figure):
    return [label.get_text() for label in figure.axes[2].get_yticklabels()]


def test_points_and_the_line_through_all():
    layers = random_layers(z=9, a=4)
    figure = plot_importance(make_correlations(**layers), title="units")
    units = figure.axes[0]
    both = np.concatenate(list(layers.values()), axis=1)
    points = units.collections[0]
    np.testing.assert_array_equal(points.get_offsets(), both.T)
    np.testing.assert_array_equal(points.get_array(), [0] * 9 + [1] * 4)
    (line,) = units.lines
    slope, intercept = np.polyfit(*both, 1)
    ends = np.array([both[0].min(), both[0].max()])
    np.testing.assert_allclose(line.get_xdata(), ends)
    np.testing.assert_allclose(line.get_ydata(), intercept + slope * ends)
    rho, p = stats.spearmanr(*both)
    assert units.get_title() == f"Spearman {rho:.3f}, p = {p:.2g} (13 units)"
    assert units.get_xlabel() == "class selectivity index"
    assert units.get_ylabel() == "loss that silencing adds"
    assert bar_names(figure) == ["z", "a"]
    assert figure.axes[2].yaxis_inverted()
    assert figure.get_suptitle() == "units"


def test_lines_of_layers_have_their_range_and_color(tmp_path):
    layers = random_layers(z=9, a=4, m=6)
    figure = plot_importance(make_correlations(**layers))
    figure.savefig(tmp_path / "layers.png")
    units, lines, _ = figure.axes
    points = units.collections[0]
    colors = points.to_rgba(range(3))
    for index, (x, y) in enumerate(layers.values()):
        slope, intercept = np.polyfit(x, y, 1)
        ends = np.array([x.min(), x.max()])
        line = lines.lines[index]
        np.testing.assert_allclose(line.get_xdata(), ends)
        np.testing.assert_allclose(line.get_ydata(), intercept + slope * ends)
        np.testing.assert_allclose(line.get_color()[:3], colors[index, :3])
    assert len(lines.lines) == 3
    assert len(np.unique(colors, axis=0)) == 3
    assert lines.get_title() == "lines of 3 of 3 layers"


def test_layers_without_a_correlation_have_no_line():
    layers = random_layers(first=5, second=4, third=2, fourth=4)
    layers["fourth"][1] = 0.5
    layers["fourth"][0] += 1
    figure = plot_importance(make_correlations(**layers))
    units, lines, _ = figure.axes
    assert len(units.collections[0].get_offsets()) == 15
    assert len(lines.lines) == 2
    x = layers["second"][0]
    np.testing.assert_allclose(lines.lines[1].get_xdata(), [x.min(), x.max()])
    assert lines.get_title() == "lines of 2 of 4 layers"
    expected = ["first", "second", "third (no line)", "fourth (no line)"]
    assert bar_names(figure) == expected
    assert units.get_xlim() == lines.get_xlim()


def test_units_without_a_value_are_left_out():
    nan = np.nan
    x, y = [0.1, nan, 0.3, 0.5, 0.9], [1, 1, 5, 3, nan]
    figure = plot_importance(
        make_correlations(a=(x, y), b=([nan], [1]), c=([0.2], [2]))
    )
    units, lines, _ = figure.axes
    points = units.collections[0]
    np.testing.assert_array_equal(
        points.get_offsets(), [[0.1, 1], [0.3, 5], [0.5, 3], [0.2, 2]]
    )
    np.testing.assert_array_equal(points.get_array(), [0, 0, 0, 2])
    assert "(4 units)" in units.get_title()
    np.testing.assert_allclose(lines.lines[0].get_xdata(), [0.1, 0.5])


@pytest.mark.parametrize("x, y", [([0.1, 0.2], [1, 2]), ([np.nan] * 3, [1, 2, 3])])
def test_no_line_at_all(tmp_path, x, y):
    figure = plot_importance(make_correlations(a=(x, y)))
    figure.savefig(tmp_path / "odd.png")
    units, lines, _ = figure.axes
    assert units.get_title().startswith("Spearman nan, p = nan")
    assert not len(units.lines) and not len(lines.lines)
    assert lines.get_title() == "lines of 0 of 1 layers"


@pytest.mark.parametrize(
    "change, expected",
    [
        ("accuracy_change", "accuracy that silencing takes away"),
        ("top_k_accuracy_change", "top-k accuracy that silencing takes away"),
    ],
)
def test_measure_and_change_are_named(change, expected):
    found = make_correlations("mutual_information", change, **random_layers(a=5))
    for axes in plot_importance(found).axes[:2]:
        assert axes.get_xlabel() == "mutual information (bits)"
        assert axes.get_ylabel() == expected


def test_correlations_are_not_changed():
    layers = random_layers(a=5, b=3)
    before = {name: values.copy() for name, values in layers.items()}
    found = make_correlations(**layers)
    found.selectivity["a"][2] = np.nan
    plot_importance(found)
    before["a"][0, 2] = np.nan
    for name, values in before.items():
        np.testing.assert_array_equal(found.selectivity[name], values[0])
        np.testing.assert_array_equal(found.importance[name], values[1])


def test_correlations_must_be_correlations():
    with pytest.raises(TypeError, match="`correlations` must be what `importance_corr"):
        plot_importance({"a": 0.5})
