"""What the loss and the accuracy lose when one unit is silenced."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_kind,
    checked_number,
)
from keras_selectivity.data.batches import Batches
from keras_selectivity.perturbation.engine import Engine
from keras_selectivity.perturbation.reference import Clamp, reference_of
from keras_selectivity.storage.archive import Archived, check_path, checked_units


def single_unit(
    model: keras.Model,
    data: Any,
    taps: taps_module.Selection | None = None,
    clamp: Clamp = "zero",
    *,
    reference: Any = None,
    loss: Any = None,
    top_k: int | None = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    num_classes: int | None = None,
    labels: str | int | None = None,
    max_rows: int | None = None,
    steps: int | None = None,
) -> "SingleUnitAblation":
    """Silence every unit by itself, and see what the network loses.

    A unit is silenced by clamping its whole feature map, in activation space.
    The network runs once a batch; for each layer only what lies downstream of it
    runs again, many units at a time, and only for the samples whose feature map
    the clamp changes. The result is that of one `evaluate` a unit, up to the
    rounding of floats.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a
            `PyDataset`. With a checkpoint, the same at every pass (no
            shuffling).
        taps: Outputs whose units are silenced, see `taps.select`. None: the
            model's own taps, or every hidden rectifier.
        clamp: `"zero"`, or `"mean"`: the mean of each element of the feature map
            over `reference`.
        reference: For `clamp="mean"`, data as above; labels are not needed.
        loss: A Keras loss. None: the one that the model is compiled with.
        top_k: Whether to look at the top-k accuracy too, and for what k.
        batch_size: For arrays; None: 256.
        verbose: 0 for no progress bar.
        checkpoint: A file (`.npz`) in which progress is kept every few seconds,
            and from which an interrupted analysis continues. It is removed at
            the end.
        num_classes: As for `SelectivityModel`.
        labels: As for `SelectivityModel`.
        max_rows: How many pairs of a sample and a unit run at once. None: as
            many as cross the cut in 128 MiB, at most 4,096.
        steps: How many batches of `data` to take, for data without end; None: all.
            A `reference` that is not `data` itself must end.

    Returns:
        A `SingleUnitAblation`.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If the data are empty, endless without `steps` or without labels,
            labels or weights are out of range, no loss is known, a mean clamp has
            no reference set, a selection is empty, or the checkpoint is of another
            analysis; if an output or a loss is not finite.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> model.compile(loss="sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> found = ks.perturbation.single_unit(model, (x, y), verbose=0)
        >>> found["hidden"]["loss_change"].shape, sorted(found["hidden"])
        ((3,), ['accuracy_change', 'loss_change'])

    Reference:
        M18 section 2.2; appendix A.1 for the mean.
    """
    if checkpoint is not None:
        check_path(checkpoint, "checkpoint")
    if loss is False:
        raise ValueError("`loss` must be a Keras loss, or None. Received: loss=False.")
    same = reference is data
    means = reference_of(clamp, reference, batch_size, steps if same else None)
    again = same and means is not None
    batches = Batches(data, batch_size, again=again, steps=steps)
    engine = Engine(model, taps, loss, top_k, num_classes, labels, max_rows)
    engine.check(batches)
    if means is not None:
        engine.check(means, labels=False)
    values = engine.clamp_values(means)
    units = engine.network.units
    probes = [
        engine.silencing({tap: np.eye(count, dtype=bool)}, values)
        for tap, count in enumerate(units)
    ]
    identity = ["single_unit", clamp, top_k, values]
    (sums,) = engine.run([batches], probes, verbose, checkpoint, identity)
    names = engine.scores.names
    keys = [f"{name}_change" for name in names]
    changes = {
        name: dict(zip(keys, sums.change(tap).T, strict=True))
        for tap, name in enumerate(engine.network.names)
    }
    intact = dict(zip(names, sums.intact.tolist(), strict=True))
    return SingleUnitAblation(changes, intact, clamp, top_k, sums.weight)


class SingleUnitAblation(Archived, Mapping[str, dict[str, np.ndarray]]):
    """What the network loses with each unit; made by `single_unit`.

    A mapping: `result["layer"]["loss_change"]` is a float64 array `(units,)`, the
    loss without the unit less the loss of the intact network, positive for a
    unit that helps. `"accuracy_change"` and `"top_k_accuracy_change"`, in [-1, 1],
    are negative for a unit that helps.

    Attributes:
        intact: Mapping of `"loss"`, `"accuracy"` and perhaps `"top_k_accuracy"`
            to the intact network's.
        clamp: What the units were clamped to.
        top_k: The k of the top-k accuracy, or None.
        samples: Number of samples, or the sum of their weights.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If there is no layer, the layers do not hold the same changes, or
            the changes of a layer are not of the same units.

    Example:
        >>> import numpy as np
        >>> result = SingleUnitAblation(
        ...     {"hidden": {"loss_change": np.array([0.5, 0.0])}}, {"loss": 1.0})
        >>> result.importance("loss_change")
        array([0.5, 0. ])
    """

    file_format: ClassVar[str] = "keras_selectivity single-unit ablation"

    def __init__(
        self,
        changes: Mapping[str, Mapping[str, np.ndarray]],
        intact: Mapping[str, float],
        clamp: Clamp = "zero",
        top_k: int | None = None,
        samples: float = 0.0,
    ) -> None:
        checked_kind("changes", changes, Mapping, "a mapping of layers to changes")
        checked_kind("intact", intact, Mapping, "a mapping of scores to numbers")
        self._changes = checked_units("changes", changes, finite=True)
        self.intact = {
            name: checked_number(f"intact[{name!r}]", value)
            for name, value in intact.items()
        }
        self.clamp = clamp
        self.top_k = None if top_k is None else checked_count("top_k", top_k)
        self.samples = checked_number("samples", samples, least=0)

    def __getitem__(self, layer: str) -> dict[str, np.ndarray]:
        return self._changes[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._changes)

    def __len__(self) -> int:
        return len(self._changes)

    def importance(self, change: str = "loss_change") -> np.ndarray:
        """Importance of all units, of the layers one after another.

        Args:
            change: One of the changes that the result holds.

        Returns:
            `(units,)`: the change, its sign turned for an accuracy, so that a
            higher number means that the network relies more on the unit.

        Raises:
            ValueError: If the result does not hold the change.
        """
        held = list(next(iter(self._changes.values())))
        checked_choice("change", change, held)
        sign = 1 if change == "loss_change" else -1
        return sign * np.concatenate([found[change] for found in self.values()])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The result as a plain dictionary of arrays.

        Returns:
            `"<layer>/<change>"` `(units,)` for each tap.
        """
        return {
            f"{name}/{change}": values
            for name, found in self.items()
            for change, values in found.items()
        }

    def to_pandas(self) -> Any:
        """The result as a tidy data frame. Needs pandas.

        Returns:
            A `pandas.DataFrame` with a row for each unit: `layer`, `unit`, and a
            column for each change.
        """
        import pandas

        frames = [
            pandas.DataFrame(
                {
                    "layer": name,
                    "unit": np.arange(len(next(iter(found.values())))),
                    **found,
                }
            )
            for name, found in self.items()
        ]
        return pandas.concat(frames, ignore_index=True)

    def __repr__(self) -> str:
        units = sum(len(next(iter(found.values()))) for found in self.values())
        intact = ", ".join(f"{name}={value:.4g}" for name, value in self.intact.items())
        return (
            f"<SingleUnitAblation of {units} units in {len(self)} layers: intact "
            f"{intact}>"
        )

    def _header(self) -> dict[str, Any]:
        return {
            "layers": list(self),
            "changes": list(next(iter(self.values()))),
            "intact": self.intact,
            "clamp": self.clamp,
            "top_k": self.top_k,
            "samples": self.samples,
        }

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        return cls(
            {
                name: {c: arrays[f"{name}/{c}"] for c in header["changes"]}
                for name in header["layers"]
            },
            header["intact"],
            header["clamp"],
            header["top_k"],
            header["samples"],
        )
