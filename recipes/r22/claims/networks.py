"""Ablation and CKA of networks without a regularizer (R22 sections 4.2, 4.3, A.2)."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.rules import in_all
from recipes.claims.samples import Pairs, Values
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import Outcome
from recipes.quantities import chance, number
from recipes.r22.ablation import able, areas
from recipes.r22.alignment import LATE as LATE_LAYERS
from recipes.r22.alignment import MODULE_PAIRS, series
from recipes.r22.analyses import ablations, computed, similarities
from recipes.r22.claims.selectivity import SOON
from recipes.r22.modules import EARLY, LATE
from recipes.runner.results import Results

#: What an analysis found of a network.
Curves = dict[str, Any]


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


def _higher(pairs: Mapping[str, tuple[Values, Values]], words: str) -> Outcome | None:
    """The first is higher in all, of the same networks."""
    outcome = in_all(Pairs(pairs), 1, paired_t_test, " over networks")
    return outcome and outcome._replace(found=words + outcome.found)


def area_grows(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The area of selective-first curves is larger at the end than early."""
    first, last = places[0], places[-1]
    epochs = found[0]["epochs"]
    tables = {m: _areas(found, "most_selective", m) for m in EARLY}
    return _higher(
        {f"module {m}": (v[:, last], v[:, first]) for m, v in tables.items()},
        f"area at epoch {epochs[last]} against epoch {epochs[first]}: ",
    )


def area_grows_early(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The area grows faster in the early epochs than later."""
    epochs = np.array(found[0]["epochs"], float)
    first, *between, last = places
    soon = min(between, key=lambda place: abs(epochs[place] - epochs[first] - SOON))
    three = first, soon, last
    rates = {}
    for module in EARLY:
        mean = _areas(found, "most_selective", module).mean(axis=0)
        rates[module] = [
            float((mean[b] - mean[a]) / (epochs[b] - epochs[a]))
            for a, b in itertools.pairwise(three)
        ]
    a, b, c = (int(epochs[place]) for place in three)
    return Outcome(
        f"growth an epoch from {a} to {b}, and from {b} to {c}: "
        + "; ".join(
            f"module {m} {number(early)} and {number(late)}"
            for m, (early, late) in rates.items()
        ),
        "held: the mean over networks grows, and faster early, in every module",
        None,
        all(early > max(late, 0) for early, late in rates.values()),
    )


def random_alike(found: Sequence[Curves], places: Sequence[int]) -> Outcome | None:
    """The areas of random order differ less over epochs than the others."""
    spans = {
        m: [
            float(np.ptp(_areas(found, order, m).mean(axis=0)[places]))
            for order in ("random", "most_selective")
        ]
        for m in EARLY
    }
    return Outcome(
        "span of areas over epochs, random against most selective first: "
        + "; ".join(
            f"module {m} {number(a)} against {number(b)}" for m, (a, b) in spans.items()
        ),
        "held: the mean over networks spans at most half as much in random order, in "
        "every module",
        None,
        all(a <= b / 2 for a, b in spans.values()),
    )


def ordered(
    found: Sequence[Curves], modules: Sequence[int], above: str, below: str
) -> Outcome | None:
    """One order hurts trained networks less than another."""
    names = [name.replace("_", " ") for name in (above, below)]
    ends = {
        f"module {m}": (_areas(found, above, m)[:, -1], _areas(found, below, m)[:, -1])
        for m in modules
    }
    return _higher(ends, f"area, {names[0]} against {names[1]}: ")


def aligned_early(
    found: Sequence[Curves], pairs: Sequence[tuple[str, str]]
) -> Outcome | None:
    """CKA is higher after the first epoch than at the end."""
    epochs = found[0]["epochs"]
    first = next(place for place, epoch in enumerate(epochs) if epoch >= 1)
    ends = {}
    for a, b in pairs:
        values = np.array([series(one, a, b) for one in found])[:, [first, -1]]
        if np.isfinite(values).all():
            ends[f"{a} and {b.removeprefix('module ')}"] = values[:, 0], values[:, 1]
    fell = sum(np.mean(a) > np.mean(b) for a, b in ends.values())
    return _higher(
        ends,
        f"lower at epoch {epochs[-1]} than at {epochs[first]} in {fell} of {len(ends)} "
        "pairs: ",
    )


def _areas(found: Sequence[Curves], order: str, module: int) -> np.ndarray:
    return np.array([areas(one, order, module) for one in found])
