"""Base of the callbacks that multiply alpha."""

from typing import Any

import keras

from keras_selectivity.model import SelectivityModel


class AlphaFactor(keras.callbacks.Callback):
    """Base class: multiplies alpha by a factor that depends on the epoch.

    Several of them compose in any order, since factors multiply. The factor
    depends on the epoch (and the step within it) alone: a run that is resumed
    with `initial_epoch` continues the schedule. It ends with the `fit` that it
    was given to. The alpha in force goes into `logs["alpha"]`.

    For a schedule of your own, implement `factor`.

    Example:
        >>> class EveryOther(AlphaFactor):
        ...     def factor(self, epoch):
        ...         return epoch % 2
        >>> EveryOther().factor(3)
        1
    """

    def factor(self, epoch: float) -> float:
        """What to multiply alpha by.

        Args:
            epoch: Epochs since training began, from 0; whole numbers, or
                fractions within an epoch where the callback works by step.

        Returns:
            The factor, finite.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `factor(epoch)`."
        )

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not isinstance(self.model, SelectivityModel):
            raise TypeError(
                f"{type(self).__name__} sets the alpha of a `SelectivityModel`. "
                f"Received: a model of class {type(self.model).__name__}. Wrap it: "
                "`SelectivityModel(model, alpha=...)`."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.model.scale_alpha(self, self.factor(epoch))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["alpha"] = self.model.effective_alpha
