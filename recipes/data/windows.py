"""The part of a photograph that a network sees."""

import math
from typing import Any

import tensorflow as tf

#: Attempts to draw a window that lies within the photograph.
ATTEMPTS = 10
SCALE = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)


def random_window(height: Any, width: Any, seed: Any) -> Any:
    """A window of random area, shape and place: torchvision's `RandomResizedCrop`.

    Its area is 8 to 100 % of the photograph's and its width 3/4 to 4/3 of its
    height, uniform in the logarithm. Of ten attempts the first that fits is taken;
    if none does, the largest window in the middle of an allowed shape.

    Returns:
        `(4,)` int32: top, left, height, width.

    Example:
        >>> top, left, height, width = random_window(300, 400, [0, 1]).numpy()
        >>> bool(0 <= top <= 300 - height and 0 <= left <= 400 - width)
        True

    Reference:
        Szegedy et al. (2014), "Going deeper with convolutions", section 6, as
        PyTorch's ImageNet example has it, which R22 calls the standard procedure.
    """
    draws = tf.random.stateless_uniform([4, ATTEMPTS], seed, alg="philox")
    area = tf.cast(height * width, tf.float32) * _between(draws[0], *SCALE)
    ratio = tf.exp(_between(draws[1], math.log(RATIO[0]), math.log(RATIO[1])))
    widths = tf.cast(tf.round(tf.sqrt(area * ratio)), tf.int32)
    heights = tf.cast(tf.round(tf.sqrt(area / ratio)), tf.int32)
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    windows = tf.stack(
        [
            _place(draws[2], height - heights),
            _place(draws[3], width - widths),
            heights,
            widths,
        ],
        axis=1,
    )
    found = windows[tf.argmax(tf.cast(fits, tf.int32))]
    return tf.where(tf.reduce_any(fits), found, _largest_window(height, width))


def central_window(height: Any, width: Any, size: int) -> Any:
    """The middle square with `size / 256` of the shorter side: top, left, and its size.

    Resized to `size`, it is torchvision's `Resize(256)` and `CenterCrop(size)`, but for
    rounding, without decoding or resizing what is cut off.

    Example:
        >>> central_window(512, 768, 224).numpy().tolist()
        [32, 160, 448, 448]
    """
    shorter = tf.cast(tf.minimum(height, width), tf.float32)
    side = tf.cast(tf.round(shorter * (size / 256)), tf.int32)
    return _centered(height, width, side, side)


def _largest_window(height: Any, width: Any) -> Any:
    tall = tf.cast(tf.cast(width, tf.float32) / RATIO[0], tf.int32)
    wide = tf.cast(tf.cast(height, tf.float32) * RATIO[1], tf.int32)
    return _centered(height, width, tf.minimum(height, tall), tf.minimum(width, wide))


def _centered(height: Any, width: Any, inner_height: Any, inner_width: Any) -> Any:
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    return tf.stack([top, left, inner_height, inner_width])


def _between(uniform: Any, low: float, high: float) -> Any:
    return low + uniform * (high - low)


def _place(uniform: Any, room: Any) -> Any:
    """0, ..., `room`, each as likely as the others."""
    return tf.cast(tf.floor(uniform * tf.cast(room + 1, tf.float32)), tf.int32)
