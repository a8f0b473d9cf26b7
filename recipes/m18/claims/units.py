"""Section 3.4 and appendices A.3 to A.5: selectivity and importance of units.

The units of a network depend on each other: each network gives a number.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_selectivity.inference import spearman
from keras_selectivity.perturbation import ImportanceCorrelations
from keras_selectivity.perturbation import importance_correlations as correlations
from keras_selectivity.perturbation.correlation import (
    ImportanceCorrelation,
    correlation,
)
from recipes.claims.effects import average
from recipes.claims.rules import INTERVAL, SLIGHT, rho, shown
from recipes.claims.samples import Found
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import (
    Every,
    Outcome,
    Part,
    Says,
    above,
    at_least,
    at_most,
    below,
    judge,
    within,
)
from recipes.m18.analyses import SINGLE, Units, true_labels, units
from recipes.m18.claims.groups import averaged, finite
from recipes.m18.claims.margins import around
from recipes.quantities import percent
from recipes.runner.results import Results

#: "Slightly", of a correlation of 0.095: up to 0.2 from it.
SLIGHTLY = within(0.095 - SLIGHT, 0.095 + SLIGHT)
#: A measure that predicts so little is a poor predictor: a tenth of the variance.
POOR = 0.3
#: Units of little impact have less than the median; half of the selective ones would
#: by chance. "Many" are those, less a tenth of the selective units.
CHANCE, MANY = 0.5, 0.4
#: Shares that are told apart.
SHARE = 0.05
#: Of squared rank correlations: 0.14 against none, or 0.3 against 0.26.
SQUARED = 0.02


def claims(results: Results) -> Iterator[Claim]:
    """Claims about single units of networks with true labels.

    Reference:
        M18 figures 7 and A2 to A4.
    """
    for network, rows in ROWS.items():
        yield from claimed(results, SINGLE[network], rows)


def silenced(results: Results, sweep: str) -> list[Units]:
    """The units of a sweep's networks, where they were silenced one by one."""
    each = (units(run) for run in true_labels(results, sweep))
    return [one for one in each if one is not None]


def related(found: Sequence[Units], metric: str) -> list[ImportanceCorrelations]:
    """Importance, as change of the test loss, against a measure, in each network."""
    return [correlations(one.report, one.single, metric) for one in found]


def with_norm(one: Units) -> ImportanceCorrelation:
    """SI against the L1 norm of the filters, over the units of a network."""
    si = [one.report[layer]["si"] for layer in one.l1_norm]
    return correlation(np.concatenate(si), np.concatenate([*one.l1_norm.values()]))


def against_importance(
    results: Results, sweep: str, metric: str
) -> list[ImportanceCorrelations]:
    """Importance against a measure, in each network of a sweep."""
    return related(silenced(results, sweep), metric)


def overall(results: Results, sweep: str, metric: str) -> list[float]:
    """Its rank correlation over all units, in each network."""
    found = against_importance(results, sweep, metric)
    return [one.overall.spearman for one in found]


def norms(results: Results, sweep: str) -> list[float]:
    """Rank correlation of SI and the norms of filters, in each network."""
    return [with_norm(one).spearman for one in silenced(results, sweep)]


def impactless(found: Sequence[ImportanceCorrelations], says: Says) -> Outcome | None:
    """Of the most selective units many are less important than half of all."""
    what = (
        "of the quarter of units with the highest SI the share whose importance is "
        "below the median of all, mean over networks"
    )
    return averaged([_impactless(one) for one in found], says, percent, what)


def _impactless(one: ImportanceCorrelations) -> float:
    si, importance = _pooled(one.selectivity), _pooled(one.importance)
    selective = si >= np.nanquantile(si, 0.75)
    return float(np.mean(importance[selective] < np.median(importance)))


def _pooled(layers: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([*layers.values()])


def early_is_greater(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Units of the first half of a network's layers are more important."""
    halves = [_halves([*one.importance.values()]) for one in found]
    shares = [
        _exceeds(np.concatenate(early), np.concatenate(late))
        for early, late in halves
        if early
    ]
    what = (
        "of pairs of an early and a later unit the share in which the early one is "
        "more important, mean over networks"
    )
    return averaged(shares, above(SHARE, CHANCE), percent, what)


def _exceeds(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the pairs in which the first is greater; ties count half."""
    from scipy import stats

    count = stats.mannwhitneyu(first, second, method="asymptotic").statistic
    return float(count / (len(first) * len(second)))


def layer_rhos(one: ImportanceCorrelations) -> np.ndarray:
    """Rank correlations of a network's layers; NaN where there is none."""
    return np.array([layer.spearman for layer in one.layers.values()], float)


def squared(one: ImportanceCorrelations) -> np.ndarray:
    """Squares of a network's rank correlations, less what chance gives on average.

    Those of few units are larger by chance: by 1 / (units - 1).
    """
    units = np.array([layer.units for layer in one.layers.values()], float)
    return layer_rhos(one) ** 2 - 1 / (units - 1)


def early_alone(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Early layers have a negative correlation, later ones hardly any."""
    halves = [_halves(layer_rhos(one)) for one in found]
    kept = [pair for pair in halves if len(pair[0])]
    if not kept:
        return None
    early, late = (
        average(finite([_mean(pair[place]) for pair in kept])) for place in (0, 1)
    )
    lower, none = below(SLIGHT), within(-SLIGHT, SLIGHT)
    return judge(
        Every([Part(early, lower), Part(late, none)]),
        f"{shown(early, rho)} in the first {len(kept[0][0])} layers, "
        f"{shown(late, rho)} in the other {len(kept[0][1])}",
        "Spearman over the units of each layer, mean over layers and networks, "
        f"{INTERVAL}; held: early {lower.words(rho)}, late {none.words(rho)}",
    )


def at_the_ends(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """The first and last two layers have larger correlations than those between."""
    each = [squared(one) for one in found]
    gaps = [
        _mean(np.concatenate([one[:2], one[-2:]])) - _mean(one[2:-2])
        for one in each
        if len(one) > 4
    ]
    what = f"{_SQUARED}, first and last two layers less those between"
    return averaged(gaps, above(SQUARED), "{:.3f}".format, what)


def weak_within(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Correlations within layers are small on average."""
    sizes = [_mean(squared(one)) for one in found]
    return averaged(sizes, at_most(POOR**2), "{:.3f}".format, _SQUARED)


_SQUARED = (
    "squared Spearman over the units of each layer, less chance's, mean over layers "
    "and networks"
)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def _halves(layers: Any) -> tuple[Any, Any]:
    """The first layers, and the later ones."""
    return layers[: len(layers) // 2], layers[len(layers) // 2 :]


def with_depth(results: Results, sweep: str) -> list[float]:
    """Rank correlation of depth and mean SI, over the layers of each network."""
    tables = [
        list(run.report.layer_means("si").values())
        for run in true_labels(results, sweep)
    ]
    return [
        spearman(range(len(table)), table).correlation
        for table in tables
        if len(table) > 2
    ]


SI, MI = (
    Found(against_importance, (metric,)) for metric in ("si", "mutual_information")
)
#: Correlations over all units of a network, of SI and the norms of filters, and of
#: depth and SI.
CLOUD_SI, CLOUD_MI = (Found(overall, one.arguments) for one in (SI, MI))
NORMS, DEPTH = Found(norms), Found(with_depth)


def _clouds(rows: str, many: Says) -> list[Row]:
    """Of all units of a network."""
    return [
        Row(rows, "selective units are no more important").by(
            averaged, CLOUD_SI, at_most(SLIGHT)
        ),
        Row(rows, "many highly selective units have little impact").by(
            impactless, SI, many
        ),
    ]


def _lines(rows: str) -> list[Row]:
    """Of the units of each layer."""
    return [
        Row(
            rows,
            "the negative correlation is that of the early layers, later ones have "
            "none",
        ).by(early_alone, SI),
        _early(rows),
    ]


def _early(rows: str) -> Row:
    text = "units of early layers are more important than those of later ones"
    return Row(rows, text).by(early_is_greater, SI)


def _information(rows: str) -> Row:
    text = "mutual information is a poor predictor"
    return Row(rows, text).by(averaged, CLOUD_MI, within(-POOR, POOR))


def _depth(rows: str) -> Row:
    what = "Spearman of depth and mean SI over layers, mean over networks"
    return Row(rows, "SI rises with depth").by(
        averaged, DEPTH, above(SLIGHT), what=what
    )


ROWS = {
    "mlp": [
        Row("F7a", "SI and importance correlate slightly, rho = 0.095").by(
            averaged, CLOUD_SI, SLIGHTLY
        ),
        *_clouds("F7a", at_least(MANY)),
        _early("F7a"),
        _information("A4a"),
    ],
    "convnet": [
        Row("F7b", "SI and importance correlate negatively").by(
            averaged, CLOUD_SI, below(SLIGHT)
        ),
        Row("F7b", "their correlation is -0.428").by(
            averaged, CLOUD_SI, around(-0.428)
        ),
        *_clouds("F7b", above(SHARE, CHANCE)),
        *_lines("F7c"),
        _information("A4b"),
        Row(
            "A4c",
            "mutual information and importance are related in the first and last "
            "layers more than between",
        ).by(at_the_ends, MI),
        _depth("A2a"),
        Row("A3a", "SI and the L1 norm of the filter correlate negatively").by(
            averaged, NORMS, below(SLIGHT)
        ),
    ],
    "resnet50": [
        *_clouds("F7d", at_least(MANY)),
        *_lines("F7e"),
        _information("A4d"),
        Row("A4e", "mutual information is a poor predictor within layers").by(
            weak_within, MI
        ),
        _depth("A2b"),
        Row("A3b", "SI and the L1 norm of the filter do not correlate").by(
            averaged, NORMS, within(-SLIGHT, SLIGHT)
        ),
    ],
}
