"""Panels, axes, and what is drawn into them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_selectivity.inference import bootstrap_mean
from keras_selectivity.plots import draw
from keras_selectivity.plots.colors import sequence


@pytest.fixture
def axes():
    return Figure().subplots()


def texts(labels):
    return [label.get_text() for label in labels]


def test_a_title_below_one_that_is_there(axes):
    axes.set_title("mine")
    assert draw.one_panel(axes, (1, 1), "yours") is axes
    assert axes.get_title() == "mine\nyours"
    assert draw.figure_of(axes).get_suptitle() == ""
    draw.one_panel(axes, (1, 1), "")
    assert axes.get_title() == "mine\nyours"


def test_panels_of_any_shape_and_of_a_grid():
    given = Figure().subplots(2, 2)
    assert draw.some_panels(given, 4, (1, 4), (1, 1), "") == list(given.flat)
    assert draw.some_panels(given[0], 2, (1, 2), (1, 1), "") == list(given[0])
    assert draw.some_panels(given[0, 0], 1, (1, 1), (1, 1), "") == [given[0, 0]]
    own = draw.some_panels(None, 3, (2, 2), (5, 3), "three")
    figure = draw.figure_of(own[0])
    assert figure.axes == own
    assert figure.get_size_inches().tolist() == [5, 3]
    assert own[2].get_subplotspec().get_gridspec().get_geometry() == (2, 2)
    with pytest.raises(ValueError, match=r"`axes` must be 3 .*Received: 4"):
        draw.some_panels(given, 3, (1, 3), (1, 1), "")
    with pytest.raises(TypeError, match="`axes` must be 2 matplotlib Axes"):
        draw.some_panels([given[0, 0], None], 2, (1, 2), (1, 1), "")


def test_many_alphas_stand_upright(axes):
    assert draw.alpha_axis(axes, [2.0, -1.0, 0.0, 2.0]) == {-1: 0, 0: 1, 2: 2}
    assert {text.get_rotation() for text in axes.get_xticklabels()} == {0}
    draw.alpha_axis(axes, range(9), xlabel="|alpha|")
    assert {text.get_rotation() for text in axes.get_xticklabels()} == {90}
    assert axes.get_xlabel() == "|alpha|"
    assert texts(axes.get_xticklabels()) == [str(i) for i in range(9)]


def test_epochs_are_integers(axes):
    axes.plot([0, 1, 2], [1, 2, 3])
    draw.epoch_axis(axes, "loss")
    ticks = axes.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_intervals_of_replicates():
    values = np.array([[1.0, np.nan, 2.0], [3.0, 1.0, 2.5], [4.0, 1.0, 2.0]])
    found = draw.mean_interval(values, seed=1)
    expected = bootstrap_mean(values[:, [0, 2]], resamples=2000, seed=1)
    np.testing.assert_allclose(found.mean, [8 / 3, np.nan, 6.5 / 3])
    np.testing.assert_allclose(found.low[[0, 2]], expected.low)
    np.testing.assert_allclose(found.high[[0, 2]], expected.high)
    assert np.isnan([found.low[1], found.high[1]]).all()


def test_intervals_of_samples_that_differ_in_length():
    found = draw.sample_intervals([[1.0, 2.0, 3.0, 4.0], [5.0], [1.0, np.nan]])
    np.testing.assert_allclose(found.mean, [2.5, 5, np.nan])
    np.testing.assert_allclose(found.low, [1.5, 5, np.nan])
    np.testing.assert_allclose(found.high, [3.5, 5, np.nan])


def test_a_band_is_drawn_where_there_is_one(axes):
    draw.draw_interval(axes, [0, 1], draw.deviation(np.array([[1.0, 2.0]])))
    assert (len(axes.lines), len(axes.collections)) == (1, 0)
    found = draw.deviation(np.array([[1.0, 2.0], [3.0, 2.0]]))
    draw.draw_interval(axes, [0, 1], found, color="#0072B2", linestyle=":")
    band = axes.collections[0].get_paths()[0].vertices
    ends = [sorted(set(band[band[:, 0] == x, 1])) for x in (0, 1)]
    assert ends == [[1, 3], [2]]
    assert axes.lines[1].get_linestyle() == ":"


def test_violins_have_places_and_colors(axes):
    samples = [np.array([0.1, 0.4, 0.5]), np.ones(4), np.array([0.2, 0.3])]
    draw.draw_violins(axes, samples, [1, 2, 4], colors=["red", "blue", "black"])
    first, last = (body.get_paths()[0].vertices for body in axes.collections)
    assert first[:, 0].mean() == pytest.approx(1, abs=0.01)
    assert last[:, 0].mean() == pytest.approx(4, abs=0.01)
    assert (first[:, 1].min(), first[:, 1].max()) == pytest.approx((0.1, 0.5))
    assert axes.collections[1].get_facecolor()[0].tolist() == [0, 0, 0, 0.3]


def test_many_layers_share_the_bar_and_the_colors(axes):
    names = [f"layer_{i}" for i in range(70)]
    x = np.linspace(0, 1, 70)
    points = draw.scatter_units(axes, x, x, np.arange(70), 70)
    np.testing.assert_allclose(points.to_rgba(range(70)), sequence(70))
    draw.depth_bar(points, axes, names)
    bar = draw.figure_of(axes).axes[1]
    assert texts(bar.get_yticklabels()) == names[::3]
    assert bar.yaxis_inverted()


def test_without_names_there_is_no_legend(axes):
    axes.plot([0, 1])
    draw.legend_beside(axes)
    assert axes.get_legend() is None
    axes.plot([0, 1], label="a line")
    draw.legend_beside(axes, fontsize=8)
    assert texts(axes.get_legend().get_texts()) == ["a line"]
