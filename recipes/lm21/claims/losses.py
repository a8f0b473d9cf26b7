"""Rules about how much accuracy is lost, or is not."""

from keras_selectivity.inference import family
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    corrected,
    decided,
    extreme,
    together,
)
from recipes.claims.wording import number
from recipes.lm21.claims.samples import Samples, Where, fewest, negative, positive

#: A percentage point: a loss of accuracy that does no harm.
POINT = 0.01


def harmless(accuracy: Samples, where: Where) -> Outcome | None:
    """Accuracy is not lost.

    Returns:
        Outcome; None if there is nothing to compare.
    """
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    verdicts = no_harm(accuracy, where)
    tests = family(pairs)
    # Of the alphas that lose, the surest loss; a gain is no evidence of harm.
    losses = [corrected(one) for one in tests.values() if one.statistic < 0]
    worst = min(pairs, key=accuracy.mean)
    shown = accuracy.where(lambda alpha: alpha == 0 or where(alpha))
    return Outcome(
        f"{shown.text()}; at the worst, {worst:g}: {gained(accuracy, worst)}",
        "t-test, corrected; held: no significant loss (smallest p), and at most 1 "
        f"point lost, at every alpha; a loss above that, {UNDECIDED}",
        extreme(losses, min),
        together(verdicts.values()),
    )


def indistinct(accuracy: Samples, where: Where) -> Outcome | None:
    """Accuracy is neither lost nor gained.

    Returns:
        Outcome; None if there is nothing to compare.
    """
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    pvalues = [corrected(one) for one in family(pairs).values()]
    gaps = {alpha: accuracy.mean(alpha) - accuracy.mean(0.0) for alpha in pairs}
    widest = max(gaps, key=lambda alpha: abs(gaps[alpha]))
    return Outcome(
        f"{gained(accuracy, widest)} at {widest:g}",
        f"t-test, corrected; held: p >= {LEVEL} (smallest p), and the means differ by "
        f"at most {points(POINT)}, at every alpha",
        extreme(pvalues, min),
        all(abs(gap) <= POINT for gap in gaps.values())
        and not any(pvalue < LEVEL for pvalue in pvalues),
    )


def no_harm(accuracy: Samples, where: Where = negative) -> dict[float, bool | None]:
    """At which alphas accuracy is not lost.

    Returns:
        For each alpha False where the loss is significant, True where it is not and
        is no more than a point; of other losses None, or False of many networks.
    """
    pairs = accuracy.against_zero(where)
    verdicts: dict[float, bool | None] = {}
    for alpha, found in family(pairs).items():
        loss = accuracy.mean(0.0) - accuracy.mean(alpha)
        lost = decided(loss > 0, corrected(found), fewest(pairs[alpha]))
        verdicts[alpha] = _unharmed(loss, lost)
    return verdicts


def _unharmed(loss: float, lost: bool | None) -> bool | None:
    if lost:
        return False
    # Above a point and not significant: undecided of few networks, else a loss.
    return True if loss <= POINT else lost


def little(accuracy: Samples, where: Where, amount: float) -> Outcome | None:
    """At most so much of the accuracy is lost.

    Returns:
        Outcome; None if there is nothing to compare.
    """
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    worst = min(pairs, key=accuracy.mean)
    return Outcome(
        f"at the worst, {worst:g}: {gained(accuracy, worst)}",
        f"held: the mean is at most {points(amount)} below that at alpha 0, at "
        "every alpha",
        None,
        accuracy.mean(0.0) - accuracy.mean(worst) <= amount,
    )


def gains_less(accuracy: Samples, where: Where, amount: float) -> Outcome | None:
    """Less than so much accuracy is gained.

    Returns:
        Outcome; None if there is nothing to compare.
    """
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    best = max(pairs, key=accuracy.mean)
    return Outcome(
        f"at the best, {best:g}: {gained(accuracy, best)}",
        f"held: the mean is less than {points(amount)} above that at alpha 0, "
        "at every alpha",
        None,
        accuracy.mean(best) - accuracy.mean(0.0) < amount,
    )


def points(share: float) -> str:
    """An amount of accuracy.

    Example:
        >>> points(0.005), points(0.01)
        ('0.5 points', '1 point')
    """
    return f"{100 * share:g} point" + "s" * (share != 0.01)


def gained(samples: Samples, alpha: float, zero: float = 0.0) -> str:
    """A difference of two accuracies in points, with its interval."""
    found = samples.difference(alpha, zero)
    if found is None:
        return f"{100 * (samples.mean(alpha) - samples.mean(zero)):+.1f} points"
    mean, low, high = (100 * value for value in found)
    return f"{mean:+.1f} points [{low:+.1f}, {high:+.1f}]"


def loses(
    accuracy: Samples, amount: float, alpha: float, zero: float = 0.0
) -> Outcome | None:
    """Accuracy at one alpha lies so much below that at another.

    Returns:
        Outcome; None where one of them, or a second seed, is not there.
    """
    found = accuracy.difference(alpha, zero)
    if found is None:
        return None
    return Outcome(
        f"{gained(accuracy, alpha, zero)} at {alpha:g} from {zero:g}",
        f"bootstrapped 95% interval; held: the mean is -{points(amount)} or below; "
        "undecided where only the interval reaches it",
        None,
        True if found.mean <= -amount else None if found.low <= -amount else False,
    )


def cut(
    selectivity: Samples,
    accuracy: Samples,
    fold: float,
    cost: float | None,
    reach: float,
) -> Outcome | None:
    """Selectivity can be cut so many-fold at so small a cost.

    Args:
        cost: Of accuracy, in [0, 1]; None: as for `harmless`.

    Returns:
        Outcome; None without alpha 0 or a negative one.
    """
    pairs = accuracy.against_zero(negative)
    zero = selectivity.values.get(0.0)
    alphas = [alpha for alpha in pairs if alpha in selectivity.values]
    if not alphas or zero is None:
        return None
    lost = {alpha: accuracy.mean(0.0) - accuracy.mean(alpha) for alpha in alphas}
    unharmed = no_harm(accuracy)
    cheap = [
        alpha
        for alpha in alphas
        if (unharmed[alpha] is True if cost is None else lost[alpha] <= cost)
    ]
    folds = {
        alpha: selectivity.mean(0.0) / max(selectivity.mean(alpha), 1e-9)
        for alpha in cheap
    }
    best = max(folds, key=lambda alpha: folds[alpha], default=0.0)
    reached = folds.get(best, 1.0)
    at = f" at {best:g}, {gained(accuracy, best)}" if folds else ""
    allowed = "no harm" if cost is None else f"at most {points(cost)} lost"
    harm = " (no significant loss by t-test, and at most 1 point)" * (cost is None)
    return Outcome(
        f"{number(reached)}-fold{at}; SI {selectivity.where(_not_positive).text()}",
        f"the greatest cut with {allowed}{harm}; held: {fold:g}-fold or more; "
        f"undecided without an alpha of {reach:g} or below",
        None,
        True if reached >= fold else None if min(alphas) > reach else False,
    )


def _not_positive(alpha: float) -> bool:
    return not positive(alpha)
