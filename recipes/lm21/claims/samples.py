"""A quantity of a sweep's networks, and what can be set against what."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

import numpy as np

from keras_selectivity.inference import Interval, bootstrap_mean
from recipes.claims.wording import number
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Which values of alpha a claim is about.
Where = Callable[[float], bool]
#: For each alpha, the samples that are compared.
Pairs = dict[float, tuple[list[float], list[float]]]


def negative(alpha: float) -> bool:
    """Whether selectivity is reduced."""
    return alpha < 0


def positive(alpha: float) -> bool:
    """Whether selectivity is promoted."""
    return alpha > 0


def regularized(alpha: float) -> bool:
    """Whether there is any regularization."""
    return alpha != 0


def everything(alpha: float) -> bool:
    """Whether or not."""
    return True


class Samples(NamedTuple):
    """A quantity of networks.

    Attributes:
        values: For each alpha, from the most negative, a number for each seed. An
            alpha without a number is not in it.
        write: How such a number is written.

    Example:
        >>> found = Samples({-1.0: {0: 0.1}, 0.0: {0: 0.2, 1: 0.3}})
        >>> found.at(0.0), found.mean(0.0), list(found.where(negative).values)
        ([0.2, 0.3], 0.25, [-1.0])
    """

    values: Mapping[float, Mapping[int, float]]
    write: Callable[[float], str] = number

    @classmethod
    def of(
        cls,
        results: Results,
        sweep: str,
        quantity: Callable[[Run], float],
        write: Callable[[float], str] = number,
    ) -> Self:
        """A quantity of a sweep."""
        runs = results.by_alpha(sweep) if sweep in results else {}
        table = {
            alpha: {run.settings.seed: quantity(run) for run in ones}
            for alpha, ones in runs.items()
        }
        return cls.finite(table, write)

    @classmethod
    def finite(
        cls,
        table: Mapping[float, Mapping[int, float]],
        write: Callable[[float], str] = number,
    ) -> Self:
        """Numbers without those that are not finite."""
        kept = {
            alpha: {seed: value for seed, value in ones.items() if np.isfinite(value)}
            for alpha, ones in table.items()
        }
        return cls({alpha: ones for alpha, ones in kept.items() if ones}, write)

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

    def change(self) -> Self:
        """What a seed has gained since alpha 0, for the seeds that are at both."""
        zero = self.values.get(0.0, {})
        changes = {
            alpha: {s: value - zero[s] for s, value in ones.items() if s in zero}
            for alpha, ones in self.values.items()
        }
        return self._replace(values={a: ones for a, ones in changes.items() if ones})

    def mirrored(self) -> Self:
        """The same with the other sign of alpha."""
        alphas = sorted(self.values, reverse=True)
        return self._replace(values={-alpha: self.values[alpha] for alpha in alphas})

    def against_zero(self, where: Where = regularized) -> Pairs:
        """Each alpha beside alpha 0; see `against`."""
        zero = self.values.get(0.0)
        if zero is None:
            return {}
        alphas = self.where(lambda alpha: alpha != 0 and where(alpha))
        return alphas.against(Samples(dict.fromkeys(alphas.values, zero)), where)

    def against(self, other: "Samples", where: Where = everything) -> Pairs:
        """Each alpha beside the same alpha of others."""
        shared = [alpha for alpha in self.values if len(other.at(alpha)) > 1]
        return {
            alpha: (self.at(alpha), other.at(alpha))
            for alpha in sorted(shared, key=abs)
            if where(alpha) and len(self.at(alpha)) > 1
        }

    def difference(self, first: float, second: float) -> Interval | None:
        """Mean at one alpha less that at another, with its 95% interval.

        The same seed has the same data, order and initial weights: the replicates
        that are drawn are the differences of a seed.

        Returns:
            `Interval`; None with fewer than two seeds that are at both.
        """
        one, other = self.values.get(first, {}), self.values.get(second, {})
        differences = [value - other[s] for s, value in one.items() if s in other]
        return bootstrap_mean(differences) if len(differences) > 1 else None

    def text(self, count: int = 4) -> str:
        """The means at some alphas: "0.24 at 0, 0.04 at -2"."""
        both = min(self.values, default=0) < 0 < max(self.values, default=0)
        alphas = sorted(self.values, key=None if both else abs)
        return ", ".join(
            f"{self.write(self.mean(alpha))} at {alpha:g}"
            for alpha in spread(alphas, count)
        )


def fewest(pair: tuple[list[float], list[float]]) -> int:
    """Networks in the smaller of two samples."""
    return min(map(len, pair))


def spread(values: list[float], count: int) -> list[float]:
    """Some of many: the first, the last, and as evenly as can be between.

    Example:
        >>> spread([0, 1, 2, 3, 4, 5, 6], 3)
        [0, 3, 6]
    """
    if len(values) <= count:
        return values
    return [values[round(i)] for i in np.linspace(0, len(values) - 1, count)]
