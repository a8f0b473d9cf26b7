"""Distances among replicates by layer, and their ratio against alpha."""

import numpy as np
import pytest

from keras_selectivity.inference import bootstrap_mean
from keras_selectivity.plots import plot_distance_ratio, plot_replicates
from keras_selectivity.plots.colors import CATEGORIES
from keras_selectivity.similarity import ReplicateDistances

LAYERS = ["conv", "block", "dense"]


def make_distances(seed=0, pairs=(10, 25), layers=LAYERS):
    rng = np.random.default_rng(seed)
    return ReplicateDistances(
        *({name: rng.random(count) for name in layers} for count in pairs)
    )


def ends(axes, index):
    vertices = axes.collections[index].get_paths()[0].vertices
    places = np.unique(vertices[:, 0])
    found = [vertices[vertices[:, 0] == place, 1] for place in places]
    return [f.min() for f in found], [f.max() for f in found]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_within_and_across(tmp_path):
    found = make_distances()
    figure = plot_replicates(found, title="alpha -2")
    figure.savefig(tmp_path / "replicates.png")
    (axes,) = figure.axes
    cross, within = axes.lines
    for index, (line, values) in enumerate(
        ((cross, found.cross), (within, found.within))
    ):
        np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
        expected = bootstrap_mean(values, resamples=2000)
        low, high = ends(axes, index)
        np.testing.assert_allclose(low, expected.low)
        np.testing.assert_allclose(high, expected.high)
    assert (cross.get_linestyle(), within.get_linestyle()) == ("-", "--")
    assert (cross.get_color(), within.get_color()) == CATEGORIES[:2]
    assert [t.get_text() for t in axes.get_xticklabels()] == LAYERS
    assert axes.get_ylabel() == "PWCCA distance"
    assert figure.get_suptitle() == "alpha -2"


def test_labels_and_single_pairs():
    (axes,) = plot_replicates(
        {-1: make_distances(), -2: make_distances(1, (1, 2))}
    ).axes
    assert legend(axes) == [
        "-1: regularized, unregularized",
        "-1: regularized, regularized",
        "-2: regularized, unregularized",
        "-2: regularized, regularized",
    ]
    assert [line.get_color() for line in axes.lines] == [
        color for color in CATEGORIES[:2] for _ in range(2)
    ]
    # One pair has no interval.
    assert len(axes.collections) == 3


def test_a_list_in_a_list_pools_its_pairs():
    ones = [make_distances(seed) for seed in range(3)]
    (axes,) = plot_replicates([ones[0], ones[1:]]).axes
    assert len(axes.lines) == 4
    pooled = np.concatenate([found.cross for found in ones[1:]])
    np.testing.assert_allclose(axes.lines[2].get_ydata(), pooled.mean(axis=0))
    assert legend(axes)[2] == "regularized, unregularized"


def test_distances_must_be_there_and_fit():
    with pytest.raises(TypeError, match="must be what `replicates` returned"):
        plot_replicates([make_distances(), 0.5])
    with pytest.raises(ValueError, match="`distances` must not be empty"):
        plot_replicates({})
    with pytest.raises(ValueError, match=r"same layers.*\['conv', 'block', .*\['a'\]"):
        plot_replicates({1: make_distances(), 2: make_distances(layers=["a"])})


def test_ratio_against_alpha(tmp_path):
    ratios = [[1.0, 1.5, 2.0], [1.0, 1.1, 1.2]]
    figure = plot_distance_ratio([-1, -20], ratios, title="ratio")
    figure.savefig(tmp_path / "ratio.png")
    (axes,) = figure.axes
    one, line = axes.lines
    np.testing.assert_array_equal(one.get_ydata(), [1, 1])
    assert one.get_linestyle() == "--"
    # In the order of the alphas, and not as they came.
    np.testing.assert_allclose(line.get_ydata(), [1.1, 1.5])
    assert [t.get_text() for t in axes.get_xticklabels()] == ["-20", "-1"]
    points = [c.get_offsets() for c in axes.collections[:2]]
    np.testing.assert_allclose(points[0], [[0, 1], [0, 1.1], [0, 1.2]])
    np.testing.assert_allclose(points[1], [[1, 1], [1, 1.5], [1, 2]])
    expected = bootstrap_mean([1.0, 1.5, 2.0], resamples=2000)
    (_, (low, high)) = np.array(axes.collections[2].get_segments())[..., 1]
    np.testing.assert_allclose([low, high], [expected.low, expected.high])
    assert axes.get_yscale() == "log"
    figure.canvas.draw()
    shown = [t.get_text() for t in axes.get_yticklabels()]
    assert {"1.00", "1.15", "1.32", "1.52", "1.74", "2.00"} <= set(shown)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("alpha", "CCA distance ratio")


def test_a_single_alpha_and_layer(tmp_path):
    figure = plot_distance_ratio([-1], [1.2])
    figure.savefig(tmp_path / "one.png")
    assert figure.axes[0].lines[1].get_ydata().tolist() == [1.2]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (([], []), "`alphas` must hold at least 1 value"),
        (([-1], [1, 1]), "must have the same length, above 0"),
        (([-1, -1], [1, 1]), "no alpha twice"),
        (([-1, -2], [1, [1, 0.0]]), r"for alpha=-2, \[1.0, 0.0\]"),
        (([-1], [[np.nan]]), "`ratios` must be finite"),
    ],
)
def test_ratios_must_be_there_and_fit(args, expected):
    with pytest.raises(ValueError, match=expected):
        plot_distance_ratio(*args)
