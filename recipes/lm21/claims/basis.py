"""Section 4.2: is selectivity only turned off the units' axes?"""

from collections.abc import Iterator, Mapping

import numpy as np

from keras_selectivity.inference import Comparison, paired_t_test
from recipes.claims.rules import differs, trend
from recipes.claims.samples import Found, Samples, by_alpha, negative
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import LEVEL, Outcome, largest
from recipes.lm21.analyses import as_distances, bounds, distances
from recipes.runner.results import Results

#: CCA distance ratios at each alpha, mean over layers, and tests of cross against
#: within.
Ratios = Mapping[float, tuple[float, Comparison]]
#: A bound by layer, for each alpha and seed.
Bounds = dict[float, dict[int, dict[str, float]]]


def claims(results: Results) -> Iterator[Claim]:
    """Claims about distances and upper bounds, where they have been computed.

    Reference:
        LM21 figures 2, A3 and A4.
    """
    for network, rows in ROWS.items():
        if network in results:
            yield from claimed(results, network, rows)


def ratios(results: Results, sweep: str) -> Ratios:
    """CCA distance ratios that have been computed."""
    known = {
        alpha: analysis.found
        for alpha, analysis in distances(results, sweep).items()
        if analysis.found is not None
    }
    found = {}
    for alpha in sorted(known, key=abs):
        # Collapsed networks may have no distances to compare.
        try:
            one = as_distances(known[alpha])
            found[alpha] = one.ratio, one.test(comparisons=len(known))
        except ValueError:
            continue
    return found


def above_one(found: Ratios, below: float) -> Outcome | None:
    """The ratio is above 1 at every alpha that is below another."""
    found = {alpha: one for alpha, one in found.items() if alpha < below}
    if not found:
        return None
    pvalues = [test.corrected for _, test in found.values()]
    return Outcome(
        f"ratio {_as_samples(found).text()}",
        f"paired t-test over layers, corrected; held: ratio above 1, p < {LEVEL}, at "
        "every alpha (largest p)",
        largest(pvalues),
        all(ratio > 1 for ratio, _ in found.values())
        and all(pvalue < LEVEL for pvalue in pvalues),
    )


def ratio_grows(found: Ratios) -> Outcome | None:
    """The ratio grows with the magnitude of alpha."""
    samples = _as_samples(found)
    outcome = trend(samples.mirrored(), 1)
    if outcome is None:
        return None
    return outcome._replace(
        found=f"ratio {samples.text()}",
        test=outcome.test.replace("networks", "alphas, with abs(alpha)", 1),
    )


def higher(upper: Samples, observed: Samples) -> Outcome | None:
    """The upper bound is above what is observed, at every alpha."""
    return differs(upper.against(observed), 1, test=paired_t_test)


def bound_tables(results: Results, sweep: str, kind: str) -> Bounds:
    """Upper bounds that have been computed."""
    runs = by_alpha(results, sweep)
    tables: Bounds = {}
    for alpha, ones in bounds(results, sweep).items():
        for run, analysis in zip(runs[alpha], ones, strict=True):
            if (found := analysis.found) is not None:
                tables.setdefault(alpha, {})[run.settings.seed] = found[kind]
    return tables


def network_means(results: Results, sweep: str, kind: str) -> Samples:
    """Mean over the layers of each network."""
    return Samples.finite(
        {
            alpha: {seed: float(np.mean([*one.values()])) for seed, one in ones.items()}
            for alpha, ones in bound_tables(results, sweep, kind).items()
        }
    )


def late_layers(tables: Bounds, last: int = 2) -> Outcome | None:
    """Whether the bound falls in all but the last layers; each must have SI."""
    lowest = min(tables, default=0.0)
    if not negative(lowest) or 0.0 not in tables:
        return None
    plain, regularized = (_layers(tables[alpha]) for alpha in (0.0, lowest))
    usable = np.all(np.isfinite(regularized)) and np.all(plain > 0)
    if len(plain) <= last or not usable:
        return None
    lost = 1 - regularized / plain
    early, late = lost[:-last], lost[-last:]
    return Outcome(
        f"falls by {early.mean():.0%} in the others (least {early.min():.0%}), by "
        f"{late.mean():.0%} in the last {last}, from alpha 0 to {lowest:g}",
        f"held: it falls in each of the others, and in the last {last} on average "
        "less than half as much",
        None,
        bool(early.min() > 0 and late.mean() < early.mean() / 2),
    )


def _layers(ones: dict[int, dict[str, float]]) -> np.ndarray:
    return np.mean([[*one.values()] for one in ones.values()], axis=0)


def _as_samples(found: Ratios) -> Samples:
    return Samples({alpha: {0: ratio} for alpha, (ratio, _) in found.items()})


RATIOS = Found(ratios)
TABLE = Found(bound_tables, ("upper_bound",))
UPPER, OBSERVED = (
    Found(network_means, (kind,)) for kind in ("upper_bound", "axis_aligned")
)


def _rows(
    apart: str, below: float, level: str, growth: str, bound: str, by_layer: str
) -> list[Row]:
    return [
        Row(
            apart,
            "regularized networks differ from others by more than a rotation: CCA "
            f"distance ratio above 1 at every alpha, p < {level}",
        ).by(above_one, RATIOS, below),
        Row(growth, "the ratio grows with abs(alpha)").by(ratio_grows, RATIOS),
        Row(bound, "an optimized projection has more SI than the units' axes").by(
            higher, UPPER, OBSERVED
        ),
        Row(
            bound, "that upper bound falls as alpha falls, so SI is not only rotated"
        ).by(trend, UPPER, 1),
        Row(
            by_layer,
            "the bound falls in all layers but the last two, where it hardly does",
        ).by(late_layers, TABLE),
    ]


ROWS = {
    # The paper finds no difference at -0.1.
    "resnet18": _rows("F2a, F2b", -0.1, "1.3e-5, but at -0.1", "F2b", "F2c", "A4a"),
    "resnet20": _rows("A3", 0.0, "5e-6", "A3", "A4b", "A4c"),
}
