"""What M18's figures share: accuracy as units are silenced, or as noise grows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from keras_selectivity.perturbation import AblationCurve, NoiseCurve
from keras_selectivity.plots import plot_ablation, plot_noise
from recipes.figures import legend_below

#: Inches of a single panel with a line of the legend for each curve below.
TALL = 4.8, 5.4
BANDS = "Bands: standard deviation over networks and ten random orders of units."


def ablated(axes: Axes, groups: Mapping[str, Sequence[AblationCurve]]) -> None:
    """Draw training accuracy against the fraction of silent units."""
    _of_training(axes, plot_ablation, groups, columns=1)


def normalized(
    groups: Mapping[str, Sequence[AblationCurve]],
) -> dict[str, Sequence[AblationCurve]]:
    """The same, named with their areas over the accuracy of the intact network."""
    return {
        f"{label} (normalized {mean_normalized(curves):.3f})": curves
        for label, curves in groups.items()
        if curves
    }


def mean_normalized(curves: Sequence[AblationCurve]) -> float:
    """Mean over networks."""
    return float(np.mean([one.normalized_auc.mean() for one in curves]))


def noised(axes: Axes, groups: Mapping[str, Sequence[NoiseCurve]]) -> None:
    """Draw training accuracy against the scale of the noise."""
    _of_training(axes, plot_noise, groups, columns=2)


def _of_training(
    axes: Axes, plot: Any, groups: Mapping[str, Any], columns: int
) -> None:
    """Say which accuracy it is, and leave the curves the width of the panel."""
    if shown := {label: curves for label, curves in groups.items() if curves}:
        plot(shown, ax=axes)
        axes.set(ylabel=f"training {axes.get_ylabel()}", ylim=(0, 103))
        legend_below(axes, columns)
