"""Networks side by side: a quantity by what they have in common, seed by seed."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from recipes.claims.effects import Effect, Values, average
from recipes.claims.rules import listed, rho, weighed
from recipes.claims.samples import Samples, grouped
from recipes.claims.verdicts import UNDECIDED, Outcome, Says
from recipes.quantities import Quantity, Write
from recipes.runner.runs import Run


def by(runs: Iterable[Run], key: Callable[[Run], float], quantity: Quantity) -> Samples:
    """A quantity of networks, where a number takes the place of alpha."""
    table = {
        value: {run.settings.seed: quantity(run) for run in ones}
        for value, ones in grouped(sorted(runs, key=key), key).items()
    }
    return Samples.finite(table, quantity.write, quantity.gap)


def of_seeds(runs: Iterable[Run], quantity: Quantity) -> Samples:
    """A quantity of networks that differ in their seed alone."""
    return by(runs, lambda run: 0.0, quantity)


def named(
    effects: Mapping[float, Any], label: Callable[[float], str]
) -> dict[str, Any]:
    """The same, by what a reader is told."""
    return {label(value): one for value, one in effects.items()}


def means(samples: Samples, label: Callable[[float], str]) -> str:
    """The mean of every group."""
    return listed(named(samples.means(), label), samples.write)


def averaged(
    values: Values,
    says: Says,
    write: Write = rho,
    what: str = "Spearman over the units of each network, mean over networks",
) -> Outcome | None:
    """A number that each network gives, on average."""
    known = finite(values)
    return weighed({"": average(known)}, says, write, what=what) if known else None


def finite(values: Values) -> list[float]:
    """Those that are known."""
    return [float(value) for value in values if np.isfinite(value)]


def only_if(condition: bool, outcome: Outcome | None, why: str) -> Outcome | None:
    """An outcome, which decides nothing without what has to come first.

    Args:
        condition: Whether it is there.
        outcome: What was found.
        why: What is missing where it is not, as a reader is told.
    """
    if condition or outcome is None:
        return outcome
    test = f"{outcome.test}; undecided, {why}"
    return outcome._replace(test=test, verdict=UNDECIDED)


def beside(
    first: Samples,
    second: Samples,
    names: Sequence[str],
    says: Says,
) -> Outcome | None:
    """Networks of two kinds, the former's number less the latter's, of each seed."""
    gaps = first.combined(second, operator.sub).at(0.0)
    if not gaps:
        return None
    both = zip((first.mean(0.0), second.mean(0.0)), names, strict=True)
    effects: dict[str, Effect] = {"": average(gaps)}
    return weighed(
        effects,
        says,
        first.gap,
        found=" against ".join(f"{first.write(mean)} ({name})" for mean, name in both),
        what="difference of a seed, mean over seeds",
    )
