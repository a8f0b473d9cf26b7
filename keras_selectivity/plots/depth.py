"""The mean of a measure by depth, with bootstrap intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_list, checked_seed, received
from keras_selectivity.plots.arguments import check_measure, lines_of, shared
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import (
    figure_of,
    layer_axis,
    layers_width,
    legend_beside,
    legend_width,
    measure_label,
    one_panel,
)
from keras_selectivity.report import SelectivityReport

_RESAMPLES = 2000


def plot_depth(
    reports: SelectivityReport
    | Sequence[SelectivityReport | Sequence[SelectivityReport]]
    | Mapping[str, SelectivityReport | Sequence[SelectivityReport]],
    metric: str = "si",
    labels: Sequence[str] | None = None,
    *,
    seed: int = 0,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the mean of a measure in each layer, with 95% bootstrap intervals.

    A line of one report shows the mean over units, and its interval resamples
    units. A line of several reports, replicates of one network, shows the mean
    over replicates of the layer's mean, and its interval resamples replicates.
    Intervals are percentiles of the means of 2,000 resamples; a single value has
    none. Units and layers for which the measure is not defined are left out.

    Args:
        reports: A report, for a single line; or a list with an item for each line, or
            a mapping of label to it: a report, or a list of reports of the same
            layers. So `[a, b]` draws two lines, `[[a, b]]` one of two replicates.
        metric: Name of a measure in the reports.
        labels: Name of each line, for the legend. None: those of the mapping.
        seed: Of the resampling.
        title: Above the figure, or above the axes that are given.
        ax: Axes of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`. Its layers have names where all lines have
        the same ones, and numbers, from 1, where not.

    Raises:
        TypeError: If `reports` are no reports, or an option is of a wrong type.
        ValueError: If there are no reports, a report does not hold the measure,
            replicates differ in their layers, or `labels` are not as many as the
            lines.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> def report():
        ...     model = keras.Sequential([
        ...         keras.Input((4,)),
        ...         keras.layers.Dense(8, activation="relu", name="first"),
        ...         keras.layers.Dense(8, activation="relu", name="second"),
        ...         keras.layers.Dense(2),
        ...     ])
        ...     data = np.random.rand(20, 4), np.arange(20) % 2
        ...     return ks.measure(model, data, verbose=0)
        >>> one, *replicates = [report() for _ in range(4)]
        >>> figure = plot_depth({"one": one, "of three": replicates})
        >>> len(figure.axes[0].lines)
        2

    Reference:
        LM21 figure A1a.
    """
    seed = checked_seed(seed)
    lines = lines_of("reports", reports, SelectivityReport, "what `measure` returned")
    groups = [group for _, group in lines]
    for label, group in lines:
        for report in group:
            check_measure(report, metric, "metric", "reports")
        shared("reports", label, [list(report) for report in group], "layers")
    if labels is None:
        labels = [label for label, _ in lines]
    elif len(checked_list("labels", labels)) != len(groups):
        raise ValueError(
            f"`labels` must name each of the {len(groups)} lines. "
            f"{received('labels', labels)}"
        )

    depth = max(len(group[0]) for group in groups)
    names = list(groups[0][0])
    named = all(list(group[0]) == names for group in groups)

    size = layers_width(depth) + legend_width([str(label) for label in labels]), 4.5
    axes = one_panel(ax, size, title)
    for index, (color, group) in enumerate(
        zip(categories(len(groups)), groups, strict=True)
    ):
        rng = np.random.default_rng(seed)
        values = _values(group, metric)
        low, high = np.array([_interval(found, rng) for found in values]).T
        means = [found.mean() if len(found) else np.nan for found in values]
        # Lines stand beside one another, so that no interval hides another.
        place = np.arange(len(means)) + 0.1 * (index - (len(groups) - 1) / 2)
        axes.plot(
            place,
            means,
            "o-",
            color=color,
            markersize=4,
            linewidth=1,
            label=labels[index],
        )
        axes.vlines(place, low, high, colors=color, linewidth=2)
    axes.set(ylabel=f"mean {measure_label(metric)}")
    layer_axis(axes, names if named else [str(i + 1) for i in range(depth)])
    if not named:
        axes.set(xlabel="depth")
    legend_beside(axes)
    return figure_of(axes)


def _values(group: Sequence[SelectivityReport], metric: str) -> list[np.ndarray]:
    """For each layer what is resampled: units of one report, or means of several."""
    if len(group) == 1:
        values = [found[metric] for found in group[0].values()]
    else:
        means = [list(report.layer_means(metric).values()) for report in group]
        values = list(np.array(means).T)
    return [found[np.isfinite(found)] for found in values]


def _interval(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`(2,)`: 95% percentile bootstrap interval of the mean; NaN below 2 values."""
    if len(values) < 2:
        return np.full(2, np.nan)
    drawn = rng.integers(len(values), size=(_RESAMPLES, len(values)))
    interval: np.ndarray = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return interval
