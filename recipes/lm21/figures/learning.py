"""What happens during training: preferred classes, and how long it takes."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from keras_selectivity.plots.draw import alpha_axis
from recipes.figures import Drawing, available
from recipes.lm21.figures.sheet import INTERVALS, SHARES, Sheet, boxes
from recipes.lm21.figures.values import Runs, Value, networks, of_sign, sampled
from recipes.lm21.measures import changed_share, changes, t95
from recipes.runner.results import Results

CHANGED = Value(
    lambda run: changed_share(run.preferred_classes),
    "proportion of units that changed",
)
CHANGES = Value(
    lambda run: changes(run.preferred_classes), "mean number of changes of a unit"
)
T95 = Value(lambda run: t95(run.history["test_accuracy"]), "t95 (epochs)")


def figures(results: Results) -> Iterator[Drawing]:
    """Changes of preferred class, and t95, of runs measured after every epoch."""
    for network, runs in networks(results):
        followed = {
            alpha: kept
            for alpha, ones in runs.items()
            if (kept := [run for run in ones if run.settings.measure_every_epoch])
        }
        yield from available(
            (f"{network}_preferred_classes", preferred_classes, of_sign(followed, 1)),
            (f"{network}_t95", time_to_learn, followed),
        )


def preferred_classes(runs: Runs) -> Figure:
    """How many units change their preferred class, and how often.

    Repeats figures A28a, A28b, A29a and A29b.
    """
    text = "changes of preferred class during training"
    sheet = Sheet(runs, text, INTERVALS, 1, 2)
    sheet.curve(sheet.axes[0], CHANGED, ylim=SHARES)
    sheet.curve(sheet.axes[1], CHANGES)
    return sheet.figure


def time_to_learn(runs: Runs) -> Figure:
    """Epochs to 95% of a run's best test accuracy, against alpha.

    Repeats what the text of appendix A.2 gives, as median and interquartile range.
    """
    caption = "Boxes: median and quartiles over replicates."
    sheet = Sheet(runs, "time to learn", caption, 1, 1)
    (axes,) = sheet.axes
    places = alpha_axis(axes, runs)
    boxes(axes, [*sampled(runs, T95).values()], [*places.values()], width=0.5)
    axes.set(ylabel=T95.label)
    return sheet.figure
