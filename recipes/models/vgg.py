"""VGG networks with batch normalization."""

from collections.abc import Sequence

import keras
from keras import layers

from recipes.models._layers import conv_norm, he_fan_out, linear, rectifier


def vgg16(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    blocks: Sequence[tuple[int, int]] = (
        (64, 2),
        (128, 2),
        (256, 3),
        (512, 3),
        (512, 3),
    ),
    dense: int = 512,
    negative_slope: float = 0.0,
) -> keras.Model:
    """LM21's VGG16 with batch normalization, and one small hidden dense layer.

    Blocks of 3x3 convolutions, each with a norm and a rectifier, and 2x2 max
    pooling after every block; then one dense layer where Simonyan and Zisserman
    have two of 4096 units. Convolutions keep their bias although the norm
    takes the mean away, as in torchvision's `vgg16_bn`. There is no dropout:
    LM21 names none.

    LM21 does not say how weights start. Here convolutions start as in
    torchvision, N(0, 2 / fan_out), and dense layers as in PyTorch,
    U(-b, b) with b = 1 / sqrt(fan_in): torchvision's N(0, 0.01) is meant for
    4096 units, and shrinks what 512 of them pass on.

    Rectifiers are named `block1_1_relu` (block, convolution) and `dense_relu`.
    LM21's figures have 13 layers: take `taps="^block"` to leave out the dense
    one, which the paper may or may not have regularized.

    Args:
        input_shape: `(height, width, channels)`, at least `2 ** len(blocks)`
            pixels high and wide.
        classes: Number of classes; the output is their logits.
        blocks: For each block the feature maps and the number of convolutions.
            `((16, 2), (32, 2), (64, 3))` fits images of 8x8.
        dense: Units of the hidden dense layer.
        negative_slope: At least 0 and less than 1: slope of leaky rectifiers,
            0 for ReLU.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If `negative_slope` is out of range, or the images are too
            small for the blocks.

    Example:
        >>> small = vgg16((8, 8, 1), blocks=((16, 2), (32, 2), (64, 3)), dense=64)
        >>> small.get_layer("block3_pool").output.shape
        (None, 1, 1, 64)

    Reference:
        LM21 appendices A.1 and A.12; Simonyan and Zisserman (2015),
        configuration D.
    """
    if min(input_shape[:2]) < 2 ** len(blocks):
        raise ValueError(
            f"`input_shape` must be at least {2 ** len(blocks)} pixels high and wide "
            f"for {len(blocks)} blocks, each of which halves it. Received: "
            f"input_shape={input_shape!r}. Give fewer `blocks`."
        )
    x = inputs = keras.Input(input_shape)
    for block, (filters, convolutions) in enumerate(blocks, start=1):
        for index in range(1, convolutions + 1):
            name = f"block{block}_{index}"
            x = conv_norm(x, filters, 3, 1, name, he_fan_out, use_bias=True)
            x = rectifier(x, negative_slope, f"{name}_relu")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flat")(x)
    x = linear(x, dense, "dense")
    x = rectifier(x, negative_slope, "dense_relu")
    return keras.Model(inputs, linear(x, classes, "logits"), name="vgg16")
