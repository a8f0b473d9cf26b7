"""What an ascent moves: an image's Fourier coefficients, or a generator's code."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.network.graph import ends

# Root mean square of the start, where an image ends at 1: enough for starts to differ
# and for some of them to pass a rectifier, little beside what the ascent adds.
_START = 0.2
# Square root of the correlation of red, green and blue over ImageNet, as lucid has it.
_COLORS = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]])


class Parametrization(Protocol):
    """Images as a function of parameters.

    The images are made in two steps. Between them is the *latent*: what the
    regularization is about, and where the gradient of a unit is brought to unit size.

    Attributes:
        shape: Of the parameters of one image.
    """

    shape: tuple[int, ...]

    def start(self, seed: tf.Tensor) -> tf.Tensor:
        """Parameters of one image to start from, for a seed `(2,)`."""

    def latent(self, parameters: tf.Tensor) -> tf.Tensor:
        """The latents `(pairs, ...)` of parameters `(pairs, *shape)`."""

    def images(self, latent: tf.Tensor) -> tf.Tensor:
        """The images `(pairs, height, width, channels)` of latents, float32."""

    def penalty(self, latent: tf.Tensor) -> tf.Tensor:
        """What the regularization takes off, `()`, summed over latents."""


class FourierImages:
    """Images from Fourier coefficients, scaled by one over the frequency.

    So gradient ascent moves all frequencies of an image at a rate like that of their
    amplitudes in photographs, and not the highest most. The latent is the image
    between -1 and 1, by a tanh, which is a sigmoid into the range of values.

    Coefficients are scaled so that normal ones of deviation d make an image that has
    the deviation d before the tanh, whatever its size; 0.6 d with decorrelated colors.

    Args:
        shape: `(height, width, channels)`.
        value_range: Lowest and highest value, numbers or one for each channel.
        decorrelate: Whether the channels of the coefficients are the principal
            colors of photographs, for 3 channels.
        total_variation: Weight, see `penalty`.
        l2: Weight, see `penalty`.

    Example:
        >>> images = FourierImages((8, 9, 3), (0.0, 255.0))
        >>> parameters = images.start(tf.constant([0, 1]))[None]
        >>> made = images.images(images.latent(parameters))
        >>> made.shape.as_list(), bool(tf.reduce_min(made) > 0)
        ([1, 8, 9, 3], True)

    Reference:
        Olah, Mordvintsev and Schubert (2017), "Feature visualization", section
        "Preconditioning and parameterization"; tensorflow/lucid.
    """

    def __init__(
        self,
        shape: Sequence[int],
        value_range: Sequence[Any] | np.ndarray,
        *,
        decorrelate: bool = True,
        total_variation: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        height, width, channels = shape
        self.shape: tuple[int, ...] = (channels, height, width // 2 + 1, 2)
        self._size = (height, width)
        self._scale = _frequency_scale(height, width)[:, :, None]
        low, high = (np.asarray(value, np.float32) for value in value_range)
        self._middle, self._reach = (low + high) / 2, (high - low) / 2
        self._colors = None
        if decorrelate and channels == 3:
            norms = np.linalg.norm(_COLORS, axis=0)
            self._colors = (_COLORS.T / norms.max()).astype(np.float32)
        self._total_variation, self._l2 = total_variation, l2

    def start(self, seed: tf.Tensor) -> tf.Tensor:
        """Coefficients of a faint random image."""
        return tf.random.stateless_normal(self.shape, seed, stddev=_START)

    def latent(self, parameters: tf.Tensor) -> tf.Tensor:
        """The images in [-1, 1]."""
        scaled = parameters * self._scale
        spectrum = tf.complex(scaled[..., 0], scaled[..., 1])
        image = tf.transpose(tf.signal.irfft2d(spectrum, self._size), (0, 2, 3, 1))
        if self._colors is not None:
            image = tf.tensordot(image, self._colors, 1)
        return tf.tanh(image)

    def images(self, latent: tf.Tensor) -> tf.Tensor:
        """The images in the range of values."""
        return self._middle + self._reach * latent

    def penalty(self, latent: tf.Tensor) -> tf.Tensor:
        """`total_variation * sum |neighbors' difference| + l2 / 2 * sum squares`."""
        variation = tf.reduce_sum(tf.image.total_variation(latent))
        squares = tf.reduce_sum(tf.square(latent))
        return self._total_variation * variation + self._l2 / 2 * squares


class GeneratedImages:
    """Images that a generator network makes of codes, which are also the latents.

    Args:
        generator: A built Keras model from code to image. It runs in evaluation mode.
        l2: Weight, see `penalty`.

    Example:
        >>> generator = keras.Sequential([
        ...     keras.Input((5,)), keras.layers.Dense(64),
        ...     keras.layers.Reshape((8, 8, 1))])
        >>> images = GeneratedImages(generator)
        >>> images.shape, images.images(tf.zeros((2, 5))).shape.as_list()
        ((5,), [2, 8, 8, 1])

    Reference:
        Nguyen et al. (2016), "Synthesizing the preferred inputs for neurons in neural
        networks via deep generator networks"; Nguyen et al. (2017), "Plug & Play
        Generative Networks".
    """

    def __init__(self, generator: keras.Model, *, l2: float = 0.0) -> None:
        self.shape: tuple[int, ...] = tuple(generator.inputs[0].shape[1:])
        self._generator, self._l2 = generator, l2
        self._inputs = ends(generator)[0]

    def start(self, seed: tf.Tensor) -> tf.Tensor:
        """A standard normal code."""
        return tf.random.stateless_normal(self.shape, seed)

    def latent(self, parameters: tf.Tensor) -> tf.Tensor:
        """The codes themselves."""
        return parameters

    def images(self, latent: tf.Tensor) -> tf.Tensor:
        """What the generator makes of the codes."""
        codes = keras.tree.pack_sequence_as(self._inputs, [latent])
        (images,) = keras.tree.flatten(self._generator(codes, training=False))
        return tf.cast(images, tf.float32)

    def penalty(self, latent: tf.Tensor) -> tf.Tensor:
        """`l2 / 2 * sum squares`: the logarithm of a normal prior, but for its sign."""
        return self._l2 / 2 * tf.reduce_sum(tf.square(latent))


def _frequency_scale(height: int, width: int) -> np.ndarray:
    """`(height, width // 2 + 1)`: one over the frequency, for pixels of deviation 1."""
    across, along = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    scale = 1 / np.maximum(np.hypot(across, along), 1 / max(height, width))
    # A coefficient of the half spectrum stands for two of the whole one, but in the
    # columns that are their own mirror images.
    weight = np.full(width // 2 + 1, 4.0)
    weight[0] = 1
    if width % 2 == 0:
        weight[-1] = 1
    deviation = np.sqrt(np.sum(weight * scale**2)) / (height * width)
    return (scale / deviation).astype(np.float32)
