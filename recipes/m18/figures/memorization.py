"""Networks with shuffled labels: units silenced, and noise."""

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from recipes.figures import Drawing, panels, titled
from recipes.m18.analyses import curves, noise_curves
from recipes.m18.claims.memorization import groups
from recipes.m18.figures.pieces import BANDS, TALL, ablated, noised
from recipes.runner.results import Results

#: Sweep, and how its name begins in files.
SWEEPS = {"mlp": "mlp", "convnet": "convnet", "resnet50_corrupted": "resnet50"}
NOISE = (
    "Noise on all units of all hidden layers. Bands: standard deviation over networks "
    "and ten draws."
)


def figures(results: Results) -> Iterator[Drawing]:
    """Ablation and noise curves by the share of shuffled labels."""
    for sweep, name in SWEEPS.items():
        if curves(results.get(sweep, [])):
            yield f"{name}_ablation", partial(ablation, results, sweep)
        if noise_curves(results.get(sweep, [])):
            yield f"{name}_noise", partial(noise, results, sweep)


def ablation(results: Results, sweep: str) -> Figure:
    """Training accuracy as units are silenced.

    Repeats figures 1a (MLP), 1b (convolutional network) and 1c (ResNet50).
    """
    where = "all hidden layers" if sweep == "mlp" else "the last three layers"
    title = titled(results[sweep][0].settings, "shuffled labels")
    caption = f"Units of {where}. {BANDS} AUC: mean accuracy over all fractions."
    figure, (axes,) = panels(title, caption, size=TALL)
    found = {label: curves(runs) for label, runs in groups(results, sweep).items()}
    ablated(axes, found)
    return figure


def noise(results: Results, sweep: str) -> Figure:
    """Training accuracy as noise grows.

    Repeats figures 2a (MLP) and 2b (convolutional network).
    """
    title = titled(results[sweep][0].settings, "shuffled labels, noise")
    figure, (axes,) = panels(title, NOISE)
    runs = groups(results, sweep)
    found = {label: noise_curves(ones) for label, ones in runs.items()}
    noised(axes, found)
    return figure
