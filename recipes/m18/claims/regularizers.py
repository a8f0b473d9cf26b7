"""Section 3.3 and appendix A.1: dropout, batch normalization, what to clamp to."""

from collections.abc import Iterator, Sequence

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.rules import greater, within
from recipes.claims.samples import grouped, sampled
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import Outcome
from recipes.m18.analyses import curve, true_labels
from recipes.m18.quantities import (
    area,
    area_to_mean,
    training_accuracy,
    unit_information,
    unit_selectivity,
    values,
)
from recipes.quantities import Quantity, dead_share, percent
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Largest loss of accuracy up to the dropout fraction that is minimal.
MINIMAL = 0.05
#: Networks whose areas differ by no more are similarly robust.
SIMILAR = 0.05
#: Training accuracy of networks that have all found a solution.
SOLVED = 0.99
#: SI of a selective map.
SELECTIVE = 0.5


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


selective_share = Quantity(
    "selective_share",
    lambda run: float(np.mean(values(run, "si") > SELECTIVE)),
    f"units with an SI above {SELECTIVE}",
    percent,
)
lost = Quantity("lost", _lost, "accuracy lost at the dropout fraction", percent)
area_beyond = Quantity("area_beyond", _beyond, "area past the dropout fraction")
#: Row, claim, what is more, and whether with batch normalization or without.
NORMALIZED = (
    ("F5b", "batch normalization makes networks more robust to ablation", area, True),
    ("F6a", "batch normalization lowers class selectivity", unit_selectivity, False),
    (
        "F6a",
        f"more maps have an SI above {SELECTIVE} without batch normalization",
        selective_share,
        False,
    ),
    ("F6a", "more maps are dead without batch normalization", dead_share, False),
    ("F6b", "batch normalization raises mutual information", unit_information, True),
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
    sides = [("with", normalized), ("without", plain)]
    for rows, claim, quantity, with_it in NORMALIZED:
        (name, more), (other, less) = sides if with_it else sides[::-1]
        outcome = greater(
            sampled(more, quantity),
            sampled(less, quantity),
            (name, other),
            write=quantity.write,
        )
        yield from stated("convnet", [(rows, claim, outcome)])
    text = "ablation to zero is less damaging than to the mean"
    yield from stated("convnet", [("A1", text, clamped(normalized))])


def clamped(runs: Sequence[Run]) -> Outcome | None:
    """The area is greater with zero than with the mean."""
    pairs = [(area(r), area_to_mean(r)) for r in runs]
    pairs = [pair for pair in pairs if np.isfinite(pair).all()]
    if not pairs:
        return None
    zero, mean = zip(*pairs, strict=True)
    return greater(zero, mean, ("zero", "mean"), paired_t_test)


def _dropout(runs: Sequence[Run]) -> Statements:
    true = [run for run in runs if not run.settings.corruption]
    shuffled = [run for run in runs if run.settings.corruption]
    yield (
        "F5a",
        "up to the dropout fraction, silent units cost little training accuracy",
        spared(runs),
    )
    yield (
        "F5a",
        "past it, networks with shuffled labels are more sensitive than those with "
        "true labels",
        past(true, shuffled),
    )
    yield (
        "F5a",
        "with true labels, all dropout fractions are similarly robust",
        similar(true),
    )
    yield (
        "3.3",
        "with shuffled labels, higher dropout ends in worse solutions",
        worse(shuffled),
    )


def by_dropout(runs: Sequence[Run], quantity: Quantity) -> dict[float, float]:
    """Mean of a quantity over the networks of each dropout fraction."""
    return {
        share: float(np.mean([quantity(run) for run in ones]))
        for share, ones in grouped(runs, dropout).items()
    }


def spared(runs: Sequence[Run]) -> Outcome | None:
    """Accuracy has hardly fallen at the dropout fraction."""

    def label(run: Run) -> str:
        kind = "shuffled" if run.settings.corruption else "true"
        return f"{kind} labels, {dropout(run):g}"

    means = {
        name: float(np.mean([lost(run) for run in ones]))
        for name, ones in grouped(runs, label).items()
    }
    return within(means, -np.inf, MINIMAL, percent, "each mean loss")


def past(true: Sequence[Run], shuffled: Sequence[Run]) -> Outcome | None:
    """Accuracy past the dropout fraction is higher with true labels, run by run."""
    first, second = (
        {(dropout(run), run.settings.seed): area_beyond(run) for run in runs}
        for runs in (true, shuffled)
    )
    shared = [key for key in first if key in second]
    return greater(
        [first[key] for key in shared],
        [second[key] for key in shared],
        ("true", "shuffled"),
        paired_t_test,
        percent,
    )


def similar(runs: Sequence[Run]) -> Outcome | None:
    """Areas do not depend on the dropout fraction."""
    means = by_dropout(runs, area)
    if len(means) < 2:
        return None
    text = ", ".join(f"{mean:.3f} ({share:g})" for share, mean in means.items())
    return Outcome(
        f"area {text}",
        f"held: the means differ by at most {SIMILAR}",
        None,
        max(means.values()) - min(means.values()) <= SIMILAR,
    )


def worse(runs: Sequence[Run]) -> Outcome | None:
    """Training accuracy falls from each dropout fraction to the next."""
    means = by_dropout(sorted(runs, key=dropout), training_accuracy)
    if len(means) < 2:
        return None
    return Outcome(
        ", ".join(f"{percent(mean)} ({share:g})" for share, mean in means.items()),
        "training accuracy without dropout; held: it falls at every step; undecided "
        f"where it is {percent(SOLVED)} or more at all",
        None,
        None
        if min(means.values()) >= SOLVED
        else bool(np.all(np.diff(list(means.values())) < 0)),
    )
