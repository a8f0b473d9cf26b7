"""How well a model does on each sample: accuracy, top-k accuracy, loss."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import checked_count, received
from keras_selectivity.data.targets import ClassTargets
from keras_selectivity.model import SelectivityModel


class Scores:
    """Scores of single samples, as a model's `evaluate` would average them.

    Args:
        model: The model; its compiled loss is the loss.
        targets: Which target holds the classes.
        loss: Name of a score `"loss"` is wanted: None for the compiled one, a
            Keras loss by name, instance or function, or False for no loss.
        top_k: The k of the top-k accuracy, None for none.

    Attributes:
        names: The scores, in order: `"accuracy"`, `"top_k_accuracy"`, `"loss"`.

    Raises:
        TypeError: If `top_k` is not an integer.
        ValueError: If a loss is wanted and there is none, or `top_k` is out of
            range.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> scores = Scores(model, ClassTargets(model), loss=False)
        >>> truth = scores.truth(np.array([0, 2]), None)
        >>> scores.of(truth, np.array([0, 0, 1]), np.eye(3, dtype="f")).numpy().tolist()
        [[1.0], [0.0], [1.0]]
    """

    def __init__(
        self,
        model: keras.Model,
        targets: ClassTargets,
        loss: Any = None,
        top_k: int | None = None,
    ) -> None:
        self._targets = targets
        self._top_k = _checked_top_k(top_k, targets.num_classes)
        self._loss = None if loss is False else _loss_of(model, targets, loss)
        self.names = ["accuracy"]
        self.names += ["top_k_accuracy"] if self._top_k else []
        self.names += ["loss"] if self._loss else []
        self._compiled: dict[Any, Any] = {}

    @property
    def identity(self) -> list[Any]:
        """What the scores depend on, the same in another process."""
        loss = self._loss
        if isinstance(loss, keras.losses.Loss):
            loss = type(loss).__qualname__, loss.get_config()
        elif callable(loss):
            loss = loss.__module__, getattr(loss, "__qualname__", type(loss).__name__)
        return [self.names, self._top_k, str(loss)]

    def truth(self, y: Any, sample_weight: Any) -> "Truth":
        """What is true of a batch.

        Args:
            y: Targets as `fit` takes them.
            sample_weight: Sample weights as `fit` takes them.

        Returns:
            A `Truth`.

        Raises:
            TypeError: If the labels or weights are not numbers.
            ValueError: If the labels are none, out of range or of a wrong shape.
        """
        found = self._targets.read(y, sample_weight)
        self._targets.raise_for(found.faults)
        weights = found.weights
        weight = tf.reduce_sum(weights, axis=-1)
        labels = tf.convert_to_tensor(self._targets.pick(y, "y"))
        # The label of a sample without a weight may be none: no loss is to see it.
        counts = tf.reshape(weight > 0, [-1] + [1] * (labels.shape.rank - 1))
        labels = tf.where(counts, labels, tf.zeros_like(labels))
        return Truth(weight.numpy(), tf.argmax(weights, axis=-1), labels)

    def of(self, truth: "Truth", rows: Any, outputs: Any) -> tf.Tensor:
        """Scores of rows, each a sample of a batch.

        Args:
            truth: What is true of the batch.
            rows: `(rows,)` int: which sample each row is.
            outputs: What the model returned for the rows.

        Returns:
            float64 `(rows, scores)`; NaN in rows whose output is not finite.

        Raises:
            ValueError: If the output is not one number for each class.
        """
        picked = tf.convert_to_tensor(self._targets.pick(outputs, "outputs"))
        given = truth.classes, truth.labels, tf.cast(rows, tf.int64), picked
        specs = tuple(tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in given)
        if specs not in self._compiled:
            # For any number of rows: nothing retraces with them.
            function = tf.function(self._of, input_signature=specs)
            self._compiled[specs] = function.get_concrete_function()
        return self._compiled[specs](*given)

    def _of(self, classes: Any, labels: Any, rows: Any, outputs: Any) -> tf.Tensor:
        classes, labels = tf.gather(classes, rows), tf.gather(labels, rows)
        predicted = self._targets.predicted(outputs)
        if predicted is None:
            raise ValueError(
                "An accuracy needs a model whose output has one number for each of "
                f"the {self._targets.num_classes} classes. The output has shape "
                f"{tuple(outputs.shape)}."
            )
        outputs = tf.cast(outputs, _at_least_float32(outputs.dtype))
        found = [predicted == classes]
        if self._top_k:
            found.append(_in_top(outputs, classes, self._top_k))
        if self._loss is not None:
            found.append(_per_sample(self._loss, labels, outputs))
        scores = tf.stack([tf.cast(score, tf.float64) for score in found], axis=-1)
        # The highest of NaN would be class 0.
        finite = tf.reduce_all(tf.math.is_finite(outputs), axis=1, keepdims=True)
        return tf.where(finite, scores, np.nan)


class Truth:
    """What is true of a batch.

    Args:
        weight: `(samples,)` float64.
        classes: `(samples,)` int64.
        labels: The labels as they came, `(samples, ...)`.
    """

    def __init__(self, weight: np.ndarray, classes: Any, labels: Any) -> None:
        self.weight = weight
        self.classes = classes
        self.labels = labels


def _in_top(outputs: tf.Tensor, classes: tf.Tensor, k: int) -> tf.Tensor:
    """`(samples,)` bool: whether the class is among the k highest outputs.

    Of equal outputs the first counts as higher, as `argmax` has it. TensorFlow's
    `in_top_k` counts all of them in, so that a network whose outputs are all
    zero would always be right.
    """
    if outputs.shape[1] == 1:  # The probability of class 1, as accuracy has it.
        outputs = tf.concat([1 - outputs, outputs], axis=1)
    own = tf.gather(outputs, classes, axis=1, batch_dims=1)[:, None]
    before = tf.range(outputs.shape[1], dtype=tf.int64) < classes[:, None]
    higher = (outputs > own) | ((outputs == own) & before)
    places = tf.math.count_nonzero(higher, axis=1)
    return places < k


def _per_sample(loss: Any, labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """`(samples,)`: the loss without its mean over samples."""
    if labels.shape.rank == outputs.shape.rank - 1 and outputs.shape[-1] == 1:
        labels = labels[..., None]
    function = loss.call if isinstance(loss, keras.losses.Loss) else loss
    if not (labels.dtype.is_integer or labels.dtype == tf.bool):
        labels = tf.cast(labels, outputs.dtype)
    losses = tf.convert_to_tensor(function(labels, outputs))
    return tf.reduce_mean(losses, axis=list(range(1, losses.shape.rank)))


def _loss_of(model: keras.Model, targets: ClassTargets, loss: Any) -> Any:
    if loss is None:
        loss = getattr(model, "loss", None)
        if loss is None and isinstance(model, SelectivityModel):
            loss = getattr(model.base_model, "loss", None)
    if isinstance(loss, (dict, list, tuple)):
        loss = targets.pick(loss, "loss")
    if loss is None:
        raise ValueError(
            "A change of the loss needs a loss, and the model is not compiled with "
            "one. Compile it, or name a loss: loss='sparse_categorical_crossentropy'."
        )
    try:
        return keras.losses.get(loss)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "`loss` must be a Keras loss: its name, an instance or a function. "
            f"{received('loss', loss)}"
        ) from error


def _checked_top_k(top_k: Any, classes: int) -> int | None:
    if top_k is None:
        return None
    if checked_count("top_k", top_k) > classes:
        raise ValueError(
            f"`top_k` must be at most the number of classes, {classes}. "
            f"{received('top_k', top_k)}"
        )
    return int(top_k)


def _at_least_float32(dtype: tf.DType) -> tf.DType:
    return dtype if dtype == tf.float64 else tf.float32
