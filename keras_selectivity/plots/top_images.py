"""The images that drive a unit most."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.checks import (
    checked_count,
    checked_list,
    checked_numbers,
    checked_real,
)
from keras_selectivity.plots.arguments import class_name
from keras_selectivity.plots.draw import add_title, figure_of, some_panels


def plot_top_images(
    images: Any,
    responses: Any,
    count: int = 9,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    axes: Any = None,
) -> Figure:
    r"""Draw the images with the highest responses of a unit, best first.

    Row by row in a grid, the response above each. Intensities are stretched from
    the lowest to the highest of the images shown, in common, so that images of any
    range can be seen and compared.

    Args:
        images: `(samples, height, width, channels)`, 1 channel (gray) or 3.
        responses: `(samples,)` response of the unit to each image.
        count: How many images to draw; all of them if there are fewer.
        labels: `(samples,)` class of each image, a number or a name, to be shown
            under the response. None: none.
        class_names: Names of the classes, in their order, where `labels` are numbers.
        title: Above the figure, or above the first of the axes that are given.
        axes: As many axes as there are images to draw, in a list or an array of any
            shape, of a figure of yours to draw into. None: a figure of its own.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        TypeError: If images or responses are not numbers, or an option is of a wrong
            type.
        ValueError: If the shapes are other than these, there is no image, a
            response is NaN, `count` is below 1, a class has no name, or `axes` are of
            another number.

    Example:
        >>> import numpy as np
        >>> images = np.random.rand(5, 8, 8, 1)
        >>> figure = plot_top_images(images, [0.1, 3, 2, 0, 1], 2, list("abcde"))
        >>> [axes.get_title() for axes in figure.axes]
        ['3\nb', '2\nc']

    Reference:
        G19 figures 1 and 3.
    """
    images, count = checked_real("images", images), checked_count("count", count)
    responses = checked_numbers("responses", responses, finite=False)
    if images.ndim != 4 or not images.size or images.shape[3] not in (1, 3):
        raise ValueError(
            "`images` must have shape (samples, height, width, channels), with 1 or 3 "
            f"channels and at least one pixel. Received: shape {images.shape}."
        )
    if responses.shape != images.shape[:1]:
        raise ValueError(
            f"`responses` must have shape {images.shape[:1]}, one for each image. "
            f"Received: shape {responses.shape}."
        )
    if np.isnan(responses).any():
        raise ValueError("`responses` must be numbers. Received: NaN.")
    if labels is not None and len(checked_list("labels", labels)) != len(images):
        raise ValueError(
            f"`labels` must have one item for each of the {len(images)} images. "
            f"Received: {len(labels)}."
        )

    best = np.argsort(-responses, kind="stable")[:count]
    shown = images[best].astype(float)
    shown -= shown.min()
    shown /= shown.max() or 1

    columns = math.ceil(math.sqrt(len(best)))
    rows = math.ceil(len(best) / columns)
    side = max(1.4, 3.2 / columns)
    aspect = min(max(shown.shape[1] / shown.shape[2], 0.3), 3.0)
    text = 0.25 if labels is None else 0.4
    size = (side * columns, (side * aspect + text) * rows + (0.35 if title else 0))
    captions = [f"{responses[index]:.3g}" for index in best]
    if labels is not None:
        names = [class_name(class_names, labels[index]) for index in best]
        captions = [f"{c}\n{name}" for c, name in zip(captions, names, strict=True)]
    panels = some_panels(axes, len(best), (rows, columns), size, title)
    for panel, caption, image in zip(panels, captions, shown, strict=True):
        gray: Any = (
            {"cmap": "gray", "vmin": 0, "vmax": 1} if image.shape[-1] == 1 else {}
        )
        panel.imshow(image.squeeze(-1) if gray else image, **gray)
        add_title(panel, caption)
        panel.title.set_fontsize(8)
        panel.set_axis_off()
    return figure_of(panels[0])
