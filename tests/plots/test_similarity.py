"""Maps of similarity, and similarity through training."""

import numpy as np
import pytest

from keras_selectivity.inference import bootstrap_mean
from keras_selectivity.plots import plot_similarity, plot_similarity_through_training
from keras_selectivity.similarity import SimilarityMatrix


def make_matrix(rows=3, columns=4, seed=0, **kwargs):
    values = np.random.default_rng(seed).random((rows, columns))
    return SimilarityMatrix(
        values,
        [f"row_{i}" for i in range(rows)],
        [f"column_{i}" for i in range(columns)],
        **kwargs,
    )


def texts(labels):
    return [label.get_text() for label in labels]


def test_one_matrix(tmp_path):
    matrix = make_matrix()
    matrix.values[1, 2] = np.nan
    figure = plot_similarity(matrix, title="two networks")
    figure.savefig(tmp_path / "one.png")
    panel, bar = figure.axes
    (image,) = panel.images
    np.testing.assert_array_equal(image.get_array().filled(np.nan), matrix.values)
    assert image.get_clim() == (0, 1)
    assert texts(panel.get_yticklabels()) == matrix.rows
    assert texts(panel.get_xticklabels()) == matrix.columns
    # The first row is at the top, as in the matrix.
    assert panel.get_ylim()[0] > panel.get_ylim()[1]
    gray = image.cmap(np.ma.masked_invalid([np.nan]))[0]
    assert gray == pytest.approx([0.85, 0.85, 0.85, 1])
    assert bar.get_ylabel() == "similarity (PWCCA)"
    assert (panel.get_title(), figure.get_suptitle()) == ("", "two networks")


def test_distances():
    matrix = make_matrix(method="cka", options={"debiased": True})
    panel, bar = plot_similarity(matrix, distances=True).axes
    np.testing.assert_array_equal(panel.images[0].get_array(), 1 - matrix.values)
    assert bar.get_ylabel() == "distance (CKA)"


def test_panels_share_their_colors(tmp_path):
    early, late = make_matrix(seed=1), make_matrix(seed=2)
    early.values[0, 0] = -0.2
    figure = plot_similarity({"epoch 1": early, 20: late})
    figure.savefig(tmp_path / "two.png")
    first, second, _ = figure.axes
    assert (first.get_title(), second.get_title()) == ("epoch 1", "20")
    for panel, matrix in ((first, early), (second, late)):
        np.testing.assert_array_equal(panel.images[0].get_array(), matrix.values)
        assert panel.images[0].get_clim() == (-0.2, 1)


def test_a_list_has_a_panel_for_each_item_and_a_list_in_it_a_mean():
    one, other, third = (make_matrix(seed=seed) for seed in range(3))
    first, second, _ = plot_similarity([one, [other, third]]).axes
    np.testing.assert_array_equal(first.images[0].get_array(), one.values)
    np.testing.assert_allclose(
        second.images[0].get_array(), (other.values + third.values) / 2
    )
    assert (first.get_title(), second.get_title()) == ("", "")


def test_many_layers_and_nothing_to_draw(tmp_path):
    matrix = make_matrix(100, 2)
    matrix.values[:] = np.nan
    figure = plot_similarity(matrix)
    figure.savefig(tmp_path / "many.png")
    panel = figure.axes[0]
    assert texts(panel.get_yticklabels()) == matrix.rows[::3]
    assert panel.images[0].get_clim() == (0, 1)


def test_matrices_must_be_there_and_fit():
    with pytest.raises(TypeError, match="`matrices` must be what `compare` returned"):
        plot_similarity([make_matrix(), np.eye(2)])
    with pytest.raises(TypeError, match="`matrices` must be what `compare` returned"):
        plot_similarity({"a": np.eye(2)})
    with pytest.raises(ValueError, match="`matrices` must not be empty"):
        plot_similarity({})
    with pytest.raises(ValueError, match="`matrices` of one line must have the same c"):
        plot_similarity([[make_matrix(), make_matrix(columns=3)]])
    with pytest.raises(ValueError, match=r"methods \['cka', 'pwcca'\]"):
        plot_similarity({"a": make_matrix(), "b": make_matrix(method="cka")})


def band(axes, index=0):
    vertices = axes.collections[index].get_paths()[0].vertices
    places = np.unique(vertices[:, 0])
    found = [vertices[vertices[:, 0] == place, 1] for place in places]
    return [f.min() for f in found], [f.max() for f in found]


def test_through_training(tmp_path):
    networks = np.random.default_rng(0).random((6, 4))
    values = {"module 4, logits": networks, 7: networks[0]}
    figure = plot_similarity_through_training([0, 1, 2, 10], values, title="CKA")
    figure.savefig(tmp_path / "training.png")
    (axes,) = figure.axes
    mean, one = axes.lines
    np.testing.assert_array_equal(mean.get_xdata(), [0, 1, 2, 10])
    np.testing.assert_allclose(mean.get_ydata(), networks.mean(axis=0))
    np.testing.assert_allclose(one.get_ydata(), networks[0])
    expected = bootstrap_mean(networks, resamples=2000)
    low, high = band(axes)
    np.testing.assert_allclose(low, expected.low)
    np.testing.assert_allclose(high, expected.high)
    assert len(axes.collections) == 1
    assert texts(axes.get_legend().get_texts()) == ["module 4, logits", "7"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "similarity (CKA)")
    assert figure.get_suptitle() == "CKA"


def test_an_epoch_without_a_value():
    values = np.array([[0.5, np.nan, 0.3], [0.7, 0.2, 0.1]])
    (axes,) = plot_similarity_through_training(range(3), {"a": values}).axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.6, np.nan, 0.2])
    (axes,) = plot_similarity_through_training([1], {"a": [np.nan]}).axes
    assert np.isnan(axes.lines[0].get_ydata()).all()


def test_values_must_fit_the_epochs():
    with pytest.raises(
        TypeError, match="`values` must be a mapping of labels to values"
    ):
        plot_similarity_through_training([0], [[0.5]])
    with pytest.raises(ValueError, match="`values` must hold, for each label"):
        plot_similarity_through_training([], {})
    with pytest.raises(ValueError, match=r"shapes \{'a': \(1, 2\), 'b': \(1, 3\)\}"):
        plot_similarity_through_training([0, 1], {"a": [0, 1], "b": [0, 1, 2]})
    with pytest.raises(ValueError, match=r"epochs of shape \(3,\), 2 values"):
        plot_similarity_through_training([0, 1, 2], {"a": [0, 1]})
