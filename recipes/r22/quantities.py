"""What is followed of a run, epoch by epoch; and which runs are set side by side."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from recipes.claims.samples import by_alpha, grouped
from recipes.data import TRAINING_IMAGES
from recipes.quantities import through_training
from recipes.r22.modules import EARLY, selectivities
from recipes.runner.results import Results
from recipes.runner.runs import Run

#: Runs of one setting, or of several that one line shows, by a label.
Cases = dict[str, list[Run]]
NONE, FROM_0, FROM_5 = "no regularizer", "from epoch 0", "from epoch 5"


def representation(run: Run) -> np.ndarray:
    """Mean of the five largest counts of predicted classes.

    Reference:
        R22 figure 16.
    """
    return through_training(run, "test_class_representation")


def blocks(run: Run) -> dict[int, np.ndarray]:
    """SI of each block of each module, before training and after every epoch.

    Reference:
        R22 figure 9.
    """
    before = selectivities(run.first_epoch)
    return {
        module: np.column_stack([before[module][:, :1], after])
        for module, after in selectivities(run.history).items()
    }


def modules(run: Run) -> dict[int, np.ndarray]:
    """SI of each module, before training and after every epoch.

    Reference:
        R22 figure 2.
    """
    return {module: one.mean(axis=0) for module, one in blocks(run).items()}


def early_selectivity(run: Run) -> np.ndarray:
    """Mean SI of modules 4 to 6, before training and after every epoch."""
    found = modules(run)
    return np.mean([found[module] for module in EARLY], axis=0)


def by_step(run: Run, epochs: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """SI of each module from before training to the end of the first epochs."""
    length = steps_per_epoch(run)
    within, after = selectivities(run.first_epoch), selectivities(run.history)
    steps = [*run.first_epoch["step"], *(length * (e + 1) for e in range(epochs))]
    return np.array(steps), {
        module: np.append(within[module], after[module][:, :epochs], axis=1).mean(0)
        for module in within
    }


def steps_per_epoch(run: Run) -> int:
    """How many steps an epoch of a run has."""
    return math.ceil(TRAINING_IMAGES[run.settings.data] / run.settings.batch_size)


def main_cases(results: Results) -> Cases:
    """The comparison that R22's main claim rests on, at its main strength."""
    return present(
        results,
        {NONE: "plain", FROM_0: "against_from_0", FROM_5: "against_from_5"},
    )


def strengths(results: Results) -> dict[float, Cases]:
    """The same comparison for each strength."""
    found: dict[float, Cases] = {}
    for label, sweeps in (
        (FROM_0, ("strengths_from_0", "against_from_0")),
        (FROM_5, ("strengths_from_5", "against_from_5")),
    ):
        for sweep in sweeps:
            for alpha, ones in by_alpha(results, sweep).items():
                found.setdefault(alpha, {})[label] = ones
    plain = present(results, {NONE: "plain"})
    return {
        alpha: plain | cases
        for alpha, cases in sorted(found.items(), reverse=True)
        if len(cases) == 2 and plain
    }


def starts(results: Results) -> dict[int, list[Run]]:
    """Networks regularized from each of several epochs on, at the main strength."""
    sweeps = ("against_from_0", "starts", "against_from_5")
    runs = (run for sweep in sweeps for run in results.get(sweep, []))
    return dict(sorted(grouped(runs, lambda run: (*run.settings.window, 0)[0]).items()))


def promoted(results: Results, sweep: str) -> dict[float, list[Run]]:
    """Networks regularized for selectivity."""
    return by_alpha(results, sweep)


def present(results: Results, sweeps: Mapping[str, str]) -> Cases:
    """Runs of sweeps by a label, those that are there."""
    return {
        label: results[sweep] for label, sweep in sweeps.items() if sweep in results
    }


def common_epochs(runs: Sequence[Run]) -> int:
    """The number of epochs that all of several runs have had."""
    return min(run.settings.epochs for run in runs)
