"""The distribution of a measure shows every unit of every layer."""

import numpy as np
import pytest

from keras_selectivity.plots import plot_distribution
from keras_selectivity.report import SelectivityReport


def make_report(**layers):
    classes = 2
    return SelectivityReport(
        {name: {"si": np.asarray(values, float)} for name, values in layers.items()},
        groups={name: [name] for name in layers},
        preferred_class={name: np.zeros(len(v), int) for name, v in layers.items()},
        class_means={name: np.ones((classes, len(v))) for name, v in layers.items()},
        class_weight=np.ones(classes),
        confusion=np.eye(classes),
    )


def split(axes, layers):
    """Violins of the axes, and the values of the points of each layer."""
    violins = axes.collections[:-layers]
    points = [np.asarray(found.get_offsets()) for found in axes.collections[-layers:]]
    return violins, points


def test_every_unit_and_the_mean_of_each_layer():
    rng = np.random.default_rng(0)
    values = {"z_first": rng.random(30), "a_second": rng.random(7)}
    figure = plot_distribution(make_report(**values), title="two layers")
    (axes,) = figure.axes
    violins, points = split(axes, 2)
    assert len(violins) == 2
    for place, (found, violin) in enumerate(zip(values.values(), violins, strict=True)):
        np.testing.assert_array_equal(points[place][:, 1], found)
        assert np.abs(points[place][:, 0] - place).max() < 0.2
        vertices = violin.get_paths()[0].vertices
        assert vertices[:, 1].min() == pytest.approx(found.min())
        assert vertices[:, 1].max() == pytest.approx(found.max())
        assert vertices[:, 0].mean() == pytest.approx(place, abs=0.01)
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), [found.mean() for found in values.values()]
    )
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["z_first", "a_second"]
    assert axes.get_ylabel() == "class selectivity index"
    assert figure.get_suptitle() == "two layers"


def test_chosen_layers_are_drawn_in_depth_order():
    report = make_report(one=[0.1, 0.2], two=[0.3, 0.4], three=[0.5, 0.6])
    (axes,) = plot_distribution(report, "si", ["three", "one"]).axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["one", "three"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.15, 0.55])


def test_one_unit_equal_units_and_units_without_a_value(tmp_path):
    nan = np.nan
    report = make_report(
        single=[0.5],
        zero=[0, 0, 0],
        equal=[0.2, 0.2, 0.2],
        almost=[0.2, 0.2 + 1e-16, 0.2 + 1e-15],
        tiny=[0, 1e-300, 2e-300],
        some=[0.1, nan, 0.3, np.inf],
        none=[nan, nan],
    )
    figure = plot_distribution(report)
    figure.savefig(tmp_path / "odd.png")
    violins, points = split(figure.axes[0], 7)
    assert [len(found) for found in points] == [1, 3, 3, 3, 3, 2, 0]
    np.testing.assert_allclose(
        figure.axes[0].lines[0].get_ydata(), [0.5, 0, 0.2, 0.2, 1e-300, 0.2, nan]
    )
    # Not for `tiny`: the square of its spread is 0.
    assert len(violins) == 1


def test_a_report_without_a_value_is_drawn_empty(tmp_path):
    figure = plot_distribution(make_report(a=[np.nan], b=[np.nan, np.nan]))
    figure.savefig(tmp_path / "empty.png")
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).all()


def test_networks_that_belong_together_and_labels_beside():
    one, other = make_report(a=[0.1, 0.2, 0.4], b=[0.5]), make_report(a=[0.9], b=[0.7])
    (axes,) = plot_distribution({"both": [one, other], "one": one}).axes
    both, single = axes.lines
    np.testing.assert_allclose(both.get_ydata(), [0.4, 0.6])
    np.testing.assert_allclose(single.get_ydata(), [0.7 / 3, 0.5])
    assert (both.get_xdata() < [0, 1]).all() and (single.get_xdata() > [0, 1]).all()
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["mean", "both", "one"]
    with pytest.raises(ValueError, match="`reports` of one line must have the same la"):
        plot_distribution([one, make_report(a=[0.1])])


def test_unknown_measure_and_layers():
    report = make_report(a=[0.1], b=[0.2])
    with pytest.raises(ValueError, match=r"`metric` must be \"si\"\. .*metric='sj'"):
        plot_distribution(report, "sj")
    with pytest.raises(ValueError, match=r'`layers` must be "a" or "b".*layers=.c.'):
        plot_distribution(report, layers=["a", "c"])
    with pytest.raises(ValueError, match="`layers` must not be empty"):
        plot_distribution(report, layers=[])
