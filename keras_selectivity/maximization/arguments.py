"""Checks of what `maximize` is given, before any work starts."""

from collections.abc import Sequence
from typing import Any, cast

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_count,
    checked_integer,
    checked_kind,
    checked_list,
    checked_number,
    checked_numbers,
    received,
)
from keras_selectivity.maximization.transformations import Transformations
from keras_selectivity.network.graph import TapPoint, passes_on


def point(points: Sequence[TapPoint], layer: str | None) -> TapPoint:
    """The one point that `layer` names.

    Args:
        points: All points of the model.
        layer: What a user passed.

    Returns:
        The point; that of the model's output for None.

    Raises:
        TypeError: If `layer` is no string.
        ValueError: If there is no such layer, or several.
    """
    if layer is None:
        # One that changes the dtype alone is the output together with the one before.
        chosen = [s for s in points if s.output and not passes_on(s.layer)]
    elif isinstance(layer, str):
        chosen = taps_module.select(
            points, [layer], allow_output=True, argument="layer"
        )
    else:
        raise TypeError(
            "`layer` must be the name of a layer, or None for the model's output. "
            f"{received('layer', layer)}"
        )
    if len(chosen) != 1:
        raise ValueError(
            f"`layer` must name one layer. Received: layer={layer!r}, which stands for "
            f"{[point.name for point in chosen] or 'no layer'}. Give the full name of "
            "one; `taps.find(model)` lists them."
        )
    return chosen[0]


def image_shape(
    model: keras.Model, points: Sequence[TapPoint], given: Any
) -> tuple[int, int, int]:
    """Shape of the image that a model takes.

    Args:
        model: A model whose graph can be walked.
        points: All its points.
        given: What a user passed as `image_shape`.

    Returns:
        `(height, width, channels)`.

    Raises:
        TypeError: If `given` is no list of integers.
        ValueError: If the model takes anything but one image of floats with channels
            last, or `given` is of another shape.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ValueError(
            "`model` must take one image of shape (height, width, channels). Received: "
            f"the model {model.name!r} with inputs of shape {shapes}."
        )
    if any(point.channel_axis == 1 for point in points):
        raise ValueError(
            "`model` must take images with channels last. Received: the model "
            f"{model.name!r}, whose layers have channels first. Build it with "
            'data_format="channels_last" and set the same weights.'
        )
    dtype = keras.backend.standardize_dtype(model.inputs[0].dtype)
    if "float" not in dtype:
        raise ValueError(
            "`model` must take images of floats, which have a gradient. Received: the "
            f"model {model.name!r}, which takes {dtype}."
        )
    wanted = (
        "(height, width, channels) in accord with the model's input of shape "
        f"{shapes[0]}"
    )
    sides = list(shapes[0])
    if given is not None:
        sides = checked_list("image_shape", given, wanted)
        sides = [checked_count("image_shape", side) for side in sides]
    if len(sides) != 3 or any(
        side is None or own not in (None, side)
        for side, own in zip(sides, shapes[0], strict=True)
    ):
        raise ValueError(
            f"`image_shape` must be {wanted}. {received('image_shape', given)}"
        )
    height, width, channels = sides
    return height, width, channels


def check_generator(
    generator: Any, shape: tuple[int, int, int], value_range: Any, total_variation: Any
) -> None:
    """Raise unless a generator makes images that the model takes.

    Args:
        generator: What a user passed.
        shape: `(height, width, channels)` that the model takes.
        value_range: What a user passed, which must be None.
        total_variation: What a user passed, which must be None.

    Raises:
        TypeError: If `generator` is no model with a graph.
        ValueError: If its images are of another shape, or an option does not go
            with it.
    """
    known = isinstance(generator, keras.Model) and getattr(generator, "inputs", None)
    if not known or len(generator.inputs) != 1 or len(generator.outputs) != 1:
        raise TypeError(
            "`generator` must be a built Functional or Sequential Keras model from one "
            f"code to one image. {received('generator', generator)}"
        )
    code, made = generator.inputs[0].shape[1:], generator.outputs[0].shape[1:]
    fits = len(made) == 3 and all(
        side in (None, own) for side, own in zip(made, shape, strict=True)
    )
    if None in code or not fits:
        raise ValueError(
            f"`generator` must make images of shape {shape} from codes of a fixed "
            f"shape. Received: a generator that makes {tuple(made)} from {tuple(code)}."
        )
    for name, value, reason in (
        ("value_range", value_range, "the generator gives the values of its images"),
        ("total_variation", total_variation, "the generator is what smooths them"),
    ):
        if value is not None:
            raise ValueError(
                f"`{name}` must be left out with a generator: {reason}. "
                f"{received(name, value)}"
            )


def value_range(given: Any, channels: int) -> np.ndarray:
    """Lowest and highest value of each channel.

    Args:
        given: What a user passed as `value_range`; None: 0 and 1.
        channels: Number of channels.

    Returns:
        `(2, channels)` float32.

    Raises:
        TypeError: If it does not hold numbers.
        ValueError: If it is no pair of a lower and a higher value.

    Example:
        >>> value_range((0, [1, 2]), 2).tolist()
        [[0.0, 0.0], [1.0, 2.0]]
    """
    wanted = f"(lowest, highest), numbers or one for each of the {channels} channels"
    ends = checked_list("value_range", (0, 1) if given is None else given, wanted)
    found = [checked_numbers("value_range", end, shape="...") for end in ends]
    if len(found) != 2 or any(end.shape not in ((), (channels,)) for end in found):
        raise ValueError(
            f"`value_range` must be {wanted}. {received('value_range', given)}"
        )
    low, high = (np.broadcast_to(np.float32(end), channels) for end in found)
    if not np.all(low < high):
        raise ValueError(
            "`value_range` must be (lowest, highest), the lowest below the highest. "
            f"{received('value_range', given)}"
        )
    return np.stack([low, high])


def units(given: Any, point: TapPoint) -> np.ndarray:
    """Indices of units.

    Args:
        given: What a user passed as `units`; None: all.
        point: Where the units are.

    Returns:
        `(units,)` int64.

    Raises:
        TypeError: If they are not integers.
        ValueError: If there are none, some that do not exist, or one twice.
    """
    if given is None:
        return np.arange(point.units)
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        given = [given]
    wanted = "an integer, a list of integers, or None for all units"
    found = [
        checked_integer("units", unit) for unit in checked_list("units", given, wanted)
    ]
    if len(set(found)) < len(found) or min(found) < 0 or max(found) >= point.units:
        raise ValueError(
            f"`units` must be distinct indices in [0, {point.units}), the units of "
            f"{point.name!r}. {received('units', given)}"
        )
    return np.array(found, np.int64)


def transformations(given: Any, shape: tuple[int, int, int]) -> Transformations:
    """What the network sees of an image.

    Args:
        given: What a user passed as `transformations`; None: the default.
        shape: `(height, width, channels)`.

    Returns:
        Transformations.

    Raises:
        TypeError: If they are something else.
    """
    if given is None:
        return Transformations.for_size(*shape[:2])
    wanted = "`Transformations(...)`, or None for the default"
    checked_kind("transformations", given, Transformations, wanted)
    return cast("Transformations", given)


def weight(name: str, given: Any, default: float) -> float:
    """Weight of a regularization.

    Args:
        name: Of the argument.
        given: What a user passed.
        default: What stands for None.

    Returns:
        The weight.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is negative or not finite.
    """
    return default if given is None else checked_number(name, given, least=0)
