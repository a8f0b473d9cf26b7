"""What regularizing for or against selectivity at some epochs does."""

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from recipes.figures import Drawing
from recipes.quantities import accuracy_by_epoch as accuracy
from recipes.quantities import training_accuracy_by_epoch as training_accuracy
from recipes.r22.experiments import STRONG
from recipes.r22.figures.pieces import (
    ACCURACY,
    BLOCKS,
    NETWORKS,
    TRAINING,
    follow_cases,
    follow_modules,
    name_lines,
    opened,
    scale,
    switched,
    tables,
    zoom,
)
from recipes.r22.quantities import (
    FROM_0,
    FROM_5,
    NONE,
    Cases,
    common_epochs,
    main_cases,
    present,
    promoted,
    representation,
    starts,
    strengths,
)
from recipes.runner.results import Results
from recipes.runner.runs import Run

_MAIN = f"alpha {STRONG:g} on modules 4 to 6"
_SWITCH = "Dotted: where the regularizer is switched on or off."
_ONE = "Lines of a single network have no band."


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks with a regularizer, beside those without."""
    cases = main_cases(results)
    if len(cases) == 3:
        yield "against_selectivity", partial(against_selectivity, cases)
        yield "against_accuracy", partial(against_accuracy, cases)
        yield "kept_on", partial(kept_on, cases)
    if NONE in cases and "starts" in results:
        yield "starts", partial(start_epochs, cases[NONE], starts(results))
    if found := strengths(results):
        yield "strengths_accuracy", partial(strengths_accuracy, found)
        yield "strengths_selectivity", partial(strengths_selectivity, found)
    if NONE in cases and "for_large" in results:
        large = promoted(results, "for_large")
        yield "for_large", partial(for_large, cases[NONE], large)
    small = {
        "first four epochs": promoted(results, "for_small_four"),
        "first epoch": promoted(results, "for_small_one"),
    }
    if NONE in cases and all(small.values()):
        yield "for_small", partial(for_small, cases[NONE], small)
    if FROM_0 in cases and NONE in cases and "recovery" in results:
        yield "recovery", partial(recovery, cases, results["recovery"])
    represented = cases | present(
        results, {"for (+20), first four epochs": "representation"}
    )
    if NONE in cases and len(represented) > 1:
        yield "representation", partial(class_representation, represented)
    if FROM_0 in cases and NONE in cases and "summed" in results:
        yield "summed", partial(summed, cases, results["summed"])


def against_selectivity(cases: Cases) -> Figure:
    """SI of the modules: without a regularizer, from epoch 0, and from epoch 5.

    Repeats figure 6a.
    """
    runs = [run for ones in cases.values() for run in ones]
    figure, axes = opened(
        runs, f"selectivity, {_MAIN}", f"{BLOCKS} {_SWITCH}", 1, len(cases)
    )
    for panel, (label, ones) in zip(axes[0], cases.items(), strict=True):
        follow_modules(panel, ones, common_epochs(runs))
        panel.set_title(label, fontsize=10)
        if label == FROM_5:
            switched(panel, 5)
    name_lines(axes[0, 0])
    return figure


def against_accuracy(cases: Cases) -> Figure:
    """Training and test accuracy of the three.

    Repeats figure 6b.
    """
    runs = [run for ones in cases.values() for run in ones]
    figure, axes = opened(runs, f"accuracy, {_MAIN}", f"{NETWORKS} {_SWITCH}", 1, 2)
    for panel, value, name in (
        (axes[0, 0], training_accuracy, TRAINING),
        (axes[0, 1], accuracy, ACCURACY),
    ):
        follow_cases(panel, tables(cases, value), name)
        switched(panel, 5)
    name_lines(axes[0, 1], loc="lower right")
    return figure


def kept_on(cases: Cases) -> Figure:
    """Test accuracy with the regularizer kept on to the end.

    Repeats figure 15a.
    """
    runs = [run for ones in cases.values() for run in ones]
    figure, axes = opened(runs, f"kept on, {_MAIN}", f"{NETWORKS} {_SWITCH}", 1, 2)
    whole, end = axes[0]
    for panel in (whole, end):
        follow_cases(panel, tables(cases, accuracy), ACCURACY)
        switched(panel, 5)
    zoom(end, common_epochs(runs))
    name_lines(whole, loc="lower right")
    return figure


def start_epochs(plain: list[Run], found: dict[int, list[Run]]) -> Figure:
    """Accuracy for several first epochs with the regularizer.

    Repeats figure 7.
    """
    cases: Cases = {NONE: plain}
    cases |= {f"from epoch {start}": runs for start, runs in found.items()}
    runs = [run for ones in cases.values() for run in ones]
    figure, axes = opened(
        runs, f"accuracy by starting epoch, {_MAIN}", f"{NETWORKS} {_ONE}", 1, 2
    )
    colors = ["0.25", *scale(len(found))]
    for panel, value, name in (
        (axes[0, 0], training_accuracy, TRAINING),
        (axes[0, 1], accuracy, ACCURACY),
    ):
        follow_cases(panel, tables(cases, value), name, colors)
    figure.set_size_inches(10.6, 4.2)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside right center", frameon=False, fontsize=8
    )
    return figure


def strengths_accuracy(found: dict[float, Cases]) -> Figure:
    """Test accuracy for several strengths, from epoch 0 and from epoch 5.

    Repeats figure 11.
    """
    runs = [r for cases in found.values() for ones in cases.values() for r in ones]
    figure, axes = opened(
        runs,
        "accuracy by strength, modules 4 to 6",
        f"{NETWORKS} {_ONE} {_SWITCH}",
        1,
        len(found),
    )
    length = common_epochs(runs)
    for panel, (alpha, cases) in zip(axes[0], found.items(), strict=True):
        follow_cases(panel, tables(cases, accuracy, length), ACCURACY)
        switched(panel, 5)
        panel.set_title(f"alpha {alpha:g}", fontsize=10)
    name_lines(axes[0, 0], loc="lower right")
    return figure


def strengths_selectivity(found: dict[float, Cases]) -> Figure:
    """SI of the modules for several strengths, from epoch 0 and from epoch 5.

    Repeats figure 12.
    """
    runs = [r for cases in found.values() for ones in cases.values() for r in ones]
    figure, axes = opened(
        runs,
        "selectivity by strength, modules 4 to 6 regularized",
        f"{BLOCKS} {_SWITCH}",
        2,
        len(found),
    )
    length = common_epochs(runs)
    for column, (alpha, cases) in zip(axes.T, found.items(), strict=True):
        for panel, label in zip(column, (FROM_0, FROM_5), strict=True):
            follow_modules(panel, cases[label], length)
            panel.set_title(f"alpha {alpha:g}, {label}", fontsize=10)
            if label == FROM_5:
                switched(panel, 5)
    name_lines(axes[0, 0])
    return figure


def for_large(plain: list[Run], found: dict[float, list[Run]]) -> Figure:
    """Regularizing for selectivity at large strengths, the first four epochs.

    Repeats figure 13.
    """
    cases: Cases = {NONE: plain}
    cases |= {f"alpha {alpha:+g}": runs for alpha, runs in found.items()}
    text = "for selectivity, modules 4 to 6, first four epochs"
    return _selectivity_and_accuracy(cases, text, {4})


def for_small(plain: list[Run], found: dict[str, dict[float, list[Run]]]) -> Figure:
    """Regularizing all modules for selectivity at smaller strengths.

    Repeats figure 14.
    """
    cases: Cases = {NONE: plain}
    cases |= {
        f"alpha {alpha:+g}, {when}": runs
        for when, by_alpha in found.items()
        for alpha, runs in by_alpha.items()
    }
    return _selectivity_and_accuracy(cases, "for selectivity, all modules", {1, 4})


def recovery(cases: Cases, off: list[Run]) -> Figure:
    """Test accuracy and selectivity when the regularizer is switched off again.

    Repeats figure 15b.
    """
    shown = {
        NONE: cases[NONE],
        "kept on from epoch 0": cases[FROM_0],
        "first four epochs": off,
    }
    runs = [run for ones in shown.values() for run in ones]
    figure, axes = opened(
        runs, f"recovery, {_MAIN}", f"{NETWORKS} {BLOCKS} {_ONE} {_SWITCH}", 1, 3
    )
    whole, end, selectivity = axes[0]
    for panel in (whole, end):
        follow_cases(panel, tables(shown, accuracy), ACCURACY)
        switched(panel, 4)
    zoom(end, common_epochs(runs))
    name_lines(whole, loc="lower right")
    follow_modules(selectivity, off, common_epochs(runs))
    switched(selectivity, 4)
    selectivity.set_title("first four epochs", fontsize=10)
    name_lines(selectivity)
    return figure


def class_representation(cases: Cases) -> Figure:
    """Mean of the five largest counts of predicted classes against the epoch.

    Repeats figure 16.
    """
    runs = [run for ones in cases.values() for run in ones]
    sizes = {"digits": (500, 10)}.get(runs[0].settings.data, (50_000, 1000))
    balanced = sizes[0] / sizes[1]
    caption = (
        f"{NETWORKS} Dashed: {balanced:g} images, as many as there are of each class, "
        f"on average. Epoch 0: before training. {_MAIN.capitalize()}."
    )
    figure, axes = opened(runs, "class representation", caption, 1, 1)
    figure.set_size_inches(7, 4.8)
    panel = axes[0, 0]
    follow_cases(
        panel,
        tables(cases, representation),
        "mean of the five largest\ncounts of predicted classes (images)",
    )
    panel.axhline(balanced, color="0.6", linestyle="--", linewidth=1, zorder=0)
    panel.set_ylim(bottom=0)
    name_lines(panel)
    return figure


def summed(cases: Cases, runs: list[Run]) -> Figure:
    """The regularizer of R22's public code beside that of its text.

    Not in the paper: its text has means over the samples of a class, its code sums.
    """
    shown = {f"means, {label}": cases[label] for label in cases if label != NONE}
    for run in runs:
        start = run.settings.window[0] if run.settings.window else 0
        shown.setdefault(f"sums, from epoch {start}", []).append(run)
    shown = {NONE: cases[NONE], **shown}
    text = f"SI of means and of sums, {_MAIN}"
    return _selectivity_and_accuracy(shown, text, {5})


def _selectivity_and_accuracy(cases: Cases, text: str, switches: set[int]) -> Figure:
    """A panel of SI for each regularized case, and two of accuracy."""
    runs = [run for ones in cases.values() for run in ones]
    length = common_epochs(runs)
    regularized = {label: ones for label, ones in cases.items() if label != NONE}
    count = len(regularized) + 2
    rows = 1 if count <= 4 else 2
    figure, axes = opened(
        runs,
        text,
        f"{NETWORKS} SI: {BLOCKS} {_ONE} {_SWITCH}",
        rows,
        -(-count // rows),
    )
    places = list(axes.flat)
    for panel, (label, ones) in zip(places, regularized.items(), strict=False):
        follow_modules(panel, ones, length)
        panel.set_title(label, fontsize=10)
        window = ones[0].settings.window
        switched(panel, *(epoch for epoch in window if 0 < epoch <= length))
    name_lines(places[0])
    for panel, value, name in zip(
        places[-2:], (training_accuracy, accuracy), (TRAINING, ACCURACY), strict=True
    ):
        follow_cases(panel, tables(cases, value), name)
        switched(panel, *switches)
    name_lines(places[-1], loc="lower right")
    for panel in places[len(regularized) : -2]:
        panel.set_visible(False)
    return figure
