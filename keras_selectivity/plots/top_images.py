"""The images that drive a unit most."""

import math
from typing import Any

import numpy as np

from keras_selectivity.checks import (
    checked_count,
    checked_list,
    checked_numbers,
    checked_real,
)
from keras_selectivity.plots._figure import new_figure


def plot_top_images(
    images: Any,
    responses: Any,
    count: int = 9,
    labels: Any = None,
    *,
    title: str = "",
) -> Any:
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
        title: Above the figure.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        TypeError: If images or responses are not numbers, or an option is of a wrong
            type.
        ValueError: If the shapes are other than these, there is no image, a
            response is NaN, or `count` is below 1.

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
    figure = new_figure(*size, title)
    for place, (index, image) in enumerate(zip(best, shown, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place)
        if image.shape[-1] == 1:
            axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        else:
            axes.imshow(image)
        name = "" if labels is None else f"\n{labels[index]}"
        axes.set_title(f"{responses[index]:.3g}{name}", fontsize=8)
        axes.set_axis_off()
    return figure
