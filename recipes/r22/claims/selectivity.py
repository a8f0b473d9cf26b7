"""SI through training, without a regularizer (R22 section 4.1)."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from recipes.claims.effects import RATIO, Effect, average
from recipes.claims.rules import INTERVAL, shown, weighed
from recipes.claims.table import Claim, stated
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    Says,
    Some,
    above,
    at_least,
    at_most,
    judge,
    within,
)
from recipes.quantities import number, percent, signed
from recipes.r22.modules import EARLY, LATE
from recipes.r22.quantities import blocks, modules
from recipes.runner.results import Results

#: "The first few epochs", and "the early epochs" of figure 3.
SOON = 5
#: "Over the next 2-3 epochs".
NEXT = 3
#: The smallest difference of SI that would matter: a tenth of what SI mostly is.
SLIGHT = 0.02
#: "Rises sharply": half as much again as before training. The paper prints no number;
#: SI that doubles is a fifth of the scale or more, and looks sharp in its figure.
SHARPLY = 1.5
#: "Falls back": to nine tenths of the peak or less. Less is lost in a figure whose
#: axis ends at 1.
FALLEN = 0.9
#: A baseline is one from which SI does not stray further: less than a sharp rise.
LEVEL = 0.05

#: For each module the SI of each network, `(networks, epochs + 1)`.
Curves = Mapping[int, np.ndarray]


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 2 and 9."""
    if "plain" not in results:
        return
    found = [modules(run) for run in results["plain"]]
    curves = {m: np.array([one[m] for one in found]) for m in found[0]}
    early = {m: v for m, v in curves.items() if m in EARLY}
    layers = [blocks(run) for run in results["plain"]]
    every = np.array([np.concatenate([one[m] for m in early]) for one in layers])
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
                "it returns to a baseline specific to each layer",
                settles(early),
            ),
            (
                "F2",
                "in module 7 it does not fall back",
                stays({LATE: curves[LATE]}),
            ),
            (
                "F9",
                "single blocks of modules 4 to 6 do as their module: an early peak, "
                "then a fall",
                blocks_recede(every),
            ),
        ],
    )


def peak(curve: np.ndarray) -> int:
    """The epoch with the highest value among the first few.

    Example:
        >>> peak(np.array([0.9, 0.1, 0.4, 0.2]))
        2
    """
    return 1 + int(np.argmax(curve[1 : SOON + 1]))


def tops(curves: Curves) -> dict[int, int]:
    """The epoch at which SI, the mean over networks, is highest early on."""
    return {module: peak(table.mean(axis=0)) for module, table in curves.items()}


def rises_at_once(curves: Curves) -> Outcome | None:
    """SI is higher after the first epoch than before it, in each module."""
    return weighed(
        {_name(m): average(v[:, 1] - v[:, 0]) for m, v in curves.items()},
        above(SLIGHT),
        signed,
        found=_followed(curves, dict.fromkeys(curves, (0, 1))),
        what="SI after the first epoch less that before, mean over networks",
        where="in every module",
    )


def rises(curves: Curves) -> Outcome | None:
    """SI is half as much again as before training, in the first few epochs."""
    found = tops(curves)
    return weighed(
        {_name(m): _fold(v, 0, found[m]) for m, v in curves.items()},
        at_least(SHARPLY),
        _times,
        found=_followed(curves, {m: (0, top) for m, top in found.items()}),
        what=f"ratio of SI at its highest in epochs 1 to {SOON} to that before "
        "training, mean over networks",
        where="in every module",
    )


def recedes(curves: Curves) -> Outcome | None:
    """SI falls from its early peak, in every module."""
    return _after(curves, at_most(FALLEN))


def stays(curves: Curves) -> Outcome | None:
    """SI does not fall from its early peak."""
    return _after(curves, at_least(FALLEN))


def _after(curves: Curves, says: Says) -> Outcome | None:
    """What is left of an early peak."""
    found = tops(curves)
    if not _long(curves, found):
        return None
    epochs = {m: (top, top + NEXT) for m, top in found.items()}
    return weighed(
        {_name(m): _fold(v, *epochs[m]) for m, v in curves.items()},
        says,
        _times,
        found=_followed(curves, epochs),
        what=f"ratio of SI {NEXT} epochs after its highest in epochs 1 to {SOON} to "
        "that, mean over networks",
        where="in every module" if len(curves) > 1 else "",
    )


def settles(curves: Curves) -> Outcome | None:
    """SI stays where it fell to, and that is not the same in all modules."""
    found = tops(curves)
    if not _long(curves, found) or len(curves) < 2:
        return None
    changes = {
        _name(m): average(v[:, -1] - v[:, found[m] + NEXT]) for m, v in curves.items()
    }
    gaps = {
        f"modules {a} and {b}": average(curves[a][:, -1] - curves[b][:, -1])
        for a, b in itertools.combinations(curves, 2)
    }
    apart = [
        Part(gap, says)
        for gap in gaps.values()
        for says in (at_least(SLIGHT), at_most(-SLIGHT))
    ]
    level = [Part(change, within(-LEVEL, LEVEL)) for change in changes.values()]
    return judge(
        Every([Every(level), Some(apart)]),
        f"from {NEXT} epochs after the peak to the end {_listed(changes)}; apart at "
        f"the end: {_listed(gaps)}",
        f"change of SI and differences between modules, means over networks, "
        f"{INTERVAL}; held: changes from {-LEVEL:g} to {LEVEL:g} in every module, and "
        f"two modules at least that differ by {SLIGHT:g} or more",
    )


def blocks_recede(table: np.ndarray) -> Outcome | None:
    """Most blocks have an early peak.

    Args:
        table: SI, `(networks, blocks, epochs + 1)`.
    """
    places = np.arange(table.shape[1])
    top = np.array([peak(line) for line in table.mean(axis=0)])
    if table.shape[2] <= max(top) + NEXT:
        return None
    highest = table[:, places, top]
    rose = highest * FALLEN >= table[:, :, 0]
    fell = table[:, places, top + NEXT] <= FALLEN * highest
    return weighed(
        {"": average((rose & fell).mean(axis=1))},
        at_least(0.5),
        percent,
        what=f"share of blocks whose SI, at its highest in epochs 1 to {SOON}, is "
        f"{1 - FALLEN:.0%} or more above that before training and that {NEXT} epochs "
        "later, mean over networks",
    )


def _long(curves: Curves, found: Mapping[int, int]) -> bool:
    """Whether the training went on for long enough after each peak."""
    return all(table.shape[1] > found[m] + NEXT for m, table in curves.items())


def _fold(table: np.ndarray, before: int, after: int) -> Effect:
    """How many times as great SI is at an epoch as at another."""
    pairs = zip(table[:, after], table[:, before], strict=True)
    return average([a / b if b else math.nan for a, b in pairs], RATIO)


def _name(module: int) -> str:
    return f"in module {module}"


def _times(value: float) -> str:
    return f"{value:.2f}-fold"


def _listed(effects: Mapping[str, Effect]) -> str:
    return ", ".join(f"{shown(one, signed)} {name}" for name, one in effects.items())


def _followed(curves: Curves, epochs: Mapping[int, Sequence[int]]) -> str:
    """Means over networks at two epochs."""
    return "; ".join(
        f"module {m} {number(v[:, a].mean())} at epoch {a}, {number(v[:, b].mean())} "
        f"at {b}"
        for m, v in curves.items()
        for a, b in [epochs[m]]
    )
