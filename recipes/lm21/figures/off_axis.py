"""Whether selectivity is only turned off the units' axes."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity import plots
from keras_selectivity.similarity import ReplicateDistances
from recipes.figures import Drawing, describe
from recipes.lm21.analyses import as_distances, bounds, distances
from recipes.lm21.figures.frames import LEVELS, even, mark
from recipes.lm21.figures.values import Runs, networks, titled
from recipes.runner.results import Results

#: The paper's example of distances by layer.
EXAMPLE = -2.0


def figures(results: Results) -> Iterator[Drawing]:
    """Distances and upper bounds that have been computed."""
    for network, runs in networks(results):
        apart = {
            alpha: as_distances(found)
            for alpha, analysis in distances(results, network).items()
            if (found := analysis.found) is not None
        }
        if apart:
            alpha = min(apart, key=lambda alpha: abs(alpha - EXAMPLE))
            yield (
                f"{network}_distances",
                partial(distance_by_layer, runs, alpha, apart[alpha]),
            )
            yield f"{network}_distance_ratio", partial(distance_ratio, runs, apart)
        most = {
            alpha: kept
            for alpha, ones in bounds(results, network).items()
            if (kept := [one.found for one in ones if one.finished])
        }
        if most:
            yield f"{network}_upper_bound", partial(upper_bound, runs, most)
            yield (
                f"{network}_upper_bound_layers",
                partial(upper_bound_by_layer, runs, most),
            )


def distance_by_layer(runs: Runs, alpha: float, found: ReplicateDistances) -> Figure:
    """PWCCA distances by layer, of one alpha.

    Repeats figure 2a, with bands over the pairs.
    """
    return plots.plot_replicates(
        found, title=titled(runs, f"distances, alpha = {alpha:g}")
    )


def distance_ratio(runs: Runs, found: Mapping[float, ReplicateDistances]) -> Figure:
    """The CCA distance ratio against alpha.

    Repeats figures 2b and A3.
    """
    figure: Figure = plots.plot_distance_ratio(
        list(found),
        [one.ratios for one in found.values()],
        title=titled(runs, "CCA distance ratio"),
    )
    tests = {
        alpha: one.test(comparisons=len(found))
        for alpha, one in found.items()
        if len(one.layers) > 1
    }
    mark(figure.axes[0], even(found), tests)
    describe(figure, f"Marks: ratio against 1, paired t-test over layers, {LEVELS}")
    return figure


def upper_bound(runs: Runs, found: Mapping[float, list[Any]]) -> Figure:
    """Selectivity of the network and its upper bound, against alpha.

    Repeats figures 2c and A4b.
    """
    ones = [(alpha, one) for alpha, of_runs in found.items() for one in of_runs]
    own, most = (
        [float(np.mean([*one[side].values()])) for _, one in ones]
        for side in ("axis_aligned", "upper_bound")
    )
    return plots.plot_upper_bound(
        [alpha for alpha, _ in ones],
        own,
        most,
        title=titled(runs, "off-axis selectivity"),
    )


def upper_bound_by_layer(runs: Runs, found: Mapping[float, list[Any]]) -> Figure:
    """The upper bound of selectivity by layer, a line for each alpha.

    Repeats figures A4a and A4c.
    """
    first = next(iter(found.values()))[0]
    return plots.plot_upper_bound_by_layer(
        list(first["upper_bound"]),
        {
            f"{alpha:g}": [[*one["upper_bound"].values()] for one in ones]
            for alpha, ones in found.items()
        },
        title=titled(runs, "off-axis selectivity"),
    )
