"""One number of a run, for M18's figures and claims."""

import math

import numpy as np

from recipes.m18.analyses import curve, noise_curves
from recipes.quantities import Quantity, over_units, percent, unit_values
from recipes.runner.runs import Run

# The areas are not divided by the accuracy of the intact network: one that has learned
# nothing would have the greatest then.


def _area(run: Run) -> float:
    found = curve(run)
    return float(found.auc.mean()) if found else math.nan


def _area_to_mean(run: Run) -> float:
    found = curve(run, "mean")
    return float(found.auc.mean()) if found else math.nan


def _half(run: Run) -> float:
    found = curve(run)
    return found.half_point if found else math.nan


def _training_accuracy(run: Run) -> float:
    found = curve(run)
    return float(found.mean[0]) if found else math.nan


def _robustness(run: Run) -> float:
    for found in noise_curves([run]):
        return float(found.mean[found.scales > 0].mean())
    return math.nan


area = Quantity("area", _area, "area under the ablation curve")
area_to_mean = Quantity("area_to_mean", _area_to_mean, "area, units clamped to means")
half = Quantity("half", _half, "fraction of silent units at half the accuracy")
training_accuracy = Quantity(
    "training_accuracy", _training_accuracy, "training accuracy", percent
)
# The paper does not define it.
generalization_error = Quantity(
    "generalization_error",
    lambda run: training_accuracy(run) - run.accuracy,
    "training accuracy less test accuracy",
    percent,
)
robustness = Quantity("robustness", _robustness, "mean accuracy under noise", percent)
#: Over all units, with 0 for those that are dead.
unit_selectivity = Quantity("si", over_units("si"), "mean SI of units")
unit_information = Quantity(
    "mutual_information",
    over_units("mutual_information"),
    "mean mutual information of units",
)


def values(run: Run, metric: str) -> np.ndarray:
    """A measure of every unit of a network."""
    return unit_values(run.report, metric)
