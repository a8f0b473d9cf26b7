"""Appendices A.10 and A.11: dead units and sparse ones do not explain the harm."""

import math
from collections.abc import Iterator

from recipes.claims.table import Claim
from recipes.claims.verdicts import LEVEL, Outcome, stated, together
from recipes.claims.wording import number, percent
from recipes.lm21 import quantities
from recipes.lm21.claims.differences import between, differs
from recipes.lm21.claims.losses import points
from recipes.lm21.claims.samples import Samples, Where, positive
from recipes.lm21.claims.trends import correlation, rho, trend
from recipes.runner.results import Results

#: Accuracy that is lost before units become sparse: 4 points, and 5.
LOSS = {"resnet18": 0.04, "resnet20": 0.05}
LEAKY = "resnet20_leaky"


def claims(results: Results) -> Iterator[Claim]:
    """Claims about units that respond to no sample, or to few.

    Reference:
        LM21 figures A7 to A10.
    """
    yield from _dead(results)
    yield from _leaky(results)
    yield from _sparse(results)


def _not_negative(alpha: float) -> bool:
    return alpha >= 0


def _dead(results: Results) -> Iterator[Claim]:
    dead = Samples.of(results, "resnet18", quantities.dead_share, percent)
    yield from stated(
        "resnet18",
        (
            "A7",
            "no unit dies below alpha 30",
            between(dead, 0, 0.001, lambda alpha: 0 <= alpha < 30),
        ),
        (
            "A7",
            "never more than 3% are dead",
            between(dead, 0, 0.03, _not_negative),
        ),
    )
    dead, living, si = (
        Samples.of(results, "resnet20", quantity, write).where(_not_negative)
        for quantity, write in (
            (quantities.dead_share, percent),
            (quantities.living_selectivity, number),
            (quantities.selectivity, number),
        )
    )
    accuracy = Samples.of(results, "resnet20", quantities.accuracy, percent)
    yield from stated(
        "resnet20",
        ("A8a", "more units are dead at larger alpha", trend(dead, 1)),
        (
            "A8b",
            "without dead units SI goes with alpha more regularly",
            more_regular(living, si, dead),
        ),
        (
            "A8c",
            "without them accuracy still falls as SI rises, alpha 0 to 5",
            trend(accuracy.where(lambda a: 0 <= a <= 5), -1, living),
        ),
    )


def more_regular(living: Samples, all_units: Samples, dead: Samples) -> Outcome | None:
    """Whether SI goes with alpha better once dead units are left out.

    Returns:
        Outcome; None with fewer than three networks, or a single alpha.
    """
    without, whole = trend(living, 1), trend(all_units, 1)
    if without is None or whole is None:
        return None
    apart, mixed = correlation(living), correlation(all_units)
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


def _leaky(results: Results) -> Iterator[Claim]:
    slopes = sorted(
        float(name.removeprefix(LEAKY)) for name in results if name.startswith(LEAKY)
    )
    rectified = Samples.of(results, "resnet20", quantities.accuracy, percent)
    for slope in slopes:
        sweep = f"{LEAKY}{slope:g}"
        dead = Samples.of(results, sweep, quantities.dead_share, percent)
        si = Samples.of(results, sweep, quantities.selectivity)
        accuracy = Samples.of(results, sweep, quantities.accuracy, percent)
        harm = accuracy.against_zero(_large)
        largest = slope == slopes[-1]
        yield from stated(
            sweep,
            ("A9a", "with leaky ReLU no unit is dead", between(dead, 0, 0)),
            (
                "A9a",
                "leaky ReLU does not rescue accuracy, alpha from 1",
                differs(harm, -1, write=percent),
            ),
            (
                "A9a",
                "even the largest slope gains little, alpha from 1",
                rescued(accuracy, rectified, _large) if largest else None,
            ),
            ("A9b", "SI rises with alpha", trend(si.where(_not_negative), 1)),
        )


def _large(alpha: float) -> bool:
    return alpha >= 1


def rescued(leaky: Samples, rectified: Samples, where: Where) -> Outcome | None:
    """Whether no more than half of a loss is undone.

    Returns:
        Outcome; None without alpha 0, or another that both have.
    """
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


def _sparse(results: Results) -> Iterator[Claim]:
    for network, loss in LOSS.items():
        accuracy = Samples.of(results, network, quantities.accuracy, percent)
        sparse = Samples.of(results, network, quantities.sparse_share, percent)
        busy = Samples.of(results, network, quantities.busy_share, percent)
        figure = "A10a" if network == "resnet18" else "A10b"
        lost = points(loss)
        yield from stated(
            network,
            (
                figure,
                f"{lost} are lost at a smaller alpha than has 10% sparse units",
                later(accuracy, sparse, loss),
            ),
            (
                figure,
                f"where {lost} are lost, most units respond to over 80% of samples",
                still_busy(accuracy, busy, loss),
            ),
        )
        if network == "resnet20":
            yield from stated(
                network,
                (
                    figure,
                    "more units are sparse at larger alpha",
                    trend(sparse.where(_not_negative), 1),
                ),
            )


def first_lost(accuracy: Samples, loss: float) -> float:
    """The smallest alpha above 0 at which so much accuracy is lost."""
    if 0.0 not in accuracy.values:
        return math.inf
    floor = accuracy.mean(0.0) - loss
    means = accuracy.where(positive).means()
    return min((a for a, mean in means.items() if mean <= floor), default=math.inf)


def later(accuracy: Samples, sparse: Samples, loss: float) -> Outcome | None:
    """Whether units become sparse only after accuracy is lost.

    Returns:
        Outcome; None without alpha 0 and one above.
    """
    means = sparse.where(positive).means()
    if not accuracy.at(0.0) or not means:
        return None
    lost = first_lost(accuracy, loss)
    thin = min((a for a, mean in means.items() if mean > 0.1), default=math.inf)
    shown = sparse.where(_not_negative).text()
    return Outcome(
        f"lost {_at(lost)}, more than 10% sparse {_at(thin)}; sparse: {shown}",
        f"first alpha with {points(loss)} lost; held: below the first with more "
        "than 10% sparse units; undecided where so much is never lost",
        None,
        lost < thin if math.isfinite(lost) else None,
    )


def still_busy(accuracy: Samples, busy: Samples, loss: float) -> Outcome | None:
    """Whether most units respond to most samples when accuracy is lost.

    Returns:
        Outcome; None where so much is never lost.
    """
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
