"""The mean of a measure by depth, with bootstrap intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_list, checked_seed, received
from keras_selectivity.plots._figure import new_figure
from keras_selectivity.plots._layers import (
    check_measure,
    figure_width,
    label_layers,
    measure_label,
)
from keras_selectivity.report import SelectivityReport

_RESAMPLES = 2000
_REPORTS = "what `measure` returned, or a list of such reports or of lists of them"


def plot_depth(
    reports: SelectivityReport
    | Sequence[SelectivityReport | Sequence[SelectivityReport]],
    metric: str = "si",
    labels: Sequence[str] | None = None,
    *,
    seed: int = 0,
    title: str = "",
) -> Any:
    """Draw the mean of a measure in each layer, with 95% bootstrap intervals.

    A line of one report shows the mean over units, and its interval resamples
    units. A line of several reports, replicates of one network, shows the mean
    over replicates of the layer's mean, and its interval resamples replicates.
    Intervals are percentiles of the means of 2,000 resamples; a single value has
    none. Units and layers for which the measure is not defined are left out.

    Args:
        reports: A report, for a single line; or a sequence with an item for each
            line: a report, or a sequence of reports of the same layers. So
            `[a, b]` draws two lines, `[[a, b]]` one of two replicates.
        metric: Name of a measure in the reports.
        labels: Name of each line, for the legend.
        seed: Of the resampling.
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`. Its layers have names where all lines have
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
        >>> figure = plot_depth([one, replicates], labels=["one", "of three"])
        >>> len(figure.axes[0].lines)
        2

    Reference:
        LM21 figure A1a.
    """
    seed = checked_seed(seed)
    lines = [reports] if isinstance(reports, SelectivityReport) else reports
    groups = [
        [line]
        if isinstance(line, SelectivityReport)
        else checked_list("reports", line, _REPORTS)
        for line in checked_list("reports", lines, _REPORTS)
    ]
    for group in groups:
        for report in group:
            check_measure(report, metric, "metric", "reports")
            if list(report) != list(group[0]):
                raise ValueError(
                    "`reports` of one line must have the same layers. "
                    f"Received: {list(group[0])} and {list(report)}."
                )
    if labels is not None and len(checked_list("labels", labels)) != len(groups):
        raise ValueError(
            f"`labels` must name each of the {len(groups)} lines. "
            f"{received('labels', labels)}"
        )

    depth = max(len(group[0]) for group in groups)
    names = list(groups[0][0])
    named = all(list(group[0]) == names for group in groups)

    figure = new_figure(figure_width(depth), 4.5, title)
    axes = figure.subplots()
    for index, group in enumerate(groups):
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
            color=f"C{index}",
            markersize=4,
            linewidth=1,
            label=None if labels is None else labels[index],
        )
        axes.vlines(place, low, high, colors=f"C{index}", linewidth=2, alpha=0.6)
    axes.set(ylabel=f"mean {measure_label(metric)}")
    label_layers(axes, names if named else [str(i + 1) for i in range(depth)])
    if not named:
        axes.set(xlabel="depth")
    if labels is not None:
        axes.legend(frameon=False)
    return figure


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
