"""Appendices A.13 and A.14: other measures of what a unit says of the class."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from keras_selectivity.inference import rank_sum_test
from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, extreme, stated
from recipes.claims.wording import percent
from recipes.lm21 import quantities
from recipes.lm21.claims.accuracy import opposite
from recipes.lm21.claims.differences import denied, differs
from recipes.lm21.claims.samples import Samples, everything, negative, positive
from recipes.lm21.claims.selectivity import SMALL
from recipes.lm21.claims.trends import looser, trend
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Name, quantity, and rows in ResNet18 and ResNet20.
MEASURES: tuple[tuple[str, Callable[[Run], float], str, str], ...] = (
    ("precision", quantities.precision, "A17a-d", "A17e-h"),
    ("mutual information", quantities.mutual_information, "A18a", "A18b"),
)
#: Rows of d' and of accuracy, and the correlation with SI over units.
DPRIME = {
    "resnet18": ("A19a", "A19b", 0.83),
    "resnet20": ("A19c", "A19d", 0.90),
}
#: From here on a correlation is strong.
STRONG = 0.7


def claims(results: Results) -> Iterator[Claim]:
    """Claims about precision, mutual information and d'.

    Reference:
        LM21 figures A17 to A19.
    """
    for name, quantity, *rows in MEASURES:
        yield from _followed(results, name, quantity, *rows)
    for network in DPRIME:
        yield from _discriminated(results, network)


def _followed(
    results: Results,
    name: str,
    quantity: Callable[[Run], float],
    rows18: str,
    rows20: str,
) -> Iterator[Claim]:
    for network, rows in (("resnet18", rows18), ("resnet20", rows20)):
        measure = Samples.of(results, network, quantity)
        si = Samples.of(results, network, quantities.selectivity)
        regular = network == "resnet18"
        near = everything if regular else _near
        limit = "" if regular else f", alpha up to {SMALL:g}"
        yield from stated(
            network,
            (
                rows,
                f"{name} goes with SI{limit}",
                trend(measure.where(near), 1, si),
            ),
            (
                rows,
                f"{name} goes with SI less at large alpha",
                None if regular else looser(measure, si, _far, near),
            ),
        )


def _near(alpha: float) -> bool:
    return alpha <= SMALL


def _far(alpha: float) -> bool:
    return alpha >= SMALL


def _discriminated(results: Results, network: str) -> Iterator[Claim]:
    sweep = f"{network}_dprime"
    control, harm, expected = DPRIME[network]
    discriminability = Samples.of(results, sweep, quantities.discriminability)
    accuracy = Samples.of(results, sweep, quantities.accuracy, percent)
    gain = differs(accuracy.against_zero(negative), 1, write=percent, once=True)
    yield from stated(
        sweep,
        (control, "d' goes with alpha", trend(discriminability, 1)),
        (
            harm,
            "promoting d' lowers accuracy at every alpha",
            differs(accuracy.against_zero(positive), -1, write=percent),
        ),
        (
            harm,
            "promoting d' is worse than reducing it",
            differs(opposite(accuracy), -1, test=rank_sum_test, write=percent),
        ),
        (
            harm,
            "reducing d' does not improve accuracy, unlike reducing SI",
            denied(gain) if network == "resnet18" else None,
        ),
    )
    yield from stated(
        network,
        (
            "A.14",
            f"d' and SI correlate over units, rho = {expected}, p < 1e-5",
            correlated(results, network),
        ),
    )


def correlated(results: Results, sweep: str) -> Outcome | None:
    """Whether SI and d' correlate over the units of networks with alpha 0.

    Returns:
        Outcome; None without such a network in which both vary.
    """
    runs = results.by_alpha(sweep).get(0.0, []) if sweep in results else []
    found = [quantities.unit_correlation(run) for run in runs]
    found = [one for one in found if not math.isnan(one.correlation)]
    if not found:
        return None
    rhos = [one.correlation for one in found]
    return Outcome(
        f"rho {np.mean(rhos):.2f}, mean of {len(rhos)} networks",
        f"Spearman over the units of each network with alpha 0; held: {STRONG} or more "
        "on average, p < 1e-5 in each (largest p)",
        extreme([one.pvalue for one in found], max),
        bool(np.mean(rhos) >= STRONG and all(one.pvalue < 1e-5 for one in found)),
    )
