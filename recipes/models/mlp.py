"""Multilayer perceptrons."""

import keras
from keras import layers


def mlp(
    input_shape: tuple[int, ...] = (28, 28, 1),
    classes: int = 10,
    widths: tuple[int, ...] = (512, 512),
    dropout: float = 0.0,
) -> keras.Model:
    """M18's multilayer perceptron: two hidden rectifier layers.

    Weights start as Keras has it (uniform after Glorot): M18 does not say how.

    Args:
        input_shape: Shape of a sample, flattened.
        classes: Number of classes; the output is their logits.
        widths: Units of the hidden layers, `hidden_1`, `hidden_2`, ... M18 has
            two of 128, 512 or 2048.
        dropout: Share of each hidden layer's outputs that training drops, at
            least 0 (no dropout layers) and less than 1. M18 has 0.1, 0.2, 0.3.

    Returns:
        A Functional model `(batch, *input_shape) -> (batch, classes)`.

    Raises:
        ValueError: If `dropout` is out of range.

    Example:
        >>> mlp().count_params()  # 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
        669706

    Reference:
        M18 sections 2.1 and 3.3, appendix A.2.
    """
    if not 0 <= dropout < 1:
        raise ValueError(
            "`dropout` must be at least 0 and less than 1, a share of the units. "
            f"Received: dropout={dropout!r}."
        )
    inputs = keras.Input(input_shape)
    x = layers.Flatten(name="flat")(inputs)
    for depth, width in enumerate(widths, start=1):
        x = layers.Dense(width, activation="relu", name=f"hidden_{depth}")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout_{depth}")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="mlp")
