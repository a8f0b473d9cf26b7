"""The images that were made to drive units, with the selectivity of the units."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.checks import checked_kind, checked_list
from keras_selectivity.maximization import Maximized
from keras_selectivity.plots.arguments import check_measure, class_name
from keras_selectivity.plots.draw import (
    add_title,
    figure_of,
    measure_label,
    some_panels,
)
from keras_selectivity.report import SelectivityReport

# Names of measures that fit above a small image.
_SHORT = {"dprime": "d'", "si": "SI"}


def plot_maximized(
    found: Maximized,
    report: SelectivityReport | None = None,
    metric: str = "si",
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    axes: Any = None,
) -> Figure:
    """Draw the images that drive each unit, and how selective the unit is.

    A unit is a panel: a grid of its images, the one of highest activation first, so
    that 100 images are G19's grid of 10 by 10. Above it stand the highest activation
    and, with a report, the unit's selectivity and preferred class.

    Args:
        found: What `maximize` returned, of images with 1 channel (gray) or 3.
        report: What `measure` found for the same layer. None: no selectivity.
        metric: Measure of the report to show.
        class_names: Names of the classes, in their order. None: their numbers.
        title: Above the figure, or above the first of the axes that are given.
        axes: As many axes as there are units, in a list or an array of any shape, of a
            figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If `found` is not what `maximize` returned, or `report` not what
            `measure` did, or `axes` are no axes.
        ValueError: If images have other channels, the report does not hold the layer
            or the measure, a class has no name, or `axes` are of another number.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 1)), keras.layers.Flatten(),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2)])
        >>> found = ks.maximization.maximize(model, layer="hidden", steps=5, verbose=0)
        >>> data = np.random.rand(6, 8, 8, 1), np.arange(6) % 2
        >>> figure = plot_maximized(found, ks.measure(model, data, verbose=0))
        >>> print(figure.axes[0].get_title())
        unit 0: ...
        SI ..., class ...

    Reference:
        G19 figures A5, A6 and A7.
    """
    checked_kind("found", found, Maximized, "what `maximize` returned")
    if found.images.shape[-1] not in (1, 3):
        raise ValueError(
            "`found` must hold images with 1 or 3 channels. Received: images of shape "
            f"{found.images.shape}."
        )
    if report is not None:
        check_measure(report, metric, "metric")
        if found.layer not in report:
            raise ValueError(
                f"`report` must hold the layer {found.layer!r} of the images. It holds "
                f"{list(report)}; measure with taps=[{found.layer!r}]."
            )
        if class_names is not None:
            classes = len(report.class_weight)
            class_names = checked_list("class_names", class_names, least=classes)

    low, high = found.value_range
    shown = np.clip((found.images - low) / np.where(high > low, high - low, 1), 0, 1)
    columns = math.ceil(math.sqrt(len(found.units)))
    rows = math.ceil(len(found.units) / columns)
    within = math.ceil(math.sqrt(shown.shape[1]))
    side = max(1.6, 0.5 * within, 3.2 / columns)
    aspect = min(max(shown.shape[2] / shown.shape[3], 0.3), 3.0)
    text = 0.25 if report is None else 0.45
    size = (side * columns, (side * aspect + text) * rows + (0.35 if title else 0))
    panels = some_panels(axes, len(found.units), (rows, columns), size, title)
    for panel, images, activations, unit in zip(
        panels, shown, found.activations, found.units, strict=True
    ):
        caption = f"unit {unit}: {activations.max():.3g}"
        if report is not None:
            caption += "\n" + _selectivity(
                report, found.layer, metric, unit, class_names
            )
        order = np.argsort(-activations, kind="stable")
        panel.imshow(_grid(images[order], within))
        add_title(panel, caption)
        panel.title.set_fontsize(8)
        panel.set_axis_off()
    return figure_of(panels[0])


def _selectivity(
    report: SelectivityReport,
    layer: str,
    metric: str,
    unit: int,
    class_names: Sequence[str] | None,
) -> str:
    """A unit's selectivity and preferred class, as a caption has them."""
    name = class_name(class_names, report.preferred_class[layer][unit])
    label = _SHORT.get(metric, measure_label(metric))
    return f"{label} {report[layer][metric][unit]:.2g}, class {name}"


def _grid(images: np.ndarray, columns: int) -> np.ndarray:
    """`(rows, columns)` of images in one, RGB, with a white pixel between them."""
    count, height, width = images.shape[:3]
    rows = math.ceil(count / columns)
    grid = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, 3))
    for place, image in enumerate(images):
        top, left = (height + 1) * (place // columns), (width + 1) * (place % columns)
        grid[top : top + height, left : left + width] = image
    return grid
