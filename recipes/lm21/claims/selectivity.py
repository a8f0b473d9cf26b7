"""Can selectivity be controlled? Networks, and their layers."""

from collections.abc import Iterator

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.table import Claim
from recipes.claims.verdicts import LEVEL, Outcome, extreme, stated
from recipes.claims.wording import percent
from recipes.lm21 import quantities
from recipes.lm21.claims.differences import differs, uneven
from recipes.lm21.claims.samples import Samples, Where, negative, positive
from recipes.lm21.claims.trends import in_order, trend
from recipes.runner.results import Results

#: Up to here alpha is small: where the paper finds regular effects in all networks.
SMALL = 1.0
#: Rows by layer and of the network, and text: less selectivity.
LESS = {
    "resnet18": ("A1a", "A1b", "0.35 at 0, 0.22 at -1, 0.12 at -3"),
    "resnet20": ("A1c", "A1d", "0.22 at 0, 0.07 at -1, 0.003 at -30"),
    "vgg16": ("A11a", "A11b", "0.35 at 0, as low as 0.03"),
}
#: Rows by layer and of the network: more selectivity.
MORE = {
    "resnet18": ("A5a", "A5b"),
    "resnet20": ("A5c", "A5d"),
    "vgg16": ("A13a", "A13b"),
}


def claims(results: Results) -> Iterator[Claim]:
    """Claims about what alpha does to selectivity.

    Reference:
        LM21 figures A1, A5, A11, A13, A16 and A34a.
    """
    for network in LESS:
        yield from _controlled(results, network)
    selectivity = Samples.of(results, "resnet50", quantities.selectivity)
    yield from stated("resnet50", ("A34a", "SI goes with alpha", trend(selectivity, 1)))
    yield from _compared(results)


def small(alpha: float) -> bool:
    """Whether alpha is above 0, and small."""
    return 0 < alpha <= SMALL


def _controlled(results: Results, network: str) -> Iterator[Claim]:
    selectivity = Samples.of(results, network, quantities.selectivity)
    layers, whole, numbers = LESS[network]
    yield from stated(
        network,
        (
            whole,
            f"SI falls steadily with alpha: {numbers}",
            in_order(selectivity.where(lambda alpha: alpha <= 0), 1),
        ),
        (layers, "it falls in every layer", by_layer(results, network, negative, -1)),
    )
    layers, whole = MORE[network]
    regular = network == "resnet18"
    where, limit = (positive, "") if regular else (small, f" up to {SMALL:g}")
    yield from stated(
        network,
        (
            whole,
            f"SI rises with alpha{limit}",
            trend(selectivity.where(lambda a: a == 0 or where(a)), 1),
        ),
        (
            layers,
            f"it rises in every layer, alpha above 0{limit}",
            by_layer(results, network, where, 1),
        ),
        (
            whole,
            f"from {SMALL:g} on it is irregular",
            None
            if regular
            else uneven(selectivity.where(lambda alpha: alpha >= SMALL)),
        ),
    )


def by_layer(
    results: Results, sweep: str, where: Where, direction: int
) -> Outcome | None:
    """Whether the SI of every layer moves.

    Returns:
        Outcome; None without alpha 0 and another, or with a single layer. Layers
        without SI are left out.
    """
    runs = results.by_alpha(sweep) if sweep in results else {}
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
        extreme(pvalues, max),
        all(count == len(zero) for count in right.values())
        and all(pvalue < LEVEL for pvalue in pvalues),
    )


def _compared(results: Results) -> Iterator[Claim]:
    """VGG16 beside ResNet20."""
    si = [Samples.of(results, name, quantities.selectivity) for name in _BOTH]
    accuracy = [
        Samples.of(results, name, quantities.accuracy, percent) for name in _BOTH
    ]
    gains, losses = (
        [one.where(lambda a: a >= 0).change() for one in both]
        for both in (si, accuracy)
    )
    baselines = si[0].against(si[1], lambda alpha: alpha == 0)
    yield from stated(
        " and ".join(_BOTH),
        (
            "A16b",
            "VGG16 has 1.6 times as much SI at alpha 0 as ResNet20",
            differs(baselines, 1),
        ),
        (
            "A16b",
            "alpha above 0, up to 0.4, raises SI more in VGG16",
            differs(gains[0].against(gains[1], lambda a: 0 < a <= 0.4), 1),
        ),
        (
            "A16a",
            f"accuracy falls less abruptly in VGG16, alpha up to {SMALL:g}",
            differs(losses[0].against(losses[1], small), 1, write=percent),
        ),
    )


_BOTH = ("vgg16", "resnet20")
