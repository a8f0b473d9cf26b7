"""Ablation and CKA of networks without a regularizer (R22 sections 4.2, 4.3, A.2)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recipes.claims.effects import average
from recipes.claims.rules import INTERVAL, told_of, weighed
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    above,
    at_least,
    judge,
    within,
)
from recipes.quantities import chance, number, signed
from recipes.r22.ablation import able, areas
from recipes.r22.alignment import LATE as LATE_LAYERS
from recipes.r22.alignment import MODULE_PAIRS, series
from recipes.r22.analyses import ablations, computed, similarities
from recipes.r22.claims.selectivity import SOON
from recipes.r22.modules import EARLY, LATE
from recipes.runner.results import Results

#: What an analysis found of a network.
Curves = dict[str, Any]
#: The smallest difference of areas that would matter. Eleven normalized accuracies
#: add up to an area: it is two points of each.
AREA = 0.2
#: Areas that are alike over epochs differ by less: by four or five points of each.
ALIKE = 0.5
#: "High": as alike as not.
HIGH = 0.5
#: "Then low": a tenth of the scale of CKA is lost at least.
LOST = 0.1


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 3, 5, 8 and 10."""
    if ablated := computed(ablations(results)):
        yield from stated(
            "resnet50", _ablated(ablated, able(ablated, chance(results["plain"][0])))
        )
    if compared := computed(similarities(results)):
        module_4 = [("module 4", name) for name in LATE_LAYERS]
        yield from stated(
            "resnet50",
            [
                (
                    "F5",
                    "CKA of module 4 with module 7 and the FC layer is high in the "
                    "first epochs, then falls",
                    aligned_early(compared, module_4),
                ),
                (
                    "F10, A.4",
                    "so is that of all pairs of modules",
                    aligned_early(compared, MODULE_PAIRS),
                ),
            ],
        )


def _ablated(found: Sequence[Curves], places: Sequence[int]) -> Statements:
    """Of the epochs at which every network has something to lose, three or more."""
    if len(places) > 2:
        yield (
            "F3",
            "silencing the most selective units of modules 4 to 6 hurts more at early "
            "epochs: the area grows",
            area_grows(found, places),
        )
        yield "F3", "it grows most in the early epochs", area_grows_early(found, places)
        yield (
            "F3",
            "curves of random order are alike over epochs",
            random_alike(found, places),
        )
    yield (
        "F8, A.2",
        "in trained networks random order hurts more than the most selective first in "
        "modules 4 to 6",
        ordered(found, EARLY, "most_selective", "random"),
    )
    yield (
        "F8, A.2",
        "in module 7 it is the other way round",
        ordered(found, (LATE,), "random", "most_selective"),
    )


def area_grows(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The area of selective-first curves is larger at the end than early."""
    first, last = places[0], places[-1]
    epochs = found[0]["epochs"]
    tables = {m: _areas(found, "most_selective", m) for m in EARLY}
    return weighed(
        {_name(m): average(v[:, last] - v[:, first]) for m, v in tables.items()},
        above(AREA),
        signed,
        found="; ".join(
            f"module {m} {number(v[:, first].mean())} at epoch {epochs[first]}, "
            f"{number(v[:, last].mean())} at {epochs[last]}"
            for m, v in tables.items()
        ),
        what="change of the area, mean over networks",
        where="in every module",
    )


def area_grows_early(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The area grows in the early epochs, and faster than later."""
    epochs = np.array(found[0]["epochs"], float)
    first, *between, last = places
    soon = min(between, key=lambda place: abs(epochs[place] - epochs[first] - SOON))
    grown, faster = {}, {}
    for module in EARLY:
        table = _areas(found, "most_selective", module)
        early = table[:, soon] - table[:, first]
        later = table[:, last] - table[:, soon]
        span = epochs[soon] - epochs[first]
        # What the later epochs add in as many epochs.
        grown[_name(module)] = average(early)
        faster[_name(module)] = average(
            early - later * span / (epochs[last] - epochs[soon])
        )
    a, b, c = (int(epochs[place]) for place in (first, soon, last))
    says = above(AREA)
    return judge(
        Every([Part(one, says) for one in (*grown.values(), *faster.values())]),
        f"growth from epoch {a} to {b}: {told_of(grown, says, signed)}; more than in "
        f"as many epochs from {b} to {c}: {told_of(faster, says, signed)}",
        f"growth of the area, and what it exceeds the later by, means over networks, "
        f"{INTERVAL}; held: {says.words(signed)}, in every module",
    )


def random_alike(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The areas of random order are at every epoch what they are at the end."""
    epochs, last = found[0]["epochs"], places[-1]
    tables = {m: _areas(found, "random", m) for m in EARLY}
    return weighed(
        {
            f"{_name(m)} at epoch {epochs[place]}": average(v[:, place] - v[:, last])
            for m, v in tables.items()
            for place in places[:-1]
        },
        within(-ALIKE, ALIKE),
        signed,
        what=f"area less that at epoch {epochs[last]}, mean over networks",
        where="in every module at every epoch",
    )


def ordered(
    found: Sequence[Curves], modules: Sequence[int], higher: str, lower: str
) -> Outcome | None:
    """One order hurts trained networks less than another."""
    names = [name.replace("_", " ") for name in (higher, lower)]
    ends = {
        m: [_areas(found, order, m)[:, -1] for order in (higher, lower)]
        for m in modules
    }
    return weighed(
        {_name(m): average(a - b) for m, (a, b) in ends.items()},
        above(AREA),
        signed,
        found=f"area, {names[0]} against {names[1]}: "
        + "; ".join(
            f"module {m} {number(a.mean())} against {number(b.mean())}"
            for m, (a, b) in ends.items()
        ),
        what="difference of the areas, mean over networks",
        where="in every module" if len(ends) > 1 else "",
    )


def aligned_early(
    found: Sequence[Curves], pairs: Sequence[tuple[str, str]]
) -> Outcome | None:
    """CKA is high after the first epoch, and lower at the end."""
    epochs = found[0]["epochs"]
    first = next(place for place, epoch in enumerate(epochs) if epoch >= 1)
    high, lost = {}, {}
    for a, b in pairs:
        values = np.array([series(one, a, b) for one in found])[:, [first, -1]]
        name = f"of {a} and {b.removeprefix('module ')}"
        high[name] = average(values[:, 0])
        lost[name] = average(values[:, 0] - values[:, 1])
    parts = [Part(one, at_least(HIGH)) for one in high.values()]
    parts += [Part(one, at_least(LOST)) for one in lost.values()]
    return judge(
        Every(parts),
        f"lowest at epoch {epochs[first]}: {told_of(high, at_least(HIGH))}; least lost "
        f"by epoch {epochs[-1]}: {told_of(lost, at_least(LOST))}",
        f"CKA and what is lost of it, means over networks, {INTERVAL}; held: "
        f"{at_least(HIGH).words()} after the first epoch and a loss of "
        f"{at_least(LOST).words()}, in all {len(high)} pairs",
    )


def _name(module: int) -> str:
    return f"in module {module}"


def _areas(found: Sequence[Curves], order: str, module: int) -> np.ndarray:
    return np.array([areas(one, order, module) for one in found])
