"""Appendices A.2 and A.16: what happens during training."""

import math
from collections.abc import Callable, Iterator

from keras_selectivity.inference import Quartiles, quartiles, t_test
from recipes.claims.rules import (
    at_alphas,
    between,
    columns,
    compared,
    moves,
    pooled,
    ranks,
    rho,
    trend,
)
from recipes.claims.samples import (
    NOT_NEGATIVE,
    Asked,
    Samples,
    Where,
    negative,
    positive,
    span,
    spread,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import FEW, LEVEL, Outcome, largest, smallest
from recipes.lm21.claims.losses import POINT, little
from recipes.lm21.quantities import changed_share, mean_changes, selectivity, t95
from recipes.quantities import accuracy
from recipes.runner.results import Results

#: A median of t95 above so many times that at alpha 0 is slow.
SLOW = 1.5
#: "Approximately 100%" of the units (section 4.3).
NEARLY_ALL = 0.95
#: SI with and without warm-up is much the same up to here.
ALIKE = 0.05


def claims(results: Results) -> Iterator[Claim]:
    """Claims about speed, preferred classes and warm-up.

    Reference:
        LM21 appendix A.2, figures A28 to A31.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def overlapping(epochs: Samples, where: Where) -> Outcome | None:
    """Training takes as long as at alpha 0."""
    return _timed(
        epochs,
        where,
        "overlaps with that at alpha 0",
        lambda one, zero: abs(one.median - zero.median) <= one.iqr + zero.iqr,
    )


def as_fast(epochs: Samples, where: Where) -> Outcome | None:
    """Training takes at most half as long again as at alpha 0."""
    return _timed(
        epochs,
        where,
        f"the median is at most {SLOW:g} times that at alpha 0",
        lambda one, zero: one.median <= SLOW * zero.median,
    )


def slower(epochs: Samples, where: Where) -> Outcome | None:
    """Training takes longer than at alpha 0, or varies."""
    return _timed(
        epochs,
        where,
        f"the median is more than {SLOW:g} times that at alpha 0, or the IQR more than "
        "half the median",
        lambda one, zero: one.median > SLOW * zero.median or one.iqr > one.median / 2,
    )


def _timed(
    epochs: Samples,
    where: Where,
    rule: str,
    holds: Callable[[Quartiles, Quartiles], bool],
) -> Outcome | None:
    """Quartiles at some alphas, from the nearest, beside those at alpha 0."""
    alphas = sorted((a for a in epochs.values if a != 0 and where(a)), key=abs)
    if not alphas or not epochs.at(0.0):
        return None
    found = {alpha: quartiles(epochs.at(alpha)) for alpha in (0.0, *alphas)}
    return Outcome(
        ", ".join(
            f"{found[alpha].median:g} +- {found[alpha].iqr:.3g} at {alpha:g}"
            for alpha in (0.0, *spread(alphas, 4))
        ),
        f"median +- IQR; held: {rule}, at every alpha",
        None,
        all(holds(found[alpha], found[0.0]) for alpha in alphas),
    )


def level(changes: Samples, where: Where, share: float = 0.1) -> Outcome | None:
    """The mean is within a share of that at alpha 0."""
    means = changes.where(where).means()
    if not means or not changes.at(0.0):
        return None
    zero = changes.mean(0.0)
    return Outcome(
        changes.where(lambda alpha: alpha == 0 or where(alpha)).text(),
        f"held: the means are within {share:.0%} of that at alpha 0",
        None,
        all(abs(mean - zero) <= share * zero for mean in means.values()),
    )


def unrelated(samples: Samples) -> Outcome | None:
    """A quantity does not clearly go with alpha."""
    count, x, y = columns(samples)
    if count < 3 or len(samples.values) < 2:
        return None
    found = ranks(x, y)
    clear = abs(found.correlation) >= 0.5 and found.pvalue < LEVEL
    few = count < FEW or math.isnan(found.correlation)
    return Outcome(
        f"{rho(found.correlation)}; {samples.text()}",
        f"Spearman over {count} networks; held: below 0.5 in size, or p >= "
        f"{LEVEL}; with fewer than {FEW} networks that is undecided",
        largest([found.pvalue]),
        False if clear else None if few else True,
    )


def alike(first: Samples, second: Samples, tolerance: float) -> Outcome | None:
    """A quantity is much the same in two sweeps."""
    pairs = first.against(second, lambda alpha: alpha != 0)
    if not pairs:
        return None
    tests = compared(pairs, t_test)
    widest = max(pairs, key=lambda alpha: abs(tests[alpha].gap))
    pvalues = [one.pvalue for one in tests.values()]
    return Outcome(
        f"differ by {tests[widest].gap:+.2g} at most, at {widest:g}; significantly at "
        f"{sum(p < LEVEL for p in pvalues)} of {len(pairs)} alphas: {at_alphas(pairs)}",
        "t-test, corrected (smallest p); held: the means differ by at most "
        f"{tolerance:g} at every alpha",
        smallest(pvalues),
        all(abs(one.gap) <= tolerance for one in tests.values()),
    )


def _speed(highest: float, text: str, near: Callable[..., Outcome | None]) -> list[Row]:
    fast = span(-2, highest)
    return [
        Row("A.2", f"{text}, alpha from -2 to {highest:g}").by(near, t95, fast),
        Row("A.2", "beyond, t95 is more than 1.5 times that, or varies highly").by(
            slower, t95, lambda alpha: not fast(alpha)
        ),
    ]


def _changes(rows: str) -> Row:
    return Row(
        rows, "nearly every unit changes its preferred class, whatever alpha from 0"
    ).by(between, Asked(changed_share, NOT_NEGATIVE), NEARLY_ALL, math.inf)


def _warmed(plain: str, si: str, harm: str) -> list[Row]:
    return [
        Row(si, "SI goes with alpha").by(trend, selectivity, 1),
        Row(si, "SI is as without warm-up").by(
            alike, selectivity, Asked(selectivity, sweep=plain), ALIKE
        ),
        Row(harm, "every alpha above 0 still lowers accuracy").by(
            moves, accuracy, positive, -1
        ),
        Row(harm, "alpha above 0 does slightly less harm than without warm-up").by(
            pooled, Asked(accuracy, positive), Asked(accuracy, positive, plain), 1
        ),
    ]


ROWS = {
    "resnet18": [
        *_speed(1.0, "t95 (35 +- 1 at 0) is at most 1.5 times that", as_fast),
        _changes("A28a"),
        Row("A29a", "the number of changes falls from alpha 0.3 on").by(
            trend, Asked(mean_changes, span(0.3)), -1
        ),
        Row("A29a", "it is about equal at 0, 0.1 and 0.2").by(
            level, mean_changes, lambda alpha: 0 < alpha <= 0.2
        ),
    ],
    "resnet18_warmup": [
        *_warmed("resnet18", "A30a, b", "A31a, b"),
        Row("A31a, b", "alpha below 0 improves accuracy").by(
            moves, accuracy, negative, 1, once=True
        ),
    ],
    "resnet20": [
        *_speed(0.7, "t95 overlaps with 45 +- 15 at 0", overlapping),
        _changes("A28b"),
        Row("A29b", "no clear relation of alpha and the number of changes").by(
            unrelated, Asked(mean_changes, NOT_NEGATIVE)
        ),
    ],
    "resnet20_warmup": [
        *_warmed("resnet20", "A30c, d", "A31c, d"),
        Row("A31c, d", "alpha below 0, down to -2, does little harm").by(
            little, accuracy, span(-2, 0), POINT
        ),
    ],
}
