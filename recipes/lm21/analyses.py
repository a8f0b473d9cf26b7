"""What LM21 computes of trained networks: distances and upper bounds."""

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import keras_selectivity as ks
from keras_selectivity.similarity.observed import activations_of
from recipes.runner.analysis import Analysis
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.training import EVALUATION_BATCH, load

#: The paper takes both no further than alpha = -5 for ResNet20.
LOWEST = -5.0


def analyses(results: Results) -> list[Analysis]:
    """Everything that the figures need beyond the runs."""
    return [
        analysis
        for sweep in ("resnet18", "resnet20")
        if sweep in results
        for analysis in (
            *distances(results, sweep).values(),
            *(one for ones in bounds(results, sweep).values() for one in ones),
        )
    ]


def distances(results: Results, sweep: str) -> dict[float, Analysis]:
    """PWCCA distances of regularized replicates, from one another and alpha 0.

    Reference:
        LM21 section 4.2, figures 2a, 2b and A3.
    """
    runs = results.by_alpha(sweep)
    return {
        alpha: Analysis(
            _path(results, f"distances_{sweep}_alpha{alpha:+g}", ones + runs[0.0]),
            functools.partial(compute_distances, ones, runs[0.0]),
            lambda found: f"ratio {as_distances(found).ratio:.3f}",
        )
        for alpha, ones in runs.items()
        if LOWEST <= alpha < 0 and len(ones) > 1 and 0.0 in runs
    }


def compute_distances(regularized: Sequence[Run], plain: Sequence[Run]) -> dict:
    """Distances on the test set."""
    images = load(plain[0].settings).batches("test", EVALUATION_BATCH)
    found = ks.similarity.replicates(
        [run.model() for run in regularized],
        [run.model() for run in plain],
        data=images,
        verbose=0,
    )
    return {
        side: dict(zip(found.layers, table.T.tolist(), strict=True))
        for side, table in (("within", found.within), ("cross", found.cross))
    }


def as_distances(found: dict[str, Any]) -> ks.similarity.ReplicateDistances:
    """What `compute_distances` found, as the library has it."""
    return ks.similarity.ReplicateDistances(found["within"], found["cross"])


def bounds(results: Results, sweep: str) -> dict[float, list[Analysis]]:
    """Upper bounds of every network with alpha 0 or below.

    Reference:
        LM21 appendix A.7, figures 2c and A4.
    """
    return {
        alpha: [
            Analysis(
                run.folder / f"upper_bound_{steps(run)}.json",
                functools.partial(compute_bounds, run),
                lambda found: (
                    "upper bound "
                    f"{np.mean([*found['upper_bound'].values()]):.3f}, the units' own "
                    f"{np.mean([*found['axis_aligned'].values()]):.3f}"
                ),
                name=f"upper_bound_{steps(run)}_{run.name}",
            )
            for run in runs
        ]
        for alpha, runs in results.by_alpha(sweep).items()
        if LOWEST <= alpha <= 0
    }


def steps(run: Run) -> int:
    """Steps of a fit: the paper's, or what the miniature has time for."""
    return 500 if run.settings.data == "digits" else 3500


def compute_bounds(run: Run) -> dict[str, Any]:
    """Upper bounds, fitted on the validation set, scored on the test set."""
    data, model = load(run.settings), run.model()
    pairs = [
        {
            name: (values, getattr(data, part).y)
            for name, values in activations_of(
                [model], data.batches(part, EVALUATION_BATCH), verbose=0
            )[0].items()
        }
        for part in ("validation", "test")
    ]
    found = ks.projection.selectivity_upper_bound(
        *pairs, starts=1, max_steps=steps(run), verbose=0
    )
    return {
        "upper_bound": {name: one.mean_upper_bound for name, one in found.items()},
        "axis_aligned": {name: one.mean_axis_aligned for name, one in found.items()},
    }


def _path(results: Results, name: str, runs: Sequence[Run]) -> Path:
    """Of a result of several runs: other runs, another file."""
    names = json.dumps([run.name for run in runs])
    digest = hashlib.sha256(names.encode()).hexdigest()[:8]
    return results.output / "analyses" / f"{name}_{digest}.json"
