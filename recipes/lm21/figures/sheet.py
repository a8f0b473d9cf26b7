"""The panels of a sweep: values against alpha, by layer, against accuracy."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_selectivity.plots import draw
from keras_selectivity.plots.colors import GRAY, Color, by_sign, categories
from recipes.figures import legend, legend_outside, panels, titled
from recipes.lm21.figures.values import (
    ACCURACY,
    Runs,
    Tests,
    Value,
    against_zero,
    mean_of,
    sampled,
    stars,
)

INTERVALS = "Bands and bars: bootstrapped 95% intervals over replicates."
LEVELS = "Bonferroni-corrected, * p < 0.05, ** p < 0.01, *** p < 0.001."
MARKS = f"Marks: difference from alpha = 0, t-test, {LEVELS}"
#: Limits of an axis of shares.
SHARES = (-0.03, 1.03)


class Sheet:
    """A figure of a sweep, all of whose panels have the same colors and tests.

    The methods draw a panel, of all runs or of some of them.

    Attributes:
        runs: All that is shown.
        figure: The figure.
        axes: Of the panels, row by row.
    """

    def __init__(
        self,
        runs: Runs,
        text: str,
        caption: str,
        rows: int,
        columns: int,
        network: str = "",
    ) -> None:
        settings = next(iter(runs.values()))[0].settings
        title = titled(settings, text, network)
        self.runs, self.colors = runs, by_sign(runs)
        self.figure, self.axes = panels(title, caption, rows, columns)

    @functools.cached_property
    def tests(self) -> Tests:
        """Of accuracy: one family, of all alphas, in whichever panel."""
        return against_zero(self.runs, ACCURACY)

    def named(self) -> Figure:
        """The figure, with a legend of the alphas beside the panels."""
        handles = [
            Line2D([], [], marker="o", color=color, label=f"{alpha:g}")
            for alpha, color in self.colors.items()
        ]
        # As many columns as keep it inside the figure.
        columns = 1 + int(len(handles) / (5 * self.figure.get_figheight()))
        style = {"title": "alpha", "ncols": columns, "markerscale": 0.8}
        legend_outside(self.figure, handles, loc="outside right upper", **style)
        return self.figure

    def curve(
        self,
        axes: Axes,
        value: Value,
        runs: Runs | None = None,
        *,
        marked: bool = False,
        ylim: Any = None,
    ) -> None:
        """Against alpha: a line through dots, each an alpha's mean."""
        runs = self.runs if runs is None else runs
        places = draw.alpha_axis(axes, runs)
        line(axes, places, runs, value, color=GRAY, marker="")
        for alpha, values in sampled(runs, value).items():
            color = self.colors[alpha]
            axes.plot(places[alpha], np.mean(values), "o", color=color, zorder=3)
        axes.set(ylabel=value.label, ylim=ylim)
        mark(axes, places, self.tests if marked else {})

    def distributions(self, axes: Axes, value: Value, runs: Runs) -> None:
        """Against alpha: a violin for each, with the marks of the tests."""
        places = draw.alpha_axis(axes, runs)
        violins(axes, places, runs, value, self.colors)
        axes.set(ylabel=value.label)
        mark(axes, places, self.tests)

    def by_layer(self, axes: Axes, metric: str, runs: Runs | None = None) -> None:
        """A measure by layer: a line for each alpha, in bands of intervals."""
        for alpha, ones in (self.runs if runs is None else runs).items():
            table = np.array(
                [[*one.report.layer_means(metric).values()] for one in ones]
            )
            style = {"color": self.colors[alpha], "markersize": 3}
            places, means = np.arange(table.shape[1]), draw.mean_interval(table)
            draw.draw_interval(axes, places, means, **style)
        draw.epoch_axis(axes, f"mean {draw.measure_label(metric)}", "layer")

    def layers_and_mean(
        self, axes: Sequence[Axes], metric: str, runs: Runs | None = None
    ) -> None:
        """A measure by layer, and the network's mean against alpha."""
        label = f"mean {draw.measure_label(metric)}\nof the network"
        self.by_layer(axes[0], metric, runs)
        self.curve(axes[1], mean_of(metric, label), runs)

    def means(self, axes: Axes, value: Value, runs: Runs | None = None) -> None:
        """Accuracy against a value: a point an alpha, intervals both ways."""
        runs = self.runs if runs is None else runs
        x, y = (
            draw.sample_intervals([*sampled(runs, one).values()])
            for one in (value, ACCURACY)
        )
        axes.plot(x.mean, y.mean, color=GRAY, linewidth=1, zorder=1)
        ends = [(one.mean - one.low, one.high - one.mean) for one in (x, y)]
        for index, alpha in enumerate(runs):
            xerr, yerr = ([[low[index]], [high[index]]] for low, high in ends)
            point = x.mean[index], y.mean[index]
            style: Any = {"fmt": "o", "color": self.colors[alpha], "markersize": 5}
            axes.errorbar(*point, yerr, xerr, **style)
            if alpha in self.tests and np.isfinite(point).all():
                text = stars(self.tests[alpha].corrected)
                beside: Any = {"textcoords": "offset points", "fontsize": 8}
                axes.annotate(text, point, (3, 2), **beside)
        axes.set(xlabel=value.label, ylabel=ACCURACY.label)

    def cloud(
        self, axes: Axes, value: Value, runs: Runs | None = None, marker: str = "o"
    ) -> None:
        """Accuracy against a value: a point for every network."""
        for alpha, ones in (self.runs if runs is None else runs).items():
            points = np.reshape([(value.of(r), ACCURACY.of(r)) for r in ones], (-1, 2))
            style: Any = {"markersize": 4, "color": self.colors[alpha]}
            axes.plot(*points.T, linestyle="", marker=marker, **style)
        axes.set(xlabel=value.label, ylabel=ACCURACY.label)


def line(
    axes: Axes, places: Mapping[float, float], runs: Runs, value: Value, **style: Any
) -> None:
    """Draw means against alpha, in a band of intervals."""
    samples = sampled({alpha: runs[alpha] for alpha in places if alpha in runs}, value)
    means = draw.sample_intervals([*samples.values()])
    draw.draw_interval(axes, [places[alpha] for alpha in samples], means, **style)


def curves(
    axes: Axes, groups: Mapping[str, Runs], value: Value, *, marked: bool = False
) -> None:
    """Draw a value of several sweeps against alpha, a line for each."""
    places = draw.alpha_axis(
        axes, {alpha for runs in groups.values() for alpha in runs}
    )
    colors = categories(len(groups))
    for row, (color, (label, runs)) in enumerate(
        zip(colors, groups.items(), strict=True)
    ):
        line(axes, places, runs, value, color=color, label=label)
        if marked:
            mark(axes, places, against_zero(runs, value), row=row, color=color)
    axes.set(ylabel=value.label)
    legend(axes)


def violins(
    axes: Axes,
    places: Mapping[float, float],
    runs: Runs,
    value: Value,
    colors: Mapping[float, Color],
    width: float = 0.8,
) -> None:
    """Draw the distribution over replicates of each alpha: a violin, a box in it."""
    for alpha, values in sampled(runs, value).items():
        if alpha in places:
            one, place = [np.array(values)], [places[alpha]]
            draw.draw_violins(axes, one, place, colors=[colors[alpha]], width=width)
            boxes(axes, one, place, width=width / 5)


def boxes(
    axes: Axes,
    samples: Sequence[Any],
    places: Sequence[float],
    *,
    width: float,
    whiskers: float = 1.5,
) -> None:
    """Draw boxes from quartile to quartile, with the median."""
    gray = {"color": "0.2"}
    axes.boxplot(
        samples,
        positions=places,
        widths=width,
        whis=whiskers,
        showfliers=False,
        manage_ticks=False,
        medianprops={"color": "black"},
        boxprops=gray,
        whiskerprops=gray,
        showcaps=False,
    )


def mark(
    axes: Axes,
    places: Mapping[float, float],
    tests: Tests,
    *,
    row: int = 0,
    color: Color = "black",
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
            fontsize=8 if len(places) <= 8 else 6,
            color=color,
        )
