"""The papers' models, as Keras Functional models."""

from typing import Any

import keras
from keras import layers, ops


def resnet20(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    widths: tuple[int, int, int] = (16, 32, 64),
    blocks: int = 3,
) -> keras.Model:
    """ResNet20 for small images: 19 hidden rectifiers, shortcuts without weights.

    As He et al. (2015) have it for CIFAR: a 3x3 stem, three stages of
    `blocks` basic blocks with strides 1, 2, 2, global average pooling and a
    linear layer. Shortcuts take every second pixel and pad the channels with
    zeros on both sides (option A). BatchNormalization as the papers' framework
    has it: momentum 0.9, epsilon 1e-5.

    Args:
        input_shape: `(height, width, channels)`.
        classes: Number of classes; the output is their logits.
        widths: Feature maps of the three stages.
        blocks: Basic blocks a stage.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Example:
        >>> resnet20().count_params()  # 269,722 trainable, 1,376 moving averages
        271098

    Reference:
        LM21 section 3.1 and appendix A.1.
    """
    inputs = keras.Input(input_shape)
    x = _conv_norm(inputs, widths[0], 1, "stem")
    x = layers.ReLU(name="stem_relu")(x)
    for stage, width in enumerate(widths, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            x = _basic_block(x, width, stride, f"stage{stage}_block{block}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = layers.Dense(classes, name="logits")(x)
    return keras.Model(inputs, outputs, name="resnet20")


def _basic_block(x: Any, width: int, stride: int, name: str) -> Any:
    shortcut = x
    if stride > 1 or x.shape[-1] != width:
        missing = width - x.shape[-1]
        shortcut = x[:, ::stride, ::stride, :]
        shortcut = ops.pad(
            shortcut,
            [[0, 0], [0, 0], [0, 0], [missing // 2, missing - missing // 2]],
        )
    x = _conv_norm(x, width, stride, f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _conv_norm(x, width, 1, f"{name}_2")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.ReLU(name=f"{name}_out")(x)


def _conv_norm(x: Any, width: int, stride: int, name: str) -> Any:
    if stride > 1:
        # Keras's "same" pads an even size on one side only when it strides, the
        # papers' framework on both.
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        width,
        3,
        strides=stride,
        padding="valid" if stride > 1 else "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)


def mlp(
    input_shape: tuple[int, ...] = (28, 28, 1),
    classes: int = 10,
    widths: tuple[int, ...] = (512, 512),
) -> keras.Model:
    """M18's multilayer perceptron: two hidden rectifier layers.

    Args:
        input_shape: Shape of a sample, flattened.
        classes: Number of classes; the output is their logits.
        widths: Units of the hidden layers, `hidden_1`, `hidden_2`, ...

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Example:
        >>> mlp().count_params()  # 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
        669706

    Reference:
        M18 section 2.1 and appendix A.2.
    """
    inputs = keras.Input(input_shape)
    x = layers.Flatten(name="flat")(inputs)
    for depth, width in enumerate(widths, start=1):
        x = layers.Dense(width, activation="relu", name=f"hidden_{depth}")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="mlp")
