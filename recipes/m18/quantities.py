"""One number of a run, for M18's figures and claims; NaN where it was not computed."""

import math

import numpy as np

from recipes.m18.analyses import curve, noise_curves
from recipes.runner.runs import Run


def area(run: Run) -> float:
    """Area under the ablation curve: mean accuracy over all fractions of silent units.

    It is not divided by the accuracy of the intact network: a network that has learned
    nothing would have the greatest area then.
    """
    found = curve(run)
    return float(found.auc.mean()) if found else math.nan


def area_to_mean(run: Run) -> float:
    """As `area`, of units clamped to the mean of each element of the map."""
    found = curve(run, "mean")
    return float(found.auc.mean()) if found else math.nan


def half(run: Run) -> float:
    """Fraction of silent units at which accuracy falls to a half."""
    found = curve(run)
    return found.half_point if found else math.nan


def training_accuracy(run: Run) -> float:
    """Of the intact network, on the labels that it was trained on."""
    found = curve(run)
    return float(found.mean[0]) if found else math.nan


def generalization_error(run: Run) -> float:
    """Training accuracy less test accuracy; the paper does not define it."""
    return training_accuracy(run) - run.accuracy


def robustness(run: Run) -> float:
    """Mean training accuracy over the scales of the noise, without 0."""
    for found in noise_curves([run]):
        return float(found.mean[found.scales > 0].mean())
    return math.nan


def selectivity(run: Run) -> float:
    """Mean SI over all units of the network; 0 for those that are dead."""
    return float(values(run, "si").mean())


def mutual_information(run: Run) -> float:
    """Mean mutual information with the class, over all units of the network."""
    return float(values(run, "mutual_information").mean())


def dead_share(run: Run) -> float:
    """Share of the units that respond to no image of the test set."""
    return float(values(run, "dead").mean())


def values(run: Run, metric: str) -> np.ndarray:
    """A measure of every unit of a network."""
    return np.concatenate([found[metric] for found in run.report.values()])
