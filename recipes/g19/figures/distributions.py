"""How the responses of a unit are distributed."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from recipes.figures import Drawing, panels
from recipes.g19 import fits
from recipes.g19.figures.layers import title
from recipes.g19.measured import Measured

COLORS = {"exponential": "C3", "normal": "C0", "half normal": "C2"}


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """Histograms and fits of the first network's example unit."""
    yield "histogram", partial(histogram, found[0])
    yield "fits", partial(fitted, found[0])


def histogram(one: Measured) -> Figure:
    """All responses of the most precise unit of fc6, and those to its class.

    Repeats figure A2. Its bins are 1.0 wide, where that makes 20 of them.
    """
    seen = one.examples
    unit, target = seen.units["fc6"], seen.classes["fc6"]
    every, own = seen.of("fc6"), seen.own("fc6")
    bins = fits.edges(every)
    caption = f"Bins of {bins[1] - bins[0]:g}; counts on a logarithmic scale."
    text = f"responses of fc6.{unit}"
    figure, axes = panels(title([one], text), caption, 1, 2)
    for panel, values, name, color in (
        (axes[0, 0], every, "all classes", "0.5"),
        (axes[0, 1], own, f"class {target}", "C3"),
    ):
        panel.hist(values, bins=bins, color=color)
        panel.set(
            xlabel="response",
            ylabel="images",
            yscale="log",
            title=f"{name}: {np.mean(values == 0):.1%} at 0",
        )
    return figure


def fitted(one: Measured) -> Figure:
    """Exponential and normal fits to the responses of fc6's most precise unit.

    Repeats figure A3: of responses other than 0, to all classes and to the best one.
    """
    seen = one.examples
    unit, target = seen.units["fc6"], seen.classes["fc6"]
    caption = (
        "Responses other than 0, and distributions fitted by maximum likelihood. AIC: "
        "Akaike's information criterion, the lower the better; KS: Kolmogorov-Smirnov "
        "distance."
    )
    figure, axes = panels(title([one], f"fits to fc6.{unit}"), caption, 1, 2)
    for panel, responses, name in (
        (axes[0, 0], seen.of("fc6"), "all classes"),
        (axes[0, 1], seen.own("fc6"), f"class {target}"),
    ):
        values = fits.nonzero(responses)
        panel.set(xlabel="response", ylabel="density", title=f"{name}: {len(values)}")
        if not len(values):
            continue
        edges = fits.edges(values)
        panel.hist(values, bins=edges, density=True, color="0.8")
        x = np.linspace(edges[0], edges[-1], 300)
        for family, found in fits.fit(values).items():
            panel.plot(
                x,
                found.density(x),
                color=COLORS[family],
                label=f"{family}: AIC {found.aic:.0f}, KS {found.distance:.2f}",
            )
        if panel.lines:
            panel.legend(frameon=False, fontsize=8)
    return figure
