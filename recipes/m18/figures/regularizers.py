"""Dropout, batch normalization, and the value that units are clamped to."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import measure_label
from recipes.figures import Drawing, available, legend, legend_below, panels, titled
from recipes.m18 import quantities
from recipes.m18.analyses import curves, true_labels
from recipes.m18.claims.regularizers import dropout as dropout_of
from recipes.m18.figures.pieces import BANDS, TALL, ablated, normalized
from recipes.runner.results import Results
from recipes.runner.runs import Run


def figures(results: Results) -> Iterator[Drawing]:
    """What regularizers, and ways of silencing, do."""
    runs, plain = true_labels(results, "convnet"), results.get("convnet_plain", [])
    dropped = results.get("mlp_dropout", [])
    found = curves(runs)
    yield from available(
        ("mlp_dropout", dropout, curves(dropped) and dropped),
        ("batch_norm", batch_norm, found and runs, curves(plain) and plain),
        ("clamp", clamp, found and curves(runs, "mean") and runs),
    )


def dropout(runs: list[Run]) -> Figure:
    """Ablation curves of perceptrons with dropout, on true and on shuffled labels.

    Repeats figure 5a.
    """
    caption = (
        "Units of all hidden layers. Labels, true or shuffled, and dropout fraction, "
        f"which dashed lines show again. {BANDS}"
    )
    figure, (axes,) = panels(titled(runs[0].settings, "dropout"), caption, size=TALL)
    shares = sorted({dropout_of(run) for run in runs})
    colors = dict(zip(shares, categories(len(shares)), strict=True))
    for share, color in colors.items():
        axes.axvline(share, color=color, linestyle="--", linewidth=1)
    for kind, style in (("true", "-"), ("shuffled", ":")):
        of_kind = [r for r in runs if bool(r.settings.corruption) == (style == ":")]
        for share, color in colors.items():
            before = len(axes.lines), len(axes.collections)
            found = curves([run for run in of_kind if dropout_of(run) == share])
            ablated(axes, normalized({f"{kind}, {share:g}": found}))
            for line in axes.lines[before[0] :]:
                line.set(color=color, linestyle=style)
            for band in axes.collections[before[1] :]:
                band.set(facecolor=color)
    legend_below(axes, 1)
    return figure


def batch_norm(runs: list[Run], plain: list[Run]) -> Figure:
    """Ablation curves, SI and mutual information with and without batch normalization.

    Repeats figures 5b, 6a and 6b.
    """
    caption = (
        f"Left: units of the last three layers. {BANDS} Middle and right: all feature "
        f"maps of {len(runs)} and {len(plain)} networks; dead maps have an SI of "
        "0."
    )
    title = titled(runs[0].settings, "batch normalization")
    figure, (left, *others) = panels(title, caption, 1, 3)
    groups = {"with batch norm": runs, "without": plain}
    found = {label: curves(runs) for label, runs in groups.items()}
    ablated(left, normalized(found))
    for panel, metric in zip(others, ("si", "mutual_information"), strict=True):
        _densities(panel, groups, metric)
    return figure


def _densities(axes: Axes, groups: dict[str, list[Run]], metric: str) -> None:
    """The distribution of a measure over the units of several networks."""
    pooled = {
        label: np.concatenate([quantities.values(run, metric) for run in runs])
        for label, runs in groups.items()
    }
    top = max(float(np.nanmax(values)) for values in pooled.values())
    bins = np.linspace(0, top or 1, 26).tolist()
    for color, (label, values) in zip(
        categories(len(pooled)), pooled.items(), strict=True
    ):
        axes.hist(values, bins, density=True, alpha=0.5, label=label, color=color)
    axes.set(xlabel=measure_label(metric), ylabel="density")
    legend(axes)


def clamp(runs: list[Run]) -> Figure:
    """Units silenced to zero, and to their mean: figure A1."""
    caption = (
        "Feature maps of the last three layers; the mean is that of each element over "
        f"the training set. {BANDS}"
    )
    title = titled(runs[0].settings, "what units are clamped to")
    figure, (axes,) = panels(title, caption)
    ablated(axes, {"zero": curves(runs), "mean": curves(runs, "mean")})
    return figure
