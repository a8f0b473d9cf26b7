"""One number of a finished run, as figures and claims have it.

NaN where the run did not measure it. What papers share is here; a paper's own
`quantities` hold the rest.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

import keras_selectivity as ks
from recipes.data import SHAPES
from recipes.runner.runs import Run

Write = Callable[[float], str]


def number(value: float) -> str:
    """Two digits that say something, or all before the point.

    Example:
        >>> [number(value) for value in (0.2412, 0.003, 23.6, 120.4)]
        ['0.24', '0.003', '24', '120']
    """
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def percent(share: float) -> str:
    """A share in per cent.

    Example:
        >>> percent(0.9731)
        '97.3%'
    """
    return f"{share:.1%}"


def signed(value: float) -> str:
    """A difference, with its sign.

    Example:
        >>> signed(0.0312), signed(-2.0), signed(0.0)
        ('+0.031', '-2', '0')
    """
    return f"{'-' if value < 0 else '+' * (value > 0)}{number(abs(value))}"


def in_points(share: float) -> str:
    """A difference of shares, in points, with its sign.

    Example:
        >>> in_points(-0.0123)
        '-1.2 points'
    """
    return f"{100 * share:+.1f} points" if share else "0 points"


def points(share: float) -> str:
    """A difference of shares, in points.

    Example:
        >>> points(0.005), points(0.01)
        ('0.5 points', '1 point')
    """
    return f"{100 * share:g} point" + "s" * (share != 0.01)


@dataclasses.dataclass(frozen=True)
class Quantity:
    """One number of a run, and how it is shown; called with a run, the number.

    Attributes:
        name: Unlike that of any other of the paper.
        of: The number of a run.
        label: For axes and readers.
        write: How such a number is written.
        gap: How a difference of two is written.
    """

    name: str
    of: Callable[[Run], float]
    label: str
    write: Write = number
    gap: Write = signed

    def __call__(self, run: Run) -> float:
        """The number of a run."""
        return self.of(run)


def unit_values(report: ks.SelectivityReport, metric: str = "si") -> np.ndarray:
    """A measure of every unit of a network, `(units,)`."""
    return np.concatenate([found[metric] for found in report.values()])


def over_units(metric: str) -> Callable[[Run], float]:
    """The mean of a measure over all units of a network."""
    return lambda run: float(unit_values(run.report, metric).mean())


def over_layers(metric: str, *, without_dead: bool = False) -> Callable[[Run], float]:
    """The mean of a measure over the units of each layer, then over layers."""
    return lambda run: run.report.mean(metric, without_dead=without_dead)


accuracy = Quantity(
    "accuracy", lambda run: run.accuracy, "test accuracy", percent, in_points
)
dead_share = Quantity(
    "dead_share", over_units("dead"), "dead units", percent, in_points
)


def chance(run: Run, top_k: int = 1) -> float:
    """Accuracy of a guess, in [0, 1]."""
    return top_k / SHAPES[run.settings.data][1]


def through_training(run: Run, key: str) -> np.ndarray:
    """A number before training and after every epoch, `(epochs + 1,)`."""
    return np.array([run.first_epoch[key][0], *run.history[key]], float)


def accuracy_by_epoch(run: Run) -> np.ndarray:
    """Test accuracy in percent, before training and after every epoch."""
    return 100 * through_training(run, "test_accuracy")


def training_accuracy_by_epoch(run: Run) -> np.ndarray:
    """Training accuracy in percent, over the steps of each epoch; NaN before."""
    return 100 * np.array([np.nan, *run.history["accuracy"]], float)
