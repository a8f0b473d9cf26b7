"""Can selectivity be controlled? Networks, and their layers."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.rules import differs, trend
from recipes.claims.samples import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    RUNS,
    Asked,
    Pairs,
    Samples,
    Where,
    negative,
    positive,
    span,
)
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import LEVEL, UNDECIDED, Outcome, largest
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


def layers_move(
    runs: Mapping[float, Sequence[Run]], where: Where, direction: int
) -> Outcome | None:
    """The SI of every layer moves; layers without SI are left out."""
    means = {
        alpha: np.mean([[*run.report.layer_means().values()] for run in ones], axis=0)
        for alpha, ones in runs.items()
    }
    known = np.all([np.isfinite(mean) for mean in means.values()], axis=0)
    means = {alpha: mean[known] for alpha, mean in means.items()}
    zero = means.get(0.0, np.empty(0))
    moved = {a: mean for a, mean in means.items() if a != 0 and where(a)}
    if len(zero) < 2 or not moved:
        return None
    right = {a: int(np.sum(direction * (m - zero) > 0)) for a, m in moved.items()}
    tests = [paired_t_test(m, zero, comparisons=len(moved)) for m in moved.values()]
    pvalues = [one.corrected for one in tests]
    worst = min(right, key=lambda alpha: right[alpha])
    word = "higher" if direction > 0 else "lower"
    return Outcome(
        f"{word} in {right[worst]} of {len(zero)} layers at least (at {worst:g})",
        f"paired t-test over layers, corrected; held: {word} in every layer at every "
        f"alpha, p < {LEVEL} (largest p)",
        largest(pvalues),
        all(count == len(zero) for count in right.values())
        and all(pvalue < LEVEL for pvalue in pvalues),
    )


def uneven(samples: Samples) -> Outcome | None:
    """A quantity does not rise at every step of alpha."""
    steps = {
        later: (samples.at(later), samples.at(before))
        for before, later in itertools.pairwise(samples.values)
    }
    kept = {alpha: pair for alpha, pair in steps.items() if min(map(len, pair)) > 1}
    outcome = differs(Pairs(kept, samples.write), -1, once=True)
    if outcome is None:
        return None
    return outcome._replace(
        found=samples.text(6),
        test="t-test of each alpha against the one before, corrected; held: a "
        f"significant fall at some step (smallest p); {UNDECIDED}",
    )


def more(first: Samples, second: Samples, where: Where) -> Outcome | None:
    """A quantity is greater in one sweep than in another."""
    return differs(first.against(second, where), 1)


def gains_more(first: Samples, second: Samples, where: Where) -> Outcome | None:
    """It has gained more since alpha 0, or lost less."""
    return more(first.change(), second.change(), where)


def _falls(whole: str, layers: str, numbers: str) -> list[Row]:
    return [
        Row(whole, f"SI falls steadily with alpha: {numbers}").by(
            trend, Asked(selectivity, NOT_POSITIVE), 1, steady=True
        ),
        Row(layers, "it falls in every layer").by(layers_move, RUNS, negative, -1),
    ]


def _rises(whole: str, layers: str) -> list[Row]:
    return [
        Row(whole, "SI rises with alpha").by(
            trend, Asked(selectivity, NOT_NEGATIVE), 1
        ),
        Row(layers, "it rises in every layer, alpha above 0").by(
            layers_move, RUNS, positive, 1
        ),
    ]


def _rises_at_first(whole: str, layers: str) -> list[Row]:
    return [
        Row(whole, f"SI rises with alpha up to {SMALL:g}").by(
            trend, Asked(selectivity, span(0, SMALL)), 1
        ),
        Row(layers, f"it rises in every layer, alpha above 0 up to {SMALL:g}").by(
            layers_move, RUNS, slightly_positive, 1
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


ROWS = {
    "resnet18": [
        *_falls("A1b", "A1a", "0.35 at 0, 0.22 at -1, 0.12 at -3"),
        *_rises("A5b", "A5a"),
    ],
    "resnet20": [
        *_falls("A1d", "A1c", "0.22 at 0, 0.07 at -1, 0.003 at -30"),
        *_rises_at_first("A5d", "A5c"),
    ],
    "vgg16": [
        *_falls("A11b", "A11a", "0.35 at 0, as low as 0.03"),
        *_rises_at_first("A13b", "A13a"),
    ],
    "resnet50": [Row("A34a", "SI goes with alpha").by(trend, selectivity, 1)],
    "vgg16 and resnet20": [
        Row("A16b", "VGG16 has 1.6 times as much SI at alpha 0 as ResNet20").by(
            more, *_both(selectivity), span(0, 0)
        ),
        Row("A16b", "alpha above 0, up to 0.4, raises SI more in VGG16").by(
            gains_more, *_both(selectivity), lambda alpha: 0 < alpha <= 0.4
        ),
        Row(
            "A16a",
            f"accuracy falls less abruptly in VGG16, alpha up to {SMALL:g}",
        ).by(gains_more, *_both(accuracy), slightly_positive),
    ],
}
