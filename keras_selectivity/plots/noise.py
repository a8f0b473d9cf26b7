"""Accuracy as noise is added to every unit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.perturbation import NoiseCurve
from keras_selectivity.plots._curves import (
    accuracy_label,
    by_label,
    colors,
    draw_band,
    figure_size,
    finish,
    shared,
)
from keras_selectivity.plots._figure import new_figure


def plot_noise(
    curves: NoiseCurve | Mapping[str, NoiseCurve | Sequence[NoiseCurve]],
    *,
    title: str = "",
) -> Any:
    """Draw accuracy against the scale of the noise, on a logarithmic axis.

    A line for each label: the mean, in a band of one standard deviation to either
    side, over the repeats of all curves of the label. A single repeat has no band.
    Scale 0, the intact network, has no place on the axis: its accuracy is a dashed
    line across.

    Args:
        curves: What `noise` returned: a curve, or a mapping of label to one, or
            to a list of them, of networks that belong together.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `curves` are not noise curves.
        ValueError: If there are no curves, one has no scale above 0, those of one
            label differ in their scales, or not all are of the same top-k
            accuracy.

    Example:
        >>> from keras_selectivity.perturbation import NoiseCurve
        >>> curve = NoiseCurve([0, 0.1, 1], [[0.9, 0.8, 0.5], [0.9, 0.7, 0.3]])
        >>> axes = plot_noise({"true labels": curve}).axes[0]
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['true labels', 'intact']

    Reference:
        M18 figure 2.
    """
    groups = by_label(curves, NoiseCurve, "noise")
    places = {
        label: shared(label, [curve.scales for curve in group], "scales")
        for label, group in groups.items()
    }
    for label, scales in places.items():
        if not np.any(scales > 0):
            raise ValueError(
                "`curves` must have a scale above 0. Received: for "
                f"{label!r}, {scales.tolist()}."
            )

    intact = any(np.any(scales == 0) for scales in places.values())
    names = [*groups, "intact"] if intact else list(groups)
    figure = new_figure(*figure_size(names), title)
    axes = figure.subplots()
    axes.set_xscale("log")
    for color, (label, group) in zip(colors(len(groups)), groups.items(), strict=True):
        accuracy = np.concatenate([curve.accuracy for curve in group])
        # Scales come in any order, and a line through them must not go back.
        order = np.argsort(places[label], kind="stable")
        scales, accuracy = places[label][order], accuracy[:, order]
        noisy = scales > 0
        draw_band(axes, scales[noisy], accuracy[:, noisy], color=color, label=label)
        if not noisy.all():
            height = 100 * accuracy[:, ~noisy].mean()
            axes.axhline(height, color=color, linestyle="--", linewidth=1, zorder=1)
    if intact:
        # One entry for the dashed lines of all labels.
        axes.plot([], [], color="0.4", linestyle="--", linewidth=1, label="intact")
    top_k = next(iter(groups.values()))[0].top_k
    axes.set(
        xlabel="scale of the noise (its variance over that of the unit)",
        ylabel=accuracy_label(top_k),
    )
    finish(axes)
    return figure
