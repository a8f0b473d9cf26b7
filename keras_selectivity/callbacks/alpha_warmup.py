"""Alpha that rises from zero over the first epochs."""

from typing import Any, Literal

from keras_selectivity.callbacks.alpha_factor import AlphaFactor
from keras_selectivity.checks import checked_choice, checked_number


class AlphaWarmup(AlphaFactor):
    """Scales alpha linearly from 0 to 1 over the first epochs.

    Args:
        epochs: How many epochs the rise takes, more than 0.
        by: `"step"`: the factor rises with every step, as learning rate warm-up
            does. `"epoch"`: it is constant within an epoch (0, 1/5, 2/5, ...).
            Where the number of steps in an epoch is not known in advance, the
            factor rises by epoch.

    Raises:
        TypeError: If `epochs` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> warmup = AlphaWarmup(epochs=5)
        >>> [warmup.factor(epoch) for epoch in (0, 1, 2.5, 5, 90)]
        [0.0, 0.2, 0.5, 1.0, 1.0]

    Reference:
        LM21 appendix A.16: the first five epochs.
    """

    def __init__(
        self, epochs: float = 5, by: Literal["step", "epoch"] = "step"
    ) -> None:
        super().__init__()
        self.epochs = checked_number("epochs", epochs, above=0)
        self.by = checked_choice("by", by, ("step", "epoch"))
        self._epoch = 0

    def factor(self, epoch: float) -> float:
        return min(1.0, checked_number("epoch", epoch, least=0) / self.epochs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        steps = (self.params or {}).get("steps")
        if self.by == "step" and steps and self._epoch < self.epochs:
            self.model.scale_alpha(self, self.factor(self._epoch + batch / steps))
