"""Section 3.1: networks that memorize rely more on single directions."""

from collections.abc import Callable, Iterator

import numpy as np

from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, stated
from recipes.claims.wording import number, percent
from recipes.data import SHAPES
from recipes.m18 import analyses, quantities
from recipes.m18.claims.rules import disordered, lower, sampled, within
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Sweep, and its rows of ablation and of noise.
SWEEPS = {
    "mlp": ("F1a", "F2a"),
    "convnet": ("F1b", "F2b"),
    "resnet50_corrupted": ("F1c", ""),
}
TRUE = "true labels"
#: A network whose training accuracy is at least so high has fitted its labels.
FITTED = 0.95
#: As far from chance may a network be that has lost all units.
CHANCE = 0.05


def claims(results: Results) -> Iterator[Claim]:
    """Claims about networks with shuffled labels.

    Reference:
        M18 figures 1 and 2.
    """
    for sweep, (ablated, noisy) in SWEEPS.items():
        areas = by_corruption(results, sweep, quantities.area)
        fitted = started(by_corruption(results, sweep, quantities.training_accuracy))
        yield from stated(
            sweep,
            (
                ablated,
                "curves begin at a training accuracy of about 1",
                fitted,
            ),
            (ablated, "curves end at chance", ended(results, sweep)),
            (
                ablated,
                "every share of shuffled labels lowers the area under the curve",
                only_fitted(lower(areas, TRUE), fitted),
            ),
            (
                ablated,
                "accuracy falls to a half with fewer units silent",
                only_fitted(
                    lower(by_corruption(results, sweep, quantities.half), TRUE), fitted
                ),
            ),
            (
                ablated,
                "curves are not perfectly ordered",
                only_fitted(disordered(areas), fitted),
            ),
            (
                noisy,
                "every share of shuffled labels lowers accuracy under noise",
                only_fitted(
                    lower(
                        by_corruption(results, sweep, quantities.robustness),
                        TRUE,
                        percent,
                    ),
                    fitted,
                )
                if noisy
                else None,
            ),
        )


def by_corruption(
    results: Results, sweep: str, quantity: Callable[[Run], float]
) -> dict[str, list[float]]:
    """A quantity of networks, by how many of their labels are shuffled.

    Args:
        quantity: Number of a run; NaN where it has none.
    """
    found = {
        name: sampled(runs, quantity) for name, runs in groups(results, sweep).items()
    }
    return {name: values for name, values in found.items() if values}


def groups(results: Results, sweep: str) -> dict[str, list[Run]]:
    """The networks of a sweep by how many of their labels are shuffled."""
    found: dict[str, list[Run]] = {}
    for run in sorted(results.get(sweep, []), key=lambda run: run.settings.corruption):
        share = run.settings.corruption
        found.setdefault(f"{share:.0%} shuffled" if share else TRUE, []).append(run)
    return found


def started(accuracies: dict[str, list[float]]) -> Outcome | None:
    """Networks have fitted their training labels.

    Returns:
        Outcome; None without a network.
    """
    means = {name: float(np.mean(values)) for name, values in accuracies.items()}
    return within(means, FITTED, float("inf"), percent, "the mean of each group")


def only_fitted(outcome: Outcome | None, fitted: Outcome | None) -> Outcome | None:
    """Decide nothing of networks that have not fitted their training labels.

    Returns:
        Outcome; None for None.
    """
    if outcome is None or (fitted is not None and fitted.held):
        return outcome
    return outcome._replace(
        test=f"{outcome.test}; undecided, as not all networks fitted their labels",
        held=None,
    )


def ended(results: Results, sweep: str) -> Outcome | None:
    """Networks without any unit are at chance.

    Returns:
        Outcome; None without a curve.
    """
    runs = results.get(sweep, [])
    found = [(run, one) for run in runs for one in analyses.curves([run])]
    if not found:
        return None
    gaps = [
        float(one.mean[-1]) - one.top_k / SHAPES[run.settings.data][1]
        for run, one in found
    ]
    return within(
        {"furthest from chance": max(gaps, key=abs)},
        -CHANCE,
        CHANCE,
        number,
        "accuracy without units, less chance,",
    )
