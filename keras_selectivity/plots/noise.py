"""Accuracy as noise is added to every unit."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.perturbation import NoiseCurve
from keras_selectivity.plots.ablation import common_top_k
from keras_selectivity.plots.arguments import lines_of, shared
from keras_selectivity.plots.colors import GRAY, categories
from keras_selectivity.plots.draw import (
    accuracy_label,
    deviation,
    draw_interval,
    figure_of,
    legend_beside,
    legend_width,
    one_panel,
)


def plot_noise(
    curves: NoiseCurve
    | Sequence[NoiseCurve | Sequence[NoiseCurve]]
    | Mapping[str, NoiseCurve | Sequence[NoiseCurve]],
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw accuracy against the scale of the noise, on a logarithmic axis.

    A line for each label: the mean, in a band of one standard deviation to either
    side, over the repeats of all curves of the label. A single repeat has no band.
    Scale 0, the intact network, has no place on the axis: its accuracy is a dashed
    line across.

    Args:
        curves: What `noise` returned, for a single line; or a list with an item for
            each line, or a mapping of label to it. An item may be a list of curves, of
            networks that belong together.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

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
    lines = lines_of("curves", curves, NoiseCurve, "what `noise` returned")
    top_k = common_top_k(lines)
    places = [
        shared("curves", label, [curve.scales for curve in group], "scales")
        for label, group in lines
    ]
    for (label, _), scales in zip(lines, places, strict=True):
        if not np.any(scales > 0):
            raise ValueError(
                "`curves` must have a scale above 0. Received: for "
                f"{label!r}, {scales.tolist()}."
            )

    intact = any(np.any(scales == 0) for scales in places)
    names = [label for label, _ in lines] + ["intact"] * intact
    axes = one_panel(ax, (5.5 + legend_width(names), 4), title)
    axes.set_xscale("log")
    for color, (label, group), x in zip(
        categories(len(lines)), lines, places, strict=True
    ):
        accuracy = 100 * np.concatenate([curve.accuracy for curve in group])
        # Scales come in any order, and a line through them must not go back.
        order = np.argsort(x, kind="stable")
        scales, accuracy = x[order], accuracy[:, order]
        noisy = scales > 0
        found = deviation(accuracy[:, noisy])
        draw_interval(axes, scales[noisy], found, color=color, label=label)
        if not noisy.all():
            height = float(accuracy[:, ~noisy].mean())
            axes.axhline(height, color=color, linestyle="--", linewidth=1, zorder=1)
    if intact:
        # One entry for the dashed lines of all labels.
        axes.plot([], [], color=GRAY, linestyle="--", linewidth=1, label="intact")
    axes.set(
        xlabel="scale of the noise (its variance over that of the unit)",
        ylabel=accuracy_label(top_k),
    )
    legend_beside(axes)
    return figure_of(axes)
