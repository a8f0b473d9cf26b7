"""Runs a network once a batch, and what lies downstream of each perturbation."""

import functools
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import checked_count, checked_verbose
from keras_selectivity.data.batches import Batches, check_inputs, not_finite
from keras_selectivity.perturbation.probes import Probe, Silencing
from keras_selectivity.perturbation.progress import Progress
from keras_selectivity.perturbation.reference import (
    ElementMeans,
    gather,
    reference_weights,
)
from keras_selectivity.perturbation.scores import Scores, Truth
from keras_selectivity.perturbation.segments import SegmentedModel, Values
from keras_selectivity.views import View

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
        view = View.of(model, taps)
        self._silenced_as = view.silenced_as
        with view.scope():
            self.network = SegmentedModel(view.base, view.taps, view.silenced_as)
        self.targets = view.targets(num_classes, labels)
        self._max_rows = (
            None if max_rows is None else checked_count("max_rows", max_rows)
        )
        self.scores = Scores(model, self.targets, loss, top_k)
        self.axes = [point.channel_axis for point in self.network.tap_points]
        self.weights = view.base.weights

    def check(self, batches: Batches, labels: bool = True) -> None:
        """Raise for arrays that cannot be used, before the model runs.

        Args:
            batches: The data; nothing is looked at of data that are no arrays.
            labels: Whether they need labels.

        Raises:
            TypeError: If labels or weights are not numbers.
            ValueError: If the inputs do not fit the model, or labels or weights are
                missing, out of range or of a wrong shape.
        """
        if batches.arrays is None:
            return
        x, y, sample_weight = batches.arrays
        check_inputs(self.network.model, x, batches.argument)
        if labels:
            self.targets.check(y, sample_weight)
        else:
            reference_weights(sample_weight, self.targets, batches.argument)

    def clamp_values(self, reference: Batches | None) -> list[Any]:
        """What units are clamped to.

        Args:
            reference: The data over which the mean of each element of a feature map
                is taken; None: clamp to zero.

        Returns:
            For each tap `(..., units)`, or 0.

        Raises:
            ValueError: If activations are not finite, or no sample has a weight.
        """
        if reference is None:
            return [0.0] * len(self.axes)
        means = ElementMeans(len(self.axes))
        return gather(means, self.network, self.targets, reference)

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
            ValueError: If data are empty, the checkpoint is of another run, or an
                output or a loss is not finite.
        """
        variants = [probe.variants for probe in probes]
        found = [Sums(variants, len(self.scores.names)) for _ in data]
        lengths = [len(batches) for batches in data]
        progress = Progress(
            {f"{i}_{n}": a for i, s in enumerate(found) for n, a in s.arrays().items()},
            steps=sum(lengths) * len(probes) if all(lengths) else 0,
            verbose=checked_verbose(verbose),
            path=checkpoint,
            identity=[*identity, *self._identity()],
        )
        for batches, sums in zip(data, found, strict=True):
            for number, batch in enumerate(batches):
                progress.see(batch)
                if not progress.skip(len(probes)):
                    place = _Place(batches.argument, number)
                    self._run_batch(place, batch, probes, sums, progress)
            if not sums.weight:
                raise ValueError(
                    f"`{batches.argument}` is empty: not a single sample with a "
                    "weight above 0 was seen."
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
        place: "_Place",
        batch: tuple[Any, Any, Any],
        probes: Sequence[Probe],
        sums: "Sums",
        progress: Progress,
    ) -> None:
        x, y, sample_weight = batch
        if place.number == 0:
            check_inputs(self.network.model, x, place.argument)
        truth = self.scores.truth(y, sample_weight)
        values = self.network.run(x)
        everyone = np.arange(len(truth.weight))
        intact = self.scores.of(truth, everyone, self.network.output(values)).numpy()
        self._check_intact(place, intact, values, truth.weight > 0)
        if progress.fresh:
            sums.add_intact(intact, truth.weight)
        for position, probe in enumerate(probes):
            if progress.skip(1):
                continue
            self._run_probe(place, position, probe, values, truth, intact, sums)
            progress.advance()

    def _run_probe(
        self,
        place: "_Place",
        position: int,
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
        counts = truth.weight > 0
        ran = []
        for variants, samples in probe.rows(self.network, values, counts, limit):
            perturb = functools.partial(
                probe.perturb, variants=variants, batch=place.number
            )
            outputs = downstream.run(values, samples, perturb)
            found = self.scores.of(truth, samples, outputs)
            ran.append((variants, samples, found))
        # Read at the end, so that a device is not waited for in between.
        for variants, samples, found in ran:
            kept = counts[samples]
            variants, samples, scores = (
                variants[kept],
                samples[kept],
                found.numpy()[kept],
            )
            self._check_perturbed(place, probe, variants, scores)
            change = scores - intact[samples]
            sums.add_change(position, variants, change * truth.weight[samples, None])

    def _check_intact(
        self, place: "_Place", scores: np.ndarray, values: Values, counts: np.ndarray
    ) -> None:
        """Raise for samples that count, and whose output or loss is not finite."""
        if np.isfinite(scores[counts]).all():
            return
        if np.isfinite(scores[counts, 0]).all():
            raise ValueError(
                f"The loss is not finite, first in batch {place.number} of "
                f"`{place.argument}` (counted from 0), and the output is. Look at the "
                "loss: it may take the logarithm of 0, or other labels or outputs."
            )
        outputs = [self.network.tapped(values, tap) for tap in range(len(self.axes))]
        layers = [
            name
            for name, output in zip(self.network.names, outputs, strict=True)
            if not np.isfinite(np.asarray(output[counts])).all()
        ]
        raise not_finite(layers, place.number, place.argument)

    def _check_perturbed(
        self, place: "_Place", probe: Probe, variants: np.ndarray, scores: np.ndarray
    ) -> None:
        """Raise for rows whose output or loss is not finite."""
        bad = ~np.isfinite(scores).all(axis=1)
        if not bad.any():
            return
        what = "loss" if np.isfinite(scores[bad, 0]).all() else "output"
        done = probe.described(int(variants[bad][0]), self.network.names)
        raise ValueError(
            f"With {done} the {what} is not finite, first in batch {place.number} of "
            f"`{place.argument}` (counted from 0), and the intact network's is. Look "
            "behind the layers for a division, a logarithm or an overflow."
        )


class _Place(NamedTuple):
    """A batch: of which data, as a user calls them, and its number, from 0."""

    argument: str
    number: int


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
