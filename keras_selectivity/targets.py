"""Which of a model's targets holds the classes, and how many classes there are."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.statistics import (
    check_weight_shape,
    holds_indices,
    label_weights,
)


class ClassTargets:
    """Finds a model's class labels among its targets.

    Args:
        model: A built Keras model.
        num_classes: Number of classes. None: as wide as the output that
            predicts them (a single sigmoid stands for two).
        labels: Where there are several targets, the key or index of the one
            that holds the classes.

    Attributes:
        num_classes: Number of classes.
        labels: As given.

    Raises:
        TypeError: If `num_classes` is not an integer.
        ValueError: If it is below 2, or can not be told from the model.

    Example:
        >>> import keras, numpy as np
        >>> inputs = keras.Input((4,))
        >>> model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
        >>> ClassTargets(model).weights(np.array([2, 0])).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        model: keras.Model,
        num_classes: int | None = None,
        labels: str | int | None = None,
    ) -> None:
        self.labels = labels
        self._names = list(getattr(model, "output_names", []))
        self.num_classes = (
            self._width(model) if num_classes is None else _checked(num_classes)
        )

    def weights(self, y: Any, sample_weight: Any = None) -> tf.Tensor:
        """The target that holds the classes as weights of samples for classes.

        Args:
            y: Targets as `fit` takes them.
            sample_weight: Sample weights as `fit` takes them.

        Returns:
            float64 `(samples, classes)`, see `statistics.label_weights`.

        Raises:
            ValueError: If there are no targets, `labels` names none of them, or
                the shape fits no form of labels.
        """
        if y is None:
            raise ValueError(
                "Class selectivity needs labels. Received data without targets; "
                "pass (x, y), or a data set of such batches."
            )
        if isinstance(sample_weight, (dict, list, tuple)):
            sample_weight = self.pick(sample_weight, "sample_weight")
        return label_weights(self.pick(y, "y"), self.num_classes, sample_weight)

    def check(self, y: Any, sample_weight: Any = None) -> None:
        """Raise for labels and weights in arrays that no step could use.

        Args:
            y: Targets as `fit` takes them; anything but arrays passes, since
                its values are seen only when a step takes them.
            sample_weight: Sample weights as `fit` takes them.

        Raises:
            ValueError: If a label is outside [0, num_classes), a weight is
                negative, or a shape fits no form.

        Example:
            >>> import keras, numpy as np
            >>> inputs = keras.Input((4,))
            >>> model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
            >>> ClassTargets(model).check(np.array([0, 3]))
            Traceback (most recent call last):
            ...
            ValueError: `y` must hold labels in [0, 3) for num_classes=3. Received: \
values from 0 to 3.
        """
        if isinstance(y, (dict, list, tuple)):
            y = self.pick(y, "y")
        if isinstance(sample_weight, (dict, list, tuple)):
            sample_weight = self.pick(sample_weight, "sample_weight")
        if not _is_array(y) or len(y) == 0:
            return
        indices = holds_indices(np.shape(y), self.num_classes)
        low, high = np.min(y), np.max(y)
        if not low >= 0 or (indices and not high <= self.num_classes - 1):
            raise ValueError(
                f"`y` must hold labels in [0, {self.num_classes}) for "
                f"num_classes={self.num_classes}. Received: values from {low} to "
                f"{high}."
            )
        if not _is_array(sample_weight):
            return
        check_weight_shape(np.shape(sample_weight))
        if not np.min(sample_weight) >= 0:
            raise ValueError(
                "`sample_weight` must not be negative. Received: a lowest value of "
                f"{np.min(sample_weight)}."
            )

    def predicted(self, outputs: Any) -> tf.Tensor | None:
        """The class that the model predicts for each sample.

        Args:
            outputs: What the model returns.

        Returns:
            `(samples,)` int64: the class with the highest output, or, for a
            single output, class 1 above 0.5 (as Keras's accuracy has it). None
            if the output is not one number a class.

        Example:
            >>> import keras, numpy as np
            >>> inputs = keras.Input((4,))
            >>> model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
            >>> ClassTargets(model).predicted(np.eye(3)).numpy().tolist()
            [0, 1, 2]
        """
        scores = tf.convert_to_tensor(self.pick(outputs, "outputs"))
        width = scores.shape[-1]
        if scores.shape.rank == 2 and width == self.num_classes:
            return tf.argmax(scores, axis=-1)
        if scores.shape.rank == 2 and width == 1 and self.num_classes == 2:
            return tf.cast(scores[:, 0] > 0.5, tf.int64)
        return None

    def pick(self, targets: Any, argument: str) -> Any:
        """The one among several targets (outputs, weights) that holds the classes.

        Args:
            targets: A structure with one entry for each target; anything else is
                the one target itself.
            argument: What a user calls it, for messages.

        Returns:
            The entry.

        Raises:
            ValueError: If `labels` names none of them.
        """
        if not isinstance(targets, (dict, list, tuple)):
            return targets
        key: Any = self.labels
        if isinstance(targets, dict):
            if key is None and len(targets) == 1:
                key = next(iter(targets))
            found = key in targets
        else:
            key = self._index(len(targets))
            found = key is not None
        if not found:
            names = list(targets) if isinstance(targets, dict) else self._names
            raise ValueError(
                "`labels` must name the target that holds the classes, among the "
                f"{len(targets)} in `{argument}`: {names or 'unnamed'}. "
                f"Received: labels={self.labels!r}."
            )
        return targets[key]

    def _index(self, count: int) -> int | None:
        """Place of the class labels in a list of targets, None if nowhere."""
        index = self.labels
        if index is None and count == 1:
            return 0
        if index in self._names:
            index = self._names.index(index)
        if isinstance(index, int) and -count <= index < count:
            return index
        return None

    def _width(self, model: keras.Model) -> int:
        outputs = model.output if hasattr(model, "operations") else model.outputs
        if isinstance(outputs, dict) and self.labels in outputs:
            width = outputs[self.labels].shape[-1]
        else:
            flat = model.outputs
            index = self._index(len(flat))
            width = None if index is None else flat[index].shape[-1]
        if width is None:
            raise ValueError(
                "The model's outputs do not tell which target holds the classes, or "
                f"how many there are. Outputs: {self._names}. Received: "
                f"labels={self.labels!r}. Name the target with `labels`, or pass "
                "`num_classes`."
            )
        return max(width, 2)


def _is_array(x: Any) -> bool:
    return hasattr(x, "__array__") and hasattr(x, "shape")


def _checked(num_classes: Any) -> int:
    if isinstance(num_classes, bool) or not isinstance(num_classes, (int, np.integer)):
        raise TypeError(
            f"`num_classes` must be an integer. Received: num_classes={num_classes!r}."
        )
    if num_classes < 2:
        raise ValueError(
            f"`num_classes` must be at least 2. Received: num_classes={num_classes}."
        )
    return int(num_classes)
