"""Each measure by layer."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.draw import draw_distributions
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
    for panel, (metric, (label, scale)) in zip(axes, MEASURES.items(), strict=True):
        values = [
            scale * np.concatenate([one.report[layer][metric] for one in found])
            for layer in LAYERS
        ]
        draw_distributions(panel, [v[np.isfinite(v)] for v in values])
        panel.set_xticks(range(len(LAYERS)), LAYERS)
        # Units that can be negative have no bound: a few would hide the rest.
        low, high = (-0.05, 2.05) if metric == "ccmas" else (-3, 103)
        panel.set(ylabel=label, ylim=(low, high))
        for place, layer in enumerate(values):
            if above := int(np.sum(layer > high)):
                at = panel.get_xaxis_transform()
                small: Any = {"ha": "center", "va": "bottom", "fontsize": 7}
                panel.text(place, 1, f"{above} above", transform=at, **small)
    return figure
