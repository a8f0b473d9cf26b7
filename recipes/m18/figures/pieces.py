"""What M18's figures share: curves of several networks as bands, and titles."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from keras_selectivity.perturbation import AblationCurve, NoiseCurve
from keras_selectivity.plots._curves import accuracy_label, draw_band
from recipes.runner.runs import Run

TRAINING = "training "
BANDS = "Bands: standard deviation over networks and ten random orders of units."
_NAMES = {"mlp": "MLP", "convnet": "ConvNet", "resnet50": "ResNet50"}
_DATA = {
    "digits": "digits (small scale)",
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "imagenet2012": "ImageNet",
}


def titled(runs: Sequence[Run], text: str = "") -> str:
    """A title: the network, its data, and what is shown."""
    settings = runs[0].settings
    name = f"{_NAMES[settings.model]}, {_DATA[settings.data]}"
    return f"{name}: {text}" if text else name


def ablated(
    axes: Axes,
    groups: Mapping[str, Sequence[AblationCurve]],
    colors: Mapping[str, Any] | None = None,
    dotted: Collection[str] = (),
) -> None:
    """Draw training accuracy against the fraction of silent units.

    Args:
        colors: By label; None: one after another.
    """
    for index, (label, curves) in enumerate(groups.items()):
        accuracy = np.concatenate([one.accuracy for one in curves])
        area = np.mean([one.auc.mean() for one in curves])
        draw_band(
            axes,
            curves[0].fractions,
            accuracy,
            label=f"{label}: area {area:.2f}",
            color=colors[label] if colors else f"C{index}",
        )
        if label in dotted:
            axes.lines[-1].set_linestyle(":")
    top_k = max((one.top_k for curves in groups.values() for one in curves), default=1)
    axes.set(
        xlabel="fraction of units silenced",
        ylabel=accuracy_label(top_k, TRAINING),
        ylim=(0, 103),
    )
    legend(axes)


def noised(axes: Axes, groups: Mapping[str, Sequence[NoiseCurve]]) -> None:
    """Draw training accuracy against the scale of the noise."""
    axes.set_xscale("log")
    for index, (label, curves) in enumerate(groups.items()):
        scales = curves[0].scales
        accuracy = np.concatenate([one.accuracy for one in curves])
        draw_band(
            axes,
            scales[scales > 0],
            accuracy[:, scales > 0],
            label=label,
            color=f"C{index}",
        )
    top_k = max((one.top_k for curves in groups.values() for one in curves), default=1)
    axes.set(
        xlabel="variance of the noise over that of the unit",
        ylabel=accuracy_label(top_k, TRAINING),
        ylim=(0, 103),
    )
    legend(axes)


def legend(axes: Axes) -> None:
    """A legend below a panel, where no curve is."""
    axes.legend(
        frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2
    )
