"""Runs a network once a batch, and what lies downstream of each perturbation."""

import functools
import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.batches import Batches
from keras_selectivity.model import SelectivityModel
from keras_selectivity.perturbation.probes import Probe, Silencing
from keras_selectivity.perturbation.progress import Progress
from keras_selectivity.perturbation.reference import (
    Clamp,
    ElementMeans,
    checked_clamp,
    gather,
)
from keras_selectivity.perturbation.scores import Scores, Truth
from keras_selectivity.perturbation.segments import SegmentedModel, Values
from keras_selectivity.targets import ClassTargets

# What crosses the most crowded cut, for all the rows of one run: enough to keep
# 2 cores or a GPU busy, little beside what the model itself needs.
_BYTES_OF_ROWS = 128 * 2**20


class Engine:
    """A model that is run with perturbations, compiled once.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        taps: Outputs to perturb. None: the model's own, or every hidden
            rectifier.
        loss: See `Scores`.
        top_k: See `Scores`.
        num_classes: As for `SelectivityModel`.
        labels: As for `SelectivityModel`.
        max_rows: How many pairs of a sample and a perturbation run at once;
            None: as many as cross a cut in 128 MiB, at most 4,096.

    Attributes:
        network: The `SegmentedModel`.
        scores: The `Scores`.
        axes: For each tap the axis of its units.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If a selection is empty, or no loss is known.
    """

    def __init__(
        self,
        model: keras.Model,
        taps: taps_module.Selection | None = None,
        loss: Any = None,
        top_k: int | None = None,
        num_classes: int | None = None,
        labels: str | int | None = None,
        max_rows: int | None = None,
    ) -> None:
        wrapped = isinstance(model, SelectivityModel)
        base = model.base_model if wrapped else model
        if taps is None:
            taps = model.tap_names if wrapped else "relu"
        self._silenced_as = model.tapped if wrapped else None
        with model.distribute_strategy.scope():
            self.network = SegmentedModel(base, taps, self._silenced_as)
        if wrapped and num_classes is None and labels is None:
            self.targets = model.targets
        else:
            self.targets = ClassTargets(base, num_classes, labels)
        self.scores = Scores(model, self.targets, loss, top_k)
        self.axes = [site.channel_axis for site in self.network.sites]
        self.weights = base.weights
        self._max_rows = _checked_rows(max_rows)

    def clamp_values(
        self, clamp: Clamp, reference: Any, batch_size: int | None
    ) -> list[Any]:
        """What units are clamped to.

        Args:
            clamp: `"zero"`, or `"mean"`: the mean of each element of the feature
                map over the reference set.
            reference: What `fit` takes, for `"mean"`.
            batch_size: For arrays.

        Returns:
            For each tap `(..., units)`, or 0.

        Raises:
            ValueError: If `clamp` is neither, or there is no reference set.
        """
        if checked_clamp(clamp) == "zero":
            return [0.0] * len(self.axes)
        if reference is None:
            raise ValueError(
                'clamp="mean" needs `reference`, the data over which the mean of each '
                "unit is taken: the training set, as M18 has it. Received: None."
            )
        batches = Batches(reference, batch_size, "reference")
        means = ElementMeans(len(self.axes))
        return gather(means, self.network, self.targets, batches)

    def silencing(self, silent: dict[int, np.ndarray], values: list[Any]) -> Silencing:
        """A probe that clamps units, see `Silencing`."""
        return Silencing(silent, values, self.axes)

    def run(
        self,
        data: Sequence[Batches],
        probes: Sequence[Probe],
        verbose: str | int = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        identity: Sequence[Any] = (),
    ) -> list["Sums"]:
        """Score the intact network and every variant of every probe.

        Args:
            data: One data set, or several.
            probes: What is done to the network.
            verbose: 0 for no progress bar.
            checkpoint: File from which an interrupted run continues, removed
                at the end.
            identity: What, beside the weights and the data, makes the run what
                it is: a checkpoint of another is refused.

        Returns:
            The `Sums` of each data set.

        Raises:
            ValueError: If data are empty, or the checkpoint is of another run.
        """
        variants = [probe.variants for probe in probes]
        found = [Sums(variants, len(self.scores.names)) for _ in data]
        lengths = [len(batches) for batches in data]
        progress = Progress(
            {f"{i}_{n}": a for i, s in enumerate(found) for n, a in s.arrays().items()},
            steps=sum(lengths) * len(probes) if all(lengths) else 0,
            verbose=verbose,
            path=checkpoint,
            identity=[*identity, *self._identity()],
        )
        for batches, sums in zip(data, found, strict=True):
            for number, batch in enumerate(batches):
                progress.see(batch)
                if not progress.skip(len(probes)):
                    self._run_batch(number, batch, probes, sums, progress)
            if not sums.weight:
                raise ValueError(
                    "`data` is empty: not a single sample with a weight above 0 was "
                    "seen."
                )
        progress.finish()
        return found

    def _identity(self) -> list[Any]:
        """What of the engine the sums depend on."""
        silent = {} if self._silenced_as is None else self._silenced_as.silent
        targets = self.targets.num_classes, self.targets.labels
        return [
            self.network.names,
            *self.scores.identity,
            targets,
            silent,
            self.weights,
        ]

    def _run_batch(
        self,
        number: int,
        batch: tuple[Any, Any, Any],
        probes: Sequence[Probe],
        sums: "Sums",
        progress: Progress,
    ) -> None:
        x, y, sample_weight = batch
        truth = self.scores.truth(y, sample_weight)
        values = self.network.run(x)
        everyone = np.arange(len(truth.weight))
        intact = self.scores.of(truth, everyone, self.network.output(values)).numpy()
        if progress.fresh:
            sums.add_intact(intact, truth.weight)
        for place, probe in enumerate(probes):
            if progress.skip(1):
                continue
            self._run_probe(number, place, probe, values, truth, intact, sums)
            progress.advance()

    def _run_probe(
        self,
        number: int,
        place: int,
        probe: Probe,
        values: Values,
        truth: Truth,
        intact: np.ndarray,
        sums: "Sums",
    ) -> None:
        downstream = self.network.downstream(probe.taps)
        limit = self._max_rows or max(
            1, min(4096, _BYTES_OF_ROWS // downstream.row_bytes(values))
        )
        ran = []
        for variants, samples in probe.rows(
            self.network, values, truth.weight > 0, limit
        ):
            perturb = functools.partial(probe.perturb, variants=variants, batch=number)
            outputs = downstream.run(values, samples, perturb)
            found = self.scores.of(truth, samples, outputs)
            ran.append((variants, samples, found))
        # Read at the end, so that a device is not waited for in between.
        for variants, samples, found in ran:
            change = found.numpy() - intact[samples]
            sums.add_change(place, variants, change * truth.weight[samples, None])


class Sums:
    """Sums over samples: of the intact network's scores, and of their changes.

    Args:
        variants: Number of variants of each probe.
        scores: Number of scores.
    """

    def __init__(self, variants: Sequence[int], scores: int) -> None:
        self._weight = np.zeros(())
        self._intact = np.zeros(scores)
        self._changes = [np.zeros((count, scores)) for count in variants]

    def add_intact(self, scores: np.ndarray, weight: np.ndarray) -> None:
        """Add a batch: `(samples, scores)` and `(samples,)`."""
        counts = weight > 0
        self._weight += weight.sum()
        self._intact += weight[counts] @ scores[counts]

    def add_change(self, probe: int, variants: np.ndarray, change: np.ndarray) -> None:
        """Add rows: `(rows,)` int, and weighted changes `(rows, scores)`."""
        for score, total in enumerate(self._changes[probe].T):
            total += np.bincount(variants, change[:, score], minlength=len(total))

    def arrays(self) -> dict[str, np.ndarray]:
        """The sums themselves, to be kept and put back in place."""
        changes = {f"change_{i}": a for i, a in enumerate(self._changes)}
        return {"weight": self._weight, "intact": self._intact, **changes}

    @property
    def weight(self) -> float:
        """Number of samples, or the sum of their weights."""
        return float(self._weight)

    @property
    def intact(self) -> np.ndarray:
        """`(scores,)`: means of the intact network's scores."""
        return self._intact / self._weight

    def change(self, probe: int) -> np.ndarray:
        """`(variants, scores)`: mean change of each score."""
        return self._changes[probe] / self._weight

    def perturbed(self, probe: int) -> np.ndarray:
        """`(variants, scores)`: mean of each score under each variant."""
        return (self._intact + self._changes[probe]) / self._weight


def _checked_rows(max_rows: Any) -> int | None:
    if max_rows is None:
        return None
    if isinstance(max_rows, bool) or not isinstance(max_rows, (int, np.integer)):
        raise TypeError(f"`max_rows` must be an integer. Received: {max_rows!r}.")
    if max_rows < 1:
        raise ValueError(f"`max_rows` must be at least 1. Received: {max_rows}.")
    return int(max_rows)
