"""How the responses of a unit are distributed."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import CATEGORIES, GRAY
from recipes.figures import Drawing, legend, panels
from recipes.g19 import fits
from recipes.g19.figures.layers import title
from recipes.g19.measured import Measured

COLORS = dict(zip(("normal", "exponential", "half normal"), CATEGORIES, strict=False))


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """Histograms and fits of the first network's example unit."""
    yield "histogram", partial(histogram, found[0])
    yield "fits", partial(fitted, found[0])


def histogram(one: Measured) -> Figure:
    """All responses of the most precise unit of fc6, and those to its class.

    Repeats figure A2. Its bins are 1.0 wide, where that makes 20 of them.
    """
    seen = one.examples
    bins = fits.edges(seen.of("fc6"))
    caption = f"Bins of {bins[1] - bins[0]:g}; counts on a logarithmic scale."
    text = f"responses of fc6.{seen.units['fc6']}"
    figure, axes = panels(title([one], text), caption, 1, 2)
    for panel, (name, values), color in zip(
        axes, _responses(one).items(), (GRAY, CATEGORIES[1]), strict=True
    ):
        panel.hist(values, bins=list(bins), color=color)
        panel.set(xlabel="response", ylabel="images", yscale="log")
        panel.set_title(f"{name}: {np.mean(values == 0):.1%} at 0")
    return figure


def _responses(one: Measured) -> dict[str, np.ndarray]:
    """Of the example unit of fc6, to all images and to those of its class."""
    seen = one.examples
    own = f"class {seen.classes['fc6']}"
    return {"all classes": seen.of("fc6"), own: seen.own("fc6")}


def fitted(one: Measured) -> Figure:
    """Exponential and normal fits to the responses of fc6's most precise unit.

    Repeats figure A3: of responses other than 0, to all classes and to the best one.
    """
    caption = (
        "Responses other than 0, and distributions fitted by maximum likelihood. AIC: "
        "Akaike's information criterion, the lower the better; KS: Kolmogorov-Smirnov "
        "distance."
    )
    text = f"fits to fc6.{one.examples.units['fc6']}"
    figure, axes = panels(title([one], text), caption, 1, 2)
    for panel, (name, every) in zip(axes, _responses(one).items(), strict=True):
        values = fits.nonzero(every)
        panel.set(xlabel="response", ylabel="density", title=f"{name}: {len(values)}")
        if not len(values):
            continue
        edges = fits.edges(values)
        panel.hist(values, bins=list(edges), density=True, color="0.8")
        x = np.linspace(edges[0], edges[-1], 300)
        for family, found in fits.fit(values).items():
            label = f"{family}: AIC {found.aic:.0f}, KS {found.distance:.2f}"
            panel.plot(x, found.density(x), color=COLORS[family], label=label)
        if panel.lines:
            legend(panel)
    return figure
