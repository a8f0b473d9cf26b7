"""How evenly the classes are predicted, as a number in the logs."""

from typing import Any

from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks.data_callback import MeasuringCallback
from keras_selectivity.checks import checked_count, checked_text


class ClassRepresentation(MeasuringCallback):
    """Logs how often the most predicted classes are predicted.

    At the end of an epoch it puts into `logs` the mean of the largest numbers of
    samples for which a class is predicted. Balanced predictions give samples /
    classes, predictions of a few classes more. It shares the pass over the data with
    the other callbacks that measure the same data.

    Args:
        data: `(x, y)` arrays or a data set, as `measure` takes them.
        largest: How many classes, those that are predicted most.
        key: The key in `logs`.
        taps: Outputs that are observed on the way; as those of the callbacks that are
            to share the pass. None: those of the model.
        batch_size: For arrays.
        steps: As for `SelectivityMonitor`.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: As `SelectivityMonitor`; or if `largest` is not positive, or `key`
            empty.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax")])
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> callback = ClassRepresentation((x, y))
        >>> model.fit(x, y, verbose=0, callbacks=[callback]).history[
        ...     "class_representation"]  # Both classes: half of the samples each.
        [3.0]

    Reference:
        R22 appendix A.5.4, figure 16.
    """

    def __init__(
        self,
        data: Any,
        largest: int = 5,
        key: str = "class_representation",
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        super().__init__(data, taps=taps, batch_size=batch_size, steps=steps)
        self.largest = checked_count("largest", largest)
        self.key = checked_text("key", key)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        representation = self.measure(epoch).class_representation(self.largest)
        if logs is not None:
            logs[self.key] = representation
