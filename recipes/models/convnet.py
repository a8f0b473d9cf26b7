"""A plain convolutional network, with and without batch normalization."""

from collections.abc import Sequence

import keras
from keras import layers

from recipes.models._layers import (
    conv_norm,
    convolution,
    he_fan_out,
    linear,
    rectifier,
)


def convnet(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    widths: Sequence[int] = (64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512),
    strides: Sequence[int] = (1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1),
    batch_norm: bool = True,
) -> keras.Model:
    """M18's network for CIFAR-10: 11 convolutions of 3x3, each with a rectifier.

    M18 does not describe what follows the last convolution, nor how weights start.
    Here it is global average pooling and a linear layer; convolutions start as in
    torchvision, N(0, 2 / fan_out), the linear layer as in PyTorch, U(-b, b) with
    b = 1 / sqrt(fan_in). Without batch normalization convolutions have a bias.

    Rectifiers are named `conv_1_relu`, `conv_2_relu`, ...

    Args:
        input_shape: `(height, width, channels)`.
        classes: Number of classes; the output is their logits.
        widths: Feature maps of each convolution.
        strides: Of each convolution.
        batch_norm: Whether each convolution is normalized before its rectifier.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If there are not as many strides as widths.

    Example:
        >>> model = convnet()
        >>> [model.get_layer(f"conv_{i}_relu").output.shape[1] for i in (1, 3, 6, 9)]
        [32, 16, 8, 4]

    Reference:
        M18 appendix A.2 and section 3.3.
    """
    if len(widths) != len(strides):
        raise ValueError(
            f"`strides` must be as many as `widths`, {len(widths)}. Received: "
            f"strides={strides!r}."
        )
    x = inputs = keras.Input(input_shape)
    for depth, (width, stride) in enumerate(zip(widths, strides, strict=True), 1):
        name = f"conv_{depth}"
        if batch_norm:
            x = conv_norm(x, width, 3, stride, name, he_fan_out)
        else:
            x = convolution(x, width, 3, stride, name, he_fan_out, use_bias=True)
        x = rectifier(x, 0.0, f"{name}_relu")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, linear(x, classes, "logits"), name="convnet")
