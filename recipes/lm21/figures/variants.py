"""What the appendix regularizes otherwise: d', some layers alone, warmed up."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity import inference
from keras_selectivity.plots._layers import measure_label
from recipes.figures import Drawing, panels
from recipes.lm21.figures.frames import (
    ACCURACY,
    INTERVALS,
    MARKS,
    SELECTIVITY,
    name_shades,
    shades,
)
from recipes.lm21.figures.pieces import (
    by_layer,
    cloud,
    curve,
    curves,
    distributions,
    layers_and_mean,
    means,
)
from recipes.lm21.figures.values import (
    SIGNS,
    Runs,
    accuracy,
    against_zero,
    networks,
    of_sign,
    selectivity,
    titled,
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
        if 0.0 in runs:
            yield f"{network}_dprime_si", partial(discriminability, runs)
    for network, runs in networks(results, "_dprime"):
        yield f"{network}_dprime", partial(dprime, runs)
    for variant, taps in ENDS.items():
        for network, runs in networks(results, f"_{variant}"):
            for word, sign in SIGNS.items():
                if some := of_sign(runs, sign):
                    name = f"{network}_{variant}_{word}"
                    yield name, partial(restricted, some, taps)
    for network, runs in networks(results, "_warmup"):
        constant = results.by_alpha(network) if network in results else {}
        yield f"{network}_warmup", partial(warmup, runs, constant)


def dprime(runs: Runs) -> Figure:
    """Class discriminability and accuracy where d' is regularized.

    Repeats figures A19a-d.
    """
    figure, axes = panels(
        titled(runs, "d' regularized instead of selectivity"),
        f"{INTERVALS} {MARKS}",
        1,
        3,
    )
    colors = shades(runs)
    layers_and_mean(axes[0, :2], runs, "dprime", colors)
    tests = against_zero(runs, accuracy)
    curve(axes[0, 2], runs, accuracy, ACCURACY, colors, tests)
    name_shades(figure, colors)
    return figure


def discriminability(runs: Runs) -> Figure:
    """Every unit's d' and selectivity, without a regularizer.

    Repeats the correlation that the text of appendix A.14 gives.
    """
    index, dprime = (
        np.concatenate([units(run.report, metric) for run in runs[0.0]])
        for metric in ("si", "dprime")
    )
    found = inference.spearman(index, dprime)
    caption = (
        f"Every unit of {len(runs[0.0])} networks with alpha = 0. Spearman's rank "
        f"correlation {found.correlation:.2f}, {_small(found.pvalue)}."
    )
    figure, axes = panels(titled(runs, "d' and selectivity"), caption, 1, 1)
    axes[0, 0].plot(index, dprime, ".", markersize=3, alpha=0.5, rasterized=True)
    axes[0, 0].set(xlabel=measure_label("si"), ylabel=measure_label("dprime"))
    return figure


def restricted(runs: Runs, taps: str) -> Figure:
    """Three layers regularized alone: their selectivity, and accuracy.

    Repeats figures A20 and A21 (first three, penalized), A22 and A23 (promoted),
    A24 and A25 (last three, penalized), A26 and A27 (promoted).
    """
    end, _, count = taps.partition(":")
    some = f"{end} {count} layers"
    title = titled(runs, f"{some} regularized alone")
    figure, axes = panels(title, f"{INTERVALS} {MARKS}", 2, 3)
    (layers, index, empty), (above, subset, against) = axes
    empty.set_axis_off()
    colors = shades(runs)

    def own(run: Run) -> float:
        return mean_over(run.report, regularized_layers(list(run.report), taps))

    of_them = f"{SELECTIVITY}\nof the {some}"
    by_layer(layers, runs, lambda run: run.report.layer_means(), SELECTIVITY, colors)
    curve(index, runs, own, of_them, colors)
    tests = against_zero(runs, accuracy)
    curve(above, runs, accuracy, ACCURACY, colors, tests)
    distributions(subset, up_to(runs, SUBSET), accuracy, ACCURACY, colors, tests)
    means(against, runs, own, of_them, colors, tests)
    name_shades(figure, colors)
    return figure


def warmup(runs: Runs, constant: Runs) -> Figure:
    """Alpha warmed up, beside the runs without.

    Repeats figures A30a-d and A31a-d.
    """
    epochs = max(run.settings.warmup_epochs for ones in runs.values() for run in ones)
    figure, axes = panels(
        titled(runs, f"alpha warmed up over {epochs} epochs"),
        f"{INTERVALS} Below right: every network; crosses: constant alpha.",
        2,
        2,
    )
    (layers, index), (above, every) = axes
    colors = shades(runs)
    beside = {alpha: ones for alpha, ones in constant.items() if alpha in runs}
    groups = {"warmed up": runs, **({"constant": beside} if beside else {})}
    by_layer(layers, runs, lambda run: run.report.layer_means(), SELECTIVITY, colors)
    curves(index, groups, selectivity, SELECTIVITY)
    curves(above, groups, accuracy, ACCURACY)
    cloud(every, beside, selectivity, SELECTIVITY, colors, marker="x")
    cloud(every, runs, selectivity, SELECTIVITY, colors)
    name_shades(figure, colors)
    return figure


def _small(pvalue: float) -> str:
    """A p-value, which may be too small for a float."""
    return f"p = {pvalue:.1g}" if pvalue else "p < 1e-300"
