"""Appendices A.10 and A.11: dead units and sparse ones do not explain the harm."""

from collections.abc import Iterator

from recipes.claims.effects import average
from recipes.claims.rules import (
    SLIGHT,
    changes,
    levels,
    rank_correlations,
    rho,
    ruled,
    shown,
    told_of,
    trend,
    weighed,
)
from recipes.claims.samples import (
    NOT_NEGATIVE,
    Asked,
    Samples,
    Where,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import (
    HELD,
    UNDECIDED,
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    below,
    judge,
)
from recipes.lm21.claims.margins import HALF_POINT
from recipes.lm21.quantities import (
    busy_share,
    living_selectivity,
    selectivity,
    sparse_share,
)
from recipes.quantities import accuracy, dead_share, points
from recipes.runner.results import Results

LEAKY = "resnet20_leaky"
#: A unit in a thousand is as good as none.
NONE = 0.001


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
    """SI goes with alpha, and better once dead units are left out."""
    without, whole = map(rank_correlations, (living, all_units))
    both = [seed for seed in without if seed in whole]
    if not both:
        return None
    goes, better = above(SLIGHT), above(SLIGHT / 2)
    # Where no unit is dead there is nothing to leave out.
    any_dead = any(mean > 0 for mean in dead.means().values())
    gains = [without[seed] - whole[seed] for seed in both] if any_dead else []
    alone, gain = average([without[seed] for seed in both]), average(gains)
    mixed = average([whole[seed] for seed in both])
    return judge(
        Every([Part(alone, goes), Part(gain, better)]),
        f"{shown(alone, rho)} without dead units, {rho(mixed.value)} with; "
        + (f"difference {shown(gain)}" if any_dead else "no unit is dead"),
        ruled("Spearman over the alphas of a seed, mean over seeds", goes, rho)
        + f", and the difference {better.words()}",
    )


def rescued(leaky: Samples, rectified: Samples, where: Where) -> Outcome | None:
    """No more than half of a loss is undone."""
    lost = leaky.change().combined(rectified.change(), lambda a, b: a - b / 2)
    effects = lost.where(lambda alpha: alpha != 0 and where(alpha)).effects()
    return weighed(
        {f"at {alpha:g}": one for alpha, one in effects.items()},
        below(HALF_POINT),
        leaky.gap,
        found=f"{leaky.text()}, with ReLU {rectified.where(NOT_NEGATIVE).text()}",
        what="difference from alpha 0 less half of that with ReLU, mean over seeds",
        where="at every alpha",
    )


def when_lost(
    accuracy: Samples, units: Samples, loss: float, says: Says
) -> Outcome | None:
    """A share of units at the first alpha at which so much accuracy is lost."""
    lost = accuracy.change().where(positive).effects()
    shares = units.effects()
    if not lost or not shares:
        return None
    fall = at_most(-loss)
    first = min(
        (a for a, one in lost.items() if Part(one, fall).verdict() is HELD),
        default=None,
    )
    rule = ruled(
        f"mean over seeds at the first alpha above 0 with {points(loss)} lost",
        says,
        units.write,
    )
    if first is None or first not in shares:
        effects = {f"at {alpha:g}": one for alpha, one in lost.items()}
        most = told_of(effects, fall, accuracy.gap, count=1)
        return Outcome(f"so much is lost nowhere: {most}", rule, None, UNDECIDED)
    return judge(
        Part(shares[first], says),
        f"{shown(shares[first], units.write)} at {first:g}, with "
        f"{shown(lost[first], accuracy.gap)}; {units.where(NOT_NEGATIVE).text()}",
        rule,
    )


def _leaky(largest: bool) -> list[Row]:
    """Of a slope; something is said of the largest one alone."""
    rows = [
        Row("A9a", "with leaky ReLU no unit is dead").by(
            levels, dead_share, at_most(NONE)
        ),
        Row("A9a", "leaky ReLU does not rescue accuracy, alpha from 1").by(
            changes, accuracy, below(HALF_POINT), span(1)
        ),
        Row("A9a", "even the largest slope gains little, alpha from 1").by(
            rescued, accuracy, Asked(accuracy, sweep="resnet20"), span(1)
        ),
        Row("A9b", "SI rises with alpha").by(
            trend, Asked(selectivity, NOT_NEGATIVE), above(SLIGHT)
        ),
    ]
    return rows if largest else [*rows[:2], rows[3]]


def _sparse(figure: str, loss: float) -> list[Row]:
    """Of the accuracy that is lost before units become sparse."""
    lost = points(loss)
    return [
        Row(figure, f"{lost} are lost before 10% of the units are sparse").by(
            when_lost, accuracy, sparse_share, loss, at_most(0.1)
        ),
        Row(
            figure, f"where {lost} are lost, most units respond to over 80% of samples"
        ).by(when_lost, accuracy, busy_share, loss, at_least(0.5)),
    ]


_LIVING = Asked(living_selectivity, NOT_NEGATIVE)
_DEAD = Asked(dead_share, NOT_NEGATIVE)
DEAD_ROWS = {
    "resnet18": [
        Row("A7", "no unit dies below alpha 30").by(
            levels, dead_share, at_most(NONE), lambda alpha: 0 <= alpha < 30
        ),
        Row("A7", "from 30 on never more than 3% are dead")
        .by(levels, dead_share, at_most(0.03), span(30))
        .not_in_miniature("ResNet18's grid ends at alpha 5"),
    ],
    "resnet20": [
        Row("A8a", "more units are dead at larger alpha").by(
            trend, _DEAD, above(SLIGHT)
        ),
        Row("A8b", "without dead units SI goes with alpha more regularly").by(
            more_regular, _LIVING, Asked(selectivity, NOT_NEGATIVE), _DEAD
        ),
        Row("A8c", "without them accuracy still falls as SI rises, alpha 0 to 5").by(
            trend, Asked(accuracy, span(0, 5)), below(SLIGHT), _LIVING
        ),
    ],
}
SPARSE_ROWS = {
    "resnet18": _sparse("A10a", 0.04),
    "resnet20": [
        *_sparse("A10b", 0.05),
        Row("A10b", "more units are sparse at larger alpha").by(
            trend, Asked(sparse_share, NOT_NEGATIVE), above(SLIGHT)
        ),
    ],
}
