"""Accuracy as Gaussian noise is added to every unit."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_count,
    checked_number,
    checked_seed,
    received,
)
from keras_selectivity.data.batches import Batches
from keras_selectivity.perturbation.curve import NoiseCurve
from keras_selectivity.perturbation.engine import Engine
from keras_selectivity.perturbation.probes import Noise
from keras_selectivity.perturbation.reference import UnitVariances, gather
from keras_selectivity.storage.archive import check_path


def noise(
    model: keras.Model,
    data: Any,
    scales: Sequence[float],
    reference: Any = None,
    repeats: int = 10,
    seed: int = 0,
    taps: taps_module.Selection | None = None,
    *,
    top_k: int = 1,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    num_classes: int | None = None,
    labels: str | int | None = None,
    steps: int | None = None,
) -> NoiseCurve:
    """Add Gaussian noise to every unit, and see what is left of the accuracy.

    Each element of a unit's output becomes `a + sqrt(scale) * sigma * z`, with z
    standard normal and independent for every sample and position, and sigma the
    standard deviation of the unit over the samples and positions of a reference
    set. A unit that never varies gets no noise.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        data: As for `cumulative`.
        scales: Variances of the noise, as multiples of the unit's own; at least
            0. Scale 0 is the intact network exactly.
        reference: Data over which the units' variances are taken, the training
            set as M18 has it; labels are not needed. None: `data`.
        repeats: Number of draws. Scales are compared on the same draws.
        seed: Of the draws, which depend on the batch size too.
        taps: Outputs that get noise, all at once. None: the model's own taps, or
            every hidden rectifier.
        top_k: The k of the accuracy.
        batch_size: For arrays; None: 256.
        verbose: 0 for no progress bar.
        checkpoint: As for `single_unit`.
        num_classes: As for `SelectivityModel`.
        labels: As for `SelectivityModel`.
        steps: As for `single_unit`.

    Returns:
        A `NoiseCurve`.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If a scale is below zero, data that can be iterated once are
            needed twice, or data cannot be used, as for `single_unit`; if
            activations of the reference, or an output, are not finite.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> curve = ks.perturbation.noise(model, (x, y), [0, 1], repeats=3, verbose=0)
        >>> curve.accuracy.shape
        (3, 2)

    Reference:
        M18 section 2.2 and figure 2. The paper does not say whether the variance
        is that of the map or of each element, nor whether positions share a draw.
    """
    repeats = checked_count("repeats", repeats)
    checked, seed = _checked_scales(scales), checked_seed(seed)
    top_k = checked_count("top_k", top_k)
    if checkpoint is not None:
        check_path(checkpoint, "checkpoint")
    same = reference is None or reference is data
    batches = Batches(data, batch_size, again=same, steps=steps)
    source = batches if same else Batches(reference, batch_size, "reference")
    engine = Engine(model, taps, False, top_k, num_classes, labels)
    engine.check(batches)
    engine.check(source, labels=False)
    variances = gather(
        UnitVariances(engine.axes), engine.network, engine.targets, source
    )
    deviations = [np.sqrt(variance) for variance in variances]
    probe = Noise(checked, deviations, engine.axes, repeats, seed)
    identity = ["noise", checked, deviations, repeats, seed, top_k]
    (sums,) = engine.run([batches], [probe], verbose, checkpoint, identity)
    score = engine.scores.names.index("top_k_accuracy")
    accuracy = sums.perturbed(0)[:, score].reshape(repeats, len(checked))
    return NoiseCurve(checked, accuracy, top_k)


def _checked_scales(scales: Any) -> np.ndarray:
    if not isinstance(scales, Iterable) or isinstance(scales, (str, bytes)):
        raise TypeError(
            f"`scales` must be a list of numbers. {received('scales', scales)}"
        )
    found = [checked_number("scales", scale, least=0) for scale in scales]
    if not found:
        raise ValueError(
            f"`scales` must hold a number at least. {received('scales', scales)}"
        )
    return np.array(found)
