"""Appendices A.2 and A.16: what happens during training."""

from collections.abc import Iterator

import numpy as np

from recipes.claims.effects import RATIO
from recipes.claims.rules import (
    SLIGHT,
    changes,
    differs,
    folds,
    levels,
    on_average,
    ruled,
    shown,
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
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    Says,
    Some,
    above,
    at_least,
    at_most,
    below,
    judge,
    within,
)
from recipes.lm21.claims.margins import (
    ALIKE,
    HALF_POINT,
    LITTLE,
    NO_RESNET50,
    NO_VARIANT,
    SHARE,
)
from recipes.lm21.quantities import changed_share, mean_changes, selectivity, t95
from recipes.quantities import accuracy, percent
from recipes.runner.results import Results

#: The paper's: beyond so many times t95 at alpha 0 training is slow.
SLOW = 1.5
#: Networks that are so far from their median on average, as a share of it, vary
#: highly: normal ones with an interquartile range of about half their median.
VARIED = 0.25
#: "Approximately 100%" of the units (section 4.3).
NEARLY_ALL = 0.95
#: A correlation below this in size is no clear relation.
UNCLEAR = 0.5


def claims(results: Results) -> Iterator[Claim]:
    """Claims about speed, preferred classes and warm-up.

    Reference:
        LM21 appendix A.2, figures A28 to A31.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def slow_or_varied(epochs: Samples, where: Where) -> Outcome | None:
    """Training takes longer than at alpha 0, or varies, at every alpha."""
    ratios = epochs.fold().where(where)
    if not ratios.values:
        return None
    slow, varied = at_least(SLOW), at_least(VARIED)
    longer, apart = ratios.effects(RATIO), deviations(epochs).effects()
    return judge(
        Every(
            [
                Some([Part(longer[alpha], slow), Part(apart[alpha], varied)])
                for alpha in ratios.values
            ]
        ),
        ", ".join(
            f"{shown(longer[alpha], ratios.write)} and {shown(apart[alpha], percent)} "
            f"off the median at {alpha:g}"
            for alpha in ratios.values
        ),
        ruled("ratio of t95 to that at alpha 0, mean over seeds", slow, ratios.write)
        + f", or the mean distance from the median {varied.words(percent)} of it, at "
        "every alpha",
    )


def deviations(samples: Samples) -> Samples:
    """How far networks are from the median of those with their alpha, as shares."""
    return samples._replace(
        values={
            alpha: {
                seed: abs(value / float(np.median([*ones.values()])) - 1)
                for seed, value in ones.items()
            }
            for alpha, ones in samples.values.items()
        }
    )


def _speed(text: str, highest: float, says: Says) -> list[Row]:
    fast = span(-2, highest)
    return [
        Row("A.2", f"{text}, alpha from -2 to {highest:g}").by(folds, t95, says, fast),
        Row(
            "A.2", f"beyond, t95 is more than {SLOW:g} times that, or varies highly"
        ).by(slow_or_varied, t95, lambda alpha: alpha != 0 and not fast(alpha)),
    ]


def _preferred(rows: str) -> list[Row]:
    """Section 4.3: of every network."""
    return [
        Row(
            rows, "nearly every unit changes its preferred class, whatever alpha from 0"
        )
        .by(levels, changed_share, at_least(NEARLY_ALL), NOT_NEGATIVE)
        .not_in_miniature(
            "a tenth of the paper's epochs leaves a tenth of its chances to change"
        ),
        Row(
            rows, "alpha above 0 does not lock units: no fewer change than at alpha 0"
        ).by(changes, changed_share, at_least(-SHARE), positive),
    ]


def _warmed(plain: str, si: str, harm: str) -> list[Row]:
    return [
        Row(si, "SI goes with alpha").by(trend, selectivity, above(SLIGHT)),
        Row(si, "SI is as without warm-up").by(
            differs,
            selectivity,
            Asked(selectivity, sweep=plain),
            within(-ALIKE, ALIKE),
            lambda alpha: alpha != 0,
        ),
        Row(harm, "every alpha above 0 still lowers accuracy").by(
            changes, accuracy, below(HALF_POINT), positive
        ),
        Row(harm, "alpha above 0 does slightly less harm than without warm-up").by(
            on_average,
            Asked(accuracy, positive),
            Asked(accuracy, positive, plain),
            above(HALF_POINT),
        ),
    ]


def _not_trained(rows: list[Row], why: str) -> list[Row]:
    return [row.not_in_miniature(why) for row in rows]


ROWS = {
    "resnet18": [
        *_speed("t95 (35 +- 1 at 0) is at most 1.5 times that", 1.0, at_most(SLOW)),
        *_preferred("A28a"),
        Row("A29a", "the number of changes falls from alpha 0.3 on").by(
            trend, Asked(mean_changes, span(0.3)), below(SLIGHT)
        ),
        Row("A29a", "it is about equal at 0, 0.1 and 0.2")
        .by(folds, mean_changes, within(0.9, 1.1), lambda alpha: 0 < alpha <= 0.2)
        .not_in_miniature("its grid has no alpha of 0.1 or 0.2"),
    ],
    "resnet18_warmup": _not_trained(
        [
            *_warmed("resnet18", "A30a, b", "A31a, b"),
            Row("A31a, b", "alpha below 0 improves accuracy").by(
                changes, accuracy, above(HALF_POINT), negative, once=True
            ),
        ],
        NO_VARIANT,
    ),
    "resnet20": [
        # Their interquartile ranges overlap up to twice and down to half of it.
        *_speed("t95 is about that at 0 (45 +- 15)", 0.7, within(1 / SLOW, SLOW)),
        *_preferred("A28b"),
        Row("A29b", "no clear relation of alpha and the number of changes").by(
            trend, Asked(mean_changes, NOT_NEGATIVE), within(-UNCLEAR, UNCLEAR)
        ),
    ],
    "vgg16": _preferred("section 4.3"),
    "resnet50": _not_trained(_preferred("section 4.3"), NO_RESNET50),
    "resnet20_warmup": [
        *_warmed("resnet20", "A30c, d", "A31c, d"),
        Row("A31c, d", "alpha below 0, down to -2, does little harm").by(
            changes, accuracy, at_least(-LITTLE), span(-2, 0)
        ),
    ],
}
