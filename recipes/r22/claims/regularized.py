"""Regularization at some epochs (R22 sections 4.4 to 4.7, A.5)."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from recipes.claims.table import Claim
from recipes.claims.verdicts import LEVEL, UNDECIDED, Outcome, decided, stated, together
from recipes.claims.wording import number
from recipes.r22.claims.rules import (
    LAST,
    MARGIN,
    harmless,
    higher,
    loses,
    points,
    pvalue,
)
from recipes.r22.modules import EARLY, LATE
from recipes.r22.quantities import (
    FROM_0,
    FROM_5,
    NONE,
    Cases,
    accuracy,
    common_epochs,
    early_selectivity,
    main_cases,
    modules,
    promoted,
    representation,
    starts,
    strengths,
    training_accuracy,
)
from recipes.runner.results import Results
from recipes.runner.runs import Run

Value = Callable[[Run], np.ndarray]
#: "SI near 1".
NEAR_ONE = 0.9
#: The first epochs, those of the early peak.
FIRST = slice(1, 5)


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 6, 7 and 11 to 16."""
    cases = main_cases(results)
    if NONE not in cases:
        return
    yield from _main(cases)
    yield from _starts(results, cases[NONE])
    yield from _strengths(results)
    yield from _promoting(results, cases[NONE])
    yield from _recovery(results, cases)
    yield from _representation(results, cases)


def _main(cases: Cases) -> Iterator[Claim]:
    if len(cases) < 3:
        return
    none, at_0, at_5 = (cases[label] for label in (NONE, FROM_0, FROM_5))
    yield from stated(
        "resnet50, alpha -20",
        (
            "F6a",
            "from epoch 0 SI of modules 4 to 6 is kept down in the first epochs",
            higher(
                {
                    "SI in epochs 1 to 4, none": (
                        early(none, early_selectivity),
                        early(at_0, early_selectivity),
                    )
                }
            ),
        ),
        (
            "F6b",
            "from epoch 0 test accuracy is significantly worse than without",
            loses(compare(at_0, none)),
        ),
        (
            "F6b",
            "so is training accuracy",
            loses(compare(at_0, none, training_accuracy)),
        ),
        ("F6b", "from epoch 5 about as good as without", harmless(compare(at_5, none))),
        ("F6b", "from epoch 0 worse than from epoch 5", _worse(cases)),
        (
            "F15a",
            "kept on from epoch 0 it never recovers",
            stays_behind(at_0, none),
        ),
    )


def _starts(results: Results, none: list[Run]) -> Iterator[Claim]:
    found = starts(results)
    if not {0, 1} <= set(found):
        return
    yield from stated(
        "resnet50, alpha -20",
        (
            "F7",
            "started from epochs 1 to 5 about as good as without",
            harmless(
                _labeled(
                    {f"from {start}": runs for start, runs in found.items() if start},
                    none,
                )
            ),
        ),
        (
            "F7",
            "only started from epoch 0 is worse",
            _only_first(found, none),
        ),
    )


def _strengths(results: Results) -> Iterator[Claim]:
    found = strengths(results)
    for alpha, claim, rule in (
        (-1.0, "no difference between none, from epoch 0 and from epoch 5", _no_loss),
        (-5.0, "from epoch 0 worse than from epoch 5", _worse),
        (-10.0, "from epoch 0 significantly worse than from epoch 5", _worse),
        (-20.0, "from epoch 0 significantly worse than from epoch 5", _worse),
    ):
        if alpha in found:
            yield from stated(
                f"resnet50, alpha {alpha:g}", ("F11, A.5.1", claim, rule(found[alpha]))
            )
    yield from stated(
        "resnet50",
        ("F12", "the stronger, the lower SI of modules 4 to 6", _in_order(found)),
    )


def _promoting(results: Results, none: list[Run]) -> Iterator[Claim]:
    large = promoted(results, "for_large")
    if large:
        by_label = {f"alpha {alpha:+g}": runs for alpha, runs in large.items()}
        yield from stated(
            "resnet50, modules 4 to 6, first four epochs",
            ("F13", "alpha of +10 and +20 makes SI near 1", _near_one(by_label)),
            (
                "F13",
                "module 7, which is not regularized, has less SI than the others",
                _late_lower(by_label),
            ),
            (
                "F13",
                "accuracy is much worse than without",
                loses(_labeled(by_label, none)),
            ),
        )
    small = {
        f"alpha {alpha:+g}, {when}": runs
        for when, sweep in (
            ("first four epochs", "for_small_four"),
            ("first epoch", "for_small_one"),
        )
        for alpha, runs in promoted(results, sweep).items()
    }
    yield from stated(
        "resnet50, all modules",
        (
            "F14",
            "alpha of +1 and +5, for four epochs or one, is worse than without",
            loses(_labeled(small, none)),
        ),
    )


def _recovery(results: Results, cases: Cases) -> Iterator[Claim]:
    if "recovery" not in results:
        return
    yield from stated(
        "resnet50, alpha -20",
        (
            "F15b, A.5.3",
            "switched off after four epochs it recovers, slowly",
            recovers(results["recovery"], cases[NONE]),
        ),
    )


def _representation(results: Results, cases: Cases) -> Iterator[Claim]:
    against = cases.get(FROM_0)
    favored = results.get("representation")
    none = early(cases[NONE], representation)
    both = {
        label: runs for label, runs in (("against", against), ("for", favored)) if runs
    }
    if against:
        yield from stated(
            "resnet50, alpha -20",
            (
                "F16",
                "from epoch 0 some classes are over-represented in the first epochs",
                higher({"epochs 1 to 4:": (early(against, representation), none)}),
            ),
        )
    if favored:
        yield from stated(
            "resnet50, alpha +20",
            (
                "F16",
                "so are they when regularized for selectivity",
                higher({"epochs 1 to 4:": (early(favored, representation), none)}),
            ),
        )
    if both:
        yield from stated(
            "resnet50",
            ("section 4.7", "later that is gone", gone(both, cases[NONE])),
        )


def final(runs: Sequence[Run], epochs: int, value: Value = accuracy) -> list[float]:
    """Means over the last three epochs up to a common one."""
    first = max(1, epochs - LAST + 1)
    return [float(np.mean(value(run)[first : epochs + 1])) for run in runs]


def early(runs: Sequence[Run], value: Value) -> list[float]:
    """Means over the first four epochs."""
    return [float(np.mean(value(run)[FIRST])) for run in runs]


def compare(
    one: list[Run], other: list[Run], value: Value = accuracy
) -> dict[str, tuple[list[float], list[float]]]:
    """Final values of two samples, at the last epoch that all of them have had."""
    epochs = common_epochs([*one, *other])
    label = f"epochs {max(1, epochs - LAST + 1)} to {epochs}:"
    return {label: (final(one, epochs, value), final(other, epochs, value))}


def stays_behind(kept: list[Run], none: list[Run]) -> Outcome:
    """Whether networks never catch up in the second half of their training."""
    epochs = common_epochs([*kept, *none])
    half = slice(max(1, epochs // 2), epochs + 1)
    ones, others = (
        np.mean([accuracy(run)[half] for run in runs], axis=0) for runs in (kept, none)
    )
    gaps = others - ones
    return Outcome(
        f"epochs {half.start} to {epochs}: {np.min(gaps):.1f} to {np.max(gaps):.1f} "
        f"points behind, {gaps[-1]:.1f} at the end",
        f"held: the mean is more than {MARGIN:g} points behind at every epoch of the "
        "second half",
        None,
        bool(np.all(gaps > MARGIN)),
    )


def recovers(off: list[Run], none: list[Run]) -> Outcome | None:
    """Whether networks catch up after the regularizer is switched off.

    Returns:
        What was found; None if the training ends too soon to tell.
    """
    stop = off[0].settings.window[-1]
    epochs = common_epochs([*off, *none])
    if epochs < stop + 2 * LAST - 1:
        return None
    (pair,) = compare(off, none).values()
    # A single epoch at a high learning rate says little.
    at_stop = [final(runs, stop + LAST - 1) for runs in (off, none)]
    then = float(np.mean(at_stop[1]) - np.mean(at_stop[0]))
    lost = float(np.mean(pair[1]) - np.mean(pair[0]))
    return Outcome(
        f"epochs {stop} to {stop + LAST - 1}: {points(*at_stop)}; at the end "
        f"{points(*pair)}",
        f"held: more than {MARGIN:g} points behind in the {LAST} epochs from when it "
        f"is switched off, at most {MARGIN:g} in the last {LAST}; undecided where "
        "nothing was lost that could be recovered (p of the last epochs, by t-test)",
        None if np.isnan(p := pvalue(*pair)) else p,
        lost <= MARGIN if then > MARGIN else None,
    )


def gone(both: dict[str, list[Run]], none: list[Run]) -> Outcome:
    """Whether class representation ends as balanced as without a regularizer."""
    found = {}
    for label, runs in both.items():
        epochs = common_epochs([*runs, *none])
        found[label] = (
            final(runs, epochs, representation),
            final(none, epochs, representation),
        )
    return Outcome(
        "; ".join(
            f"{label} {number(float(np.mean(a)))} against {number(float(np.mean(b)))}"
            for label, (a, b) in found.items()
        ),
        f"held: the mean over the last {LAST} epochs is at most 10% above that without",
        None,
        all(np.mean(a) <= 1.1 * np.mean(b) for a, b in found.values()),
    )


def _labeled(
    by_label: dict[str, list[Run]], none: list[Run]
) -> dict[str, tuple[list[float], list[float]]]:
    """Final values of each case beside those without, all at one epoch."""
    runs = [run for ones in by_label.values() for run in ones]
    epochs = common_epochs([*none, *runs])
    plain = final(none, epochs)
    return {label: (final(ones, epochs), plain) for label, ones in by_label.items()}


def _only_first(found: dict[int, list[Run]], none: list[Run]) -> Outcome | None:
    """From epoch 0 lower than without, and than each of the later starts."""
    epochs = common_epochs([*none, *(run for runs in found.values() for run in runs)])
    at_0, plain = final(found[0], epochs), final(none, epochs)
    later = {s: float(np.mean(final(r, epochs))) for s, r in found.items() if s}
    p = pvalue(at_0, plain)
    worst = min(later, key=lambda start: later[start])
    lower = decided(bool(np.mean(at_0) < np.mean(plain)), p, min(len(at_0), len(plain)))
    return Outcome(
        f"at epoch {epochs}: {points(at_0, plain)} without; the worst of the others, "
        f"from {worst}, {later[worst]:.1f}%",
        "t-test against none; held: lower than without, "
        f"p < {LEVEL}, and lower than each of the others by more than {MARGIN:g} "
        f"points; {UNDECIDED}",
        None if np.isnan(p) else p,
        together([lower, bool(np.mean(at_0) < later[worst] - MARGIN)]),
    )


def _no_loss(cases: Cases) -> Outcome | None:
    return harmless(
        _labeled({label: cases[label] for label in (FROM_0, FROM_5)}, cases[NONE])
    )


def _worse(cases: Cases) -> Outcome:
    """From epoch 0 lower than from epoch 5; single networks need those without."""
    epochs = common_epochs([run for runs in cases.values() for run in runs])
    at_0, at_5, none = (final(cases[label], epochs) for label in (FROM_0, FROM_5, NONE))
    single = len(at_0) == len(at_5) == 1
    other = none if single else at_5
    p = pvalue(at_0, other)
    lower = bool(np.mean(at_0) < min(np.mean(at_5), np.mean(other)))
    return Outcome(
        f"epochs {max(1, epochs - LAST + 1)} to {epochs}: {points(at_0, at_5)}, "
        f"{np.mean(none):.1f}% without",
        "t-test; of single networks, whether that from epoch 0 lies outside what those "
        f"without predict for one more; held: lower, p < {LEVEL}; {UNDECIDED}",
        None if np.isnan(p) else p,
        decided(lower, p, min(len(at_0), len(other))),
    )


def _in_order(found: dict[float, Cases]) -> Outcome | None:
    """SI at the end falls from strength to strength, from epoch 0 and from 5."""
    if len(found) < 3:
        return None
    runs = [r for cases in found.values() for ones in cases.values() for r in ones]
    epochs = common_epochs(runs)
    tables = {
        label: [
            float(np.mean(final(cases[label], epochs, early_selectivity)))
            for cases in found.values()
        ]
        for label in (FROM_0, FROM_5)
    }
    return Outcome(
        f"alpha {', '.join(f'{alpha:g}' for alpha in found)}: "
        + "; ".join(
            f"{label} {', '.join(map(number, values))}"
            for label, values in tables.items()
        ),
        "held: each mean at the end is below that of the next weaker alpha, from epoch "
        "0 and from epoch 5",
        None,
        all(np.all(np.diff(values) < 0) for values in tables.values()),
    )


def _near_one(by_label: dict[str, list[Run]]) -> Outcome:
    """SI of modules 4 to 6 in the last epoch with the regularizer."""
    found = {
        label: float(np.mean([early_selectivity(run)[_stop(run)] for run in runs]))
        for label, runs in by_label.items()
    }
    return Outcome(
        "; ".join(f"{label} {number(value)}" for label, value in found.items()),
        f"held: mean SI of modules 4 to 6 is {NEAR_ONE} or more after the last epoch "
        "with the regularizer, at each alpha",
        None,
        all(value >= NEAR_ONE for value in found.values()),
    )


def _late_lower(by_label: dict[str, list[Run]]) -> Outcome:
    """SI of module 7 beside each of the others, in the same epoch."""
    found = {}
    for label, runs in by_label.items():
        tables = [modules(run) for run in runs]
        stop = _stop(runs[0])
        found[label] = {
            m: float(np.mean([one[m][stop] for one in tables])) for m in (*EARLY, LATE)
        }
    return Outcome(
        "; ".join(
            f"{label} {number(one[LATE])}, the others "
            f"{', '.join(number(one[m]) for m in EARLY)}"
            for label, one in found.items()
        ),
        "held: lower than each of modules 4 to 6 after the last epoch with the "
        "regularizer, at each alpha",
        None,
        all(one[LATE] < one[m] for one in found.values() for m in EARLY),
    )


def _stop(run: Run) -> int:
    return run.settings.window[-1]
