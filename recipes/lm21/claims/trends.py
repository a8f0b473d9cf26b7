"""Rules about what goes with what, over networks."""

import math

import numpy as np

from keras_selectivity.inference import RankCorrelation, spearman
from recipes.claims.verdicts import (
    FEW,
    LEVEL,
    UNDECIDED,
    Outcome,
    decided,
    extreme,
    together,
)
from recipes.lm21.claims.samples import Samples, Where

#: As far may a mean be out of order where means are said to be in order.
STEP = 0.01


def trend(
    samples: Samples, direction: int, against: Samples | None = None
) -> Outcome | None:
    """A quantity goes with alpha, or with another quantity, over networks.

    Args:
        against: Another quantity of the same networks; None: alpha.

    Returns:
        Outcome; None with fewer than three networks, or a single alpha.
    """
    return _trend(samples, direction, against, steady=False)


def in_order(samples: Samples, direction: int) -> Outcome | None:
    """A quantity goes with alpha at every step.

    Returns:
        Outcome; None with fewer than three networks, or a single alpha.
    """
    return _trend(samples, direction, None, steady=True)


def _trend(
    samples: Samples, direction: int, against: Samples | None, steady: bool
) -> Outcome | None:
    points, x, y = _columns(samples, against)
    if len(y) < 3 or len(samples.values) < 2:
        return None
    found = _spearman(x, y)
    verdict = decided(direction * found.correlation > 0, found.pvalue, len(y))
    rule = f"{'positive' if direction > 0 else 'negative'}, p < {LEVEL}"
    if steady:
        rule += f", and no mean more than {STEP} out of order"
        means = [direction * mean for mean in samples.means().values()]
        verdict = together([verdict, all(np.diff(means) >= -STEP)])
    return Outcome(
        f"{rho(found.correlation)}; {samples.text()}",
        f"Spearman over {len(points)} networks; held: {rule}; {UNDECIDED}",
        extreme([found.pvalue], max),
        verdict,
    )


def correlation(samples: Samples) -> float:
    """Spearman's, of a quantity and alpha, over networks.

    Returns:
        A number in [-1, 1]; NaN where one is constant.
    """
    return spearman(*_columns(samples, None)[1:]).correlation


def rho(value: float) -> str:
    """A correlation as text.

    Args:
        value: In [-1, 1], or NaN.

    Example:
        >>> rho(0.987), rho(float("nan"))
        ('rho 0.99', 'no rho of what does not vary')
    """
    return "no rho of what does not vary" if math.isnan(value) else f"rho {value:.2f}"


def unrelated(samples: Samples) -> Outcome | None:
    """A quantity does not clearly go with alpha.

    Returns:
        Outcome; None with fewer than three networks, or a single alpha.
    """
    points, x, y = _columns(samples, None)
    if len(y) < 3 or len(samples.values) < 2:
        return None
    found = _spearman(x, y)
    clear = abs(found.correlation) >= 0.5 and found.pvalue < LEVEL
    few = len(points) < FEW or math.isnan(found.correlation)
    return Outcome(
        f"{rho(found.correlation)}; {samples.text()}",
        f"Spearman over {len(points)} networks; held: below 0.5 in size, or p >= "
        f"{LEVEL}; with fewer than {FEW} networks that is undecided",
        extreme([found.pvalue], max),
        False if clear else None if few else True,
    )


def looser(first: Samples, second: Samples, far: Where, near: Where) -> Outcome | None:
    """Two quantities go together less at some alphas than at others.

    Returns:
        Outcome; None with fewer than three networks on a side.
    """
    columns = [_columns(first.where(where), second) for where in (far, near)]
    if any(len(y) < 3 for _, _, y in columns):
        return None
    loose, close = (_spearman(x, y) for _, x, y in columns)
    known = not math.isnan(loose.correlation + close.correlation)
    return Outcome(
        f"{rho(loose.correlation)}, against {rho(close.correlation)}",
        "Spearman over networks (p of the former); held: at least 0.1 lower",
        extreme([loose.pvalue], max),
        loose.correlation <= close.correlation - 0.1 if known else None,
    )


def _spearman(x: list[float], y: list[float]) -> RankCorrelation:
    """Spearman's correlation, with a p-value that so few values can have.

    The t distribution gives 0 for a perfect order; but of the n! orders of n values
    two are perfect.
    """
    found = spearman(x, y)
    least = 2 / math.factorial(min(len(x), 100))
    # NaN stays: it is not less than anything.
    return found._replace(pvalue=least if found.pvalue < least else found.pvalue)


def _columns(
    samples: Samples, against: Samples | None
) -> tuple[list[tuple[float, int]], list[float], list[float]]:
    """The networks, and for each what it is set against, and the quantity."""
    points = samples.points()
    other = {key: key[0] for key in points} if against is None else against.points()
    shared = [key for key in points if key in other]
    return shared, [other[key] for key in shared], [points[key] for key in shared]
