"""What M18 computes of trained networks: units silenced, and noise."""

import functools
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import keras
import numpy as np

import keras_selectivity as ks
from keras_selectivity.perturbation import (
    AblationCurve,
    NoiseCurve,
    SingleUnitAblation,
)
from recipes.runner.analysis import Analysis
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.training import EVALUATION_BATCH

#: Points of a curve, and random orders of the units; the paper has ten of them.
POINTS, REPEATS = 21, 10
#: Variances of the noise over those of the units. The paper's axis has lost its ends.
NOISE = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
#: Of a data set that is read from disk no more images are looked at: of the training
#: set for curves, and of the test set for single units, of which ResNet50 has 22,720.
CURVE_IMAGES, UNIT_IMAGES = 50_000, 10_000

#: Sweeps whose networks have ablation curves.
ABLATED = (
    "mlp",
    "mlp_dropout",
    "convnet",
    "convnet_plain",
    "ensemble",
    "hyperparameters",
    "resnet50_corrupted",
)
NOISY = ("mlp", "convnet")
FOLLOWED = ("mlp_training", "convnet_training")
#: Sweeps whose networks are silenced unit by unit, by the name of the network.
SINGLE = {"mlp": "mlp_selectivity", "convnet": "convnet", "resnet50": "resnet50"}

Clamp = Literal["zero", "mean"]


def analyses(results: Results) -> list[Analysis]:
    """Everything that the figures need beyond the runs."""
    silenced = [run for sweep in SINGLE.values() for run in true_labels(results, sweep)]
    found = [
        *(ablation_task(run) for run in _runs(results, ABLATED)),
        *(ablation_task(run, "mean") for run in true_labels(results, "convnet")),
        *(noise_task(run) for run in _runs(results, NOISY)),
        *(training_task(run) for run in _runs(results, FOLLOWED)),
        *(task(run) for run in silenced for task in (importance_task, norms_task)),
    ]
    return list({one.name: one for one in found}.values())


def true_labels(results: Results, sweep: str) -> list[Run]:
    """The networks of a sweep that were trained on the labels as they are."""
    return [run for run in results.get(sweep, []) if not run.settings.corruption]


def _runs(results: Results, sweeps: tuple[str, ...]) -> Iterator[Run]:
    return (run for sweep in sweeps for run in results.get(sweep, []))


def ablation_task(run: Run, clamp: Clamp = "zero") -> Analysis:
    """Training accuracy as more and more units are silenced, in random orders.

    Reference:
        M18 section 2.2, figures 1, 3, 5 and A1.
    """
    return Analysis.of(
        run,
        "ablation" if clamp == "zero" else "ablation_mean",
        functools.partial(compute_ablation, clamp=clamp),
        lambda found: f"area {found.auc.mean():.3f}",
        AblationCurve,
    )


def compute_ablation(run: Run, clamp: Clamp = "zero") -> AblationCurve:
    """Silence the units of a network's own layers, on its training set."""
    return _silenced(run, run.model(), training_images(run), clamp)


def _silenced(run: Run, model: Any, images: Any, clamp: Clamp = "zero") -> Any:
    return ks.perturbation.cumulative(
        model,
        images,
        taps=layers(run),
        points=POINTS,
        repeats=REPEATS,
        clamp=clamp,
        reference=images if clamp == "mean" else None,
        seed=run.settings.seed,
        top_k=top_k(run),
        verbose=0,
    )


def layers(run: Run) -> Any:
    """Whose units are silenced.

    Reference:
        M18 figure 1.
    """
    return None if run.settings.model == "mlp" else ks.taps.last(3)


def top_k(run: Run) -> int:
    """The k of the accuracy: 5 for ImageNet, as the paper has it, else 1."""
    return 5 if run.settings.data == "imagenet2012" else 1


def training_images(run: Run) -> Any:
    """The training set, with the labels that the network was trained on."""
    return _first(run, "train", CURVE_IMAGES)


def _first(run: Run, part: str, images: int) -> Any:
    batches = run.batches(part)
    streamed = run.settings.data == "imagenet2012"
    return batches.take(images // EVALUATION_BATCH) if streamed else batches


def noise_task(run: Run) -> Analysis:
    """Training accuracy as noise grows.

    Reference:
        M18 section 2.2, figure 2.
    """
    return Analysis.of(
        run,
        "noise",
        compute_noise,
        lambda found: f"mean {found.accuracy.mean():.3f}",
        NoiseCurve,
    )


def compute_noise(run: Run) -> NoiseCurve:
    """Add noise to the units of all hidden layers, whatever the network."""
    return ks.perturbation.noise(
        run.model(),
        training_images(run),
        NOISE,
        repeats=REPEATS,
        seed=run.settings.seed,
        top_k=top_k(run),
        verbose=0,
    )


def training_task(run: Run) -> Analysis:
    """Losses and the area under the ablation curve through training.

    Reference:
        M18 section 3.2, figures 4a and 4b.
    """
    return Analysis.of(
        run,
        "training",
        compute_training,
        lambda found: f"area from {found['auc'][0]:.3f} to {found['auc'][-1]:.3f}",
    )


def compute_training(run: Run) -> dict[str, list[float]]:
    """Measure the network of every epoch that was kept."""
    images = training_images(run)
    test = run.batches("test")
    model = run.model()
    # The same weights: an optimizer in `model` itself would miss its own in the files.
    scored = keras.Model(model.inputs, model.outputs)
    scored.compile(loss=_loss(), metrics=["accuracy"])
    found: dict[str, list[float]] = {}
    for epoch in sorted(run.settings.kept_epochs):
        run.load_weights(model, epoch)
        on_train, on_test = (
            scored.evaluate(one, verbose=0, return_dict=True) for one in (images, test)
        )
        for key, value in {
            "epoch": epoch,
            "train_loss": on_train["loss"],
            "train_accuracy": on_train["accuracy"],
            "test_loss": on_test["loss"],
            "test_accuracy": on_test["accuracy"],
            "auc": _silenced(run, model, images).auc.mean(),
        }.items():
            found.setdefault(key, []).append(float(value))
    return found


def importance_task(run: Run) -> Analysis:
    """What the loss and accuracy on the test set are without each unit.

    Reference:
        M18 sections 2.2 and 3.4, figures 7 and A4.
    """
    return Analysis.of(
        run,
        "importance",
        compute_importance,
        lambda found: f"test loss {found.intact['loss']:.3f}",
        SingleUnitAblation,
    )


def compute_importance(run: Run) -> SingleUnitAblation:
    """Silence every unit of every hidden layer by itself, on the test set."""
    test = _first(run, "test", UNIT_IMAGES)
    return ks.perturbation.single_unit(run.model(), test, loss=_loss(), verbose=0)


def norms_task(run: Run) -> Analysis:
    """Norms of the filters that make each unit.

    Reference:
        M18 figures A3a and A3b.
    """
    return Analysis.of(
        run,
        "norms",
        compute_norms,
        lambda found: f"mean norm {found.mean('l1_norm'):.3f}",
        ks.SelectivityReport,
    )


def compute_norms(run: Run) -> ks.SelectivityReport:
    """The norms of a network; they do not depend on the images."""
    image = _first(run, "test", UNIT_IMAGES).take(1)
    return ks.measure(run.model(), image, ["l1_norm"], verbose=0)


def _loss() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def curve(run: Run, clamp: Clamp = "zero") -> AblationCurve | None:
    """The ablation curve of a run.

    Returns:
        The curve; None if it was not computed.
    """
    return ablation_task(run, clamp).found


def curves(runs: list[Run], clamp: Clamp = "zero") -> list[AblationCurve]:
    """The ablation curves of those runs that have one."""
    found = (curve(run, clamp) for run in runs)
    return [one for one in found if one is not None]


def noise_curves(runs: list[Run]) -> list[NoiseCurve]:
    """The noise curves of those runs that have one."""
    found = (noise_task(run).found for run in runs)
    return [one for one in found if one is not None]


class Units(NamedTuple):
    """A network's units: how selective they are, and what it loses without them.

    Attributes:
        report: With `si` and `mutual_information`.
        single: What it loses without each unit.
        l1_norm: For each layer the norms of the filters.
    """

    report: ks.SelectivityReport
    single: SingleUnitAblation
    l1_norm: dict[str, np.ndarray]


def units(run: Run) -> Units | None:
    """The units of a run's network.

    Returns:
        `Units`; None if it was not silenced unit by unit, or its norms not taken.
    """
    single, norms = importance_task(run).found, norms_task(run).found
    if single is None or norms is None:
        return None
    l1_norm = {layer: found["l1_norm"] for layer, found in norms.items()}
    return Units(run.report, single, l1_norm)
