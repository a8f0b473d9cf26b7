"""The area under the ablation curve: an ensemble, training, hyperparameters."""

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.inference import spearman
from recipes.claims.rules import ranks
from recipes.figures import Drawing, panels
from recipes.m18 import quantities
from recipes.m18.analyses import curves
from recipes.m18.analyses import training_task as training
from recipes.m18.claims.generalization import (
    ENDS,
    SHARES,
    by_setting,
    every,
    followed,
    ranked,
)
from recipes.m18.figures.pieces import BANDS, ablated, legend, titled
from recipes.m18.measures import picks
from recipes.runner.results import Results
from recipes.runner.runs import Run

AREA = "area under the ablation curve"
#: Test losses further above the lowest are cut off, as in the paper's figure.
CROPPED = 4


def figures(results: Results) -> Iterator[Drawing]:
    """The area as a sign of generalization."""
    runs = ranked(results)
    if len(runs) > 1:
        yield "ensemble", partial(ensemble, runs)
    for label, ones in followed(results).items():
        name = re.sub(r"\W+", "_", label.removesuffix(" shuffled").removesuffix("%"))
        yield name, partial(trained, ones)
    if len(by_setting(results).networks) > 2:
        yield "hyperparameters", partial(hyperparameters, results)


def ensemble(runs: list[Run]) -> Figure:
    """The best and worst networks of an ensemble, and all of them.

    Repeats figures 3a and 3b.
    """
    count = min(ENDS, len(runs) // 2)
    figure, axes = panels(
        titled(runs, f"{len(runs)} networks that differ in their seed"),
        f"Left: the {count} networks with the lowest and the highest generalization "
        f"error, training accuracy less test accuracy. {BANDS} Right: one point a "
        "network.",
        1,
        2,
    )
    ablated(axes[0, 0], {"best": curves(runs[:count]), "worst": curves(runs[-count:])})
    errors = [100 * quantities.generalization_error(run) for run in runs]
    areas = [quantities.area(run) for run in runs]
    _scatter(axes[0, 1], errors, areas)
    axes[0, 1].set(xlabel="generalization error (%)", ylabel=AREA)
    return figure


def trained(runs: list[Run]) -> Figure:
    """Losses and area through training, and area against test loss.

    Repeats figures 4a and 4b; which network 4b shows, its caption and the text say
    differently.
    """
    share = runs[0].settings.corruption
    shuffled = f", {share:.0%} of the labels shuffled" if share else ""
    figure, axes = panels(
        titled(runs, "through training" + shuffled),
        f"Left: the network of seed {runs[0].settings.seed}; the axis of the loss is "
        "cropped. Right: one point an epoch that was kept, a color a network, to "
        f"{CROPPED} times the lowest loss; Spearman's correlation of all, for each.",
        1,
        2,
    )
    left = axes[0, 0]
    found = training(runs[0]).found or {}
    right = left.twinx()
    for name, color in (("train_loss", "C0"), ("test_loss", "C4")):
        left.plot(
            found["epoch"], found[name], color=color, label=name.replace("_", " ")
        )
    right.plot(found["epoch"], found["auc"], "--", color="C2", label="area")
    left.set(xlabel="epoch", ylabel="loss", xscale="log")
    left.set_ylim(0, CROPPED * min(found["test_loss"]))
    right.set(ylabel=AREA)
    right.spines["top"].set_visible(False)
    left.legend(
        handles=[*left.lines, *right.lines],
        frameon=False,
        fontsize=8,
        loc="upper left",
        bbox_to_anchor=(0, -0.2),
        ncols=3,
    )
    words = []
    for index, run in enumerate(runs):
        one = training(run).found or {}
        loss, auc = np.asarray(one["test_loss"]), np.asarray(one["auc"])
        shown = loss <= CROPPED * loss.min()
        axes[0, 1].scatter(loss[shown], auc[shown], s=12, color=f"C{index}")
        words.append(f"{spearman(one['test_loss'], one['auc']).correlation:.2f}")
    axes[0, 1].set(xlabel="test loss", ylabel=AREA)
    axes[0, 1].set_title(f"Spearman {', '.join(words)}", fontsize=10)
    return figure


def hyperparameters(results: Results) -> Figure:
    """Area against test accuracy over settings, and how well the area picks one.

    Repeats figure 4c, and the numbers of section 3.2.
    """
    settings = by_setting(results)
    found = picks(*settings.columns)
    figure, axes = panels(
        titled(results["hyperparameters"], f"{len(settings.networks)} settings"),
        "Settings: learning rates by batch sizes. Left: one point a network. Right: "
        f"{len(found.gaps)} times half of the settings was drawn, and the one with the "
        "greatest mean area picked; how often it is among those with the highest mean "
        "test accuracy. The paper's best 1, 5 and 10 of 48 are scaled to the number of "
        "settings, and rounded up.",
        1,
        2,
    )
    areas, accuracies = every(settings)
    _scatter(axes[0, 0], areas, [100 * value for value in accuracies])
    axes[0, 0].set(xlabel=AREA, ylabel="test accuracy (%)")
    places = np.arange(len(found.tops))
    right = axes[0, 1]
    right.bar(places - 0.2, 100 * np.array(found.shares), 0.4, label="measured")
    right.bar(places + 0.2, 100 * np.array(SHARES), 0.4, color="0.7", label="the paper")
    by_chance = [100 * top / found.size for top in found.tops]
    right.plot(places, by_chance, "kx", label="by chance")
    right.set_xticks(places, [f"best {top} of {found.size}" for top in found.tops])
    right.set(ylabel="random halves (%)", ylim=(0, 103))
    legend(right)
    return figure


def _scatter(axes: Axes, x: list[float], y: list[float]) -> None:
    """Points, and their rank correlation above."""
    axes.scatter(x, y, s=14, alpha=0.7, linewidths=0)
    if len(x) > 2:
        rho, pvalue = ranks(x, y)
        axes.set_title(f"Spearman {rho:.3f}, p = {pvalue:.2g}", fontsize=10)
