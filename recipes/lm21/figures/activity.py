"""Units that are silent, always or mostly."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.draw import alpha_axis
from recipes.figures import Drawing, available
from recipes.lm21.figures.sheet import INTERVALS, MARKS, SHARES, Sheet, boxes, curves
from recipes.lm21.figures.values import (
    ACCURACY,
    SELECTIVITY,
    SWEEPS,
    Runs,
    Value,
    mean_of,
    networks,
    of_sign,
    up_to,
)
from recipes.lm21.measures import dead_share, sparse_share
from recipes.quantities import unit_values as units
from recipes.runner.results import Results

#: Figure A8c goes no further.
SHOWN = 5.0
DEAD = Value(lambda run: dead_share(run.report), "proportion of dead units")
SPARSE = Value(
    lambda run: sparse_share(run.report), "units that respond to less than half"
)
ALIVE = mean_of("si", f"{SELECTIVITY.label}\nwithout dead units", without_dead=True)


def figures(results: Results) -> Iterator[Drawing]:
    """Dead units, what leaky ReLU makes of them, and sparse units."""
    for network, runs in networks(results):
        yield from available(
            (f"{network}_dead_units", dead_units, of_sign(runs, 1)),
            (f"{network}_sparsity", sparsity, runs),
        )
    for network in SWEEPS:
        slopes = leaky_slopes(results, network)
        yield from available((f"{network}_leaky", leaky, slopes))


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
    """Dead units, and selectivity without them: figures A7 and A8a-c."""
    caption = f"{INTERVALS} {MARKS} Dead: no response to any test image."
    sheet = Sheet(runs, "dead units", caption, 2, 2)
    share, layers, index, against = sheet.axes
    sheet.curve(share, DEAD, ylim=SHARES)
    sheet.by_layer(layers, "dead")
    layers.set(ylabel=DEAD.label)
    sheet.curve(index, ALIVE)
    sheet.means(against, ALIVE, up_to(runs, SHOWN))
    return sheet.named()


def leaky(slopes: Mapping[float, Runs]) -> Figure:
    """Accuracy, dead units and selectivity with leaky ReLU.

    Repeats figures A9a and A9b. The axes that survive of A9b are those of accuracy
    against selectivity, its caption says selectivity against alpha: both are here.
    """
    caption = f"{INTERVALS} {MARKS} Below: negative slope {max(slopes):g}."
    sheet = Sheet(slopes[max(slopes)], "leaky ReLU", caption, 2, 2)
    above, share, index, against = sheet.axes
    groups = {f"negative slope {slope:g}": runs for slope, runs in slopes.items()}
    curves(above, groups, ACCURACY, marked=True)
    curves(share, groups, DEAD)
    sheet.curve(index, SELECTIVITY)
    sheet.means(against, SELECTIVITY)
    return sheet.named()


def sparsity(runs: Runs) -> Figure:
    """To what share of the images units respond: figures A10a and A10b."""
    caption = (
        "Left: every unit of every replicate a point; boxes from quartile to "
        f"quartile, whiskers up to twice that. {INTERVALS}"
    )
    sheet = Sheet(runs, "sparse units", caption, 1, 2)
    every, share = sheet.axes
    places = alpha_axis(every, runs)
    found = [
        np.concatenate([units(run.report, "active_fraction") for run in ones])
        for ones in runs.values()
    ]
    beside = np.random.default_rng(0)
    for alpha, values in zip(runs, found, strict=True):
        x = places[alpha] + beside.uniform(-0.3, 0.3, len(values))
        style: Any = {"color": sheet.colors[alpha], "markersize": 2, "alpha": 0.5}
        # In one picture: there may be millions.
        every.plot(x, values, ".", rasterized=True, zorder=1, **style)
    boxes(every, found, [*places.values()], width=0.6, whiskers=2)
    every.set(ylabel="proportion of images with a response", ylim=SHARES)
    sheet.curve(share, SPARSE, ylim=SHARES)
    return sheet.figure
