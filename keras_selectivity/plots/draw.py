"""What figures are made of: panels, axes, lines in bands, units as points.

The functions of `keras_selectivity.plots` draw with these, and so can others: each
draws into axes that it is given.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_selectivity.checks import (
    checked_kind,
    checked_text,
    received,
)
from keras_selectivity.inference import Interval, bootstrap_mean
from keras_selectivity.plots.arguments import class_name
from keras_selectivity.plots.colors import CATEGORIES, GRAY, Color, sequence

# Enough for the width of a line.
_RESAMPLES = 2000
# More alphas than this stand upright, in small print.
_CROWDED = 8
_MEASURES = {
    "dprime": "class discriminability d'",
    "l1_norm": "L1 norm of the filter",
    "mutual_information": "mutual information (bits)",
    "si": "class selectivity index",
    "si_second": "selectivity index of the second class",
}


def one_panel(ax: Axes | None, size: tuple[float, float], title: str) -> Axes:
    """The axes to draw into: those that are given, or those of a figure of their own.

    Args:
        ax: Axes of a user's figure. None: a new figure.
        size: Width and height of the new figure, in inches.
        title: Above the new figure, or above the given axes.

    Returns:
        The axes, without a frame at the top and to the right.

    Raises:
        TypeError: If `ax` are no axes, or the title is no text.

    Example:
        >>> axes = one_panel(None, (4, 3), "a title")
        >>> figure_of(axes).get_suptitle()
        'a title'
        >>> one_panel(axes, (4, 3), "above") is axes, axes.get_title()
        (True, 'above')
    """
    title = checked_text("title", title, empty=True)
    if ax is None:
        return some_panels(None, 1, (1, 1), size, title)[0]
    add_title(checked_kind("ax", ax, Axes, "a matplotlib Axes"), title)
    open_frame(ax)
    return ax


def some_panels(
    axes: Any,
    count: int,
    grid: tuple[int, int],
    size: tuple[float, float],
    title: str,
) -> list[Axes]:
    """As `one_panel`, but several.

    Args:
        axes: As many axes, in an array of any shape or a list. None: a new figure.
        count: Number of panels.
        grid: Rows and columns of the new figure, which has the panels row by row.
        size: Width and height of the new figure, in inches.
        title: Above the new figure, or above the first of the given axes.

    Returns:
        The axes, without a frame at the top and to the right.

    Raises:
        TypeError: If `axes` are no axes, or the title is no text.
        ValueError: If they are of another number.

    Example:
        >>> panels = some_panels(None, 3, (2, 2), (6, 4), "three of four")
        >>> len(panels), len(figure_of(panels[0]).axes)
        (3, 3)
    """
    title = checked_text("title", title, empty=True)
    if axes is None:
        figure = Figure(figsize=size, layout="constrained")
        found = [figure.add_subplot(*grid, place + 1) for place in range(count)]
        if title:
            figure.suptitle(title)
    else:
        found = list(np.asarray(axes, dtype=object).ravel())
        for each in found:
            if not isinstance(each, Axes):
                raise TypeError(
                    f"`axes` must be {count} matplotlib Axes. {received('axes', axes)}"
                )
        if len(found) != count:
            raise ValueError(
                f"`axes` must be {count} matplotlib Axes. Received: {len(found)}."
            )
        add_title(found[0], title)
    for each in found:
        open_frame(each)
    return found


def figure_of(axes: Axes) -> Figure:
    """The figure that axes belong to, of whatever subfigure.

    Args:
        axes: Any axes.

    Returns:
        The figure.

    Example:
        >>> figure = Figure()
        >>> figure_of(figure.subfigures(1, 2)[0].subplots()) is figure
        True
    """
    figure: Any = axes.figure
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure


def add_title(axes: Axes, text: str) -> None:
    """Write a line above axes, below what stands there.

    Args:
        axes: The axes.
        text: The line. Empty: nothing is written.

    Example:
        >>> axes = Figure().subplots()
        >>> add_title(axes, "units")
        >>> add_title(axes, "of one layer")
        >>> print(axes.get_title())
        units
        of one layer
    """
    if text:
        axes.set_title("\n".join(filter(None, [axes.get_title(), text])))


def open_frame(axes: Axes) -> None:
    """Take off the frame at the top and to the right.

    Args:
        axes: The axes.

    Example:
        >>> axes = Figure().subplots()
        >>> open_frame(axes)
        >>> [side for side, line in axes.spines.items() if line.get_visible()]
        ['left', 'bottom']
    """
    axes.spines[["top", "right"]].set_visible(False)


def legend_beside(axes: Axes, **style: Any) -> None:
    """Put a legend to the right of axes, if their lines have names.

    There it covers nothing: curves go from one corner to the other.

    Args:
        axes: The axes.
        **style: Further options of matplotlib's legend.

    Example:
        >>> axes = Figure().subplots()
        >>> legend_beside(axes)
        >>> axes.get_legend() is None
        True
    """
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), **style)


def legend_width(names: Sequence[str]) -> float:
    """Inches that a legend with these names needs beside the axes.

    Args:
        names: Of the lines; empty ones need no legend.

    Returns:
        The width, 0 without names.

    Example:
        >>> legend_width(["", ""]), legend_width(["random"])
        (0.0, 0.98)
    """
    longest = max(map(len, names))
    return min(0.5 + 0.08 * longest, 6.5) if longest else 0.0


def measure_label(measure: str) -> str:
    """Name of a measure as an axis shows it.

    Args:
        measure: As a report has it.

    Returns:
        Words.

    Example:
        >>> measure_label("si"), measure_label("top_class")
        ('class selectivity index', 'top class')
    """
    return _MEASURES.get(measure, measure.replace("_", " "))


def accuracy_label(top_k: int, prefix: str = "") -> str:
    """Name of the accuracy as an axis shows it.

    Args:
        top_k: The k of the accuracy.
        prefix: Before it, as `"test "`.

    Returns:
        Words.

    Example:
        >>> accuracy_label(5, "test ")
        'test top-5 accuracy (%)'
    """
    return f"{prefix}{'' if top_k == 1 else f'top-{top_k} '}accuracy (%)"


def alpha_axis(
    axes: Axes, alphas: Collection[float], xlabel: str = "alpha"
) -> dict[float, int]:
    """Name alphas along the x axis, spread evenly: a sweep spans magnitudes.

    Args:
        axes: The axes.
        alphas: In any order.
        xlabel: Name of the axis.

    Returns:
        Where each alpha stands, from the lowest.

    Example:
        >>> axes = Figure().subplots()
        >>> alpha_axis(axes, [2, -1, 0.5])
        {-1: 0, 0.5: 1, 2: 2}
        >>> [text.get_text() for text in axes.get_xticklabels()]
        ['-1', '0.5', '2']
    """
    places = {alpha: place for place, alpha in enumerate(sorted(set(alphas)))}
    crowded = len(places) > _CROWDED
    axes.set_xticks(
        list(places.values()),
        [f"{alpha:g}" for alpha in places],
        rotation=90 if crowded else 0,
        fontsize=8 if crowded else None,
    )
    axes.set(xlabel=xlabel)
    return places


def epoch_axis(axes: Axes, ylabel: str = "", xlabel: str = "epoch") -> None:
    """Name the axes of values against the epoch, whose ticks are integers.

    Args:
        axes: The axes.
        ylabel: Name of the values.
        xlabel: Name of what is counted.

    Example:
        >>> axes = Figure().subplots()
        >>> epoch_axis(axes, "loss")
        >>> axes.get_xlabel(), axes.get_ylabel()
        ('epoch', 'loss')
    """
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=xlabel, ylabel=ylabel)


def layer_axis(axes: Axes, names: Sequence[str]) -> None:
    """Name layers along the x axis, upright text, however many there are.

    Args:
        axes: The axes.
        names: Of the layers, at 0, 1 and so on.

    Example:
        >>> axes = Figure().subplots()
        >>> layer_axis(axes, ["conv", "dense"])
        >>> [text.get_text() for text in axes.get_xticklabels()]
        ['conv', 'dense']
    """
    size = 8 if len(names) <= 80 else 5
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_xlim(-0.7, len(names) - 0.3)


def layers_width(layers: int) -> float:
    """Inches that a figure with so many layers along its x axis needs.

    Args:
        layers: Their number.

    Returns:
        The width.

    Example:
        >>> layers_width(3), layers_width(20)
        (4.5, 8.5)
    """
    return min(max(4.5, 1.5 + 0.35 * layers), 16.0)


def deviation(values: np.ndarray) -> Interval:
    """Means of replicates, and one standard deviation to either side.

    Args:
        values: `(replicates, points)`.

    Returns:
        Of `(points,)`.

    Example:
        >>> found = deviation(np.array([[1.0, 2.0], [3.0, 2.0]]))
        >>> found.mean.tolist(), found.low.tolist(), found.high.tolist()
        ([2.0, 2.0], [1.0, 2.0], [3.0, 2.0])
    """
    mean, std = values.mean(axis=0), values.std(axis=0)
    return Interval(mean, mean - std, mean + std)


def mean_interval(values: np.ndarray, seed: int = 0) -> Interval:
    """Means of replicates, with 95% bootstrap intervals, of 2,000 resamples.

    Args:
        values: `(replicates, points)`.
        seed: Of the resampling.

    Returns:
        Of `(points,)`. The intervals of a single replicate have no width. A column
        that is not finite throughout is NaN, ends too.

    Example:
        >>> found = mean_interval(np.array([[1.0, np.nan], [3.0, 2.0]]))
        >>> found.mean.tolist(), found.low.tolist()
        ([2.0, nan], [1.0, nan])
    """
    kept = np.isfinite(values).all(axis=0)
    means, low, high = np.full((3, values.shape[1]), np.nan)
    means[kept] = low[kept] = high[kept] = values[:, kept].mean(axis=0)
    if len(values) > 1 and kept.any():
        found = bootstrap_mean(values[:, kept], resamples=_RESAMPLES, seed=seed)
        low[kept], high[kept] = found.low, found.high
    return Interval(means, low, high)


def sample_intervals(samples: Sequence[Any], seed: int = 0) -> Interval:
    """As `mean_interval`, of samples that differ in length.

    Args:
        samples: Numbers, for each point.
        seed: Of the resampling.

    Returns:
        Of `(points,)`. A single number has an interval of no width; a sample with NaN
        is NaN.

    Example:
        >>> sample_intervals([[1.0, 3.0], [5.0]]).mean.tolist()
        [2.0, 5.0]
    """
    columns = [mean_interval(np.reshape(one, (-1, 1)), seed) for one in samples]
    return Interval(*np.transpose([np.ravel(one) for one in columns]))


def draw_interval(axes: Axes, x: Any, found: Interval, **style: Any) -> None:
    """Draw means as a line, and their intervals, if they have a width, as a band.

    Args:
        axes: To draw into.
        x: `(points,)`.
        found: Of `(points,)`.
        **style: Of the line, as matplotlib's `plot` takes it.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_interval(axes, [0, 1], mean_interval(np.array([[1.0, 2], [2, 4]])))
        >>> len(axes.lines), len(axes.collections)
        (1, 1)
    """
    style = {"marker": "o", "markersize": 4, "linewidth": 1.2, **style}
    (line,) = axes.plot(x, found.mean, **style)
    if np.any(found.high > found.low):
        axes.fill_between(
            x, found.low, found.high, color=line.get_color(), alpha=0.2, linewidth=0
        )


def draw_violins(
    axes: Axes,
    samples: Sequence[np.ndarray],
    places: Sequence[float] | None = None,
    *,
    colors: Sequence[Color] = CATEGORIES[:1],
    width: float = 0.85,
) -> None:
    """Draw the density of each sample; none where all of its values are equal.

    Args:
        axes: To draw into.
        samples: Finite values of each.
        places: Where each stands along x. None: at 0, 1 and so on.
        colors: One for all, or one for each.
        width: Of the widest, along x.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_violins(axes, [np.array([0.1, 0.2, 0.4]), np.zeros(3)])
        >>> len(axes.collections)
        1
    """
    places = range(len(samples)) if places is None else places
    every = list(colors) * len(samples) if len(colors) == 1 else list(colors)
    for values, place, color in zip(samples, places, every, strict=True):
        if _has_spread(values):
            drawn: Any = axes.violinplot(
                values, [place], widths=width, showextrema=False
            )
            drawn["bodies"][0].set(facecolor=color, edgecolor=color, alpha=0.3)


def _has_spread(values: np.ndarray) -> bool:
    """Whether a density can be estimated: it cannot for equal values."""
    if len(values) < 2:
        return False
    # The density takes the square of the spread, which must not vanish.
    return bool(np.ptp(values) > 1e-6 * max(np.abs(values).max(), 1e-100))


def draw_distributions(
    axes: Axes,
    samples: Sequence[np.ndarray],
    places: Sequence[float] | None = None,
    *,
    color: Color = CATEGORIES[0],
    width: float = 0.85,
    label: str = "mean",
) -> None:
    """Draw samples by all that they hold: values, density and mean.

    A point for each value, fainter where they are many; a violin; and the mean as a
    diamond.

    Args:
        axes: To draw into.
        samples: Finite values of each.
        places: Where each stands along x. None: at 0, 1 and so on.
        color: Of points and violins; the mean is black.
        width: Of the widest violin, along x.
        label: Of the means, in a legend.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_distributions(axes, [np.array([0.0, 1.0, 2.0]), np.array([])])
        >>> axes.lines[0].get_ydata().tolist()
        [1.0, nan]
    """
    places = list(range(len(samples)) if places is None else places)
    draw_violins(axes, samples, places, colors=[color], width=width)
    offsets, reach = np.random.default_rng(0), 0.12 * width / 0.85
    for place, values in zip(places, samples, strict=True):
        shift = offsets.uniform(-reach, reach, len(values))
        faint = min(0.5, max(0.05, 50 / max(len(values), 1)))
        axes.scatter(place + shift, values, s=5, color=color, alpha=faint, linewidths=0)
    means = [values.mean() if len(values) else np.nan for values in samples]
    axes.plot(places, means, "D", color="black", markersize=4, label=label)


def scatter_units(
    axes: Axes, x: np.ndarray, y: np.ndarray, depth: np.ndarray, layers: int
) -> PathCollection:
    """Draw one point a unit, colored by the depth of its layer.

    Args:
        axes: To draw into.
        x: `(units,)`.
        y: `(units,)`.
        depth: `(units,)` int: place of the unit's layer, from 0.
        layers: Number of layers. Their colors are those of `sequence`.

    Returns:
        The points, for `depth_bar`.

    Example:
        >>> axes = Figure().subplots()
        >>> x = np.array([0.1, 0.2, 0.3])
        >>> points = scatter_units(axes, x, 1 - x, np.array([0, 0, 1]), layers=2)
        >>> depth_bar(points, axes, ["conv", "dense"])
        >>> [text.get_text() for text in figure_of(axes).axes[1].get_yticklabels()]
        ['conv', 'dense']
    """
    # Opaque: what shines through would have the color of another layer.
    return axes.scatter(
        x,
        y,
        c=depth,
        s=14 if len(depth) < 3000 else 4,
        cmap=ListedColormap(sequence(layers)),
        norm=BoundaryNorm(np.arange(layers + 1) - 0.5, layers),
        linewidths=0,
    )


def depth_bar(points: PathCollection, axes: Axes, names: Sequence[str]) -> None:
    """Name the layers of points along a color bar, from the first at the top.

    Args:
        points: What `scatter_units` returned.
        axes: The axes to draw it beside.
        names: Of the layers.

    Example:
        >>> axes = Figure().subplots()
        >>> points = scatter_units(axes, *np.ones((2, 1)), np.zeros(1, int), layers=1)
        >>> depth_bar(points, axes, ["dense"])
        >>> len(figure_of(axes).axes)
        2
    """
    step = -(-len(names) // 30)
    bar = axes.figure.colorbar(points, ax=axes, ticks=range(0, len(names), step))
    bar.ax.set_yticklabels(names[::step], fontsize=7)
    bar.ax.minorticks_off()
    bar.ax.invert_yaxis()


def draw_jitter(
    axes: Axes,
    responses: np.ndarray,
    labels: np.ndarray,
    target: int,
    *,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> None:
    """Draw every response of a unit at a random height, one class apart.

    Args:
        axes: To draw into.
        responses: `(samples,)` finite.
        labels: `(samples,)` int.
        target: Class that stands out.
        class_names: Names of the classes, in their order. None: their numbers.
        seed: Of the heights.

    Raises:
        ValueError: If the class has no name.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_jitter(axes, np.array([0.0, 2.0]), np.array([0, 1]), 1)
        >>> [points.get_label() for points in axes.collections]
        ['other classes (1)', 'class 1 (1)']

    Reference:
        G19 figures 3a and 4.
    """
    name = class_name(class_names, target)
    height = np.random.default_rng(seed).uniform(size=len(responses))
    own = labels == target
    others: dict[str, Any] = {"s": 9, "color": GRAY}
    apart: dict[str, Any] = {"s": 22, "marker": "^", "color": CATEGORIES[1]}
    for kept, text, style in (
        (~own, "other classes", others),
        (own, f"class {name}", apart),
    ):
        axes.scatter(
            responses[kept],
            height[kept],
            linewidths=0,
            label=f"{text} ({np.sum(kept)})",
            **style,
        )
    axes.set(xlabel="response", ylabel="random offset", yticks=[], ylim=(-0.05, 1.05))
    open_frame(axes)
