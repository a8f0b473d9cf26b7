"""Where the measures agree, and where they do not."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity.plots import plot_agreement
from keras_selectivity.plots.colors import CATEGORIES, GRAY
from recipes.figures import Drawing, describe, panels
from recipes.g19.figures.layers import title
from recipes.g19.measured import Measured
from recipes.g19.measures import HIDDEN, LAYERS, same_class


def figures(found: Sequence[Measured]) -> Iterator[Drawing]:
    """One measure against another."""
    yield "ccmas_second_class", partial(second_class, found)
    yield "same_class", partial(same_classes, found)
    for metric in ("precision", "top_class"):
        yield f"ccmas_{metric}", partial(against, found[0], metric)


def second_class(found: Sequence[Measured]) -> Figure:
    """CCMAS of the class with the highest mean, and of the second: figures 5a-c."""
    caption = (
        "Every unit a point. On the line both classes score the same. CCMAS_2 counts "
        "the preferred class among the rest: the fewer classes there are, the more "
        "that lowers it."
    )
    figure, axes = panels(title(found, "CCMAS and CCMAS_2"), caption, 1, 3)
    for panel, layer in zip(axes, HIDDEN, strict=True):
        first, second = (
            np.concatenate([one.report[layer][metric] for one in found])
            for metric in ("ccmas", "ccmas_second")
        )
        panel.plot([-1, 1], [-1, 1], color=GRAY, linewidth=1, zorder=0)
        panel.scatter(first, second, s=8, color=CATEGORIES[0], linewidths=0)
        low = float(np.nanmin([*second, 0.0]))
        text = f"{layer}: mean difference {np.nanmean(first - second):.3f}"
        panel.set(xlabel="CCMAS", xlim=(-0.03, 1.03), title=text)
        panel.set(ylabel="CCMAS_2", ylim=(low - 0.05, 1.05))
    return figure


def same_classes(found: Sequence[Measured]) -> Figure:
    """Share of the units whose top class is the class with the highest mean.

    Repeats the percentages of section 3.2: 0%, 9.8% and 83.5% in conv5, fc6 and fc8.
    """
    classes = len(found[0].report.class_weight)
    caption = (
        "Top class: that of the highest response. Points: networks; bars: their mean; "
        f"dashed: by chance, one in {classes}."
    )
    text = title(found, "top class and CCMAS class")
    figure, (panel,) = panels(text, caption, size=(7, 4))
    shares = np.array([[same_class(one.report, n) for n in LAYERS] for one in found])
    color = CATEGORIES[0]
    panel.bar(range(len(LAYERS)), 100 * shares.mean(axis=0), color=color, alpha=0.4)
    for place, column in enumerate(shares.T):
        panel.plot([place] * len(column), 100 * column, "o", color=color, markersize=4)
    panel.axhline(100 / classes, color="black", linestyle="--", linewidth=1)
    panel.set_xticks(range(len(LAYERS)), LAYERS)
    panel.set(ylabel="units whose top class is\nthe CCMAS class (%)", ylim=(0, 105))
    return figure


def against(one: Measured, metric: str) -> Figure:
    """A measure against CCMAS, every unit of a network.

    Repeats what section 3.1 says of table A1: units of high CCMAS whose precision and
    top-class selectivity are low.
    """
    text = f"{metric.replace('_', '-')} against CCMAS"
    figure = plot_agreement(one.report, "ccmas", metric, title=title([one], text))
    figure.axes[0].set_xlabel("CCMAS")
    describe(figure, "Every unit of the five layers a point.")
    return figure
