"""Training on several machines, which Keras 3's `fit` refuses by itself.

Under `tf.distribute.MultiWorkerMirroredStrategy` two things stop Keras 3 (keras
issue 20585): it averages the first batch over the workers in order to build the
model, and it reduces the logs of a step over an axis that scalars do not have.
`MultiWorkerModel` gives it a worker's own batch for the first, and logs of
shape `(1,)` for the second. This module is all that does so, and it steps aside
where Keras needs no help.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity._keras import HookedModel, averages_scalars
from keras_selectivity.checks import checked_kind, checked_real, received


class MultiWorkerModel(HookedModel):
    """A model that Keras can fit and evaluate on several machines.

    Without `MultiWorkerMirroredStrategy` it is `keras.Model`. A subclass with a
    `train_step` of its own returns its logs through `step_logs`.

    Example:
        >>> class Double(MultiWorkerModel):
        ...     def call(self, inputs):
        ...         return 2 * inputs
        >>> model = Double()
        >>> model.compile(loss="mse")
        >>> model.evaluate(np.ones((4, 1)), np.ones((4, 1)), verbose=0)
        1.0
    """

    # Set when Keras begins to fit or evaluate: whether it needs help with the logs.
    _helps_keras = False

    def __init__(self, **kwargs: Any) -> None:
        # No inputs and outputs: with them Keras would make the class itself a
        # Functional one, and with it every subclass.
        super().__init__(**kwargs)

    def test_step(self, data: Any) -> dict[str, Any]:
        return self.step_logs(super().test_step(data))

    def step_logs(self, logs: Mapping[str, Any]) -> dict[str, Any]:
        """Logs of a step, in the shape that Keras can average over workers.

        Args:
            logs: What the step found, scalars for the most part.

        Returns:
            The same; on several workers with an axis more, over which Keras's
            mean takes it away again.

        Raises:
            TypeError: If they are no mapping.
        """
        checked_kind("logs", logs, Mapping, "a mapping of names to values")
        if not self._helps_keras:
            return dict(logs)
        return keras.tree.map_structure(lambda v: tf.expand_dims(v, 0), dict(logs))

    def _begin(self, iterator: Any, data_batch: Any) -> tuple[Any, Any]:
        """Give Keras this worker's own batch to build the model from."""
        strategy = self.distribute_strategy
        self._helps_keras = _needs_help(strategy)
        if iterator is not None and strategy.num_replicas_in_sync > 1:
            return None, _own_batch(iterator, strategy)
        return iterator, data_batch


def is_chief(strategy: tf.distribute.Strategy | None = None) -> bool:
    """Whether this process is the one that writes files and logs.

    Every worker of a cluster runs the same program. Keras's own callbacks that
    write (`ModelCheckpoint`, `TensorBoard`, `CSVLogger`, ...) do so on all of
    them, to the same files where they share a disk: give them to the chief
    alone. The callbacks of this package ask by themselves.

    Args:
        strategy: The strategy of the training. None: what the environment
            variable `TF_CONFIG` says, so that it can be asked before there is a
            strategy.

    Returns:
        True on the chief, which is worker 0 in a cluster without a task of the
        type `chief`, and in a process that belongs to no cluster.

    Raises:
        TypeError: If `strategy` is neither a strategy nor None.

    Example:
        >>> is_chief()
        True
    """
    if strategy is None:
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    else:
        resolver = getattr(_checked(strategy), "cluster_resolver", None)
    if resolver is None or not resolver.task_type:
        return True
    if resolver.task_type == "worker" and resolver.task_id == 0:
        return "chief" not in resolver.cluster_spec().jobs
    return resolver.task_type == "chief"


def worker_count(strategy: tf.distribute.Strategy) -> int:
    """Number of processes that train together.

    Args:
        strategy: Any strategy.

    Returns:
        1, but for `MultiWorkerMirroredStrategy` on a cluster.

    Raises:
        TypeError: If `strategy` is no strategy.

    Example:
        >>> worker_count(tf.distribute.get_strategy())
        1
    """
    if not isinstance(_checked(strategy), tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    jobs = strategy.cluster_resolver.cluster_spec().as_dict()
    return max(1, sum(len(jobs.get(job, ())) for job in ("chief", "worker")))


def from_chief(strategy: tf.distribute.Strategy, value: np.ndarray) -> np.ndarray:
    """The chief's value, on every worker; all of them must ask for it.

    Args:
        strategy: The strategy of the training.
        value: An array of integers or floats, of one shape and dtype on every
            worker.

    Returns:
        The chief's.

    Raises:
        TypeError: If `strategy` is no strategy, or `value` no array of numbers.

    Example:
        >>> from_chief(tf.distribute.get_strategy(), np.array([1, 2])).tolist()
        [1, 2]
    """
    checked_real("value", value)
    if worker_count(strategy) == 1:
        return value
    own = value if is_chief(strategy) else np.zeros_like(value)
    return strategy.reduce(
        "SUM", _once(strategy, own, np.zeros_like(own)), axis=None
    ).numpy()


def from_all(strategy: tf.distribute.Strategy, value: np.ndarray) -> np.ndarray:
    """The values of all workers, one after another; all of them must ask for it.

    Args:
        strategy: The strategy of the training.
        value: An array of integers or floats, `(n, ...)`, where `n` may differ
            between workers.

    Returns:
        `(sum of n, ...)`.

    Raises:
        TypeError: If `strategy` is no strategy, or `value` no array of numbers.
        ValueError: If `value` is a single number.

    Example:
        >>> from_all(tf.distribute.get_strategy(), np.array([1, 2])).tolist()
        [1, 2]
    """
    if not checked_real("value", value).ndim:
        raise ValueError(
            f"`value` must have shape (n, ...). {received('value', value)}"
        )
    if worker_count(strategy) == 1:
        return value
    return strategy.gather(_once(strategy, value, value[:0]), axis=0).numpy()


def _checked(strategy: Any) -> tf.distribute.Strategy:
    return checked_kind(
        "strategy", strategy, tf.distribute.Strategy, "a `tf.distribute.Strategy`"
    )


def _once(strategy: Any, value: np.ndarray, rest: np.ndarray) -> Any:
    """A value for the first of a worker's replicas, and `rest` for its others."""
    first = iter([value])
    return strategy.experimental_distribute_values_from_function(
        lambda _: tf.constant(next(first, rest))
    )


def _needs_help(strategy: Any) -> bool:
    return isinstance(
        strategy, tf.distribute.MultiWorkerMirroredStrategy
    ) and not averages_scalars(strategy)


def _own_batch(iterator: Any, strategy: Any) -> Any:
    """The first batch, as the first of this worker's replicas gets it."""
    for _, _, batches in iterator:
        return keras.tree.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], next(batches)
        )
    return None
