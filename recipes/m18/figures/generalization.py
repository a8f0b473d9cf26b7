"""The area under the ablation curve: an ensemble, training, hyperparameters."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.inference import spearman
from keras_selectivity.plots.colors import CATEGORIES, GRAY, categories
from recipes.claims.rules import ranks
from recipes.figures import Drawing, head, legend_below, panels, titled
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
from recipes.m18.figures.pieces import BANDS, ablated
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
    caption = (
        f"Left: the {count} networks with the lowest and the highest generalization "
        f"error, training accuracy less test accuracy. {BANDS} Right: one point a "
        "network."
    )
    text = f"{len(runs)} networks that differ in their seed"
    figure, (left, right) = panels(titled(runs[0].settings, text), caption, 1, 2)
    ablated(left, {"best": curves(runs[:count]), "worst": curves(runs[-count:])})
    errors = [100 * quantities.generalization_error(run) for run in runs]
    _scatter(right, errors, [quantities.area(run) for run in runs])
    right.set(xlabel="generalization error (%)", ylabel=AREA)
    return figure


def trained(runs: list[Run]) -> Figure:
    """Losses and area through training, and area against test loss.

    Repeats figures 4a and 4b; which network 4b shows, its caption and the text say
    differently.
    """
    settings = runs[0].settings
    share = settings.corruption
    shuffled = f", {share:.0%} of the labels shuffled" if share else ""
    caption = (
        f"Left: the network of seed {settings.seed}; the axis of the loss is "
        "cropped. Right: one point an epoch that was kept, a color a network, to "
        f"{CROPPED} times the lowest loss; Spearman's correlation of all, for each."
    )
    title = titled(settings, "through training" + shuffled)
    figure, (left, points) = panels(title, caption, 1, 2)
    each = [training(run).found or {} for run in runs]
    _through_training(left, each[0])
    words = []
    for color, found in zip(categories(len(each)), each, strict=True):
        loss, auc = np.asarray(found["test_loss"]), np.asarray(found["auc"])
        shown = loss <= CROPPED * loss.min()
        points.scatter(loss[shown], auc[shown], s=12, color=color)
        words.append(f"{spearman(loss, auc).correlation:.2f}")
    points.set(xlabel="test loss", ylabel=AREA)
    head(points, f"Spearman {', '.join(words)}")
    return figure


def _through_training(left: Axes, found: Mapping[str, Any]) -> None:
    """Losses on the left axis, the area on the right one."""
    right = left.twinx()
    loss, test_loss, area = categories(3)
    style = {"train loss": loss, "test loss": test_loss}
    for label, color in style.items():
        values = found[label.replace(" ", "_")]
        left.plot(found["epoch"], values, color=color, label=label)
    right.plot(found["epoch"], found["auc"], "--", color=area, label="area")
    left.set(xlabel="epoch", ylabel="loss", xscale="log")
    left.set_ylim(0, CROPPED * min(found["test_loss"]))
    right.set(ylabel=AREA)
    right.spines["top"].set_visible(False)
    legend_below(left, 3, handles=[*left.lines, *right.lines])


def hyperparameters(results: Results) -> Figure:
    """Area against test accuracy over settings, and how well the area picks one.

    Repeats figure 4c, and the numbers of section 3.2.
    """
    settings = by_setting(results)
    found = picks(*settings.columns)
    caption = (
        "Settings: learning rates by batch sizes. Left: one point a network. Right: "
        f"{len(found.gaps)} times half of the settings was drawn, and the one with the "
        "greatest mean area picked; how often it is among those with the highest mean "
        "test accuracy. The paper's best 1, 5 and 10 of 48 are scaled to the number of "
        "settings, and rounded up."
    )
    first = results["hyperparameters"][0].settings
    title = titled(first, f"{len(settings.networks)} settings")
    figure, (left, right) = panels(title, caption, 1, 2)
    areas, accuracies = every(settings)
    _scatter(left, areas, [100 * value for value in accuracies])
    left.set(xlabel=AREA, ylabel="test accuracy (%)")
    places = np.arange(len(found.tops))
    bars = {"measured": (found.shares, CATEGORIES[0]), "the paper": (SHARES, GRAY)}
    for shift, (label, (shares, color)) in zip((-0.2, 0.2), bars.items(), strict=True):
        right.bar(places + shift, 100 * np.array(shares), 0.4, color=color, label=label)
    by_chance = [100 * top / found.size for top in found.tops]
    right.plot(places, by_chance, "kx", label="by chance")
    right.set_xticks(places, [f"best {top} of {found.size}" for top in found.tops])
    right.set(ylabel="random halves (%)", ylim=(0, 103))
    legend_below(right)
    return figure


def _scatter(axes: Axes, x: list[float], y: list[float]) -> None:
    """Points, and their rank correlation above."""
    axes.scatter(x, y, s=14, color=CATEGORIES[0], linewidths=0)
    if len(x) > 2:
        rho, pvalue = ranks(x, y)
        head(axes, f"Spearman {rho:.3f}, p = {pvalue:.2g}")
