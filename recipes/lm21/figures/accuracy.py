"""What regularizing selectivity does to accuracy."""

from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.figure import Figure

from keras_selectivity import inference
from recipes.figures import Drawing, panels
from recipes.lm21.figures.frames import (
    ACCURACY,
    INTERVALS,
    LEVELS,
    MARKS,
    SELECTIVITY,
    alpha_axis,
    even,
    mark,
    name_shades,
    shades,
)
from recipes.lm21.figures.pieces import (
    cloud,
    curve,
    curves,
    distributions,
    line,
    means,
    violins,
)
from recipes.lm21.figures.values import (
    NETWORKS,
    SIGNS,
    Runs,
    accuracy,
    against_zero,
    networks,
    of_sign,
    sampled,
    selectivity,
    titled,
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
        for word, sign in SIGNS.items():
            if some := of_sign(runs, sign):
                yield f"{network}_accuracy_{word}", partial(one_sign, some, sign)
        if of_sign(runs, -1) and of_sign(runs, 1):
            yield f"{network}_accuracy_signs", partial(both_signs, runs)
    pair = {
        NETWORKS[name]: results.by_alpha(name)
        for name in ("resnet20", "vgg16")
        if name in results
    }
    if len(pair) == 2:
        yield "resnet20_vgg16_overlaid", partial(overlaid, pair)


def one_sign(runs: Runs, sign: int) -> Figure:
    """Accuracy against alpha, and against selectivity.

    Repeats figures 1a-c, A2a-c, A12a-c and A34b for alpha <= 0, figures 3a-c, A6a-c,
    A14a-c and A34b for alpha >= 0.
    """
    text = f"{'penalizing' if sign < 0 else 'promoting'} selectivity"
    figure, axes = panels(titled(runs, text), f"{INTERVALS} {MARKS}", 1, 3)
    above, subset, against = axes[0]
    colors = shades(runs)
    # The family is that of all alphas, in whichever panel.
    tests = against_zero(runs, accuracy)
    curve(above, runs, accuracy, ACCURACY, colors, tests)
    distributions(subset, up_to(runs, SUBSET), accuracy, ACCURACY, colors, tests)
    shown = up_to(runs, SHOWN[sign])
    means(against, shown, selectivity, SELECTIVITY, colors, tests)
    name_shades(figure, colors)
    return figure


def both_signs(runs: Runs) -> Figure:
    """Accuracy against the magnitude of alpha, and every network.

    Repeats figures 4a, 4b, A15a, A15b, A32, A33a and A33b.
    """
    caption = (
        "Marks: difference between the signs, Wilcoxon rank-sum test, "
        f"{LEVELS} {INTERVALS} Right: every network."
    )
    title = titled(runs, "promoting against penalizing selectivity")
    figure, axes = panels(title, caption, 1, 3)
    above, subset, every = axes[0]
    groups = {
        label: {abs(alpha): ones for alpha, ones in of_sign(runs, sign).items()}
        for label, sign in (("alpha < 0", -1), ("alpha > 0", 1))
    }
    places = even({abs(alpha) for alpha in runs})
    some = even(up_to({abs(alpha): runs[alpha] for alpha in runs}, SUBSET))
    for shift, color, (label, ones) in zip(
        (-0.2, 0.2), ("C0", "C3"), groups.items(), strict=True
    ):
        line(above, places, ones, accuracy, color=color, label=label)
        shifted = {alpha: place + shift for alpha, place in some.items()}
        violins(subset, shifted, ones, accuracy, dict.fromkeys(ones, color), width=0.38)
    above.legend(frameon=False, fontsize=8)
    tests = between_signs(*groups.values())
    for panel, where in ((above, places), (subset, some)):
        alpha_axis(panel, where, ACCURACY, xlabel="|alpha|")
        mark(panel, where, tests)
    colors = shades(runs)
    cloud(every, runs, selectivity, SELECTIVITY, colors)
    name_shades(figure, colors)
    return figure


def between_signs(penalized: Runs, promoted: Runs) -> dict[float, inference.Comparison]:
    """Rank-sum tests of either sign against the other, one family."""
    below, above = sampled(penalized, accuracy), sampled(promoted, accuracy)
    pairs = {a: (below[a], above[a]) for a in below if a > 0 and a in above}
    return inference.family(pairs, inference.rank_sum_test)


def overlaid(pair: Mapping[str, Runs]) -> Figure:
    """Two networks in the same panels.

    Repeats figures A16a and A16b.
    """
    first = next(iter(pair.values()))
    title = titled(first, "side by side", network=" and ".join(pair))
    figure, axes = panels(title, INTERVALS, 1, 2)
    curves(axes[0, 0], pair, accuracy, ACCURACY)
    curves(axes[0, 1], pair, selectivity, SELECTIVITY)
    return figure
