"""G19's tables 1, A1 and A2 in Markdown, the paper's numbers in brackets."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import keras_selectivity as ks
from recipes.claims.table import markdown
from recipes.g19 import judgements
from recipes.g19.measured import Measured
from recipes.g19.measures import LAYERS, extreme, images, share_above

#: Columns of table 1: measure and threshold.
THRESHOLDS = (
    ("precision", 0.5),
    ("precision", 0.75),
    ("ccmas", 0.7),
    ("ccmas", 0.8),
    ("ccmas", 0.9),
    ("top_class", 0.05),
)
#: As printed, in per cent.
TABLE_1 = {
    "prob": (99.7, 99.6, 100, 100, 100, 100),
    "fc8": (75.4, 32.8, 99.9, 97.2, 84.5, 23.6),
    "fc7": (4.5, 0.3, 99.9, 92.1, 5.0, 0.1),
    "fc6": (3.0, 0.1, 99.7, 86.7, 6.7, 0),
    "conv5": (4.7, 0, 3.4, 0, 0, 0),
}
#: CCMAS, CCMAS_2, precision in per cent, cluster, top-class selectivity in per cent.
TABLE_A2 = {
    "prob": (0.999309, 0.984169, 99.7, 592.5, 82.1),
    "fc8": (0.995644, 1.002905, 70.1, 108.4, 5.1),
    "fc7": (0.847799, 0.830854, 15.4, 20.3, 0.23),
    "fc6": (0.8439226, 0.821118, 12.1, 17.4, 0.19),
    "conv5": (0.491029, 0.464662, 9.6, 17.3, 0.17),
}
#: The same of the units that are extreme, by what they are extreme in.
TABLE_A1 = {
    "ccmas": {
        "prob": (0.999921, 0.995384, 100, 963, 97.1),
        "fc8": (1.24357, 1.39617, 95, 29, 3.3),
        "fc7": (0.936767, 0.865305, 11, 1, 0.15),
        "fc6": (0.933832, 0.919425, 1, 1, 0.14),
        "conv5": (0.746763, 0.746346, 5, 1, 0.10),
    },
    "precision": {
        "prob": (0.999668, 0.993163, 100, 1000, 92.2),
        "fc8": (1.049710, 1.110110, 100, 172, 16.1),
        "fc7": (0.8961654, 0.84108156, 97, 94, 7.6),
        "fc6": (0.92323, 0.818260, 95, 43, 3.5),
        "conv5": (0.554049, 0.528534, 77, 1, 0.1),
    },
    "top_class": {
        "prob": (0.99964017, 0.99538374, 100, 963, 97.1),
        "fc8": (1.09087, 1.19298, 100, 574, 50),
        "fc7": (0.8961654, 0.84108156, 97, 94, 7.6),
        "fc6": (0.92323, 0.818260, 95, 43, 3.5),
        "conv5": (0.683139, 0.683198, 56, 9, 1.1),
    },
}
COLUMNS = ("ccmas", "ccmas_second", "precision", "top_class_cluster", "top_class")
HEADINGS = ("CCMAS", "CCMAS_2", "precision %", "top cluster", "top-class %")
NAMES = {"top_class": "top-class", "precision": "precision", "ccmas": "CCMAS"}
#: Measures that are shares, shown in per cent.
SHARES = ("precision", "top_class")


def tables(found: Sequence[Measured], folder: Path) -> Iterator[tuple[str, str]]:
    """Every table of networks that were measured, and of people who were asked."""
    if found:
        yield "table_1", table_1(found)
        yield "table_A1", table_a1(found)
        yield "table_A2", table_a2(found)
    if judged := judgements.surveyed(folder):
        yield "table_2", judgements.table_2(judged)


def table_1(found: Sequence[Measured]) -> str:
    """Share of the units of each layer over thresholds, of all networks together.

    Reference:
        G19 table 1.
    """
    count = images(found[0].network.settings)
    headings = [f"{NAMES[metric]} > {threshold:g}" for metric, threshold in THRESHOLDS]
    rows = []
    for layer, values in rows_of(found):
        shares = [100 * share_above(values(m), t) for m, t in THRESHOLDS]
        rows.append([layer, *_beside(shares, TABLE_1.get(layer), _share)])
    return headed(
        f"Units over thresholds, in per cent, of {_networks(found)}; precision of "
        f"{count} images (the paper's: of 100). In brackets: the paper, AlexNet on "
        "ImageNet.",
        ["layer", *headings],
        rows,
    )


def table_a2(found: Sequence[Measured]) -> str:
    """Mean of every measure in each layer, over the units of all networks.

    Reference:
        G19 table A2, figure 2.
    """
    rows = []
    for layer, values in rows_of(found):
        means = [_scaled(m, float(np.nanmean(values(m)))) for m in COLUMNS]
        localist = 100 * float(np.mean(values("localist")))
        cells = _beside(means, TABLE_A2.get(layer), _value)
        paper = " (0)" if layer in TABLE_A2 else ""
        rows.append([layer, *cells, f"{localist:.1f}{paper}"])
    return headed(
        f"Means over the units of {_networks(found)}. In brackets: the paper, AlexNet "
        "on ImageNet.",
        ["layer", *HEADINGS, "localist %"],
        rows,
    )


def table_a1(found: Sequence[Measured]) -> str:
    """The most extreme units of a network, and the units whose jitterplots are shown.

    Reference:
        G19 table A1.
    """
    one = found[0]
    rows = []
    for metric, printed in TABLE_A1.items():
        for layer in reversed(LAYERS):
            unit = extreme(one.report, layer, [metric])
            rows.append(
                [
                    f"highest {NAMES[metric]}",
                    f"{layer}.{unit}",
                    *_beside(_of_unit(one.report, layer, unit), printed[layer], _value),
                ]
            )
    for layer, unit in one.examples.units.items():
        values = _of_unit(one.report, layer, unit)
        rows.append(["example", f"{layer}.{unit}", *map(_value, values)])
    return headed(
        f"Extreme units of {one.network.title}. In brackets: the paper's unit, in "
        "AlexNet on ImageNet.",
        ["chosen for", "layer.unit", *HEADINGS],
        rows,
    )


def rows_of(
    found: Sequence[Measured],
) -> Iterator[tuple[str, Callable[[str], np.ndarray]]]:
    """The layers from the output on, and what each unit has of a measure."""
    for layer in reversed(LAYERS):
        yield layer, _pooled([one.report for one in found], layer)
    yield "conv5, mean of the map", _pooled([one.mean_report for one in found], "conv5")


def _pooled(
    reports: Sequence[ks.SelectivityReport], layer: str
) -> Callable[[str], np.ndarray]:
    return lambda metric: np.concatenate([one[layer][metric] for one in reports])


def _of_unit(report: ks.SelectivityReport, layer: str, unit: int) -> list[float]:
    return [_scaled(m, float(report[layer][m][unit])) for m in COLUMNS]


def _scaled(metric: str, value: float) -> float:
    return 100 * value if metric in SHARES else value


def _beside(
    values: Sequence[float], printed: Any, write: Callable[[float], str]
) -> list[str]:
    """Values, each with the paper's in brackets where there is one."""
    if printed is None:
        return [write(value) for value in values]
    pairs = zip(values, printed, strict=True)
    return [f"{write(value)} ({paper:.4g})" for value, paper in pairs]


def _share(value: float) -> str:
    return f"{value:.1f}"


def _value(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _networks(found: Sequence[Measured]) -> str:
    if len(found) == 1:
        return found[0].network.title
    return f"{len(found)} networks, {found[0].network.title} and others"


def headed(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown below a line of text."""
    return f"{title}\n\n{markdown(headings, rows)}"
