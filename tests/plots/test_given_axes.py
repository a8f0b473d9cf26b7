"""Every figure can be drawn into axes that are given, and can be seen on white."""

import inspect

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from bad_inputs.plots import FIGURES
from bad_inputs.world import World
from keras_selectivity import plots
from keras_selectivity.plots.colors import CONTRAST, contrast

# How many axes each takes, of the results of the small world.
SEVERAL = {
    "plot_importance": 2,
    "plot_maximized": 1,
    "plot_similarity": 1,
    "plot_sweep": 3,
    "plot_top_images": 2,
}
# Points of units that are meant to be faint where many lie on one another.
CLOUDS = {"plot_distribution"}


@pytest.fixture(scope="module")
def draw():
    """Draw a figure of the small world, with further arguments."""
    world = World()

    def drawn(name, **arguments):
        return getattr(plots, name)(**FIGURES[name][0](world), **arguments)

    return drawn


def content(axes):
    """What axes hold: lines, points, images and words."""
    points = [np.asarray(found.get_offsets()).tolist() for found in axes.collections]
    lines = [np.transpose(line.get_data()).tolist() for line in axes.lines]
    words = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
    legend = axes.get_legend()
    names = [text.get_text() for text in legend.get_texts()] if legend else []
    return repr((lines, points, len(axes.images), words, names))


def test_every_figure_takes_axes():
    for name in plots.__all__:
        parameters = inspect.signature(getattr(plots, name)).parameters
        argument = "axes" if name in SEVERAL else "ax"
        assert parameters[argument].default is None, name
        assert ("axes" in parameters) != ("ax" in parameters)


@pytest.mark.parametrize("name", sorted(plots.__all__))
def test_the_same_is_drawn_into_given_axes(draw, name):
    own = draw(name, title="title")
    assert isinstance(own, Figure)
    assert own.get_suptitle() == "title"
    count = SEVERAL.get(name, 1)
    figure = Figure(layout="constrained")
    half, other = figure.subfigures(1, 2)
    given = half.subplots(count, 1, squeeze=False)
    bystander = other.subplots()
    argument = {"axes": given} if name in SEVERAL else {"ax": given[0, 0]}
    assert draw(name, **argument) is figure
    figure.draw_without_rendering()
    own.draw_without_rendering()
    assert figure.get_suptitle() == ""
    for mine, its in zip(given[:, 0], own.axes[:count], strict=True):
        assert content(mine) == content(its)
        assert mine.has_data()
    # Twins and color bars belong to them, and nothing else was touched.
    assert len(figure.axes) == len(own.axes) + 1
    assert not bystander.has_data()


@pytest.mark.parametrize("name", sorted(plots.__all__))
def test_the_title_goes_above_the_axes(draw, name):
    axes = Figure().subplots(SEVERAL.get(name, 1), 1, squeeze=False)
    argument = {"axes": axes} if name in SEVERAL else {"ax": axes[0, 0]}
    draw(name, title="above", **argument)
    assert axes[0, 0].get_title().split("\n")[0] == "above"


@pytest.mark.parametrize("name", sorted(plots.__all__))
def test_lines_and_points_are_seen_on_white(draw, name):
    for axes in draw(name).axes:
        lines = [to_rgba(line.get_color(), line.get_alpha()) for line in axes.lines]
        points = [
            color
            for found in axes.collections
            if isinstance(found, (PathCollection, LineCollection))
            and name not in CLOUDS
            for color in [*found.get_facecolor(), *found.get_edgecolor()]
        ]
        for *color, alpha in [*lines, *points]:
            on_white = alpha * np.array(color) + 1 - alpha
            assert contrast((*on_white, 1.0)) >= CONTRAST - 1e-9
