"""Accuracy as the units of a module are silenced."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recipes.figures import Drawing
from recipes.quantities import chance
from recipes.r22.ablation import ORDERS, able, accuracies, areas, normalized
from recipes.r22.analyses import ablations, computed
from recipes.r22.figures.pieces import (
    ACCURACY,
    NETWORKS,
    epoch_axis,
    follow,
    name_lines,
    opened,
    scale,
)
from recipes.r22.modules import EARLY
from recipes.runner.results import Results

_SILENCED = "feature maps silenced"
_COLORS = {"most_selective": "C3", "random": "0.4"}


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks without a regularizer that have been ablated."""
    found = computed(ablations(results))
    if found:
        yield "ablation_epochs", partial(by_epoch, results, found)
        yield "ablation_areas", partial(area, results, found)
        yield "ablation_trained", partial(trained, results, found)


def by_epoch(results: Results, found: list[dict[str, Any]]) -> Figure:
    """Normalized accuracy against the number of silent units, a line an epoch.

    Repeats the right-hand side of figure 3.
    """
    runs = results["plain"]
    caption = (
        f"{NETWORKS} Accuracy on the test set over that of the intact network of the "
        "same epoch. Epochs at which a network is below twice chance "
        f"({2 * chance(runs[0]):.1%}) are left out: it has nothing to lose."
    )
    figure, axes = opened(
        runs, "ablation of modules through training", caption, len(ORDERS), len(EARLY)
    )
    epochs = found[0]["epochs"]
    places = able(found, chance(runs[0]))
    for row, (order, name) in zip(axes, ORDERS.items(), strict=True):
        for panel, module in zip(row, EARLY, strict=True):
            counts = found[0]["counts"][str(module)]
            tables = np.array([normalized(one, order, module) for one in found])
            for place, color in zip(places, scale(len(places)), strict=True):
                label = str(epochs[place])
                follow(panel, counts, tables[:, place], label=label, color=color)
            panel.set_title(f"module {module}, {name}", fontsize=10)
            panel.set(xlabel=_SILENCED, ylabel="normalized accuracy")
            panel.set_ylim(0, 1.1)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside right center",
        title="epoch",
        frameon=False,
        fontsize=8,
    )
    return figure


def area(results: Results, found: list[dict[str, Any]]) -> Figure:
    """Area under the curves of normalized accuracy against the epoch.

    Repeats the left-hand side of figure 3.
    """
    runs = results["plain"]
    points = len(found[0]["counts"]["4"])
    caption = (
        f"{NETWORKS} Area: sum of the normalized accuracies at {points} points, as the "
        "paper has it. Epochs with a network below twice chance "
        f"({2 * chance(runs[0]):.1%}) are hollow: there the area says nothing."
    )
    figure, axes = opened(runs, "areas under ablation curves", caption, 1, len(EARLY))
    epochs = np.array(found[0]["epochs"])
    tells = np.isin(np.arange(len(epochs)), able(found, chance(runs[0])))
    for panel, module in zip(axes[0], EARLY, strict=True):
        for order, name in ORDERS.items():
            table = np.array([areas(one, order, module) for one in found])
            color = _COLORS[order]
            follow(panel, epochs[tells], table[:, tells], label=name, color=color)
            panel.plot(
                epochs[~tells],
                table[:, ~tells].mean(axis=0),
                "o",
                color=color,
                markerfacecolor="white",
                markersize=4,
            )
        panel.set_title(f"module {module}", fontsize=10)
        panel.set_ylim(bottom=0)
        epoch_axis(panel, "area (sum of accuracies)")
    name_lines(axes[0, 0])
    return figure


def trained(results: Results, found: list[dict[str, Any]]) -> Figure:
    """Accuracy of fully trained networks against the number of silent units.

    Repeats figure 8.
    """
    figure, axes = opened(
        results["plain"], "ablation of fully trained networks", NETWORKS, 2, 2
    )
    for panel, (module, counts) in zip(
        axes.flat, found[0]["counts"].items(), strict=False
    ):
        for order, name in ORDERS.items():
            table = [100 * accuracies(one, order, int(module))[-1] for one in found]
            follow(panel, counts, table, label=name, color=_COLORS[order])
        panel.set_title(f"module {module}", fontsize=10)
        panel.set(xlabel=_SILENCED, ylabel=ACCURACY)
        panel.set_ylim(0, 102)
    name_lines(axes[0, 0])
    return figure
