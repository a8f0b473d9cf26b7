"""Units that are silent, always or mostly."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from recipes.figures import Drawing, panels
from recipes.lm21.figures.frames import (
    ACCURACY,
    INTERVALS,
    MARKS,
    SELECTIVITY,
    alpha_axis,
    even,
    name_shades,
    shades,
)
from recipes.lm21.figures.pieces import boxes, by_layer, curve, curves, means
from recipes.lm21.figures.values import (
    NETWORKS,
    Runs,
    accuracy,
    against_zero,
    mean_of,
    networks,
    of_sign,
    selectivity,
    titled,
    up_to,
)
from recipes.lm21.measures import dead_share, sparse_share
from recipes.quantities import unit_values as units
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Figure A8c goes no further.
SHOWN = 5.0
DEAD = "proportion of dead units"


def figures(results: Results) -> Iterator[Drawing]:
    """Dead units, what leaky ReLU makes of them, and sparse units."""
    for network, runs in networks(results):
        if some := of_sign(runs, 1):
            yield f"{network}_dead_units", partial(dead_units, some)
        yield f"{network}_sparsity", partial(sparsity, runs)
    for network in NETWORKS:
        if slopes := leaky_slopes(results, network):
            yield f"{network}_leaky", partial(leaky, slopes)


def dead(run: Run) -> float:
    """Proportion of dead units of a run's network."""
    return dead_share(run.report)


def sparse(run: Run) -> float:
    """Proportion of sparse units of a run's network."""
    return sparse_share(run.report)


def leaky_slopes(results: Results, network: str) -> dict[float, Runs]:
    """The sweeps with leaky ReLU, beside the network's own."""
    before = f"{network}_leaky"
    found: dict[float, Runs] = {
        float(sweep.removeprefix(before)): results.by_alpha(sweep)
        for sweep in results
        if sweep.startswith(before)
    }
    if found and network in results:
        alphas = {alpha for runs in found.values() for alpha in runs}
        own = results.by_alpha(network)
        found[0.0] = {alpha: own[alpha] for alpha in own if alpha in alphas}
    return {slope: found[slope] for slope in sorted(found) if found[slope]}


def dead_units(runs: Runs) -> Figure:
    """Dead units, and selectivity without them.

    Repeats figures A7 and A8a-c.
    """
    caption = f"{INTERVALS} {MARKS} Dead: no response to any test image."
    figure, axes = panels(titled(runs, "dead units"), caption, 2, 2)
    (share, layers), (index, against) = axes
    colors = shades(runs)
    alive = mean_of("si", without_dead=True)
    curve(share, runs, dead, DEAD, colors)
    share.set_ylim(-0.03, 1.03)
    by_layer(layers, runs, lambda run: run.report.layer_means("dead"), DEAD, colors)
    without = f"{SELECTIVITY}\nwithout dead units"
    curve(index, runs, alive, without, colors)
    tests = against_zero(runs, accuracy)
    means(against, up_to(runs, SHOWN), alive, without, colors, tests)
    name_shades(figure, colors)
    return figure


def leaky(slopes: Mapping[float, Runs]) -> Figure:
    """Accuracy, dead units and selectivity with leaky ReLU.

    Repeats figures A9a and A9b. The axes that survive of A9b are those of accuracy
    against selectivity, its caption says selectivity against alpha: both are here.
    """
    largest = slopes[max(slopes)]
    caption = f"{INTERVALS} {MARKS} Below: negative slope {max(slopes):g}."
    title = titled(largest, "leaky ReLU")
    figure, axes = panels(title, caption, 2, 2)
    (above, share), (index, against) = axes
    groups = {f"negative slope {slope:g}": runs for slope, runs in slopes.items()}
    curves(above, groups, accuracy, ACCURACY, marked=True)
    curves(share, groups, dead, DEAD)
    colors = shades(largest)
    curve(index, largest, selectivity, SELECTIVITY, colors)
    tests = against_zero(largest, accuracy)
    means(against, largest, selectivity, SELECTIVITY, colors, tests)
    name_shades(figure, colors)
    return figure


def sparsity(runs: Runs) -> Figure:
    """To what share of the images units respond.

    Repeats figures A10a and A10b.
    """
    caption = (
        "Left: every unit of every replicate a point; boxes from quartile to "
        f"quartile, whiskers up to twice that. {INTERVALS}"
    )
    figure, axes = panels(titled(runs, "sparse units"), caption, 1, 2)
    every, share = axes[0]
    colors, places = shades(runs), even(runs)
    found = {
        alpha: np.concatenate([units(run.report, "active_fraction") for run in ones])
        for alpha, ones in runs.items()
    }
    beside = np.random.default_rng(0)
    for alpha, values in found.items():
        x = places[alpha] + beside.uniform(-0.3, 0.3, len(values))
        # In one picture: there may be millions.
        every.plot(
            x,
            values,
            ".",
            color=colors[alpha],
            markersize=2,
            alpha=0.5,
            rasterized=True,
            zorder=1,
        )
    boxes(every, [*found.values()], [*places.values()], width=0.6, whiskers=2)
    alpha_axis(every, places, "proportion of images with a response")
    curve(share, runs, sparse, "units that respond to less than half", colors)
    for panel in (every, share):
        panel.set_ylim(-0.03, 1.03)
    return figure
