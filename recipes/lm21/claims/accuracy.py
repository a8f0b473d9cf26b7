"""Sections 4.1 and 4.3: what less, and more, selectivity does to accuracy."""

from collections.abc import Iterator

import numpy as np

from keras_selectivity.inference import family, rank_sum_test
from recipes.claims.table import Claim
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    corrected,
    decided,
    extreme,
    stated,
    together,
)
from recipes.claims.wording import percent
from recipes.lm21 import quantities
from recipes.lm21.claims.differences import differs
from recipes.lm21.claims.losses import (
    POINT,
    cut,
    gained,
    harmless,
    indistinct,
    little,
    loses,
    points,
)
from recipes.lm21.claims.samples import Pairs, Samples, fewest, negative, positive
from recipes.lm21.claims.trends import trend
from recipes.runner.results import Results

#: Rows and text: promoting selectivity harms at every alpha.
HARM = {
    "resnet18": ("F3a, F3b", "every alpha above 0 lowers accuracy, p <= 6e-5"),
    "resnet20": ("A6a, A6b", "every alpha above 0 lowers accuracy, p < 2e-4"),
    "vgg16": ("A14a, A14b", "every alpha above 0 lowers accuracy, at 0.1 p = 0.02"),
    "resnet50": ("A34b", "alpha above 0 lowers accuracy"),
}
#: Rows, the highest alpha shown, and text: accuracy against SI.
FALL = {
    "resnet18": ("F3c", 10.0),
    "resnet20": ("A6c", 10.0),
    "vgg16": ("A14c", 1.0),
}
#: Rows, smallest magnitude, and p: one sign against the other.
SIGNS = {
    "resnet18": ("F4a, A33a", 0.1, "p < 2e-5"),
    "resnet20": ("A33b", 0.1, "p < 0.05"),
    "vgg16": ("A15a, A15b", 0.3, "p = 1e-4 at 0.3"),
}
#: Rows, how many-fold SI can be cut, at what cost, and how far the grid must reach.
CUTS: dict[str, list[tuple[str, float, float | None, float]]] = {
    "resnet18": [("F1c", 3.0, None, -3.0)],
    "resnet20": [("A2c", 2.5, None, -1.0), ("A2c", 20.0, 0.02, -5.0)],
    "vgg16": [("A12c", 5.0, 0.005, -5.0), ("A12c, A11b", 10.0, 0.01, -5.0)],
}


def claims(results: Results) -> Iterator[Claim]:
    """Claims about accuracy, network by network.

    Reference:
        LM21 figures 1, 3, 4, A2, A6, A12, A14, A15, A32, A33, A34b.
    """
    own = {
        "resnet18": _resnet18,
        "resnet20": _resnet20,
        "vgg16": _vgg16,
        "resnet50": _resnet50,
    }
    for network, statements in own.items():
        accuracy = Samples.of(results, network, quantities.accuracy, percent)
        selectivity = Samples.of(results, network, quantities.selectivity)
        yield from statements(accuracy)
        yield from _cuts(network, selectivity, accuracy)
        yield from _promoted(network, selectivity, accuracy)


def _resnet18(accuracy: Samples) -> Iterator[Claim]:
    gain = accuracy.against_zero(lambda alpha: -2.5 <= alpha < 0)
    beyond = accuracy.against_zero(lambda alpha: alpha < -3.5)
    yield from stated(
        "resnet18",
        (
            "F1a, F1b",
            "accuracy is higher at every alpha from -2.5 to -0.1, p < 0.01",
            differs(gain, 1, write=percent),
        ),
        ("F1a", "best at -1.0: 53.60% against 51.57%", best(accuracy, -1.0)),
        (
            "F1a",
            "no different from alpha 0 at -3.0",
            indistinct(accuracy, lambda alpha: alpha == -3),
        ),
        (
            "F1a",
            "beyond -3.5 accuracy is lost",
            differs(beyond, -1, write=percent),
        ),
        (
            "F3a",
            "falls to about 25% at 5 (from 52%)",
            loses(accuracy, 0.25, 5.0),
        ),
        ("F4a", "6 points between -2 and 2", loses(accuracy, 0.06, 2.0, -2.0)),
    )


def _resnet20(accuracy: Samples) -> Iterator[Claim]:
    extreme = accuracy.against_zero(lambda alpha: alpha <= -30)
    yield from stated(
        "resnet20",
        (
            "A2a, A2b",
            "no loss at alpha from -0.7 to -0.1",
            harmless(accuracy, lambda alpha: -1 < alpha < 0),
        ),
        (
            "A2a",
            "the first significant loss is at -1.0, p = 0.03",
            first_loss(accuracy),
        ),
        (
            "A2a",
            "little is lost from -5 on (2 points at most)",
            little(accuracy, lambda alpha: -5 <= alpha < 0, 0.02),
        ),
        (
            "A2a",
            "accuracy collapses at -30 and below",
            differs(extreme, -1, write=percent, by=0.02),
        ),
        (
            "A6a, section 4.3",
            "5 points are lost at 0.7",
            loses(accuracy, 0.05, 0.7),
        ),
    )


def _vgg16(accuracy: Samples) -> Iterator[Claim]:
    smallest = max((a for a in accuracy.values if negative(a)), default=0.0)
    nearest = accuracy.against_zero(lambda alpha: alpha == smallest)
    yield from stated(
        "vgg16",
        (
            "A12a, A12b",
            "the smallest alpha below 0 (-0.1) already lowers accuracy, p = 0.004",
            differs(nearest, -1, write=percent),
        ),
        (
            "A12a",
            "that loss is small",
            little(accuracy, lambda alpha: alpha == smallest, POINT),
        ),
    )


def _resnet50(accuracy: Samples) -> Iterator[Claim]:
    pairs = accuracy.against_zero(negative)
    yield from stated(
        "resnet50",
        (
            "A34b",
            "some alpha below 0 gains more than 1 point",
            differs(pairs, 1, write=percent, by=0.01, once=True),
        ),
    )


def _cuts(network: str, selectivity: Samples, accuracy: Samples) -> Iterator[Claim]:
    for rows, fold, cost, reach in CUTS.get(network, []):
        loss = "no loss of accuracy" if cost is None else f"{points(cost)} lost"
        yield from stated(
            network,
            (
                rows,
                f"SI can be cut {fold:g}-fold with {loss}",
                cut(selectivity, accuracy, fold, cost, reach),
            ),
        )
    if network in CUTS:
        yield from stated(
            network,
            (
                "section 4.2",
                "SI can be cut 3-fold with 1 point lost at worst",
                cut(selectivity, accuracy, 3.0, 0.01, -3.0),
            ),
        )


def _promoted(network: str, selectivity: Samples, accuracy: Samples) -> Iterator[Claim]:
    rows, text = HARM[network]
    harm = differs(accuracy.against_zero(positive), -1, write=percent)
    yield from stated(network, (rows, text, harm))
    if network in FALL:
        rows, highest = FALL[network]
        shown = accuracy.where(lambda alpha: 0 <= alpha <= highest)
        yield from stated(
            network,
            (
                rows,
                f"accuracy falls as SI rises, alpha 0 to {highest:g}",
                trend(shown, -1, selectivity),
            ),
        )
    if network in SIGNS:
        rows, least, level = SIGNS[network]
        signs = opposite(accuracy, least, 5.0)
        yield from stated(
            network,
            (
                rows,
                f"promoting is worse than reducing, abs(alpha) {least:g} to 5, {level}",
                differs(signs, -1, test=rank_sum_test, write=percent),
            ),
        )
    cloud = {"resnet18": "F4b", "resnet20": "A32"}
    if network in cloud:
        yield from stated(
            network,
            (
                cloud[network],
                "of all networks, those with more SI than at alpha 0 do worse than "
                "those with less",
                mirrored_cloud(selectivity, accuracy),
            ),
        )


def opposite(samples: Samples, least: float = 0.0, most: float = 100.0) -> Pairs:
    """Each positive alpha beside its negative."""
    return samples.against(
        samples.mirrored(), lambda alpha: least <= alpha <= most and alpha > 0
    )


def best(accuracy: Samples, alpha: float) -> Outcome | None:
    """Whether accuracy is at its best at an alpha.

    Returns:
        Outcome; None where it, alpha 0 or all others are not there.
    """
    pairs = accuracy.against_zero(negative)
    if alpha not in pairs or len(pairs) < 2:
        return None
    own = pairs.pop(alpha)
    rivals = {one: (pair[0], own[0]) for one, pair in pairs.items()}
    better = differs(rivals, 1, write=percent, once=True)
    gain = differs({alpha: own}, 1, write=percent)
    # For the checker: neither is None of pairs that are there.
    if better is None or gain is None:
        return None
    top = max(accuracy.where(negative).values, key=accuracy.mean)
    nothing_better = True if better.held is None else not better.held
    return Outcome(
        f"best at {top:g}: {percent(accuracy.mean(top))}; at {alpha:g}: "
        f"{percent(accuracy.mean(alpha))}, {gained(accuracy, alpha)}",
        f"t-tests; held: above alpha 0 (p < {LEVEL}), and no other alpha below 0 "
        f"significantly above it (corrected); {UNDECIDED}",
        gain.pvalue,
        together([gain.held, nothing_better]),
    )


def first_loss(accuracy: Samples, alpha: float = -1.0) -> Outcome | None:
    """Whether accuracy is lost first at an alpha.

    Returns:
        Outcome; None where it or alpha 0 is not there.
    """
    pairs = accuracy.against_zero(negative)
    if alpha not in pairs:
        return None
    tests = family(pairs)
    lost = [
        one
        for one, found in tests.items()
        if found.statistic < 0 and found.corrected < LEVEL
    ]
    here = decided(
        tests[alpha].statistic < 0,
        corrected(tests[alpha]),
        fewest(pairs[alpha]),
    )
    earlier = [one for one in lost if one > alpha]
    first = f"first at {max(lost):g}" if lost else "none is significant"
    return Outcome(
        f"{first}; at {alpha:g}: {gained(accuracy, alpha)}",
        "t-test for each alpha below 0, corrected (p at -1); held: p < "
        f"{LEVEL} at {alpha:g}, and at none nearer to 0; {UNDECIDED}",
        extreme([corrected(tests[alpha])], max),
        together([here, not earlier]),
    )


def mirrored_cloud(selectivity: Samples, accuracy: Samples) -> Outcome | None:
    """Whether networks above the usual SI do worse than as far below it.

    Returns:
        Outcome; None without alpha 0, or networks on either side.
    """
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
    outcome = differs(
        {0.0: (sides[True], sides[False])}, -1, test=rank_sum_test, write=percent
    )
    if outcome is None:
        return None
    above, below = (percent(float(np.median(sides[s]))) for s in (True, False))
    return outcome._replace(
        found=f"medians {above} of {len(sides[True])} networks, and {below} of "
        f"{len(sides[False])}",
        test=f"rank-sum test of networks with SI up to twice that at alpha 0, above "
        f"it and below; held: lower above, p < {LEVEL}; {UNDECIDED}",
    )
