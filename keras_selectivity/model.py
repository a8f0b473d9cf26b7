"""`SelectivityModel`: a Keras model whose loss counts its class selectivity."""

import contextlib
import inspect
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity import regularizers
from keras_selectivity import taps as taps_module
from keras_selectivity._keras import begin_fit_at
from keras_selectivity.checks import (
    checked_flag,
    checked_integer,
    checked_kind,
    checked_list,
    checked_number,
    received,
)
from keras_selectivity.data.batches import are_arrays
from keras_selectivity.data.targets import ClassTargets, LabelWatch
from keras_selectivity.distribution import MultiWorkerModel
from keras_selectivity.network.graph import check_model
from keras_selectivity.statistics import Replicas, class_statistics


@keras.saving.register_keras_serializable(package="keras_selectivity")
class SelectivityModel(MultiWorkerModel):
    """Wraps a classifier so that training controls its units' class selectivity.

    `loss = task loss - alpha * mu`, where `mu` is the value of the regularizer
    (class selectivity index or d') over the minibatch, averaged over the units
    of a layer, then over layers, then over groups of layers. A negative alpha
    reduces selectivity, a positive one promotes it, and 0 trains bit for bit
    the weights that the model gets by itself. Evaluation and prediction are the
    wrapped model's.

    Training logs `si` (or `dprime`), the mean of `mu` over the epoch's
    batches, beside what was compiled. The weights are those of the wrapped
    model and no others.

    Args:
        model: A built Functional or `Sequential` classifier, nested or not.
        alpha: Scale of the regularizer, any finite number.
        regularizer: `"si"`, `"dprime"` or a `UnitRegularizer`.
        taps: Which hidden outputs count, see `taps.select`. The layer that
            makes the model's output never does.
        groups: Which taps form a group, see `taps.group`. None: every tap is
            its own group, so that `mu` is the mean over layers.
        num_classes: Number of classes. None: from the output's last axis.
        synchronized: Under `tf.distribute`, whether the class statistics are
            those of the global batch, as if there were one replica, or each
            replica's own.
        labels: Where there are several targets, the key or index of the one
            that holds the classes.
        **kwargs: `name`, `trainable`.

    Attributes:
        base_model: The wrapped model: same layers, same weights.
        regularizer: The `UnitRegularizer`.
        tap_names: Names of the taps, in depth order.
        groups: Mapping of group names to names of taps.
        tapped: The `TappedModel` behind it.
        targets: The `ClassTargets` that finds the labels.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If alpha is not finite, no layer is selected, or the number
            of classes cannot be told.

    Example:
        >>> import keras, numpy as np
        >>> base = keras.Sequential([
        ...     keras.Input((8,)),
        ...     keras.layers.Dense(16, activation="relu"),
        ...     keras.layers.Dense(3, activation="softmax"),
        ... ])
        >>> model = SelectivityModel(base, alpha=-1.0)
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(12, 8), np.arange(12) % 3
        >>> history = model.fit(x, y, verbose=0).history
        >>> sorted(history)
        ['loss', 'si']

    Reference:
        LM21 (Leavitt and Morcos, 2021) section 3.3, equations 2 and 3; R22
        section 3.3 for groups.
    """

    def __init__(
        self,
        model: keras.Model,
        alpha: float = 0.0,
        regularizer: str | regularizers.UnitRegularizer = "si",
        taps: taps_module.Selection = "relu",
        groups: Mapping[str, Sequence[str]] | str | None = None,
        num_classes: int | None = None,
        synchronized: bool = True,
        labels: str | int | None = None,
        **kwargs: Any,
    ) -> None:
        alpha = checked_number("alpha", alpha)
        regularizer = regularizers.get(regularizer)
        tapped = taps_module.TappedModel(_checked_model(model), taps)
        members = taps_module.group(tapped.names, groups)
        kwargs.setdefault("name", f"selectivity_{model.name}")
        kwargs.setdefault("dtype", model.dtype_policy)
        # The layers cast their own inputs, as they do in the wrapped model.
        super().__init__(autocast=False, **kwargs)
        self.base_model = model
        self.regularizer = regularizer
        self.targets = ClassTargets(model, num_classes, labels, compiled=self)
        self._label_watch = LabelWatch(self.targets)
        self.synchronized = checked_flag("synchronized", synchronized)
        self.tap_names = tapped.names
        self.groups = members
        if hasattr(model, "output_names"):
            self.output_names = model.output_names
        self.tapped = tapped
        self._unit_shares = _unit_shares(tapped, members)
        self._selectivity = keras.metrics.Mean(name=regularizer.name)
        self._evaluating = False
        self._state = _State(alpha, tapped)
        tapped.silence_with(self._state.silenced, self._state.unit_mask)
        self.built = True

    @property
    def alpha(self) -> float:
        """Scale of the regularizer. Setting it retraces nothing."""
        return float(self._state.alpha.numpy())

    @alpha.setter
    def alpha(self, value: float) -> None:
        self._state.alpha.assign(checked_number("alpha", value))

    @property
    def effective_alpha(self) -> float:
        """`alpha` times the factors that callbacks have set for now."""
        # Adding 0 makes a negative alpha times 0 a plain 0.
        return self.alpha * float(self._state.alpha_scale.numpy()) + 0.0

    @property
    def units(self) -> dict[str, int]:
        """Number of units of each tap, in depth order."""
        return dict(zip(self.tapped.names, self.tapped.units, strict=True))

    def scale_alpha(self, owner: Hashable, factor: float | None) -> None:
        """Multiply alpha by a factor, on behalf of `owner`.

        The factors of several owners multiply. Those set during a `fit` end
        with it, also when it ends by an exception.

        Args:
            owner: Who asks, a callback for instance.
            factor: The owner's factor, finite; None takes it back.

        Raises:
            ValueError: If the factor is not finite.

        Example:
            >>> import keras
            >>> model = SelectivityModel(keras.Sequential([
            ...     keras.Input((2,)), keras.layers.Dense(2, activation="relu"),
            ...     keras.layers.Dense(2)]), alpha=-2.0)
            >>> model.scale_alpha("warmup", 0.5)
            >>> model.effective_alpha
            -1.0
        """
        checked_kind("owner", owner, Hashable, "hashable, an object or a name")
        if factor is not None:
            factor = checked_number("factor", factor)
        self._state.claim_factor(owner, factor)

    def silence(
        self, owner: Hashable, units: Mapping[str, Sequence[int]] | None
    ) -> None:
        """Clamp units to zero, on behalf of `owner`, until it takes that back.

        A unit is silent while any owner asks for it: in training, evaluation
        and prediction of this model, not in `base_model` itself. What is asked
        during a `fit` ends with it. Nothing is retraced.

        Args:
            owner: Who asks, a callback for instance.
            units: Mapping of tap name to indices of units; None takes it back.

        Raises:
            ValueError: If a tap or unit does not exist.

        Example:
            >>> import keras, numpy as np
            >>> model = SelectivityModel(keras.Sequential([
            ...     keras.Input((2,)),
            ...     keras.layers.Dense(3, activation="relu", name="hidden"),
            ...     keras.layers.Dense(2, use_bias=False)]))
            >>> model.silence("me", {"hidden": [0, 1, 2]})
            >>> model(np.ones((1, 2))).numpy().tolist()
            [[0.0, 0.0]]
            >>> model.silence("me", None)

        Reference:
            M18 section 2.2: a whole feature map is clamped, in activation space.
        """
        checked_kind("owner", owner, Hashable, "hashable, an object or a name")
        mask = None if units is None else self._mask_of(units)
        self._state.claim_mask(owner, mask)

    @contextlib.contextmanager
    def silenced(self, units: Mapping[str, Sequence[int]]) -> Iterator[None]:
        """Silence units within a `with` block; blocks can be nested.

        Args:
            units: Mapping of tap name to indices of units.

        Raises:
            ValueError: If a tap or unit does not exist.

        Example:
            >>> import keras, numpy as np
            >>> model = SelectivityModel(keras.Sequential([
            ...     keras.Input((2,)),
            ...     keras.layers.Dense(3, activation="relu", name="hidden"),
            ...     keras.layers.Dense(2, use_bias=False)]))
            >>> with model.silenced({"hidden": range(3)}):
            ...     model(np.ones((1, 2))).numpy().tolist()
            [[0.0, 0.0]]
        """
        owner = object()
        self._state.claim_mask(owner, self._mask_of(units))
        try:
            yield
        finally:
            self.silence(owner, None)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.tapped(inputs, training=training)[0]

    def observe(
        self, inputs: Any, training: bool | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Run the model and return the unit activations with its output.

        Args:
            inputs: What the model takes.
            training: As in Keras.

        Returns:
            The model's output, and for each tap `(batch, units)`, float32.

        Example:
            >>> import keras, numpy as np
            >>> model = SelectivityModel(keras.Sequential([
            ...     keras.Input((2,)),
            ...     keras.layers.Dense(3, activation="relu", name="hidden"),
            ...     keras.layers.Dense(2)]))
            >>> output, activations = model.observe(np.ones((4, 2), "float32"))
            >>> {name: tuple(a.shape) for name, a in activations.items()}
            {'hidden': (4, 3)}
        """
        output, activations = self.tapped(inputs, training=training)
        return output, dict(zip(self.tap_names, activations, strict=True))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        labels = self.targets.read(y, sample_weight)
        # Before the loss, which may fail on a label that does not exist.
        with tf.control_dependencies([self._label_watch.count(labels.faults)]):
            y = keras.tree.map_structure(tf.identity, y)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        with tf.GradientTape() as tape:
            y_pred, activations = self.tapped(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            mu = self._mean_unit_value(activations, labels.weights)
            alpha = self._state.alpha * self._state.alpha_scale
            # The gradients of the replicas are summed; Keras has divided the
            # task's loss by their number, and the penalty needs the same.
            penalty = alpha * mu / replicas
            loss -= tf.cast(penalty, loss.dtype)
            scaled_loss = self.optimizer.scale_loss(loss)
        weights = self.trainable_weights
        if weights:
            self._apply_gradients(weights, tape.gradient(scaled_loss, weights))
        samples = tf.shape(activations[0])[0]
        self._loss_metric.update_state(loss * replicas, sample_weight=samples)
        self._selectivity.update_state(mu, sample_weight=samples)
        logs = self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
        return self.step_logs(logs)

    @property
    def metrics(self) -> list[Any]:
        # An evaluation is the wrapped model's: it has no selectivity to log.
        hidden = (self._selectivity,) if self._evaluating else ()
        return [m for m in super().metrics if m not in hidden]

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Train, as `keras.Model.fit` does.

        Raises:
            TypeError: Before training, if labels or weights are not numbers.
            ValueError: If labels or sample weights are missing, out of range or of a
                wrong shape: before training where they are given as arrays, else
                after one of the first batches that hold such samples, at the latest
                at the end of the epoch.
        """
        call = inspect.signature(super().fit).bind(*args, **kwargs)
        given = call.arguments
        if are_arrays(given.get("x")):
            self.targets.check(given.get("y"), given.get("sample_weight"))
        given["callbacks"] = self._label_watch.among(given.get("callbacks"))
        try:
            with self._state.kept(), self._label_watch.watching():
                return super().fit(*call.args, **call.kwargs)
        finally:
            # Where a backup told this training to begin: the next one would too.
            begin_fit_at(self, None)

    def make_train_function(self, force: bool = False) -> Any:
        """Build the optimizer, then the step, as `keras.Model` does.

        TensorFlow traces a step that creates variables twice.
        """
        if not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Train on one batch, as `keras.Model.train_on_batch` does.

        Raises:
            TypeError: If labels or weights are not numbers.
            ValueError: If labels or sample weights are missing, out of range or of a
                wrong shape.
        """
        with self._label_watch.watching():
            return super().train_on_batch(*args, **kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, as the wrapped model does."""
        with self._evaluation():
            return super().evaluate(*args, **kwargs)

    def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate one batch, as the wrapped model does."""
        with self._evaluation():
            return super().test_on_batch(*args, **kwargs)

    def export(self, *args: Any, **kwargs: Any) -> None:
        """Export the wrapped model for inference, as `keras.Model.export` does."""
        self.base_model.export(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "model": serialize(self.base_model),
            "alpha": self.alpha,
            "regularizer": serialize(self.regularizer),
            "taps": list(self.tap_names),
            "groups": {name: list(taps) for name, taps in self.groups.items()},
            "num_classes": self.targets.given_classes,
            "synchronized": self.synchronized,
            "labels": self.targets.labels,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "SelectivityModel":
        deserialize = keras.saving.deserialize_keras_object
        config = dict(config)
        for key in ("model", "regularizer"):
            config[key] = deserialize(config[key], custom_objects=custom_objects)
        return cls(**config)

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        store["alpha"] = self._state.alpha.numpy()
        for name, state in self._random_states.items():
            store[name] = state.numpy()

    def load_own_variables(self, store: Any) -> None:
        self.alpha = float(np.asarray(store["alpha"]))
        for name, state in self._random_states.items():
            # Files of version 0.1.0 hold none.
            if name in store.keys():  # noqa: SIM118 (a file entry, not a mapping)
                state.assign(np.asarray(store[name]))

    @property
    def _random_states(self) -> dict[str, Any]:
        """States of dropout and the like, which Keras saves nowhere.

        Without them a training that goes on from a file draws again the random
        numbers that it began with.
        """
        saved = {id(weight) for weight in self.base_model.weights}
        states = [v for v in self.base_model.variables if id(v) not in saved]
        return {f"random_state_{i}": state for i, state in enumerate(states)}

    @property
    def _loss_metric(self) -> Any:
        return next(m for m in self.metrics if m.name == "loss")

    def _apply_gradients(self, weights: Any, gradients: Any) -> None:
        """Take the optimizer's step.

        Keras reduces the gradients over the replicas, even if there is but one, by
        a function for whose own gradient TensorFlow keeps the graph of the step as
        long as the process lives. Out of the replica's context it does not.
        """

        def apply(_: Any) -> None:
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))

        # A `LossScaleOptimizer` refuses to be called there.
        loss_scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        if loss_scaled or tf.distribute.has_strategy():
            apply(None)
        else:
            tf.distribute.get_replica_context().merge_call(apply)

    def _mean_unit_value(self, activations: Any, labels: Any) -> Any:
        """`mu`: mean over units, layers and groups; float64 scalar."""
        replicas = Replicas.of(self.synchronized)
        statistics = class_statistics(
            tf.concat(activations, axis=-1),
            labels,
            signed=self.tapped.signed,
            squares=self.regularizer.needs_squares,
            replicas=replicas,
        )
        return tf.tensordot(self._unit_shares, self.regularizer(statistics), 1)

    def _mask_of(self, units: Mapping[str, Sequence[int]]) -> np.ndarray:
        """`(sum of units,)`, 0 at the given units, else 1."""
        if not isinstance(units, Mapping):
            raise TypeError(
                "`units` must map names of taps to indices of units. "
                f"{received('units', units)}"
            )
        masks = {name: np.ones(n, np.float32) for name, n in self.units.items()}
        for name, indices in units.items():
            if name not in masks:
                raise ValueError(
                    f"`units` names {name!r}, and there is no such tap to silence. "
                    f"Taps: {self.tap_names}."
                )
            chosen = checked_list(
                f"units[{name!r}]", indices, "a list of units", least=0
            )
            for unit in chosen:
                unit = checked_integer(f"units[{name!r}]", unit, least=0)
                if unit >= len(masks[name]):
                    raise ValueError(
                        f"`units[{name!r}]` must be integers in [0, "
                        f"{len(masks[name])}). Received: {unit}."
                    )
                masks[name][unit] = 0
        return np.concatenate(list(masks.values()))

    @contextlib.contextmanager
    def _evaluation(self) -> Iterator[None]:
        before, self._evaluating = self._evaluating, True
        try:
            yield
        finally:
            self._evaluating = before


class _State:
    """Variables that steer a step, and who asked for which factor and mask."""

    def __init__(self, alpha: float, tapped: Any) -> None:
        def variable(value: Any, dtype: Any) -> tf.Variable:
            return tf.Variable(value, trainable=False, dtype=dtype)

        self.alpha = variable(alpha, tf.float64)
        self.alpha_scale = variable(1.0, tf.float64)
        self.silenced = variable(False, tf.bool)
        self.unit_mask = variable(tf.ones(sum(tapped.units)), tf.float32)
        self.factors: dict[Hashable, float] = {}
        self.masks: dict[Hashable, np.ndarray] = {}

    def claim_factor(self, owner: Hashable, factor: float | None) -> None:
        self.factors = _claimed(self.factors, owner, factor)
        self._apply_factors()

    def claim_mask(self, owner: Hashable, mask: np.ndarray | None) -> None:
        self.masks = _claimed(self.masks, owner, mask)
        self._apply_masks()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Undo, at the end of the block, every claim made within it."""
        before = self.factors, self.masks
        try:
            yield
        finally:
            self.factors, self.masks = before
            self._apply_factors()
            self._apply_masks()

    def _apply_factors(self) -> None:
        self.alpha_scale.assign(math.prod(self.factors.values()))

    def _apply_masks(self) -> None:
        mask = np.ones(self.unit_mask.shape, np.float32)
        for claimed in self.masks.values():
            mask = mask * claimed
        self.unit_mask.assign(mask)
        self.silenced.assign(bool((mask == 0).any()))


def _claimed(claims: dict, owner: Hashable, value: Any) -> dict:
    """The claims with those of `owner` replaced, or taken back."""
    others = {key: claimed for key, claimed in claims.items() if key != owner}
    return others if value is None else {**others, owner: value}


def _checked_model(model: Any) -> keras.Model:
    if isinstance(model, SelectivityModel):
        raise TypeError(
            "`model` is a SelectivityModel already. Wrap `model.base_model`, or "
            "set `model.alpha`."
        )
    check_model(model)
    return model


def _unit_shares(tapped: Any, groups: Mapping[str, Sequence[str]]) -> np.ndarray:
    """What part each unit has in `mu`: `(sum of units,)` float64.

    A mean over units, then layers, then groups is one weighted sum.
    """
    layer_share = dict.fromkeys(tapped.names, 0.0)
    for members in groups.values():
        for name in members:
            layer_share[name] = 1 / (len(groups) * len(members))
    shares = [
        np.full(units, layer_share[name] / units)
        for name, units in zip(tapped.names, tapped.units, strict=True)
    ]
    return np.concatenate(shares)
