"""Sections 3.1 and 3.2: generalization, early stopping, choosing hyperparameters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from recipes.claims.rules import correlated, greater, ranks, within
from recipes.claims.table import Claim, Statements, stated
from recipes.claims.verdicts import FEW, LEVEL, Outcome, largest, together
from recipes.m18.analyses import FOLLOWED
from recipes.m18.analyses import training_task as training
from recipes.m18.measures import Picks, bimodality, picks
from recipes.m18.quantities import area, generalization_error
from recipes.quantities import percent
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Networks at either end of the ensemble.
ENDS = 5
#: How often AUC picks one of the best 1, 5 and 10 of 48 settings.
SHARES = (0.13, 0.83, 0.98)
#: What a share may fall short of the paper's.
SHORT = 0.1
#: Largest mean gap between the setting picked and the best.
GAP = 0.02
#: Two shares of a training, in logarithms of the epoch, that are the same point.
NEAR = 0.2
#: Test loss has turned if it ends so much above its lowest; the area if so much below
#: its highest.
TURNED, DROPPED = 1.05, 0.01


def claims(results: Results) -> Iterator[Claim]:
    """Claims about networks that generalize to different degrees.

    Reference:
        M18 figures 3 and 4, section 3.2.
    """
    yield from stated("ensemble", _ensemble(ranked(results)))
    for label, runs in followed(results).items():
        found = [one for run in runs if (one := training(run).found)]
        yield from stated(
            label,
            [
                (
                    "F4a",
                    "the area begins to drop where train and test loss part",
                    parting(found),
                ),
                (
                    "F4b",
                    "area and test loss are negatively correlated, rho = -0.728",
                    opposed(found),
                ),
            ],
        )
    yield from stated("hyperparameters", _hyperparameters(by_setting(results)))


def _ensemble(runs: Sequence[Run]) -> Statements:
    areas = [area(run) for run in runs]
    if len(runs) >= 2 * ENDS:
        yield (
            "F3a",
            f"the {ENDS} networks with the lowest generalization error are more robust "
            f"than the {ENDS} with the highest",
            greater(areas[:ENDS], areas[-ENDS:], ("best", "worst")),
        )
    yield (
        "F3b",
        "the area falls with the generalization error",
        correlated([generalization_error(run) for run in runs], areas, -1),
    )
    yield "F3b", "areas fall into two clusters", clustered(areas)


def _hyperparameters(settings: "BySetting") -> Statements:
    yield (
        "F4c",
        "area and test accuracy are highly correlated, rho = 0.914",
        correlated(*every(settings), 1, 0.7),
    )
    areas, accuracies = settings.columns
    if len(areas) > 1:
        picked = picks(areas, accuracies)
        yield (
            "3.2",
            "the area picks one of the best 1, 5 and 10 of 48 settings in 13%, 83% and "
            "98% of random halves",
            frequent(picked),
        )
        yield (
            "3.2",
            "the setting picked is 1 +- 1.1% less accurate than the best",
            near(picked),
        )


def followed(results: Results) -> dict[str, list[Run]]:
    """The networks that were followed through training, by sweep and corruption."""
    found: dict[str, list[Run]] = {}
    for sweep in FOLLOWED:
        for run in results.get(sweep, []):
            share = run.settings.corruption
            label = sweep + (f", {share:.0%} shuffled" if share else "")
            if training(run).found:
                found.setdefault(label, []).append(run)
    return found


def ranked(results: Results) -> list[Run]:
    """The ensemble, from the lowest generalization error."""
    runs = [r for r in results.get("ensemble", []) if np.isfinite(area(r))]
    return sorted(runs, key=generalization_error)


def clustered(areas: Sequence[float]) -> Outcome | None:
    """Areas have a distribution of two humps."""
    if len(areas) < 4:
        return None
    found = bimodality(areas)
    return Outcome(
        f"coefficient of bimodality {found:.2f} over {len(areas)} networks",
        "Sarle's coefficient; held: above 5/9 = 0.56; undecided with fewer than "
        f"{2 * FEW} networks",
        None,
        None if len(areas) < 2 * FEW else bool(found > 5 / 9),
    )


def parting(trainings: Sequence[Mapping[str, Sequence[float]]]) -> Outcome | None:
    """The area is greatest when the test loss is lowest."""
    if not trainings:
        return None
    verdicts: list[bool | None] = []
    words = []
    for found in trainings:
        loss, auc = np.asarray(found["test_loss"]), np.asarray(found["auc"])
        epochs = np.asarray(found["epoch"])
        lowest, highest = epochs[loss.argmin()], epochs[auc.argmax()]
        turned = loss[-1] >= TURNED * loss.min()
        dropped = auc[-1] <= auc.max() - DROPPED
        words.append(
            f"{lowest:g} and {highest:g}"
            + ("" if turned else ", test loss does not turn")
            + ("" if dropped else ", area does not drop")
        )
        apart = abs(np.log(lowest / highest)) / np.log(epochs[-1])
        # Without a turn there is no point where the losses part.
        verdicts.append(bool(dropped and apart <= NEAR) if turned else None)
    return Outcome(
        "epochs of lowest test loss and of greatest area: " + "; ".join(words),
        f"held: in each network both turn (test loss ends {TURNED:g} times its "
        f"lowest, the area {DROPPED:g} below its highest), and the logarithms of the "
        f"two epochs differ by at most {NEAR:g} of that of the last; undecided where "
        "test loss does not turn",
        None,
        together(verdicts),
    )


def opposed(trainings: Sequence[Mapping[str, Sequence[float]]]) -> Outcome | None:
    """The area falls as the test loss rises, through training."""
    found = [
        ranks(one["test_loss"], one["auc"]) for one in trainings if len(one["auc"]) >= 3
    ]
    if not found:
        return None
    rhos = [one.correlation for one in found]
    return Outcome(
        "rho " + ", ".join(f"{rho:.3f}" for rho in rhos),
        "Spearman over the epochs that were kept, of each network (largest p; the "
        f"epochs of one network are not independent); held: negative, p < {LEVEL}, in "
        "each",
        largest(one.pvalue for one in found),
        all(one.correlation < 0 and one.pvalue < LEVEL for one in found),
    )


class BySetting(NamedTuple):
    """A sweep over learning rate and batch size.

    Attributes:
        networks: For each setting `(area, test accuracy)` of every repeat.
    """

    networks: dict[tuple[float, int], list[tuple[float, float]]]

    @property
    def columns(self) -> tuple[list[float], list[float]]:
        """For each setting the mean area, and the mean accuracy."""
        means = [np.mean(pairs, axis=0) for pairs in self.networks.values()]
        return [float(m[0]) for m in means], [float(m[1]) for m in means]


def by_setting(results: Results) -> BySetting:
    """The networks of the sweep over learning rates and batch sizes."""
    found: dict[tuple[float, int], list[tuple[float, float]]] = {}
    for run in results.get("hyperparameters", []):
        pair = area(run), run.accuracy
        if np.isfinite(pair[0]):
            key = run.settings.learning_rate, run.settings.batch_size
            found.setdefault(key, []).append(pair)
    return BySetting(found)


def every(settings: BySetting) -> tuple[list[float], list[float]]:
    """Area and test accuracy of every network."""
    pairs = [pair for ones in settings.networks.values() for pair in ones]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def frequent(found: Picks) -> Outcome:
    """The area picks good settings as often as in the paper."""
    tops = ", ".join(map(str, found.tops))
    by_chance = ", ".join(percent(top / found.size) for top in found.tops)
    return Outcome(
        f"{', '.join(map(percent, found.shares))} among the best {tops} of "
        f"{found.size}; by chance {by_chance}",
        f"{len(found.gaps)} random halves, the best 1, 5 and 10 of 48 scaled and "
        f"rounded up; held: each share at most {percent(SHORT)} below the paper's",
        None,
        all(
            share >= expected - SHORT
            for share, expected in zip(found.shares, SHARES, strict=True)
        ),
    )


def near(found: Picks) -> Outcome | None:
    """The setting that the area picks is nearly as good as the best."""
    mean, deviation = float(found.gaps.mean()), float(found.gaps.std())
    return within(
        {f"+- {percent(deviation)} over {len(found.gaps)} random halves": mean},
        0,
        GAP,
        percent,
        "the mean gap",
    )
