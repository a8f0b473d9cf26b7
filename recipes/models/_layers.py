"""Layers that several models share, as the papers' framework (PyTorch) has them."""

from collections.abc import Callable
from typing import Any

from keras import initializers, layers

#: Makes a new initializer: two layers that share one of them draw the same weights.
Initializer = Callable[[], Any]


def he_fan_out() -> Any:
    """Torchvision's choice for convolutions: N(0, 2 / fan_out), not truncated."""
    return initializers.VarianceScaling(2, "fan_out", "untruncated_normal")


def convolution(
    x: Any,
    filters: int,
    size: int,
    stride: int,
    name: str,
    initializer: Initializer,
    use_bias: bool = False,
) -> Any:
    """Convolution `{name}_conv` with padding `size // 2`."""
    if stride > 1 and size > 1:
        # Keras's "same" pads an even size on one side only when it strides, the
        # papers' framework on both.
        x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
    return layers.Conv2D(
        filters,
        size,
        strides=stride,
        padding="valid" if stride > 1 else "same",
        use_bias=use_bias,
        kernel_initializer=initializer(),
        name=f"{name}_conv",
    )(x)


def conv_norm(
    x: Any,
    filters: int,
    size: int,
    stride: int,
    name: str,
    initializer: Initializer,
    use_bias: bool = False,
) -> Any:
    """A `convolution`, and norm `{name}_norm`.

    BatchNormalization as PyTorch has it: momentum 0.9 in Keras's words, epsilon
    1e-5.
    """
    x = convolution(x, filters, size, stride, name, initializer, use_bias)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)


def rectifier(x: Any, negative_slope: float, name: str) -> Any:
    """A ReLU, or a leaky one of the same name where the slope is not 0."""
    if not 0 <= negative_slope < 1:
        raise ValueError(
            "`negative_slope` must be at least 0 (a ReLU) and less than 1 (no "
            f"nonlinearity). Received: negative_slope={negative_slope!r}."
        )
    if negative_slope:
        return layers.LeakyReLU(negative_slope=negative_slope, name=name)(x)
    return layers.ReLU(name=name)(x)


def linear(x: Any, units: int, name: str) -> Any:
    """Dense with PyTorch's default start: U(-b, b), b = 1 / sqrt(fan_in)."""
    bound = x.shape[-1] ** -0.5
    return layers.Dense(
        units,
        kernel_initializer=initializers.RandomUniform(-bound, bound),
        bias_initializer=initializers.RandomUniform(-bound, bound),
        name=name,
    )(x)
