"""How often rules err, and what they can show: `python -m tools.check_rules`.

Samples of networks are drawn from normal distributions, and rules judge them. Sizes are
in standard deviations of what two networks of one seed differ by: the smallest effect
that would matter is 1, what a paper found is 3. Of "no effect" a rule may say that a
direction holds in 5% of cases at most, and that there is no effect as often as it can;
of "the paper's" it may say in 5% at most that it is refuted. At a bound, where a claim
just begins to hold, either is wrong in 5% at most.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from recipes.claims.effects import difference
from recipes.claims.rules import (
    SLIGHT,
    changes,
    correlated,
    differs,
    folds,
    levels,
    on_average,
    trend,
    weighed,
)
from recipes.claims.samples import Samples
from recipes.claims.verdicts import (
    HELD,
    REFUTED,
    UNDECIDED,
    Outcome,
    above,
    at_least,
    below,
    within,
)

ALPHAS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
LEAST, PAPER = 1.0, 3.0
Draw = Callable[[np.random.Generator, int, float], Outcome | None]


def samples(rng: np.random.Generator, seeds: int, effect: float) -> Samples:
    """Networks of which those with alpha gain an effect; a seed shares something."""
    shared = rng.normal(0, 1, seeds)
    # The difference of two networks has a deviation of 1.
    own = rng.normal(0, np.sqrt(0.5), (len(ALPHAS), seeds))
    values = {
        alpha: {
            seed: float(10 + shared[seed] + own[place, seed] + effect * (alpha > 0))
            for seed in range(seeds)
        }
        for place, alpha in enumerate(ALPHAS)
    }
    return Samples(values)


def rising(rng: np.random.Generator, seeds: int, effect: float) -> Samples:
    """The same, but the effect grows with alpha, up to what it says."""
    found = samples(rng, seeds, 0)
    values = {
        alpha: {seed: one + effect * alpha / 5 for seed, one in ones.items()}
        for alpha, ones in found.values.items()
    }
    return Samples(values)


def one(alpha: float) -> bool:
    """At a single alpha."""
    return alpha == 1


def unpaired(rng: np.random.Generator, count: int, effect: float) -> Outcome | None:
    """Some networks against others of other seeds."""
    deviation = np.sqrt(0.5)
    a, b = rng.normal(effect, deviation, count), rng.normal(0, deviation, count)
    return weighed({"": difference(a, b)}, above(LEAST))


def single(rng: np.random.Generator, count: int, effect: float) -> Outcome | None:
    """A single network against others."""
    deviation = np.sqrt(0.5)
    a, b = rng.normal(effect, deviation, 1), rng.normal(0, deviation, count)
    return weighed({"": difference(a, b)}, above(LEAST))


def together(rng: np.random.Generator, count: int, effect: float) -> Outcome | None:
    """Two numbers of networks that go together: an effect of 3 is rho of about 0.9."""
    x = rng.normal(0, 1, count)
    y = effect * x + rng.normal(0, np.sqrt(2), count)
    return correlated(x, y, above(SLIGHT))


#: Each kind of rule: its name, how it is put to a draw, and the effects of which to
#: draw: none, where the claim just begins to hold, and the paper's.
KINDS: tuple[tuple[str, Draw, tuple[float, float, float]], ...] = (
    (
        "higher, at one alpha",
        lambda rng, n, e: changes(samples(rng, n, e), above(LEAST), one),
        (0, LEAST, PAPER),
    ),
    (
        "lower, at one alpha (and it is higher)",
        lambda rng, n, e: changes(samples(rng, n, e), below(LEAST), one),
        (0, LEAST, PAPER),
    ),
    (
        "higher, at each of five alphas",
        lambda rng, n, e: changes(samples(rng, n, e), above(LEAST)),
        (0, LEAST, PAPER),
    ),
    (
        "higher, at some of five alphas",
        lambda rng, n, e: changes(samples(rng, n, e), above(LEAST), once=True),
        (0, LEAST, PAPER),
    ),
    (
        "no loss of 1 or more, at five alphas",
        lambda rng, n, e: changes(samples(rng, n, -e), at_least(-LEAST)),
        (0, LEAST, PAPER),
    ),
    (
        "equal, up to 1, at one alpha",
        lambda rng, n, e: changes(samples(rng, n, e), within(-LEAST, LEAST), one),
        (0, LEAST, PAPER),
    ),
    (
        "a number, 2 to 4, at one alpha",
        lambda rng, n, e: changes(samples(rng, n, e), within(2, 4), one),
        (0, 2, PAPER),
    ),
    (
        "a mean of 12 to 14, at one alpha",
        lambda rng, n, e: levels(samples(rng, n, e), within(12, 14), one),
        (0, 2, PAPER),
    ),
    (
        "a ratio of 1.2 to 1.4, at one alpha",
        lambda rng, n, e: folds(samples(rng, n, e), within(1.2, 1.4), one),
        (0, 2, PAPER),
    ),
    (
        "one sweep above another, at five alphas",
        lambda rng, n, e: differs(
            samples(rng, n, e), samples(rng, n, 0), above(LEAST), lambda a: a > 0
        ),
        (0, LEAST, PAPER),
    ),
    (
        "the same, over all alphas",
        lambda rng, n, e: on_average(
            samples(rng, n, e), samples(rng, n, 0), above(LEAST), lambda a: a > 0
        ),
        (0, LEAST, PAPER),
    ),
    (
        "goes with alpha, within seeds",
        lambda rng, n, e: trend(rising(rng, n, e), above(SLIGHT)),
        (0, LEAST, PAPER),
    ),
    (
        "goes with another quantity, within seeds",
        lambda rng, n, e: trend(rising(rng, n, e), above(SLIGHT), rising(rng, n, e)),
        (0, LEAST, PAPER),
    ),
    ("goes with another quantity, over networks", together, (0, 0.35, PAPER)),
    ("some networks above others", unpaired, (0, LEAST, PAPER)),
    ("one network above others", single, (0, LEAST, PAPER)),
)


def rates(draw: Draw, count: int, effect: float, draws: int) -> Counter[str]:
    """How often a rule gives each verdict."""
    rng = np.random.default_rng([count, round(100 * effect)])
    found: Counter[str] = Counter()
    for _ in range(draws):
        outcome = draw(rng, count, effect)
        if outcome:
            found[outcome.verdict] += 1
    return found


def rows(counts: list[int], draws: int) -> Iterator[str]:
    """The table."""
    yield "per cent held / refuted / undecided, of so many networks a side"
    headings = ("no effect", "at a bound", "paper")
    yield f"{'kind of rule':<42}{'n':>3}" + "".join(f"{h:>20}" for h in headings)
    for name, draw, effects in KINDS:
        for count in counts:
            cells = []
            for effect in effects:
                found = rates(draw, count, effect, draws)
                each = (100 * found[v] / draws for v in (HELD, REFUTED, UNDECIDED))
                cells.append(" / ".join(f"{value:.1f}" for value in each))
            yield f"{name:<42}{count:>3}" + "".join(f"{cell:>20}" for cell in cells)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--draws", type=int, default=2000)
    args = parser.parse_args()
    for line in rows(args.networks, args.draws):
        print(line, flush=True)


if __name__ == "__main__":
    main()
