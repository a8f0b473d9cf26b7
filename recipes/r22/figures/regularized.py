"""What regularizing for or against selectivity at some epochs does."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from keras_selectivity.plots.colors import GRAY, sequence
from recipes.figures import Drawing, available, head, legend_outside
from recipes.r22.experiments import STRONG
from recipes.r22.figures.pieces import (
    BLOCKS,
    NETWORKS,
    PLAIN,
    TEST,
    TRAINING,
    cases_panel,
    every,
    modules_panel,
    page,
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
#: Images of each class in the test sets, ImageNet's and the miniature's.
_PER_CLASS = 50
#: Below curves that rise.
_BELOW = {"loc": "lower right"}


def figures(results: Results) -> Iterator[Drawing]:
    """Of networks with a regularizer, beside those without."""
    cases, found = main_cases(results), strengths(results)
    plain, from_0 = cases.get(NONE), cases.get(FROM_0)
    main = cases if len(cases) == 3 else None
    four = promoted(results, "for_small_four")
    one = promoted(results, "for_small_one")
    small = {"first four epochs": four, "first epoch": one} if four and one else None
    others = present(results, {"for (+20), first four epochs": "representation"})
    more = cases | others if len(cases | others) > 1 else None
    yield from available(
        ("against_selectivity", against_selectivity, main),
        ("against_accuracy", against_accuracy, main),
        ("kept_on", kept_on, main),
        ("starts", start_epochs, plain, "starts" in results and starts(results)),
        ("strengths_accuracy", strengths_accuracy, found),
        ("strengths_selectivity", strengths_selectivity, found),
        ("for_large", for_large, plain, promoted(results, "for_large")),
        ("for_small", for_small, plain, small),
        ("recovery", recovery, plain, from_0, results.get("recovery")),
        ("representation", class_representation, plain and more),
        ("summed", summed, plain and from_0 and cases, results.get("summed")),
    )


def against_selectivity(cases: Cases) -> Figure:
    """SI of the modules: without a regularizer, from epoch 0, and from epoch 5.

    Repeats figure 6a.
    """
    length = common_epochs(every(cases))
    row = [
        modules_panel(runs, length, label, *_switches(label), named=label == NONE)
        for label, runs in cases.items()
    ]
    text, caption = f"selectivity, {_MAIN}", f"{BLOCKS} {_SWITCH}"
    return page(every(cases), text, caption, [row])


def _switches(label: str) -> tuple[int, ...]:
    return (5,) if label == FROM_5 else ()


def against_accuracy(cases: Cases) -> Figure:
    """Training and test accuracy of the three: figure 6b."""
    row = [cases_panel(cases, TRAINING, 5), cases_panel(cases, TEST, 5, named=_BELOW)]
    text, caption = f"accuracy, {_MAIN}", f"{NETWORKS} {_SWITCH}"
    return page(every(cases), text, caption, [row])


def kept_on(cases: Cases) -> Figure:
    """Test accuracy with the regularizer kept on to the end: figure 15a."""
    whole = cases_panel(cases, TEST, 5, named=_BELOW)
    row = [whole, cases_panel(cases, TEST, 5, zoomed=True)]
    return page(every(cases), f"kept on, {_MAIN}", f"{NETWORKS} {_SWITCH}", [row])


def start_epochs(plain: list[Run], found: dict[int, list[Run]]) -> Figure:
    """Accuracy for several first epochs with the regularizer: figure 7."""
    cases = {NONE: plain} | {f"from epoch {e}": runs for e, runs in found.items()}
    colors = [PLAIN, *sequence(len(found))]
    row = [cases_panel(cases, one, colors=colors) for one in (TRAINING, TEST)]
    text = f"accuracy by starting epoch, {_MAIN}"
    figure = page(every(cases), text, f"{NETWORKS} {_ONE}", [row], (10.6, 4.2))
    legend_outside(figure, figure.axes[0].lines)
    return figure


def strengths_accuracy(found: dict[float, Cases]) -> Figure:
    """Test accuracy for several strengths, from epoch 0 and from epoch 5: figure 11."""
    runs = [run for cases in found.values() for run in every(cases)]
    length = common_epochs(runs)
    row = [
        cases_panel(cases, TEST, 5, epochs=length, named=None if index else _BELOW)
        for index, cases in enumerate(found.values())
    ]
    caption = f"{NETWORKS} {_ONE} {_SWITCH}"
    figure = page(runs, "accuracy by strength, modules 4 to 6", caption, [row])
    for axes, alpha in zip(figure.axes, found, strict=True):
        head(axes, f"alpha {alpha:g}")
    return figure


def strengths_selectivity(found: dict[float, Cases]) -> Figure:
    """SI of the modules for several strengths, from epoch 0 and from epoch 5.

    Repeats figure 12.
    """
    runs = [run for cases in found.values() for run in every(cases)]
    length, first = common_epochs(runs), (next(iter(found)), FROM_0)
    rows = [
        [
            modules_panel(
                cases[label],
                length,
                f"alpha {alpha:g}, {label}",
                *_switches(label),
                named=(alpha, label) == first,
            )
            for alpha, cases in found.items()
        ]
        for label in (FROM_0, FROM_5)
    ]
    text = "selectivity by strength, modules 4 to 6 regularized"
    return page(runs, text, f"{BLOCKS} {_SWITCH}", rows)


def for_large(plain: list[Run], found: dict[float, list[Run]]) -> Figure:
    """Regularizing for selectivity at large strengths, the first four epochs.

    Repeats figure 13.
    """
    cases = {NONE: plain} | {f"alpha {a:+g}": runs for a, runs in found.items()}
    text = "for selectivity, modules 4 to 6, first four epochs"
    return _selectivity_and_accuracy(cases, text, {4})


def for_small(plain: list[Run], found: dict[str, dict[float, list[Run]]]) -> Figure:
    """Regularizing all modules for selectivity at smaller strengths: figure 14."""
    cases = {NONE: plain} | {
        f"alpha {alpha:+g}, {when}": runs
        for when, by_alpha in found.items()
        for alpha, runs in by_alpha.items()
    }
    return _selectivity_and_accuracy(cases, "for selectivity, all modules", {1, 4})


def recovery(plain: list[Run], on: list[Run], off: list[Run]) -> Figure:
    """Test accuracy and selectivity when the regularizer is switched off again.

    Repeats figure 15b.
    """
    four = "first four epochs"
    shown = {NONE: plain, "kept on from epoch 0": on, four: off}
    row = [
        cases_panel(shown, TEST, 4, named=_BELOW),
        cases_panel(shown, TEST, 4, zoomed=True),
        modules_panel(off, common_epochs(every(shown)), four, 4, named=True),
    ]
    caption = f"{NETWORKS} {BLOCKS} {_ONE} {_SWITCH}"
    return page(every(shown), f"recovery, {_MAIN}", caption, [row])


def class_representation(cases: Cases) -> Figure:
    """Mean of the five largest counts of predicted classes against the epoch.

    Repeats figure 16.
    """
    runs = every(cases)
    caption = (
        f"{NETWORKS} Dashed: {_PER_CLASS} images, as many as there are of each class. "
        f"Epoch 0: before training. {_MAIN.capitalize()}."
    )
    counts = "mean of the five largest\ncounts of predicted classes (images)"
    panel = cases_panel(cases, (representation, counts), named={})
    figure = page(runs, "class representation", caption, [[panel]], (7, 4.8))
    (axes,) = figure.axes
    axes.axhline(_PER_CLASS, color=GRAY, linestyle="--", linewidth=1, zorder=0)
    axes.set_ylim(bottom=0)
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
    length = common_epochs(every(cases))
    regularized = [label for label in cases if label != NONE]
    count = len(regularized) + 2
    rows = 1 if count <= 4 else 2
    columns = -(-count // rows)
    panels = [
        modules_panel(
            cases[label],
            length,
            label,
            *(e for e in cases[label][0].settings.window if 0 < e <= length),
            named=label == regularized[0],
        )
        for label in regularized
    ]
    accuracies = [
        cases_panel(cases, TRAINING, *switches),
        cases_panel(cases, TEST, *switches, named=_BELOW),
    ]
    places = [*panels, *[None] * (rows * columns - count), *accuracies]
    grid = [places[row * columns :][:columns] for row in range(rows)]
    return page(every(cases), text, f"{NETWORKS} SI: {BLOCKS} {_ONE} {_SWITCH}", grid)
