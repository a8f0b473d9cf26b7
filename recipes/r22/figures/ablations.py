"""Accuracy as the units of a module are silenced."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import CATEGORIES, GRAY, sequence
from keras_selectivity.plots.draw import epoch_axis
from recipes.figures import Drawing, available, head, legend, legend_outside
from recipes.quantities import chance
from recipes.r22.ablation import ORDERS, able, accuracies, areas, normalized
from recipes.r22.analyses import ablations, computed
from recipes.r22.figures.pieces import ACCURACY, NETWORKS, follow, opened
from recipes.r22.modules import EARLY
from recipes.runner.results import Results
from recipes.runner.runs import Run

_SILENCED = "feature maps silenced"
_COLORS = {"most_selective": CATEGORIES[1], "random": GRAY}
Found = list[dict[str, Any]]


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks without a regularizer that have been ablated."""
    runs, found = results.get("plain"), computed(ablations(results))
    yield from available(
        ("ablation_epochs", by_epoch, runs, found),
        ("ablation_areas", area, runs, found),
        ("ablation_trained", trained, runs, found),
    )


def by_epoch(runs: list[Run], found: Found) -> Figure:
    """Normalized accuracy against the number of silent units, a line an epoch.

    Repeats the right-hand side of figure 3.
    """
    run = runs[0]
    caption = (
        f"{NETWORKS} Accuracy on the test set over that of the intact network of the "
        "same epoch. Epochs at which a network is below twice chance "
        f"({2 * chance(run):.1%}) are left out: it has nothing to lose."
    )
    text = "ablation of modules through training"
    figure, axes = opened(run, text, caption, len(ORDERS), len(EARLY))
    epochs = found[0]["epochs"]
    places = able(found, chance(run))
    shown = [
        (order, name, module) for order, name in ORDERS.items() for module in EARLY
    ]
    for panel, (order, name, module) in zip(axes, shown, strict=True):
        counts = found[0]["counts"][str(module)]
        tables = np.array([normalized(one, order, module) for one in found])
        for place, color in zip(places, sequence(len(places)), strict=True):
            label = str(epochs[place])
            follow(panel, counts, tables[:, place], label=label, color=color)
        head(panel, f"module {module}, {name}")
        panel.set(xlabel=_SILENCED, ylabel="normalized accuracy", ylim=(0, 1.1))
    legend_outside(figure, axes[0].lines, title="epoch")
    return figure


def area(runs: list[Run], found: Found) -> Figure:
    """Area under the curves of normalized accuracy against the epoch.

    Repeats the left-hand side of figure 3.
    """
    run = runs[0]
    points = len(found[0]["counts"]["4"])
    caption = (
        f"{NETWORKS} Area: sum of the normalized accuracies at {points} points, as the "
        "paper has it. Epochs with a network below twice chance "
        f"({2 * chance(run):.1%}) are hollow: there the area says nothing."
    )
    text = "areas under ablation curves"
    figure, axes = opened(run, text, caption, 1, len(EARLY))
    epochs = np.array(found[0]["epochs"])
    tells = np.isin(np.arange(len(epochs)), able(found, chance(run)))
    for panel, module in zip(axes, EARLY, strict=True):
        for order, name in ORDERS.items():
            table = np.array([areas(one, order, module) for one in found])
            color = _COLORS[order]
            follow(panel, epochs[tells], table[:, tells], label=name, color=color)
            hollow: Any = {"color": color, "markerfacecolor": "white", "markersize": 4}
            panel.plot(epochs[~tells], table[:, ~tells].mean(axis=0), "o", **hollow)
        head(panel, f"module {module}")
        panel.set_ylim(bottom=0)
        epoch_axis(panel, "area (sum of accuracies)")
    legend(axes[0])
    return figure


def trained(runs: list[Run], found: Found) -> Figure:
    """Accuracy of fully trained networks against the number of silent units.

    Repeats figure 8.
    """
    text = "ablation of fully trained networks"
    figure, axes = opened(runs[0], text, NETWORKS, 2, 2)
    modules = found[0]["counts"].items()
    for panel, (module, counts) in zip(axes, modules, strict=False):
        for order, name in ORDERS.items():
            table = [100 * accuracies(one, order, int(module))[-1] for one in found]
            follow(panel, counts, table, label=name, color=_COLORS[order])
        head(panel, f"module {module}")
        panel.set(xlabel=_SILENCED, ylabel=ACCURACY, ylim=(0, 102))
    legend(axes[0])
    return figure
