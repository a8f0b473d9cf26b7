"""What LM21 computes of trained networks: distances and upper bounds."""

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import keras_selectivity as ks
from recipes.data import SHAPES
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
    found = ks.similarity.replicates(
        [run.model() for run in regularized],
        [run.model() for run in plain],
        data=plain[0].batches("test"),
        verbose=0,
    )
    return {
        side: dict(zip(found.layers, table.T.tolist(), strict=True))
        for side, table in (("within", found.within), ("cross", found.cross))
    }


def as_distances(found: dict[str, Any]) -> ks.similarity.ReplicateDistances:
    """What `compute_distances` found, as the library has it."""
    return ks.similarity.ReplicateDistances(**found)


def bounds(results: Results, sweep: str) -> dict[float, list[Analysis]]:
    """Upper bounds of every network with alpha 0 or below.

    Reference:
        LM21 appendix A.7, figures 2c and A4.
    """
    return {
        alpha: [
            Analysis.of(run, f"upper_bound_{steps(run)}", compute_bounds, _bound_line)
            for run in runs
        ]
        for alpha, runs in results.by_alpha(sweep).items()
        if LOWEST <= alpha <= 0
    }


def _bound_line(found: dict[str, dict[str, float]]) -> str:
    most, own = (np.mean([*found[k].values()]) for k in ("upper_bound", "axis_aligned"))
    return f"upper bound {most:.3f}, the units' own {own:.3f}"


def steps(run: Run) -> int:
    """Steps of a fit: the paper's, or what the miniature has time for."""
    (height, *_), _ = SHAPES[run.settings.data]
    return 500 if height <= 16 else 3500


def compute_bounds(run: Run) -> dict[str, Any]:
    """Upper bounds, fitted on the validation set, scored on the test set."""
    data, model = load(run.settings), run.model()

    def part(name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        images = data.batches(name, EVALUATION_BATCH)
        (layers,) = ks.similarity.activations_of([model], images, verbose=0)
        labels = getattr(data, name).y
        return {layer: (values, labels) for layer, values in layers.items()}

    found = ks.projection.selectivity_upper_bound(
        part("validation"), part("test"), starts=1, max_steps=steps(run), verbose=0
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
