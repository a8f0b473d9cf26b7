"""Regularization at some epochs (R22 sections 4.4 to 4.7, A.5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from recipes.claims import rules
from recipes.claims.rules import (
    NAMES,
    Compared,
    compared,
    in_all,
    listed,
    t_or_prediction,
)
from recipes.claims.samples import Pairs, Values
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import (
    LEVEL,
    UNDECIDED,
    Outcome,
    decided,
    largest,
    together,
)
from recipes.quantities import (
    accuracy_by_epoch,
    number,
    training_accuracy_by_epoch,
)
from recipes.r22.modules import EARLY, LATE
from recipes.r22.quantities import (
    FROM_0,
    FROM_5,
    NONE,
    Cases,
    common_epochs,
    early_selectivity,
    main_cases,
    modules,
    promoted,
    representation,
    starts,
    strengths,
)
from recipes.runner.results import Results
from recipes.runner.runs import Run

Value = Callable[[Run], np.ndarray]
#: Points of accuracy that count as about equal: the paper gives no number.
MARGIN = 2.0
#: Epochs at the end of a training whose accuracies are averaged.
LAST = 3
#: "SI near 1".
NEAR_ONE = 0.9
#: The first epochs, those of the early peak.
FIRST = slice(1, 5)


def claims(results: Results) -> Iterator[Claim]:
    """Claims of figures 6, 7 and 11 to 16."""
    cases = main_cases(results)
    if NONE not in cases:
        return
    none, main = cases[NONE], "resnet50, alpha -20"
    if len(cases) == 3:
        yield from stated(main, _main(cases))
    if {0, 1} <= set(found := starts(results)):
        yield from stated(main, _starts(found, none))
    yield from _strengths(strengths(results))
    if large := promoted(results, "for_large"):
        by_label = {f"alpha {alpha:+g}": runs for alpha, runs in large.items()}
        name = "resnet50, modules 4 to 6, first four epochs"
        yield from stated(name, _promoted(by_label, none))
    yield from stated(
        "resnet50, all modules",
        [
            (
                "F14",
                "alpha of +1 and +5, for four epochs or one, is worse than without",
                in_all(_labeled(_small(results), none), -1),
            )
        ],
    )
    if "recovery" in results:
        text = "switched off after four epochs it recovers, slowly"
        outcome = recovers(results["recovery"], none)
        yield from stated(main, [("F15b, A.5.3", text, outcome)])
    yield from _representation(cases, results.get("representation", []))


def _main(cases: Cases) -> Statements:
    none, at_0, at_5 = (cases[label] for label in (NONE, FROM_0, FROM_5))
    yield (
        "F6a",
        "from epoch 0 SI of modules 4 to 6 is kept down in the first epochs",
        early_higher("SI in epochs 1 to 4, none", none, at_0, early_selectivity),
    )
    yield (
        "F6b",
        "from epoch 0 test accuracy is significantly worse than without",
        in_all(at_the_end(at_0, none), -1),
    )
    yield (
        "F6b",
        "so is training accuracy",
        in_all(at_the_end(at_0, none, training_accuracy_by_epoch), -1),
    )
    yield (
        "F6b",
        "from epoch 5 about as good as without",
        harmless(at_the_end(at_5, none)),
    )
    yield "F6b", "from epoch 0 worse than from epoch 5", _worse(cases)
    yield "F15a", "kept on from epoch 0 it never recovers", stays_behind(at_0, none)


def _starts(found: Mapping[int, list[Run]], none: list[Run]) -> Statements:
    later = {f"from {start}": runs for start, runs in found.items() if start}
    yield (
        "F7",
        "started from epochs 1 to 5 about as good as without",
        harmless(_labeled(later, none)),
    )
    yield "F7", "only started from epoch 0 is worse", _only_first(found, none)


def _strengths(found: Mapping[float, Cases]) -> Iterator[Claim]:
    for alpha, claim, rule in (
        (-1.0, "no difference between none, from epoch 0 and from epoch 5", _no_loss),
        (-5.0, "from epoch 0 worse than from epoch 5", _worse),
        (-10.0, "from epoch 0 significantly worse than from epoch 5", _worse),
        (-20.0, "from epoch 0 significantly worse than from epoch 5", _worse),
    ):
        if alpha in found:
            name = f"resnet50, alpha {alpha:g}"
            yield from stated(name, [("F11, A.5.1", claim, rule(found[alpha]))])
    text = "the stronger, the lower SI of modules 4 to 6"
    yield from stated("resnet50", [("F12", text, _in_order(found))])


def _promoted(by_label: Cases, none: list[Run]) -> Statements:
    yield "F13", "alpha of +10 and +20 makes SI near 1", _near_one(by_label)
    yield (
        "F13",
        "module 7, which is not regularized, has less SI than the others",
        _late_lower(by_label),
    )
    yield (
        "F13",
        "accuracy is much worse than without",
        in_all(_labeled(by_label, none), -1),
    )


def _small(results: Results) -> Cases:
    return {
        f"alpha {alpha:+g}, {when}": runs
        for when, sweep in (
            ("first four epochs", "for_small_four"),
            ("first epoch", "for_small_one"),
        )
        for alpha, runs in promoted(results, sweep).items()
    }


def _representation(cases: Cases, favored: list[Run]) -> Iterator[Claim]:
    none, against = cases[NONE], cases.get(FROM_0, [])
    for runs, network, claim in (
        (
            against,
            "resnet50, alpha -20",
            "from epoch 0 some classes are over-represented in the first epochs",
        ),
        (
            favored,
            "resnet50, alpha +20",
            "so are they when regularized for selectivity",
        ),
    ):
        if runs:
            outcome = early_higher("epochs 1 to 4:", runs, none, representation)
            yield from stated(network, [("F16", claim, outcome)])
    both = {label: r for label, r in (("against", against), ("for", favored)) if r}
    if both:
        text = "later that is gone"
        yield from stated("resnet50", [("section 4.7", text, gone(both, none))])


def in_percent(value: float) -> str:
    """A number that is in percent already.

    Example:
        >>> in_percent(92.46)
        '92.5%'
    """
    return f"{value:.1f}%"


def final(
    runs: Sequence[Run], epochs: int, value: Value = accuracy_by_epoch
) -> list[float]:
    """Means over the last three epochs up to a common one."""
    first = max(1, epochs - LAST + 1)
    return [float(np.mean(value(run)[first : epochs + 1])) for run in runs]


def early_higher(
    label: str, runs: Sequence[Run], others: Sequence[Run], value: Value
) -> Outcome | None:
    """A mean over the first four epochs is higher in some networks than in others."""
    first, second = (
        [float(np.mean(value(run)[FIRST])) for run in ones] for ones in (runs, others)
    )
    return in_all(Pairs({label: (first, second)}), 1)


def at_the_end(
    one: list[Run], other: list[Run], value: Value = accuracy_by_epoch
) -> Pairs[str]:
    """Final values of two samples, at the last epoch that all of them have had."""
    epochs = common_epochs([*one, *other])
    label = f"{_last(epochs)}:"
    pair = final(one, epochs, value), final(other, epochs, value)
    return Pairs({label: pair}, in_percent)


def harmless(pairs: Pairs[str]) -> Outcome | None:
    """Next to nothing is lost in the first sample of each pair."""
    return rules.harmless(
        pairs,
        MARGIN,
        listed(pairs),
        f"{NAMES[t_or_prediction]}, corrected (smallest p); held: at most {MARGIN:g} "
        f"points lost, none of it significant, in all; more, {UNDECIDED}",
        test=t_or_prediction,
    )


def stays_behind(kept: list[Run], none: list[Run]) -> Outcome:
    """Networks never catch up in the second half of their training."""
    epochs = common_epochs([*kept, *none])
    half = slice(max(1, epochs // 2), epochs + 1)
    ones, others = (
        np.mean([accuracy_by_epoch(run)[half] for run in runs], axis=0)
        for runs in (kept, none)
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
    """Networks catch up after the regularizer is switched off; None of a short run."""
    stop = _stop(off[0])
    epochs = common_epochs([*off, *none])
    if epochs < stop + 2 * LAST - 1:
        return None
    # A single epoch at a high learning rate says little.
    at_stop, at_end = (
        (final(off, last), final(none, last)) for last in (stop + LAST - 1, epochs)
    )
    then, now = _compared(*at_stop), _compared(*at_end)
    return Outcome(
        f"epochs {stop} to {stop + LAST - 1}: {_beside(*at_stop)}; at the end "
        f"{_beside(*at_end)}",
        f"held: more than {MARGIN:g} points behind in the {LAST} epochs from when it "
        f"is switched off, at most {MARGIN:g} in the last {LAST}; undecided where "
        "nothing was lost that could be recovered (p of the last epochs, by t-test)",
        largest([now.pvalue]),
        -now.gap <= MARGIN if -then.gap > MARGIN else None,
    )


def gone(both: Cases, none: list[Run]) -> Outcome:
    """Class representation ends as balanced as without a regularizer."""
    pairs = {}
    for label, runs in both.items():
        epochs = common_epochs([*runs, *none])
        first, second = (final(ones, epochs, representation) for ones in (runs, none))
        pairs[label] = first, second
    return Outcome(
        listed(Pairs(pairs)),
        f"held: the mean over the last {LAST} epochs is at most 10% above that without",
        None,
        all(np.mean(a) <= 1.1 * np.mean(b) for a, b in pairs.values()),
    )


def _labeled(by_label: Cases, none: list[Run]) -> Pairs[str]:
    """Final values of each case beside those without, all at one epoch."""
    runs = [run for ones in by_label.values() for run in ones]
    epochs = common_epochs([*none, *runs])
    plain = final(none, epochs)
    pairs = {label: (final(ones, epochs), plain) for label, ones in by_label.items()}
    return Pairs(pairs, in_percent)


def _only_first(found: Mapping[int, list[Run]], none: list[Run]) -> Outcome:
    """From epoch 0 lower than without, and than each of the later starts."""
    epochs = common_epochs([*none, *(run for runs in found.values() for run in runs)])
    at_0, plain = final(found[0], epochs), final(none, epochs)
    later = {s: float(np.mean(final(r, epochs))) for s, r in found.items() if s}
    worst = min(later, key=lambda start: later[start])
    test = _compared(at_0, plain)
    return Outcome(
        f"at epoch {epochs}: {_beside(at_0, plain)} without; the worst of the others, "
        f"from {worst}, {later[worst]:.1f}%",
        "t-test against none; held: lower than without, "
        f"p < {LEVEL}, and lower than each of the others by more than {MARGIN:g} "
        f"points; {UNDECIDED}",
        largest([test.pvalue]),
        together([test.verdict(-1), bool(np.mean(at_0) < later[worst] - MARGIN)]),
    )


def _no_loss(cases: Cases) -> Outcome | None:
    both = {label: cases[label] for label in (FROM_0, FROM_5)}
    return harmless(_labeled(both, cases[NONE]))


def _worse(cases: Cases) -> Outcome:
    """From epoch 0 lower than from epoch 5; single networks need those without."""
    epochs = common_epochs([run for runs in cases.values() for run in runs])
    at_0, at_5, none = (final(cases[label], epochs) for label in (FROM_0, FROM_5, NONE))
    other = none if len(at_0) == len(at_5) == 1 else at_5
    test = _compared(at_0, other)
    lower = bool(np.mean(at_0) < min(np.mean(at_5), np.mean(other)))
    return Outcome(
        f"{_last(epochs)}: {_beside(at_0, at_5)}, {np.mean(none):.1f}% without",
        "t-test; of single networks, whether that from epoch 0 lies outside what those "
        f"without predict for one more; held: lower, p < {LEVEL}; {UNDECIDED}",
        largest([test.pvalue]),
        decided(lower, test.pvalue, test.size),
    )


def _in_order(found: Mapping[float, Cases]) -> Outcome | None:
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


def _near_one(by_label: Cases) -> Outcome:
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


def _late_lower(by_label: Cases) -> Outcome:
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


def _compared(one: Values, other: Values) -> Compared:
    return compared({0: (one, other)}, t_or_prediction)[0]


def _beside(one: Values, other: Values) -> str:
    return Pairs({0: (one, other)}, in_percent).text(0)


def _last(epochs: int) -> str:
    return f"epochs {max(1, epochs - LAST + 1)} to {epochs}"


def _stop(run: Run) -> int:
    return run.settings.window[-1]
