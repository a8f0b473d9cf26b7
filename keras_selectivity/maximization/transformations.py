"""Random shifts, zooms and rotations that an image must withstand."""

import math
from dataclasses import dataclass, fields
from typing import Self

import tensorflow as tf

from keras_selectivity.checks import checked_count, checked_number

# Below this side, in pixels, a shift of a pixel or a turn is a change of content.
_SMALLEST_SIDE = 32
#: Random numbers in [-1, 1) that one transformation takes.
DRAWS = 4


@dataclass(frozen=True)
class Transformations:
    """How far each step may move what the network sees of an image.

    Without them an image is fitted to single pixels. Each is drawn uniformly, anew
    for every image and step. Where an image is moved away from an edge, the edge is
    continued.

    Attributes:
        shift: Largest shift up, down, left or right, as a share of the side, in
            [0, 0.5].
        zoom: Largest enlargement, in [0, 1]: 0.1 for sizes from 1 / 1.1 to 1.1.
        rotation: Largest turn to the left or right in degrees, in [0, 180].

    Raises:
        TypeError: If one is no number.
        ValueError: If one is out of its range.

    Example:
        >>> still = Transformations(shift=0, zoom=0, rotation=0)
        >>> images, draws = tf.ones((1, 4, 4, 3)), tf.zeros((1, 4))
        >>> Transformations()(images, draws).shape.as_list(), still.any
        ([1, 4, 4, 3], False)

    Reference:
        Olah, Mordvintsev and Schubert (2017), "Feature visualization", section
        "Transformation robustness". The defaults are about lucid's.
    """

    shift: float = 0.03
    zoom: float = 0.1
    rotation: float = 10.0

    def __post_init__(self) -> None:
        highest = {"shift": 0.5, "zoom": 1, "rotation": 180}
        for field in fields(self):
            value, most = getattr(self, field.name), highest[field.name]
            checked_number(field.name, value, least=0, most=most)

    @classmethod
    def for_size(cls, height: int, width: int) -> Self:
        """The default for images of a size: none below a side of 32 pixels.

        Args:
            height: In pixels.
            width: In pixels.

        Returns:
            Transformations.

        Raises:
            TypeError: If a side is no integer.
            ValueError: If a side is below 1.

        Example:
            >>> Transformations.for_size(8, 8)
            Transformations(shift=0, zoom=0, rotation=0)
        """
        side = min(checked_count("height", height), checked_count("width", width))
        return cls() if side >= _SMALLEST_SIDE else cls(0, 0, 0)

    @property
    def any(self) -> bool:
        """Whether they change anything."""
        return bool(self.shift or self.zoom or self.rotation)

    def __call__(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Transform images.

        Args:
            images: `(pairs, height, width, channels)` float32.
            draws: `(pairs, 4)` float32 in [-1, 1), which say how.

        Returns:
            Images of the same shape. Their gradient is the inverse transformation of
            that of the result, close to the exact one.
        """
        if not self.any:
            return images
        size = tf.shape(images)[1:3]
        moved = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=self._matrices(draws, tf.cast(size, tf.float32)),
            output_shape=size,
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="NEAREST",
        )
        return tf.ensure_shape(moved, images.shape)

    def _matrices(self, draws: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        """`(pairs, 8)`: where each pixel of the result comes from."""
        down, right, larger, turn = tf.unstack(draws, axis=1)
        ratio = tf.exp(-math.log1p(self.zoom) * larger)
        angle = math.radians(self.rotation) * turn
        cosine, sine = ratio * tf.cos(angle), ratio * tf.sin(angle)
        height, width = tf.unstack(size)
        # Turned and zoomed about the center of the image.
        y, x = (height - 1) / 2, (width - 1) / 2
        from_x = x - cosine * x + sine * y - self.shift * width * right
        from_y = y - sine * x - cosine * y - self.shift * height * down
        none = tf.zeros_like(angle)
        rows = [cosine, -sine, from_x, sine, cosine, from_y, none, none]
        return tf.stack(rows, axis=1)
