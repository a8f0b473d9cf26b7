"""Regularization at some epochs (R22 sections 4.4 to 4.7, A.5)."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from recipes.claims.effects import PLAIN, RATIO, Effect, Scale, average, difference
from recipes.claims.rules import INTERVAL, shown, weighed
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    below,
    judge,
    not_tested,
    within,
)
from recipes.quantities import (
    accuracy_by_epoch,
    in_points,
    number,
    signed,
    training_accuracy_by_epoch,
)
from recipes.r22.claims.selectivity import SLIGHT
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

#: Of a run, a number after every epoch, and one alone.
Curve = Callable[[Run], np.ndarray]
Number = Callable[[Run], float]
#: Points of accuracy: the smallest loss that would matter where the paper says that
#: networks are worse.
LOSS = 1.0
#: Points of accuracy by which networks may differ that are about equal. The paper
#: prints no number; its own networks lose far more where it says that they are worse.
ABOUT = 3.0
#: Epochs at the end of a training whose accuracies are averaged.
LAST = 3
#: "SI near 1".
NEAR_ONE = 0.9
#: The first epochs, those of the early peak.
FIRST = slice(1, 5)
#: Class representation, the mean of the five largest counts, over that without a
#: regularizer: the smallest excess that would matter, and what is none.
UNBALANCED = 0.1
#: "After 20+ epochs".
SLOWLY = 20
BRIEF = "the miniature's training ends before that"
#: Strengths of the paper that the miniature leaves out.
LEFT_OUT = {
    -10.0: "the miniature has no alpha of -10, but -5 and -20",
    1.0: "the miniature has no alpha of +1, but +5",
}


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
    yield from _strengths(strengths(results), results.miniature)
    if large := promoted(results, "for_large"):
        name = "resnet50, modules 4 to 6, first four epochs"
        yield from stated(name, _promoted(_by_alpha(large), none))
    for alpha in (1.0, 5.0):
        text = "for four epochs or one, accuracy is worse than without"
        worse = accuracy_gaps(_small(results, alpha), none, below(LOSS))
        outcome = _left_out(results.miniature, alpha) or worse
        name = f"resnet50, all modules, alpha {alpha:+g}"
        yield from stated(name, [("F14", text, outcome)])
    if "recovery" in results:
        off = results["recovery"]
        yield from stated(main, _recovery(off, none, results.miniature))
    yield from _representation(cases, results.get("representation", []))


def _main(cases: Cases) -> Statements:
    none, at_0, at_5 = (cases[label] for label in (NONE, FROM_0, FROM_5))
    yield (
        "F6a",
        "from epoch 0 SI of modules 4 to 6 is kept down in the first epochs",
        weighed(
            {"": gap(at_0, none, early(early_selectivity))},
            below(SLIGHT),
            signed,
            what="SI in epochs 1 to 4 less that without, mean over seeds",
        ),
    )
    yield (
        "F6b",
        "from epoch 0 test accuracy is significantly worse than without",
        accuracy_gaps({"": at_0}, none, below(LOSS)),
    )
    yield (
        "F6b",
        "so is training accuracy",
        accuracy_gaps({"": at_0}, none, below(LOSS), training_accuracy_by_epoch),
    )
    yield (
        "F6b",
        "from epoch 5 about as good as without",
        accuracy_gaps({"": at_5}, none, at_least(-ABOUT)),
    )
    yield (
        "F6b",
        "from epoch 0 worse than from epoch 5",
        accuracy_gaps({"": at_0}, at_5, below(LOSS)),
    )
    yield "F15a", "kept on from epoch 0 it never recovers", stays_behind(at_0, none)


def _starts(found: Mapping[int, list[Run]], none: list[Run]) -> Statements:
    later = {f"from {start}": runs for start, runs in found.items() if start}
    yield (
        "F7",
        "started from epochs 1 to 5 about as good as without",
        accuracy_gaps(later, none, at_least(-ABOUT)),
    )
    yield "F7", "only started from epoch 0 is worse", only_first(found[0], later, none)


def _strengths(found: Mapping[float, Cases], miniature: bool) -> Iterator[Claim]:
    worse = "from epoch 0 significantly worse than from epoch 5"
    for alpha, claim, rule in (
        (-1.0, "no difference between none, from epoch 0 and from epoch 5", _equal),
        (-5.0, "from epoch 0 worse than from epoch 5", _worse),
        (-10.0, worse, _worse),
        (-20.0, worse, _worse),
    ):
        outcome = _left_out(miniature, alpha)
        if alpha in found:
            outcome = rule(found[alpha])
        name = f"resnet50, alpha {alpha:g}"
        yield from stated(name, [("F11, A.5.1", claim, outcome)])
    text = "the stronger, the lower SI of modules 4 to 6"
    yield from stated("resnet50", [("F12", text, in_order(found))])


def _promoted(by_label: Cases, none: list[Run]) -> Statements:
    yield "F13", "alpha of +10 and +20 makes SI near 1", near_one(by_label)
    yield (
        "F13",
        "module 7, which is not regularized, has less SI than the others",
        late_lower(by_label),
    )
    yield (
        "F13",
        "accuracy is much worse than without",
        accuracy_gaps(by_label, none, below(LOSS)),
    )


def _recovery(off: list[Run], none: list[Run], miniature: bool) -> Statements:
    yield (
        "F15b, A.5.3",
        "switched off after four epochs it recovers",
        recovers(off, none),
    )
    yield (
        "F15b, A.5.3",
        "slowly: after 20 epochs or more",
        not_tested(BRIEF) if miniature else recovers_slowly(off, none),
    )


def _by_alpha(runs: Mapping[float, list[Run]]) -> Cases:
    return {f"at alpha {alpha:+g}": ones for alpha, ones in runs.items()}


def _small(results: Results, alpha: float) -> Cases:
    sweeps = {"four epochs": "for_small_four", "one epoch": "for_small_one"}
    return {
        label: found[alpha]
        for label, sweep in sweeps.items()
        if alpha in (found := promoted(results, sweep))
    }


def _left_out(miniature: bool, alpha: float) -> Outcome | None:
    left_out = miniature and alpha in LEFT_OUT
    return not_tested(LEFT_OUT[alpha]) if left_out else None


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
            outcome = unbalanced({"": runs}, none, early, above(UNBALANCED, 1.0))
            yield from stated(network, [("F16", claim, outcome)])
    both = {label: r for label, r in (("against", against), ("for", favored)) if r}
    if both:
        end = at_end([*none, *against, *favored])
        outcome = unbalanced(both, none, end, at_most(1 + UNBALANCED))
        text = "later that is gone"
        yield from stated("resnet50", [("section 4.7", text, outcome)])


def gap(
    ones: Sequence[Run], others: Sequence[Run], of: Number, scale: Scale = PLAIN
) -> Effect:
    """What some networks have more than others; on the scale of ratios, how often.

    Seed by seed, where two seeds at least have both. The paper has single networks
    with a regularizer beside ten without: those are of other seeds.
    """
    first, second = (
        {run.settings.seed: scale.to(of(run)) for run in runs}
        for runs in (ones, others)
    )
    both = sorted(first.keys() & second.keys())
    if len(both) > 1:
        found = average([first[seed] - second[seed] for seed in both])
    else:
        found = difference([*first.values()], [*second.values()])
    return found._replace(scale=scale)


def early(curve: Curve) -> Number:
    """The mean over the first four epochs."""
    return lambda run: float(np.mean(curve(run)[FIRST]))


def at_end(runs: Sequence[Run]) -> Callable[[Curve], Number]:
    """The mean over the last three epochs that all of several runs have had."""
    return until(common_epochs(runs))


def until(epoch: int) -> Callable[[Curve], Number]:
    """The mean over three epochs, of which this is the last."""
    last = slice(max(1, epoch - LAST + 1), epoch + 1)
    return lambda curve: lambda run: float(np.mean(curve(run)[last]))


def accuracy_gaps(
    cases: Cases, others: list[Run], says: Says, curve: Curve = accuracy_by_epoch
) -> Outcome | None:
    """Accuracy at the end, of each case less that of others."""
    every = [run for runs in (others, *cases.values()) for run in runs]
    epochs, of = common_epochs(every), at_end(every)(curve)
    means = [f"{_mean(runs, of):.1f}% {label}".strip() for label, runs in cases.items()]
    return weighed(
        {label: gap(runs, others, of) for label, runs in cases.items()},
        says,
        points,
        found=f"{_epochs(epochs)}: {', '.join(means)} against {_mean(others, of):.1f}%",
        what="difference of a seed, mean over seeds",
        where="in all",
    )


def stays_behind(kept: list[Run], none: list[Run]) -> Outcome | None:
    """Networks never catch up in the second half of their training."""
    epochs = common_epochs([*kept, *none])
    half = range(max(1, epochs // 2), epochs + 1)
    return weighed(
        {f"at epoch {epoch}": gap(kept, none, _accuracy_at(epoch)) for epoch in half},
        below(LOSS),
        points,
        what="difference of a seed from that without, mean over seeds",
        where=f"at every epoch from {half.start} to {epochs}",
    )


def only_first(at_0: list[Run], later: Cases, none: list[Run]) -> Outcome | None:
    """From epoch 0 lower than without, and than each of the later starts."""
    every = [run for runs in (at_0, none, *later.values()) for run in runs]
    of = at_end(every)(accuracy_by_epoch)
    others = {NONE: none} | later
    return weighed(
        {f"than {label}": gap(at_0, runs, of) for label, runs in others.items()},
        below(LOSS),
        points,
        found=f"{_epochs(common_epochs(every))}: {_mean(at_0, of):.1f}% from 0",
        what="difference of a seed, mean over seeds",
        where="from none and from each of the others",
    )


def recovers(off: list[Run], none: list[Run]) -> Outcome | None:
    """At least half of what was lost is regained; None of a short run."""
    epochs = common_epochs([*off, *none])
    # A single epoch at a high learning rate says little.
    soon = _stop(off[0]) + LAST - 1
    if epochs < soon + LAST:
        return None
    then, now = (until(epoch)(accuracy_by_epoch) for epoch in (soon, epochs))
    lost = gap(none, off, then)
    left = gap(none, off, lambda run: now(run) - then(run) / 2)
    return judge(
        Every([Part(lost, above(LOSS)), Part(left, at_most(0))]),
        f"lost in {_epochs(soon)}: {shown(lost, points)}; at the end "
        f"{shown(gap(none, off, now), points)}, beyond half of what was lost "
        f"{shown(left, points)}",
        f"difference of a seed, mean over seeds, {INTERVAL}; held: a loss "
        f"{above(LOSS).words(points)} in {_epochs(soon)}, when it has just been "
        "switched off, and at most half of that at the end",
    )


def recovers_slowly(off: list[Run], none: list[Run]) -> Outcome | None:
    """Twenty epochs later networks are still behind; None of a short run."""
    epoch = _stop(off[0]) + SLOWLY
    if common_epochs([*off, *none]) < epoch:
        return None
    return weighed(
        {"": gap(off, none, until(epoch)(accuracy_by_epoch))},
        below(LOSS),
        points,
        what=f"difference in {_epochs(epoch)} of a seed, mean over seeds",
    )


def unbalanced(
    cases: Cases, none: list[Run], when: Callable[[Curve], Number], says: Says
) -> Outcome | None:
    """Class representation beside that of networks without a regularizer."""
    of = when(representation)
    means = [
        f"{number(_mean(runs, of))} {label}".strip() for label, runs in cases.items()
    ]
    return weighed(
        {label: gap(runs, none, of, RATIO) for label, runs in cases.items()},
        says,
        "{:.2f}-fold".format,
        found=f"{', '.join(means)} against {number(_mean(none, of))}",
        what="ratio to that without, of a seed, mean over seeds",
    )


def in_order(found: Mapping[float, Cases]) -> Outcome | None:
    """SI at the end falls from strength to strength, from epoch 0 and from 5."""
    if len(found) < 3:
        return None
    every = [r for cases in found.values() for ones in cases.values() for r in ones]
    of = at_end(every)(early_selectivity)
    alphas = [*found]
    effects = {
        f"from {weak:g} to {strong:g}, {label}": gap(
            found[strong][label], found[weak][label], of
        )
        for weak, strong in itertools.pairwise(alphas)
        for label in (FROM_0, FROM_5)
    }
    return weighed(
        effects,
        below(SLIGHT),
        signed,
        found="; ".join(
            f"{label} "
            + ", ".join(
                f"{number(_mean(found[a][label], of))} at {a:g}" for a in alphas
            )
            for label in (FROM_0, FROM_5)
        ),
        what="difference of SI from the next weaker alpha, mean over seeds",
        where="at each step",
    )


def near_one(by_label: Cases) -> Outcome | None:
    """SI of modules 4 to 6 in the last epoch with the regularizer."""
    return weighed(
        {
            label: average([early_selectivity(run)[_stop(run)] for run in runs])
            for label, runs in by_label.items()
        },
        at_least(NEAR_ONE),
        what="mean SI of modules 4 to 6 after the last epoch with the regularizer",
        where="at each alpha",
    )


def late_lower(by_label: Cases) -> Outcome | None:
    """SI of module 7 beside each of the others, in the same epoch."""
    effects = {}
    for label, runs in by_label.items():
        tables = [(modules(run), _stop(run)) for run in runs]
        for m in EARLY:
            gaps = [one[LATE][stop] - one[m][stop] for one, stop in tables]
            effects[f"than module {m} {label}"] = average(gaps)
    return weighed(
        effects,
        below(SLIGHT),
        signed,
        what="SI of module 7 less that of each of the others after the last epoch "
        "with the regularizer, mean over networks",
        where="at each alpha",
    )


def points(value: float) -> str:
    """A difference in percent.

    Example:
        >>> points(-2.0)
        '-2.0 points'
    """
    return in_points(value / 100)


def _equal(cases: Cases) -> Outcome | None:
    both = {label: cases[label] for label in (FROM_0, FROM_5)}
    return accuracy_gaps(both, cases[NONE], within(-ABOUT, ABOUT))


def _worse(cases: Cases) -> Outcome | None:
    return accuracy_gaps({"": cases[FROM_0]}, cases[FROM_5], below(LOSS))


def _accuracy_at(epoch: int) -> Number:
    return lambda run: float(accuracy_by_epoch(run)[epoch])


def _mean(runs: Sequence[Run], of: Number) -> float:
    return float(np.mean([of(run) for run in runs]))


def _epochs(last: int) -> str:
    return f"epochs {max(1, last - LAST + 1)} to {last}"


def _stop(run: Run) -> int:
    return run.settings.window[-1]
