"""Which of a model's targets holds the classes, and how many classes there are."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_integer, received
from keras_selectivity.labels import FAULTS, Labels, raise_for

# Losses, by class or function, for which numbers between 0 and 1 are a quantity.
_REGRESSION = {
    "cosinesimilarity",
    "huber",
    "logcosh",
    "meanabsoluteerror",
    "meanabsolutepercentageerror",
    "meansquarederror",
    "meansquaredlogarithmicerror",
    "poisson",
}
# Rows that are looked at together when labels in arrays are checked.
_ROWS = 8192


class ClassTargets:
    """Finds a model's class labels among its targets.

    Args:
        model: A built Keras model.
        num_classes: Number of classes. None: as wide as the output that
            predicts them (a single sigmoid stands for two).
        labels: Where there are several targets, the key or index of the one
            that holds the classes.
        compiled: The model whose compiled loss says which class is ignored
            (`ignore_class`), if it is another one that is trained.

    Attributes:
        num_classes: Number of classes.
        given_classes: `num_classes` as given.
        labels: As given.

    Raises:
        TypeError: If `num_classes` is not an integer, or `labels` neither a key nor
            an index.
        ValueError: If there are fewer than 2 classes, their number cannot be told
            from the model, or its output is not one number a class.

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
        compiled: keras.Model | None = None,
    ) -> None:
        if isinstance(labels, bool) or not isinstance(labels, (str, int, type(None))):
            raise TypeError(
                "`labels` must be the key or the index of a target, or None. "
                f"{received('labels', labels)}"
            )
        self.labels = labels
        self.given_classes = (
            None
            if num_classes is None
            else checked_integer("num_classes", num_classes, least=2)
        )
        self._names = list(getattr(model, "output_names", []))
        self._models = [model] if compiled is None else [compiled, model]
        self.num_classes = self.given_classes or self._width(model)

    def read(self, y: Any, sample_weight: Any = None) -> Labels:
        """The target that holds the classes, and its weights.

        Args:
            y: Targets as `fit` takes them.
            sample_weight: Sample weights as `fit` takes them.

        Returns:
            `Labels`. Samples of the class that the compiled loss ignores count
            for nothing.

        Raises:
            TypeError: If labels or weights are not numbers.
            ValueError: If there are no targets, `labels` names none of them, or
                the shape fits no form of labels.
        """
        y, sample_weight = self._picked(y, sample_weight)
        loss = self._loss
        classifies = loss is not None and not _is_regression(loss)
        return Labels(
            y,
            self.num_classes,
            sample_weight,
            ignored=getattr(loss, "ignore_class", None),
            fractions=self.given_classes is not None or classifies,
        )

    def weights(self, y: Any, sample_weight: Any = None) -> tf.Tensor:
        """The target that holds the classes as weights of samples for classes.

        The arguments are those of `read`.

        Returns:
            float64 `(samples, classes)`, see `Labels.weights`.

        Raises:
            TypeError: As `read`.
            ValueError: As `read`.
        """
        return self.read(y, sample_weight).weights

    def check(self, y: Any, sample_weight: Any = None) -> None:
        """Raise for labels and weights in arrays that cannot be used.

        Args:
            y: Targets as `fit` takes them.
            sample_weight: Sample weights as `fit` takes them.

        Raises:
            TypeError: If labels or weights are not numbers.
            ValueError: If there are no labels, one is outside [0, num_classes), a
                row is no distribution, a weight is negative or not finite, or a
                shape fits no form.

        Example:
            >>> import keras, numpy as np
            >>> inputs = keras.Input((4,))
            >>> model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
            >>> ClassTargets(model).check(np.array([0, 3]))
            Traceback (most recent call last):
            ...
            ValueError: `y` must hold labels in [0, 3) for num_classes=3. Received: \
values from 0 to 3. Count the classes from 0, and pass `num_classes` if there are \
more; a regression or a segmentation has no class for a sample.
        """
        y, sample_weight = self._picked(y, sample_weight)
        y = np.atleast_1d(np.asarray(y))
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        faults = np.zeros(len(FAULTS))
        for start in range(0, max(len(y), 1), _ROWS):
            rows = slice(start, start + _ROWS)
            part = None if sample_weight is None else sample_weight[rows]
            faults += self.read(y[rows], part).faults.numpy()
        of_labels = faults[:-1].any()
        self.raise_for(faults, _received(y if of_labels else sample_weight))

    def raise_for(self, faults: Any, received: str | None = None) -> None:
        """Raise if labels or weights were seen that cannot be used.

        Args:
            faults: `(len(FAULTS),)`, the sum of `Labels.faults`.
            received: What was received, where more is known than a number.

        Raises:
            ValueError: If there are any.
        """
        raise_for(faults, self.num_classes, received)

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
        key = self._key(targets)
        if key is None:
            names = list(targets) if isinstance(targets, dict) else self._names
            raise ValueError(
                "`labels` must name the target that holds the classes, among the "
                f"{len(targets)} in `{argument}`: {names or 'unnamed'}. "
                f"Received: labels={self.labels!r}."
            )
        return targets[key]

    def _picked(self, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        """The class labels and their weights, among several."""
        if y is None:
            raise ValueError(
                "Class selectivity needs labels: `y` is missing. Received: data "
                "without targets. Pass (x, y), or a data set of such batches."
            )
        _check_structure(y, "y")
        _check_structure(sample_weight, "sample_weight")
        return self.pick(y, "y"), self.pick(sample_weight, "sample_weight")

    def _key(self, targets: Any) -> Any:
        """Where the class labels are in a structure of targets, None if nowhere."""
        if not isinstance(targets, dict):
            return self._index(len(targets))
        if self.labels is None and len(targets) == 1:
            return next(iter(targets))
        return self.labels if self.labels in targets else None

    @property
    def _loss(self) -> Any:
        """The compiled loss of the target that holds the classes, or None."""
        for model in self._models:
            loss = getattr(model, "loss", None)
            if isinstance(loss, (dict, list, tuple)):
                key = self._key(loss)
                loss = None if key is None else loss[key]
            if loss is not None:
                return keras.losses.get(loss)
        return None

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
        shape = None
        if isinstance(outputs, dict) and self.labels in outputs:
            shape = outputs[self.labels].shape
        elif (index := self._index(len(model.outputs))) is not None:
            shape = model.outputs[index].shape
        if shape is None or shape[-1] is None:
            raise ValueError(
                "The model's outputs do not tell which target holds the classes, or "
                f"how many there are. Outputs: {self._names}. Received: "
                f"labels={self.labels!r}. Name the target with `labels`, or pass "
                "`num_classes`."
            )
        if len(shape) != 2:
            raise ValueError(
                "`model` must be a classifier, with an output of shape (samples, "
                f"classes). Received: an output of shape {tuple(shape)}, as a "
                "segmentation has it, or a regression of images. Pass `num_classes` "
                "if `y` holds one class for a sample all the same."
            )
        return max(shape[-1], 2)


class LabelWatch(keras.callbacks.Callback):
    """Raises for labels and weights that cannot be used, which a step has counted.

    A look at the count waits for the device, so it looks after the first, second,
    fourth, eighth ... batch, and at the end of an epoch.

    Args:
        targets: Says what is wrong.

    Example:
        >>> inputs = keras.Input((4,))
        >>> targets = ClassTargets(
        ...     keras.Model(inputs, keras.layers.Dense(3)(inputs)))
        >>> watch = LabelWatch(targets)
        >>> _ = watch.count(targets.read(np.array([0, 7])).faults)
        >>> watch.look()
        Traceback (most recent call last):
        ...
        ValueError: `y` must hold labels in [0, 3) for num_classes=3. Received: \
1 sample with another label. Count the classes from 0, and pass `num_classes` if there \
are more; a regression or a segmentation has no class for a sample.
    """

    def __init__(self, targets: ClassTargets) -> None:
        super().__init__()
        self._targets = targets
        self._batches = 0
        self._faults = tf.Variable(
            np.zeros(len(FAULTS)),
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

    def count(self, faults: Any) -> Any:
        """Add the `Labels.faults` of a batch; the operation that does."""
        return self._faults.assign_add(faults)

    def look(self) -> None:
        """Raise a ValueError if there are faults, and forget them."""
        faults = self._faults.read_value().numpy()
        if faults.any():
            self._forget()
            self._targets.raise_for(faults)

    def among(self, callbacks: Any) -> Any:
        """The callbacks that a user gave to Keras, with this one before them."""
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            return [self, *keras.tree.flatten(callbacks or [])]
        if self not in callbacks.callbacks:
            callbacks.callbacks.insert(0, self)
        return callbacks

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Begin at 0, and look once more when a step fails, or at the end."""
        self._forget()
        try:
            yield
        except tf.errors.InvalidArgumentError:
            # A loss that fails on a label which does not exist says so at length.
            self.look()
            raise
        self.look()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._batches += 1
        if self._batches & (self._batches - 1) == 0:
            self.look()

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.on_train_batch_end(batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.look()

    def _forget(self) -> None:
        self._batches = 0
        self._faults.assign(np.zeros(len(FAULTS)))


def _check_structure(targets: Any, argument: str) -> None:
    """Raise for a list of numbers, which Keras takes for as many targets."""
    for target in targets if isinstance(targets, (list, tuple)) else ():
        if target is not None and not hasattr(target, "shape"):
            raise TypeError(
                f"`{argument}` must be an array. Received: a {type(targets).__name__} "
                f"of {len(targets)} values, such as {target!r}. Pass "
                f"`np.asarray({argument})`."
            )


def _is_regression(loss: Any) -> bool:
    """Whether targets are quantities to a loss, not probabilities."""
    name = getattr(loss, "__name__", type(loss).__name__)
    return name.lower().replace("_", "") in _REGRESSION


def _received(array: np.ndarray | None) -> str | None:
    if array is None or not array.size:
        return None
    if array.ndim == 2 and array.shape[1] > 1:
        sums = array.sum(axis=1)
        return f"rows that sum to {sums.min():g} to {sums.max():g}"
    return f"values from {array.min()} to {array.max()}"
