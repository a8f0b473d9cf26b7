"""Appendices A.2 and A.16: what happens during training."""

import math
from collections.abc import Iterator

from keras_selectivity.inference import Quartiles, quartiles
from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, stated
from recipes.claims.wording import percent
from recipes.lm21 import quantities
from recipes.lm21.claims.differences import alike, between, differs, pooled
from recipes.lm21.claims.losses import POINT, little
from recipes.lm21.claims.samples import Samples, Where, negative, positive, spread
from recipes.lm21.claims.trends import trend, unrelated
from recipes.runner.results import Results

#: A median of t95 above so many times that at alpha 0 is slow.
SLOW = 1.5
#: "Approximately 100%" of the units (section 4.3).
NEARLY_ALL = 0.95
#: SI with and without warm-up is much the same up to here.
ALIKE = 0.05
NETWORKS = ("resnet18", "resnet20")


def claims(results: Results) -> Iterator[Claim]:
    """Claims about speed, preferred classes and warm-up.

    Reference:
        LM21 appendix A.2, figures A28 to A31.
    """
    for network in NETWORKS:
        yield from _speed(results, network)
        yield from _changes(results, network)
        yield from _warmed(results, network)


def _speed(results: Results, network: str) -> Iterator[Claim]:
    epochs = Samples.of(results, network, quantities.t95)
    if network == "resnet18":
        high, near = 1.0, as_fast(epochs, _within(-2, 1))
        text = "t95 (35 +- 1 at 0) is at most 1.5 times that"
    else:
        high, near = 0.7, overlapping(epochs, _within(-2, 0.7))
        text = "t95 overlaps with 45 +- 15 at 0"
    yield from stated(
        network,
        ("A.2", f"{text}, alpha from -2 to {high:g}", near),
        (
            "A.2",
            "beyond, t95 is more than 1.5 times that, or varies highly",
            slower(epochs, lambda alpha: not -2 <= alpha <= high),
        ),
    )


def _within(low: float, high: float) -> Where:
    return lambda alpha: alpha != 0 and low <= alpha <= high


def overlapping(epochs: Samples, where: Where) -> Outcome | None:
    """Whether training takes as long as at alpha 0.

    Returns:
        Outcome; None without alpha 0 or any of them.
    """
    found = _quartiles(epochs, where)
    if found is None:
        return None
    zero, others = found
    return Outcome(
        _spans(zero, others),
        "median +- IQR; held: overlaps with that at alpha 0, at every alpha",
        None,
        all(
            abs(one.median - zero.median) <= one.iqr + zero.iqr
            for one in others.values()
        ),
    )


def as_fast(epochs: Samples, where: Where) -> Outcome | None:
    """Whether training takes at most half as long again as at alpha 0.

    Returns:
        Outcome; None without alpha 0 or any of them.
    """
    found = _quartiles(epochs, where)
    if found is None:
        return None
    zero, others = found
    return Outcome(
        _spans(zero, others),
        f"median +- IQR; held: the median is at most {SLOW:g} times that at alpha 0, "
        "at every alpha",
        None,
        all(one.median <= SLOW * zero.median for one in others.values()),
    )


def slower(epochs: Samples, where: Where) -> Outcome | None:
    """Whether training takes longer than at alpha 0, or varies.

    Returns:
        Outcome; None without alpha 0 or any of them.
    """
    found = _quartiles(epochs, where)
    if found is None:
        return None
    zero, others = found
    return Outcome(
        _spans(zero, others),
        f"median +- IQR; held: the median is more than {SLOW:g} times that at alpha 0, "
        "or the IQR more than half the median, at every alpha",
        None,
        all(
            one.median > SLOW * zero.median or one.iqr > one.median / 2
            for one in others.values()
        ),
    )


def _quartiles(
    epochs: Samples, where: Where
) -> tuple[Quartiles, dict[float, Quartiles]] | None:
    """At alpha 0, and at others from the nearest."""
    alphas = sorted((a for a in epochs.values if a != 0 and where(a)), key=abs)
    if not alphas or not epochs.at(0.0):
        return None
    return quartiles(epochs.at(0.0)), {a: quartiles(epochs.at(a)) for a in alphas}


def _spans(zero: Quartiles, others: dict[float, Quartiles]) -> str:
    shown = {0.0: zero, **{alpha: others[alpha] for alpha in spread([*others], 4)}}
    return ", ".join(
        f"{one.median:g} +- {one.iqr:.3g} at {alpha:g}" for alpha, one in shown.items()
    )


def _changes(results: Results, network: str) -> Iterator[Claim]:
    share = Samples.of(results, network, quantities.changed_share, percent)
    changes = Samples.of(results, network, quantities.mean_changes)
    panel = "a" if network == "resnet18" else "b"
    yield from stated(
        network,
        (
            f"A28{panel}",
            "nearly every unit changes its preferred class, whatever alpha from 0",
            between(share, NEARLY_ALL, math.inf, lambda alpha: alpha >= 0),
        ),
    )
    if network == "resnet18":
        yield from stated(
            network,
            (
                "A29a",
                "the number of changes falls from alpha 0.3 on",
                trend(changes.where(lambda alpha: alpha >= 0.3), -1),
            ),
            (
                "A29a",
                "it is about equal at 0, 0.1 and 0.2",
                _level(changes, lambda alpha: 0 < alpha <= 0.2),
            ),
        )
    else:
        yield from stated(
            network,
            (
                "A29b",
                "no clear relation of alpha and the number of changes",
                unrelated(changes.where(lambda alpha: alpha >= 0)),
            ),
        )


def _level(changes: Samples, where: Where, share: float = 0.1) -> Outcome | None:
    """That the mean is within a share of that at alpha 0."""
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


def _warmed(results: Results, network: str) -> Iterator[Claim]:
    sweep = f"{network}_warmup"
    si, plain_si = (
        Samples.of(results, name, quantities.selectivity) for name in (sweep, network)
    )
    accuracy, plain = (
        Samples.of(results, name, quantities.accuracy, percent)
        for name in (sweep, network)
    )
    reduced = accuracy.against_zero(negative)
    figures = (
        ("A30a, b", "A31a, b") if network == "resnet18" else ("A30c, d", "A31c, d")
    )
    yield from stated(
        sweep,
        (figures[0], "SI goes with alpha", trend(si, 1)),
        (
            figures[0],
            "SI is as without warm-up",
            alike(si, plain_si, ALIKE),
        ),
        (
            figures[1],
            "every alpha above 0 still lowers accuracy",
            differs(accuracy.against_zero(positive), -1, write=percent),
        ),
        (
            figures[1],
            "alpha above 0 does slightly less harm than without warm-up",
            pooled(accuracy.where(positive), plain.where(positive), 1),
        ),
        (
            figures[1],
            "alpha below 0 improves accuracy",
            differs(reduced, 1, write=percent, once=True)
            if network == "resnet18"
            else None,
        ),
        (
            figures[1],
            "alpha below 0, down to -2, does little harm",
            None
            if network == "resnet18"
            else little(accuracy, lambda a: -2 <= a < 0, POINT),
        ),
    )
