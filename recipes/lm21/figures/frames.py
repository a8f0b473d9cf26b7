"""What surrounds the curves: alphas along an axis, their colors, marks."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from recipes.lm21.figures.values import Tests, stars

SELECTIVITY = "mean class selectivity index"
ACCURACY = "test accuracy (%)"
INTERVALS = "Bands and bars: bootstrapped 95% intervals over replicates."
LEVELS = "Bonferroni-corrected, * p < 0.05, ** p < 0.01, *** p < 0.001."
MARKS = f"Marks: difference from alpha = 0, t-test, {LEVELS}"

# More alphas than this stand upright, in small print.
_CROWDED = 8


def shades(alphas: Collection[float]) -> dict[float, Any]:
    """A color for each alpha: blue below 0, red above, darker further out."""
    found: dict[float, Any] = {0.0: (0.2, 0.2, 0.2, 1.0)} if 0 in alphas else {}
    for sign, name in ((-1, "YlGnBu"), (1, "YlOrRd")):
        some = sorted((alpha for alpha in alphas if alpha * sign > 0), key=abs)
        tones = colormaps[name](np.linspace(0.4, 1, len(some)))
        found.update(zip(some, map(tuple, tones), strict=True))
    return dict(sorted(found.items()))


def name_shades(figure: Figure, colors: Mapping[float, Any]) -> None:
    """A legend of the alphas, beside the panels."""
    handles = [
        Line2D([], [], marker="o", color=color, label=f"{alpha:g}")
        for alpha, color in colors.items()
    ]
    figure.legend(
        handles=handles,
        loc="outside right upper",
        title="alpha",
        # As many columns as keep it inside the figure.
        ncols=1 + int(len(colors) / (5 * figure.get_figheight())),
        frameon=False,
        fontsize=8,
        markerscale=0.8,
    )


def even(alphas: Collection[float]) -> dict[float, int]:
    """Where alphas stand on an axis: evenly, since a sweep spans magnitudes."""
    return {alpha: place for place, alpha in enumerate(sorted(alphas))}


def alpha_axis(
    axes: Axes, places: Mapping[float, float], ylabel: str, xlabel: str = "alpha"
) -> None:
    """Name alphas along the x axis."""
    crowded = len(places) > _CROWDED
    axes.set_xticks(
        list(places.values()),
        [f"{alpha:g}" for alpha in places],
        rotation=90 if crowded else 0,
        fontsize=8 if crowded else None,
    )
    axes.set(xlabel=xlabel, ylabel=ylabel)


def mark(
    axes: Axes,
    places: Mapping[float, float],
    tests: Tests,
    *,
    row: int = 0,
    color: Any = "black",
) -> None:
    """Write the marks of tests above a panel."""
    for alpha in set(places) & set(tests):
        axes.annotate(
            stars(tests[alpha].corrected),
            (places[alpha], 1),
            (0, 8 * row),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8 if len(places) <= _CROWDED else 6,
            color=color,
        )
