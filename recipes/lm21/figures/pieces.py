"""What the panels hold: lines with intervals, points, distributions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from keras_selectivity.plots._intervals import draw_interval, mean_interval
from keras_selectivity.plots._layers import measure_label
from recipes.lm21.figures.frames import ACCURACY, alpha_axis, even, mark
from recipes.lm21.figures.values import (
    Runs,
    Tests,
    Value,
    accuracy,
    against_zero,
    interval,
    mean_of,
    sampled,
    stars,
)
from recipes.runner.runs import Run


def line(
    axes: Axes, places: Mapping[float, float], runs: Runs, value: Value, **style: Any
) -> None:
    """Draw means against alpha, in a band of intervals."""
    shown = {alpha: runs[alpha] for alpha in places if alpha in runs}
    samples = sampled(shown, value)
    draw_interval(
        axes,
        [places[alpha] for alpha in samples],
        interval([*samples.values()]),
        **style,
    )


def curve(
    axes: Axes,
    runs: Runs,
    value: Value,
    ylabel: str,
    colors: Mapping[float, Any],
    tests: Tests | None = None,
) -> None:
    """Draw a value of one sweep against alpha, a dot for each alpha's mean."""
    places = even(runs)
    line(axes, places, runs, value, color="0.6", marker="")
    for alpha, values in sampled(runs, value).items():
        axes.plot(places[alpha], np.mean(values), "o", color=colors[alpha], zorder=3)
    alpha_axis(axes, places, ylabel)
    mark(axes, places, tests or {})


def curves(
    axes: Axes,
    groups: Mapping[str, Runs],
    value: Value,
    ylabel: str,
    *,
    marked: bool = False,
) -> None:
    """Draw a value of several sweeps against alpha, a line for each."""
    places = even({alpha for runs in groups.values() for alpha in runs})
    for index, (label, runs) in enumerate(groups.items()):
        line(axes, places, runs, value, color=f"C{index}", label=label)
        if marked:
            tests = against_zero(runs, value)
            mark(axes, places, tests, row=index, color=f"C{index}")
    alpha_axis(axes, places, ylabel)
    axes.legend(frameon=False, fontsize=8)


def by_layer(
    axes: Axes,
    runs: Runs,
    values: Callable[[Run], Mapping[str, float]],
    ylabel: str,
    colors: Mapping[float, Any],
) -> None:
    """Draw a value by layer, a line for each alpha, in bands of intervals."""
    for alpha, ones in runs.items():
        table = np.array([[*values(run).values()] for run in ones])
        draw_interval(
            axes,
            np.arange(table.shape[1]),
            mean_interval(table, 0),
            color=colors[alpha],
            markersize=3,
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="layer", ylabel=ylabel)


def layers_and_mean(
    axes: Sequence[Axes],
    runs: Runs,
    metric: str,
    colors: Mapping[float, Any],
) -> None:
    """Draw a measure by layer, and the network's mean against alpha."""
    name = f"mean {measure_label(metric)}"
    by_layer(axes[0], runs, lambda run: run.report.layer_means(metric), name, colors)
    curve(axes[1], runs, mean_of(metric), f"{name}\nof the network", colors)


def means(
    axes: Axes,
    runs: Runs,
    value: Value,
    xlabel: str,
    colors: Mapping[float, Any],
    tests: Tests,
) -> None:
    """Draw accuracy against another value: a point an alpha, intervals both ways."""
    x = interval([*sampled(runs, value).values()])
    y = interval([*sampled(runs, accuracy).values()])
    axes.plot(x.mean, y.mean, color="0.7", linewidth=1, zorder=1)
    ends = [(one.mean - one.low, one.high - one.mean) for one in (x, y)]
    for index, alpha in enumerate(runs):
        xerr, yerr = ([[below[index]], [above[index]]] for below, above in ends)
        point = x.mean[index], y.mean[index]
        axes.errorbar(*point, yerr, xerr, fmt="o", color=colors[alpha], markersize=5)
        if alpha in tests and np.isfinite(point).all():
            axes.annotate(
                stars(tests[alpha].corrected),
                point,
                (3, 2),
                textcoords="offset points",
                fontsize=8,
            )
    axes.set(xlabel=xlabel, ylabel=ACCURACY)


def cloud(
    axes: Axes,
    runs: Runs,
    value: Value,
    xlabel: str,
    colors: Mapping[float, Any],
    **style: Any,
) -> None:
    """Draw accuracy against another value, a point for every network."""
    for alpha, ones in runs.items():
        axes.plot(
            [value(run) for run in ones],
            [accuracy(run) for run in ones],
            **{"marker": "o", "markersize": 4, "color": colors[alpha], **style},
            linestyle="",
        )
    axes.set(xlabel=xlabel, ylabel=ACCURACY)


def distributions(
    axes: Axes,
    runs: Runs,
    value: Value,
    ylabel: str,
    colors: Mapping[float, Any],
    tests: Tests,
) -> None:
    """Draw a value of one sweep against alpha, a violin for each alpha."""
    places = even(runs)
    violins(axes, places, runs, value, colors)
    alpha_axis(axes, places, ylabel)
    mark(axes, places, tests)


def violins(
    axes: Axes,
    places: Mapping[float, float],
    runs: Runs,
    value: Value,
    colors: Mapping[float, Any],
    *,
    width: float = 0.8,
) -> None:
    """Draw the distribution over replicates of each alpha: a violin, a box in it."""
    for alpha, values in sampled(runs, value).items():
        if alpha not in places:
            continue
        place = places[alpha]
        # One value alone has no density; its box is a line.
        if len(values) > 1:
            drawn: dict[str, Any] = axes.violinplot(
                values, [place], widths=width, showextrema=False
            )
            for body in drawn["bodies"]:
                body.set(facecolor=colors[alpha], alpha=0.45)
        boxes(axes, [values], [place], width=width / 5)


def boxes(
    axes: Axes,
    samples: Sequence[Any],
    places: Sequence[float],
    *,
    width: float,
    whiskers: float = 1.5,
) -> None:
    """Draw boxes from quartile to quartile, with the median."""
    axes.boxplot(
        samples,
        positions=places,
        widths=width,
        whis=whiskers,
        showfliers=False,
        manage_ticks=False,
        medianprops={"color": "black"},
        boxprops={"color": "0.2"},
        whiskerprops={"color": "0.2"},
        showcaps=False,
    )
