"""Units that are silent in chosen epochs of training."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_selectivity.callbacks._epochs import checked_window
from keras_selectivity.checks import checked_integer, checked_kind, checked_list
from keras_selectivity.model import SelectivityModel


class AblationMask(keras.callbacks.Callback):
    """Clamps units to zero in epochs `start <= epoch < stop`.

    Silent units stay silent in the validation of those epochs. Several of
    these callbacks compose: a unit is silent while any of them asks for it. The
    masks end with the `fit`, also when it ends by an exception.

    Args:
        units: Mapping of tap name to indices of units (feature maps).
        start: First epoch in which they are silent, counted from 0.
        stop: First epoch in which they are active again; None: to the end.

    Raises:
        TypeError: If `units` is not a mapping to lists of integers; before training,
            if the model is not a `SelectivityModel`.
        ValueError: If `stop` is not after `start`, or a unit is negative; before
            training, if a tap or unit does not exist.

    Example:
        >>> mask = AblationMask({"stem_relu": [0, 3]}, start=2, stop=4)
        >>> [mask.active(epoch) for epoch in range(5)]
        [False, False, True, True, False]

    Reference:
        M18 section 2.2 for the clamp to zero in activation space.
    """

    def __init__(
        self,
        units: Mapping[str, Sequence[int]],
        start: int = 0,
        stop: int | None = None,
    ) -> None:
        super().__init__()
        wanted = "a mapping of names of taps to lists of units"
        self.units = checked_kind("units", units, Mapping, wanted)
        for chosen in units.values():
            for unit in checked_list("units", chosen, wanted, least=0):
                checked_integer("units", unit, least=0)
        self.start, self.stop = checked_window(start, stop)

    def active(self, epoch: int) -> bool:
        """Whether the units are silent in an epoch."""
        epoch = checked_integer("epoch", epoch, least=0)
        return self.start <= epoch < self.stop

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not isinstance(self.model, SelectivityModel):
            raise TypeError(
                "AblationMask silences units of a `SelectivityModel`. Received: a "
                f"model of class {type(self.model).__name__}. Wrap it: "
                "`SelectivityModel(model)`."
            )
        # A wrong name or index shows now, not when the window opens.
        self.model.silence(self, self.units)
        self.model.silence(self, None)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.model.silence(self, self.units if self.active(epoch) else None)
