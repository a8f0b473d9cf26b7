"""What M18 computes of trained networks: units silenced, and noise."""

import functools
from collections.abc import Callable, Iterator
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
from recipes.runner.training import EVALUATION_BATCH, load

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
    found = [
        *(ablation(run) for run in _runs(results, ABLATED)),
        *(ablation(run, "mean") for run in true_labels(results, "convnet")),
        *(noise(run) for run in _runs(results, NOISY)),
        *(training(run) for run in _runs(results, FOLLOWED)),
        *(
            importance(run)
            for sweep in SINGLE.values()
            for run in true_labels(results, sweep)
        ),
    ]
    return list({one.name: one for one in found}.values())


def true_labels(results: Results, sweep: str) -> list[Run]:
    """The networks of a sweep that were trained on the labels as they are."""
    return [run for run in results.get(sweep, []) if not run.settings.corruption]


def _runs(results: Results, sweeps: tuple[str, ...]) -> Iterator[Run]:
    return (run for sweep in sweeps for run in results.get(sweep, []))


def ablation(run: Run, clamp: Clamp = "zero") -> Analysis:
    """Training accuracy as more and more units are silenced, in random orders.

    Reference:
        M18 section 2.2, figures 1, 3, 5 and A1.
    """
    return _of_run(
        run,
        "ablation" if clamp == "zero" else "ablation_mean",
        functools.partial(compute_ablation, run, clamp),
        lambda found: f"area {AblationCurve(**found).auc.mean():.3f}",
    )


def compute_ablation(run: Run, clamp: Clamp = "zero") -> dict[str, Any]:
    """Silence the units of a network's own layers, on its training set."""
    return _silenced(run, run.model(), training_images(run), clamp)


def _silenced(run: Run, model: Any, images: Any, clamp: Clamp) -> dict[str, Any]:
    found = ks.perturbation.cumulative(
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
    return {
        "counts": found.counts.tolist(),
        "layers": found.layers,
        "accuracy": found.accuracy.tolist(),
        "clamp": clamp,
        "top_k": found.top_k,
    }


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
    batches = load(run.settings).batches(part, EVALUATION_BATCH)
    streamed = run.settings.data == "imagenet2012"
    return batches.take(images // EVALUATION_BATCH) if streamed else batches


def noise(run: Run) -> Analysis:
    """Training accuracy as noise grows.

    Reference:
        M18 section 2.2, figure 2.
    """
    return _of_run(
        run,
        "noise",
        functools.partial(compute_noise, run),
        lambda found: f"mean {np.mean(found['accuracy']):.3f}",
    )


def compute_noise(run: Run) -> dict[str, Any]:
    """Add noise to the units of all hidden layers, whatever the network."""
    found = ks.perturbation.noise(
        run.model(),
        training_images(run),
        NOISE,
        repeats=REPEATS,
        seed=run.settings.seed,
        top_k=top_k(run),
        verbose=0,
    )
    return {
        "scales": found.scales.tolist(),
        "accuracy": found.accuracy.tolist(),
        "top_k": found.top_k,
    }


def training(run: Run) -> Analysis:
    """Losses and the area under the ablation curve through training.

    Reference:
        M18 section 3.2, figures 4a and 4b.
    """
    return _of_run(
        run,
        "training",
        functools.partial(compute_training, run),
        lambda found: f"area from {found['auc'][0]:.3f} to {found['auc'][-1]:.3f}",
    )


def compute_training(run: Run) -> dict[str, list[float]]:
    """Measure the network of every epoch that was kept."""
    images = training_images(run)
    test = load(run.settings).batches("test", EVALUATION_BATCH)
    model = run.model()
    # The same weights: an optimizer in `model` itself would miss its own in the files.
    scored = keras.Model(model.inputs, model.outputs)
    scored.compile(loss=_loss(), metrics=["accuracy"])
    found: dict[str, list[float]] = {}
    for epoch in sorted(run.settings.kept_epochs):
        run.load_weights(model, epoch)
        curve = AblationCurve(**_silenced(run, model, images, "zero"))
        on_train, on_test = (
            scored.evaluate(one, verbose=0, return_dict=True) for one in (images, test)
        )
        for key, value in {
            "epoch": epoch,
            "train_loss": on_train["loss"],
            "test_loss": on_test["loss"],
            "test_accuracy": on_test["accuracy"],
            "auc": curve.auc.mean(),
        }.items():
            found.setdefault(key, []).append(float(value))
    return found


def importance(run: Run) -> Analysis:
    """What the loss and accuracy on the test set are without each unit.

    Reference:
        M18 sections 2.2 and 3.4, figures 7, A3 and A4.
    """
    return _of_run(
        run,
        "importance",
        functools.partial(compute_importance, run),
        lambda found: f"test loss {found['intact']['loss']:.3f}",
    )


def compute_importance(run: Run) -> dict[str, Any]:
    """Silence every unit of every hidden layer by itself, on the test set."""
    test = _first(run, "test", UNIT_IMAGES)
    model = run.model()
    found = ks.perturbation.single_unit(model, test, loss=_loss(), verbose=0)
    norms = ks.measure(model, test.take(1), ["l1_norm"], verbose=0)
    return {
        "changes": {
            layer: {key: values.tolist() for key, values in changes.items()}
            for layer, changes in found.items()
        },
        "intact": found.intact,
        "l1_norm": {layer: one["l1_norm"].tolist() for layer, one in norms.items()},
    }


def _loss() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _of_run(
    run: Run,
    kind: str,
    compute: Callable[[], dict[str, Any]],
    describe: Callable[[dict[str, Any]], str],
) -> Analysis:
    path = run.folder / f"{kind}.json"
    return Analysis(path, compute, describe, name=f"{kind}_{run.name}")


def curve(run: Run, clamp: Clamp = "zero") -> AblationCurve | None:
    """The ablation curve of a run.

    Returns:
        The curve; None if it was not computed.
    """
    found = ablation(run, clamp).found
    return AblationCurve(**found) if found else None


def curves(runs: list[Run], clamp: Clamp = "zero") -> list[AblationCurve]:
    """The ablation curves of those runs that have one."""
    found = (curve(run, clamp) for run in runs)
    return [one for one in found if one is not None]


def noise_curves(runs: list[Run]) -> list[NoiseCurve]:
    """The noise curves of those runs that have one."""
    found = (noise(run).found for run in runs)
    return [NoiseCurve(**one) for one in found if one]


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
        `Units`; None if it was not silenced unit by unit.
    """
    found = importance(run).found
    if not found:
        return None
    changes = {
        layer: {key: np.asarray(values) for key, values in one.items()}
        for layer, one in found["changes"].items()
    }
    norms = {layer: np.asarray(values) for layer, values in found["l1_norm"].items()}
    return Units(run.report, SingleUnitAblation(changes, found["intact"]), norms)
