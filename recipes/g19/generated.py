"""Three generated units of which CCMAS says what nobody would (figure A4)."""

from typing import NamedTuple

import numpy as np

import keras_selectivity as ks
from keras_selectivity.metrics import Observations
from keras_selectivity.statistics import class_statistics
from recipes.g19.measures import PAPER_IMAGES, Ccmas

CLASSES, ITEMS = 10, 100
#: The paper prints that one class is 0.1 higher, and CCMAS 0.06. Levels of the others
#: from 0.72 to 0.85 give that.
LEVEL, STEP = 0.8, 0.1


class Case(NamedTuple):
    """A generated unit.

    Attributes:
        row: Of the figure: "A4a".
        title: What the unit does.
        responses: `(1000,)` to 10 classes of 100 items.
        printed: What the paper prints of it: `ccmas`, `precision` and `top_class`.
    """

    row: str
    title: str
    responses: np.ndarray
    printed: dict[str, float]


class Scores(NamedTuple):
    """What the measures say of a unit; see `Case.printed`."""

    ccmas: float
    precision: float
    top_class: float
    localist_on: bool


def labels() -> np.ndarray:
    """The classes of the items, `(1000,)`.

    Example:
        >>> np.bincount(labels()).tolist() == [ITEMS] * CLASSES
        True
    """
    return np.repeat(np.arange(CLASSES), ITEMS)


def cases() -> list[Case]:
    """The three cases of figure A4, in its order.

    The paper's prose calls (b) and (c) by each other's letter; its captions are right.

    Example:
        >>> [case.row for case in cases()]
        ['A4a', 'A4b', 'A4c']

    Reference:
        G19 appendix A3, figure A4.
    """
    one_class = labels() == 0
    one_item = np.zeros(CLASSES * ITEMS)
    one_item[0] = 1
    return [
        Case("A4a", "one active item of one class", one_item, _printed(1, 0.11, 0.01)),
        Case("A4b", "a grandmother unit", one_class * 1.0, _printed(1, 1, 1)),
        Case(
            "A4c",
            f"one class {STEP:g} above the others",
            np.where(one_class, LEVEL + STEP, LEVEL),
            _printed(0.06, 1, 1),
        ),
    ]


def scores(responses: np.ndarray) -> Scores:
    """What the measures say of a generated unit.

    Example:
        >>> scores(cases()[1].responses)
        Scores(ccmas=1.0, precision=1.0, top_class=1.0, localist_on=True)
    """
    column = np.asarray(responses, np.float32)[:, None]
    statistics = class_statistics(np.asarray(responses)[:, None], np.eye(10)[labels()])
    seen = Observations(statistics, responses=column, labels=labels())
    return Scores(
        float(Ccmas().compute(seen)["ccmas"][0]),
        float(ks.metrics.Precision(PAPER_IMAGES).compute(seen)["precision"][0]),
        float(ks.metrics.TopClass().compute(seen)["top_class"][0]),
        bool(ks.metrics.Localist().compute(seen)["localist_on"][0]),
    )


def as_printed(case: Case) -> bool:
    """Whether every score, rounded as the paper rounds it, is what it prints."""
    found = scores(case.responses)._asdict()
    return all(round(found[name], 2) == value for name, value in case.printed.items())


def _printed(ccmas: float, precision: float, top_class: float) -> dict[str, float]:
    return {"ccmas": ccmas, "precision": precision, "top_class": top_class}
