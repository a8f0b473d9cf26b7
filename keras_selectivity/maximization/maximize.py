"""Images that drive units: checks, batches of pairs, and the result."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_count,
    checked_flag,
    checked_number,
    checked_seed,
    checked_verbose,
)
from keras_selectivity.maximization import arguments
from keras_selectivity.maximization.ascent import Ascent
from keras_selectivity.maximization.maximized import Maximized
from keras_selectivity.maximization.objective import objective
from keras_selectivity.maximization.parametrization import (
    FourierImages,
    GeneratedImages,
    Parametrization,
)
from keras_selectivity.maximization.transformations import Transformations
from keras_selectivity.network.graph import ends
from keras_selectivity.views import View

_STEPS_A_CALL = 32


def maximize(
    model: keras.Model,
    units: int | Sequence[int] | None = None,
    *,
    layer: str | None = None,
    images: int = 1,
    steps: int = 256,
    learning_rate: float = 0.05,
    value_range: tuple[Any, Any] | None = None,
    response: taps_module.Response = "mean",
    generator: keras.Model | None = None,
    transformations: Transformations | None = None,
    total_variation: float | None = None,
    l2: float | None = None,
    decorrelate: bool = True,
    image_shape: tuple[int, int, int] | None = None,
    seed: int = 0,
    batch_size: int = 32,
    verbose: str | int = "auto",
) -> Maximized:
    """Images that drive units of a layer, or classes, as far as gradient ascent goes.

    Every image begins as noise and goes up the gradient of its unit's activation, by
    Adam on its Fourier coefficients, which are scaled by one over the frequency; or on
    the code from which a `generator` makes it. The network sees it through a random
    shift, zoom and rotation, anew at every step. What is found is a local optimum,
    another one for every image of a unit.

    What is maximized is the unit activation as it is measured, with two exceptions,
    where its gradient vanishes. Of a softmax or sigmoid that makes the model's output
    it is the logit; where something comes after the softmax, the probability is
    maximized, in effect its logarithm. Of a unit that a ReLU keeps at 0 it is what
    enters the ReLU, until the unit responds.

    Several pairs of a unit and an image are a batch, in one compiled loop. A batch
    takes the memory of a training step of `batch_size` images, without that of the
    weights; the result takes `4 * units * images * height * width * channels` bytes.
    The image of a pair depends on the seed, the unit and the number of the image, not
    on what else is asked for; up to the rounding of floats, which an ascent amplifies.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential` model,
            nested or not, of images `(batch, height, width, channels)`, whose silent
            units stay silent. It runs in evaluation mode and is not changed.
        units: Indices of units of the layer, or one. None: all of them.
        layer: Name of the layer, as `taps.select` takes it in a list. None: the
            model's output, whose units are the classes.
        images: How many images for each unit: 100 in G19.
        steps: Steps of the ascent.
        learning_rate: Of Adam, at the first step; it falls linearly to 0. A step
            changes pixels by about this share of half the range of values.
        value_range: Lowest and highest value that the model takes for a pixel, numbers
            or one for each channel: `(0, 255)` for most of `keras.applications`. None:
            `(0, 1)`. Not with a generator.
        response: What stands for a feature map: its `"mean"` over positions, as in
            `measure`, or its `"max"`.
        generator: A built Keras model from a code to an image that `model` takes, as
            in Plug & Play Generative Networks: the images are then what it can make.
            Codes begin as standard normal numbers. It runs in evaluation mode. Where
            it makes images of other values than `model` takes, put a
            `keras.layers.Rescaling` at its end.
        transformations: What the network sees of an image. None: `Transformations()`
            for images of 32 pixels or more on the shorter side, and none for smaller
            ones.
        total_variation: Weight of the sum of absolute differences of neighbors, in
            images between -1 and 1. None: 0.05. Not with a generator.
        l2: Half of it is the weight of the sum of squares, in images between -1 and 1;
            with a generator, in codes. The gradient of a unit has a root mean square
            of 1 there, whatever its scale, so that a pixel (or element of a code)
            whose gradient is `g` settles at about `g / l2`. None: 0.1, so that what
            does not drive the unit is gray; with a generator 1, so that codes stay as
            long as normal ones.
        decorrelate: Whether images of 3 channels move along the principal colors of
            photographs. Not with a generator.
        image_shape: `(height, width, channels)`, where the model leaves them open.
        seed: An integer >= 0: of starts and transformations. On one machine the same
            call gives the same images, bit for bit.
        batch_size: Pairs of a unit and an image at once.
        verbose: 0 for silence; 1 or `"auto"` for a progress bar.

    Returns:
        A `Maximized`, with images of shape
        `(units, images, height, width, channels)`.

    Raises:
        TypeError: If the model is a subclassed one, or an argument of a wrong type.
        ValueError: If the model does not take one image, or takes it with channels
            first; if there is no such layer or unit; if an option is out of its range;
            or if activations are not finite.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 1)),
        ...     keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        ...     keras.layers.GlobalAveragePooling2D(),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> found = maximize(model, [0, 3], layer="conv", images=2, steps=10, verbose=0)
        >>> found.images.shape, found.activations.shape
        ((2, 2, 8, 8, 1), (2, 2))
        >>> maximize(model, steps=10, verbose=0).units.tolist()  # The classes.
        [0, 1]

    Reference:
        G19 section 2, appendices A1 and A4; Olah, Mordvintsev and Schubert (2017),
        "Feature visualization"; Nguyen et al. (2017), "Plug & Play Generative
        Networks", of whose method the ascent on codes is here, with a normal prior in
        the place of a denoising autoencoder, and without noise in its steps.
    """
    maximizer = Maximizer(
        model,
        layer,
        learning_rate=learning_rate,
        value_range=value_range,
        response=response,
        generator=generator,
        transformations=transformations,
        total_variation=total_variation,
        l2=l2,
        decorrelate=decorrelate,
        image_shape=image_shape,
    )
    return maximizer.run(
        units,
        images,
        steps=steps,
        seed=seed,
        batch_size=batch_size,
        verbose=verbose,
    )


class Maximizer:
    """Maximizes units of one layer: compiled once, run many times.

    `maximize` makes one and runs it once. Weights are read at every run.

    The arguments are those of `maximize`.

    Attributes:
        point: Where the units are, see `taps.find`.
        ascent: The compiled steps.

    Raises:
        TypeError: As `maximize`.
        ValueError: As `maximize`.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
        >>> maximizer = Maximizer(model)
        >>> all_units = maximizer.run(steps=5, verbose=0)
        >>> other_start = maximizer.run([2], steps=5, seed=1, verbose=0)
        >>> bool((other_start.images[0] == all_units.images[2]).all())
        False
    """

    def __init__(
        self,
        model: keras.Model,
        layer: str | None = None,
        *,
        learning_rate: float = 0.05,
        value_range: tuple[Any, Any] | None = None,
        response: taps_module.Response = "mean",
        generator: keras.Model | None = None,
        transformations: Transformations | None = None,
        total_variation: float | None = None,
        l2: float | None = None,
        decorrelate: bool = True,
        image_shape: tuple[int, int, int] | None = None,
    ) -> None:
        view = View.of(model)
        base = view.base
        points = taps_module.find(base)
        self.point = arguments.point(points, layer)
        self._response = response
        shape = arguments.image_shape(base, points, image_shape)
        learning_rate = checked_number("learning_rate", learning_rate, above=0)
        decorrelate = checked_flag("decorrelate", decorrelate)
        shown = arguments.transformations(transformations, shape)
        self._images: Parametrization
        self._value_range: np.ndarray | None = None
        if generator is None:
            self._value_range = arguments.value_range(value_range, shape[2])
            self._images = FourierImages(
                shape,
                self._value_range,
                decorrelate=decorrelate,
                total_variation=arguments.weight(
                    "total_variation", total_variation, 0.05
                ),
                l2=arguments.weight("l2", l2, 0.1),
            )
        else:
            arguments.check_generator(generator, shape, value_range, total_variation)
            self._images = GeneratedImages(generator, l2=arguments.weight("l2", l2, 1))
        view = dataclasses.replace(view, taps=[self.point.name])
        plain = view.tapped(response=response)
        with view.scope():
            maximized = objective(base, self.point, response, view.silenced_as)
        self.ascent = Ascent(
            _of_own_unit(maximized, base),
            self._images,
            shown,
            learning_rate=learning_rate,
        )
        self._activations = tf.function(
            _of_own_unit(plain, base),
            input_signature=[
                tf.TensorSpec((None, *shape), tf.float32),
                tf.TensorSpec((None,), tf.int32),
            ],
        )

    def run(
        self,
        units: int | Sequence[int] | None = None,
        images: int = 1,
        *,
        steps: int = 256,
        seed: int = 0,
        batch_size: int = 32,
        verbose: str | int = "auto",
    ) -> Maximized:
        """Maximize units.

        The arguments are those of `maximize`.

        Returns:
            A `Maximized`.

        Raises:
            TypeError: If an argument is of a wrong type.
            ValueError: If an argument is out of its range, or activations are not
                finite.
        """
        chosen = arguments.units(units, self.point)
        images = checked_count("images", images)
        steps = checked_count("steps", steps)
        batch_size = checked_count("batch_size", batch_size)
        seed, verbose = checked_seed(seed), checked_verbose(verbose)
        pairs = [(int(unit), number) for unit in chosen for number in range(images)]
        batches = [
            pairs[start : start + batch_size]
            for start in range(0, len(pairs), batch_size)
        ]
        bar = keras.utils.Progbar(
            len(batches) * steps, verbose=1 if verbose == "auto" else verbose
        )
        parts = [self._run_batch(batch, steps, seed, bar.add) for batch in batches]
        made, activations, history = (
            np.concatenate(each).reshape(len(chosen), images, *each[0].shape[1:])
            for each in zip(*parts, strict=True)
        )
        value_range = self._value_range
        if value_range is None:
            axes = (0, 1, 2, 3)
            value_range = np.stack([made.min(axis=axes), made.max(axis=axes)])
        return Maximized(
            self.point.name,
            self._response,
            chosen,
            made,
            activations,
            history,
            value_range,
        )

    def _run_batch(
        self,
        pairs: list[tuple[int, int]],
        steps: int,
        seed: int,
        progress: Callable[[int], None],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images, activations and history of pairs of a unit and a number."""
        units = tf.constant([unit for unit, _ in pairs])
        seeds = np.stack([_random_state(seed, *pair) for pair in pairs])
        state, draws = self.ascent.start(tf.constant(seeds), tf.constant(steps))
        history: list[np.ndarray] = []
        for done in range(0, steps, _STEPS_A_CALL):
            count = min(_STEPS_A_CALL, steps - done)
            state, values = self.ascent.advance(state, draws, units, tf.constant(count))
            history.append(values.numpy())
            self._check_finite(history[-1], units.numpy(), done)
            progress(count)
        images = self.ascent.draw(state)
        activations = self._activations(images, units).numpy()
        return images.numpy(), activations, np.concatenate(history, axis=1)

    def _check_finite(self, values: np.ndarray, units: np.ndarray, done: int) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            bad = np.unique(units[~finite.all(axis=1)])
            step = done + int(np.argmin(finite.all(axis=0)))
            raise ValueError(
                f"The activations of units {bad.tolist()} of {self.point.name!r} are "
                f"not finite at step {step} (counted from 0). Check the model's "
                "weights and `value_range`."
            )


def _of_own_unit(
    view: taps_module.TappedModel, model: keras.Model
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """What each image makes of the unit that goes with it."""
    symbol, dtype = ends(model)[0], model.inputs[0].dtype

    def value(images: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
        images = tf.cast(images, dtype)
        taken = keras.tree.pack_sequence_as(symbol, [images])
        _, (activations,) = view(taken, training=False)
        return tf.cast(tf.gather(activations, units, batch_dims=1), tf.float32)

    return value


def _random_state(seed: int, unit: int, number: int) -> np.ndarray:
    """`(2, 2)` int32: seeds of the start and the transformations of an image."""
    words = np.random.SeedSequence([seed, unit, number]).generate_state(4)
    return words.view(np.int32).reshape(2, 2)
