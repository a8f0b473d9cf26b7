"""What the appendix regularizes otherwise: d', some layers alone, warmed up."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity import inference
from keras_selectivity.plots.draw import measure_label
from recipes.figures import Drawing, available
from recipes.lm21.figures.sheet import INTERVALS, MARKS, Sheet, curves
from recipes.lm21.figures.values import (
    ACCURACY,
    SELECTIVITY,
    SIGNS,
    Runs,
    Value,
    networks,
    of_sign,
    up_to,
)
from recipes.lm21.measures import mean_over, regularized_layers
from recipes.quantities import unit_values as units
from recipes.runner.results import Results
from recipes.runner.runs import Run

ENDS = {"first3": "first:3", "last3": "last:3"}
#: Of the magnitudes, where the paper shows a subset.
SUBSET = 0.7


def figures(results: Results) -> Iterator[Drawing]:
    """The variants that are there."""
    for network, runs in networks(results):
        plain = runs.get(0.0)
        yield from available((f"{network}_dprime_si", discriminability, plain))
    for network, runs in networks(results, "_dprime"):
        yield from available((f"{network}_dprime", dprime, runs))
    for variant, taps in ENDS.items():
        for network, runs in networks(results, f"_{variant}"):
            for word, sign in SIGNS.items():
                name, some = f"{network}_{variant}_{word}", of_sign(runs, sign)
                yield from available((name, restricted, some, taps))
    for network, runs in networks(results, "_warmup"):
        constant = results.by_alpha(network) if network in results else {}
        yield f"{network}_warmup", partial(warmup, runs, constant)


def dprime(runs: Runs) -> Figure:
    """Class discriminability and accuracy where d' is regularized: figures A19a-d."""
    text = "d' regularized instead of selectivity"
    sheet = Sheet(runs, text, f"{INTERVALS} {MARKS}", 1, 3)
    sheet.layers_and_mean(sheet.axes, "dprime")
    sheet.curve(sheet.axes[2], ACCURACY, marked=True)
    return sheet.named()


def discriminability(runs: Sequence[Run]) -> Figure:
    """Every unit's d' and selectivity, without a regularizer.

    Repeats the correlation that the text of appendix A.14 gives.
    """
    index, dprime = (
        np.concatenate([units(run.report, metric) for run in runs])
        for metric in ("si", "dprime")
    )
    found = inference.spearman(index, dprime)
    # It may be too small for a float.
    small = f"p = {found.pvalue:.1g}" if found.pvalue else "p < 1e-300"
    caption = (
        f"Every unit of {len(runs)} networks with alpha = 0. Spearman's rank "
        f"correlation {found.correlation:.2f}, {small}."
    )
    sheet = Sheet({0.0: runs}, "d' and selectivity", caption, 1, 1)
    (axes,) = sheet.axes
    axes.plot(index, dprime, ".", markersize=3, alpha=0.5, rasterized=True)
    axes.set(xlabel=measure_label("si"), ylabel=measure_label("dprime"))
    return sheet.figure


def restricted(runs: Runs, taps: str) -> Figure:
    """Three layers regularized alone: their selectivity, and accuracy.

    Repeats figures A20 and A21 (first three, penalized), A22 and A23 (promoted),
    A24 and A25 (last three, penalized), A26 and A27 (promoted).
    """
    some = f"{taps.replace(':', ' ')} layers"
    own = Value(
        lambda run: mean_over(run.report, regularized_layers(list(run.report), taps)),
        f"{SELECTIVITY.label}\nof the {some}",
    )
    text = f"{some} regularized alone"
    sheet = Sheet(runs, text, f"{INTERVALS} {MARKS}", 2, 3)
    layers, index, empty, above, subset, against = sheet.axes
    empty.set_axis_off()
    sheet.by_layer(layers, "si")
    sheet.curve(index, own)
    sheet.curve(above, ACCURACY, marked=True)
    sheet.distributions(subset, ACCURACY, up_to(runs, SUBSET))
    sheet.means(against, own)
    return sheet.named()


def warmup(runs: Runs, constant: Runs) -> Figure:
    """Alpha warmed up, beside the runs without: figures A30a-d and A31a-d."""
    epochs = max(run.settings.warmup_epochs for ones in runs.values() for run in ones)
    caption = f"{INTERVALS} Below right: every network; crosses: constant alpha."
    sheet = Sheet(runs, f"alpha warmed up over {epochs} epochs", caption, 2, 2)
    layers, index, above, every = sheet.axes
    beside = {alpha: ones for alpha, ones in constant.items() if alpha in runs}
    groups = {"warmed up": runs, **({"constant": beside} if beside else {})}
    sheet.by_layer(layers, "si")
    curves(index, groups, SELECTIVITY)
    curves(above, groups, ACCURACY)
    sheet.cloud(every, SELECTIVITY, beside, marker="x")
    sheet.cloud(every, SELECTIVITY)
    return sheet.named()
