"""A quantity of networks, and what can be set against what."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from recipes.claims.effects import PLAIN, Effect, Scale, average
from recipes.quantities import Quantity, Write, number, signed
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: What runs are grouped by.
Key = TypeVar("Key")
#: Which values of alpha a claim is about.
Where = Callable[[float], bool]


def negative(alpha: float) -> bool:
    """Whether selectivity is reduced."""
    return alpha < 0


def positive(alpha: float) -> bool:
    """Whether selectivity is promoted."""
    return alpha > 0


def span(low: float, high: float = math.inf) -> Where:
    """Which alphas are from one to another.

    Example:
        >>> span(-2, 0)(-2), span(-2, 0)(0.1)
        (True, False)
    """
    return lambda alpha: low <= alpha <= high


#: Where selectivity is not reduced, and where it is not promoted.
NOT_NEGATIVE, NOT_POSITIVE = span(0), span(-math.inf, 0)


class Samples(NamedTuple):
    """A quantity of networks.

    Attributes:
        values: For each alpha, from the most negative, a number for each seed. An
            alpha without a number is not in it.
        write: How such a number is written.
        gap: How a difference of two is written.

    Example:
        >>> found = Samples({-1.0: {0: 0.1}, 0.0: {0: 0.2, 1: 0.3}})
        >>> found.at(0.0), found.mean(0.0), list(found.where(negative).values)
        ([0.2, 0.3], 0.25, [-1.0])
    """

    values: Mapping[float, Mapping[int, float]]
    write: Write = number
    gap: Write = signed

    @classmethod
    def of(cls, results: Results, sweep: str, quantity: Quantity) -> Self:
        """A quantity of a sweep, if there is such a sweep."""
        table = {
            alpha: {run.settings.seed: quantity(run) for run in ones}
            for alpha, ones in by_alpha(results, sweep).items()
        }
        return cls.finite(table, quantity.write, quantity.gap)

    @classmethod
    def finite(
        cls,
        table: Mapping[float, Mapping[int, float]],
        write: Write = number,
        gap: Write = signed,
    ) -> Self:
        """Numbers without those that are not finite."""
        kept = {
            alpha: {seed: value for seed, value in ones.items() if np.isfinite(value)}
            for alpha, ones in table.items()
        }
        return cls({alpha: ones for alpha, ones in kept.items() if ones}, write, gap)

    def where(self, where: Where) -> Self:
        """Of some values of alpha alone."""
        kept = {alpha: ones for alpha, ones in self.values.items() if where(alpha)}
        return self._replace(values=kept)

    def at(self, alpha: float) -> list[float]:
        """The numbers at an alpha, one a network; none if it is not there."""
        return [*self.values.get(alpha, {}).values()]

    def mean(self, alpha: float) -> float:
        """Over the networks at an alpha that is there."""
        return float(np.mean(self.at(alpha)))

    def means(self) -> dict[float, float]:
        """At every alpha."""
        return {alpha: self.mean(alpha) for alpha in self.values}

    def points(self) -> dict[tuple[float, int], float]:
        """One number a network, by alpha and seed."""
        return {
            (alpha, seed): value
            for alpha, ones in self.values.items()
            for seed, value in ones.items()
        }

    def seeds(self) -> dict[int, dict[float, float]]:
        """For each seed the number at every alpha."""
        found: dict[int, dict[float, float]] = {}
        for alpha, ones in self.values.items():
            for seed, value in ones.items():
                found.setdefault(seed, {})[alpha] = value
        return found

    def change(self, zero: float = 0.0) -> Self:
        """What a seed has gained since an alpha, for the seeds that are at both."""
        return self._replace(write=self.gap).combined(
            Samples(dict.fromkeys(self.values, self.values.get(zero, {}))),
            lambda value, before: value - before,
        )

    def fold(self, zero: float = 0.0) -> Self:
        """How many times as great it is at an alpha, seed by seed."""
        return self._replace(write="{:.2g}-fold".format).combined(
            Samples(dict.fromkeys(self.values, self.values.get(zero, {}))), _ratio
        )

    def combined(
        self, other: "Samples", combine: Callable[[float, float], float]
    ) -> Self:
        """Two numbers of every network that has both, in one."""
        values = {
            alpha: {
                seed: combine(value, other.values[alpha][seed])
                for seed, value in ones.items()
                if seed in other.values.get(alpha, {})
            }
            for alpha, ones in self.values.items()
        }
        return self._replace(values={a: ones for a, ones in values.items() if ones})

    def mirrored(self) -> Self:
        """The same with the other sign of alpha."""
        alphas = sorted(self.values, reverse=True)
        return self._replace(values={-alpha: self.values[alpha] for alpha in alphas})

    def effects(self, scale: Scale = PLAIN) -> dict[float, Effect]:
        """The mean at every alpha, and how sure it is."""
        return {alpha: average(self.at(alpha), scale) for alpha in self.values}

    def text(self, count: int = 4) -> str:
        """The means at some alphas: "0.24 at 0, 0.04 at -2"."""
        both = min(self.values, default=0) < 0 < max(self.values, default=0)
        alphas = sorted(self.values, key=None if both else abs)
        return ", ".join(
            f"{self.write(self.mean(alpha))} at {alpha:g}"
            for alpha in spread(alphas, count)
        )


def _ratio(value: float, other: float) -> float:
    return value / other if other else math.nan


class Asked(NamedTuple):
    """A quantity of some networks.

    Attributes:
        quantity: What is asked of them.
        where: At which alphas.
        sweep: Of which sweep; None: of that of the network that is spoken of.
    """

    quantity: Quantity
    where: Where = lambda alpha: True
    sweep: str | None = None


class Found(NamedTuple):
    """What is found of the results and a sweep, for a rule to be called with."""

    of: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


def resolved(results: Results, sweep: str, argument: Any) -> Any:
    """What an argument of a rule stands for; other arguments as they are."""
    if isinstance(argument, Found):
        return argument.of(results, sweep, *argument.arguments)
    if isinstance(argument, Quantity):
        argument = Asked(argument)
    if not isinstance(argument, Asked):
        return argument
    found = Samples.of(results, argument.sweep or sweep, argument.quantity)
    return found.where(argument.where)


def by_alpha(results: Results, sweep: str) -> dict[float, list[Run]]:
    """The replicates of each alpha of a sweep; empty if there is no such sweep."""
    return results.by_alpha(sweep) if sweep in results else {}


#: The runs of the sweep at each alpha.
RUNS = Found(by_alpha)


def sampled(runs: Iterable[Run], quantity: Callable[[Run], float]) -> list[float]:
    """A quantity of networks, without those that lack it."""
    return [value for value in map(quantity, runs) if np.isfinite(value)]


def grouped(runs: Iterable[Run], key: Callable[[Run], Key]) -> dict[Key, list[Run]]:
    """Runs by what they have in common, in the order in which it is met."""
    found: dict[Key, list[Run]] = {}
    for run in runs:
        found.setdefault(key(run), []).append(run)
    return found


def spread(values: list[float], count: int) -> list[float]:
    """Some of many: the first, the last, and as evenly as can be between.

    Example:
        >>> spread([0, 1, 2, 3, 4, 5, 6], 3)
        [0, 3, 6]
    """
    if len(values) <= count:
        return values
    return [values[round(i)] for i in np.linspace(0, len(values) - 1, count)]
