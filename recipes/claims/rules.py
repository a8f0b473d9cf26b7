"""Rules that papers share: what is asked of samples, and how it is said.

Each gives an `Outcome`, or None where there is nothing to look at.
"""

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_selectivity.inference import spearman
from recipes.claims.effects import (
    PLAIN,
    RATIO,
    Effect,
    Scale,
    Values,
    average,
    correlation,
)
from recipes.claims.samples import Samples, Where
from recipes.claims.verdicts import Every, Outcome, Part, Says, Some, judge
from recipes.quantities import Write, number

#: The smallest rank correlation that would matter.
SLIGHT = 0.2
#: How sure an effect is, as rules have it.
INTERVAL = "90% interval"


def everywhere(alpha: float) -> bool:
    """At every alpha."""
    return True


def levels(
    samples: Samples,
    says: Says,
    where: Where = everywhere,
    *,
    once: bool = False,
    what: str = "mean over seeds",
) -> Outcome | None:
    """A quantity is where a claim says, at every alpha, or `once`, at one at least."""
    effects = samples.where(where).effects()
    means = samples.where(lambda alpha: alpha == 0 or where(alpha)).text()
    return weighed(
        {f"at {alpha:g}": effect for alpha, effect in effects.items()},
        says,
        samples.write,
        once=once,
        found=means,
        what=what,
        where="at some alpha" if once else "at every alpha",
    )


def changes(
    samples: Samples,
    says: Says,
    where: Where = everywhere,
    *,
    zero: float = 0.0,
    once: bool = False,
) -> Outcome | None:
    """So much is gained since alpha 0, at every alpha, or `once`, at one at least.

    A loss of no more than a margin, a gain of no more, no difference: `says` tells.
    """
    gained = samples.change(zero).where(lambda alpha: alpha != zero and where(alpha))
    return _beside(samples, gained, says, once, f"difference from alpha {zero:g}")


def folds(
    samples: Samples,
    says: Says,
    where: Where = everywhere,
    *,
    zero: float = 0.0,
    once: bool = False,
) -> Outcome | None:
    """It is so many times that at alpha 0, at every alpha, or `once`, at one."""
    times = samples.fold(zero).where(lambda alpha: alpha != zero and where(alpha))
    what = f"ratio to alpha {zero:g}"
    return _beside(samples, times, says, once, what, RATIO)


def differs(
    first: Samples,
    second: Samples,
    says: Says,
    where: Where = everywhere,
    *,
    once: bool = False,
) -> Outcome | None:
    """A quantity of one sweep less that of another, at every alpha, seed by seed."""
    gaps = first.combined(second, operator.sub)._replace(write=first.gap)
    return levels(
        gaps, says, where, once=once, what="difference of a seed, mean over seeds"
    )


def on_average(
    first: Samples, second: Samples, says: Says, where: Where = everywhere
) -> Outcome | None:
    """The same over all alphas: of every seed the mean of its differences."""
    gaps = first.combined(second, operator.sub).where(where)
    means = [float(np.mean([*one.values()])) for one in gaps.seeds().values()]
    return weighed(
        {"": average(means)} if means else {},
        says,
        first.gap,
        what="difference of a seed, mean over alphas and seeds",
    )


def trend(
    samples: Samples, says: Says, against: Samples | None = None
) -> Outcome | None:
    """A quantity goes with alpha, or with another quantity, within each seed.

    Args:
        against: Another quantity of the same networks; None: alpha.
    """
    found = rank_correlations(samples, against)
    if not found:
        return None
    return weighed(
        {"": average([*found.values()])},
        says,
        rho,
        found=samples.text(),
        what="Spearman over the alphas of a seed, mean over seeds",
    )


def rank_correlations(
    samples: Samples, against: Samples | None = None
) -> dict[int, float]:
    """Of every seed with three alphas or more; 0 where a quantity does not vary."""
    found = {}
    others = against.seeds() if against else None
    for seed, ones in samples.seeds().items():
        other = {a: a for a in ones} if others is None else others.get(seed, {})
        alphas = [alpha for alpha in ones if alpha in other]
        if len(alphas) > 2:
            one = spearman([other[a] for a in alphas], [ones[a] for a in alphas])
            found[seed] = 0.0 if math.isnan(one.correlation) else one.correlation
    return found


def correlated(x: Values, y: Values, says: Says) -> Outcome | None:
    """Two numbers of networks go together, over all networks."""
    if len(x) < 3:
        return None
    what = f"Spearman over {len(x)} networks"
    return weighed({"": correlation(x, y)}, says, rho, what=what)


def weighed(
    effects: Mapping[Any, Effect],
    says: Says,
    write: Write = number,
    *,
    once: bool = False,
    found: str = "",
    what: str = "mean over networks",
    where: str = "in all",
) -> Outcome | None:
    """Effects are where a claim says, all of them, or `once`, one at least.

    Args:
        effects: By what each is of, as a reader is told.
        found: What else there is to tell of them.
        what: What they are estimates of.
        where: In which of several the claim has to hold.
    """
    if not effects:
        return None
    parts = [Part(effect, says) for effect in effects.values()]
    judged = Some(parts) if once else Every(parts)
    told = told_of(effects, says, write, once=once)
    return judge(
        judged,
        "; ".join(filter(None, (found, told))),
        ruled(what, says, write, where if len(parts) > 1 else ""),
    )


def ruled(what: str, says: Says, write: Write = number, where: str = "") -> str:
    """A rule in words."""
    return f"{what}, {INTERVAL}; held: {says.words(write)}{where and ', ' + where}"


def told_of(
    effects: Mapping[Any, Effect],
    says: Says,
    write: Write = number,
    *,
    once: bool = False,
    count: int = 3,
) -> str:
    """The effects that a verdict hangs on most, each with its label."""

    def doubt(label: Any) -> float:
        pvalue = Part(effects[label], says).pvalue()
        return math.inf if math.isnan(pvalue) else pvalue

    order = sorted(effects, key=doubt, reverse=not once)
    return ", ".join(
        f"{shown(effects[one], write)} {one}".strip() for one in order[:count]
    )


def shown(effect: Effect, write: Write = number) -> str:
    """An effect with its interval.

    Example:
        >>> shown(average([0.1, 0.2, 0.3]))
        '0.2 [0.031, 0.37]'
    """
    if math.isnan(effect.error):
        return f"{write(effect.value)} [unknown: {effect.replicates} networks]"
    _, low, high = effect.interval()
    return f"{write(effect.value)} [{write(low)}, {write(high)}]"


def rho(value: float) -> str:
    """A correlation as text.

    Example:
        >>> rho(0.987)
        'rho 0.99'
    """
    return f"rho {value:.2f}"


def listed(values: Mapping[Any, float], write: Write = number) -> str:
    """Numbers and what they are of.

    Example:
        >>> listed({"conv5": 0.25, "fc6": 0.5})
        '0.25 (conv5), 0.5 (fc6)'
    """
    return ", ".join(f"{write(value)} ({label})" for label, value in values.items())


def _beside(
    samples: Samples,
    changed: Samples,
    says: Says,
    once: bool,
    what: str,
    scale: Scale = PLAIN,
) -> Outcome | None:
    """What has become of a quantity since another alpha, and what it is there."""
    effects = changed.effects(scale)
    return weighed(
        {f"at {alpha:g}": effect for alpha, effect in effects.items()},
        says,
        changed.write,
        once=once,
        found=samples.text(),
        what=f"{what}, mean over seeds",
        where="at some alpha" if once else "at every alpha",
    )
