"""Flips and crops of a whole batch at a time."""

from typing import Any

import tensorflow as tf

#: Zero pixels on every side of an image before it is cropped.
PADDING = 4


def draw_flip_crop(samples: int, seed: Any) -> tuple[Any, Any, Any]:
    """What `flip_crop` does to every sample of an epoch, a function of the seed alone.

    Returns:
        `(flip, top, left)`, `(samples,)` each: whether to mirror, and the corner of
        the crop in the padded image.

    Example:
        >>> flip, top, left = draw_flip_crop(3, [0, 1])
        >>> flip.dtype, int(tf.reduce_max(top)) <= 8
        (tf.bool, True)
    """
    flips, tops, lefts = tf.unstack(tf.random.split(seed, 3))
    places = 2 * PADDING + 1
    return (
        tf.random.stateless_uniform([samples], flips, alg="philox") < 0.5,
        tf.random.stateless_uniform(
            [samples], tops, 0, places, dtype=tf.int32, alg="philox"
        ),
        tf.random.stateless_uniform(
            [samples], lefts, 0, places, dtype=tf.int32, alg="philox"
        ),
    )


def flip_crop(images: Any, flip: Any, top: Any, left: Any) -> Any:
    """Pad every image with four zero pixels, crop it to its size, mirror some.

    One gather of pixels for all images, the fastest of the formulations tried on a
    CPU: 1.3 times as fast as a gather of rows and one of columns, 2.5 times as fast
    as `ImageProjectiveTransformV3`, 5 to 12 times as fast as a slice an image.

    Args:
        images: `(batch, height, width, channels)`.
        flip: `(batch,)` whether to mirror left and right.
        top: `(batch,)` first row of the crop in the padded image, in 0, ..., 8.
        left: `(batch,)` first column of it.

    Example:
        >>> image = tf.reshape(tf.range(1, 5), (1, 2, 2, 1))
        >>> flip_crop(image, [True], [4], [5])[0, ..., 0].numpy().tolist()
        [[0, 2], [0, 4]]

    Reference:
        He et al. (2015) section 4.2, after Lee et al. (2015); Idelbayev's trainer,
        from which LM21 took its ResNet20.
    """
    height, width, channels = images.shape[1:]
    top, left = tf.convert_to_tensor(top), tf.convert_to_tensor(left)
    columns = tf.range(width)
    columns = tf.where(tf.convert_to_tensor(flip)[:, None], columns[::-1], columns)
    columns += left[:, None] - PADDING
    rows = tf.range(height) + top[:, None] - PADDING
    # Pixels of all images in one list behind a zero, to which whatever lies outside
    # an image is clipped.
    pixels = tf.pad(tf.reshape(images, (-1, channels)), [[1, 0], [0, 0]])
    first = 1 + tf.range(tf.shape(images)[0])[:, None] * (height * width)
    outside = -(2**30)
    columns = tf.where((columns >= 0) & (columns < width), columns, outside)
    rows = tf.where((rows >= 0) & (rows < height), first + rows * width, outside)
    return tf.gather(pixels, tf.maximum(rows[:, :, None] + columns[:, None, :], 0))
