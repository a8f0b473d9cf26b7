"""Sections 4.1 and 4.3: what less, and more, selectivity does to accuracy."""

from collections.abc import Iterator

import numpy as np

from recipes.claims.effects import RATIO, average
from recipes.claims.rules import (
    SLIGHT,
    changes,
    differs,
    folds,
    on_average,
    ruled,
    shown,
    told_of,
    trend,
    weighed,
)
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
    HELD,
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    below,
    judge,
    within,
)
from recipes.lm21.claims.margins import (
    HALF_POINT,
    HARMLESS,
    NO_RESNET50,
    POINT,
    about,
    costs,
)
from recipes.lm21.quantities import selectivity
from recipes.quantities import accuracy, points
from recipes.runner.results import Results

#: A cut in SI that the paper calls k-fold is one of so much of k at least.
NEARLY = 0.8


def claims(results: Results) -> Iterator[Claim]:
    """Claims about accuracy, network by network.

    Reference:
        LM21 figures 1, 3, 4, A2, A6, A12, A14, A15, A32, A33, A34b.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def cut(
    accuracy: Samples, selectivity: Samples, fold: float, cheap: Says, reach: float
) -> Outcome | None:
    """Selectivity can be cut so many-fold, and costs no more accuracy than is said.

    Looked at is the alpha nearest to 0 that cuts so much: SI alone chooses it. Nothing
    is said without an alpha as low as `reach`.
    """
    lost = accuracy.change().where(negative).effects()
    cuts = {a: e for a, e in selectivity.fold().effects(RATIO).items() if a in lost}
    if not cuts or min(cuts) > reach:
        return None
    enough, write = at_most(1 / (NEARLY * fold)), "{:.2g}".format
    chosen = max(
        (a for a, one in cuts.items() if Part(one, enough).verdict() is HELD),
        default=min(cuts),
    )
    return judge(
        Every([Part(cuts[chosen], enough), Part(lost[chosen], cheap)]),
        f"{shown(cuts[chosen], write)} of the SI, {shown(lost[chosen], accuracy.gap)} "
        f"at {chosen:g}; SI {selectivity.where(NOT_POSITIVE).text()}",
        f"at the first alpha below 0 that leaves {enough.words(write)} of the SI: "
        + ruled("difference of accuracy, mean over seeds", cheap, accuracy.gap),
    )


def best_at(accuracy: Samples, alpha: float) -> Outcome | None:
    """Accuracy is gained at an alpha, and half a point more at no other below 0."""
    gain = accuracy.change().effects().get(alpha)
    others = accuracy.change(alpha).where(lambda a: a < 0 and a != alpha).effects()
    if gain is None or not others:
        return None
    more, no_more = above(HALF_POINT), at_most(HALF_POINT)
    rivals = {f"at {other:g}": effect for other, effect in others.items()}
    return judge(
        Every([Part(gain, more), *(Part(one, no_more) for one in others.values())]),
        f"{shown(gain, accuracy.gap)} at {alpha:g} from 0; from there "
        + told_of(rivals, no_more, accuracy.gap),
        ruled(f"gain at {alpha:g}", more, accuracy.gap)
        + f"; of every other alpha below 0 beside it: {no_more.words(accuracy.gap)}",
    )


def first_loss(accuracy: Samples, alpha: float = -1.0) -> Outcome | None:
    """Accuracy is lost at an alpha, and at none that is nearer to 0."""
    lost = accuracy.change().where(lambda a: alpha <= a < 0).effects()
    if alpha not in lost or len(lost) < 2:
        return None
    says = {a: below(HALF_POINT) if a == alpha else costs(0) for a in lost}
    return judge(
        Every([Part(effect, says[a]) for a, effect in lost.items()]),
        ", ".join(f"{shown(one, accuracy.gap)} at {a:g}" for a, one in lost.items()),
        ruled(f"difference at {alpha:g}", says[alpha], accuracy.gap)
        + f"; nearer to 0: {costs(0).words(accuracy.gap)}",
    )


def promoted(samples: Samples, says: Says, where: Where) -> Outcome | None:
    """What promoting differs by from reducing, at each magnitude of alpha."""
    return differs(samples, samples.mirrored(), says, _above_0(where))


def promoted_on_average(samples: Samples, says: Says, where: Where) -> Outcome | None:
    """The same over all magnitudes."""
    return on_average(samples, samples.mirrored(), says, _above_0(where))


def _above_0(where: Where) -> Where:
    return lambda alpha: alpha > 0 and where(alpha)


def mirrored_cloud(accuracy: Samples, selectivity: Samples) -> Outcome | None:
    """Networks of a seed above its usual SI beside those as far below it."""
    near = selectivity.fold().where(lambda alpha: alpha != 0)
    more, less = (
        accuracy.combined(_kept(near, where), lambda own, _: own).seeds()
        for where in (span(1.0, 2.0), span(0.5, 1.0))
    )
    gaps = [
        float(np.mean([*more[seed].values()]) - np.mean([*less[seed].values()]))
        for seed in more
        if seed in less
    ]
    return weighed(
        {"": average(gaps)} if gaps else {},
        below(POINT),
        accuracy.gap,
        what="of a seed the mean of its networks with one to two times the SI at alpha "
        "0, less that of those with half of it to all, mean over seeds",
    )


def _kept(samples: Samples, where: Where) -> Samples:
    """Of networks whose number is in a range."""
    kept = {
        alpha: {seed: value for seed, value in ones.items() if where(value)}
        for alpha, ones in samples.values.items()
    }
    return samples._replace(values=kept)


def _cut(rows: str, fold: float, loss: float, reach: float) -> Row:
    lost = f"{points(loss)} lost at most" if loss else "no loss of accuracy"
    return Row(rows, f"SI can be cut {fold:g}-fold with {lost}").by(
        cut, accuracy, selectivity, fold, costs(loss), reach
    )


def _falls(rows: str, highest: float) -> Row:
    text = f"accuracy falls as SI rises, alpha 0 to {highest:g}"
    return Row(rows, text).by(
        trend, Asked(accuracy, span(0, highest)), below(SLIGHT), selectivity
    )


def _lowers(rows: str, level: str) -> Row:
    return Row(rows, f"every alpha above 0 lowers accuracy, {level}").by(
        changes, accuracy, below(HALF_POINT), positive
    )


def _signs(rows: str, least: float, level: str) -> list[Row]:
    """The paper's main result, at each magnitude and over all."""
    where = span(least, 5.0)
    return [
        Row(
            rows,
            f"promoting is worse than reducing at every abs(alpha) from {least:g} to "
            f"5, {level}",
        ).by(promoted, accuracy, below(HALF_POINT), where),
        _main(rows, where),
    ]


def _main(rows: str, where: Where) -> Row:
    return Row(
        f"{rows}, section 4.3",
        "promoting SI costs more accuracy than reducing it, over abs(alpha) up to 5",
    ).by(promoted_on_average, accuracy, below(POINT), where)


_FINER = "its grid has no alpha of -0.1"
_CLOUD = (
    "of all networks, those with more SI than at alpha 0 do worse than those with less"
)
ROWS = {
    "resnet18": [
        Row(
            "F1a, F1b", "accuracy is higher at every alpha from -2.5 to -0.1, p < 0.01"
        ).by(changes, accuracy, above(HALF_POINT), span(-2.5, 0)),
        Row("F1a", "-1.0 is the best alpha").by(best_at, accuracy, -1.0),
        Row("F1a", "it gains 2 points there: 53.60% against 51.57%").by(
            changes, accuracy, about(0.02), span(-1, -1)
        ),
        Row("F1a", "no different from alpha 0 at -3.0").by(
            changes, accuracy, within(-HARMLESS, HARMLESS), span(-3, -3)
        ),
        Row("F1a", "beyond -3.5 accuracy is lost").by(
            changes, accuracy, below(POINT), lambda alpha: alpha < -3.5
        ),
        # 0.48, give or take a third.
        Row("F3a", "falls to about 25% at 5, half of 52%").by(
            folds, accuracy, within(0.33, 0.65), span(5, 5)
        ),
        Row("F4a", "6 points between -2 and 2").by(
            changes, accuracy, about(-0.06), span(2, 2), zero=-2.0
        ),
        _cut("F1c, section 4.2", 3.0, 0.0, -3.0),
        _lowers("F3a, F3b", "p <= 6e-5"),
        _falls("F3c", 10.0),
        *_signs("F4a, A33a", 0.1, "p < 2e-5"),
        Row("F4b", _CLOUD).by(mirrored_cloud, accuracy, selectivity),
    ],
    "resnet20": [
        Row("A2a, A2b", "no loss at alpha from -0.7 to -0.1").by(
            changes, accuracy, costs(0), lambda alpha: -1 < alpha < 0
        ),
        Row("A2a", "the first significant loss is at -1.0, p = 0.03")
        .by(first_loss, accuracy)
        .not_in_miniature("half a point is less than its five networks can show"),
        Row("A2a", "little is lost from -5 on (2 points at most)").by(
            changes, accuracy, costs(0.02), span(-5, 0)
        ),
        # "Collapses": much more than the 2 points at -5.
        Row("A2a", "accuracy collapses at -30 and below").by(
            changes, accuracy, at_most(-0.1), span(-np.inf, -30)
        ),
        Row("A6a, section 4.3", "5 points are lost at 0.7").by(
            changes, accuracy, about(-0.05), span(0.7, 0.7)
        ),
        _cut("A2c", 2.5, 0.0, -1.0),
        _cut("A2c", 20.0, 0.02, -5.0),
        _cut("section 4.2", 3.0, 0.01, -3.0),
        _lowers("A6a, A6b", "p < 2e-4"),
        _falls("A6c", 10.0),
        *_signs("A33b", 0.1, "p < 0.05"),
        Row("A32", _CLOUD).by(mirrored_cloud, accuracy, selectivity),
    ],
    "vgg16": [
        Row("A12a, A12b", "-0.1 already lowers accuracy, p = 0.004")
        .by(changes, accuracy, below(HALF_POINT), span(-0.1, -0.1))
        .not_in_miniature(_FINER),
        Row("A12a", "that loss is small")
        .by(changes, accuracy, costs(0), span(-0.1, -0.1))
        .not_in_miniature(_FINER),
        _cut("A12c", 5.0, 0.005, -5.0),
        _cut("A12c, A11b", 10.0, 0.01, -5.0),
        _cut("section 4.2", 3.0, 0.01, -3.0),
        _lowers("A14a, A14b", "at 0.1 p = 0.02"),
        _falls("A14c", 1.0),
        *_signs("A15a, A15b", 0.3, "p = 1e-4 at 0.3"),
    ],
    "resnet50": [
        row.not_in_miniature(NO_RESNET50)
        for row in (
            Row("A34b", "some alpha below 0 gains more than 1 point").by(
                changes, accuracy, at_least(POINT), negative, once=True
            ),
            Row("A34b", "alpha above 0 lowers accuracy").by(
                changes, accuracy, below(HALF_POINT), positive
            ),
            _main("A34b", span(0.1, 5.0)),
        )
    ],
}
