"""Section 4.2: is selectivity only turned off the units' axes?"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from keras_selectivity.similarity import ReplicateDistances
from recipes.claims.effects import average
from recipes.claims.rules import SLIGHT, differs, levels, ruled, shown, told_of, trend
from recipes.claims.samples import Found, Samples, Where, by_alpha, negative
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import Every, Outcome, Part, above, at_most, judge
from recipes.lm21.analyses import as_distances, bounds, distances
from recipes.lm21.claims.margins import RATIO_STEP, SHARE, SI_STEP
from recipes.quantities import in_points, percent
from recipes.runner.results import Results

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


def ratios(results: Results, sweep: str) -> Samples:
    """CCA distance ratios that have been computed, mean over layers."""
    runs = by_alpha(results, sweep)
    table = {
        alpha: pseudovalues(
            as_distances(analysis.found),
            *([run.settings.seed for run in runs[side]] for side in (alpha, 0.0)),
        )
        for alpha, analysis in distances(results, sweep).items()
        if analysis.found is not None
    }
    return Samples.finite(table)


def pseudovalues(
    found: ReplicateDistances, seeds: Sequence[int], plain: Sequence[int]
) -> dict[int, float]:
    """What each seed contributes to a ratio, by the jackknife.

    Distances are of pairs, and those of one network are alike: the pairs are no
    replicates. The seeds' contributions are, and their mean is the ratio without its
    bias. Nothing of fewer than three seeds.

    Reference:
        Arvesen (1969), Jackknifing U-statistics.
    """
    pairs = np.array([*itertools.combinations(seeds, 2)])
    crossed = np.array([*itertools.product(plain, seeds)])
    count = len(seeds)
    if count < 3:
        return {}

    def ratio(without: int) -> float:
        sides = [
            table[(of != without).all(axis=1)].mean(axis=0)
            for table, of in ((found.cross, crossed), (found.within, pairs))
        ]
        # Collapsed networks may have no distances to compare.
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.mean(sides[0] / sides[1]))

    # Seeds are no less than 0.
    whole = ratio(-1)
    return {seed: count * whole - (count - 1) * ratio(seed) for seed in seeds}


def ratio_grows(found: Samples) -> Outcome | None:
    """The ratio grows with the magnitude of alpha."""
    return trend(found.mirrored(), above(SLIGHT))


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
    """The bound falls in all but the last layers, and there less than half as much."""
    lowest = min(tables, default=0.0)
    if not negative(lowest) or 0.0 not in tables:
        return None
    seeds = [seed for seed in tables[lowest] if seed in tables[0.0]]
    if not seeds:
        return None
    layers = [*tables[0.0][seeds[0]]]
    regularized, plain = (
        np.array([[tables[alpha][seed][layer] for layer in layers] for seed in seeds])
        for alpha in (lowest, 0.0)
    )
    usable = np.isfinite(regularized).all() and np.all(plain > 0)
    if len(layers) <= last or not usable:
        return None
    lost = 1 - regularized / plain
    early = {f"in {name}": average(lost[:, i]) for i, name in enumerate(layers[:-last])}
    late = average(lost[:, -last:].mean(axis=1) - lost[:, :-last].mean(axis=1) / 2)
    falls, hardly = above(SHARE), at_most(0.0)
    return judge(
        Every([*(Part(one, falls) for one in early.values()), Part(late, hardly)]),
        f"lost from alpha 0 to {lowest:g}: {told_of(early, falls, percent)}; of the "
        f"last {last} less half of that of the others: {shown(late, in_points)}",
        ruled("share of the bound that is lost, mean over seeds", falls, percent)
        + f", in each layer but the last {last}; and in these less than half as much "
        "on average",
    )


RATIOS = Found(ratios)
TABLE = Found(bound_tables, ("upper_bound",))
UPPER, OBSERVED = (
    Found(network_means, (kind,)) for kind in ("upper_bound", "axis_aligned")
)


def _rows(
    apart: str, where: Where, level: str, growth: str, bound: str, by_layer: str
) -> list[Row]:
    return [
        Row(
            apart,
            "regularized networks differ from others by more than a rotation: CCA "
            f"distance ratio above 1 at every alpha, p < {level}",
        ).by(
            levels,
            RATIOS,
            above(RATIO_STEP, zero=1.0),
            where,
            what="jackknife over seeds of the mean over layers",
        ),
        Row(growth, "the ratio grows with abs(alpha)").by(ratio_grows, RATIOS),
        Row(bound, "an optimized projection has more SI than the units' axes").by(
            differs, UPPER, OBSERVED, above(SI_STEP)
        ),
        Row(
            bound, "that upper bound falls as alpha falls, so SI is not only rotated"
        ).by(trend, UPPER, above(SLIGHT)),
        Row(
            by_layer,
            "the bound falls in all layers but the last two, where it hardly does",
        ).by(late_layers, TABLE),
    ]


ROWS = {
    # The paper finds no difference at -0.1.
    "resnet18": _rows(
        "F2a, F2b",
        lambda alpha: alpha < -0.1,
        "1.3e-5, but at -0.1",
        "F2b",
        "F2c",
        "A4a",
    ),
    "resnet20": _rows("A3", negative, "5e-6", "A3", "A4b", "A4c"),
}
