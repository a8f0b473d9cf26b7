"""Appendices A.10 and A.11: dead units and sparse ones do not explain the harm."""

import math
from collections.abc import Iterator

from recipes.claims.rules import between, columns, moves, ranks, rho, trend
from recipes.claims.samples import (
    NOT_NEGATIVE,
    Asked,
    Samples,
    Where,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import LEVEL, Outcome, together
from recipes.lm21.quantities import (
    busy_share,
    living_selectivity,
    selectivity,
    sparse_share,
)
from recipes.quantities import accuracy, dead_share, points
from recipes.runner.results import Results

LEAKY = "resnet20_leaky"


def claims(results: Results) -> Iterator[Claim]:
    """Claims about units that respond to no sample, or to few.

    Reference:
        LM21 figures A7 to A10.
    """
    slopes = sorted(
        float(name.removeprefix(LEAKY)) for name in results if name.startswith(LEAKY)
    )
    for network, rows in DEAD_ROWS.items():
        yield from claimed(results, network, rows)
    for slope in slopes:
        largest = slope == slopes[-1]
        yield from claimed(results, f"{LEAKY}{slope:g}", _leaky(largest))
    for network, rows in SPARSE_ROWS.items():
        yield from claimed(results, network, rows)


def more_regular(living: Samples, all_units: Samples, dead: Samples) -> Outcome | None:
    """Whether SI goes with alpha better once dead units are left out."""
    without, whole = trend(living, 1), trend(all_units, 1)
    if without is None or whole is None:
        return None
    apart, mixed = (ranks(*columns(one)[1:]).correlation for one in (living, all_units))
    any_dead = any(mean > 0 for mean in dead.means().values())
    # NaN compares as not greater.
    better = together([apart > mixed, without.held])
    return Outcome(
        f"{rho(apart)} without, {rho(mixed)} with; {living.text()}",
        f"{without.test.split(';')[0]}; held: positive without, p < {LEVEL}, and "
        "above that with dead units; undecided where no unit is dead",
        without.pvalue,
        better if any_dead else None,
    )


def rescued(leaky: Samples, rectified: Samples, where: Where) -> Outcome | None:
    """Whether no more than half of a loss is undone."""
    alphas = [alpha for alpha in leaky.values if alpha in rectified.values]
    chosen = [alpha for alpha in alphas if alpha != 0 and where(alpha)]
    if 0.0 not in alphas or not chosen:
        return None
    lost = {
        alpha: [one.mean(0.0) - one.mean(alpha) for one in (leaky, rectified)]
        for alpha in chosen
    }
    harmed = {alpha: pair for alpha, pair in lost.items() if pair[1] > 0}
    texts = [
        f"{100 * a:.1f} and {100 * b:.1f} points at {alpha:g}"
        for alpha, (a, b) in lost.items()
    ]
    return Outcome(
        f"lost with leaky ReLU and with ReLU: {', '.join(texts)}",
        "held: at least half as much is lost as with ReLU, at every alpha; undecided "
        "where ReLU loses nothing",
        None,
        all(a >= b / 2 for a, b in harmed.values()) if harmed else None,
    )


def first_lost(accuracy: Samples, loss: float) -> float:
    """The smallest alpha above 0 at which so much accuracy is lost."""
    if 0.0 not in accuracy.values:
        return math.inf
    floor = accuracy.mean(0.0) - loss
    means = accuracy.where(positive).means()
    return min((a for a, mean in means.items() if mean <= floor), default=math.inf)


def later(accuracy: Samples, sparse: Samples, loss: float) -> Outcome | None:
    """Whether units become sparse only after accuracy is lost."""
    means = sparse.where(positive).means()
    if not accuracy.at(0.0) or not means:
        return None
    lost = first_lost(accuracy, loss)
    thin = min((a for a, mean in means.items() if mean > 0.1), default=math.inf)
    shown = sparse.where(NOT_NEGATIVE).text()
    return Outcome(
        f"lost {_at(lost)}, more than 10% sparse {_at(thin)}; sparse: {shown}",
        f"first alpha with {points(loss)} lost; held: below the first with more "
        "than 10% sparse units; undecided where so much is never lost",
        None,
        lost < thin if math.isfinite(lost) else None,
    )


def still_busy(accuracy: Samples, busy: Samples, loss: float) -> Outcome | None:
    """Whether most units respond to most samples when accuracy is lost."""
    alpha = first_lost(accuracy, loss)
    if alpha not in busy.values:
        return None
    return Outcome(
        f"{busy.write(busy.mean(alpha))} of the units at {alpha:g}",
        f"held: more than half, at the first alpha with {points(loss)} lost",
        None,
        busy.mean(alpha) > 0.5,
    )


def _at(alpha: float) -> str:
    return f"at {alpha:g}" if math.isfinite(alpha) else "nowhere"


def _leaky(largest: bool) -> list[Row]:
    """Of a slope; something is said of the largest one alone."""
    rows = [
        Row("A9a", "with leaky ReLU no unit is dead").by(between, dead_share, 0, 0),
        Row("A9a", "leaky ReLU does not rescue accuracy, alpha from 1").by(
            moves, accuracy, span(1), -1
        ),
        Row("A9a", "even the largest slope gains little, alpha from 1").by(
            rescued, accuracy, Asked(accuracy, sweep="resnet20"), span(1)
        ),
        Row("A9b", "SI rises with alpha").by(
            trend, Asked(selectivity, NOT_NEGATIVE), 1
        ),
    ]
    return rows if largest else [*rows[:2], rows[3]]


def _sparse(figure: str, loss: float) -> list[Row]:
    """Of the accuracy that is lost before units become sparse."""
    lost = points(loss)
    return [
        Row(figure, f"{lost} are lost at a smaller alpha than has 10% sparse units").by(
            later, accuracy, sparse_share, loss
        ),
        Row(
            figure, f"where {lost} are lost, most units respond to over 80% of samples"
        ).by(still_busy, accuracy, busy_share, loss),
    ]


_LIVING = Asked(living_selectivity, NOT_NEGATIVE)
_DEAD = Asked(dead_share, NOT_NEGATIVE)
DEAD_ROWS = {
    "resnet18": [
        Row("A7", "no unit dies below alpha 30").by(
            between, Asked(dead_share, lambda alpha: 0 <= alpha < 30), 0, 0.001
        ),
        Row("A7", "never more than 3% are dead").by(between, _DEAD, 0, 0.03),
    ],
    "resnet20": [
        Row("A8a", "more units are dead at larger alpha").by(trend, _DEAD, 1),
        Row("A8b", "without dead units SI goes with alpha more regularly").by(
            more_regular, _LIVING, Asked(selectivity, NOT_NEGATIVE), _DEAD
        ),
        Row("A8c", "without them accuracy still falls as SI rises, alpha 0 to 5").by(
            trend, Asked(accuracy, span(0, 5)), -1, _LIVING
        ),
    ],
}
SPARSE_ROWS = {
    "resnet18": _sparse("A10a", 0.04),
    "resnet20": [
        *_sparse("A10b", 0.05),
        Row("A10b", "more units are sparse at larger alpha").by(
            trend, Asked(sparse_share, NOT_NEGATIVE), 1
        ),
    ],
}
