"""Dropout, batch normalization, and the value that units are clamped to."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots._layers import measure_label
from recipes.figures import Drawing, panels
from recipes.m18 import quantities
from recipes.m18.analyses import curves, true_labels
from recipes.m18.claims.regularizers import dropout as dropout_of
from recipes.m18.figures.pieces import BANDS, ablated, titled
from recipes.runner.results import Results
from recipes.runner.runs import Run


def figures(results: Results) -> Iterator[Drawing]:
    """What regularizers, and ways of silencing, do."""
    if curves(results.get("mlp_dropout", [])):
        yield "mlp_dropout", partial(dropout, results["mlp_dropout"])
    runs = true_labels(results, "convnet")
    if curves(runs) and curves(results.get("convnet_plain", [])):
        yield "batch_norm", partial(batch_norm, runs, results["convnet_plain"])
    if curves(runs) and curves(runs, "mean"):
        yield "clamp", partial(clamp, runs)


def dropout(runs: list[Run]) -> Figure:
    """Ablation curves of perceptrons with dropout, on true and on shuffled labels.

    Repeats figure 5a.
    """
    groups: dict[str, list[Any]] = {}
    colors: dict[str, str] = {}
    shares = sorted({dropout_of(run) for run in runs})
    for run in runs:
        share = dropout_of(run)
        kind = "shuffled" if run.settings.corruption else "true"
        label = f"{kind}, {share:g}"
        groups.setdefault(label, []).extend(curves([run]))
        colors[label] = f"C{shares.index(share)}"
    figure, axes = panels(
        titled(runs, "dropout"),
        "Units of all hidden layers. Labels, true or shuffled, and dropout fraction, "
        f"which dashed lines show again. {BANDS}",
        1,
        1,
    )
    for index, share in enumerate(shares):
        axes[0, 0].axvline(share, color=f"C{index}", linestyle="--", linewidth=1)
    found = {label: ones for label, ones in groups.items() if ones}
    dotted = [label for label in found if label.startswith("shuffled")]
    ablated(axes[0, 0], found, colors, dotted)
    return figure


def batch_norm(normalized: list[Run], plain: list[Run]) -> Figure:
    """Ablation curves, SI and mutual information with and without batch normalization.

    Repeats figures 5b, 6a and 6b.
    """
    groups = {"with batch norm": normalized, "without": plain}
    figure, axes = panels(
        titled(normalized, "batch normalization"),
        f"Left: units of the last three layers. {BANDS} Middle and right: all feature "
        f"maps of {len(normalized)} and {len(plain)} networks; dead maps have an SI of "
        "0.",
        1,
        3,
    )
    ablated(axes[0, 0], {label: curves(runs) for label, runs in groups.items()})
    for panel, metric in zip(axes[0, 1:], ("si", "mutual_information"), strict=True):
        _densities(panel, groups, metric)
    return figure


def _densities(axes: Axes, groups: dict[str, list[Run]], metric: str) -> None:
    """The distribution of a measure over the units of several networks."""
    pooled = {
        label: np.concatenate([quantities.values(run, metric) for run in runs])
        for label, runs in groups.items()
    }
    top = max(float(np.nanmax(values)) for values in pooled.values())
    bins = np.linspace(0, top or 1, 26)
    for label, values in pooled.items():
        axes.hist(values, bins.tolist(), density=True, alpha=0.5, label=label)
    axes.set(xlabel=measure_label(metric), ylabel="density")
    axes.legend(frameon=False, fontsize=8)


def clamp(runs: list[Run]) -> Figure:
    """Units silenced to zero, and to their mean.

    Repeats figure A1.
    """
    figure, axes = panels(
        titled(runs, "what units are clamped to"),
        "Feature maps of the last three layers; the mean is that of each element over "
        f"the training set. {BANDS}",
        1,
        1,
    )
    ablated(axes[0, 0], {"zero": curves(runs), "mean": curves(runs, "mean")})
    return figure
