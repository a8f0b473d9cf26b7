"""Section 3.3 and appendix A.1: dropout, batch normalization, what to clamp to."""

import itertools
import operator
from collections.abc import Iterator, Sequence

import numpy as np

from recipes.claims.effects import average
from recipes.claims.rules import weighed
from recipes.claims.samples import Samples
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import (
    Outcome,
    Says,
    above,
    at_most,
    below,
    within,
)
from recipes.m18.analyses import curve, true_labels
from recipes.m18.claims.groups import beside, by, means, named, of_seeds, only_if
from recipes.m18.claims.margins import AREA
from recipes.m18.quantities import (
    area,
    area_to_mean,
    normalized_area,
    training_accuracy,
    unit_information,
    unit_selectivity,
    values,
)
from recipes.quantities import Quantity, dead_share, in_points, percent
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Largest loss of accuracy up to the dropout fraction that is minimal.
MINIMAL = 0.05
#: Networks whose areas differ by no more are similarly robust.
SIMILAR = 0.05
#: A solution is worse by a point of training accuracy.
WORSE = 0.01
#: Training accuracy of networks that have all found a solution.
SOLVED = 0.99
#: SI of a selective map.
SELECTIVE = 0.5
#: The smallest differences that would matter: of mean SI, of shares of maps that are
#: selective and that are dead, and of mean mutual information, in bits of 3.3.
SI, MAPS, DEAD, BITS = 0.02, 0.05, 0.01, 0.05


def dropout(run: Run) -> float:
    """Dropout fraction of a run."""
    return float(run.settings.model_options["dropout"])


def _lost(run: Run) -> float:
    found = curve(run)
    if found is None:
        return np.nan
    return float(found.mean[0]) - found.accuracy_at(dropout(run))


def _beyond(run: Run) -> float:
    found = curve(run)
    return np.nan if found is None else found.area_past(dropout(run))


def _kept_beyond(run: Run) -> float:
    found = curve(run)
    return np.nan if found is None else _beyond(run) / float(found.mean[0])


selective_share = Quantity(
    "selective_share",
    lambda run: float(np.mean(values(run, "si") > SELECTIVE)),
    f"units with an SI above {SELECTIVE}",
    percent,
    in_points,
)
lost = Quantity("lost", _lost, "accuracy lost at the dropout fraction", percent)
area_beyond = Quantity("area_beyond", _beyond, "area past the dropout fraction")
kept_beyond = Quantity(
    "kept_beyond", _kept_beyond, "area past the dropout fraction over the accuracy"
)
#: Row, claim, and what is more or less with batch normalization.
NORMALIZED: tuple[tuple[str, str, Quantity, Says], ...] = (
    (
        "F5b",
        "batch normalization makes networks more robust to ablation",
        area,
        above(AREA),
    ),
    (
        "F5b",
        "batch normalization makes networks more robust to ablation, areas over the "
        "intact accuracy",
        normalized_area,
        above(AREA),
    ),
    (
        "F6a",
        "batch normalization lowers class selectivity",
        unit_selectivity,
        below(SI),
    ),
    (
        "F6a",
        f"more maps have an SI above {SELECTIVE} without batch normalization",
        selective_share,
        below(MAPS),
    ),
    (
        "F6a",
        "more maps are dead without batch normalization",
        dead_share,
        below(DEAD),
    ),
    (
        "F6b",
        "batch normalization raises mutual information",
        unit_information,
        above(BITS),
    ),
)


def claims(results: Results) -> Iterator[Claim]:
    """Claims about dropout, batch normalization and the value of silent units.

    Reference:
        M18 figures 5, 6 and A1.
    """
    runs = [run for run in results.get("mlp_dropout", []) if curve(run)]
    yield from stated("mlp_dropout", _dropout(runs))
    normalized = true_labels(results, "convnet")
    plain = results.get("convnet_plain", [])
    for rows, claim, quantity, says in NORMALIZED:
        first, second = (of_seeds(ones, quantity) for ones in (normalized, plain))
        outcome = beside(first, second, ("with", "without"), says)
        yield from stated("convnet", [(rows, claim, outcome)])
    text = "ablation to zero is less damaging than to the mean"
    zero, mean = (of_seeds(normalized, one) for one in (area, area_to_mean))
    outcome = beside(zero, mean, ("zero", "mean"), above(AREA))
    yield from stated("convnet", [("A1", text, outcome)])


def _dropout(runs: Sequence[Run]) -> Statements:
    true = [run for run in runs if not run.settings.corruption]
    shuffled = [run for run in runs if run.settings.corruption]
    yield (
        "F5a",
        "up to the dropout fraction, silent units cost little training accuracy",
        spared(by(true, dropout, lost), by(shuffled, dropout, lost)),
    )
    both = (
        ("", area_beyond, area),
        (", areas over the intact accuracy", kept_beyond, normalized_area),
    )
    for suffix, beyond, whole in both:
        yield (
            "F5a",
            "past it, networks with shuffled labels are more sensitive than those with "
            f"true labels{suffix}",
            past(by(true, dropout, beyond), by(shuffled, dropout, beyond)),
        )
        yield (
            "F5a",
            f"with true labels, all dropout fractions are similarly robust{suffix}",
            similar(by(true, dropout, whole)),
        )
    yield (
        "3.3",
        "with shuffled labels, higher dropout ends in worse solutions",
        worse(by(shuffled, dropout, training_accuracy)),
    )


def _label(share: float) -> str:
    return f"dropout {share:g}"


def spared(true: Samples, shuffled: Samples) -> Outcome | None:
    """Accuracy has hardly fallen at the dropout fraction."""
    effects = {
        f"{kind} labels, {label}": effect
        for kind, samples in (("true", true), ("shuffled", shuffled))
        for label, effect in named(samples.effects(), _label).items()
    }
    return weighed(
        effects,
        at_most(MINIMAL),
        percent,
        what="loss of accuracy, mean over seeds",
        where="for each",
    )


def past(true: Samples, shuffled: Samples) -> Outcome | None:
    """Past the dropout fraction the curve is lower with shuffled labels."""
    gaps = true.combined(shuffled, operator.sub)
    return weighed(
        named(gaps.effects(), _label),
        above(AREA),
        true.gap,
        found=f"true labels: {means(true, _label)}; shuffled: "
        f"{means(shuffled, _label)}",
        what="area past the dropout fraction, difference of a seed, mean over seeds",
        where="for each fraction",
    )


def similar(samples: Samples) -> Outcome | None:
    """Areas do not depend on the dropout fraction."""
    effects = {
        f"from {share:g} to {more:g}": average(samples.change(share).at(more))
        for share, more in itertools.combinations(samples.values, 2)
    }
    return weighed(
        effects,
        within(-SIMILAR, SIMILAR),
        samples.gap,
        found=means(samples, _label),
        what="area, difference of a seed, mean over seeds",
        where="for each two fractions",
    )


def worse(samples: Samples) -> Outcome | None:
    """Training accuracy falls from each dropout fraction to the next."""
    effects = {
        f"from {share:g} to {more:g}": average(samples.change(share).at(more))
        for share, more in itertools.pairwise(samples.values)
    }
    outcome = weighed(
        effects,
        below(WORSE),
        samples.gap,
        found=means(samples, _label),
        what="training accuracy without dropout, difference of a seed, mean over seeds",
        where="at each step",
    )
    # Nothing can be worse where everything is learned.
    some = min(samples.means().values(), default=1.0) < SOLVED
    return only_if(some, outcome, f"as all have {percent(SOLVED)} or more")
