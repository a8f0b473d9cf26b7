"""The grid holds the images with the highest responses, best first."""

import numpy as np
import pytest

from keras_selectivity.plots import plot_top_images


def shown(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def test_best_images_in_order_with_responses_and_labels():
    images = np.random.default_rng(0).random((6, 4, 5, 1))
    responses = [0.5, 3, -1, 2, 2, 0]
    figure = plot_top_images(images, responses, 4, np.arange(6), title="unit")
    best = images[[1, 3, 4, 0], ..., 0]
    expected = (best - best.min()) / np.ptp(best)
    np.testing.assert_allclose(shown(figure), expected)
    assert titles(figure) == ["3\n1", "2\n3", "2\n4", "0.5\n0"]
    assert figure.get_suptitle() == "unit"
    assert {axes.images[0].get_cmap().name for axes in figure.axes} == {"gray"}
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, 1)}


@pytest.mark.parametrize("scale, shift", [(255, 0), (2, -1), (1e-3, 5), (-1, 0)])
def test_color_images_of_any_range(scale, shift):
    images = np.random.default_rng(0).random((3, 4, 4, 3)) * scale + shift
    figure = plot_top_images(images, [1, 2, 3])
    expected = (images[::-1] - images.min()) / np.ptp(images)
    np.testing.assert_allclose(shown(figure), expected, atol=1e-9)
    assert titles(figure) == ["3", "2", "1"]


def test_bytes_are_not_changed_in_place():
    images = np.arange(2 * 2 * 2, dtype="uint8").reshape(2, 2, 2, 1)
    before = images.copy()
    figure = plot_top_images(images, [1, 0])
    np.testing.assert_array_equal(images, before)
    np.testing.assert_allclose(np.array(shown(figure)).ravel(), np.arange(8) / 7)


def test_a_single_constant_image(tmp_path):
    figure = plot_top_images(np.full((1, 3, 3, 1), 7), [0], labels=["seven"])
    figure.savefig(tmp_path / "one.png")
    np.testing.assert_array_equal(shown(figure), np.zeros((1, 3, 3)))
    assert titles(figure) == ["0\nseven"]


@pytest.mark.parametrize("count, grid", [(9, (3, 3)), (5, (2, 3)), (2, (1, 2))])
def test_the_grid_is_as_square_as_can_be(count, grid):
    figure = plot_top_images(np.ones((20, 2, 2, 1)), np.arange(20), count)
    assert len(figure.axes) == count
    geometry = figure.axes[0].get_subplotspec().get_gridspec().get_geometry()
    assert geometry == grid


@pytest.mark.parametrize(
    "shape", [(3, 8, 8), (3, 8, 8, 2), (3, 0, 8, 1), (8,), (3, 1, 8, 8)]
)
def test_images_must_be_images(shape):
    with pytest.raises(ValueError, match="`images` must have shape"):
        plot_top_images(np.ones(shape), np.ones(shape[0]))


def test_images_must_be_there():
    with pytest.raises(ValueError, match="`responses` must hold at least 1 value"):
        plot_top_images(np.ones((0, 8, 8, 1)), [])


def test_classes_have_names():
    images, responses = np.ones((3, 2, 2, 1)), [1, 3, 2]
    names = ["cat", "dog"]
    figure = plot_top_images(images, responses, 2, [0, 1, 0], class_names=names)
    assert titles(figure) == ["3\ndog", "2\ncat"]
    with pytest.raises(ValueError, match="`class_names` must have a name for class 2"):
        plot_top_images(images, responses, 2, [0, 2, 0], class_names=names)
    with pytest.raises(TypeError, match="`class_names` name classes by their numbers"):
        plot_top_images(images, responses, 2, ["a", "b", "c"], class_names=names)


def test_responses_labels_and_count_must_fit():
    images = np.ones((3, 2, 2, 1))
    with pytest.raises(ValueError, match=r"`responses` must have shape \(3,\)"):
        plot_top_images(images, [1, 2])
    with pytest.raises(ValueError, match="`responses` must be numbers"):
        plot_top_images(images, [1, 2, np.nan])
    with pytest.raises(ValueError, match="`labels` must have one item for each of"):
        plot_top_images(images, [1, 2, 3], labels=[1])
    with pytest.raises(ValueError, match="`count` must be a positive integer"):
        plot_top_images(images, [1, 2, 3], 0)
