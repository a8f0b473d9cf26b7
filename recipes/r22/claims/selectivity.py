"""SI through training, without a regularizer (R22 section 4.1)."""

from collections.abc import Iterator, Sequence

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.rules import in_all
from recipes.claims.samples import Pairs
from recipes.claims.table import Claim, stated
from recipes.claims.verdicts import Outcome
from recipes.quantities import number
from recipes.r22.modules import EARLY, LATE
from recipes.r22.quantities import blocks, modules
from recipes.runner.results import Results

#: "The first few epochs", and "the early epochs" of figure 3.
SOON = 5
#: "Over the next 2-3 epochs".
NEXT = 3
#: Share of its peak that SI has to lose, for what the paper calls receding.
SHARE = 0.1


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 2 and 9."""
    if "plain" not in results:
        return
    found = [modules(run) for run in results["plain"]]
    curves = {m: np.array([one[m] for one in found]) for m in found[0]}
    layers = [blocks(run) for run in results["plain"]]
    each = {m: np.mean([one[m] for one in layers], axis=0) for m in layers[0]}
    early = {m: v for m, v in curves.items() if m in EARLY}
    yield from stated(
        "resnet50",
        [
            (
                "section 5, F2",
                "SI rises within the first epoch in all modules",
                rises_at_once(curves),
            ),
            (
                "F2",
                "SI rises sharply in the first few epochs, in all modules",
                rises(curves),
            ),
            ("F2", "in modules 4 to 6 it falls back within 2-3 epochs", recedes(early)),
            (
                "F2",
                "in module 7 it does not fall back",
                stays(curves[LATE]) if LATE in curves else None,
            ),
            (
                "F9",
                "single blocks of modules 4 to 6 do as their module: an early peak, "
                "then a fall",
                blocks_recede([line for m in EARLY for line in each.get(m, [])]),
            ),
        ],
    )


def rises_at_once(curves: dict[int, np.ndarray]) -> Outcome | None:
    """SI is higher after the first epoch than before it, in each module."""
    pairs = {f"module {m}": (v[:, 1], v[:, 0]) for m, v in curves.items()}
    return in_all(Pairs(pairs), 1, paired_t_test, " over networks")


def peak(curve: np.ndarray) -> int:
    """The epoch with the highest value among the first few.

    Example:
        >>> peak(np.array([0.9, 0.1, 0.4, 0.2]))
        2
    """
    return 1 + int(np.argmax(curve[1 : SOON + 1]))


def rises(curves: dict[int, np.ndarray]) -> Outcome:
    """Whether SI goes up by a tenth or more of itself in the first few epochs."""
    means = {m: v.mean(axis=0) for m, v in curves.items()}
    rose = {m: v[peak(v)] >= (1 + SHARE) * v[0] for m, v in means.items()}
    return Outcome(
        "; ".join(
            f"module {m} {number(v[0])} before training, {number(v[peak(v)])} at epoch "
            f"{peak(v)}"
            for m, v in means.items()
        ),
        f"held: the mean over networks, at its highest in epochs 1 to {SOON}, is "
        f"{SHARE:.0%} or more above that before training, in every module",
        None,
        bool(all(rose.values())),
    )


def recedes(curves: dict[int, np.ndarray]) -> Outcome | None:
    """Whether SI falls from its early peak, in every module."""
    means = {m: v.mean(axis=0) for m, v in curves.items()}
    if any(len(v) <= peak(v) + NEXT for v in means.values()):
        return None
    return Outcome(
        "; ".join(
            f"module {m} {number(v[peak(v)])} at epoch {peak(v)}, "
            f"{number(v[peak(v) + NEXT])} {NEXT} epochs later"
            for m, v in means.items()
        ),
        f"held: {NEXT} epochs after its highest value in epochs 1 to {SOON} the mean "
        f"over networks is {SHARE:.0%} or more below it, in every module",
        None,
        all(_falls(v) for v in means.values()),
    )


def stays(curves: np.ndarray) -> Outcome | None:
    """Whether SI does not fall from its early peak."""
    found = recedes({LATE: curves})
    if found is None:
        return None
    return found._replace(
        test=f"held: {NEXT} epochs after its highest value in epochs 1 to {SOON} the "
        f"mean over networks is less than {SHARE:.0%} below it",
        held=not found.held,
    )


def blocks_recede(lines: Sequence[np.ndarray]) -> Outcome | None:
    """In how many blocks SI falls from its early peak."""
    if any(len(line) <= peak(line) + NEXT for line in lines):
        return None
    count = sum(
        _falls(line) and line[peak(line)] >= (1 + SHARE) * line[0] for line in lines
    )
    return Outcome(
        f"in {count} of {len(lines)} blocks",
        f"held: in most blocks the mean over networks rises by {SHARE:.0%} or more "
        f"until its highest value in epochs 1 to {SOON}, and is {SHARE:.0%} or more "
        f"below that {NEXT} epochs later",
        None,
        bool(count > len(lines) / 2),
    )


def _falls(curve: np.ndarray) -> bool:
    top = peak(curve)
    return bool(curve[top + NEXT] <= (1 - SHARE) * curve[top])
