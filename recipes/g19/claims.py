"""What G19 claims, beside what was found.

Most claims are about the units of a network: a number of it, such as a mean over the
units of a layer, is a replicate. The paper has one network; of that very network, whose
weights `recipes.g19.pretrained` reads, numbers are exact, and of others they have
intervals.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_selectivity.inference import spearman
from recipes.claims.effects import PLAIN, RATIO, Effect, Scale, average
from recipes.claims.rules import INTERVAL, rho, shown, weighed
from recipes.claims.table import Claim, Row, stated
from recipes.claims.verdicts import (
    HELD,
    REFUTED,
    UNDECIDED,
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    judge,
    not_tested,
    within,
)
from recipes.g19 import design, fits, judgements
from recipes.g19.generated import LEVEL, as_printed, cases, scores
from recipes.g19.measured import Measured
from recipes.g19.measures import HIDDEN, LAYERS, extreme, same_class, share_above
from recipes.quantities import Write, number, percent

NETWORK = "alexnet"
#: A number of a network.
Look = Callable[[Measured], float]
#: "Few" and "most", of units or of images: the paper's are below a tenth, and above
#: four fifths.
FEW, MOST = 0.25, 0.5
#: A measure rises from layer to layer, but for neighbors of the five that are alike:
#: the paper's means of fc6 and fc7 differ by less than two networks do. The three
#: hidden layers in the other order leave a rank correlation of 0.6, two pairs of
#: neighbors one of 0.8.
MONOTONE = 0.7
#: "Much higher": more than half of what CCMAS is in the paper.
MUCH = 0.5
#: "Nearly as high": the paper's CCMAS_2 is 0.017 to 0.026 below CCMAS.
NEARLY = 0.05
#: Top-class selectivity of prob over that of fc8: a quarter of the paper's 16 times.
SOFTER = 4.0
#: The smallest share of images or of units that would matter.
SOME = 0.01
#: Difference of AIC for each response: a likelihood that is half a per cent better.
BETTER = 0.01
NOBODY = "nobody was asked"


class Asked(NamedTuple):
    """A number of a network, and where a claim says that it lies."""

    label: str
    look: Look
    says: Says
    write: Write = percent


def claims(
    found: Sequence[Measured], folder: Path, *, miniature: bool = False
) -> list[Claim]:
    """Every headline claim of the paper, in its order.

    Args:
        found: Networks that were measured.
        folder: Of what people who were asked have said, if any were.
        miniature: Whether the networks are small, of another data set.
    """
    return [
        *_of_networks(found, UNITS, miniature),
        *people_claims(found, folder),
        *_of_networks(found, DISTRIBUTIONS, miniature),
        *generated_claims(),
    ]


def _of_networks(
    found: Sequence[Measured], rows: Iterable[Row], miniature: bool
) -> Iterator[Claim]:
    for row in rows if found else ():
        outcome = row.judged((found, *row.arguments), miniature=miniature)
        yield from stated(NETWORK, [(row.rows, row.claim, outcome)])


def effect(found: Sequence[Measured], look: Look, scale: Scale = PLAIN) -> Effect:
    """The mean of a number over networks; of the paper's own network that number."""
    values = [look(one) for one in found]
    if [one.network.published for one in found] == [True]:
        return Effect(scale.to(values[0]), 0.0, math.inf, 1, scale)
    return average(values, scale)


def over(
    found: Sequence[Measured],
    looks: Mapping[str, Look],
    says: Says,
    write: Write = percent,
    *,
    scale: Scale = PLAIN,
    once: bool = False,
    what: str,
) -> Outcome | None:
    """Numbers of networks are where a claim says, all of them, or `once`, one."""
    return weighed(
        {label: effect(found, look, scale) for label, look in looks.items()},
        says,
        write,
        once=once,
        found=_means(found, looks, write),
        what=f"{what}, mean over networks",
        where="in one layer at least" if once else "in all",
    )


def each(found: Sequence[Measured], *asked: Asked) -> Outcome:
    """Numbers of networks are where a claim says, each of them elsewhere."""
    effects = [effect(found, one.look) for one in asked]
    parts = [Part(e, one.says) for e, one in zip(effects, asked, strict=True)]
    return judge(
        Every(parts),
        ", ".join(
            f"{one.label} {shown(e, one.write)}"
            for e, one in zip(effects, asked, strict=True)
        ),
        f"means over networks, {INTERVAL}; held: "
        + ", ".join(f"{one.label} {one.says.words(one.write)}" for one in asked),
    )


def better(
    found: Sequence[Measured], responses: Callable[[Measured], np.ndarray], *names: str
) -> Outcome | None:
    """Responses of the example unit are fitted better by one distribution."""
    expected, other = names
    rule = f"AIC of the {other} fit less that of the {expected} fit, for each response"
    fitted = [one for one in found if fits.fit(responses(one))]
    if not fitted:
        text = f"fewer than {fits.FEWEST} responses other than 0"
        return Outcome(text, rule, None, UNDECIDED)

    def look(one: Measured) -> float:
        values = responses(one)
        both = fits.fit(values)
        gap = both[other].aic - both[expected].aic
        return gap / len(fits.nonzero(values))

    return weighed(
        {"": effect(fitted, look)},
        above(BETTER),
        found=f"of {len(fitted)} networks",
        what=f"{rule}, mean over networks",
    )


def mean(metric: str, layer: str) -> Look:
    """A measure, the mean over the units of a layer."""
    return lambda one: float(one.report.layer_means(metric)[layer])


def less(first: Look, second: Look) -> Look:
    """The difference of two numbers of a network."""
    return lambda one: first(one) - second(one)


def times(first: Look, second: Look) -> Look:
    """The ratio of two numbers of a network; NaN where the second is 0."""
    return lambda one: first(one) / second(one) if second(one) else math.nan


def rising(metric: str) -> Look:
    """Rank correlation of a measure with the depth of the layer; 0 if it is level."""

    def look(one: Measured) -> float:
        means = one.report.layer_means(metric)
        values = [float(means[layer]) for layer in LAYERS]
        found = spearman(range(len(LAYERS)), values).correlation
        return 0.0 if math.isnan(found) else float(found)

    return look


def beyond(metric: str, threshold: float, layer: str) -> Look:
    """Share of the units of a layer above a threshold."""
    return lambda one: share_above(one.report[layer][metric], threshold)


def localist(layer: str) -> Look:
    """How many units of a layer are localist."""
    return lambda one: float(one.report[layer]["localist"].sum())


def imprecise(layer: str) -> Look:
    """Precision of the unit of highest CCMAS, over that of its layer."""

    def look(one: Measured) -> float:
        precision = one.report[layer]["precision"]
        unit = extreme(one.report, layer, ["ccmas"])
        return float(precision[unit] / precision.mean())

    return look


def detector(metric: str) -> Look:
    """A measure of fc6's most precise unit."""
    return lambda one: float(one.report["fc6"][metric][one.examples.units["fc6"]])


def silent(one: Measured) -> float:
    """Share of all images that give 0 in that unit."""
    return float(np.mean(one.examples.of("fc6") == 0))


def silent_of_its_class(one: Measured) -> float:
    """Share of the images of its class that do."""
    return float(np.mean(one.examples.own("fc6") == 0))


def same(layer: str) -> Look:
    """Share of the units of a layer whose top class is that of their CCMAS."""
    return lambda one: same_class(one.report, layer)


def _means(found: Sequence[Measured], looks: Mapping[str, Look], write: Write) -> str:
    """What each number is, on average."""
    return ", ".join(
        f"{label} {write(float(np.mean([look(one) for one in found])))}"
        for label, look in looks.items()
    )


def people_claims(found: Sequence[Measured], folder: Path) -> Iterator[Claim]:
    """The claims of table 2, from `judgements.csv` and `panels.csv` if there."""
    judged = judgements.surveyed(folder)
    for where, claim, column, wanted in PEOPLE:
        outcome = _told(judged, column, wanted) if judged else not_tested(NOBODY)
        yield from stated(NETWORK, [(where, claim, outcome)])
    text = "units that people find interpretable have top-class selectivity under 10%"
    selective: Outcome | None = not_tested(NOBODY)
    if judged:
        panels = judgements.interpretable(folder)
        selective = interpretable_units(found[0], panels) if found else None
    yield from stated(NETWORK, [("main finding 3", text, selective)])


def _told(
    judged: Mapping[str, judgements.LayerScores],
    column: str,
    wanted: Mapping[str, Says],
) -> Outcome:
    """A column of table 2, by the errors that it has."""
    effects = {
        layer: _score(judged[layer], column) if layer in judged else average([])
        for layer in wanted
    }
    return judge(
        Every([Part(effects[layer], says) for layer, says in wanted.items()]),
        ", ".join(
            f"{layer} " + ("nothing" if math.isnan(one.value) else shown(one, percent))
            for layer, one in effects.items()
        ),
        f"shares, {INTERVAL}; held: "
        + ", ".join(f"{layer} {says.words(percent)}" for layer, says in wanted.items()),
    )


def _score(scores: judgements.LayerScores, column: str) -> Effect:
    """A share that is no surer than one answer or unit more would leave it."""
    score: judgements.Score = getattr(scores, column)
    named = round(scores.units * scores.interpretable.value)
    counts = {"yes": scores.judgements, "interpretable": scores.units}
    count = counts.get(column, named)
    error = max(score.error, 1 / count) if count else math.nan
    return Effect(score.value, error, math.inf, count)


def interpretable_units(
    one: Measured, panels: Sequence[design.Panel]
) -> Outcome | None:
    """Top-class selectivity of the units that people find interpretable."""
    values = [one.report[layer]["top_class"][unit] for layer, unit in panels]
    if not values:
        return Outcome("none", "units with 80% yes or more", None, UNDECIDED)
    return weighed(
        {"": average(values)},
        at_most(0.1),
        percent,
        found=f"{len(values)} units",
        what="mean over units with 80% yes or more",
    )


def generated_claims() -> Iterator[Claim]:
    """Whether the measures of the generated units are those that are printed."""
    for case in cases():
        found, printed = scores(case.responses), case.printed
        note = f"; the others at {LEVEL:g}, which is not printed"
        outcome = Outcome(
            f"CCMAS {found.ccmas:.4f}, precision {found.precision:.2%}, "
            f"top-class {found.top_class:.1%}",
            "held: all three are as printed when rounded"
            + (note if case.row == "A4c" else ""),
            None,
            HELD if as_printed(case) else REFUTED,
        )
        text = (
            f"{case.title}: CCMAS {printed['ccmas']:g}, precision "
            f"{printed['precision']:.0%}, top-class {printed['top_class']:.0%}"
        )
        yield from stated("generated", [(f"F{case.row}", text, outcome)])


#: What the measures say of all units, and of examples.
UNITS: tuple[Row, ...] = (
    *(
        Row(figure, f"{name} rises from layer to layer").by(
            over,
            {"": rising(metric)},
            at_least(MONOTONE),
            rho,
            what="Spearman of depth and the means of the five layers",
        )
        for figure, name, metric in (
            ("F2a", "top-class selectivity", "top_class"),
            ("F2b", "precision", "precision"),
            ("F2c", "CCMAS", "ccmas"),
        )
    ),
    Row("F2", "there are no localist units, in prob neither").by(
        over,
        {layer: localist(layer) for layer in LAYERS},
        at_most(0),
        number,
        what="localist units",
    ),
    Row("F2a, TA2", "mean top-class selectivity is below 0.25% in conv5, fc6 and fc7")
    .by(
        over,
        {layer: mean("top_class", layer) for layer in HIDDEN},
        at_most(0.0025),
        "{:.2%}".format,
        what="top-class selectivity",
    )
    .not_in_miniature("one image is a quarter of a per cent of a class already"),
    Row(
        "F2, TA2",
        "in hidden layers mean precision is over ten times top-class selectivity",
    ).by(
        over,
        {
            layer: times(mean("precision", layer), mean("top_class", layer))
            for layer in HIDDEN
        },
        at_least(10),
        "{:.1f}-fold".format,
        scale=RATIO,
        what="ratio of the means",
    ),
    Row(
        "F2c, TA2", "CCMAS is much higher than top-class selectivity in fc6 and fc7"
    ).by(
        over,
        {
            layer: less(mean("ccmas", layer), mean("top_class", layer))
            for layer in ("fc6", "fc7")
        },
        at_least(MUCH),
        number,
        what="difference of the means",
    ),
    Row("TA2", "mean CCMAS is 0.84 in fc6, 0.85 in fc7")
    .by(
        over,
        {layer: mean("ccmas", layer) for layer in ("fc6", "fc7")},
        within(0.8, 0.9),
        number,
        what="CCMAS",
    )
    .not_in_miniature("that is a number of 1,000 classes of photographs"),
    Row(
        "T1",
        "in fc6 and fc7 nearly all units have CCMAS over 0.7 (99.7% and 99.9%), nearly "
        "none top-class selectivity over 5% (0 and 0.1%)",
    ).by(
        each,
        *(
            Asked(f"{name} in {layer}", beyond(metric, threshold, layer), says)
            for layer in ("fc6", "fc7")
            for name, metric, threshold, says in (
                ("CCMAS over 0.7", "ccmas", 0.7, at_least(0.95)),
                ("top-class over 5%", "top_class", 0.05, at_most(0.05)),
            )
        ),
    ),
    Row(
        "TA1",
        "the unit of highest CCMAS can have a low precision (1% in fc6, whose mean is "
        "12.1%)",
    ).by(
        over,
        {layer: imprecise(layer) for layer in HIDDEN},
        at_most(0.5),
        "{:.2f}-fold".format,
        once=True,
        what="precision of that unit over the mean of its layer",
    ),
    Row(
        "F3a, b",
        "fc6's most precise unit is a detector by precision (95%), yet gives 0 for "
        "images of its class (5.8%), and its top-class selectivity is 3.5%",
    ).by(
        each,
        # From 75% on a unit is called an object detector.
        Asked("precision", detector("precision"), at_least(0.75)),
        Asked("images of its class at 0", silent_of_its_class, above(SOME)),
        Asked("top-class selectivity", detector("top_class"), at_most(0.1)),
    ),
    Row(
        "F4a, b",
        "top-class selectivity is high in prob (82% on average), and low before the "
        "softmax (5%)",
    ).by(
        each,
        Asked("prob", mean("top_class", "prob"), at_least(MOST)),
        Asked(
            "prob over fc8",
            times(mean("top_class", "prob"), mean("top_class", "fc8")),
            at_least(SOFTER),
            "{:.1f}-fold".format,
        ),
    ),
    Row("3.2", "CCMAS exceeds 1 in fc8, which has no rectifier").by(
        over,
        {"units of fc8": beyond("ccmas", 1, "fc8")},
        above(SOME),
        what="share above 1",
    ),
    Row("F5a-c", "CCMAS_2 is nearly as high as CCMAS in conv5, fc6 and fc7").by(
        over,
        {
            layer: less(mean("ccmas", layer), mean("ccmas_second", layer))
            for layer in HIDDEN
        },
        at_most(NEARLY),
        "{:.3f}".format,
        what="CCMAS less CCMAS_2",
    ),
    Row(
        "3.2",
        "few hidden units have one top class and CCMAS class (conv5 0%, fc6 9.8%), "
        "most of fc8 do (83.5%)",
    ).by(
        each,
        Asked("conv5", same("conv5"), at_most(FEW)),
        Asked("fc6", same("fc6"), at_most(FEW)),
        Asked("fc8", same("fc8"), at_least(MOST)),
    ),
)
#: How the responses of fc6's most precise unit are distributed.
DISTRIBUTIONS: tuple[Row, ...] = (
    Row(
        "FA2",
        "most images give 0 in fc6's most precise unit (82.8%), few of its class do "
        "(5.8%)",
    ).by(
        each,
        Asked("of all", silent, at_least(MOST)),
        Asked("of its class", silent_of_its_class, at_most(FEW)),
    ),
    Row("FA3", "its responses other than 0 are exponential rather than normal").by(
        better, lambda one: one.examples.of("fc6"), "exponential", "normal"
    ),
    Row("FA3", "those to its best class are normal rather than exponential").by(
        better, lambda one: one.examples.own("fc6"), "normal", "exponential"
    ),
)
#: Columns of table 2: where, what the paper says, and where each layer's share lies.
PEOPLE: tuple[tuple[str, str, str, Mapping[str, Says]], ...] = (
    (
        "T2",
        "people say yes to few images of conv5 and fc6 (21.7%, 21.0%), to most of fc8 "
        "(71.2%)",
        "yes",
        {"conv5": at_most(0.3), "fc6": at_most(0.3), "fc8": at_least(MOST)},
    ),
    (
        "T2, F6, FA5-A7",
        "people find images of under 5% of conv5's and fc6's units interpretable, and "
        "of over 50% of fc8's",
        "interpretable",
        {"conv5": at_most(0.05), "fc6": at_most(0.05), "fc8": at_least(0.5)},
    ),
    (
        "T2",
        "people agree on what they see in interpretable units (89.5%, 80.4%, 96.5%)",
        "agreement",
        dict.fromkeys(design.LAYERS, at_least(0.7)),
    ),
    (
        "T2",
        "what people name is the top class in fc8 (95.4%), seldom in conv5 (34.1%) and "
        "fc6 (23.3%)",
        "top_class",
        {"conv5": at_most(0.5), "fc6": at_most(0.5), "fc8": at_least(0.9)},
    ),
    (
        "T2",
        "it is the class of CCMAS in fc8 (94.6%), seldom in conv5 (0%) and fc6 (18.9%)",
        "ccmas_class",
        {"conv5": at_most(FEW), "fc6": at_most(FEW), "fc8": at_least(0.9)},
    ),
)
