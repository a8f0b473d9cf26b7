"""Gradient ascent for many pairs of a unit and an image at once, in compiled steps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from keras_selectivity.maximization.parametrization import Parametrization
from keras_selectivity.maximization.transformations import DRAWS, Transformations
from keras_selectivity.network.tracing import traced_apart

# Gradients have unit size, so that what is below this is the rounding of a zero.
_EPSILON = 1e-3


class State(NamedTuple):
    """Where the ascent of a batch of pairs stands, with Adam's moments.

    Attributes:
        parameters: `(pairs, *shape)` float32.
        mean: `(pairs, *shape)`: running mean of the gradient.
        square: `(pairs, 1, ...)`: running mean of its mean square.
        step: int32 number of steps so far.
    """

    parameters: Any
    mean: Any
    square: Any
    step: Any


class Ascent:
    """Adam on the parameters of images, each of which maximizes a unit of its own.

    Pairs have nothing in common but the batch: a pair has its own random numbers, and
    the model runs in evaluation mode, so that its image does not depend on the others.

    The gradient of a unit with respect to the latents is brought to unit size, a root
    mean square of 1 for each pair. So weights of the regularization mean the same for
    every unit, network and size of image, and probabilities are maximized as their
    logarithms are.

    Adam has one mean square for all numbers of a pair: with one each, those that the
    unit does not depend on would move as far as the others, and a few pixels be caught
    at the wrong end of the range. Its rate falls linearly to 0, so that images settle.

    Args:
        value: Function of images `(pairs, height, width, channels)` and units
            `(pairs,)`, which returns what each image makes of its unit, `(pairs,)`.
        images: How parameters make images.
        transformations: What the network sees of them.
        learning_rate: Of Adam, at the first step.

    Attributes:
        start: Compiled: `(seeds, steps) -> (state, draws)`; seeds `(pairs, 2, 2)`
            int32, and draws `(pairs, steps, 4)` the random numbers of the
            transformations.
        advance: Compiled: `(state, draws, units, steps) -> (state, values)`; units
            `(pairs,)` int32, and values `(pairs, steps)` what was maximized, before
            each step.
        draw: Compiled: `state -> images`.

    Example:
        >>> from keras_selectivity.maximization.parametrization import FourierImages
        >>> images = FourierImages((8, 8, 1), (0.0, 1.0))
        >>> ascent = Ascent(lambda images, units: tf.reduce_mean(images, (1, 2, 3)),
        ...                 images, Transformations(0, 0, 0), learning_rate=0.5)
        >>> state, draws = ascent.start(tf.zeros((1, 2, 2), tf.int32), 50)
        >>> state, values = ascent.advance(state, draws, tf.constant([0]), 50)
        >>> bool(values[0, -1] > 0.9), ascent.draw(state).shape.as_list()
        (True, [1, 8, 8, 1])
    """

    def __init__(
        self,
        value: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
        images: Parametrization,
        transformations: Transformations,
        *,
        learning_rate: float,
    ) -> None:
        self._value = value
        self._images = images
        self._transformations = transformations
        self._learning_rate = learning_rate
        # Numbers of pairs and of steps are open: no other ones are traced anew.
        parameters = tf.TensorSpec((None, *images.shape), tf.float32)
        count = tf.TensorSpec((), tf.int32)
        seeds = tf.TensorSpec((None, 2, 2), tf.int32)
        draws = tf.TensorSpec((None, None, DRAWS), tf.float32)
        units = tf.TensorSpec((None,), tf.int32)
        square = tf.TensorSpec((None, *[1] * len(images.shape)), tf.float32)
        state = State(parameters, parameters, square, count)
        self.start = tf.function(self._start, input_signature=[seeds, count])
        self.advance = tf.function(
            self._advance, input_signature=[state, draws, units, count]
        )
        self.draw = tf.function(self._draw, input_signature=[state])

    def _start(self, seeds: tf.Tensor, steps: tf.Tensor) -> tuple[State, tf.Tensor]:
        def one(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            draws = tf.random.stateless_uniform((steps, DRAWS), seed[1], -1.0, 1.0)
            return self._images.start(seed[0]), draws

        parameters, draws = tf.map_fn(
            one,
            seeds,
            fn_output_signature=(
                tf.TensorSpec(self._images.shape, tf.float32),
                tf.TensorSpec((None, DRAWS), tf.float32),
            ),
        )
        square = tf.zeros((tf.shape(seeds)[0], *[1] * len(self._images.shape)))
        mean = tf.zeros_like(parameters)
        return State(parameters, mean, square, tf.constant(0)), draws

    def _advance(
        self, state: State, draws: tf.Tensor, units: tf.Tensor, steps: tf.Tensor
    ) -> tuple[State, tf.Tensor]:
        values = tf.TensorArray(tf.float32, steps)
        for taken in tf.range(steps):
            state, value = self._step(state, draws, units)
            values = values.write(taken, value)
        return state, tf.transpose(values.stack())

    def _step(
        self, state: State, draws: tf.Tensor, units: tf.Tensor
    ) -> tuple[State, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state.parameters)
            latent = self._images.latent(state.parameters)
            images = self._images.images(with_unit_gradient(latent))
            seen = self._transformations(images, draws[:, state.step])
            value = self._value(seen, units)
            goal = tf.reduce_sum(value) - self._images.penalty(latent)
        gradient = tape.gradient(goal, state.parameters)
        step = state.step + 1
        axes = list(range(1, gradient.shape.rank))
        size = tf.reduce_mean(tf.square(gradient), axes, keepdims=True)
        mean = 0.9 * state.mean + 0.1 * gradient
        square = 0.999 * state.square + 0.001 * size
        count = tf.cast(step, tf.float32)
        mean_hat, square_hat = mean / (1 - 0.9**count), square / (1 - 0.999**count)
        rate = self._learning_rate * (1 - state.step / tf.shape(draws)[1])
        move = tf.cast(rate, tf.float32) * mean_hat / (tf.sqrt(square_hat) + _EPSILON)
        return State(state.parameters + move, mean, square, step), value

    def _draw(self, state: State) -> tf.Tensor:
        return self._images.images(self._images.latent(state.parameters))


@traced_apart
@tf.custom_gradient
def with_unit_gradient(x: tf.Tensor) -> Any:
    """`x` itself, whose gradient is brought to a root mean square of 1 for each row.

    Args:
        x: `(rows, ...)`.

    Returns:
        `x`. A gradient of zeros stays what it is.

    Example:
        >>> x = tf.constant([[1.0, 2.0]])
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = 1e-30 * tf.reduce_sum(with_unit_gradient(x))
        >>> tape.gradient(y, x).numpy()
        array([[1., 1.]], dtype=float32)
    """

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        axes = list(range(1, upstream.shape.rank))
        # Two steps, since squares of small numbers would be 0.
        largest = tf.reduce_max(tf.abs(upstream), axes, keepdims=True)
        upstream = tf.math.divide_no_nan(upstream, largest)
        square = tf.reduce_mean(tf.square(upstream), axes, keepdims=True)
        return tf.math.divide_no_nan(upstream, tf.sqrt(square))

    return tf.identity(x), gradient
