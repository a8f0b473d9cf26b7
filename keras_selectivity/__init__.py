"""Control, measure and test the class selectivity of hidden units in Keras."""

from keras_selectivity import (
    callbacks,
    distribution,
    functional,
    inference,
    maximization,
    metrics,
    perturbation,
    projection,
    regularizers,
    similarity,
    taps,
)
from keras_selectivity.measure import measure
from keras_selectivity.model import SelectivityModel
from keras_selectivity.report import SelectivityReport

__version__ = "0.1.0"

__all__ = [
    "SelectivityModel",
    "SelectivityReport",
    "callbacks",
    "distribution",
    "functional",
    "inference",
    "maximization",
    "measure",
    "metrics",
    "perturbation",
    "projection",
    "regularizers",
    "similarity",
    "taps",
]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
