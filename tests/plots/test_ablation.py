"""Ablation curves: means, bands and areas are those of the curves."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from keras_selectivity.perturbation import AblationCurve, NoiseCurve
from keras_selectivity.plots import plot_ablation
from keras_selectivity.plots.colors import CATEGORIES


def make_curve(seed=0, repeats=4, counts=(0, 3, 5, 10), units=10, **kwargs):
    rng = np.random.default_rng(seed)
    accuracy, test_accuracy = rng.random((2, repeats, len(counts)))
    kwargs = {"test_accuracy": test_accuracy, **kwargs}
    return AblationCurve(counts, {"a": units - 2, "b": 2}, accuracy, **kwargs)


def band(axes, index=0):
    """Ends of a band at each of its points: x, low, high."""
    vertices = axes.collections[index].get_paths()[0].vertices
    places = np.unique(vertices[:, 0])
    found = [vertices[vertices[:, 0] == place, 1] for place in places]
    return places, [f.min() for f in found], [f.max() for f in found]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def line_rgb(line):
    return to_rgb(line.get_color())


def test_one_curve():
    curve = make_curve()
    figure = plot_ablation(curve, title="one")
    (axes,) = figure.axes
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 0.3, 0.5, 1])
    np.testing.assert_allclose(line.get_ydata(), 100 * curve.mean)
    places, low, high = band(axes)
    np.testing.assert_array_equal(places, [0, 0.3, 0.5, 1])
    np.testing.assert_allclose(low, 100 * (curve.mean - curve.std))
    np.testing.assert_allclose(high, 100 * (curve.mean + curve.std))
    assert legend(axes) == [f"AUC {curve.auc.mean():.3f} ± {curve.auc.std():.3f}"]
    assert axes.get_xlabel() == "fraction of units silenced"
    assert axes.get_ylabel() == "accuracy (%)"
    assert figure.get_suptitle() == "one"


def test_labels_have_their_lines_bands_and_areas():
    curves = {"z": make_curve(0), "a": make_curve(1, counts=(0, 5, 10))}
    (axes,) = plot_ablation(curves).axes
    for index, curve in enumerate(curves.values()):
        line = axes.lines[index]
        np.testing.assert_allclose(line.get_ydata(), 100 * curve.mean)
        np.testing.assert_allclose(band(axes, index)[1], 100 * (curve.mean - curve.std))
        color = axes.collections[index].get_facecolor()[0]
        assert line.get_color() == CATEGORIES[index]
        np.testing.assert_allclose(color, [*line_rgb(line), 0.2])
    assert legend(axes) == [
        f"{name}: AUC {curve.auc.mean():.3f} ± {curve.auc.std():.3f}"
        for name, curve in curves.items()
    ]


def test_networks_are_pooled_with_their_repeats():
    # Unequal numbers of repeats: every repeat counts the same, not every network.
    networks = [make_curve(0, repeats=2), make_curve(1, repeats=5)]
    (axes,) = plot_ablation({"both": networks}).axes
    accuracy = np.concatenate([curve.accuracy for curve in networks])
    mean, std = accuracy.mean(axis=0), accuracy.std(axis=0)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * mean)
    np.testing.assert_allclose(band(axes)[2], 100 * (mean + std))
    areas = np.concatenate([curve.auc for curve in networks])
    assert legend(axes) == [f"both: AUC {areas.mean():.3f} ± {areas.std():.3f}"]


def test_the_test_set():
    curve = make_curve()
    (axes,) = plot_ablation({"a": curve}, test=True).axes
    mean, std = curve.test_accuracy.mean(axis=0), curve.test_accuracy.std(axis=0)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * mean)
    np.testing.assert_allclose(band(axes)[1], 100 * (mean - std))
    areas = curve.test_auc
    assert legend(axes) == [f"a: AUC {areas.mean():.3f} ± {areas.std():.3f}"]
    assert axes.get_ylabel() == "test accuracy (%)"


def test_a_list_has_a_line_for_each_item():
    one, other, third = (make_curve(seed) for seed in range(3))
    (axes,) = plot_ablation([one, [other, third]]).axes
    first, second = axes.lines
    np.testing.assert_allclose(first.get_ydata(), 100 * one.mean)
    pooled = np.concatenate([other.accuracy, third.accuracy])
    np.testing.assert_allclose(second.get_ydata(), 100 * pooled.mean(axis=0))
    assert all(text.startswith("AUC") for text in legend(axes))


def test_numbers_of_units():
    curve = make_curve()
    (axes,) = plot_ablation(curve, against="count").axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0, 3, 5, 10])
    assert axes.get_xlabel() == "number of units silenced"
    assert legend(axes) == legend(plot_ablation(curve).axes[0])


def test_networks_of_different_sizes_share_fractions_alone():
    curves = {"a": [make_curve(), make_curve(1, counts=(0, 6, 10, 20), units=20)]}
    assert len(plot_ablation(curves).axes[0].lines) == 1
    with pytest.raises(ValueError, match=r"same counts of units.* for 'a', .*20\]"):
        plot_ablation(curves, against="count")


def test_one_repeat_and_one_point(tmp_path):
    curves = {
        "ranked": make_curve(repeats=1),
        "intact": make_curve(counts=(0,)),
        "single": make_curve(repeats=1, counts=(4,)),
    }
    figure = plot_ablation(curves)
    figure.savefig(tmp_path / "odd.png")
    (axes,) = figure.axes
    assert len(axes.lines) == 3
    assert len(axes.collections) == 1
    area = curves["ranked"].auc[0]
    assert legend(axes) == [f"ranked: AUC {area:.3f}", "intact", "single"]
    assert plot_ablation(curves["single"]).axes[0].get_legend() is None


def test_many_labels_have_different_colors():
    (axes,) = plot_ablation({str(i): make_curve(i) for i in range(25)}).axes
    assert len({line_rgb(line) for line in axes.lines}) == 25


@pytest.mark.parametrize("length", [0, 3, 60])
def test_the_legend_leaves_room_for_the_curves(tmp_path, length):
    figure = plot_ablation({"x" * length: make_curve()})
    figure.savefig(tmp_path / "wide.png")
    (axes,) = figure.axes
    assert axes.get_position().width * figure.get_figwidth() > 4
    assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_top_k_is_said():
    (axes,) = plot_ablation(make_curve(top_k=5), test=True).axes
    assert axes.get_ylabel() == "test top-5 accuracy (%)"


def test_curves_are_not_changed():
    curve = make_curve()
    before = {name: values.copy() for name, values in curve.to_arrays().items()}
    curves = {"a": [curve], "b": curve}
    plot_ablation(curves, test=True)
    assert curves == {"a": [curve], "b": curve}
    for name, values in curve.to_arrays().items():
        np.testing.assert_array_equal(values, before[name])


@pytest.mark.parametrize(
    "curves", [[make_curve(), 3], None, {"a": None}, {"a": NoiseCurve([1], [[1]])}]
)
def test_curves_must_be_curves(curves):
    with pytest.raises(TypeError, match="`curves` must be what `cumulative` returned"):
        plot_ablation(curves)


@pytest.mark.parametrize("curves", [{}, [], {"a": []}, {"a": make_curve(), "b": []}])
def test_curves_must_be_there(curves):
    with pytest.raises(ValueError, match="`curves` must not be empty"):
        plot_ablation(curves)


def test_curves_must_fit():
    curve = make_curve()
    with pytest.raises(ValueError, match=r"`against` must be .*against='x'"):
        plot_ablation(curve, against="x")
    other = make_curve(counts=(0, 5, 10))
    with pytest.raises(ValueError, match=r"same fractions of units.* for 'a', .*1.0\]"):
        plot_ablation({"a": [curve, other]})
    with pytest.raises(ValueError, match=r"same top-k .*top_k of \[1, 5\]"):
        plot_ablation({"a": curve, "b": make_curve(top_k=5)})
    bare = make_curve(test_accuracy=None)
    assert plot_ablation({"a": curve, "b": bare}).axes
    with pytest.raises(ValueError, match=r"`test_data` to `cumulative`.*none for 'b'"):
        plot_ablation({"a": curve, "b": [curve, bare]}, test=True)
