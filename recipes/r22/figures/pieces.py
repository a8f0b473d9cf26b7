"""What the panels hold: values against the epoch, in bands of intervals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import CATEGORIES, GRAY, Color, categories
from keras_selectivity.plots.draw import draw_interval, epoch_axis, mean_interval
from recipes import quantities
from recipes.figures import head, legend, panels, titled
from recipes.r22.quantities import NONE, Cases, blocks, common_epochs
from recipes.runner.runs import Run

SELECTIVITY = "class selectivity index"
ACCURACY = "test accuracy (%)"
NETWORKS = "Lines: means over networks, bands: bootstrapped 95% intervals over them."
BLOCKS = (
    "Lines: means over a module's bottleneck blocks and over networks, bands: "
    "bootstrapped 95% intervals over the blocks."
)
MODULES = dict(zip((4, 5, 6, 7), CATEGORIES, strict=False))
#: What is followed of a run, and what an axis calls it.
TEST = quantities.accuracy_by_epoch, ACCURACY
TRAINING = quantities.training_accuracy_by_epoch, "training accuracy (%)"
#: Networks without a regularizer, in the many figures that have them.
PLAIN = "0.25"

#: Draws a panel.
Panel = Callable[[Axes], None]


def opened(
    run: Run,
    text: str,
    caption: str,
    rows: int,
    columns: int,
    size: tuple[float, float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty figure with a title that says which network and data."""
    title = titled(run.settings, text)
    # A narrow figure has no room for a long line.
    if columns == 1:
        title = title.replace(": ", ":\n", 1)
    return panels(title, caption, rows, columns, size)


def page(
    runs: Sequence[Run],
    text: str,
    caption: str,
    rows: Sequence[Sequence[Panel | None]],
    size: tuple[float, float] | None = None,
) -> Figure:
    """A figure of panels; where there is None, it is empty."""
    figure, axes = opened(runs[0], text, caption, len(rows), len(rows[0]), size)
    for place, draw in zip(axes, [one for row in rows for one in row], strict=True):
        if draw:
            draw(place)
        else:
            place.set_visible(False)
    return figure


def follow(
    axes: Axes, epochs: Any, table: Any, *, label: str | None = None, **style: Any
) -> None:
    """Draw a mean against the epoch, in a band."""
    means = mean_interval(np.asarray(table))
    draw_interval(axes, epochs, means, label=label, **{"markersize": 3, **style})


def cases_panel(
    cases: Cases,
    followed: tuple[Callable[[Run], np.ndarray], str],
    *switches: int,
    epochs: int | None = None,
    named: Mapping[str, Any] | None = None,
    zoomed: bool = False,
    colors: Sequence[Color] | None = None,
) -> Panel:
    """A value of runs against the epoch, a line for each case.

    Args:
        switches: Epochs at which a regularizer is switched on or off.
        epochs: The last that is drawn; None: the last that all runs have had.
        named: Where a legend stands; None: there is none.
        zoomed: Whether the second half of the training is shown alone.
        colors: Of the cases; None: those of `shades`.
    """
    value, ylabel = followed
    last = common_epochs(every(cases)) if epochs is None else epochs

    def drawn(axes: Axes) -> None:
        lines = zip(colors or shades(cases), cases.items(), strict=True)
        for color, (label, runs) in lines:
            table = [value(run)[: last + 1] for run in runs]
            follow(axes, np.arange(len(table[0])), table, label=label, color=color)
        epoch_axis(axes, ylabel)
        switched(axes, *switches)
        if zoomed:
            zoom(axes, last)
        if named is not None:
            legend(axes, **named)

    return drawn


def modules_panel(
    runs: Sequence[Run], epochs: int, title: str, *switches: int, named: bool = False
) -> Panel:
    """SI against the epoch, a line for each module."""

    def drawn(axes: Axes) -> None:
        found = [blocks(run) for run in runs]
        for module in found[0]:
            table = np.mean([one[module][:, : epochs + 1] for one in found], axis=0)
            places, style = np.arange(table.shape[1]), {"color": MODULES[module]}
            follow(axes, places, table, label=f"module {module}", **style)
        epoch_axis(axes, SELECTIVITY)
        axes.set_ylim(0, 1)
        head(axes, title)
        switched(axes, *switches)
        if named:
            legend(axes)

    return drawn


def every(cases: Cases) -> list[Run]:
    """The runs of all cases."""
    return [run for runs in cases.values() for run in runs]


def shades(cases: Mapping[str, Any]) -> list[Color]:
    """A color for each case: dark for none, else one after another."""
    # Without the last category, which is nearly that of none.
    others = iter(categories(len(cases) - (NONE in cases) + 1))
    return [PLAIN if label == NONE else next(others) for label in cases]


def switched(axes: Axes, *epochs: float) -> None:
    """Mark when a regularizer is switched on or off."""
    for epoch in epochs:
        axes.axvline(epoch, color=GRAY, linestyle=":", linewidth=1, zorder=0)


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
    head(axes, "the second half")
