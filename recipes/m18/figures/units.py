"""Single units: importance against selectivity, depth, and the norm of the filter."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots import plot_distribution, plot_importance
from keras_selectivity.plots.draw import depth_bar, measure_label, scatter_units
from recipes.figures import Drawing, describe, panels, titled
from recipes.m18.analyses import SINGLE, Units, true_labels, units
from recipes.m18.claims.units import related, with_norm
from recipes.runner.results import Results
from recipes.runner.runs import Run

METRICS = {"si": "selectivity", "mutual_information": "information"}


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
    first, *rest = related(_units(runs), metric)
    others = ", ".join(f"{one.overall.spearman:.2f}" for one in rest)
    also = f" Spearman's correlation in the other networks: {others}." if others else ""
    settings = runs[0].settings
    caption = (
        f"The network of seed {settings.seed}, on the test set. Left: one "
        "point a unit, and the least-squares line. Right: the line of each layer, over "
        f"the range of its units.{also}"
    )
    title = titled(settings, f"importance and {METRICS[metric]}")
    figure, axes = panels(title, caption, 1, 2)
    plot_importance(first, axes=axes)
    for panel in axes:
        panel.set(ylabel="test loss that silencing adds")
        panel.title.set_fontsize(10)
    return figure


def _units(runs: list[Run]) -> list[Units]:
    return [one for run in runs if (one := units(run)) is not None]


def depth(run: Run) -> Figure:
    """The distribution of selectivity over the units of each layer.

    Repeats figures A2a (convolutional network) and A2b (ResNet50).
    """
    title = titled(run.settings, "selectivity by depth")
    figure = plot_distribution(run.report, title=title)
    describe(
        figure,
        f"The network of seed {run.settings.seed}. Points and violins: feature maps of "
        "each layer, from the first; diamonds: their mean.",
    )
    return figure


def l1_norm(runs: list[Run]) -> Figure:
    """Selectivity of units against the L1 norm of their filters.

    Repeats figures A3a (convolutional network) and A3b (ResNet50).
    """
    each, settings = _units(runs), runs[0].settings
    rhos = ", ".join(f"{with_norm(one).spearman:.2f}" for one in each)
    caption = (
        f"The network of seed {settings.seed}, one point a feature map. "
        f"Spearman's correlation in each network: {rhos}."
    )
    figure, (axes,) = panels(titled(settings, "selectivity and L1 norm"), caption)
    norms = each[0].l1_norm
    si = [each[0].report[name]["si"] for name in norms]
    place = np.repeat(np.arange(len(norms)), [len(one) for one in si])
    x, y = np.concatenate([*norms.values()]), np.concatenate(si)
    points = scatter_units(axes, x, y, place, len(norms))
    axes.set(xlabel=measure_label("l1_norm"), ylabel=measure_label("si"))
    depth_bar(points, axes, list(norms))
    return figure
