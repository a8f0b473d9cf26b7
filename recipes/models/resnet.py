"""Residual networks, for small images and for larger ones."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import initializers, layers, ops

from recipes.models._layers import (
    Initializer,
    conv_norm,
    he_fan_out,
    linear,
    rectifier,
)

# Makes the block `name`: (x, width, stride, name) -> x.
_Block = Callable[[Any, int, int, str], Any]


def resnet20(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    widths: tuple[int, ...] = (16, 32, 64),
    blocks: int = 3,
    negative_slope: float = 0.0,
) -> keras.Model:
    """ResNet20 for small images: 19 hidden rectifiers, shortcuts without weights.

    As He et al. (2015) have it for CIFAR: a 3x3 stem, three stages of
    `blocks` basic blocks with strides 1, 2, 2, global average pooling and a
    linear layer. Shortcuts take every second pixel and pad the channels with
    zeros on both sides (option A). BatchNormalization as the papers' framework
    has it: momentum 0.9, epsilon 1e-5.

    LM21 does not say how weights start. Here convolutions start as He et al.
    have it, truncated N(0, 2 / fan_in), and the linear layer as Keras has it.

    Args:
        input_shape: `(height, width, channels)`.
        classes: Number of classes; the output is their logits.
        widths: Feature maps of the three stages.
        blocks: Basic blocks a stage.
        negative_slope: At least 0 and less than 1: slope of leaky rectifiers,
            0 for ReLU. LM21 names 0.5.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If `negative_slope` is out of range.

    Example:
        >>> resnet20().count_params()  # 269,722 trainable, 1,376 moving averages
        271098

    Reference:
        LM21 section 3.1, appendices A.1 and A.10.
    """
    block = partial(
        _basic_block,
        negative_slope=negative_slope,
        shortcut=_padded,
        initializer=initializers.HeNormal,
    )
    inputs = keras.Input(input_shape)
    x = conv_norm(inputs, widths[0], 3, 1, "stem", initializers.HeNormal)
    x = rectifier(x, negative_slope, "stem_relu")
    x = _stages(x, block, widths, [blocks] * len(widths))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = layers.Dense(classes, name="logits")(x)
    return keras.Model(inputs, outputs, name="resnet20")


def resnet18(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    classes: int = 200,
    negative_slope: float = 0.0,
    widths: tuple[int, int, int, int] = (64, 128, 256, 512),
    max_pool: bool = False,
) -> keras.Model:
    """ResNet18 for Tiny ImageNet: 17 hidden rectifiers.

    As torchvision has it: a 7x7 stem of stride 2, four stages of two basic
    blocks, strides in the first block of a stage, 1x1 convolutions in
    shortcuts whose shape changes (option B), global average pooling and a
    linear layer. LM21 took the max pooling out for images of 64x64.

    LM21 does not say how weights start. Here convolutions start as in
    torchvision, N(0, 2 / fan_out), and the linear layer as in PyTorch,
    U(-b, b) with b = 1 / sqrt(fan_in).

    Args:
        input_shape: `(height, width, channels)`.
        classes: Number of classes; the output is their logits.
        negative_slope: At least 0 and less than 1: slope of leaky rectifiers,
            0 for ReLU.
        widths: Feature maps of the four stages.
        max_pool: Whether to pool after the stem, as for ImageNet.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If `negative_slope` is out of range, or there are not four
            `widths`.

    Example:
        >>> model = resnet18((224, 224, 3), classes=1000, max_pool=True)
        >>> model.count_params()  # 11,689,512 trainable, 9,600 moving averages
        11699112

    Reference:
        LM21 section 3.1 and appendix A.1; He et al. (2015), table 1.
    """
    block = partial(
        _basic_block,
        negative_slope=negative_slope,
        shortcut=_projected,
        initializer=he_fan_out,
    )
    return _imagenet_resnet(
        "resnet18",
        block,
        (2, 2, 2, 2),
        input_shape=input_shape,
        classes=classes,
        negative_slope=negative_slope,
        widths=widths,
        max_pool=max_pool,
    )


def resnet50(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    classes: int = 200,
    negative_slope: float = 0.0,
    widths: tuple[int, int, int, int] = (64, 128, 256, 512),
    max_pool: bool = False,
    stride_in: str = "first",
) -> keras.Model:
    r"""ResNet50 for Tiny ImageNet or ImageNet: 49 hidden rectifiers.

    As `resnet18`, but with 3, 4, 6 and 3 bottleneck blocks; the stride is in
    the 3x3 convolution of a stage's first block (torchvision's "v1.5"), or, with
    `stride_in="last"`, as M18 has it, in that of the last block of the stages
    before the last one, whose shortcut takes every second pixel (as TF-Slim has it,
    in whose terms M18 writes the network down): no weights more than the other.

    R22's units are the outputs of the blocks, its modules 4 to 7 the stages 1
    to 4: `taps=r"stage\d_block\d_out"`, `groups=r"(stage\d)"`.

    Args:
        input_shape: `(height, width, channels)`. R22 has `(224, 224, 3)`.
        classes: Number of classes; the output is their logits.
        negative_slope: At least 0 and less than 1: slope of leaky rectifiers,
            0 for ReLU.
        widths: Feature maps within the blocks of the four stages; a block's
            output has four times as many.
        max_pool: Whether to pool after the stem, as R22 does for ImageNet. LM21
            does not for images of 64x64.
        stride_in: Which block of a stage strides: `"first"` (from the second stage)
            or `"last"` (up to the third).

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If `negative_slope` is out of range, there are not four `widths`,
            or `stride_in` is neither of the two.

    Example:
        >>> small = resnet50(widths=(2, 4, 8, 16))
        >>> small.get_layer("stage4_block3_out").output.shape
        (None, 4, 4, 64)

    Reference:
        LM21 appendix A.1; R22 figure 1; M18 appendix A.2; He et al. (2015), table 1.
    """
    return _imagenet_resnet(
        "resnet50",
        partial(
            _bottleneck,
            negative_slope=negative_slope,
            shortcut=_projected if stride_in == "first" else _subsampled,
        ),
        (3, 4, 6, 3),
        input_shape=input_shape,
        classes=classes,
        negative_slope=negative_slope,
        widths=widths,
        max_pool=max_pool,
        stride_in=stride_in,
    )


def _imagenet_resnet(
    name: str,
    block: _Block,
    counts: Sequence[int],
    *,
    input_shape: tuple[int, int, int],
    classes: int,
    negative_slope: float,
    widths: tuple[int, int, int, int],
    max_pool: bool,
    stride_in: str = "first",
) -> keras.Model:
    if stride_in not in ("first", "last"):
        raise ValueError(
            "`stride_in` must be 'first' or 'last', the block of a stage. Received: "
            f"stride_in={stride_in!r}."
        )
    if len(widths) != len(counts):
        raise ValueError(
            f"`widths` must hold the feature maps of {len(counts)} stages. Received: "
            f"widths={widths!r}. `resnet20` takes any number of stages."
        )
    inputs = keras.Input(input_shape)
    x = conv_norm(inputs, widths[0], 7, 2, "stem", he_fan_out)
    x = rectifier(x, negative_slope, "stem_relu")
    if max_pool:
        x = _max_pool(x)
    x = _stages(x, block, widths, counts, stride_in)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, linear(x, classes, "logits"), name=name)


def _max_pool(x: Any) -> Any:
    """3x3 max pooling of stride 2, padded on both sides."""
    # A pixel repeated next to itself changes no maximum; a zero could, after
    # leaky rectifiers.
    x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
    return layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)


def _stages(
    x: Any,
    block: _Block,
    widths: Sequence[int],
    counts: Sequence[int],
    stride_in: str = "first",
) -> Any:
    for stage, (width, count) in enumerate(zip(widths, counts, strict=True), start=1):
        for index in range(1, count + 1):
            if stride_in == "first":
                strides = stage > 1 and index == 1
            else:
                strides = stage < len(counts) and index == count
            stride = 2 if strides else 1
            x = block(x, width, stride, f"stage{stage}_block{index}")
    return x


def _basic_block(
    x: Any,
    width: int,
    stride: int,
    name: str,
    *,
    negative_slope: float,
    shortcut: _Block,
    initializer: Initializer,
) -> Any:
    skipped = shortcut(x, width, stride, f"{name}_shortcut")
    x = conv_norm(x, width, 3, stride, f"{name}_1", initializer)
    x = rectifier(x, negative_slope, f"{name}_1_relu")
    x = conv_norm(x, width, 3, 1, f"{name}_2", initializer)
    x = layers.Add(name=f"{name}_add")([x, skipped])
    return rectifier(x, negative_slope, f"{name}_out")


def _bottleneck(
    x: Any,
    width: int,
    stride: int,
    name: str,
    *,
    negative_slope: float,
    shortcut: _Block,
) -> Any:
    skipped = shortcut(x, 4 * width, stride, f"{name}_shortcut")
    x = conv_norm(x, width, 1, 1, f"{name}_1", he_fan_out)
    x = rectifier(x, negative_slope, f"{name}_1_relu")
    x = conv_norm(x, width, 3, stride, f"{name}_2", he_fan_out)
    x = rectifier(x, negative_slope, f"{name}_2_relu")
    x = conv_norm(x, 4 * width, 1, 1, f"{name}_3", he_fan_out)
    x = layers.Add(name=f"{name}_add")([x, skipped])
    return rectifier(x, negative_slope, f"{name}_out")


def _padded(x: Any, width: int, stride: int, name: str) -> Any:
    """Option A: every `stride`-th pixel, zeros for the channels that are missing."""
    missing = width - x.shape[-1]
    if stride == 1 and not missing:
        return x
    x = x[:, ::stride, ::stride, :]
    before = missing // 2
    return ops.pad(x, [[0, 0], [0, 0], [0, 0], [before, missing - before]])


def _projected(x: Any, width: int, stride: int, name: str) -> Any:
    """Option B: a 1x1 convolution where the shape changes."""
    if stride == 1 and x.shape[-1] == width:
        return x
    return conv_norm(x, width, 1, stride, name, he_fan_out)


def _subsampled(x: Any, width: int, stride: int, name: str) -> Any:
    """Option B, but every `stride`-th pixel where only the size changes."""
    if x.shape[-1] == width:
        return x[:, ::stride, ::stride, :] if stride > 1 else x
    return _projected(x, width, stride, name)
