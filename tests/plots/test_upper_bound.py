"""Selectivity off the units' axes, against alpha and by layer."""

import numpy as np
import pytest

from keras_selectivity.inference import bootstrap_mean
from keras_selectivity.plots import plot_upper_bound, plot_upper_bound_by_layer


def ends(axes, index):
    vertices = axes.collections[index].get_paths()[0].vertices
    places = np.unique(vertices[:, 0])
    found = [vertices[vertices[:, 0] == place, 1] for place in places]
    return [f.min() for f in found], [f.max() for f in found]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_means_and_intervals(tmp_path):
    alphas = [0, -1, 0, -1, 0, -5]
    units = np.array([0.3, 0.1, 0.4, 0.2, 0.2, 0.05])
    bound = units + 0.3
    figure = plot_upper_bound(alphas, units, bound, title="off axis")
    figure.savefig(tmp_path / "bound.png")
    (axes,) = figure.axes
    assert legend(axes) == ["upper bound", "units"]
    for index, (line, values) in enumerate(
        zip(axes.lines, (bound, units), strict=True)
    ):
        groups = [values[np.equal(alphas, alpha)] for alpha in (-5, -1, 0)]
        np.testing.assert_allclose(line.get_ydata(), [g.mean() for g in groups])
        low, high = ends(axes, index)
        expected = [bootstrap_mean(g, resamples=2000) for g in groups[1:]]
        np.testing.assert_allclose(low[1:], [e.low for e in expected])
        np.testing.assert_allclose(high[1:], [e.high for e in expected])
        # One network has no interval.
        assert low[0] == high[0] == pytest.approx(values[5])
    assert [t.get_text() for t in axes.get_xticklabels()] == ["-5", "-1", "0"]
    assert axes.get_xlabel() == "alpha"
    assert axes.get_ylabel() == "mean class selectivity index"
    assert axes.get_ylim()[0] == 0
    assert figure.get_suptitle() == "off axis"


def test_one_network(tmp_path):
    figure = plot_upper_bound([1], [0.5], [0.9])
    figure.savefig(tmp_path / "one.png")
    (axes,) = figure.axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.9], [0.5]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1"]
    assert not axes.collections


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (([], [], []), "`alphas` must hold at least 1 value"),
        (([1], [0.5, 0.5], [0.9]), "Received: 1, 2, 1"),
        (([1], [np.nan], [0.9]), "must be finite"),
    ],
)
def test_values_must_be_there_and_fit(args, expected):
    with pytest.raises(ValueError, match=expected):
        plot_upper_bound(*args)


def test_by_layer(tmp_path):
    layers = ["conv", "block", "dense"]
    networks = np.random.default_rng(0).random((4, 3))
    figure = plot_upper_bound_by_layer(
        layers, {0: networks, -1: networks[0]}, title="by layer"
    )
    figure.savefig(tmp_path / "layers.png")
    (axes,) = figure.axes
    assert legend(axes) == ["0", "-1"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), networks.mean(axis=0))
    np.testing.assert_allclose(axes.lines[1].get_ydata(), networks[0])
    expected = bootstrap_mean(networks, resamples=2000)
    low, high = ends(axes, 0)
    np.testing.assert_allclose(low, expected.low)
    np.testing.assert_allclose(high, expected.high)
    assert len(axes.collections) == 1
    assert [t.get_text() for t in axes.get_xticklabels()] == layers
    assert axes.get_ylabel() == "upper bound of class selectivity"
    assert figure.get_suptitle() == "by layer"


def test_layers_must_fit():
    with pytest.raises(
        TypeError, match="`upper_bound` must be a mapping of labels to values"
    ):
        plot_upper_bound_by_layer(["a"], [[0.5]])
    with pytest.raises(ValueError, match="2 layers, 1 values"):
        plot_upper_bound_by_layer(["a", "b"], {0: [0.5]})
