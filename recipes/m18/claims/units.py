"""Section 3.4 and appendices A.3 to A.5: selectivity and importance of units."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from keras_selectivity.perturbation import ImportanceCorrelations
from keras_selectivity.perturbation import importance_correlations as correlations
from keras_selectivity.perturbation.correlation import (
    ImportanceCorrelation,
    correlation,
)
from recipes.claims.table import Claim
from recipes.claims.verdicts import LEVEL, Outcome, extreme, stated
from recipes.claims.wording import percent
from recipes.m18.analyses import SINGLE, Units, true_labels, units
from recipes.m18.claims.rules import early_is_greater, ranks
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: A correlation below it in size is slight.
SLIGHT = 0.3
#: Up to here a correlation is not of more important selective units.
NO_MORE = 0.1
#: Share of the selective units that are "many".
MANY = 1 / 3
#: Rows of importance against SI, of lines by layer, and of the same against mutual
#: information.
ROWS = {
    "mlp": ("F7a", "F7a", "A4a", "A4a"),
    "convnet": ("F7b", "F7c", "A4b", "A4c"),
    "resnet50": ("F7d", "F7e", "A4d", "A4e"),
}


def claims(results: Results) -> Iterator[Claim]:
    """Claims about single units of networks with true labels.

    Reference:
        M18 figures 7 and A2 to A4.
    """
    for network, (cloud, lines, cloud_mi, lines_mi) in ROWS.items():
        runs = true_labels(results, SINGLE[network])
        found = [one for run in runs if (one := units(run)) is not None]
        si, mi = related(found, "si"), related(found, "mutual_information")
        convnet = network == "convnet"
        yield from stated(
            SINGLE[network],
            (
                cloud,
                "SI and importance correlate slightly, rho = 0.095",
                slight(si) if network == "mlp" else None,
            ),
            (
                cloud,
                "SI and importance correlate negatively, rho = -0.428",
                signed(si, -1) if convnet else None,
            ),
            (cloud, "selective units are no more important", no_more(si)),
            (cloud, "many highly selective units have little impact", idle(si)),
            (
                lines,
                "the negative correlation is that of the early layers, later ones have "
                "none",
                early_alone(si) if network != "mlp" else None,
            ),
            (
                lines,
                "units of early layers are more important than those of later ones",
                early_is_greater(
                    [one.importance for one in si], ("early layers", "later layers")
                ),
            ),
            (cloud_mi, "mutual information is a poor predictor", slight(mi)),
            (
                lines_mi,
                "mutual information and importance are related in the first and last "
                "layers more than between",
                at_the_ends(mi) if convnet else None,
            ),
            (
                lines_mi,
                "mutual information is a poor predictor within layers",
                weak_within(mi) if network == "resnet50" else None,
            ),
            (
                {"mlp": "", "convnet": "A2a", "resnet50": "A2b"}[network],
                "SI rises with depth",
                rising(runs) if network != "mlp" else None,
            ),
            (
                {"mlp": "", "convnet": "A3a", "resnet50": "A3b"}[network],
                "SI and the L1 norm of the filter correlate negatively"
                if convnet
                else "SI and the L1 norm of the filter do not correlate",
                norms(found, convnet) if network != "mlp" else None,
            ),
        )


def related(found: Sequence[Units], metric: str) -> list[ImportanceCorrelations]:
    """Importance, as change of the test loss, against a measure, in each network."""
    return [correlations(one.report, one.single, metric) for one in found]


def with_norm(one: Units) -> ImportanceCorrelation:
    """SI against the L1 norm of the filters, over the units of a network."""
    si = [one.report[layer]["si"] for layer in one.l1_norm]
    return correlation(np.concatenate(si), np.concatenate([*one.l1_norm.values()]))


def slight(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """The correlation is small.

    Returns:
        Outcome; None without a network in which both vary.
    """
    return _overall(
        [one.overall for one in found],
        f"the mean is below {SLIGHT} in size",
        lambda rhos, _: bool(abs(np.mean(rhos)) < SLIGHT),
    )


def signed(found: Sequence[ImportanceCorrelations], sign: int) -> Outcome | None:
    """The correlation has a sign in every network.

    Returns:
        Outcome; None without a network in which both vary.
    """
    return _signed([one.overall for one in found], sign)


def no_more(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """The correlation is not clearly positive.

    Returns:
        Outcome; None without a network in which both vary.
    """
    return _overall(
        [one.overall for one in found],
        f"the mean is {NO_MORE} or less",
        lambda rhos, _: bool(np.mean(rhos) <= NO_MORE),
    )


def norms(found: Sequence[Units], negative: bool) -> Outcome | None:
    """SI and the L1 norm of filters correlate negatively, or not at all.

    Returns:
        Outcome; None without a network in which both vary.
    """
    each = [with_norm(one) for one in found]
    if negative:
        return _signed(each, -1)
    return _overall(
        each,
        f"the mean is below {NO_MORE} in size",
        lambda rhos, _: bool(abs(np.mean(rhos)) < NO_MORE),
    )


def _signed(each: Sequence[ImportanceCorrelation], sign: int) -> Outcome | None:
    return _overall(
        each,
        f"{'positive' if sign > 0 else 'negative'}, p < {LEVEL}, in each",
        lambda rhos, p: bool(np.all(sign * rhos > 0) and np.all(p < LEVEL)),
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
    text = ", ".join(f"{rho:.3f}" for rho in rhos)
    return Outcome(
        f"rho {text}",
        f"Spearman over the units of each network (largest p); held: {rule}",
        extreme(pvalues.tolist(), max),
        holds(rhos, pvalues),
    )


def idle(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Of the most selective units many are less important than half of all.

    Returns:
        Outcome; None without a network.
    """
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


def by_layer(found: Sequence[ImportanceCorrelations]) -> np.ndarray:
    """Rank correlations of layers, mean over networks.

    Returns:
        `(layers,)`; NaN for a layer that has none in any network.
    """
    table = [[layer.spearman for layer in one.layers.values()] for one in found]
    kept = np.ma.masked_invalid(np.array(table, float).reshape(len(found), -1))
    return np.ma.filled(kept.mean(axis=0).astype(float), np.nan)


def early_alone(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Early layers have a negative correlation, later ones hardly any.

    Returns:
        Outcome; None without a network of two layers.
    """
    rhos = by_layer(found) if found else np.empty(0)
    if len(rhos) < 2:
        return None
    middle = len(rhos) // 2
    early, late = (float(np.nanmean(part)) for part in (rhos[:middle], rhos[middle:]))
    return Outcome(
        f"mean rho {early:.2f} in the first {middle} layers, {late:.2f} in the other "
        f"{len(rhos) - middle}",
        "Spearman over the units of each layer, mean over layers and networks; held: "
        f"early below -{NO_MORE}, and further from 0 than late",
        None,
        early < -NO_MORE and abs(late) < abs(early),
    )


def at_the_ends(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """The first and last two layers have larger correlations than those between.

    Returns:
        Outcome; None without a network of five layers.
    """
    rhos = abs(by_layer(found)) if found else np.empty(0)
    if len(rhos) < 5:
        return None
    ends = float(np.nanmean([*rhos[:2], *rhos[-2:]]))
    between = float(np.nanmean(rhos[2:-2]))
    return Outcome(
        f"mean size of rho {ends:.2f} at the ends, {between:.2f} between",
        "Spearman over the units of each layer, mean over networks, its size, mean "
        "over layers; held: greater in the first two and last two layers",
        None,
        ends > between,
    )


def weak_within(found: Sequence[ImportanceCorrelations]) -> Outcome | None:
    """Correlations within layers are small on average.

    Returns:
        Outcome; None without a network.
    """
    if not found:
        return None
    size = float(np.nanmean(abs(by_layer(found))))
    return Outcome(
        f"mean size of rho {size:.2f}",
        "Spearman over the units of each layer, mean over networks, its size, mean "
        f"over layers; held: below {SLIGHT}",
        None,
        size < SLIGHT,
    )


def rising(runs: Sequence[Run]) -> Outcome | None:
    """Mean SI rises from layer to layer.

    Returns:
        Outcome; None with fewer than three layers.
    """
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
