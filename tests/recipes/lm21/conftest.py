"""Finished runs with plausible numbers, without a training."""

import itertools

import numpy as np
import pytest

import keras_selectivity as ks
from recipes.lm21.analyses import bounds, distances
from recipes.lm21.experiments import DIGITS, SMALL_VGG, leaky, signed, swept
from recipes.runner.files import checksum, write_json
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep

LAYERS = {"stem": 4, "middle": 5, "last": 6, "dense": 4}
SEEDS = (0, 1, 2)
EPOCHS = 5
IMAGES = 200


def small_sweeps():
    """The names of the full scale, with few alphas and seeds."""
    few = signed([0.4, 2])
    grid = [*signed([0.4, 1, 2, 5]), 30.0]
    resnet18 = DIGITS.replace(model="resnet18")
    vgg16 = DIGITS.replace(model="vgg16", model_options=SMALL_VGG)
    return {
        "resnet18": swept(resnet18, few, SEEDS),
        "resnet50": swept(DIGITS.replace(model="resnet50"), few, SEEDS[:2]),
        "resnet20": swept(DIGITS, grid, SEEDS),
        "vgg16": swept(vgg16, grid, SEEDS),
        **variants("resnet20", few),
        **leaky(DIGITS, (0.1, 0.5), [0.0, 0.4, 2.0, 5.0], SEEDS),
    }


def variants(network, alphas):
    """The other regularizers of a network."""
    fields = {
        "dprime": {"regularizer": ("dprime",)},
        "first3": {"taps": ("first:3",)},
        "last3": {"taps": ("last:3",)},
        "warmup": {"warmup_epochs": (5,)},
    }
    return {
        f"{network}_{name}": Sweep(DIGITS, {**field, "seed": SEEDS, "alpha": alphas})
        for name, field in fields.items()
    }


def finish(run):
    """Leave in the run's folder what its training would."""
    settings = run.settings
    rng = np.random.default_rng([settings.seed, int(settings.digest, 16)])
    run.folder.mkdir(parents=True)
    write_json(run.folder / "settings.json", settings.to_json())
    (run.folder / "selected.weights.h5").write_bytes(b"weights")
    report = made_report(settings, rng)
    report.save(run.folder / "report.npz")
    rise = 1 - np.exp(-np.arange(1, EPOCHS + 1) * rng.uniform(0.5, 2))
    history = {
        "loss": (2 * (1 - rise)).tolist(),
        "accuracy": rise.tolist(),
        "val_accuracy": rise.tolist(),
        "test_accuracy": (report.accuracy * rise / rise.max()).tolist(),
        "test_si": (report.mean() * rise).tolist(),
    }
    for layer, mean in report.layer_means().items():
        history[f"test_si/{layer}"] = (mean * rise).tolist()
    write_json(run.folder / "history.json", history)
    followed = {
        name: rng.integers(10, size=(EPOCHS, count)) for name, count in LAYERS.items()
    }
    preferred = ks.callbacks.PreferredClasses(np.arange(EPOCHS), followed)
    preferred.save(run.folder / "preferred_classes.npz")
    names = (
        "selected.weights.h5",
        "report.npz",
        "history.json",
        "preferred_classes.npz",
    )
    write_json(
        run.folder / "result.json",
        {
            "accuracy": report.accuracy,
            "si": report.mean(),
            "selected_epoch": EPOCHS - 1,
            "seconds": 1.0,
            "settings": settings.to_json(),
            "files": {name: checksum(run.folder / name) for name in names},
        },
    )


def made_report(settings, rng):
    """Selectivity follows alpha; large positive ones kill units and accuracy."""
    alpha, classes = settings.alpha, 10
    push = np.sign(alpha) * np.log1p(abs(alpha))
    slope = settings.model_options.get("negative_slope", 0)
    dying = 0 if slope else 0.1 * max(push - 1, 0)
    layers = list(LAYERS)
    regularized = {"first:3": layers[:3], "last:3": layers[-3:]}.get(
        settings.taps, layers
    )
    values = {}
    for depth, (name, count) in enumerate(LAYERS.items()):
        strength = push if name in regularized else 0
        center = 1 / (1 + np.exp(1.2 - 1.5 * strength - 0.2 * depth))
        si = np.clip(rng.normal(center, 0.05, count), 0, 1)
        dead = (rng.random(count) < dying).astype(float)
        si *= 1 - dead
        values[name] = {
            "si": si,
            "dprime": 3 * si + rng.normal(0, 0.2, count) * (1 - dead),
            "precision": 0.1 + 0.6 * si,
            "mutual_information": 1.5 * si,
            "dead": dead,
            "active_fraction": np.clip(rng.normal(1 - 0.8 * si, 0.1, count), 0.01, 1)
            * (1 - dead),
        }
    harm = 1.0 if push > 0 else 0.15
    accuracy = np.clip(0.97 - harm * 0.03 * push**2 + rng.normal(0, 0.004), 0.1, 1)
    right = np.full(classes, accuracy * IMAGES / classes)
    confusion = np.diag(right)
    confusion[:, 0] += IMAGES / classes - right
    return ks.SelectivityReport(
        values,
        groups={name: [name] for name in LAYERS},
        preferred_class={n: rng.integers(10, size=c) for n, c in LAYERS.items()},
        class_means={n: rng.random((classes, c)) for n, c in LAYERS.items()},
        class_weight=np.full(classes, IMAGES / classes),
        confusion=confusion,
    )


def analyze(results, sweep):
    """Leave what the analyses of a sweep would."""
    rng = np.random.default_rng(0)
    for alpha, analysis in distances(results, sweep).items():
        count = len(results.by_alpha(sweep)[alpha])
        pairs = len(list(itertools.combinations(range(count), 2)))
        analysis.path.parent.mkdir(exist_ok=True)
        within = {name: 0.2 + 0.02 * rng.random(pairs) for name in LAYERS}
        cross = {
            name: (0.2 - 0.02 * alpha + 0.02 * rng.random(count**2)) for name in LAYERS
        }
        found = {"within": within, "cross": cross}
        write_json(
            analysis.path,
            {
                side: {name: values.tolist() for name, values in table.items()}
                for side, table in found.items()
            },
        )
    for alpha, ones in bounds(results, sweep).items():
        for analysis in ones:
            own = {name: 0.3 + 0.04 * alpha + 0.02 * rng.random() for name in LAYERS}
            write_json(
                analysis.path,
                {
                    "upper_bound": {name: 0.2 + 0.8 * v for name, v in own.items()},
                    "axis_aligned": own,
                },
            )


@pytest.fixture(scope="session")
def make_results(tmp_path_factory):
    """Builder of finished runs: of all small sweeps, or of those that are given.

    `keep` says of which settings; `analyzed` names sweeps with analyses.
    """

    def make(sweeps=None, keep=lambda settings: True, analyzed=()):
        sweeps = small_sweeps() if sweeps is None else sweeps
        output = tmp_path_factory.mktemp("runs")
        for sweep in sweeps.values():
            for settings in filter(keep, sweep.settings):
                run = Run(settings, output)
                if not run.folder.exists():
                    finish(run)
        results = Results(sweeps, output)
        for name in analyzed:
            analyze(results, name)
        return results

    return make


@pytest.fixture(scope="session")
def made_results(make_results):
    """The finished runs of all small sweeps, with the residual networks' analyses."""
    return make_results(analyzed=("resnet18", "resnet20"))
