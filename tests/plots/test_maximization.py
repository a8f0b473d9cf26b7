"""A panel for each unit: its images, best first, and its selectivity."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.maximization import Maximized
from keras_selectivity.plots import plot_maximized


def made(units=2, images=3, channels=1, layer="hidden"):
    rng = np.random.default_rng(0)
    shape = (units, images, 4, 5, channels)
    return Maximized(
        layer,
        "mean",
        np.arange(units) + 1,
        rng.uniform(-1, 3, shape).astype("float32"),
        rng.random((units, images), "float32"),
        np.zeros((units, images, 2), "float32"),
        np.repeat([[-1.0], [3.0]], channels, axis=1).astype("float32"),
    )


def shown(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


@pytest.fixture(scope="module")
def report():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(4, activation="relu", name="hidden"),
            keras.layers.Dense(2),
        ]
    )
    data = np.random.default_rng(0).random((6, 4)), np.arange(6) % 2
    return ks.measure(model, data, ["si", "dprime"], verbose=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_in_a_grid_best_first(channels):
    found = made(channels=channels)
    grids = shown(plot_maximized(found, title="units"))
    assert [grid.shape for grid in grids] == [(9, 11, 3)] * 2
    for unit, grid in enumerate(grids):
        best, second, third = np.argsort(-found.activations[unit])
        images = np.broadcast_to((found.images[unit] + 1) / 4, (3, 4, 5, 3))
        np.testing.assert_allclose(grid[:4, :5], images[best], atol=1e-6)
        np.testing.assert_allclose(grid[:4, 6:], images[second], atol=1e-6)
        np.testing.assert_allclose(grid[5:, :5], images[third], atol=1e-6)
        np.testing.assert_array_equal(grid[4], 1)  # Between images,
        np.testing.assert_array_equal(grid[5:, 6:], 1)  # and where there is none.


def test_captions(report):
    found = made()
    best = found.activations.max(axis=1)
    plain = [axes.get_title() for axes in plot_maximized(found).axes]
    assert plain == [f"unit 1: {best[0]:.3g}", f"unit 2: {best[1]:.3g}"]
    figure = plot_maximized(found, report, class_names=["cat", "dog"])
    si, preferred = report["hidden"]["si"], report.preferred_class["hidden"]
    for unit, axes in enumerate(figure.axes, start=1):
        second = axes.get_title().split("\n")[1]
        name = ["cat", "dog"][preferred[unit]]
        assert second == f"SI {si[unit]:.2g}, class {name}"
    by_dprime = plot_maximized(found, report, "dprime", title="d'")
    value = report["hidden"]["dprime"][1]
    assert f"d' {value:.2g}, class" in by_dprime.axes[0].get_title()
    assert by_dprime.get_suptitle() == "d'"


def test_a_hundred_images_are_ten_by_ten(tmp_path):
    figure = plot_maximized(made(units=1, images=100))
    assert shown(figure)[0].shape == (49, 59, 3)
    figure.savefig(tmp_path / "grid.png")


def test_constant_images():
    found = made(units=1, images=1)
    constant = Maximized(
        **{**vars(found), "images": found.images * 0, "value_range": np.zeros((2, 1))}
    )
    np.testing.assert_array_equal(shown(plot_maximized(constant))[0], 0)


def test_errors(report):
    with pytest.raises(TypeError, match="must be what `maximize` returned"):
        plot_maximized(np.ones((2, 2)))
    with pytest.raises(ValueError, match="images with 1 or 3 channels"):
        plot_maximized(made(channels=2))
    with pytest.raises(ValueError, match="must hold the layer 'conv'"):
        plot_maximized(made(layer="conv"), report)
    with pytest.raises(ValueError, match=r"`metric` must be .*'precision'"):
        plot_maximized(made(), report, "precision")
