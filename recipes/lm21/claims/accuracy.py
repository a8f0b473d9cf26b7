"""Sections 4.1 and 4.3: what less, and more, selectivity does to accuracy."""

import math
from collections.abc import Iterator

import numpy as np

from keras_selectivity.inference import rank_sum_test, t_test
from recipes.claims.rules import compared, differs, judged, moves, trend
from recipes.claims.samples import (
    NOT_POSITIVE,
    Asked,
    Samples,
    Where,
    negative,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    either,
    largest,
    smallest,
    together,
)
from recipes.lm21.claims.losses import POINT, harmless, little
from recipes.lm21.quantities import selectivity
from recipes.quantities import accuracy, number, percent, points
from recipes.runner.results import Results


def claims(results: Results) -> Iterator[Claim]:
    """Claims about accuracy, network by network.

    Reference:
        LM21 figures 1, 3, 4, A2, A6, A12, A14, A15, A32, A33, A34b.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def indistinct(accuracy: Samples, where: Where) -> Outcome | None:
    """Accuracy is neither lost nor gained."""
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    tests = compared(pairs, t_test)
    pvalues = [one.pvalue for one in tests.values()]
    widest = max(pairs, key=lambda alpha: abs(tests[alpha].gap))
    return Outcome(
        f"{accuracy.gained(widest)} at {widest:g}",
        f"t-test, corrected; held: p >= {LEVEL} (smallest p), and the means differ by "
        f"at most {points(POINT)}, at every alpha",
        smallest(pvalues),
        all(abs(one.gap) <= POINT for one in tests.values())
        and not any(pvalue < LEVEL for pvalue in pvalues),
    )


def falls_by(
    accuracy: Samples, amount: float, alpha: float, zero: float = 0.0
) -> Outcome | None:
    """Accuracy at one alpha lies so much below that at another."""
    found = accuracy.difference(alpha, zero)
    if found is None:
        return None
    return Outcome(
        f"{accuracy.gained(alpha, zero)} at {alpha:g} from {zero:g}",
        f"bootstrapped 95% interval; held: the mean is -{points(amount)} or below; "
        "undecided where only the interval reaches it",
        None,
        True if found.mean <= -amount else None if found.low <= -amount else False,
    )


def cut(
    accuracy: Samples,
    selectivity: Samples,
    fold: float,
    cost: float | None,
    reach: float,
) -> Outcome | None:
    """Selectivity can be cut so many-fold at so small a cost.

    Args:
        cost: Of accuracy, in [0, 1]; None: as for `harmless`.
        reach: The grid must have an alpha as low as this to refute it.
    """
    pairs = accuracy.against_zero(negative)
    alphas = [alpha for alpha in pairs if alpha in selectivity.values]
    if not alphas or 0.0 not in selectivity.values:
        return None
    tests = compared(pairs, t_test)
    folds = {
        alpha: selectivity.mean(0.0) / max(selectivity.mean(alpha), 1e-9)
        for alpha in alphas
        if (
            tests[alpha].harmless(POINT) is True
            if cost is None
            else -tests[alpha].gap <= cost
        )
    }
    best = max(folds, key=lambda alpha: folds[alpha], default=0.0)
    reached = folds.get(best, 1.0)
    at = f" at {best:g}, {accuracy.gained(best)}" if folds else ""
    allowed = "no harm" if cost is None else f"at most {points(cost)} lost"
    harm = " (no significant loss by t-test, and at most 1 point)" * (cost is None)
    return Outcome(
        f"{number(reached)}-fold{at}; SI {selectivity.where(NOT_POSITIVE).text()}",
        f"the greatest cut with {allowed}{harm}; held: {fold:g}-fold or more; "
        f"undecided without an alpha of {reach:g} or below",
        None,
        True if reached >= fold else None if min(alphas) > reach else False,
    )


def promoted_worse(
    samples: Samples, least: float = 0.0, most: float = 100.0
) -> Outcome | None:
    """Each positive alpha does worse than its negative."""
    pairs = samples.against(
        samples.mirrored(), lambda alpha: least <= alpha <= most and alpha > 0
    )
    return differs(pairs, -1, test=rank_sum_test)


def best_at(accuracy: Samples, alpha: float) -> Outcome | None:
    """Whether accuracy is at its best at an alpha."""
    pairs = accuracy.against_zero(negative)
    if alpha not in pairs or len(pairs) < 2:
        return None
    own = pairs.pop(alpha)
    gain = compared({alpha: own}, t_test)[alpha]
    rivals = compared({one: (pair[0], own[0]) for one, pair in pairs.items()}, t_test)
    better = either(one.verdict(1) for one in rivals.values())
    top = max(accuracy.where(negative).values, key=accuracy.mean)
    return Outcome(
        f"best at {top:g}: {percent(accuracy.mean(top))}; at {alpha:g}: "
        f"{percent(accuracy.mean(alpha))}, {accuracy.gained(alpha)}",
        f"t-tests; held: above alpha 0 (p < {LEVEL}), and no other alpha below 0 "
        f"significantly above it (corrected); {UNDECIDED}",
        largest([gain.pvalue]),
        together([gain.verdict(1), better is not True]),
    )


def first_loss(accuracy: Samples, alpha: float = -1.0) -> Outcome | None:
    """Whether accuracy is lost first at an alpha."""
    tests = compared(accuracy.against_zero(negative), t_test)
    if alpha not in tests:
        return None
    # A loss without any variation is no less of one here.
    lost = [
        one
        for one, found in tests.items()
        if found.verdict(-1) or found.statistic == -math.inf
    ]
    first = f"first at {max(lost):g}" if lost else "none is significant"
    return Outcome(
        f"{first}; at {alpha:g}: {accuracy.gained(alpha)}",
        "t-test for each alpha below 0, corrected (p at -1); held: p < "
        f"{LEVEL} at {alpha:g}, and at none nearer to 0; {UNDECIDED}",
        largest([tests[alpha].pvalue]),
        together([tests[alpha].verdict(-1), not any(one > alpha for one in lost)]),
    )


def nearest(accuracy: Samples) -> Where:
    """The negative alpha that is nearest to 0."""
    chosen = max(filter(negative, accuracy.values), default=0.0)
    return lambda alpha: alpha == chosen


def mirrored_cloud(accuracy: Samples, selectivity: Samples) -> Outcome | None:
    """Whether networks above the usual SI do worse than as far below it."""
    if not selectivity.at(0.0):
        return None
    usual = selectivity.mean(0.0)
    own = accuracy.points()
    sides: dict[bool, list[float]] = {True: [], False: []}
    for key, value in selectivity.points().items():
        if key[0] != 0 and key in own and value <= 2 * usual:
            sides[value > usual].append(own[key])
    if not min(map(len, sides.values())):
        return None
    above, below = (percent(float(np.median(sides[s]))) for s in (True, False))
    return judged(
        compared({0.0: (sides[True], sides[False])}, rank_sum_test),
        -1,
        f"medians {above} of {len(sides[True])} networks, and {below} of "
        f"{len(sides[False])}",
        f"rank-sum test of networks with SI up to twice that at alpha 0, above "
        f"it and below; held: lower above, p < {LEVEL}; {UNDECIDED}",
    )


def _cut(
    rows: str, fold: float, cost: float | None, reach: float, worst: str = ""
) -> Row:
    loss = "no loss of accuracy" if cost is None else f"{points(cost)} lost{worst}"
    text = f"SI can be cut {fold:g}-fold with {loss}"
    return Row(rows, text).by(cut, accuracy, selectivity, fold, cost, reach)


def _falls(rows: str, highest: float) -> Row:
    text = f"accuracy falls as SI rises, alpha 0 to {highest:g}"
    return Row(rows, text).by(trend, Asked(accuracy, span(0, highest)), -1, selectivity)


def _signs(rows: str, least: float, level: str) -> Row:
    text = f"promoting is worse than reducing, abs(alpha) {least:g} to 5, {level}"
    return Row(rows, text).by(promoted_worse, accuracy, least, 5.0)


_CLOUD = (
    "of all networks, those with more SI than at alpha 0 do worse than those with less"
)
ROWS = {
    "resnet18": [
        Row(
            "F1a, F1b", "accuracy is higher at every alpha from -2.5 to -0.1, p < 0.01"
        ).by(moves, accuracy, span(-2.5, 0), 1),
        Row("F1a", "best at -1.0: 53.60% against 51.57%").by(best_at, accuracy, -1.0),
        Row("F1a", "no different from alpha 0 at -3.0").by(
            indistinct, accuracy, span(-3, -3)
        ),
        Row("F1a", "beyond -3.5 accuracy is lost").by(
            moves, accuracy, lambda alpha: alpha < -3.5, -1
        ),
        Row("F3a", "falls to about 25% at 5 (from 52%)").by(
            falls_by, accuracy, 0.25, 5.0
        ),
        Row("F4a", "6 points between -2 and 2").by(falls_by, accuracy, 0.06, 2.0, -2.0),
        _cut("F1c", 3.0, None, -3.0),
        _cut("section 4.2", 3.0, 0.01, -3.0, " at worst"),
        Row("F3a, F3b", "every alpha above 0 lowers accuracy, p <= 6e-5").by(
            moves, accuracy, positive, -1
        ),
        _falls("F3c", 10.0),
        _signs("F4a, A33a", 0.1, "p < 2e-5"),
        Row("F4b", _CLOUD).by(mirrored_cloud, accuracy, selectivity),
    ],
    "resnet20": [
        Row("A2a, A2b", "no loss at alpha from -0.7 to -0.1").by(
            harmless, accuracy, lambda alpha: -1 < alpha < 0
        ),
        Row("A2a", "the first significant loss is at -1.0, p = 0.03").by(
            first_loss, accuracy
        ),
        Row("A2a", "little is lost from -5 on (2 points at most)").by(
            little, accuracy, span(-5, 0), 0.02
        ),
        Row("A2a", "accuracy collapses at -30 and below").by(
            moves, accuracy, span(-math.inf, -30), -1, by=0.02
        ),
        Row("A6a, section 4.3", "5 points are lost at 0.7").by(
            falls_by, accuracy, 0.05, 0.7
        ),
        _cut("A2c", 2.5, None, -1.0),
        _cut("A2c", 20.0, 0.02, -5.0),
        _cut("section 4.2", 3.0, 0.01, -3.0, " at worst"),
        Row("A6a, A6b", "every alpha above 0 lowers accuracy, p < 2e-4").by(
            moves, accuracy, positive, -1
        ),
        _falls("A6c", 10.0),
        _signs("A33b", 0.1, "p < 0.05"),
        Row("A32", _CLOUD).by(mirrored_cloud, accuracy, selectivity),
    ],
    "vgg16": [
        Row(
            "A12a, A12b",
            "the smallest alpha below 0 (-0.1) already lowers accuracy, p = 0.004",
        ).by(lambda accuracy: moves(accuracy, nearest(accuracy), -1), accuracy),
        Row("A12a", "that loss is small").by(
            lambda accuracy: little(accuracy, nearest(accuracy), POINT), accuracy
        ),
        _cut("A12c", 5.0, 0.005, -5.0),
        _cut("A12c, A11b", 10.0, 0.01, -5.0),
        _cut("section 4.2", 3.0, 0.01, -3.0, " at worst"),
        Row("A14a, A14b", "every alpha above 0 lowers accuracy, at 0.1 p = 0.02").by(
            moves, accuracy, positive, -1
        ),
        _falls("A14c", 1.0),
        _signs("A15a, A15b", 0.3, "p = 1e-4 at 0.3"),
    ],
    "resnet50": [
        Row("A34b", "some alpha below 0 gains more than 1 point").by(
            moves, accuracy, negative, 1, by=0.01, once=True
        ),
        Row("A34b", "alpha above 0 lowers accuracy").by(moves, accuracy, positive, -1),
    ],
}
