"""Titles, panels, captions and legends, as the figures of all papers have them."""

import pytest

from drawn import legend as words
from recipes import figures
from recipes.lm21.experiments import GLYPHS10
from recipes.r22.experiments import IMAGENET

DIGITS = GLYPHS10.replace(data="digits")


def test_titles_name_network_and_data():
    assert figures.titled(DIGITS, "units") == "ResNet20, digits (small scale): units"
    assert figures.titled(IMAGENET, "units") == "ResNet50, ImageNet: units"
    both = figures.titled(DIGITS, "side by side", "ResNet20 and VGG16")
    assert both == "ResNet20 and VGG16, digits (small scale): side by side"
    other = DIGITS.replace(model="alexnet")
    assert figures.titled(other, "units").startswith("alexnet, ")


@pytest.mark.parametrize("size", [None, (7, 4)])
def test_panels_under_a_title_above_a_caption(size):
    caption = "What the marks mean, at length. " * 20
    figure, axes = figures.panels("title", caption, 2, 3, size)
    assert figure.get_suptitle() == "title"
    assert len(axes) == 6 == len(figure.axes)
    assert figure.get_size_inches() == pytest.approx(size or (13.2, 7.5))
    assert all(not axes.spines["top"].get_visible() for axes in figure.axes)
    written = figure.get_supxlabel()
    assert written.replace("\n", " ") == caption.strip()
    assert max(map(len, written.split("\n"))) <= 13 * figure.get_figwidth()


def test_what_has_nothing_to_draw_is_left_out():
    rows = [
        ("both", max, [1], [2]),
        ("empty", max, [1], []),
        ("none", max, None),
        ("one", sum, (3, 4)),
    ]
    found = dict(figures.available(*rows))
    assert list(found) == ["both", "one"]
    assert found["both"]() == [2]
    assert found["one"]() == 7


def test_themes_follow_one_another():
    class Theme:
        def __init__(self, name):
            self.name = name

        def figures(self, results):
            yield f"{self.name}_{results}", print

    drawn = figures.themed([Theme("a"), Theme("b")])
    assert [name for name, _ in drawn(3)] == ["a_3", "b_3"]


def test_legends_stand_where_no_curve_is():
    figure, (left, right) = figures.panels("title", "caption", 1, 2)
    for axes in (left, right):
        axes.plot([0, 1], label="a line")
    figures.legend_below(left, 1)
    figures.legend_outside(figure, right.lines, title="lines")
    figure.draw_without_rendering()
    below = left.get_legend().get_window_extent()
    assert below.y1 <= left.get_window_extent().y0
    assert words(left) == ["a line"]
    (outside,) = figure.legends
    assert outside.get_window_extent().x0 >= right.get_window_extent().x1
    assert outside.get_title().get_text() == "lines"
    figures.head(right, "the second half")
    assert (right.get_title(), right.title.get_fontsize()) == ("the second half", 10)
