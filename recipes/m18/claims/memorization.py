"""Section 3.1: networks that memorize rely more on single directions."""

import itertools
from collections.abc import Iterator

from recipes.claims.effects import PLAIN, RATIO, average
from recipes.claims.rules import weighed
from recipes.claims.samples import Samples, grouped, positive
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import (
    HELD,
    Outcome,
    Says,
    above,
    at_least,
    below,
    not_tested,
)
from recipes.m18.claims.groups import by, means, named, only_if
from recipes.m18.claims.margins import AREA, FRACTION, LONGER, NOISY
from recipes.m18.quantities import (
    FITTED,
    area,
    epochs_to_fit,
    half,
    robustness,
    training_accuracy,
)
from recipes.quantities import Quantity
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Sweep, and its rows of ablation and of noise.
SWEEPS = {
    "mlp": ("F1a", "F2a"),
    "convnet": ("F1b", "F2b"),
    "resnet50_corrupted": ("F1c", ""),
}
#: Of ResNet50 in the miniature, which has no such networks.
UNFITTED = "in the miniature's epochs ResNet50 does not fit shuffled labels"


def claims(results: Results) -> Iterator[Claim]:
    """Claims about networks with shuffled labels.

    Reference:
        M18 figures 1 and 2, section 3.1.
    """
    for sweep, (ablated, noisy) in SWEEPS.items():
        statements = _shuffled(results, sweep, ablated, noisy)
        if results.miniature and sweep == "resnet50_corrupted":
            statements = ((*one[:2], not_tested(UNFITTED)) for one in statements)
        yield from stated(sweep, statements)


def _shuffled(results: Results, sweep: str, ablated: str, noisy: str) -> Statements:
    runs = results.get(sweep, [])

    def of(quantity: Quantity) -> Samples:
        return by(runs, corruption, quantity)

    fitted = started(of(training_accuracy))

    def lower(quantity: Quantity, least: float) -> Outcome | None:
        return only_fitted(than_true(of(quantity), below(least)), fitted)

    yield ablated, "curves begin at a training accuracy of about 1", fitted
    text = "every share of shuffled labels lowers the area under the curve"
    yield ablated, text, lower(area, AREA)
    text = "accuracy falls to a half with fewer units silent"
    yield ablated, text, lower(half, FRACTION)
    text = (
        "curves are not perfectly ordered: some share has a larger area than the one "
        "before"
    )
    yield ablated, text, only_fitted(disordered(of(area)), fitted)
    yield (
        "3.1",
        "networks with shuffled labels take more epochs to converge",
        than_true(of(epochs_to_fit), above(LONGER, 1.0), ratio=True),
    )
    if noisy:
        text = "every share of shuffled labels lowers accuracy under noise"
        yield noisy, text, lower(robustness, NOISY)


def corruption(run: Run) -> float:
    """Share of the labels of a run that are shuffled."""
    return run.settings.corruption


def label(share: float) -> str:
    """What a share of shuffled labels is called.

    Example:
        >>> label(0.25), label(0)
        ('25% shuffled', 'true labels')
    """
    return f"{share:.0%} shuffled" if share else "true labels"


def groups(results: Results, sweep: str) -> dict[str, list[Run]]:
    """The networks of a sweep by how many of their labels are shuffled."""
    runs = sorted(results.get(sweep, []), key=corruption)
    return grouped(runs, lambda run: label(run.settings.corruption))


def than_true(samples: Samples, says: Says, *, ratio: bool = False) -> Outcome | None:
    """Every share of shuffled labels against true labels, seed by seed."""
    beside = (samples.fold() if ratio else samples.change()).where(positive)
    scale = RATIO if ratio else PLAIN
    return weighed(
        named(beside.effects(scale), label),
        says,
        beside.write,
        found=means(samples, label),
        what=f"{'ratio to' if ratio else 'difference from'} true labels, of a seed, "
        "mean over seeds",
        where="for every share",
    )


def disordered(samples: Samples) -> Outcome | None:
    """A share of shuffled labels has more than the one before."""
    steps = {
        f"from {label(share)} to {label(more)}": average(samples.change(share).at(more))
        for share, more in itertools.pairwise(samples.values)
    }
    if len(steps) < 2:
        return None
    return weighed(
        steps,
        above(AREA),
        samples.gap,
        once=True,
        found=means(samples, label),
        what="difference from the share before, of a seed, mean over seeds",
        where="for some share",
    )


def started(accuracies: Samples) -> Outcome | None:
    """Networks have fitted their training labels."""
    return weighed(
        named(accuracies.effects(), label),
        at_least(FITTED),
        accuracies.write,
        what="training accuracy, mean over seeds",
        where="for every share",
    )


def only_fitted(outcome: Outcome | None, fitted: Outcome | None) -> Outcome | None:
    """Decide nothing of networks that have not fitted their training labels."""
    known = fitted is not None and fitted.verdict is HELD
    return only_if(known, outcome, "as not all networks fitted their labels")
