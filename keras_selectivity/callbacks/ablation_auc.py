"""The area under an ablation curve during training, as a number in the logs."""

from typing import Any, ClassVar, get_args

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks.data_callback import DataCallback
from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_seed,
    checked_text,
)
from keras_selectivity.data.batches import Batches
from keras_selectivity.perturbation.cumulative import CumulativeAblation
from keras_selectivity.perturbation.curve import AblationCurve
from keras_selectivity.perturbation.orders import (
    Order,
    Points,
    checked_order,
    checked_points,
)
from keras_selectivity.perturbation.reference import Clamp


class AblationAUC(DataCallback):
    """Logs how much accuracy the network keeps as its units are silenced.

    At the end of an epoch it puts `ablation_auc` into `logs`: the area under the
    cumulative ablation curve, in [0, 1], mean over repeats. It is higher for a
    network that relies less on single units, so `EarlyStopping` and KerasTuner
    need `mode="max"` (`Objective("ablation_auc", "max")`); list this callback
    before those that read it. Over the training set it is a signal that needs no
    held-out data.

    It is cheap by default: few points and repeats, and a sample of the data. The
    sample and the random orders are the same at every epoch, so that epochs are
    compared on the same silent units.

    Args:
        data: `(x, y)` arrays or a data set, the training data for instance.
        taps: Outputs whose units are silenced. None: those of the model.
            `ks.taps.last(3)` costs a fraction of all layers.
        points: As for `perturbation.cumulative`.
        repeats: As for `perturbation.cumulative`.
        samples: How many samples of the data to use: drawn at random from
            arrays, the first ones of a data set, which then need not end. None: all
            of them.
        order: As for `perturbation.cumulative`; selectivity is measured anew at
            every epoch.
        clamp: `"zero"`, or `"mean"` over the same samples.
        seed: Of the sample and of the random orders.
        every: Ablate every so many epochs; in between, the last number stands.
        key: The key in `logs`.
        batch_size: For arrays.
        steps: With `samples=None`, how many batches to take of data without end;
            None: all.

    Attributes:
        curve: The last `AblationCurve`.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If the data are empty, endless without `samples` and `steps`, or
            used up after one pass, or an argument is out of range; before the first
            step, if the data, an order or points do not fit the model.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax")])
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> callbacks = [
        ...     AblationAUC((x, y)),
        ...     keras.callbacks.EarlyStopping("ablation_auc", mode="max", patience=5)]
        >>> sorted(model.fit(x, y, verbose=0, callbacks=callbacks).history)
        ['ablation_auc', 'loss']

    Reference:
        M18 section 3.2 and figure 4.
    """

    of_training: ClassVar[tuple[str, ...]] = ("_model", "_analysis", "_sample", "curve")

    def __init__(
        self,
        data: Any,
        taps: taps_module.Selection | None = None,
        points: Points = 11,
        repeats: int = 3,
        samples: int | None = 1000,
        order: Order = "random",
        clamp: Clamp = "zero",
        seed: int = 0,
        every: int = 1,
        key: str = "ablation_auc",
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        self.samples = None if samples is None else checked_count("samples", samples)
        # So many samples are in as many batches at the most.
        super().__init__(
            data, taps, batch_size, self.samples if steps is None else steps
        )
        if self.samples is not None and steps is not None:
            raise ValueError(
                "`steps` is for samples=None, because `samples` says already how many "
                f"are taken. Received: samples={samples}, steps={steps}."
            )
        self.points = checked_points(points)
        self.repeats = checked_count("repeats", repeats)
        self.order = checked_order(order)
        self.clamp: Clamp = checked_choice("clamp", clamp, get_args(Clamp))
        self.seed = checked_seed(seed)
        self.every = checked_count("every", every)
        self.key = checked_text("key", key)
        self.curve: AblationCurve | None = None
        self._analysis: CumulativeAblation | None = None
        self._sample: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # Made now, so that a wrong layer or order shows before training.
        self._analysis = CumulativeAblation(
            self.model,
            order=self.order,
            taps=self.taps,
            points=self.points,
            repeats=self.repeats,
            clamp=self.clamp,
            seed=self.seed,
        )
        self._sample = self._drawn()
        self._analysis.check(self._sample)
        self.curve = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._analysis is None:
            return
        if epoch % self.every == 0 or self.curve is None:
            reference = self._sample if self.clamp == "mean" else None
            (self.curve,) = self._analysis.run(
                self._sample,
                reference=reference,
                batch_size=self.batch_size,
                verbose=0,
                steps=self.steps if self.samples is None else None,
            ).values()
        if logs is not None:
            logs[self.key] = float(np.mean(self.curve.auc))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._analysis = None
        self._sample = None

    def _drawn(self) -> Any:
        """The samples to use, as arrays, or the data themselves."""
        if self.samples is None:
            return self.data
        if isinstance(self.data, (tuple, list)):
            held = len(keras.tree.flatten(self.data)[0])
            if held <= self.samples:
                return self.data
            rng = np.random.default_rng(self.seed)
            chosen = np.sort(rng.choice(held, self.samples, replace=False))
            return keras.tree.map_structure(
                lambda a: None if a is None else np.asarray(a)[chosen],
                tuple(self.data),
            )
        return _first(Batches(self.data, steps=self.steps), self.samples)


def _first(batches: Batches, samples: int) -> Any:
    """The first samples of a data set, as arrays."""
    kept: list[Any] = []
    for batch in batches:
        kept.append(keras.tree.map_structure(_numpy, batch))
        samples -= len(keras.tree.flatten(batch)[0])
        if samples <= 0:
            break

    if not kept:
        raise ValueError("`data` is empty: it holds not a single batch.")

    def joined(*parts: Any) -> Any:
        if parts[0] is None:
            return None
        whole = np.concatenate(parts)
        return whole[:samples] if samples < 0 else whole

    return keras.tree.map_structure(joined, *kept)


def _numpy(leaf: Any) -> Any:
    return None if leaf is None else keras.ops.convert_to_numpy(leaf)
