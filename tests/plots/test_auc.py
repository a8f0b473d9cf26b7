"""The area and the losses are drawn at their epochs, each on its own axis."""

import numpy as np
import pytest

from keras_selectivity.plots import plot_auc

HISTORY = {
    "loss": [0.9, 0.5, 0.3],
    "val_loss": [0.8, 0.6, 0.7],
    "accuracy": [0.1, 0.2, 0.3],
    "ablation_auc": [0.4, 0.7, 0.6],
}


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_losses_on_the_left_and_the_area_on_the_right(tmp_path):
    figure = plot_auc(HISTORY, title="training")
    figure.savefig(tmp_path / "auc.png")
    left, right = figure.axes
    for line, name in zip(
        [*left.lines, *right.lines], ["loss", "val_loss", "ablation_auc"], strict=True
    ):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), HISTORY[name])
        assert line.get_label() == name
    assert len(right.lines) == 1
    assert len({line.get_color() for line in [*left.lines, *right.lines]}) == 3
    assert labels(figure) == ["loss", "val_loss", "ablation_auc"]
    assert left.get_xlabel() == "epoch"
    assert left.get_ylabel() == "loss"
    assert right.get_ylabel() == "area under the ablation curve"
    assert right.yaxis.get_label_position() == "right"
    assert figure.get_suptitle() == "training"
    ticks = left.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_other_names():
    history = {"auc": [0.5, 0.4], "nll": [1.0, 0.9]}
    figure = plot_auc(history, key="auc", losses=["nll"])
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [1.0, 0.9])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [0.5, 0.4])
    assert labels(figure) == ["nll", "auc"]


def test_epochs_without_a_value_are_passed_over():
    nan = np.nan
    history = HISTORY | {"loss": [0.9, 0.5, nan], "ablation_auc": [0.4, nan, 0.6]}
    left, right = plot_auc(history).axes
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2])
    np.testing.assert_array_equal(right.lines[0].get_xdata(), [1, 3])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [0.4, 0.6])


def test_one_epoch_and_an_area_that_is_nowhere(tmp_path):
    one = {"loss": [0.9], "val_loss": [0.8], "ablation_auc": [np.nan]}
    figure = plot_auc(one)
    figure.savefig(tmp_path / "odd.png")
    assert len(figure.axes[1].lines[0].get_xdata()) == 0


def test_the_history_is_not_changed():
    history = {name: list(values) for name, values in HISTORY.items()}
    plot_auc(history)
    assert history == HISTORY


def test_names_must_be_there():
    with pytest.raises(
        ValueError, match=r"must hold \['test_loss', 'auc'\], .* \['ablation_auc', 'acc"
    ):
        plot_auc(HISTORY, key="auc", losses=["loss", "test_loss"])


@pytest.mark.parametrize("short", ["val_loss", "ablation_auc"])
def test_every_epoch_must_have_a_value(short):
    with pytest.raises(ValueError, match=rf"each of its 3 epochs.*'{short}': 2"):
        plot_auc(HISTORY | {short: [0.1, 0.2]})
    short_alone = {"loss": [1, 2, 3], short: [0.1]}
    with pytest.raises(ValueError, match="each of its 3 epochs"):
        plot_auc(short_alone, key=short, losses=[short])
