"""Images that drive units, in grids of 10 by 10, as people are asked to judge them."""

from typing import TYPE_CHECKING, Any

import numpy as np

import keras_selectivity as ks
from recipes.data import NORMALIZATIONS, SHAPES
from recipes.g19.measures import extreme
from recipes.models.alexnet import with_prob
from recipes.runner.settings import Settings

if TYPE_CHECKING:
    from recipes.g19.measured import Network

#: Of a grid.
IMAGES = 100
#: Of the ascent: for images of 16x16 pixels, and for photographs.
STEPS = {"glyphs200": 64}
PHOTOGRAPH_STEPS = 256


def make(network: "Network", report: ks.SelectivityReport, layer: str) -> Any:
    """Images for two units of a layer: that of highest and of lowest selectivity.

    G19 shows units whose images people could name, and others; only people can
    choose these. Here top-class selectivity chooses, and precision where it is equal,
    among the units that respond to some image.

    Reference:
        G19 figures 6 and A5 to A7.
    """
    order = ["top_class", "precision"]
    alive = report[layer]["active_fraction"] > 0
    units = [extreme(report, layer, order, sign, alive) for sign in (1, -1)]
    return images(maximizer(network, layer), network.settings, list({*units}))


def maximizer(network: "Network", layer: str) -> Any:
    """What makes images for the units of a layer, compiled once.

    Reference:
        G19 sections 2 and A1. It searches the code of a trained generator (Plug & Play
        Generative Networks); this searches the image, with the prior of
        `ks.maximization`.
    """
    return ks.maximization.Maximizer(
        with_prob(network.model()),
        layer,
        response="max",
        value_range=value_range(network.settings),
        image_shape=SHAPES[network.settings.data][0],
    )


def images(made: Any, settings: Settings, units: list[int]) -> Any:
    """A hundred images for each of some units."""
    return made.run(
        sorted(units),
        IMAGES,
        steps=STEPS.get(settings.data, PHOTOGRAPH_STEPS),
        batch_size=100 if settings.data in STEPS else 32,
        verbose=0,
    )


def value_range(settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """What black and white are for the network.

    Example:
        >>> from recipes.g19.experiments import GLYPHS
        >>> [ends.tolist() for ends in value_range(GLYPHS)]
        [[0.0], [1.0]]
    """
    mean, std = (np.array(values) for values in NORMALIZATIONS[settings.data])
    return (0 - mean) / std, (1 - mean) / std
