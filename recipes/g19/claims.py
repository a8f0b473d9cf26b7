"""What G19 claims, beside what was found.

Most claims are about the units of one network. A claim about a network holds where it
holds in all that were trained, does not where it holds in none, and is undecided where
they differ; the paper has one network. No test is needed for counts of all units.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from recipes.claims.table import Claim, stated
from recipes.claims.verdicts import Outcome
from recipes.g19 import design, fits, judgements
from recipes.g19.generated import LEVEL, as_printed, cases, scores
from recipes.g19.measured import Measured
from recipes.g19.measures import HIDDEN, LAYERS, extreme, same_class, share_above
from recipes.g19.tables import NAMES
from recipes.quantities import number, percent

NETWORK = "alexnet"
#: Of a network: what was found, and whether the claim holds there.
Finding = tuple[str, bool | None]
#: Where in the paper, what it says, the rule in words, and the rule.
Statement = tuple[str, str, str, Callable[[Measured], Finding]]
IN_ALL = "in every network: yes; in none: no"


def claims(found: Sequence[Measured], folder: Path) -> list[Claim]:
    """Every headline claim of the paper, in its order.

    Args:
        found: Networks that were measured.
        folder: Of what people who were asked have said, if any were.
    """
    return [
        *_of_networks(found, UNITS),
        *people_claims(folder),
        *_of_networks(found, DISTRIBUTIONS),
        *generated_claims(),
    ]


def _of_networks(
    found: Sequence[Measured], rows: Iterable[Statement]
) -> Iterator[Claim]:
    if found:
        yield from stated(
            NETWORK,
            (
                (where, claim, over(found, rule, look))
                for where, claim, rule, look in rows
            ),
        )


def over(
    found: Sequence[Measured], rule: str, look: Callable[[Measured], Finding]
) -> Outcome:
    """Whether a claim holds in all networks."""
    findings = [look(one) for one in found]
    verdicts = {held for _, held in findings}
    held = verdicts.pop() if len(verdicts) == 1 else None
    texts = list(dict.fromkeys(text for text, _ in findings))
    counted = sum(held is True for _, held in findings)
    count = f" (holds in {counted} of {len(found)})" if len(found) > 1 else ""
    return Outcome("; ".join(texts) + count, f"held: {rule}, {IN_ALL}", None, held)


def rising(one: Measured) -> Finding:
    """Whether three measures rise from conv5 to prob."""
    texts, holds = [], []
    for metric, name in NAMES.items():
        means = list(one.report.layer_means(metric).values())
        holds.append(all(a <= b for a, b in itertools.pairwise(means)))
        texts.append(f"{name} {', '.join(number(mean) for mean in means)}")
    return " / ".join(texts), all(holds)


def no_localist(one: Measured) -> Finding:
    """Whether no unit is localist."""
    counts = {layer: int(one.report[layer]["localist"].sum()) for layer in LAYERS}
    text = ", ".join(f"{layer} {count}" for layer, count in counts.items())
    return f"localist units: {text}", not any(counts.values())


def low_top_class(one: Measured) -> Finding:
    """Whether mean top-class selectivity is below 0.25% in hidden layers."""
    means = [one.report.layer_means("top_class")[layer] for layer in HIDDEN]
    weight = one.report.class_weight
    image = 1 / weight[weight > 0].mean()
    text = f"{_percents(means)}; one image is {percent(image)} of a class"
    if image > 0.0025:
        return text, None
    return text, all(mean < 0.0025 for mean in means)


def ten_times(one: Measured) -> Finding:
    """Whether mean precision is over ten times mean top-class selectivity."""
    pairs = _pairs(one, "precision", "top_class")
    text = ", ".join(f"{percent(a)} and {percent(b)}" for a, b in pairs)
    return f"precision and top-class: {text}", all(a > 10 * b for a, b in pairs)


def high_ccmas(one: Measured) -> Finding:
    """Whether mean CCMAS is far above mean top-class selectivity in fc6 and fc7."""
    pairs = _pairs(one, "ccmas", "top_class")[1:]
    text = ", ".join(f"{a:.2f} and {b:.2f}" for a, b in pairs)
    return f"CCMAS and top-class: {text}", all(a >= b + 0.5 for a, b in pairs)


def thresholds(one: Measured) -> Finding:
    """Whether nearly all units are over 0.7 in CCMAS, nearly none over 5% in TCS."""
    shares = [
        (
            share_above(one.report[layer]["ccmas"], 0.7),
            share_above(one.report[layer]["top_class"], 0.05),
        )
        for layer in ("fc6", "fc7")
    ]
    text = ", ".join(f"{percent(a)} and {percent(b)}" for a, b in shares)
    return f"fc6, fc7: {text}", all(a > 0.95 and b < 0.05 for a, b in shares)


def imprecise(one: Measured) -> Finding:
    """Whether a unit of highest CCMAS is far less precise than others."""
    pairs = []
    for layer in HIDDEN:
        unit = extreme(one.report, layer, ["ccmas"])
        precision = one.report[layer]["precision"]
        pairs.append((float(precision[unit]), float(precision.mean())))
    text = ", ".join(f"{percent(a)} (layer {percent(b)})" for a, b in pairs)
    return f"precision {text}", any(a < b / 2 for a, b in pairs)


def no_detector(one: Measured) -> Finding:
    """Whether fc6's most precise unit is silent for some of its class."""
    unit = one.examples.units["fc6"]
    values = one.report["fc6"]
    zero = float(np.mean(one.examples.own("fc6") == 0))
    precision, top = (float(values[m][unit]) for m in ("precision", "top_class"))
    text = f"{percent(precision)}, {percent(zero)} of the class at 0, {percent(top)}"
    return text, precision > 0.75 and zero > 0 and top < 0.5


def softmax(one: Measured) -> Finding:
    """Whether top-class selectivity of prob is far above that of fc8."""
    means = one.report.layer_means("top_class")
    text = f"fc8 {percent(means['fc8'])}, prob {percent(means['prob'])}"
    return text, means["prob"] >= 2 * means["fc8"]


def beyond_one(one: Measured) -> Finding:
    """Whether CCMAS exceeds 1 in fc8."""
    share = share_above(one.report["fc8"]["ccmas"], 1)
    return f"{percent(share)} of fc8's units", share > 0


def second_is_near(one: Measured) -> Finding:
    """Whether CCMAS_2 is nearly CCMAS in hidden layers."""
    gaps = [a - b for a, b in _pairs(one, "ccmas", "ccmas_second")]
    text = ", ".join(f"{gap:.2f}" for gap in gaps)
    return f"CCMAS - CCMAS_2: {text}", all(gap < 0.05 for gap in gaps)


def same(one: Measured) -> Finding:
    """Whether top class and CCMAS class are one in few hidden units."""
    shares = [same_class(one.report, layer) for layer in ("conv5", "fc6", "fc8")]
    conv5, fc6, fc8 = shares
    return _percents(shares), max(conv5, fc6) < 0.5 < fc8


def silent(one: Measured) -> Finding:
    """Whether most responses of the example unit are 0, and few of its class."""
    every, own = (
        float(np.mean(values == 0))
        for values in (one.examples.of("fc6"), one.examples.own("fc6"))
    )
    return f"{percent(every)} and {percent(own)}", own < every > 0.5


def exponential(one: Measured) -> Finding:
    """Whether all responses of the example unit are fitted better exponentially."""
    return _better(one.examples.of("fc6"), "exponential", "normal")


def normal(one: Measured) -> Finding:
    """Whether those to its best class are fitted better by a normal distribution."""
    return _better(one.examples.own("fc6"), "normal", "exponential")


def _better(responses: np.ndarray, expected: str, other: str) -> Finding:
    found = fits.fit(responses)
    if not found:
        return f"fewer than {fits.FEWEST} responses other than 0", None
    texts = [
        f"{name}: AIC {found[name].aic:.0f}, KS {found[name].distance:.2f}"
        for name in (expected, other)
    ]
    return ", ".join(texts), found[expected].aic < found[other].aic


def people_claims(folder: Path) -> Iterator[Claim]:
    """The claims of table 2, from `judgements.csv` and `panels.csv` if there."""
    found = judgements.surveyed(folder)
    seen, matched = "nobody was asked", "nobody was asked"
    held: list[bool | None] = [None, None]
    if found:
        shares = {layer: row.interpretable.value for layer, row in found.items()}
        seen = ", ".join(f"{layer} {percent(one)}" for layer, one in shares.items())
        if set(shares) == set(design.LAYERS):
            hidden = max(shares["conv5"], shares["fc6"])
            held[0] = hidden < 0.05 and shares["fc8"] > 0.5
            tops = {layer: row.top_class.value for layer, row in found.items()}
            matched = ", ".join(f"{n} {percent(one)}" for n, one in tops.items())
            if not np.isnan(list(tops.values())).any():
                held[1] = tops["fc8"] > 0.9 and max(tops["conv5"], tops["fc6"]) < 0.5
    rules = (
        "units with at least 80% yes; undecided without judgements",
        "held: over 90% of the names in fc8, under 50% in the others; undecided "
        "without judgements",
    )
    yield from stated(
        NETWORK,
        [
            (
                "T2, F6, FA5-A7",
                "people find images of under 5% of conv5's and fc6's units "
                "interpretable, and of over 50% of fc8's",
                Outcome(seen, rules[0], None, held[0]),
            ),
            (
                "T2",
                "what people name is the top class in fc8 (95.4%), seldom in conv5 and "
                "fc6",
                Outcome(matched, rules[1], None, held[1]),
            ),
        ],
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
            as_printed(case),
        )
        text = (
            f"{case.title}: CCMAS {printed['ccmas']:g}, precision "
            f"{printed['precision']:.0%}, top-class {printed['top_class']:.0%}"
        )
        yield from stated("generated", [(f"F{case.row}", text, outcome)])


def _pairs(one: Measured, first: str, second: str) -> list[tuple[float, float]]:
    """Means of two measures in every hidden layer."""
    means = [one.report.layer_means(metric) for metric in (first, second)]
    return [(means[0][layer], means[1][layer]) for layer in HIDDEN]


def _percents(shares: Sequence[float]) -> str:
    return ", ".join(percent(share) for share in shares)


#: What the measures say of all units, and of examples.
UNITS: tuple[Statement, ...] = (
    (
        "F2a-c",
        "top-class selectivity, precision and CCMAS all rise from layer to layer",
        "no layer's mean is below that of the layer before",
        rising,
    ),
    (
        "F2",
        "there are no localist units, in prob neither",
        "not one unit of the five layers",
        no_localist,
    ),
    (
        "F2a, TA2",
        "mean top-class selectivity is below 0.25% in conv5, fc6 and fc7",
        "below in all three; undecided where one image of a class is more than that "
        "already",
        low_top_class,
    ),
    (
        "F2, TA2",
        "in hidden layers mean precision is over ten times top-class selectivity",
        "in all three",
        ten_times,
    ),
    (
        "F2c, TA2",
        "CCMAS is much higher than top-class selectivity: mean 0.84 in fc6, 0.85 in "
        "fc7",
        "mean CCMAS at least 0.5 above it, in both",
        high_ccmas,
    ),
    (
        "T1",
        "in fc6 and fc7 nearly all units have CCMAS over 0.7, nearly none top-class "
        "selectivity over 5%",
        "over 95% of the units, and under 5%, in both",
        thresholds,
    ),
    (
        "TA1",
        "the unit of highest CCMAS can have a low precision (1% in fc6, whose mean is "
        "12.1%)",
        "below half the mean of its layer, in conv5, fc6 or fc7",
        imprecise,
    ),
    (
        "F3a, b",
        "fc6's most precise unit is a detector by precision (95%), yet gives 0 for "
        "images of its class (5.8%), and its top-class selectivity is 3.5%",
        "precision over 75%, some image of the class at 0, and top-class selectivity "
        "under 50%",
        no_detector,
    ),
    (
        "F4a, b",
        "top-class selectivity is high in prob (82% on average), and low before the "
        "softmax (5%)",
        "in prob at least twice that of fc8",
        softmax,
    ),
    (
        "3.2",
        "CCMAS exceeds 1 in fc8, which has no rectifier",
        "for a unit at least",
        beyond_one,
    ),
    (
        "F5a-c",
        "CCMAS_2 is nearly as high as CCMAS in conv5, fc6 and fc7",
        "mean difference below 0.05 in all three",
        second_is_near,
    ),
    (
        "3.2",
        "few hidden units have one top class and CCMAS class (conv5 0%, fc6 9.8%), "
        "most of fc8 do (83.5%)",
        "under half in conv5 and fc6, over half in fc8",
        same,
    ),
)
#: How the responses of fc6's most precise unit are distributed.
DISTRIBUTIONS: tuple[Statement, ...] = (
    (
        "FA2",
        "most images give 0 in fc6's most precise unit (82.8%), few of its class do "
        "(5.8%)",
        "more than half of all, and a smaller share of it",
        silent,
    ),
    (
        "FA3",
        "its responses other than 0 are exponential rather than normal",
        "lower AIC than the normal fit",
        exponential,
    ),
    (
        "FA3",
        "those to its best class are normal rather than exponential",
        "lower AIC than the exponential fit",
        normal,
    ),
)
