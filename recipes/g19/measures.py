"""What G19 computes of a unit, and of the units of a layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import keras_selectivity as ks
from keras_selectivity.metrics import Observations, UnitMetric
from recipes.runner.settings import Settings

#: As G19 has them, from the input to the output.
LAYERS = ("conv5", "fc6", "fc7", "fc8", "prob")
HIDDEN = ("conv5", "fc6", "fc7")
#: Images whose most frequent class gives the precision: G19's 100, of about 720 a
#: class. The miniature has about 400 a class: 50 are about as large a share.
IMAGES = {"glyphs200": 50}
PAPER_IMAGES = 100


class Ccmas(UnitMetric):
    """CCMAS and CCMAS_2 as G19 prints them.

    `(mu_A - mu_rest) / (mu_A + mu_rest)`, where A is the class with the highest mean
    (`"ccmas"`) or the second highest (`"ccmas_second"`), and the rest all samples of
    other classes. There is no epsilon: 0 / 0 is 0. Units that can be negative are not
    shifted, other than in `ks.metrics.SelectivityIndex`: so the index can exceed 1,
    as G19 has it for `fc8`. `"ccmas_class"` and `"ccmas_second_class"` are the classes.
    NaN where the denominator alone is 0, and with fewer than two classes.

    Example:
        >>> from keras_selectivity.statistics import class_statistics
        >>> means = np.array([[10.0], [5.0], *[[-2.0]] * 8])
        >>> found = Ccmas().compute(Observations(class_statistics(means, np.eye(10))))
        >>> found["ccmas"].round(6), found["ccmas_second"].round(6)
        (array([1.278481]), array([1.307692]))

    Reference:
        G19 section 2.
    """

    name = "ccmas"

    def compute(self, observations: Observations) -> dict[str, Any]:
        """Both indices and both classes of every unit, each `(units,)` float64."""
        statistics = observations.statistics
        weight = np.asarray(statistics.weight, float)
        total = np.asarray(statistics.total, float)
        present = np.flatnonzero(weight > 0)
        weight, total = weight[present], total[present]
        units = np.arange(total.shape[1])
        if len(present) < 2:
            nothing = np.full(len(units), np.nan)
            names = ("ccmas", "ccmas_class", "ccmas_second", "ccmas_second_class")
            return dict.fromkeys(names, nothing)
        means = total / weight[:, None]
        first = means.argmax(axis=0)
        others = means.copy()
        others[first, units] = -np.inf
        found: dict[str, Any] = {}
        for name, chosen in (("ccmas", first), ("ccmas_second", others.argmax(axis=0))):
            own = means[chosen, units]
            rest = (total.sum(axis=0) - total[chosen, units]) / (
                weight.sum() - weight[chosen]
            )
            found[name] = _ratio(own - rest, own + rest)
            found[f"{name}_class"] = present[chosen].astype(float)
        return found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`above / below`; 0 for 0 / 0 and NaN for other divisions by 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(below != 0, above / below, np.nan)
    return np.where((above == 0) & (below == 0), 0.0, found)


def images(settings: Settings) -> int:
    """How many images the precision is of."""
    return IMAGES.get(settings.data, PAPER_IMAGES)


def metrics(count: int) -> list[UnitMetric | str]:
    """G19's four measures, as `ks.measure` takes them."""
    return [
        Ccmas(),
        ks.metrics.Precision(n=count),
        "top_class",
        "localist",
        "active_fraction",
    ]


def share_above(values: Any, threshold: float) -> float:
    """Share of the units above a threshold (table 1).

    Example:
        >>> share_above([0.2, 0.5, 0.8, np.nan], 0.5)
        0.25
    """
    return float(np.mean(np.asarray(values, float) > threshold))


def same_class(report: ks.SelectivityReport, layer: str) -> float:
    """Share of the units whose top class is that of their CCMAS.

    Reference:
        G19 section 3.2.
    """
    found = report[layer]
    return float(np.mean(found["top_class_class"] == found["ccmas_class"]))


def extreme(
    report: ks.SelectivityReport,
    layer: str,
    metrics: Sequence[str],
    sign: int = 1,
    among: Any = None,
) -> int:
    """The unit with the highest value of a measure, or the lowest.

    Args:
        among: `(units,)` bool: of which units, where there are any; None: of all.
    """
    columns = [sign * report[layer][metric] for metric in metrics]
    keys = [np.where(np.isnan(column), np.inf, -column) for column in columns]
    if among is not None and np.any(among):
        keys.insert(0, ~np.asarray(among, bool))
    # `lexsort` has the first key last, and sorts upwards.
    return int(np.lexsort(keys[::-1])[0])
