"""Section 4.2: is selectivity only turned off the units' axes?"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_selectivity.inference import Comparison, paired_t_test
from recipes.claims.rules import differs, trend
from recipes.claims.samples import Samples, negative
from recipes.claims.table import Claim, stated
from recipes.claims.verdicts import LEVEL, Outcome, largest
from recipes.lm21.analyses import as_distances, bounds, distances
from recipes.runner.results import Results

#: Rows of the distances, of their growth, of the bounds, of the bounds by layer; below
#: which alpha the distances are, and their level: in ResNet18 the paper finds none at
#: -0.1.
ROWS = {
    "resnet18": ("F2a, F2b", "F2b", "F2c", "A4a", -0.1, "1.3e-5, but at -0.1"),
    "resnet20": ("A3", "A3", "A4b", "A4c", 0.0, "5e-6"),
}
#: A bound by layer, for each alpha and seed.
Bounds = dict[float, dict[int, dict[str, float]]]


class Ratio(NamedTuple):
    """CCA distances at an alpha.

    Attributes:
        ratio: Mean over layers.
        test: Cross against within.
    """

    ratio: float
    test: Comparison


def claims(results: Results) -> Iterator[Claim]:
    """Claims about distances and upper bounds, where they have been computed.

    Reference:
        LM21 figures 2, A3 and A4.
    """
    for network, (apart, growth, bound, by_layer, below, level) in ROWS.items():
        if network not in results:
            continue
        found = ratios(results, network)
        table = bound_tables(results, network, "upper_bound")
        upper = network_means(table)
        observed = network_means(bound_tables(results, network, "axis_aligned"))
        yield from stated(
            network,
            [
                (
                    apart,
                    "regularized networks differ from others by more than a rotation: "
                    f"CCA distance ratio above 1 at every alpha, p < {level}",
                    above_one({a: one for a, one in found.items() if a < below}),
                ),
                (growth, "the ratio grows with abs(alpha)", ratio_grows(found)),
                (
                    bound,
                    "an optimized projection has more SI than the units' axes",
                    differs(upper.against(observed), 1, test=paired_t_test),
                ),
                (
                    bound,
                    "that upper bound falls as alpha falls, so SI is not only rotated",
                    trend(upper, 1),
                ),
                (
                    by_layer,
                    "the bound falls in all layers but the last two, where it hardly "
                    "does",
                    late_layers(table),
                ),
            ],
        )


def ratios(results: Results, sweep: str) -> dict[float, Ratio]:
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
            found[alpha] = Ratio(one.ratio, one.test(comparisons=len(known)))
        except ValueError:
            continue
    return found


def above_one(found: dict[float, Ratio]) -> Outcome | None:
    """Whether the ratio is above 1 at every alpha."""
    if not found:
        return None
    pvalues = [one.test.corrected for one in found.values()]
    return Outcome(
        _text(found),
        f"paired t-test over layers, corrected; held: ratio above 1, p < {LEVEL}, at "
        "every alpha (largest p)",
        largest(pvalues),
        all(one.ratio > 1 for one in found.values())
        and all(pvalue < LEVEL for pvalue in pvalues),
    )


def ratio_grows(found: dict[float, Ratio]) -> Outcome | None:
    """Whether the ratio grows with the magnitude of alpha."""
    outcome = trend(Samples({-a: {0: one.ratio} for a, one in found.items()}), 1)
    if outcome is None:
        return None
    return outcome._replace(
        found=_text(found),
        test=outcome.test.replace("networks", "alphas, with abs(alpha)", 1),
    )


def bound_tables(results: Results, sweep: str, kind: str) -> Bounds:
    """Upper bounds that have been computed."""
    runs = results.by_alpha(sweep)
    tables: Bounds = {}
    for alpha, ones in bounds(results, sweep).items():
        for run, analysis in zip(runs[alpha], ones, strict=True):
            if (found := analysis.found) is not None:
                tables.setdefault(alpha, {})[run.settings.seed] = found[kind]
    return tables


def network_means(tables: Bounds) -> Samples:
    """Mean over the layers of each network."""
    return Samples.finite(
        {
            alpha: {seed: float(np.mean([*one.values()])) for seed, one in ones.items()}
            for alpha, ones in tables.items()
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


def _text(found: dict[float, Ratio]) -> str:
    return "ratio " + Samples({a: {0: one.ratio} for a, one in found.items()}).text()
