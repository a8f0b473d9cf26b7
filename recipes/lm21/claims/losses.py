"""Rules about how much accuracy is lost, or is not."""

from recipes.claims import rules
from recipes.claims.samples import Samples, Where
from recipes.claims.verdicts import UNDECIDED, Outcome
from recipes.quantities import points

#: A percentage point: a loss of accuracy that does no harm.
POINT = 0.01


def harmless(accuracy: Samples, where: Where) -> Outcome | None:
    """Accuracy is not lost."""
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    worst = min(pairs, key=accuracy.mean)
    shown = accuracy.where(lambda alpha: alpha == 0 or where(alpha))
    return rules.harmless(
        pairs,
        POINT,
        f"{shown.text()}; at the worst, {worst:g}: {accuracy.gained(worst)}",
        "t-test, corrected; held: no significant loss (smallest p), and at most 1 "
        f"point lost, at every alpha; a loss above that, {UNDECIDED}",
        # Of the alphas that lose, the surest loss; a gain is no evidence of harm.
        gains=False,
    )


def little(accuracy: Samples, where: Where, amount: float) -> Outcome | None:
    """At most so much of the accuracy is lost."""
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    worst = min(pairs, key=accuracy.mean)
    return Outcome(
        f"at the worst, {worst:g}: {accuracy.gained(worst)}",
        f"held: the mean is at most {points(amount)} below that at alpha 0, at "
        "every alpha",
        None,
        accuracy.mean(0.0) - accuracy.mean(worst) <= amount,
    )


def gains_less(accuracy: Samples, where: Where, amount: float) -> Outcome | None:
    """Less than so much accuracy is gained."""
    pairs = accuracy.against_zero(where)
    if not pairs:
        return None
    best = max(pairs, key=accuracy.mean)
    return Outcome(
        f"at the best, {best:g}: {accuracy.gained(best)}",
        f"held: the mean is less than {points(amount)} above that at alpha 0, "
        "at every alpha",
        None,
        accuracy.mean(best) - accuracy.mean(0.0) < amount,
    )
