"""Section 3.1: networks that memorize rely more on single directions."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from keras_selectivity.inference import t_test
from recipes.claims.rules import compared, judged, within
from recipes.claims.samples import Pairs, grouped, sampled
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import LEVEL, UNDECIDED, Outcome
from recipes.m18 import analyses
from recipes.m18.quantities import area, half, robustness, training_accuracy
from recipes.quantities import Quantity, Write, chance, number, percent
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
#: For each share of shuffled labels, a number for each network.
Groups = Mapping[str, Sequence[float]]


def claims(results: Results) -> Iterator[Claim]:
    """Claims about networks with shuffled labels.

    Reference:
        M18 figures 1 and 2.
    """
    for sweep, (ablated, noisy) in SWEEPS.items():
        yield from stated(sweep, _shuffled(results, sweep, ablated, noisy))


def _shuffled(results: Results, sweep: str, ablated: str, noisy: str) -> Statements:
    found = groups(results, sweep)
    fitted = started(by_corruption(found, training_accuracy))

    def lowered(quantity: Quantity) -> Outcome | None:
        outcome = lower(by_corruption(found, quantity), quantity.write)
        return only_fitted(outcome, fitted)

    yield ablated, "curves begin at a training accuracy of about 1", fitted
    yield ablated, "curves end at chance", ended(results.get(sweep, []))
    text = "every share of shuffled labels lowers the area under the curve"
    yield ablated, text, lowered(area)
    yield ablated, "accuracy falls to a half with fewer units silent", lowered(half)
    outcome = disordered(by_corruption(found, area))
    yield ablated, "curves are not perfectly ordered", only_fitted(outcome, fitted)
    if noisy:
        text = "every share of shuffled labels lowers accuracy under noise"
        yield noisy, text, lowered(robustness)


def by_corruption(
    groups: Mapping[str, Sequence[Run]], quantity: Quantity
) -> dict[str, list[float]]:
    """A quantity of networks, by how many of their labels are shuffled."""
    found = {name: sampled(runs, quantity) for name, runs in groups.items()}
    return {name: values for name, values in found.items() if values}


def groups(results: Results, sweep: str) -> dict[str, list[Run]]:
    """The networks of a sweep by how many of their labels are shuffled."""
    runs = sorted(results.get(sweep, []), key=lambda run: run.settings.corruption)
    return grouped(
        runs,
        lambda run: (
            f"{share:.0%} shuffled" if (share := run.settings.corruption) else TRUE
        ),
    )


def lower(groups: Groups, write: Write = number) -> Outcome | None:
    """Every group is lower than that with true labels."""
    kept = {label: values for label, values in groups.items() if values}
    zero = kept.pop(TRUE, None)
    if not zero or not kept:
        return None
    beside = [f"{write(float(np.mean(v)))} ({label})" for label, v in kept.items()]
    pairs = Pairs({label: (values, zero) for label, values in kept.items()})
    return judged(
        compared(pairs, t_test),
        -1,
        f"{', '.join(beside)}; {write(float(np.mean(zero)))} ({TRUE})",
        "t-test over networks, corrected (largest p); held: lower in each group, "
        f"p < {LEVEL}; {UNDECIDED}",
    )


def disordered(groups: Groups) -> Outcome | None:
    """Means are not in the order of their labels.

    In order of few networks: a single one out of order was all that was claimed, and
    nothing is decided.
    """
    means = {
        label: float(np.mean(values)) for label, values in groups.items() if values
    }
    if len(means) < 3:
        return None
    rises = int(np.sum(np.diff(list(means.values())) > 0))
    text = ", ".join(f"{number(mean)} ({label})" for label, mean in means.items())
    return Outcome(
        f"{rises} of {len(means) - 1} steps against the order: {text}",
        "held: a mean is greater than that of a smaller share; otherwise undecided, "
        "since the claim is of some curves",
        None,
        True if rises else None,
    )


def started(accuracies: Groups) -> Outcome | None:
    """Networks have fitted their training labels."""
    means = {name: float(np.mean(values)) for name, values in accuracies.items()}
    return within(means, FITTED, math.inf, percent, "the mean of each group")


def only_fitted(outcome: Outcome | None, fitted: Outcome | None) -> Outcome | None:
    """Decide nothing of networks that have not fitted their training labels."""
    if outcome is None or (fitted is not None and fitted.held):
        return outcome
    return outcome._replace(
        test=f"{outcome.test}; undecided, as not all networks fitted their labels",
        held=None,
    )


def ended(runs: Sequence[Run]) -> Outcome | None:
    """Networks without any unit are at chance."""
    gaps = [
        float(one.mean[-1]) - chance(run, one.top_k)
        for run in runs
        for one in analyses.curves([run])
    ]
    if not gaps:
        return None
    return within(
        {"furthest from chance": max(gaps, key=abs)},
        -CHANCE,
        CHANCE,
        number,
        "accuracy without units, less chance,",
    )
