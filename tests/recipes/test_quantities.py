"""Numbers of runs, and how they are written."""

from types import SimpleNamespace

import numpy as np
import pytest

from recipes.quantities import (
    Quantity,
    accuracy,
    accuracy_by_epoch,
    chance,
    dead_share,
    number,
    over_layers,
    over_units,
    percent,
    training_accuracy_by_epoch,
    unit_values,
)


class Report(dict):
    """Two layers, of one unit and of three."""

    def mean(self, metric, *, without_dead):
        assert not without_dead
        return np.mean([one[metric].mean() for one in self.values()])


@pytest.fixture
def run():
    report = Report(
        a={"si": np.array([0.8]), "dead": np.array([1.0])},
        b={"si": np.array([0.0, 0.2, 0.4]), "dead": np.zeros(3)},
    )
    return SimpleNamespace(
        report=report,
        accuracy=0.75,
        settings=SimpleNamespace(data="imagenet2012"),
        history={"test_accuracy": [0.5, 0.75], "accuracy": [0.4, 0.8]},
        first_epoch={"test_accuracy": [0.1, 0.3]},
    )


def test_numbers_are_short():
    assert [number(v) for v in (0.0, 1234.5, -0.0123)] == ["0", "1234", "-0.012"]


def test_a_quantity_is_called_with_a_run(run):
    assert accuracy(run) == 0.75
    assert accuracy.write(accuracy(run)) == "75.0%"
    assert dead_share(run) == 0.25
    assert Quantity("a", lambda run: 2, "a").write is number


def test_means_over_units_and_over_layers_differ(run):
    assert over_units("si")(run) == pytest.approx(1.4 / 4)
    assert over_layers("si")(run) == pytest.approx((0.8 + 0.2) / 2)
    np.testing.assert_array_equal(unit_values(run.report), [0.8, 0, 0.2, 0.4])


def test_chance(run):
    assert (chance(run), chance(run, 5)) == (0.001, 0.005)
    run.settings.data = "digits"
    assert percent(chance(run)) == "10.0%"


def test_epochs_begin_before_training(run):
    np.testing.assert_allclose(accuracy_by_epoch(run), [10, 50, 75])
    np.testing.assert_allclose(training_accuracy_by_epoch(run), [np.nan, 40, 80])
