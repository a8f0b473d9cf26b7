"""Appendices A.13 and A.14: other measures of what a unit says of the class."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from recipes.claims.rules import columns, moves, no_gain, ranks, rho, trend
from recipes.claims.samples import RUNS, Asked, Samples, Where, negative, positive, span
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import Outcome, largest
from recipes.lm21 import quantities
from recipes.lm21.claims.accuracy import promoted_worse
from recipes.lm21.claims.selectivity import SMALL
from recipes.lm21.quantities import discriminability, selectivity
from recipes.quantities import Quantity, accuracy
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: From here on a correlation is strong.
CLEAR = 0.7


def claims(results: Results) -> Iterator[Claim]:
    """Claims about precision, mutual information and d'.

    Reference:
        LM21 figures A17 to A19.
    """
    for network, rows in ROWS:
        yield from claimed(results, network, rows)


def looser(first: Samples, second: Samples, far: Where, near: Where) -> Outcome | None:
    """Two quantities go together less at some alphas than at others."""
    sides = [columns(first.where(where), second) for where in (far, near)]
    if any(count < 3 for count, _, _ in sides):
        return None
    loose, close = (ranks(x, y) for _, x, y in sides)
    known = not math.isnan(loose.correlation + close.correlation)
    return Outcome(
        f"{rho(loose.correlation)}, against {rho(close.correlation)}",
        "Spearman over networks (p of the former); held: at least 0.1 lower",
        largest([loose.pvalue]),
        loose.correlation <= close.correlation - 0.1 if known else None,
    )


def unit_correlated(runs: Mapping[float, Sequence[Run]]) -> Outcome | None:
    """SI and d' correlate over the units of networks with alpha 0."""
    found = [quantities.unit_correlation(run) for run in runs.get(0.0, [])]
    found = [one for one in found if not math.isnan(one.correlation)]
    if not found:
        return None
    rhos = [one.correlation for one in found]
    return Outcome(
        f"rho {np.mean(rhos):.2f}, mean of {len(rhos)} networks",
        f"Spearman over the units of each network with alpha 0; held: {CLEAR} or more "
        "on average, p < 1e-5 in each (largest p)",
        largest(one.pvalue for one in found),
        bool(np.mean(rhos) >= CLEAR and all(one.pvalue < 1e-5 for one in found)),
    )


def _follows(rows: str, name: str, quantity: Quantity) -> Row:
    return Row(rows, f"{name} goes with SI").by(trend, quantity, 1, selectivity)


def _follows_at_first(rows: str, name: str, quantity: Quantity) -> list[Row]:
    near, far = span(-math.inf, SMALL), span(SMALL)
    return [
        Row(rows, f"{name} goes with SI, alpha up to {SMALL:g}").by(
            trend, Asked(quantity, near), 1, selectivity
        ),
        Row(rows, f"{name} goes with SI less at large alpha").by(
            looser, quantity, selectivity, far, near
        ),
    ]


def _dprime(control: str, harm: str) -> list[Row]:
    return [
        Row(control, "d' goes with alpha").by(trend, discriminability, 1),
        Row(harm, "promoting d' lowers accuracy at every alpha").by(
            moves, accuracy, positive, -1
        ),
        Row(harm, "promoting d' is worse than reducing it").by(
            promoted_worse, accuracy
        ),
    ]


def _units(expected: str) -> list[Row]:
    text = f"d' and SI correlate over units, rho = {expected}, p < 1e-5"
    return [Row("A.14", text).by(unit_correlated, RUNS)]


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
            *_dprime("A19a", "A19b"),
            Row("A19b", "reducing d' does not improve accuracy, unlike reducing SI").by(
                no_gain, accuracy, negative
            ),
        ],
    ),
    ("resnet18", _units("0.83")),
    ("resnet20_dprime", _dprime("A19c", "A19d")),
    ("resnet20", _units("0.9")),
)
