"""Single units: importance against selectivity, depth, and the norm of the filter."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.perturbation import ImportanceCorrelation, ImportanceCorrelations
from keras_selectivity.plots._layers import (
    depth_bar,
    depth_norm,
    figure_width,
    label_layers,
    measure_label,
    scatter_units,
)
from recipes.figures import Drawing, describe, panels
from recipes.m18.analyses import SINGLE, Units, true_labels, units
from recipes.m18.claims.units import related, with_norm
from recipes.m18.figures.pieces import titled
from recipes.runner.results import Results
from recipes.runner.runs import Run

METRICS = {"si": "selectivity", "mutual_information": "information"}
IMPACT = "test loss that silencing adds"


def figures(results: Results) -> Iterator[Drawing]:
    """Importance, depth and norms, of each network."""
    for network, sweep in SINGLE.items():
        runs = [run for run in true_labels(results, sweep) if units(run)]
        if not runs:
            continue
        for metric, name in METRICS.items():
            yield f"{network}_importance_{name}", partial(importance, runs, metric)
        if network != "mlp":
            yield f"{network}_depth", partial(depth, runs[0])
            yield f"{network}_l1_norm", partial(l1_norm, runs)


def importance(runs: list[Run], metric: str) -> Figure:
    """Test loss that each unit saves, against a measure of it.

    Repeats figures 7a to 7e for selectivity and A4a to A4e for mutual information.
    """
    each = related(_units(runs), metric)
    first = each[0]
    names = list(first.layers)
    others = ", ".join(f"{one.overall.spearman:.2f}" for one in each[1:])
    also = f" Spearman's correlation in the other networks: {others}." if others else ""
    figure, axes = panels(
        titled(runs, f"importance and {METRICS[metric]}"),
        f"The network of seed {runs[0].settings.seed}, on the test set. Left: one "
        "point a unit, and the least-squares line. Right: the line of each layer, over "
        f"the range of its units.{also}",
        1,
        2,
    )
    columns = [_finite(first, name) for name in names]
    x, y = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    place = np.repeat(np.arange(len(names)), [len(one[0]) for one in columns])
    points = scatter_units(axes[0, 0], x, y, place, len(names))
    _line(axes[0, 0], first.overall, x, color="black", linewidth=1.5)
    rho, pvalue = first.overall.spearman, first.overall.spearman_p
    axes[0, 0].set_title(f"Spearman {rho:.3f}, p = {pvalue:.2g}", fontsize=10)
    norm = depth_norm(len(names))
    for index, (name, column) in enumerate(zip(names, columns, strict=True)):
        color = colormaps["viridis"](norm(index))
        _line(axes[0, 1], first.layers[name], column[0], color=color, linewidth=2)
    for one in axes[0]:
        one.set(xlabel=measure_label(metric), ylabel=IMPACT)
    depth_bar(points, axes[0, 1], names)
    return figure


def _units(runs: Sequence[Run]) -> list[Units]:
    return [one for run in runs if (one := units(run)) is not None]


def _finite(found: ImportanceCorrelations, layer: str) -> tuple[Any, Any]:
    x, y = found.selectivity[layer], found.importance[layer]
    kept = np.isfinite(x) & np.isfinite(y)
    return x[kept], y[kept]


def _line(
    axes: Axes, found: ImportanceCorrelation, x: np.ndarray, **style: Any
) -> None:
    """The least-squares line over the range of `x`, if there is one."""
    if np.isfinite(found.slope):
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, found.intercept + found.slope * ends, **style)


def depth(run: Run) -> Figure:
    """The distribution of selectivity over the units of each layer.

    Repeats figures A2a (convolutional network) and A2b (ResNet50).
    """
    figure = Figure(figsize=(figure_width(len(run.report)), 4.5), layout="constrained")
    panel = figure.subplots()
    panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(titled([run], "selectivity by depth"))
    describe(
        figure,
        f"The network of seed {run.settings.seed}. Violins: feature maps of each "
        "layer, from the first; diamonds: their mean.",
    )
    values = [found["si"][np.isfinite(found["si"])] for found in run.report.values()]
    spread = [i for i, one in enumerate(values) if len(one) > 1 and np.ptp(one) > 1e-6]
    if spread:
        panel.violinplot(
            [values[i] for i in spread], spread, widths=0.85, showextrema=False
        )
    means = [one.mean() if len(one) else np.nan for one in values]
    panel.plot(range(len(values)), means, "kD", markersize=4)
    label_layers(panel, list(run.report))
    panel.set(ylabel=measure_label("si"))
    return figure


def l1_norm(runs: list[Run]) -> Figure:
    """Selectivity of units against the L1 norm of their filters.

    Repeats figures A3a (convolutional network) and A3b (ResNet50).
    """
    each = _units(runs)
    names = list(each[0].l1_norm)
    norms = [each[0].l1_norm[name] for name in names]
    si = [each[0].report[name]["si"] for name in names]
    rhos = ", ".join(f"{with_norm(one).spearman:.2f}" for one in each)
    figure, axes = panels(
        titled(runs, "selectivity and L1 norm"),
        f"The network of seed {runs[0].settings.seed}, one point a feature map. "
        f"Spearman's correlation in each network: {rhos}.",
        1,
        1,
    )
    place = np.repeat(np.arange(len(names)), [len(one) for one in si])
    points = scatter_units(
        axes[0, 0], np.concatenate(norms), np.concatenate(si), place, len(names)
    )
    axes[0, 0].set(xlabel=measure_label("l1_norm"), ylabel=measure_label("si"))
    depth_bar(points, axes[0, 0], names)
    return figure
