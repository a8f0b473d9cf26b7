"""What a network relies on: units silenced, alone and together, and noise."""

from keras_selectivity.perturbation.correlation import (
    ImportanceCorrelation,
    ImportanceCorrelations,
    importance_correlations,
)
from keras_selectivity.perturbation.cumulative import cumulative, cumulative_within
from keras_selectivity.perturbation.curve import AblationCurve, NoiseCurve, area
from keras_selectivity.perturbation.noise import noise
from keras_selectivity.perturbation.single_unit import SingleUnitAblation, single_unit

__all__ = [
    "AblationCurve",
    "ImportanceCorrelation",
    "ImportanceCorrelations",
    "NoiseCurve",
    "SingleUnitAblation",
    "area",
    "cumulative",
    "cumulative_within",
    "importance_correlations",
    "noise",
    "single_unit",
]
