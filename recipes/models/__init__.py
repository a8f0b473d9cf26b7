"""The papers' models, as Keras Functional models. Images are channels-last."""

from collections.abc import Callable

import keras

from recipes.models.alexnet import alexnet
from recipes.models.convnet import convnet
from recipes.models.mlp import mlp
from recipes.models.resnet import resnet18, resnet20, resnet50
from recipes.models.vgg import vgg16

__all__ = [
    "NAMES",
    "alexnet",
    "convnet",
    "get",
    "mlp",
    "resnet18",
    "resnet20",
    "resnet50",
    "vgg16",
]

_BUILDERS: dict[str, Callable[..., keras.Model]] = {
    builder.__name__: builder
    for builder in (alexnet, convnet, mlp, resnet18, resnet20, resnet50, vgg16)
}
#: Of the models.
NAMES = tuple(_BUILDERS)


def get(name: str) -> Callable[..., keras.Model]:
    """The function that builds a model.

    Args:
        name: One of `NAMES`.

    Returns:
        A function of the shape of an image, the number of classes, and options.

    Raises:
        ValueError: If there is no such model.

    Example:
        >>> get("mlp")((8, 8, 1), 10, widths=(32,)).output.shape
        (None, 10)
    """
    if name not in _BUILDERS:
        raise ValueError(
            f"`name` must be one of {', '.join(NAMES)}. Received: name={name!r}."
        )
    return _BUILDERS[name]
