"""Can selectivity be controlled? Networks, and their layers."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from recipes.claims.effects import RATIO, Effect, average
from recipes.claims.rules import (
    SLIGHT,
    differs,
    folds,
    on_average,
    rank_correlations,
    rho,
    ruled,
    shown,
    told_of,
    trend,
    weighed,
)
from recipes.claims.samples import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    RUNS,
    Asked,
    Samples,
    Where,
    negative,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    below,
    judge,
    within,
)
from recipes.lm21.claims.margins import NO_RESNET50, POINT, SI_STEP
from recipes.lm21.quantities import selectivity
from recipes.quantities import Quantity, accuracy
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Up to here alpha is small: where the paper finds regular effects in all networks.
SMALL = 1.0


def claims(results: Results) -> Iterator[Claim]:
    """Claims about what alpha does to selectivity.

    Reference:
        LM21 figures A1, A5, A11, A13, A16 and A34a.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, network, rows)


def slightly_positive(alpha: float) -> bool:
    """Whether alpha is above 0, and small."""
    return 0 < alpha <= SMALL


def every_layer(runs: Mapping[float, Sequence[Run]], where: Where) -> Outcome | None:
    """The SI of every layer goes with alpha."""
    chosen = {alpha: ones for alpha, ones in runs.items() if where(alpha)}
    found = {layer: rank_correlations(si) for layer, si in by_layer(chosen).items()}
    return weighed(
        {
            f"in {layer}": average([*rhos.values()])
            for layer, rhos in found.items()
            if rhos
        },
        above(SLIGHT),
        rho,
        what="Spearman of a layer's SI and alpha within each seed, mean over seeds",
        where="in every layer",
    )


def by_layer(runs: Mapping[float, Sequence[Run]]) -> dict[str, Samples]:
    """The SI of each layer of networks."""
    found: dict[str, dict[float, dict[int, float]]] = {}
    for alpha, ones in runs.items():
        for run in ones:
            for layer, si in run.report.layer_means().items():
                found.setdefault(layer, {}).setdefault(alpha, {})[run.settings.seed] = (
                    float(si)
                )
    return {layer: Samples.finite(table) for layer, table in found.items()}


def steps(samples: Samples) -> dict[str, Effect]:
    """What a quantity gains at each step of alpha."""
    gains = {
        f"from {before:g} to {later:g}": samples.change(before).at(later)
        for before, later in itertools.pairwise(samples.values)
    }
    return {step: average(ones) for step, ones in gains.items() if ones}


def steadily(samples: Samples) -> Outcome | None:
    """A quantity goes with alpha, and takes no step back."""
    found = rank_correlations(samples)
    if not found:
        return None
    goes, no_back = above(SLIGHT), at_least(-SI_STEP)
    overall, gains = average([*found.values()]), steps(samples)
    return judge(
        Every([Part(overall, goes), *(Part(one, no_back) for one in gains.values())]),
        f"{shown(overall, rho)}; {samples.text()}; "
        + told_of(gains, no_back, samples.gap, count=1),
        ruled("Spearman over the alphas of a seed, mean over seeds", goes, rho)
        + f", and every step {no_back.words(samples.gap)}",
    )


def uneven(samples: Samples) -> Outcome | None:
    """A quantity takes a step back at some alpha."""
    return weighed(
        steps(samples),
        below(SI_STEP),
        samples.gap,
        once=True,
        found=samples.text(6),
        what="difference from one alpha to the next, mean over seeds",
        where="at some step",
    )


def times(first: Samples, second: Samples, says: Says, where: Where) -> Outcome | None:
    """How many times as much as in another sweep, seed by seed."""
    ratios = first.combined(second, lambda a, b: a / b if b else math.nan)
    found = Samples.finite(ratios.where(where).values, "{:.2g}-fold".format)
    return weighed(
        {f"at {alpha:g}": one for alpha, one in found.effects(RATIO).items()},
        says,
        found.write,
        found=f"{first.where(where).text()}, and {second.where(where).text()}",
        what="ratio of a seed, mean over seeds",
    )


def gains_more(
    first: Samples, second: Samples, says: Says, where: Where
) -> Outcome | None:
    """It has gained more since alpha 0, or lost less, at every alpha."""
    return differs(first.change(), second.change(), says, where)


def gains_more_on_average(
    first: Samples, second: Samples, says: Says, where: Where
) -> Outcome | None:
    """The same over all alphas."""
    return on_average(first.change(), second.change(), says, where)


def _falls(whole: str, layers: str) -> list[Row]:
    return [
        Row(whole, "SI falls steadily with alpha below 0").by(
            steadily, Asked(selectivity, NOT_POSITIVE)
        ),
        Row(layers, "it falls in every layer").by(every_layer, RUNS, NOT_POSITIVE),
    ]


def _fold(rows: str, text: str, says: Says, alpha: float) -> Row:
    return Row(rows, text).by(folds, selectivity, says, span(alpha, alpha))


def _rises(whole: str, layers: str) -> list[Row]:
    return [
        Row(whole, "SI rises with alpha").by(
            trend, Asked(selectivity, NOT_NEGATIVE), above(SLIGHT)
        ),
        Row(layers, "it rises in every layer, alpha above 0").by(
            every_layer, RUNS, NOT_NEGATIVE
        ),
    ]


def _rises_at_first(whole: str, layers: str) -> list[Row]:
    return [
        Row(whole, f"SI rises with alpha up to {SMALL:g}").by(
            trend, Asked(selectivity, span(0, SMALL)), above(SLIGHT)
        ),
        Row(layers, f"it rises in every layer, alpha above 0 up to {SMALL:g}").by(
            every_layer, RUNS, span(0, SMALL)
        ),
        Row(whole, f"from {SMALL:g} on it is irregular").by(
            uneven, Asked(selectivity, span(SMALL))
        ),
    ]


def _both(quantity: Quantity) -> tuple[Asked, Asked]:
    """Of VGG16, and of ResNet20."""
    first, second = (
        Asked(quantity, NOT_NEGATIVE, sweep) for sweep in ("vgg16", "resnet20")
    )
    return first, second


#: Ranges around the ratios that the paper prints, in SI left of that at alpha 0.
ROWS = {
    "resnet18": [
        *_falls("A1b", "A1a"),
        _fold(
            "F1c, A1b",
            "1.6 times less SI at -1: 0.22, 0.35 at 0",
            within(0.5, 0.78),
            -1,
        ),
        _fold("F1c, A1b", "3 times less at -3: 0.12", within(0.23, 0.45), -3),
        *_rises("A5b", "A5a"),
    ],
    "resnet20": [
        *_falls("A1d", "A1c"),
        _fold(
            "A1d", "a third of the SI at -1: 0.07, 0.22 at 0", within(0.22, 0.45), -1
        ),
        _fold("A1d", "nearly none at -30: 0.003", at_most(0.05), -30),
        *_rises_at_first("A5d", "A5c"),
    ],
    "vgg16": [
        *_falls("A11b", "A11a"),
        Row("A11b", "10 times less SI can be had: 0.03, 0.35 at 0").by(
            folds, selectivity, at_most(1 / 8), negative, once=True
        ),
        *_rises_at_first("A13b", "A13a"),
    ],
    "resnet50": [
        Row("A34a", "SI goes with alpha")
        .by(trend, selectivity, above(SLIGHT))
        .not_in_miniature(NO_RESNET50)
    ],
    "vgg16 and resnet20": [
        Row("A16b", "VGG16 has 1.6 times as much SI at alpha 0 as ResNet20").by(
            times, *_both(selectivity), within(1.3, 1.9), span(0, 0)
        ),
        Row("A16b", "alpha above 0, up to 0.4, raises SI more in VGG16").by(
            gains_more,
            *_both(selectivity),
            above(SI_STEP),
            lambda alpha: 0 < alpha <= 0.4,
        ),
        Row(
            "A16a",
            f"accuracy falls less abruptly in VGG16, over alpha up to {SMALL:g}",
        ).by(gains_more_on_average, *_both(accuracy), above(POINT), slightly_positive),
    ],
}
