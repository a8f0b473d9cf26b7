"""The measures' registry; their numbers are tested where the formulas are."""

import pytest

from keras_selectivity import metrics
from keras_selectivity.metrics import UnitMetric


def test_names_and_instances_are_accepted():
    assert metrics.get("dprime").name == "dprime"
    mine = metrics.ClassSelectivity(epsilon=1e-6)
    assert metrics.get(mine) is mine


def test_a_measure_of_ones_own_is_one_class():
    class Mine(UnitMetric):
        name = "mine"

    with pytest.raises(NotImplementedError, match=r"Mine must implement `compute"):
        metrics.get(Mine()).compute(None)
