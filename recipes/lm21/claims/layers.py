"""Appendix A.15: regularizing the first or the last three layers alone."""

import math
from collections.abc import Iterator

from recipes.claims.rules import SLIGHT, changes, on_average, trend
from recipes.claims.samples import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    Asked,
    negative,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import above, at_most, below, within
from recipes.lm21.claims.margins import HALF_POINT, LITTLE, NO_VARIANT
from recipes.lm21.quantities import first_selectivity, last_selectivity
from recipes.quantities import Quantity, accuracy
from recipes.runner.results import Results

#: Of a gain that is half a point at the most.
MODEST = HALF_POINT / 2


def claims(results: Results) -> Iterator[Claim]:
    """Claims about regularizing some layers.

    Reference:
        LM21 figures A20 to A27.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def _restricted(
    si: Quantity, less: str, more: str, harm: str, *reduced: Row
) -> list[Row]:
    return [
        Row(less, "SI of these layers falls with alpha below 0").by(
            trend, Asked(si, NOT_POSITIVE), above(SLIGHT)
        ),
        Row(more, "SI of these layers rises with alpha above 0").by(
            trend, Asked(si, NOT_NEGATIVE), above(SLIGHT)
        ),
        *reduced,
        Row(harm, "every alpha above 0 lowers accuracy").by(
            changes, accuracy, below(HALF_POINT), positive
        ),
        Row(harm, "accuracy falls as their SI rises").by(
            trend, Asked(accuracy, NOT_NEGATIVE), below(SLIGHT), si
        ),
    ]


def _compared(network: str) -> list[Row]:
    first, last = (
        Asked(accuracy, negative, f"{network}_{end}") for end in ("first3", "last3")
    )
    return [
        Row(
            "A21, A25",
            "reducing SI does more good, or less harm, in the first three layers than "
            "in the last three",
        ).by(on_average, first, last, above(HALF_POINT))
    ]


def _not_trained(rows: list[Row]) -> list[Row]:
    return [row.not_in_miniature(NO_VARIANT) for row in rows]


#: What the paper says of alpha below 0 is of each network and end another thing.
ROWS = {
    "resnet18_first3": _not_trained(
        _restricted(
            first_selectivity,
            "A20a, b",
            "A22a, b",
            "A23a, b",
            Row("A21a, b", "alpha below 0 improves accuracy").by(
                changes, accuracy, above(HALF_POINT), negative, once=True
            ),
        )
    ),
    "resnet20_first3": _restricted(
        first_selectivity,
        "A20c, d",
        "A22c, d",
        "A23c, d",
        Row("A21c, d", "alpha below 0 has little or no effect on accuracy").by(
            changes, accuracy, within(-LITTLE, LITTLE), negative
        ),
    ),
    "resnet18_last3": _not_trained(
        _restricted(
            last_selectivity,
            "A24a, b",
            "A26a, b",
            "A27a-c",
            Row("A25a-c", "alpha of -0.1 to -0.3 gains something").by(
                changes,
                accuracy,
                above(MODEST),
                lambda alpha: -0.4 < alpha < 0,
                once=True,
            ),
            Row("A25a-c", "no alpha gains half a point").by(
                changes, accuracy, at_most(HALF_POINT), negative
            ),
            Row("A25a-c", "from -0.4 on nothing is gained").by(
                changes, accuracy, at_most(MODEST), span(-math.inf, -0.4)
            ),
        )
    ),
    "resnet20_last3": _restricted(
        last_selectivity,
        "A24c, d",
        "A26c, d",
        "A27d-f",
        Row("A25d, e", "accuracy falls with alpha below 0").by(
            trend, Asked(accuracy, NOT_POSITIVE), above(SLIGHT)
        ),
    ),
    "resnet18": _not_trained(_compared("resnet18")),
    "resnet20": _compared("resnet20"),
}
