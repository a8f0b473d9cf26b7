"""What the figures show: runs by alpha, values of a run, tests.

Runs come as `{alpha: replicates}`. What is shown of them is a `Value`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from keras_selectivity import inference
from keras_selectivity.plots.draw import measure_label
from recipes.runner.results import Results
from recipes.runner.runs import Run

Runs = Mapping[float, Sequence[Run]]
Tests = Mapping[float, inference.Comparison]

#: The paper's networks: sweeps of these names hold the main runs.
SWEEPS = ("resnet18", "resnet50", "resnet20", "vgg16")
SIGNS = {"negative": -1, "positive": 1}


class Value(NamedTuple):
    """A number of a run, and what an axis calls it."""

    of: Callable[[Run], float]
    label: str


def mean_of(metric: str, label: str, *, without_dead: bool = False) -> Value:
    """The mean of a measure over a network; NaN where no unit is left.

    Over units, then layers, as in LM21's equation 3, though captions of the paper
    say over all units.
    """
    return Value(lambda run: run.report.mean(metric, without_dead=without_dead), label)


ACCURACY = Value(lambda run: 100 * run.accuracy, "test accuracy (%)")
SELECTIVITY = mean_of("si", f"mean {measure_label('si')}")


def networks(results: Results, variant: str = "") -> Iterator[tuple[str, Runs]]:
    """The networks whose sweep is there."""
    for network in SWEEPS:
        if network + variant in results:
            yield network, results.by_alpha(network + variant)


def of_sign(runs: Runs, sign: int) -> Runs:
    """The runs with alpha 0 and of a sign; none where there are none of the sign."""
    found = {alpha: ones for alpha, ones in runs.items() if alpha * sign >= 0}
    return found if any(found) else {}


def up_to(runs: Runs, limit: float) -> Runs:
    """The runs whose alpha is of a magnitude up to a limit."""
    found = {alpha: ones for alpha, ones in runs.items() if abs(alpha) <= limit}
    return found if any(found) else runs


def sampled(runs: Runs, value: Value) -> dict[float, list[float]]:
    """The values of the replicates."""
    return {alpha: [value.of(run) for run in ones] for alpha, ones in runs.items()}


def against_zero(runs: Runs, value: Value) -> dict[float, inference.Comparison]:
    """T-tests of every alpha against alpha 0, one family."""
    samples = {a: one for a, one in sampled(runs, value).items() if len(one) > 1}
    baseline = samples.pop(0.0, None)
    if baseline is None:
        return {}
    return inference.family({a: (one, baseline) for a, one in samples.items()})


def stars(pvalue: float) -> str:
    """A corrected p-value as a mark; NaN where there was nothing to test.

    Example:
        >>> stars(0.04), stars(0.004), stars(0.4), stars(float("nan"))
        ('*', '**', '', '')
    """
    return "*" * sum(pvalue < level for level in (0.05, 0.01, 0.001))
