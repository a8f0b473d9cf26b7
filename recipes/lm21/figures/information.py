"""Selectivity and other measures of class information, by layer and network."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from keras_selectivity.plots.draw import measure_label
from recipes.figures import Drawing, available
from recipes.lm21.figures.sheet import INTERVALS, Sheet
from recipes.lm21.figures.values import SIGNS, Runs, networks, of_sign
from recipes.runner.results import Results

#: Measure of the reports, and what the file is called.
MEASURES = {
    "si": "selectivity",
    "precision": "precision",
    "mutual_information": "mutual_information",
}


def figures(results: Results) -> Iterator[Drawing]:
    """Selectivity, precision and mutual information."""
    for network, runs in networks(results):
        signs = [some for sign in SIGNS.values() if (some := of_sign(runs, sign))]
        yield from available(
            *((f"{network}_{name}", measured, signs, m) for m, name in MEASURES.items())
        )


def measured(signs: list[Runs], metric: str) -> Figure:
    """A measure by layer, and of the network against alpha, a row a sign.

    Repeats figures A1, A5, A11, A13 and A34a for selectivity, A17 for precision and
    A18 for mutual information, which has both signs in one panel there.
    """
    every = {alpha: ones for runs in signs for alpha, ones in runs.items()}
    sheet = Sheet(every, measure_label(metric), INTERVALS, len(signs), 2)
    for row, runs in enumerate(signs):
        sheet.layers_and_mean(sheet.axes[2 * row :], metric, runs)
    return sheet.named()
