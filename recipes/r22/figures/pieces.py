"""What the panels hold: values against the epoch, in bands of intervals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_selectivity.plots._intervals import draw_interval, mean_interval
from recipes.figures import panels
from recipes.r22.quantities import NONE, Cases, blocks, common_epochs
from recipes.runner.runs import Run

ACCURACY = "test accuracy (%)"
TRAINING = "training accuracy (%)"
SELECTIVITY = "class selectivity index"
NETWORKS = "Lines: means over networks, bands: bootstrapped 95% intervals over them."
BLOCKS = (
    "Lines: means over a module's bottleneck blocks and over networks, bands: "
    "bootstrapped 95% intervals over the blocks."
)
DATA = {"imagenet2012": "ImageNet", "digits": "digits (small scale)"}
COLORS = {4: "C0", 5: "C1", 6: "C2", 7: "C3"}
#: For each label the values of each run, epoch by epoch.
Tables = dict[str, list[np.ndarray]]
#: Of the cases that many figures have, so that a color means one thing.
_CASES = {NONE: "0.25"}


def opened(
    runs: Sequence[Run], text: str, caption: str, rows: int, columns: int
) -> tuple[Figure, Any]:
    """An empty figure with a title that says which network and data."""
    data = runs[0].settings.data
    title = f"ResNet50, {DATA.get(data, data)}: {text}"
    # A narrow figure has no room for a long line.
    if columns == 1:
        title = title.replace(": ", ":\n", 1)
    return panels(title, caption, rows, columns)


def follow(
    axes: Axes, epochs: Any, table: Any, *, label: str | None = None, **style: Any
) -> None:
    """Draw a mean against the epoch, in a band."""
    style = {"markersize": 3, **style}
    draw_interval(
        axes, epochs, mean_interval(np.asarray(table), 0), label=label, **style
    )


def tables(
    cases: Cases, value: Callable[[Run], np.ndarray], epochs: int | None = None
) -> Tables:
    """Values of the runs of each case, to the epoch that all of them have had."""
    last = common_epochs([run for runs in cases.values() for run in runs])
    last = last if epochs is None else min(last, epochs)
    return {
        label: [value(run)[: last + 1] for run in runs] for label, runs in cases.items()
    }


def follow_cases(
    axes: Axes, shown: Tables, ylabel: str, colors: Sequence[Any] | None = None
) -> None:
    """Draw a value of runs against the epoch, a line for each case.

    Args:
        colors: Of the cases; None: those of `shades`.
    """
    colors = shades(shown) if colors is None else colors
    for color, (label, table) in zip(colors, shown.items(), strict=True):
        follow(axes, np.arange(len(table[0])), table, label=label, color=color)
    epoch_axis(axes, ylabel)


def shades(cases: Mapping[str, Any]) -> list[Any]:
    """A color for each case: dark for none, else one after another."""
    others = iter(range(10))
    return [_CASES.get(label) or f"C{next(others)}" for label in cases]


def scale(count: int) -> list[Any]:
    """Colors of as many epochs, the early ones dark."""
    return list(colormaps["viridis"](np.linspace(0, 0.9, count)))


def follow_modules(axes: Axes, runs: Sequence[Run], length: int) -> None:
    """Draw SI against the epoch, a line for each module."""
    found = [blocks(run) for run in runs]
    for module in found[0]:
        table = np.mean([one[module][:, : length + 1] for one in found], axis=0)
        follow(
            axes,
            np.arange(table.shape[1]),
            table,
            label=f"module {module}",
            color=COLORS[module],
        )
    epoch_axis(axes, SELECTIVITY)
    axes.set_ylim(0, 1)


def epoch_axis(axes: Axes, ylabel: str) -> None:
    """Name the axes of a panel over epochs."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel=ylabel)


def switched(axes: Axes, *epochs: int) -> None:
    """Mark when a regularizer is switched on or off."""
    for epoch in epochs:
        axes.axvline(epoch, color="0.6", linestyle=":", linewidth=1, zorder=0)


def zoom(axes: Axes, epochs: int) -> None:
    """Show the second half of the training alone."""
    first = max(1, epochs // 2)
    heights = [
        np.asarray(line.get_ydata(), float)[first:]
        for line in axes.lines
        if len(np.asarray(line.get_xdata())) > first
    ]
    low = float(np.nanmin(np.concatenate(heights)))
    axes.set(xlim=(first - 0.5, epochs + 0.5), ylim=(low - 3, 101))
    axes.set_title("the second half", fontsize=10)


def name_lines(axes: Axes, **placed: Any) -> None:
    """A legend within a panel."""
    axes.legend(frameon=False, fontsize=8, **placed)
