"""The figure of a sweep shows the numbers that it was given."""

import numpy as np
import pytest

from keras_selectivity.plots import plot_sweep


def test_points_and_means():
    figure = plot_sweep(
        [0, -1, 0, -1], [0.3, 0.1, 0.5, 0.2], [0.9, 0.8, 1.0, 0.7], title="two"
    )
    together, above, below, _ = figure.axes
    np.testing.assert_allclose(
        together.collections[0].get_offsets(),
        [[0.3, 90], [0.1, 80], [0.5, 100], [0.2, 70]],
    )
    np.testing.assert_allclose(together.lines[0].get_ydata(), [75, 95])
    np.testing.assert_allclose(above.lines[0].get_ydata(), [0.15, 0.4])
    np.testing.assert_allclose(below.lines[0].get_ydata(), [75, 95])
    assert [label.get_text() for label in above.get_xticklabels()] == ["-1", "0"]
    assert figure.get_suptitle() == "two"


def test_a_single_alpha_can_be_drawn(tmp_path):
    figure = plot_sweep([1], [0.5], [0.9])
    figure.savefig(tmp_path / "one.png")
    together, above, below, bar = figure.axes
    np.testing.assert_allclose(together.collections[0].get_offsets(), [[0.5, 90]])
    np.testing.assert_allclose(above.collections[0].get_offsets(), [[0, 0.5]])
    np.testing.assert_allclose(below.collections[0].get_offsets(), [[0, 90]])
    assert [text.get_text() for text in bar.get_yticklabels()] == ["1"]


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="`alphas` must hold at least 1 value"):
        plot_sweep([], [], [])
    with pytest.raises(ValueError, match="must have the same length"):
        plot_sweep([1], [0.5, 0.5], [0.9])
