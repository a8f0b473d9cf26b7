"""Noise curves: a logarithmic axis, and the intact network across it."""

import numpy as np
import pytest

from keras_selectivity.perturbation import NoiseCurve
from keras_selectivity.plots import plot_noise
from keras_selectivity.plots.colors import CATEGORIES

SCALES = (0, 0.01, 0.1, 1)


def make_curve(seed=0, repeats=4, scales=SCALES, **kwargs):
    accuracy = np.random.default_rng(seed).random((repeats, len(scales)))
    accuracy[:, np.equal(scales, 0)] = 0.9
    return NoiseCurve(scales, accuracy, **kwargs)


def band(axes, index=0):
    """Ends of a band at each of its points: x, low, high."""
    vertices = axes.collections[index].get_paths()[0].vertices
    places = np.unique(vertices[:, 0])
    found = [vertices[vertices[:, 0] == place, 1] for place in places]
    return places, [f.min() for f in found], [f.max() for f in found]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_one_curve_and_the_intact_network(tmp_path):
    curve = make_curve()
    figure = plot_noise(curve, title="noise")
    figure.savefig(tmp_path / "one.png")
    (axes,) = figure.axes
    line, intact, _ = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), SCALES[1:])
    np.testing.assert_allclose(line.get_ydata(), 100 * curve.mean[1:])
    places, low, high = band(axes)
    np.testing.assert_array_equal(places, SCALES[1:])
    np.testing.assert_allclose(low, 100 * (curve.mean - curve.std)[1:])
    np.testing.assert_allclose(high, 100 * (curve.mean + curve.std)[1:])
    np.testing.assert_allclose(intact.get_ydata(), [90, 90])
    assert (intact.get_linestyle(), line.get_linestyle()) == ("--", "-")
    assert axes.get_xscale() == "log"
    assert 0 < axes.get_xlim()[0] < 0.01
    assert legend(axes) == ["intact"]
    assert (
        axes.get_xlabel() == "scale of the noise (its variance over that of the unit)"
    )
    assert axes.get_ylabel() == "accuracy (%)"
    assert figure.get_suptitle() == "noise"


def test_labels_and_pooled_networks():
    networks = [make_curve(0, repeats=2), make_curve(1, repeats=5)]
    networks[1].accuracy[:, 0] = 0.2
    bare = make_curve(2, scales=(0.1, 1, 10))
    (axes,) = plot_noise({"two": networks, "bare": bare}).axes
    assert legend(axes) == ["two", "bare", "intact"]
    two, intact, other, _ = axes.lines
    accuracy = np.concatenate([curve.accuracy for curve in networks])
    np.testing.assert_allclose(two.get_ydata(), 100 * accuracy.mean(axis=0)[1:])
    high = 100 * (accuracy.mean(axis=0) + accuracy.std(axis=0))[1:]
    np.testing.assert_allclose(band(axes)[2], high)
    np.testing.assert_allclose(intact.get_ydata(), (2 * 90 + 5 * 20) / 7)
    assert two.get_color() == intact.get_color() == CATEGORIES[0]
    np.testing.assert_array_equal(other.get_xdata(), [0.1, 1, 10])


def test_numbers_can_be_labels():
    curve = make_curve(scales=(0.1, 1))
    assert legend(plot_noise({0.0: curve, 0.5: curve}).axes[0]) == ["0.0", "0.5"]


def test_a_list_has_a_line_for_each_item():
    curves = [make_curve(seed, scales=(0.1, 1)) for seed in range(3)]
    (axes,) = plot_noise([curves[0], curves[1:]]).axes
    expected = [curves[0].mean, (curves[1].mean + curves[2].mean) / 2]
    np.testing.assert_allclose(
        [line.get_ydata() for line in axes.lines], 100 * np.array(expected)
    )
    assert axes.get_legend() is None


def test_no_intact_network():
    (axes,) = plot_noise(make_curve(scales=(0.1, 1))).axes
    assert len(axes.lines) == 1
    assert axes.get_legend() is None


def test_scales_in_any_order_and_one_repeat():
    curve = make_curve(repeats=1, scales=(1, 0, 0.1))
    (axes,) = plot_noise(curve).axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0.1, 1])
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), 100 * curve.accuracy[0, [2, 0]]
    )
    np.testing.assert_allclose(axes.lines[1].get_ydata(), [90, 90])
    assert len(axes.collections) == 0


def test_top_k_is_said():
    (axes,) = plot_noise(make_curve(top_k=5)).axes
    assert axes.get_ylabel() == "top-5 accuracy (%)"


def test_curves_are_not_changed():
    curve = make_curve(scales=(1, 0, 0.1))
    before = {name: values.copy() for name, values in curve.to_arrays().items()}
    curves = {"a": [curve], "b": curve}
    plot_noise(curves)
    assert curves == {"a": [curve], "b": curve}
    for name, values in curve.to_arrays().items():
        np.testing.assert_array_equal(values, before[name])


def test_curves_must_be_there_and_fit():
    curve = make_curve()
    with pytest.raises(TypeError, match="`curves` must be what `noise` returned"):
        plot_noise([curve, None])
    with pytest.raises(ValueError, match="`curves` must not be empty"):
        plot_noise({"a": []})
    with pytest.raises(
        ValueError, match=r"must have the same scales.* for 'a', .*1.0\]"
    ):
        plot_noise({"a": [curve, make_curve(scales=(0, 1))]})
    with pytest.raises(ValueError, match=r"a scale above 0.* for 'b', \[0.0\]"):
        plot_noise({"a": curve, "b": make_curve(scales=(0,))})
    with pytest.raises(ValueError, match=r"same top-k .*top_k of \[1, 5\]"):
        plot_noise({"a": curve, "b": make_curve(top_k=5)})
