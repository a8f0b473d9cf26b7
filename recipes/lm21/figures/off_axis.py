"""Whether selectivity is only turned off the units' axes."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity import plots
from keras_selectivity.plots.draw import alpha_axis
from keras_selectivity.similarity import ReplicateDistances
from recipes.figures import Drawing, available, describe, titled
from recipes.lm21.analyses import as_distances, bounds, distances
from recipes.lm21.figures.sheet import LEVELS, mark
from recipes.lm21.figures.values import networks
from recipes.runner.results import Results

#: The paper's example of distances by layer.
EXAMPLE = -2.0
Apart = Mapping[float, ReplicateDistances]
Bounds = Mapping[float, list[Any]]


def figures(results: Results) -> Iterator[Drawing]:
    """Distances and upper bounds that have been computed."""
    for network, runs in networks(results):
        title = partial(titled, next(iter(runs.values()))[0].settings)
        apart = {
            alpha: as_distances(found)
            for alpha, analysis in distances(results, network).items()
            if (found := analysis.found) is not None
        }
        most = {
            alpha: kept
            for alpha, ones in bounds(results, network).items()
            if (kept := [one.found for one in ones if one.finished])
        }
        yield from available(
            (f"{network}_distances", distance_by_layer, title, apart),
            (f"{network}_distance_ratio", distance_ratio, title, apart),
            (f"{network}_upper_bound", upper_bound, title, most),
            (f"{network}_upper_bound_layers", upper_bound_by_layer, title, most),
        )


def distance_by_layer(title: Any, apart: Apart) -> Figure:
    """PWCCA distances by layer, of one alpha: figure 2a, with bands over the pairs."""
    alpha = min(apart, key=lambda alpha: abs(alpha - EXAMPLE))
    text = title(f"distances, alpha = {alpha:g}")
    return plots.plot_replicates(apart[alpha], title=text)


def distance_ratio(title: Any, apart: Apart) -> Figure:
    """The CCA distance ratio against alpha: figures 2b and A3."""
    ratios = [one.ratios for one in apart.values()]
    text = title("CCA distance ratio")
    figure = plots.plot_distance_ratio(list(apart), ratios, title=text)
    tests = {
        alpha: one.test(comparisons=len(apart))
        for alpha, one in apart.items()
        if len(one.layers) > 1
    }
    mark(figure.axes[0], alpha_axis(figure.axes[0], apart), tests)
    describe(figure, f"Marks: ratio against 1, paired t-test over layers, {LEVELS}")
    return figure


def upper_bound(title: Any, found: Bounds) -> Figure:
    """Selectivity of the network and its upper bound, against alpha.

    Repeats figures 2c and A4b.
    """
    ones = [(alpha, one) for alpha, of_runs in found.items() for one in of_runs]
    own, most = (
        [float(np.mean([*one[side].values()])) for _, one in ones]
        for side in ("axis_aligned", "upper_bound")
    )
    text = title("off-axis selectivity")
    return plots.plot_upper_bound([alpha for alpha, _ in ones], own, most, title=text)


def upper_bound_by_layer(title: Any, found: Bounds) -> Figure:
    """The upper bound of selectivity by layer, a line for each alpha.

    Repeats figures A4a and A4c.
    """
    first = next(iter(found.values()))[0]
    values = {
        f"{alpha:g}": [[*one["upper_bound"].values()] for one in ones]
        for alpha, ones in found.items()
    }
    text = title("off-axis selectivity")
    layers = list(first["upper_bound"])
    return plots.plot_upper_bound_by_layer(layers, values, title=text)
