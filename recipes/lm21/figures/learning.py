"""What happens during training: preferred classes, and how long it takes."""

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from recipes.figures import Drawing, panels
from recipes.lm21.figures.frames import INTERVALS, alpha_axis, even, shades
from recipes.lm21.figures.pieces import boxes, curve
from recipes.lm21.figures.values import Runs, networks, of_sign, sampled, titled
from recipes.lm21.measures import changed_share, changes, t95
from recipes.runner.results import Results
from recipes.runner.runs import Run


def figures(results: Results) -> Iterator[Drawing]:
    """Changes of preferred class, and t95, of runs measured after every epoch."""
    for network, runs in networks(results):
        followed = {
            alpha: kept
            for alpha, ones in runs.items()
            if (kept := [run for run in ones if run.settings.measure_every_epoch])
        }
        if some := of_sign(followed, 1):
            yield f"{network}_preferred_classes", partial(preferred_classes, some)
        if followed:
            yield f"{network}_t95", partial(time_to_learn, followed)


def preferred_classes(runs: Runs) -> Figure:
    """How many units change their preferred class, and how often.

    Repeats figures A28a, A28b, A29a and A29b.
    """
    title = titled(runs, "changes of preferred class during training")
    figure, axes = panels(title, INTERVALS, 1, 2)
    share, number = axes[0]
    colors = shades(runs)
    curve(
        share,
        runs,
        lambda run: changed_share(run.preferred_classes),
        "proportion of units that changed",
        colors,
    )
    share.set_ylim(-0.03, 1.03)
    curve(
        number,
        runs,
        lambda run: changes(run.preferred_classes),
        "mean number of changes of a unit",
        colors,
    )
    return figure


def time_to_learn(runs: Runs) -> Figure:
    """Epochs to 95% of a run's best test accuracy, against alpha.

    Repeats what the text of appendix A.2 gives, as median and interquartile range.
    """
    caption = "Boxes: median and quartiles over replicates."
    figure, axes = panels(titled(runs, "time to learn"), caption, 1, 1)
    places = even(runs)
    boxes(
        axes[0, 0],
        [*sampled(runs, epochs_to_learn).values()],
        [*places.values()],
        width=0.5,
    )
    alpha_axis(axes[0, 0], places, "t95 (epochs)")
    return figure


def epochs_to_learn(run: Run) -> float:
    """The t95 of a run."""
    return t95(run.history["test_accuracy"])
