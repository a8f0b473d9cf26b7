"""Each measure by layer."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recipes.figures import Drawing, panels
from recipes.g19.measured import Measured
from recipes.g19.measures import LAYERS, images

#: Name of a measure on an axis, and what it is multiplied by.
MEASURES = {
    "top_class": ("top-class selectivity (%)", 100),
    "precision": ("precision (%)", 100),
    "ccmas": ("CCMAS", 1),
}


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """The measures by layer."""
    yield "measures_by_layer", partial(by_layer, found)


def title(found: Sequence[Measured], text: str) -> str:
    """A title that says which networks and which data."""
    first = found[0].network
    if len(found) == 1:
        return f"{first.title}: {text}"
    return f"{first.title.rsplit(', seed', 1)[0]}, {len(found)} networks: {text}"


def by_layer(found: Sequence[Measured]) -> Figure:
    """Top-class selectivity, precision and CCMAS of every unit.

    Repeats figures 2a-c and the means of table A2.
    """
    count = images(found[0].network.settings)
    caption = (
        "Every unit a point; in color the density of the units, black the mean. "
        "Rightly classified training images alone; conv5 by the highest value of a "
        f"map; precision of {count} images. Values of CCMAS outside the panel are "
        "marked at its edge."
    )
    figure, axes = panels(title(found, "three measures"), caption, 1, 3)
    for panel, (metric, (label, scale)) in zip(axes[0], MEASURES.items(), strict=True):
        values = [
            scale * np.concatenate([one.report[layer][metric] for one in found])
            for layer in LAYERS
        ]
        _draw(panel, [v[np.isfinite(v)] for v in values])
        panel.set(ylabel=label)
        if metric == "ccmas":
            # Units that can be negative have no bound: a few would hide the rest.
            panel.set_ylim(-0.05, 2.05)
            for place, layer in enumerate(values):
                above = np.sum(layer > 2.05)
                if above:
                    panel.annotate(
                        f"{above} above",
                        (place, 1),
                        xycoords=panel.get_xaxis_transform(),
                        ha="center",
                        va="bottom",
                        fontsize=7,
                    )
        else:
            panel.set_ylim(-3, 103)
    return figure


def _draw(panel: Any, values: Sequence[np.ndarray]) -> None:
    spread = [i for i, one in enumerate(values) if len(one) > 2 and np.ptp(one) > 1e-6]
    if spread:
        bodies = panel.violinplot(
            [values[i] for i in spread], spread, widths=0.85, showextrema=False
        )["bodies"]
        for body in bodies:
            body.set(facecolor="C0", edgecolor="none", alpha=0.3)
    beside = np.random.default_rng(0)
    for place, one in enumerate(values):
        x = place + beside.uniform(-0.12, 0.12, len(one))
        faint = min(0.5, max(0.05, 50 / max(len(one), 1)))
        panel.scatter(x, one, s=5, color="C0", alpha=faint, linewidths=0)
        panel.plot(place, one.mean(), "D", color="black", markersize=4)
    panel.set_xticks(range(len(LAYERS)), LAYERS)
