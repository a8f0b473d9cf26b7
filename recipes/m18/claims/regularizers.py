"""Section 3.3 and appendix A.1: dropout, batch normalization, what to clamp to."""

from collections.abc import Callable, Iterator

import numpy as np

from keras_selectivity.inference import paired_t_test
from recipes.claims.table import Claim
from recipes.claims.verdicts import Outcome, stated
from recipes.claims.wording import number, percent
from recipes.m18 import quantities
from recipes.m18.analyses import curve, true_labels
from recipes.m18.claims.rules import Write, greater, sampled, within
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


def claims(results: Results) -> Iterator[Claim]:
    """Claims about dropout, batch normalization and the value of silent units.

    Reference:
        M18 figures 5, 6 and A1.
    """
    yield from _dropout(results)
    normalized = true_labels(results, "convnet")
    plain = results.get("convnet_plain", [])

    def more(
        quantity: Callable[[Run], float], with_it: bool, write: Write = number
    ) -> Outcome | None:
        """Whether it is more with batch normalization, or more without."""
        pair = sampled(normalized, quantity), sampled(plain, quantity)
        if with_it:
            return greater(*pair, ("with", "without"), write=write)
        return greater(*pair[::-1], ("without", "with"), write=write)

    yield from stated(
        "convnet",
        (
            "F5b",
            "batch normalization makes networks more robust to ablation",
            more(quantities.area, True),
        ),
        (
            "F6a",
            "batch normalization lowers class selectivity",
            more(quantities.selectivity, False),
        ),
        (
            "F6a",
            f"more maps have an SI above {SELECTIVE} without batch normalization",
            more(selective_share, False, percent),
        ),
        (
            "F6a",
            "more maps are dead without batch normalization",
            more(quantities.dead_share, False, percent),
        ),
        (
            "F6b",
            "batch normalization raises mutual information",
            more(quantities.mutual_information, True),
        ),
        (
            "A1",
            "ablation to zero is less damaging than to the mean",
            clamped(normalized),
        ),
    )


def selective_share(run: Run) -> float:
    """Share of a network's units with a high SI."""
    return float(np.mean(quantities.values(run, "si") > SELECTIVE))


def clamped(runs: list[Run]) -> Outcome | None:
    """The area is greater with zero than with the mean.

    Returns:
        Outcome; None without a network that has both.
    """
    pairs = [(quantities.area(r), quantities.area_to_mean(r)) for r in runs]
    pairs = [pair for pair in pairs if np.isfinite(pair).all()]
    if not pairs:
        return None
    zero, mean = zip(*pairs, strict=True)
    return greater(zero, mean, ("zero", "mean"), paired_t_test)


def dropout(run: Run) -> float:
    """Dropout fraction of a run."""
    return float(run.settings.model_options["dropout"])


def _dropout(results: Results) -> Iterator[Claim]:
    sweep = "mlp_dropout"
    runs = [run for run in results.get(sweep, []) if curve(run)]
    true = [run for run in runs if not run.settings.corruption]
    shuffled = [run for run in runs if run.settings.corruption]
    yield from stated(
        sweep,
        (
            "F5a",
            "up to the dropout fraction, silent units cost little training accuracy",
            spared(runs),
        ),
        (
            "F5a",
            "past it, networks with shuffled labels are more sensitive than those with "
            "true labels",
            past(true, shuffled),
        ),
        (
            "F5a",
            "with true labels, all dropout fractions are similarly robust",
            similar(true),
        ),
        (
            "3.3",
            "with shuffled labels, higher dropout ends in worse solutions",
            worse(shuffled),
        ),
    )


def spared(runs: list[Run]) -> Outcome | None:
    """Accuracy has hardly fallen at the dropout fraction.

    Returns:
        Outcome; None without a run.
    """
    losses: dict[str, list[float]] = {}
    for run in runs:
        found = curve(run)
        if found is not None:
            kind = "shuffled" if run.settings.corruption else "true"
            lost = float(found.mean[0]) - found.accuracy_at(dropout(run))
            losses.setdefault(f"{kind} labels, {dropout(run):g}", []).append(lost)
    means = {label: float(np.mean(values)) for label, values in losses.items()}
    return within(means, -np.inf, MINIMAL, percent, "each mean loss")


def past(true: list[Run], shuffled: list[Run]) -> Outcome | None:
    """Accuracy past the dropout fraction is higher with true labels.

    Returns:
        Outcome; None without two that have the same dropout and seed.
    """
    areas = [
        {
            (dropout(run), run.settings.seed): found.area_past(dropout(run))
            for run in runs
            if (found := curve(run)) is not None
        }
        for runs in (true, shuffled)
    ]
    shared = [key for key in areas[0] if key in areas[1]]
    return greater(
        [areas[0][key] for key in shared],
        [areas[1][key] for key in shared],
        ("true", "shuffled"),
        paired_t_test,
        percent,
    )


def similar(runs: list[Run]) -> Outcome | None:
    """Areas do not depend on the dropout fraction.

    Returns:
        Outcome; None with fewer than two dropout fractions.
    """
    areas: dict[float, list[float]] = {}
    for run in runs:
        areas.setdefault(dropout(run), []).append(quantities.area(run))
    if len(areas) < 2:
        return None
    means = {f"{share:g}": float(np.mean(ones)) for share, ones in areas.items()}
    spread = max(means.values()) - min(means.values())
    text = ", ".join(f"{mean:.3f} ({share})" for share, mean in means.items())
    return Outcome(
        f"area {text}",
        f"held: the means differ by at most {SIMILAR}",
        None,
        spread <= SIMILAR,
    )


def worse(runs: list[Run]) -> Outcome | None:
    """Training accuracy falls from each dropout fraction to the next.

    Returns:
        Outcome; None with fewer than two dropout fractions.
    """
    found: dict[float, list[float]] = {}
    for run in sorted(runs, key=dropout):
        found.setdefault(dropout(run), []).append(quantities.training_accuracy(run))
    if len(found) < 2:
        return None
    means = {share: float(np.mean(ones)) for share, ones in found.items()}
    return Outcome(
        ", ".join(f"{percent(mean)} ({share:g})" for share, mean in means.items()),
        "training accuracy without dropout; held: it falls at every step; undecided "
        f"where it is {percent(SOLVED)} or more at all",
        None,
        None
        if min(means.values()) >= SOLVED
        else bool(np.all(np.diff(list(means.values())) < 0)),
    )
