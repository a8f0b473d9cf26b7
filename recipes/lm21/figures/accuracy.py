"""What regularizing selectivity does to accuracy."""

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from keras_selectivity import inference
from keras_selectivity.plots.colors import categories
from keras_selectivity.plots.draw import alpha_axis
from recipes.figures import NETWORKS, Drawing, available, legend
from recipes.lm21.figures.sheet import (
    INTERVALS,
    LEVELS,
    MARKS,
    Sheet,
    curves,
    line,
    mark,
    violins,
)
from recipes.lm21.figures.values import (
    ACCURACY,
    SELECTIVITY,
    SIGNS,
    Runs,
    networks,
    of_sign,
    sampled,
    up_to,
)
from recipes.runner.results import Results

#: Of the magnitudes, where the paper shows distributions.
SUBSET = 2.0
#: Where it shows accuracy against selectivity, by sign: beyond, networks collapse.
SHOWN = {-1: 5.0, 1: 10.0}


def figures(results: Results) -> Iterator[Drawing]:
    """Accuracy by sign, both signs side by side, and two networks."""
    for network, runs in networks(results):
        signs = {word: of_sign(runs, sign) for word, sign in SIGNS.items()}
        yield from available(
            *(
                (f"{network}_accuracy_{word}", one_sign, signs[word], sign)
                for word, sign in SIGNS.items()
            ),
            (f"{network}_accuracy_signs", both_signs, all(signs.values()) and runs),
        )
    pair = {n: results.by_alpha(n) for n in ("resnet20", "vgg16") if n in results}
    yield from available(("resnet20_vgg16_overlaid", overlaid, len(pair) == 2 and pair))


def one_sign(runs: Runs, sign: int) -> Figure:
    """Accuracy against alpha, and against selectivity.

    Repeats figures 1a-c, A2a-c, A12a-c and A34b for alpha <= 0, figures 3a-c, A6a-c,
    A14a-c and A34b for alpha >= 0.
    """
    text = f"{'penalizing' if sign < 0 else 'promoting'} selectivity"
    sheet = Sheet(runs, text, f"{INTERVALS} {MARKS}", 1, 3)
    above, subset, against = sheet.axes
    sheet.curve(above, ACCURACY, marked=True)
    sheet.distributions(subset, ACCURACY, up_to(runs, SUBSET))
    sheet.means(against, SELECTIVITY, up_to(runs, SHOWN[sign]))
    return sheet.named()


def both_signs(runs: Runs) -> Figure:
    """Accuracy against the magnitude of alpha, and every network.

    Repeats figures 4a, 4b, A15a, A15b, A32, A33a and A33b.
    """
    caption = (
        "Marks: difference between the signs, Wilcoxon rank-sum test, "
        f"{LEVELS} {INTERVALS} Right: every network."
    )
    sheet = Sheet(runs, "promoting against penalizing selectivity", caption, 1, 3)
    above, subset, every = sheet.axes
    groups = {
        label: {abs(alpha): ones for alpha, ones in of_sign(runs, sign).items()}
        for label, sign in (("alpha < 0", -1), ("alpha > 0", 1))
    }
    both = {abs(alpha): runs[alpha] for alpha in runs}
    places = alpha_axis(above, both, "|alpha|")
    some = alpha_axis(subset, up_to(both, SUBSET), "|alpha|")
    for shift, color, (label, ones) in zip(
        (-0.2, 0.2), categories(2), groups.items(), strict=True
    ):
        line(above, places, ones, ACCURACY, color=color, label=label)
        shifted = {alpha: place + shift for alpha, place in some.items()}
        violins(subset, shifted, ones, ACCURACY, dict.fromkeys(ones, color), 0.38)
    legend(above)
    tests = between_signs(*groups.values())
    for panel, where in ((above, places), (subset, some)):
        panel.set(ylabel=ACCURACY.label)
        mark(panel, where, tests)
    sheet.cloud(every, SELECTIVITY)
    return sheet.named()


def between_signs(penalized: Runs, promoted: Runs) -> dict[float, inference.Comparison]:
    """Rank-sum tests of either sign against the other, one family."""
    below, above = sampled(penalized, ACCURACY), sampled(promoted, ACCURACY)
    pairs = {a: (below[a], above[a]) for a in below if a > 0 and a in above}
    return inference.family(pairs, inference.rank_sum_test)


def overlaid(pair: Mapping[str, Runs]) -> Figure:
    """Two networks in the same panels: figures A16a and A16b."""
    named = {NETWORKS[network]: runs for network, runs in pair.items()}
    first = next(iter(pair.values()))
    sheet = Sheet(first, "side by side", INTERVALS, 1, 2, " and ".join(named))
    for axes, value in zip(sheet.axes, (ACCURACY, SELECTIVITY), strict=True):
        curves(axes, named, value)
    return sheet.figure
