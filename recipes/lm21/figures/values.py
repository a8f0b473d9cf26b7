"""What the figures show: runs by alpha, values of a run, intervals, tests.

Runs come as `{alpha: replicates}`. What is shown of them is a function of a run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from keras_selectivity import inference
from keras_selectivity.plots._intervals import mean_interval
from recipes.runner.results import Results
from recipes.runner.runs import Run

Runs = Mapping[float, Sequence[Run]]
Value = Callable[[Run], float]
Tests = Mapping[float, inference.Comparison]

#: The paper's networks: sweeps of these names hold the main runs.
NETWORKS = {
    "resnet18": "ResNet18",
    "resnet50": "ResNet50",
    "resnet20": "ResNet20",
    "vgg16": "VGG16",
}
DATA = {
    "tiny_imagenet": "Tiny ImageNet",
    "cifar10": "CIFAR-10",
    "digits": "digits (small scale)",
}
SIGNS = {"negative": -1, "positive": 1}


def accuracy(run: Run) -> float:
    """Test accuracy in percent."""
    return 100 * run.accuracy


def mean_of(metric: str, *, without_dead: bool = False) -> Value:
    """The mean of a measure over a network, as a function of a run.

    Over units, then layers, as in LM21's equation 3, though captions of the paper
    say over all units.

    Returns:
        The function; NaN where no unit is left.
    """
    return lambda run: run.report.mean(metric, without_dead=without_dead)


selectivity = mean_of("si")


def networks(results: Results, variant: str = "") -> Iterator[tuple[str, Runs]]:
    """The networks whose sweep is there."""
    for network in NETWORKS:
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


def titled(runs: Runs, text: str, network: str = "") -> str:
    """A title that says which network and which data."""
    settings = next(iter(runs.values()))[0].settings
    network = network or NETWORKS.get(settings.model, settings.model)
    return f"{network}, {DATA.get(settings.data, settings.data)}: {text}"


def sampled(runs: Runs, value: Value) -> dict[float, list[float]]:
    """The values of the replicates."""
    return {alpha: [value(run) for run in ones] for alpha, ones in runs.items()}


def interval(samples: Sequence[Sequence[float]]) -> inference.Interval:
    """Mean and 95% bootstrap interval of each sample, which differ in length.

    Returns:
        Of arrays `(samples,)`. A single replicate has an interval of no width; a
        sample with NaN is NaN.
    """
    found = [np.ravel(mean_interval(np.reshape(one, (-1, 1)), 0)) for one in samples]
    return inference.Interval(*np.transpose(found))


def against_zero(runs: Runs, value: Value) -> dict[float, inference.Comparison]:
    """T-tests of every alpha against alpha 0, one family."""
    samples = {a: one for a, one in sampled(runs, value).items() if len(one) > 1}
    baseline = samples.pop(0.0, None)
    if baseline is None:
        return {}
    return inference.family({a: (one, baseline) for a, one in samples.items()})


def stars(pvalue: float) -> str:
    """A p-value as a mark.

    Args:
        pvalue: Corrected; NaN where there was nothing to test.

    Example:
        >>> stars(0.04), stars(0.004), stars(0.4), stars(float("nan"))
        ('*', '**', '', '')
    """
    return "*" * sum(pvalue < level for level in (0.05, 0.01, 0.001))
