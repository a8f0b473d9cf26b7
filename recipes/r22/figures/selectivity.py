"""SI of modules and blocks through training."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import GRAY, sequence
from keras_selectivity.plots.draw import epoch_axis
from recipes.figures import Drawing, available, head, legend
from recipes.r22.analyses import computed, unit_selectivities
from recipes.r22.figures.pieces import MODULES, NETWORKS, SELECTIVITY, follow, opened
from recipes.r22.quantities import blocks, by_step, modules, steps_per_epoch
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Epochs that the steps are shown of.
FIRST = 3


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks without a regularizer."""
    runs, units = results.get("plain"), computed(unit_selectivities(results))
    yield from available(
        ("selectivity_modules", by_module, runs),
        ("selectivity_layers", partial(by_layer, units), runs),
    )


def by_module(runs: list[Run]) -> Figure:
    """SI of each module against the epoch, and against the step at first.

    Repeats figure 2; the right-hand side is not in the paper.
    """
    caption = (
        f"{NETWORKS} Epoch 0: before training. Right: the first {FIRST} epochs, each "
        f"of {steps_per_epoch(runs[0]):,} steps, ends at a dotted line."
    )
    text = "class selectivity of modules through training"
    figure, (through, first) = opened(runs[0], text, caption, 1, 2)
    by_epoch = [modules(run) for run in runs]
    stepwise = [by_step(run, min(FIRST, run.settings.epochs)) for run in runs]
    steps = stepwise[0][0]
    for module in by_epoch[0]:
        style = {"label": f"module {module}", "color": MODULES[module]}
        table = [one[module] for one in by_epoch]
        follow(through, np.arange(len(table[0])), table, **style)
        follow(first, steps, [one[module] for _, one in stepwise], **style)
    for step in steps[len(runs[0].first_epoch["step"]) :]:
        first.axvline(step, color=GRAY, linestyle=":", linewidth=1, zorder=0)
    epoch_axis(through, SELECTIVITY)
    legend(through)
    first.set(xlabel="training step", ylabel=SELECTIVITY)
    for one in (through, first):
        one.set_ylim(bottom=0)
    return figure


def by_layer(units: list[dict[str, Any]], runs: list[Run]) -> Figure:
    """SI of each bottleneck block against the epoch, in bands over its units.

    Repeats figure 9.
    """
    run = runs[0]
    caption = (
        "One network. Lines: means over the feature maps of a bottleneck block, bands: "
        "bootstrapped 95% intervals over them, between the epochs whose weights are "
        "kept. Epoch 0: before training."
    )
    text = "class selectivity of bottleneck blocks through training"
    figure, axes = opened(run, text, caption, 2, 2)
    for panel, (module, table) in zip(axes, blocks(run).items(), strict=False):
        colors = sequence(len(table))
        for index, (color, line) in enumerate(zip(colors, table, strict=True), start=1):
            style: Any = {"color": color, "markersize": 3, "linewidth": 1.2}
            panel.plot(line, "o-", label=f"block {index}", **style)
            if units:
                name = f"stage{module - 3}_block{index}_out"
                _, low, high = np.transpose(units[0]["layers"][name])
                band: Any = {"color": color, "alpha": 0.2, "linewidth": 0}
                panel.fill_between(units[0]["epochs"], low, high, **band)
        head(panel, f"module {module}")
        panel.set_ylim(0, 1)
        epoch_axis(panel, SELECTIVITY)
        legend(panel, ncols=2)
    return figure
