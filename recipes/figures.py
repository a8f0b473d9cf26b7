"""Figures as all papers have them: panels under a title, above a caption."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_selectivity.plots.draw import figure_of, some_panels
from recipes.data import LABELS
from recipes.runner.settings import Settings

#: Name of a file without ending, and what draws the figure.
Drawing = tuple[str, Callable[[], Figure]]

#: What a reader calls the networks and the data.
NETWORKS = {
    "convnet": "ConvNet",
    "mlp": "MLP",
    "resnet18": "ResNet18",
    "resnet20": "ResNet20",
    "resnet50": "ResNet50",
    "vgg16": "VGG16",
}


def themed(themes: Sequence[Any]) -> Callable[[Any], Iterator[Drawing]]:
    """Every figure of some modules, each of which has a function `figures`."""

    def figures(results: Any) -> Iterator[Drawing]:
        """Every figure of the paper for which there are runs."""
        for theme in themes:
            yield from theme.figures(results)

    return figures


def available(*rows: tuple[Any, ...]) -> Iterator[Drawing]:
    """The figures that have something to draw.

    Args:
        rows: Of a name, a function and what it is called with, all of which must be
            there: not empty, and not None.
    """
    for name, draw, *shown in rows:
        if all(shown):
            yield name, partial(draw, *shown)


def titled(settings: Settings, text: str, network: str = "") -> str:
    """A title that says which network, which data, and what is shown."""
    network = network or NETWORKS.get(settings.model, settings.model)
    return f"{network}, {LABELS.get(settings.data, settings.data)}: {text}"


def panels(
    title: str,
    caption: str,
    rows: int = 1,
    columns: int = 1,
    size: tuple[float, float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty figure with a title above and a caption below, and its axes by row."""
    size = size or (4.2 * columns + 0.6, 3.3 * rows + 0.9)
    axes = some_panels(None, rows * columns, (rows, columns), size, title)
    figure = figure_of(axes[0])
    describe(figure, caption)
    return figure, axes


def describe(figure: Figure, caption: str) -> None:
    """Write a caption below a figure, in small print."""
    text = textwrap.fill(caption, int(13 * figure.get_figwidth()))
    figure.supxlabel(text, fontsize=8, color="0.3")


def head(axes: Axes, text: str) -> None:
    """Write above a panel, in smaller print than above a figure."""
    axes.set_title(text, fontsize=10)


def legend(axes: Axes, **placed: Any) -> None:
    """A legend within a panel, in small print."""
    axes.legend(**{"frameon": False, "fontsize": 8, **placed})


def legend_below(axes: Axes, columns: int = 2, **found: Any) -> None:
    """A legend below a panel, where no curve is."""
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.2)}
    legend(axes, ncols=columns, **place, **found)


def legend_outside(figure: Figure, handles: Sequence[Any], **placed: Any) -> None:
    """A legend beside all panels."""
    place = {"loc": "outside right center", "frameon": False, "fontsize": 8}
    figure.legend(handles=handles, **{**place, **placed})
