"""Appendix A.15: regularizing the first or the last three layers alone."""

from collections.abc import Iterator

from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, stated
from recipes.claims.wording import percent
from recipes.lm21 import quantities
from recipes.lm21.claims.differences import denied, differs, pooled
from recipes.lm21.claims.losses import gains_less, harmless
from recipes.lm21.claims.samples import Samples, negative, positive
from recipes.lm21.claims.trends import trend
from recipes.runner.results import Results

#: For each end, the quantity that is regularized.
ENDS = {
    "first3": quantities.first_selectivity,
    "last3": quantities.last_selectivity,
}
#: Rows of SI below 0 and above, and of accuracy below 0 and above.
ROWS = {
    ("resnet18", "first3"): ("A20a, b", "A22a, b", "A21a, b", "A23a, b"),
    ("resnet20", "first3"): ("A20c, d", "A22c, d", "A21c, d", "A23c, d"),
    ("resnet18", "last3"): ("A24a, b", "A26a, b", "A25a-c", "A27a-c"),
    ("resnet20", "last3"): ("A24c, d", "A26c, d", "A25d, e", "A27d-f"),
}


def claims(results: Results) -> Iterator[Claim]:
    """Claims about regularizing some layers.

    Reference:
        LM21 figures A20 to A27.
    """
    for network, end in ROWS:
        yield from _restricted(results, network, end)
    for network in ("resnet18", "resnet20"):
        first, last = (
            Samples.of(results, f"{network}_{end}", quantities.accuracy, percent).where(
                negative
            )
            for end in ENDS
        )
        yield from stated(
            network,
            (
                "A21, A25",
                "reducing SI does more good, or less harm, in the first three layers "
                "than in the last three",
                pooled(first, last, 1),
            ),
        )


def _restricted(results: Results, network: str, end: str) -> Iterator[Claim]:
    less, more, reduced, promoted = ROWS[network, end]
    sweep = f"{network}_{end}"
    si = Samples.of(results, sweep, ENDS[end])
    accuracy = Samples.of(results, sweep, quantities.accuracy, percent)
    harm = accuracy.against_zero(positive)
    yield from stated(
        sweep,
        (
            less,
            "SI of these layers falls with alpha below 0",
            trend(si.where(lambda alpha: alpha <= 0), 1),
        ),
        (
            more,
            "SI of these layers rises with alpha above 0",
            trend(si.where(lambda alpha: alpha >= 0), 1),
        ),
        *_reduced(reduced, network, end, accuracy),
        (
            promoted,
            "every alpha above 0 lowers accuracy",
            differs(harm, -1, write=percent),
        ),
        (
            promoted,
            "accuracy falls as their SI rises",
            trend(accuracy.where(lambda alpha: alpha >= 0), -1, si),
        ),
    )


def _reduced(
    rows: str, network: str, end: str, accuracy: Samples
) -> list[tuple[str, str, Outcome | None]]:
    """What the paper says of alpha below 0: of each network and end another thing."""
    pairs = accuracy.against_zero(negative)
    gain = differs(pairs, 1, write=percent, once=True)
    if (network, end) == ("resnet18", "first3"):
        return [(rows, "alpha below 0 improves accuracy", gain)]
    if (network, end) == ("resnet20", "first3"):
        same = harmless(accuracy, negative)
        return [(rows, "alpha below 0 has little or no effect on accuracy", same)]
    if (network, end) == ("resnet20", "last3"):
        falling = trend(accuracy.where(lambda alpha: alpha <= 0), 1)
        return [(rows, "accuracy falls with alpha below 0", falling)]
    narrow = accuracy.against_zero(lambda alpha: -0.4 < alpha < 0)
    wide = accuracy.against_zero(lambda alpha: alpha <= -0.4)
    return [
        (
            rows,
            "alpha of -0.1 to -0.3 gains something",
            differs(narrow, 1, write=percent, once=True),
        ),
        (
            rows,
            "no alpha gains half a point",
            gains_less(accuracy, negative, 0.005),
        ),
        (
            rows,
            "from -0.4 on nothing is gained",
            denied(differs(wide, 1, write=percent, once=True)),
        ),
    ]
