"""Ablation and CKA of networks without a regularizer (R22 sections 4.2, 4.3, A.2)."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, stated
from recipes.claims.wording import number
from recipes.r22.ablation import able, areas
from recipes.r22.alignment import LATE as LATE_LAYERS
from recipes.r22.alignment import MODULE_PAIRS, series
from recipes.r22.analyses import ablations, computed, similarities
from recipes.r22.claims.rules import paired_higher
from recipes.r22.modules import EARLY, LATE
from recipes.r22.quantities import chance
from recipes.runner.results import Results

#: Epochs that "the early epochs" of figure 3 are taken to be.
SOON = 5


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 3, 5, 8 and 10."""
    ablated = computed(ablations(results))
    if ablated:
        guess = chance(results["plain"][0])
        yield from stated(
            "resnet50",
            (
                "F3",
                "silencing the most selective units of modules 4 to 6 hurts more at "
                "early epochs: the area grows",
                grows(ablated, guess),
            ),
            (
                "F3",
                "it grows most in the early epochs",
                grows_early(ablated, guess),
            ),
            (
                "F3",
                "curves of random order are alike over epochs",
                random_alike(ablated, guess),
            ),
            (
                "F8, A.2",
                "in trained networks random order hurts more than the most selective "
                "first in modules 4 to 6",
                ordered(ablated, EARLY, "most_selective", "random"),
            ),
            (
                "F8, A.2",
                "in module 7 it is the other way round",
                ordered(ablated, (LATE,), "random", "most_selective"),
            ),
        )
    compared = computed(similarities(results))
    if compared:
        yield from stated(
            "resnet50",
            (
                "F5",
                "CKA of module 4 with module 7 and the FC layer is high in the first "
                "epochs, then falls",
                aligned_early(compared, [("module 4", name) for name in LATE_LAYERS]),
            ),
            (
                "F10, A.4",
                "so is that of all pairs of modules",
                aligned_early(compared, MODULE_PAIRS),
            ),
        )


def moments(
    found: Sequence[dict[str, Any]], guess: float
) -> tuple[int, int, int] | None:
    """Places of the first epoch that tells, one soon after it, and the last.

    Returns:
        Places of epochs; None where they are not three.
    """
    epochs, places = found[0]["epochs"], able(found, guess)
    if len(places) < 3:
        return None
    first, *between, last = places
    soon = min(between, key=lambda p: abs(epochs[p] - epochs[first] - SOON))
    return first, soon, last


def grows(found: Sequence[dict[str, Any]], guess: float) -> Outcome | None:
    """Whether the area of selective-first curves is larger at the end than early.

    Returns:
        What was found; None with fewer than two networks or three epochs.
    """
    places = moments(found, guess)
    if places is None:
        return None
    first, _, last = places
    tables = {m: _areas(found, "most_selective", m) for m in EARLY}
    outcome = paired_higher(
        {f"module {m}": (v[:, last], v[:, first]) for m, v in tables.items()}
    )
    if outcome is None:
        return None
    epochs = found[0]["epochs"]
    return outcome._replace(
        found=f"area at epoch {epochs[last]} against epoch {epochs[first]}: "
        f"{outcome.found}"
    )


def grows_early(found: Sequence[dict[str, Any]], guess: float) -> Outcome | None:
    """Whether the area grows faster in the early epochs than later.

    Returns:
        What was found; None with fewer than three epochs.
    """
    places = moments(found, guess)
    if places is None:
        return None
    epochs = np.array(found[0]["epochs"], float)
    rates = {}
    for module in EARLY:
        mean = _areas(found, "most_selective", module).mean(axis=0)
        rates[module] = [
            float((mean[b] - mean[a]) / (epochs[b] - epochs[a]))
            for a, b in itertools.pairwise(places)
        ]
    a, b, c = (int(epochs[place]) for place in places)
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


def random_alike(found: Sequence[dict[str, Any]], guess: float) -> Outcome | None:
    """Whether the areas of random order differ less over epochs than the others.

    Returns:
        What was found; None with fewer than three epochs.
    """
    places = able(found, guess)
    if len(places) < 3:
        return None
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
    found: Sequence[dict[str, Any]],
    modules: Sequence[int],
    above: str,
    below: str,
) -> Outcome | None:
    """Whether one order hurts trained networks less than another.

    Returns:
        What was found; None with fewer than two networks.
    """
    outcome = paired_higher(
        {
            f"module {m}": (
                _areas(found, above, m)[:, -1],
                _areas(found, below, m)[:, -1],
            )
            for m in modules
        }
    )
    if outcome is None:
        return None
    names = [name.replace("_", " ") for name in (above, below)]
    return outcome._replace(
        found=f"area, {names[0]} against {names[1]}: {outcome.found}"
    )


def aligned_early(
    found: Sequence[dict[str, Any]], pairs: Sequence[tuple[str, str]]
) -> Outcome | None:
    """Whether CKA is higher after the first epoch than at the end.

    Returns:
        What was found; None with fewer than two networks.
    """
    epochs = found[0]["epochs"]
    first = next(place for place, epoch in enumerate(epochs) if epoch >= 1)
    tables = {
        f"{a} and {b.removeprefix('module ')}": np.array(
            [series(one, a, b) for one in found]
        )
        for a, b in pairs
    }
    kept = {
        label: (v[:, first], v[:, -1])
        for label, v in tables.items()
        if np.isfinite(v[:, [first, -1]]).all()
    }
    outcome = paired_higher(kept)
    if outcome is None:
        return None
    fell = sum(np.mean(a) > np.mean(b) for a, b in kept.values())
    return outcome._replace(
        found=f"lower at epoch {epochs[-1]} than at {epochs[first]} in {fell} of "
        f"{len(kept)} pairs: {outcome.found}"
    )


def _areas(found: Sequence[dict[str, Any]], order: str, module: int) -> np.ndarray:
    return np.array([areas(one, order, module) for one in found])
