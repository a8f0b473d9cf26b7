"""Selectivity and other measures of class information, by layer and network."""

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from keras_selectivity.plots._layers import measure_label
from recipes.figures import Drawing, panels
from recipes.lm21.figures.frames import INTERVALS, name_shades, shades
from recipes.lm21.figures.pieces import layers_and_mean
from recipes.lm21.figures.values import SIGNS, Runs, networks, of_sign, titled
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
        for metric, name in MEASURES.items():
            if signs:
                yield f"{network}_{name}", partial(measured, signs, metric)


def measured(signs: list[Runs], metric: str) -> Figure:
    """A measure by layer, and of the network against alpha, a row a sign.

    Repeats figures A1, A5, A11, A13 and A34a for selectivity, A17 for precision and
    A18 for mutual information, which has both signs in one panel there.
    """
    title = titled(signs[0], measure_label(metric))
    figure, axes = panels(title, INTERVALS, len(signs), 2)
    colors = shades({alpha for runs in signs for alpha in runs})
    for row, runs in zip(axes, signs, strict=True):
        layers_and_mean(row, runs, metric, colors)
    name_shades(figure, colors)
    return figure
