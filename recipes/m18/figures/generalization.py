"""The area under the ablation curve: an ensemble, training, hyperparameters."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.inference import spearman
from keras_selectivity.plots.colors import CATEGORIES, GRAY, categories
from recipes.figures import Drawing, head, legend_below, panels, titled
from recipes.m18 import quantities
from recipes.m18.analyses import curves
from recipes.m18.analyses import training_task as training
from recipes.m18.claims.generalization import (
    AREAS,
    ENDS,
    SHARES,
    by_setting,
    every,
    followed,
    ranked,
    through_training,
)
from recipes.m18.figures.pieces import BANDS, ablated, normalized
from recipes.m18.measures import picks
from recipes.runner.results import Results
from recipes.runner.runs import Run

AREA = "area under the ablation curve"
#: How the two areas are told apart.
NORMALIZED = "Circles: the area over the accuracy of the intact network."
KINDS = ("area", "normalized area")
#: Test losses further above the lowest are cut off, as in the paper's figure.
CROPPED = 4


def figures(results: Results) -> Iterator[Drawing]:
    """The area as a sign of generalization."""
    runs = ranked(results)
    if len(runs) > 1:
        yield "ensemble", partial(ensemble, runs)
    for sweep, ones in followed(results).items():
        yield sweep, partial(trained, ones)
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
        f"network. {NORMALIZED}"
    )
    text = f"{len(runs)} networks that differ in their seed"
    figure, (left, right) = panels(titled(runs[0].settings, text), caption, 1, 2)
    groups = {"best": curves(runs[:count]), "worst": curves(runs[-count:])}
    ablated(left, normalized(groups))
    errors = [100 * quantities.generalization_error(run) for run in runs]
    areas = [[quantity(run) for run in runs] for quantity in AREAS.values()]
    _scatter(right, [(errors, one) for one in areas])
    right.set(xlabel="generalization error (%)", ylabel=AREA)
    return figure


def trained(runs: list[Run]) -> Figure:
    """Losses and area through training, and area against test loss.

    Repeats figures 4a and 4b; which network 4b shows, its caption and the text say
    differently.
    """
    settings = runs[0].settings
    caption = (
        f"Left: the network of seed {settings.seed}; the axis of the loss is "
        "cropped. Right: one point an epoch that was kept, a color a network, to "
        f"{CROPPED} times the lowest loss; Spearman's correlation of all, mean over "
        "networks."
    )
    title = titled(settings, "through training")
    figure, (left, points) = panels(title, caption, 1, 2)
    each = [training(run).found or {} for run in runs]
    _through_training(left, each[0])
    rhos = []
    for color, found in zip(categories(len(each)), each, strict=True):
        loss = np.asarray(found["test_loss"])
        areas = [through_training(found, key) for key in ("auc", "kept")]
        shown = loss <= CROPPED * loss.min()
        points.scatter(loss[shown], areas[0][shown], s=12, color=color)
        rhos.append([spearman(loss, one).correlation for one in areas])
    points.set(xlabel="test loss", ylabel=AREA)
    both = zip(KINDS, np.mean(rhos, axis=0), strict=True)
    head(points, "Spearman " + ", ".join(f"{rho:.2f} ({kind})" for kind, rho in both))
    return figure


def _through_training(left: Axes, found: Mapping[str, Any]) -> None:
    """Losses on the left axis, the area on the right one."""
    right = left.twinx()
    loss, test_loss, *areas = categories(4)
    style = {"train loss": loss, "test loss": test_loss}
    for label, color in style.items():
        values = found[label.replace(" ", "_")]
        left.plot(found["epoch"], values, color=color, label=label)
    for key, kind, color in zip(("auc", "kept"), KINDS, areas, strict=True):
        values = through_training(found, key)
        right.plot(found["epoch"], values, "--", color=color, label=kind)
    left.set(xlabel="epoch", ylabel="loss", xscale="log")
    left.set_ylim(0, CROPPED * min(found["test_loss"]))
    right.set(ylabel=AREA)
    right.spines["top"].set_visible(False)
    legend_below(left, 2, handles=[*left.lines, *right.lines])


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
        f"settings, and rounded up. {NORMALIZED}"
    )
    first = results["hyperparameters"][0].settings
    title = titled(first, f"{len(settings.networks)} settings")
    figure, (left, right) = panels(title, caption, 1, 2)
    both = [every(by_setting(results, quantity)) for quantity in AREAS.values()]
    _scatter(left, [(areas, [100 * one for one in found]) for areas, found in both])
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


def _scatter(axes: Axes, pairs: list[tuple[list[float], list[float]]]) -> None:
    """Points of both areas, and their rank correlations above."""
    words = []
    for (x, y), kind, face in zip(pairs, KINDS, (CATEGORIES[0], "none"), strict=True):
        axes.scatter(x, y, s=14, facecolors=face, edgecolors=CATEGORIES[0])
        if len(x) > 2:
            words.append(f"{spearman(x, y).correlation:.2f} ({kind})")
    if words:
        head(axes, f"Spearman {', '.join(words)}")
