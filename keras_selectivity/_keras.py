"""What is private in Keras and used all the same; all of it, and nowhere else.

For each of these there is a test in `tests/test_keras.py` that fails when Keras no
longer has it, or no longer needs it.
"""

import functools
from typing import Any

import keras
import tensorflow as tf


class HookedModel(keras.Model):
    """A model that is told when Keras begins to fit, to evaluate, to train on a batch.

    Keras asks `_maybe_symbolic_build` to build what is not built; there is no public
    hook before the step is traced.
    """

    def _begin(self, iterator: Any, data_batch: Any) -> tuple[Any, Any]:
        """Called before the first step, with what Keras would build the model from.

        Args:
            iterator: Of the batches, or None.
            data_batch: A batch, or None.

        Returns:
            What Keras is to build the model from.
        """
        return iterator, data_batch

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        iterator, data_batch = self._begin(iterator, data_batch)
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)


def begin_fit_at(model: keras.Model, epoch: int | None) -> None:
    """Let `fit` begin at an epoch, whatever its `initial_epoch`.

    So does Keras's own `BackupAndRestore`, by the attribute that is set here.

    Args:
        model: A model that `fit` is about to train.
        epoch: From 0; None: as `fit` was told.
    """
    model._initial_epoch = epoch


def mask_of(tensor: Any) -> Any:
    """The mask that a layer has left on its output, or None.

    Args:
        tensor: What a layer returned; symbolic or not.

    Returns:
        A bool tensor, or None.
    """
    return getattr(tensor, "_keras_mask", None)


@functools.cache
def averages_scalars(strategy: Any) -> bool:
    """Whether Keras's trainer can average scalar logs over several workers.

    Asked of Keras's own function, not of its version, once for a strategy and
    before the first step is traced. All workers ask at the same moment: where
    the answer is yes, they have averaged a zero.

    Args:
        strategy: A `MultiWorkerMirroredStrategy`.

    Returns:
        False where Keras fails (keras issue 20585).
    """
    try:
        from keras.src.backend.tensorflow.trainer import reduce_per_replica
    except ImportError:  # A Keras that works in another way.
        return True
    try:
        reduce_per_replica(tf.constant(0.0), strategy, "auto")
    except ValueError:
        return False
    return True
