"""Grids of images that drive units."""

from collections.abc import Iterator, Sequence
from functools import partial

from matplotlib.figure import Figure

from keras_selectivity.plots import plot_maximized
from recipes.figures import Drawing, describe
from recipes.g19.design import LAYERS
from recipes.g19.figures.layers import title
from recipes.g19.measured import Measured


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """A figure for each layer of the survey, of the first network."""
    for layer in LAYERS:
        yield f"maximized_{layer}", partial(grids, found[0], layer)


def grids(one: Measured, layer: str) -> Figure:
    """A hundred images for each of two units of a layer.

    Repeats figures 6a-f and A5 to A7, with units that the measures choose: the
    paper's were chosen by what people saw in their images.
    """
    figure = plot_maximized(
        one.maximized(layer),
        one.report,
        "top_class",
        title=title([one], f"images that drive units of {layer}"),
    )
    # Of few images or a single unit it would be narrower than its title.
    figure.set_figwidth(max(figure.get_figwidth(), 7.5))
    describe(
        figure,
        "100 images a unit, the one that drives it most first; by ascent of the image, "
        "not by PPGN as in the paper. Units: the highest and the lowest top-class "
        "selectivity of the layer.",
    )
    return figure
