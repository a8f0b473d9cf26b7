"""Section 3.4 and appendices A.3 to A.5: selectivity and importance of units."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_selectivity.inference import rank_sum_test
from keras_selectivity.perturbation import ImportanceCorrelations
from keras_selectivity.perturbation import importance_correlations as correlations
from keras_selectivity.perturbation.correlation import (
    ImportanceCorrelation,
    correlation,
)
from recipes.claims.rules import compared, judged, ranks
from recipes.claims.samples import Found
from recipes.claims.table import Claim, Row, claimed
from recipes.claims.verdicts import FEW, LEVEL, Outcome, largest
from recipes.m18.analyses import SINGLE, Units, true_labels, units
from recipes.quantities import number, percent
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: A correlation below it in size is slight.
SLIGHT = 0.3
#: Up to here a correlation is not of more important selective units.
NO_MORE = 0.1
#: Share of the selective units that are "many".
MANY = 1 / 3
SIZES = (
    "Spearman over the units of each layer, mean over networks, its size, mean over "
    "layers"
)


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


def overall(results: Results, sweep: str, metric: str) -> list[ImportanceCorrelation]:
    """The same over all units of a network."""
    return [one.overall for one in against_importance(results, sweep, metric)]


def norms(results: Results, sweep: str) -> list[ImportanceCorrelation]:
    """SI against the norms of filters, in each network of a sweep."""
    return [with_norm(one) for one in silenced(results, sweep)]


def small(each: Sequence[ImportanceCorrelation], limit: float) -> Outcome | None:
    """The correlation over all units is small."""
    rule = f"the mean is below {limit} in size"
    return _overall(each, rule, lambda rhos, _: bool(abs(np.mean(rhos)) < limit))


def at_most(each: Sequence[ImportanceCorrelation], limit: float) -> Outcome | None:
    """The correlation over all units is not clearly positive."""
    rule = f"the mean is {limit} or less"
    return _overall(each, rule, lambda rhos, _: bool(np.mean(rhos) <= limit))


def all_negative(each: Sequence[ImportanceCorrelation]) -> Outcome | None:
    """The correlation over all units is negative in every network."""
    return _overall(
        each,
        f"negative, p < {LEVEL}, in each",
        lambda rhos, p: bool(np.all(rhos < 0) and np.all(p < LEVEL)),
    )


def _overall(
    each: Sequence[ImportanceCorrelation],
    rule: str,
    holds: Callable[[np.ndarray, np.ndarray], bool],
) -> Outcome | None:
    known = [one for one in each if np.isfinite(one.spearman)]
    if not known:
        return None
    rhos = np.array([one.spearman for one in known])
    pvalues = np.array([one.spearman_p for one in known])
    return Outcome(
        f"rho {', '.join(f'{rho:.3f}' for rho in rhos)}",
        f"Spearman over the units of each network (largest p); held: {rule}",
        largest(pvalues.tolist()),
        holds(rhos, pvalues),
    )


def idle(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Of the most selective units many are less important than half of all."""
    shares = []
    for one in found:
        si = np.concatenate([*one.selectivity.values()])
        importance = np.concatenate([*one.importance.values()])
        selective = si >= np.nanquantile(si, 0.75)
        shares.append(np.mean(importance[selective] < np.median(importance)))
    if not shares:
        return None
    return Outcome(
        f"{percent(float(np.mean(shares)))}, mean of {len(shares)} networks",
        "share of the quarter of units with the highest SI whose importance is below "
        f"the median of all; held: {percent(MANY)} or more",
        None,
        bool(np.mean(shares) >= MANY),
    )


def early_is_greater(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Units of the first half of a network's layers are more important."""
    halves = [_halves([*one.importance.values()]) for one in found]
    pairs = {
        place: (np.concatenate(early), np.concatenate(late))
        for place, (early, late) in enumerate(halves)
        if early
    }
    if not pairs:
        return None
    means = [[float(np.mean(one)) for one in pair] for pair in pairs.values()]
    first, second = map(number, np.mean(means, axis=0))
    # Of the many units of one network: nothing found is held against the claim.
    tests = compared(pairs, rank_sum_test)
    return judged(
        {place: one._replace(size=FEW) for place, one in tests.items()},
        1,
        f"{first} (early layers) against {second} (later layers), mean of {len(pairs)} "
        "networks",
        "rank-sum test over the units of each network, corrected (largest p); held: "
        f"the former greater, p < {LEVEL}, in each",
    )


def layer_rhos(found: Sequence[ImportanceCorrelations]) -> list[float]:
    """Rank correlations of layers, mean over networks; NaN where none has any."""
    table = [[layer.spearman for layer in one.layers.values()] for one in found]
    kept = np.ma.masked_invalid(np.array(table, float).reshape(len(found), -1))
    return np.ma.filled(kept.mean(axis=0).astype(float), np.nan).tolist()


def early_alone(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Early layers have a negative correlation, later ones hardly any."""
    parts = _halves(layer_rhos(found)) if found else ([], [])
    if not parts[0]:
        return None
    early, late = (float(np.nanmean(part)) for part in parts)
    return Outcome(
        f"mean rho {early:.2f} in the first {len(parts[0])} layers, {late:.2f} in the "
        f"other {len(parts[1])}",
        "Spearman over the units of each layer, mean over layers and networks; held: "
        f"early below -{NO_MORE}, and further from 0 than late",
        None,
        early < -NO_MORE and abs(late) < abs(early),
    )


def at_the_ends(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """The first and last two layers have larger correlations than those between."""
    sizes = np.abs(layer_rhos(found)) if found else np.empty(0)
    if len(sizes) < 5:
        return None
    ends = float(np.nanmean([*sizes[:2], *sizes[-2:]]))
    between = float(np.nanmean(sizes[2:-2]))
    return Outcome(
        f"mean size of rho {ends:.2f} at the ends, {between:.2f} between",
        f"{SIZES}; held: greater in the first two and last two layers",
        None,
        ends > between,
    )


def weak_within(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Correlations within layers are small on average."""
    if not found:
        return None
    size = float(np.nanmean(np.abs(layer_rhos(found))))
    return Outcome(
        f"mean size of rho {size:.2f}",
        f"{SIZES}; held: below {SLIGHT}",
        None,
        size < SLIGHT,
    )


def _halves(layers: list[Any]) -> tuple[list[Any], list[Any]]:
    """The first layers, and the later ones."""
    return layers[: len(layers) // 2], layers[len(layers) // 2 :]


def rises_with_depth(runs: Sequence[Run]) -> Outcome | None:
    """Mean SI rises from layer to layer."""
    table = [list(run.report.layer_means("si").values()) for run in runs]
    if not table or len(table[0]) < 3:
        return None
    means = np.mean(table, axis=0)
    found = ranks(range(len(means)), means.tolist())
    return Outcome(
        f"rho {found.correlation:.2f}; SI {means[0]:.2f} in the first layer, "
        f"{means[-1]:.2f} in the last",
        f"Spearman of depth and mean SI, over {len(means)} layers, mean of "
        f"{len(table)} networks; held: positive, p < {LEVEL}",
        found.pvalue,
        bool(found.correlation > 0 and found.pvalue < LEVEL),
    )


SI, MI = (
    Found(against_importance, (metric,)) for metric in ("si", "mutual_information")
)
#: The same over all units of a network, and SI against the norms of filters.
CLOUD_SI, CLOUD_MI = (Found(overall, one.arguments) for one in (SI, MI))
NORMS, RUNS = Found(norms), Found(true_labels)


def _clouds(rows: str) -> list[Row]:
    """Of all units of a network."""
    return [
        Row(rows, "selective units are no more important").by(
            at_most, CLOUD_SI, NO_MORE
        ),
        Row(rows, "many highly selective units have little impact").by(idle, SI),
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
    return Row(rows, text).by(small, CLOUD_MI, SLIGHT)


ROWS = {
    "mlp": [
        Row("F7a", "SI and importance correlate slightly, rho = 0.095").by(
            small, CLOUD_SI, SLIGHT
        ),
        *_clouds("F7a"),
        _early("F7a"),
        _information("A4a"),
    ],
    "convnet": [
        Row("F7b", "SI and importance correlate negatively, rho = -0.428").by(
            all_negative, CLOUD_SI
        ),
        *_clouds("F7b"),
        *_lines("F7c"),
        _information("A4b"),
        Row(
            "A4c",
            "mutual information and importance are related in the first and last "
            "layers more than between",
        ).by(at_the_ends, MI),
        Row("A2a", "SI rises with depth").by(rises_with_depth, RUNS),
        Row("A3a", "SI and the L1 norm of the filter correlate negatively").by(
            all_negative, NORMS
        ),
    ],
    "resnet50": [
        *_clouds("F7d"),
        *_lines("F7e"),
        _information("A4d"),
        Row("A4e", "mutual information is a poor predictor within layers").by(
            weak_within, MI
        ),
        Row("A2b", "SI rises with depth").by(rises_with_depth, RUNS),
        Row("A3b", "SI and the L1 norm of the filter do not correlate").by(
            small, NORMS, NO_MORE
        ),
    ],
}
