"""AlexNet, as Caffe has it, and smaller ones of its kind."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import initializers, layers

#: Standard deviations and biases with which Caffe's layers start.
CAFFE: dict[str, tuple[float, float]] = {
    "conv1": (0.01, 0.0),
    "conv2": (0.01, 0.1),
    "conv3": (0.01, 0.0),
    "conv4": (0.01, 0.1),
    "conv5": (0.01, 0.1),
    "fc6": (0.005, 0.1),
    "fc7": (0.005, 0.1),
    "fc8": (0.01, 0.0),
}
#: Convolutions that are divided into two groups.
GROUPED = (2, 4, 5)
#: Convolutions whose response is normalized, and those that pooling follows.
NORMALIZED, POOLED = (1, 2), (1, 2, 5)


def alexnet(
    input_shape: tuple[int, int, int] = (227, 227, 3),
    classes: int = 1000,
    widths: Sequence[int] = (96, 256, 384, 384, 256),
    dense: Sequence[int] = (4096, 4096),
    kernels: Sequence[int] = (11, 5, 3, 3, 3),
    stride: int = 4,
    pool: int = 3,
    groups: int = 2,
    dropout: float = 0.5,
    start: str = "caffe",
) -> keras.Model:
    """Caffe's AlexNet: five convolutions, two hidden dense layers, logits.

    The layers are named as in Caffe: `conv1` to `conv5`, `fc6` and `fc7`, whose
    outputs are those of their rectifiers, and `fc8`, the logits. Taps of these
    names are what G19 analyses; `with_prob` adds `prob`, the softmax.

    Local responses are normalized before pooling, as in Krizhevsky et al. and in
    Caffe's `bvlc_alexnet`; Caffe's other network, CaffeNet, pools first. Convolutions
    2, 4 and 5 have two groups. The first convolution is not padded, the others keep
    the size; pooling is 3x3 with stride 2.

    Args:
        input_shape: `(height, width, channels)`.
        classes: Number of classes; the output is their logits.
        widths: Feature maps of the five convolutions.
        dense: Units of the two hidden dense layers.
        kernels: Sizes of the five convolutions.
        stride: Of the first convolution; with 1 it keeps the size, as the others do.
        pool: Size of the pooling windows, whose stride is 2.
        groups: Of convolutions 2, 4 and 5.
        dropout: Share of the outputs of `fc6` and `fc7` that training drops.
        start: How weights start: `"caffe"`, normal with a standard deviation of 0.01
            (0.005 in `fc6` and `fc7`) and biases of 0 or 0.1; or `"he"`, truncated
            N(0, 2 / fan_in) and biases of 0, for networks that are narrow.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If there are not five `widths` and `kernels` and two `dense`,
            `dropout` or `start` is none of these, or the images are too small.

    Example:
        >>> small = alexnet((8, 8, 1), 10, widths=(24, 64, 96, 96, 64), dense=(64, 64),
        ...                 kernels=(3, 3, 3, 3, 3), stride=1, pool=2, start="he")
        >>> small.get_layer("conv5").output.shape, small.output.shape
        ((None, 2, 2, 64), (None, 10))

    Reference:
        G19 section 2; Krizhevsky et al. (2012); Caffe's
        `models/bvlc_alexnet/train_val.prototxt`.
    """
    _check(widths, dense, kernels, dropout, start)
    x = inputs = keras.Input(input_shape)
    for place, (filters, kernel) in enumerate(zip(widths, kernels, strict=True), 1):
        name = f"conv{place}"
        first = place == 1 and stride > 1
        x = layers.Conv2D(
            filters,
            kernel,
            strides=stride if first else 1,
            padding="valid" if first else "same",
            groups=groups if place in GROUPED else 1,
            activation="relu",
            name=name,
            **_initial(name, start),
        )(x)
        if place in NORMALIZED:
            x = LocalResponseNormalization(name=f"norm{place}")(x)
        if place in POOLED:
            if min(x.shape[1:3]) < pool:
                raise ValueError(
                    f"`input_shape` must be larger: {name} has maps of "
                    f"{x.shape[1]}x{x.shape[2]}, too small for pooling of "
                    f"{pool}x{pool}. Received: input_shape={input_shape!r}."
                )
            x = layers.MaxPooling2D(pool, strides=2, name=f"pool{place}")(x)
    x = layers.Flatten(name="flat")(x)
    for place, units in enumerate(dense, start=6):
        name = f"fc{place}"
        x = layers.Dense(units, activation="relu", name=name, **_initial(name, start))(
            x
        )
        if dropout:
            x = layers.Dropout(dropout, name=f"drop{place}")(x)
    outputs = layers.Dense(classes, name="fc8", **_initial("fc8", start))(x)
    return keras.Model(inputs, outputs, name="alexnet")


def with_prob(model: keras.Model) -> keras.Model:
    """An AlexNet whose output is `prob`, the softmax of its logits.

    Args:
        model: As `alexnet` builds it; the weights are shared.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Example:
        >>> small = alexnet((8, 8, 1), 10, widths=(2, 4, 4, 4, 4), dense=(8, 8),
        ...                 kernels=(3, 3, 3, 3, 3), stride=1, pool=2)
        >>> with_prob(small).layers[-1].name
        'prob'

    Reference:
        G19 section 2: Caffe's output layer `prob`.
    """
    # A policy of half the precision would round small probabilities to 0.
    softmax = layers.Activation("softmax", dtype="float32", name="prob")
    return keras.Model(model.input, softmax(model.output), name="alexnet_prob")


@keras.saving.register_keras_serializable(package="recipes")
class LocalResponseNormalization(layers.Layer):
    """Divides a response by those of neighboring feature maps.

    `y_c = x_c / (1 + alpha / size * sum x_d ** 2) ** beta`, the sum over `size` maps
    around `c`, zeros beyond the first and the last: Caffe's formula. Krizhevsky et
    al. have 2 in the place of 1, and do not divide alpha by the size.

    Args:
        size: Number of maps, odd.
        alpha: Weight of their mean square.
        beta: Power.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        The same.

    Example:
        >>> import numpy as np
        >>> ones = np.ones((1, 1, 1, 5), "float32")
        >>> LocalResponseNormalization(alpha=5.0, beta=1.0)(ones).numpy().round(3)[0, 0]
        array([[0.25 , 0.2  , 0.167, 0.2  , 0.25 ]], dtype=float32)

    Reference:
        Krizhevsky et al. (2012) section 3.3; Caffe's LRN layer.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, inputs: Any) -> Any:
        # In float32: the operation does not know float64.
        found = tf.nn.local_response_normalization(
            tf.cast(inputs, tf.float32),
            depth_radius=self.size // 2,
            bias=1.0,
            alpha=self.alpha / self.size,
            beta=self.beta,
        )
        return tf.cast(found, inputs.dtype)

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"size": self.size, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


def _check(
    widths: Sequence[int],
    dense: Sequence[int],
    kernels: Sequence[int],
    dropout: float,
    start: str,
) -> None:
    lengths = {"widths": (widths, 5), "kernels": (kernels, 5), "dense": (dense, 2)}
    for name, (values, length) in lengths.items():
        if len(values) != length:
            raise ValueError(
                f"`{name}` must hold {length} numbers. Received: {name}={values!r}."
            )
    if not 0 <= dropout < 1:
        raise ValueError(
            "`dropout` must be at least 0 and less than 1, a share of the units. "
            f"Received: dropout={dropout!r}."
        )
    if start not in ("caffe", "he"):
        raise ValueError(f'`start` must be "caffe" or "he". Received: start={start!r}.')


def _initial(name: str, start: str) -> dict[str, Any]:
    """Initializers of a layer."""
    if start == "he":
        return {"kernel_initializer": initializers.HeNormal()}
    std, bias = CAFFE[name]
    return {
        "kernel_initializer": initializers.RandomNormal(stddev=std),
        "bias_initializer": initializers.Constant(bias),
    }
