"""Accuracy as more and more units are silenced."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_choice, checked_flag
from keras_selectivity.perturbation import AblationCurve, NoiseCurve, area
from keras_selectivity.plots.arguments import lines_of, shared
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import (
    accuracy_label,
    deviation,
    draw_interval,
    figure_of,
    legend_beside,
    legend_width,
    one_panel,
)

Curve = TypeVar("Curve", AblationCurve, NoiseCurve)

_AXES: dict[Literal["fraction", "count"], str] = {
    "fraction": "fraction of units silenced",
    "count": "number of units silenced",
}


def plot_ablation(
    curves: AblationCurve
    | Sequence[AblationCurve | Sequence[AblationCurve]]
    | Mapping[str, AblationCurve | Sequence[AblationCurve]],
    *,
    test: bool = False,
    against: Literal["fraction", "count"] = "fraction",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw accuracy against how many units are silenced.

    A line for each label: the mean, in a band of one standard deviation to either
    side, over the repeats of all curves of the label. The legend has the area
    under the curves, mean and standard deviation over the same repeats. A single
    repeat, as of a ranked order, has neither band nor deviation; a curve of a
    single point has no area.

    Args:
        curves: What `cumulative` returned, for a single line; or a list with an item
            for each line, or a mapping of label to it, as `cumulative_within`
            returns. An item may be a list of curves, of networks that belong together.
        test: Whether to draw the accuracy on the test set.
        against: What is along x: the `"fraction"` of the units, or their
            `"count"`.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `curves` are not ablation curves, or an option is of a wrong
            type.
        ValueError: If there are no curves, one has no accuracy on a test set that
            is asked for, those of one label are not at the same points, not all
            are of the same top-k accuracy, or `against` is neither of the two.

    Example:
        >>> from keras_selectivity.perturbation import AblationCurve
        >>> steady = AblationCurve([0, 2, 4], {"a": 4}, [[1, 0.9, 0.1], [1, 0.7, 0.1]])
        >>> falls = AblationCurve([0, 2, 4], {"a": 4}, [[1.0, 0.3, 0.1]])
        >>> figure = plot_ablation({"random": steady, "selective first": falls})
        >>> for text in figure.axes[0].get_legend().get_texts():
        ...     print(text.get_text())
        random: AUC 0.675 ± 0.050
        selective first: AUC 0.425

    Reference:
        M18 figures 1, 3a and A1. R22 figures 3 and 8 are of the same kind, but
        with confidence intervals.
    """
    against = checked_choice("against", against, _AXES)
    test = checked_flag("test", test)
    lines = lines_of("curves", curves, AblationCurve, "what `cumulative` returned")
    top_k = common_top_k(lines)
    places = [_places(label, group, against) for label, group in lines]
    values = [_accuracy(label, group, test) for label, group in lines]
    names = [
        _name(label, x, accuracy)
        for (label, _), x, accuracy in zip(lines, places, values, strict=True)
    ]

    axes = one_panel(ax, (5.5 + legend_width(names), 4), title)
    for color, name, x, accuracy in zip(
        categories(len(lines)), names, places, values, strict=True
    ):
        draw_interval(axes, x, deviation(100 * accuracy), color=color, label=name)
    axes.set(
        xlabel=_AXES[against], ylabel=accuracy_label(top_k, "test " if test else "")
    )
    legend_beside(axes)
    return figure_of(axes)


def common_top_k(lines: Sequence[tuple[str, Sequence[Curve]]]) -> int:
    """The k of the accuracy of all curves; a ValueError where they differ."""
    found = sorted({curve.top_k for _, group in lines for curve in group})
    if len(found) > 1:
        raise ValueError(
            f"`curves` must be of the same top-k accuracy. Received: top_k of {found}."
        )
    return found[0]


def _places(label: str, group: Sequence[AblationCurve], against: str) -> np.ndarray:
    """`(points,)`: where the curves of a label lie along x."""
    if against == "count":
        counts = [curve.counts for curve in group]
        return shared("curves", label, counts, "counts of units")
    fractions = [curve.fractions for curve in group]
    return shared("curves", label, fractions, "fractions of units")


def _accuracy(label: str, group: Sequence[AblationCurve], test: bool) -> np.ndarray:
    """`(repeats, points)`: the repeats of all curves of a label."""
    found = [curve.test_accuracy if test else curve.accuracy for curve in group]
    held = [accuracy for accuracy in found if accuracy is not None]
    if len(held) < len(found):
        raise ValueError(
            "`curves` must hold the accuracy on a test set for `test=True`: pass "
            f"`test_data` to `cumulative`. Received: none for {label!r}."
        )
    return np.concatenate(held)


def _name(label: str, x: np.ndarray, accuracy: np.ndarray) -> str:
    """What the legend says of a label."""
    if len(x) < 2:
        return label
    areas = area(x, accuracy)
    spread = f" ± {areas.std():.3f}" if len(areas) > 1 else ""
    return f"{label}{': ' if label else ''}AUC {areas.mean():.3f}{spread}"
