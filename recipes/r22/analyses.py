"""What R22 computes of trained networks: ablation curves, CKA, SI of single units."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_selectivity import inference, metrics
from keras_selectivity.measure import Measurement
from keras_selectivity.perturbation.cumulative import CumulativeAblation
from keras_selectivity.similarity import minibatch_cka
from recipes.r22 import experiments
from recipes.r22.ablation import ORDERS
from recipes.r22.modules import NUMBERS
from recipes.runner.analysis import Analysis
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.training import build

#: Networks of figures 5 and 10, as the paper says.
SIMILAR = 6

#: The paper does not say at how many points its curves are sampled.
POINTS = 11
#: What CKA compares: the output of each module, as of its last block, all the blocks
#: of the last one, and the fully connected layer.
COMPARED = {
    "module 4": "stage1_block3_out",
    "module 5": "stage2_block4_out",
    "module 6": "stage3_block6_out",
    "module 7, block 1": "stage4_block1_out",
    "module 7, block 2": "stage4_block2_out",
    "module 7": "stage4_block3_out",
    "FC": "logits",
}


def analyses(results: Results) -> list[Analysis]:
    """Everything that the figures need beyond the runs."""
    return [
        *ablations(results),
        *similarities(results),
        *unit_selectivities(results),
    ]


def ablations(results: Results) -> list[Analysis]:
    """Accuracy as the units of a module are silenced, at the kept epochs.

    Reference:
        R22 figures 3 and 8.
    """
    return [
        Analysis.of(run, "ablation", compute_ablation, _line("ablated"))
        for run in _plain(results)
    ]


def similarities(results: Results) -> list[Analysis]:
    """CKA of the modules, at the kept epochs.

    Reference:
        R22 figures 5 and 10.
    """
    return [
        Analysis.of(run, "cka", compute_similarity, _line("compared"))
        for run in _plain(results)[:SIMILAR]
    ]


def unit_selectivities(results: Results) -> list[Analysis]:
    """SI over the units of each layer, at the kept epochs.

    Reference:
        R22 figure 9, whose shades are intervals over the feature maps of a layer.
    """
    return [
        Analysis.of(run, "units", compute_units, _line("measured"))
        for run in _plain(results)[:1]
    ]


def compute_ablation(run: Run) -> dict[str, Any]:
    """Silence more and more units of each module, on the test set.

    All feature maps of a module's blocks are ranked together. The random order is
    drawn anew for each network, and is the same at all its epochs.

    Reference:
        R22 section 3.3.
    """
    images, model = run.batches("test"), build(run.settings)
    orders = {
        order: CumulativeAblation(
            model,
            experiments.MODULES,
            order=order,
            taps=experiments.ALL,
            points=POINTS,
            repeats=1,
            seed=run.settings.seed,
        )
        for order in ORDERS
    }
    # The untrained network has no accuracy to lose.
    epochs = [epoch for epoch in run.settings.kept_epochs if epoch]
    found: dict[str, Any] = {order: {} for order in ORDERS}
    found |= {"epochs": epochs, "counts": {}}
    for _ in _with_weights(run, model, epochs):
        for order, ablation in orders.items():
            for stage, curve in ablation.run(images, verbose=0).items():
                module = str(NUMBERS[stage])
                found["counts"][module] = curve.counts.tolist()
                found[order].setdefault(module, []).append(curve.mean.tolist())
    return found


def compute_similarity(run: Run) -> dict[str, Any]:
    """CKA of every pair of `COMPARED`, on the test set.

    Returns:
        `epochs`, `layers` and `values`, `(epochs, layers, layers)`; None where a
        layer does not vary.

    Reference:
        R22 appendix A.4, by the torch_cka library (Subramanian, 2021).
    """
    model = build(run.settings)
    # The paper does not say how large its minibatches of CKA are: as in training.
    images = run.batches("test", run.settings.batch_size)
    outputs = [model.get_layer(name).output for name in COMPARED.values()]
    layers = keras.Model(model.inputs, outputs)
    epochs = list(run.settings.kept_epochs)
    values = []
    for _ in _with_weights(run, model, epochs):
        table = minibatch_cka(layers.predict_on_batch(batch) for batch, _ in images)
        values.append(
            [[one if np.isfinite(one) else None for one in row] for row in table]
        )
    return {"epochs": epochs, "layers": list(COMPARED), "values": values}


def compute_units(run: Run) -> dict[str, Any]:
    """Mean SI of each layer's units with a 95% bootstrap interval, on the test set."""
    images, model = run.batches("test"), build(run.settings)
    si = metrics.SelectivityIndex(epsilon=1e-6)
    measurement = Measurement(model, [si], experiments.ALL)
    epochs = list(run.settings.kept_epochs)
    layers: dict[str, list[list[float]]] = {}
    for _ in _with_weights(run, model, epochs):
        report = measurement.run(images, verbose=0)
        for name in report:
            interval = inference.bootstrap_mean(report[name][si.name], resamples=2000)
            layers.setdefault(name, []).append([*interval])
    return {"epochs": epochs, "layers": layers}


def computed(analyses: list[Analysis]) -> list[dict[str, Any]]:
    """What has been computed, those that are missing left out."""
    return [result for one in analyses if (result := one.found) is not None]


def _plain(results: Results) -> list[Run]:
    return [run for run in results.get("plain", []) if run.settings.kept_epochs]


def _line(done: str) -> Any:
    return lambda found: f"{done} at {len(found['epochs'])} epochs"


def _with_weights(run: Run, model: keras.Model, epochs: list[int]) -> Iterator[int]:
    """Gives a network that is compiled once the weights of one epoch after another."""
    for epoch in epochs:
        run.load_weights(model, epoch)
        yield epoch
