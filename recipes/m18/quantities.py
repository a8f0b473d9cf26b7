"""One number of a run, for M18's figures and claims."""

import math

import numpy as np

from recipes.m18.analyses import curve, noise_curves
from recipes.quantities import (
    Quantity,
    in_points,
    over_units,
    percent,
    training_accuracy_by_epoch,
    unit_values,
)
from recipes.runner.runs import Run

#: Training accuracy, while it is trained, of a network that has fitted its labels.
FITTED = 0.95


def _area(run: Run) -> float:
    found = curve(run)
    return float(found.auc.mean()) if found else math.nan


def _normalized_area(run: Run) -> float:
    found = curve(run)
    return float(found.normalized_auc.mean()) if found else math.nan


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


def _epochs_to_fit(run: Run) -> float:
    accuracy = training_accuracy_by_epoch(run)[1:]
    fitted = np.flatnonzero(accuracy >= 100 * FITTED)
    return float(fitted[0] + 1 if fitted.size else len(accuracy))


area = Quantity("area", _area, "area under the ablation curve")
# That of a network that has learned nothing is 1: its curve is flat.
normalized_area = Quantity(
    "normalized_area", _normalized_area, "area over the intact accuracy"
)
# A network that never gets there took all its epochs at least.
epochs_to_fit = Quantity(
    "epochs_to_fit", _epochs_to_fit, f"epochs to {percent(FITTED)} training accuracy"
)
area_to_mean = Quantity("area_to_mean", _area_to_mean, "area, units clamped to means")
half = Quantity("half", _half, "fraction of silent units at half the accuracy")
training_accuracy = Quantity(
    "training_accuracy", _training_accuracy, "training accuracy", percent, in_points
)
# The paper does not define it.
generalization_error = Quantity(
    "generalization_error",
    lambda run: training_accuracy(run) - run.accuracy,
    "training accuracy less test accuracy",
    percent,
    in_points,
)
robustness = Quantity(
    "robustness", _robustness, "mean accuracy under noise", percent, in_points
)
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
