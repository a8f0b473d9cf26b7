"""A jitterplot shows every response, the target class apart."""

import numpy as np
import pytest

from keras_selectivity.plots import plot_jitter


def drawn(figure):
    """Offsets of the other classes and of the target class."""
    return [np.asarray(found.get_offsets()) for found in figure.axes[0].collections]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_points_are_the_responses_of_each_class():
    rng = np.random.default_rng(1)
    responses, labels = rng.random(50), rng.integers(0, 4, 50) * 10
    figure = plot_jitter(responses, labels, target=20, title="unit 3")
    others, own = drawn(figure)
    np.testing.assert_array_equal(others[:, 0], responses[labels != 20])
    np.testing.assert_array_equal(own[:, 0], responses[labels == 20])
    heights = np.concatenate([others[:, 1], own[:, 1]])
    assert len(np.unique(heights)) == 50
    assert 0 <= heights.min() < heights.max() <= 1
    count = np.sum(labels == 20)
    assert legend(figure) == [f"other classes ({50 - count})", f"class 20 ({count})"]
    assert figure.get_suptitle() == "unit 3"
    markers = [found.get_paths()[0].vertices for found in figure.axes[0].collections]
    assert markers[0].shape != markers[1].shape


def test_the_target_is_the_class_with_the_highest_mean():
    # Class 7 has the highest response and the highest sum, class 2 the highest mean.
    figure = plot_jitter([9, 0, 0, 4, 4, 1], [7, 7, 7, 2, 2, 0])
    assert legend(figure)[1] == "class 2 (2)"
    assert legend(plot_jitter([1, 1], [3, 1]))[1] == "class 1 (1)"


def test_the_seed_decides_the_heights_alone():
    args = [1.0, 2.0, 3.0], [0, 1, 1]
    first, again, other = (drawn(plot_jitter(*args, seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(first[1][:, 0], other[1][:, 0])
    assert np.all(first[1][:, 1] != other[1][:, 1])


def test_classes_have_names():
    args = [1.0, 2.0, 3.0], [0, 1, 1]
    assert legend(plot_jitter(*args, class_names=["cat", "dog"]))[1] == "class dog (2)"
    with pytest.raises(ValueError, match="`class_names` must have a name for class 1"):
        plot_jitter(*args, class_names=["cat"])


def test_one_class_and_equal_responses(tmp_path):
    figure = plot_jitter(np.zeros(4), np.zeros(4, int))
    figure.savefig(tmp_path / "flat.png")
    assert [len(found) for found in drawn(figure)] == [0, 4]


@pytest.mark.parametrize(
    ("responses", "labels", "expected"),
    [
        ([], [], "`responses` must hold at least 1 value"),
        ([1.0], [0, 1], "`responses` and `labels` must be vectors"),
        (
            np.ones((2, 2)),
            np.zeros((2, 2)),
            r"`responses` must have shape \(samples,\)",
        ),
        (1.0, 1, r"`responses` must have shape \(samples,\)"),
    ],
)
def test_shapes_must_agree(responses, labels, expected):
    with pytest.raises(ValueError, match=expected):
        plot_jitter(responses, labels)


def test_responses_are_finite_and_the_target_is_there():
    with pytest.raises(ValueError, match="`responses` must be finite"):
        plot_jitter([1.0, np.nan], [0, 1])
    with pytest.raises(ValueError, match=r"`target` must be a class .*target=2"):
        plot_jitter([1.0, 2.0], [0, 1], 2)
