"""What the figures of a report share: measures with names, layers along an axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_choice, checked_kind
from keras_selectivity.report import SelectivityReport

_LABELS = {
    "dprime": "class discriminability d'",
    "l1_norm": "L1 norm of the filter",
    "mutual_information": "mutual information (bits)",
    "si": "class selectivity index",
    "si_second": "selectivity index of the second class",
}


def check_measure(
    report: Any, measure: Any, argument: str, report_argument: str = "report"
) -> None:
    """Raise unless there is a report, and it holds the measure.

    Raises:
        TypeError: If `report` is no report.
        ValueError: If it does not hold the measure.
    """
    wanted = "what `measure` returned"
    checked_kind(report_argument, report, SelectivityReport, wanted)
    checked_choice(argument, measure, report.metrics)


def measure_label(measure: str) -> str:
    """Name of a measure as an axis shows it."""
    return _LABELS.get(measure, measure.replace("_", " "))


def figure_width(layers: int) -> float:
    """Inches that a figure with so many layers along its x axis needs."""
    return min(max(4.5, 1.5 + 0.35 * layers), 16.0)


def label_layers(axes: Any, names: Sequence[str]) -> None:
    """Name the layers along the x axis, upright text, however many there are."""
    size = 8 if len(names) <= 80 else 5
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.spines[["top", "right"]].set_visible(False)


def depth_norm(layers: int) -> Any:
    """Norm that spreads so many layers over a color map."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(np.arange(layers + 1) - 0.5, 256)


def scatter_units(
    axes: Any, x: np.ndarray, y: np.ndarray, depth: np.ndarray, layers: int
) -> Any:
    """Draw one point a unit, colored by the depth of its layer."""
    return axes.scatter(
        x,
        y,
        c=depth,
        s=14 if len(depth) < 3000 else 4,
        cmap="viridis",
        norm=depth_norm(layers),
        alpha=0.7,
        linewidths=0,
    )


def depth_bar(points: Any, axes: Any, names: Sequence[str]) -> None:
    """Name the layers along a color bar, from the first at the top."""
    step = -(-len(names) // 30)
    bar = axes.figure.colorbar(points, ax=axes, ticks=range(0, len(names), step))
    bar.ax.set_yticklabels(names[::step], fontsize=7)
    bar.ax.minorticks_off()
    bar.ax.invert_yaxis()
