"""Single units: every response to every image."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots.colors import CATEGORIES
from keras_selectivity.plots.draw import draw_jitter, open_frame
from recipes.figures import Drawing, describe, panels
from recipes.g19 import fits
from recipes.g19.figures.layers import title
from recipes.g19.generated import cases, labels, scores
from recipes.g19.measured import LEVELS, Examples, Measured
from recipes.g19.measures import images

CLASS = "Triangles: the class that stands out; gray: others. The height is random."


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """Example units of the first network, and the generated ones."""
    yield "example_hidden", partial(hidden, found[0])
    yield "example_output", partial(jitterplots, found[0], ("fc8", "prob"))
    yield "example_layers", partial(jitterplots, found[0], ("conv5", "fc7"))
    yield "generated", generated


def hidden(one: Measured) -> Figure:
    """The most precise unit of fc6: jitterplot, histogram, images.

    Repeats figures 3a-e: of the class that makes the unit a "detector", images to
    which it responds least, as to the mean of the class, and most.
    """
    seen = one.examples
    unit, target = seen.units["fc6"], seen.classes["fc6"]
    own = seen.own("fc6")
    silent = float(np.mean(own == 0))
    figure = Figure(figsize=(9.6, 5.4), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=[2.3, 1])
    upper, lower = halves
    jitter, histogram = upper.subplots(1, 2)
    draw_jitter(jitter, seen.of("fc6"), seen.labels, target)
    jitter.set(xlabel="response", title=scored(one, "fc6"))
    histogram.hist(own, bins=fits.edges(own), color=CATEGORIES[1])
    error = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan
    histogram.axvline(own.mean(), color="black", linewidth=1)
    histogram.set(
        xlabel="response",
        ylabel=f"images of class {target}",
        title=f"mean {own.mean():.3g} ± {error:.1g}, {silent:.1%} at 0",
    )
    for axes in (jitter, histogram):
        axes.title.set_fontsize(9)
        open_frame(axes)
    for block, level, pictures, values in zip(
        lower.subfigures(1, 3), LEVELS, seen.images, seen.levels, strict=True
    ):
        block.suptitle(f"{level}: {values.min():.3g} to {values.max():.3g}", fontsize=9)
        for axes, picture in zip(
            block.subplots(1, len(pictures), squeeze=False)[0], pictures, strict=True
        ):
            _show(axes, picture)
    figure.suptitle(title([one], f"fc6.{unit}, a “detector” of class {target}"))
    describe(
        figure,
        f"{CLASS} Above, right: the class alone; the mean with its standard error. "
        f"Below: images of class {target} at the lowest response, at its mean and "
        "at the highest.",
    )
    return figure


def jitterplots(one: Measured, layers: Sequence[str]) -> Figure:
    """Every response of a unit in each of some layers.

    Repeats figures 4a and 4b: the unit of highest top-class selectivity in prob,
    before and after the softmax; and as in figure 3a units of other layers, conv5's
    with the highest value of its map.
    """
    text = " and ".join(f"{layer}.{one.examples.units[layer]}" for layer in layers)
    figure, axes = panels(title([one], text), CLASS, 1, len(layers))
    for panel, layer in zip(axes, layers, strict=True):
        seen = one.examples
        draw_jitter(panel, seen.of(layer), seen.labels, seen.classes[layer])
        panel.set(xlabel="response", title=scored(one, layer))
        panel.title.set_fontsize(9)
    return figure


def scored(one: Measured, layer: str) -> str:
    """What the measures say of an example unit, in two lines."""
    seen: Examples = one.examples
    unit = seen.units[layer]
    found = {metric: values[unit] for metric, values in one.report[layer].items()}
    localist = "on" if found["localist_on"] else "off"
    return (
        f"{layer}.{unit}, class {seen.classes[layer]}: CCMAS {found['ccmas']:.3g}, "
        f"precision {found['precision']:.0%} of {images(one.network.settings)},\n"
        f"top-class {found['top_class']:.1%}, "
        + (f"localist {localist}" if found["localist"] else "not localist")
    )


def generated() -> Figure:
    """Three generated units, with what the measures say of each: figures A4a-c."""
    caption = (
        "Generated responses to 10 classes of 100 items, with CCMAS, the precision of "
        "100 items and top-class selectivity (TCS). Among items that tie, precision "
        f"counts what a random draw gives on average. {CLASS}"
    )
    figure, axes = panels("Generated units", caption, 1, 3)
    for panel, case in zip(axes, cases(), strict=True):
        found = scores(case.responses)
        draw_jitter(panel, case.responses, labels(), 0)
        panel.set(
            xlabel="response",
            xlim=(-0.05, 1.05),
            title=(
                f"{case.row}: {case.title}\nCCMAS {found.ccmas:.2g}, precision "
                f"{found.precision:.0%}, TCS {found.top_class:.0%}"
            ),
        )
        panel.title.set_fontsize(10)
    return figure


def _show(axes: Any, picture: np.ndarray) -> None:
    # Of colored images matplotlib leaves the map out.
    gray = picture[..., 0] if picture.shape[-1] == 1 else picture
    axes.imshow(gray, cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()
