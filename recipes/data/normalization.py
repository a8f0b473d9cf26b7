"""How the pixels of every data set are scaled."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recipes.glyphs.worlds import WORLDS


class Normalization(NamedTuple):
    """Mean and standard deviation of every channel, of pixels in [0, 1]."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


#: Pixels in [0, 1] as they are.
UNIT = Normalization((0.0,), (1.0,))

#: torchvision's constants for ImageNet (its `references/classification`).
IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

#: What the recipes use, by data set. LM21 took its ResNet20 from Idelbayev's
#: `pytorch_resnet_cifar10`, whose `trainer.py` uses ImageNet's constants for
#: CIFAR10. No paper names its constants for Tiny ImageNet and ImageNet: these are
#: those of PyTorch's example, which R22 calls the standard procedure. M18 is silent
#: on MNIST.
NORMALIZATIONS = {
    "digits": UNIT,
    "mnist": UNIT,
    "cifar10": IMAGENET,
    "tiny_imagenet": IMAGENET,
    "imagenet2012": IMAGENET,
    "imagenet2012_227": IMAGENET,
    **dict.fromkeys(WORLDS, UNIT),
}


def normalized(
    images: Any, normalization: tuple[tuple[float, ...], tuple[float, ...]] = UNIT
) -> Any:
    """Images of mean 0 and standard deviation 1, channel by channel.

    Args:
        images: `(batch, height, width, channels)`; uint8 is divided by 255 first,
            floats are in [0, 1] already.
        normalization: `(mean, std)`, each with one value or one a channel.

    Example:
        >>> image = np.full((1, 1, 1, 3), 255, np.uint8)
        >>> normalized(image, ((0.5,), (0.25,))).numpy().ravel().tolist()
        [2.0, 2.0, 2.0]
    """
    images = tf.convert_to_tensor(images)
    shape = images.shape[1:].as_list()
    peak = 255.0 if images.dtype == tf.uint8 else 1.0
    mean, std = (_tiled(values, shape) * peak for values in normalization)
    # In rows of whole images: with channels, an innermost axis of 3, TensorFlow's
    # broadcasting takes three times as long.
    rows = tf.cast(tf.reshape(images, (-1, mean.size)), tf.float32)
    return tf.reshape((rows - mean) / std, (-1, *shape))


def _tiled(values: tuple[float, ...], shape: list[int]) -> np.ndarray:
    channels = shape[-1]
    if len(values) not in (1, channels):
        raise ValueError(
            "`normalization` must be `(mean, std)` with one value each, or one a "
            f"channel, of which these images have {channels}. Received: {values!r}. "
            "`recipes.data.NORMALIZATIONS` has those of every data set."
        )
    return np.broadcast_to(np.array(values, np.float32), shape).ravel()
