"""Appendices A.13 and A.14: other measures of what a unit says of the class."""

import math
from collections.abc import Iterator, Mapping, Sequence

from recipes.claims.effects import average
from recipes.claims.rules import (
    SLIGHT,
    changes,
    rank_correlations,
    rho,
    trend,
    weighed,
)
from recipes.claims.samples import (
    RUNS,
    Asked,
    Samples,
    Where,
    negative,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import Outcome, Says, above, at_most, below, within
from recipes.lm21 import quantities
from recipes.lm21.claims.accuracy import promoted, promoted_on_average
from recipes.lm21.claims.margins import HALF_POINT, NO_VARIANT, POINT
from recipes.lm21.claims.selectivity import SMALL
from recipes.lm21.quantities import discriminability, selectivity
from recipes.quantities import Quantity, accuracy
from recipes.runner.results import Results
from recipes.runner.runs import Run


def claims(results: Results) -> Iterator[Claim]:
    """Claims about precision, mutual information and d'.

    Reference:
        LM21 figures A17 to A19.
    """
    for network, rows in ROWS:
        yield from claimed(results, network, rows)


def looser(first: Samples, second: Samples, far: Where, near: Where) -> Outcome | None:
    """Two quantities go together less at some alphas than at others, within seeds."""
    loose, close = (
        rank_correlations(first.where(where), second) for where in (far, near)
    )
    both = [seed for seed in loose if seed in close]
    if not both:
        return None
    gaps = [loose[seed] - close[seed] for seed in both]
    sides = (rho(average([one[seed] for seed in both]).value) for one in (loose, close))
    return weighed(
        {"": average(gaps)},
        below(SLIGHT),
        found=", against ".join(sides),
        what="difference of two Spearman correlations over alphas of a seed, mean "
        "over seeds",
    )


def unit_correlated(runs: Mapping[float, Sequence[Run]], says: Says) -> Outcome | None:
    """SI and d' correlate so over the units of networks with alpha 0."""
    found = [quantities.unit_correlation(run).correlation for run in runs.get(0.0, [])]
    known = [one for one in found if not math.isnan(one)]
    return weighed(
        {"": average(known)} if known else {},
        says,
        rho,
        what="Spearman over the units of a network with alpha 0, mean over networks",
    )


def _follows(rows: str, name: str, quantity: Quantity) -> Row:
    return Row(rows, f"{name} goes with SI").by(
        trend, quantity, above(SLIGHT), selectivity
    )


def _follows_at_first(rows: str, name: str, quantity: Quantity) -> list[Row]:
    near, far = span(-math.inf, SMALL), span(SMALL)
    return [
        Row(rows, f"{name} goes with SI, alpha up to {SMALL:g}").by(
            trend, Asked(quantity, near), above(SLIGHT), selectivity
        ),
        Row(rows, f"{name} goes with SI less at large alpha").by(
            looser, quantity, selectivity, far, near
        ),
    ]


def _dprime(control: str, harm: str) -> list[Row]:
    whole = span(-math.inf)
    return [
        Row(control, "d' goes with alpha").by(trend, discriminability, above(SLIGHT)),
        Row(harm, "promoting d' lowers accuracy at every alpha").by(
            changes, accuracy, below(HALF_POINT), positive
        ),
        Row(harm, "promoting d' is worse than reducing it at every abs(alpha)").by(
            promoted, accuracy, below(HALF_POINT), whole
        ),
        Row(harm, "promoting d' is worse than reducing it, over all abs(alpha)").by(
            promoted_on_average, accuracy, below(POINT), whole
        ),
    ]


def _units(expected: str, low: float, high: float) -> list[Row]:
    text = f"d' and SI correlate over units, rho = {expected}, p < 1e-5"
    return [Row("A.14", text).by(unit_correlated, RUNS, within(low, high))]


_PRECISION = "precision", quantities.precision
_INFORMATION = "mutual information", quantities.mutual_information
ROWS = (
    ("resnet18", [_follows("A17a-d", *_PRECISION)]),
    ("resnet20", _follows_at_first("A17e-h", *_PRECISION)),
    ("resnet18", [_follows("A18a", *_INFORMATION)]),
    ("resnet20", _follows_at_first("A18b", *_INFORMATION)),
    (
        "resnet18_dprime",
        [
            row.not_in_miniature(NO_VARIANT)
            for row in (
                *_dprime("A19a", "A19b"),
                Row(
                    "A19b", "reducing d' does not improve accuracy, unlike reducing SI"
                ).by(changes, accuracy, at_most(HALF_POINT), negative),
            )
        ],
    ),
    ("resnet18", _units("0.83", 0.7, 0.95)),
    ("resnet20_dprime", _dprime("A19c", "A19d")),
    ("resnet20", _units("0.9", 0.8, 1.0)),
)
