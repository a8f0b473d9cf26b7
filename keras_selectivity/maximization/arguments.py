"""Checks of what `maximize` is given, before any work starts."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import number_or_nan
from keras_selectivity.graph import Site
from keras_selectivity.maximization.transformations import Transformations


def site(sites: Sequence[Site], layer: str | None) -> Site:
    """The one site that `layer` names.

    Args:
        sites: All sites of the model.
        layer: What a user passed.

    Returns:
        The site; that of the model's output for None.

    Raises:
        TypeError: If `layer` is no string.
        ValueError: If there is no such layer, or several.
    """
    if layer is None:
        chosen = [site for site in sites if site.output]
    elif isinstance(layer, str):
        chosen = taps_module.select(sites, [layer], allow_output=True)
    else:
        raise TypeError(
            "`layer` must be the name of a layer, or None for the model's output. "
            f"Received: layer={layer!r}."
        )
    if len(chosen) != 1:
        raise ValueError(
            f"`layer` must name one layer. Received: layer={layer!r}, which stands for "
            f"{[site.name for site in chosen] or 'no layer'}. Give the full name of "
            "one; `taps.find(model)` lists them."
        )
    return chosen[0]


def image_shape(
    model: keras.Model, sites: Sequence[Site], given: Any
) -> tuple[int, int, int]:
    """Shape of the image that a model takes.

    Args:
        model: A model whose graph can be walked.
        sites: All its sites.
        given: What a user passed as `image_shape`.

    Returns:
        `(height, width, channels)`.

    Raises:
        ValueError: If the model takes anything but one image of floats with channels
            last, or `given` is of another shape.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ValueError(
            "`model` must take one image of shape (height, width, channels). Received: "
            f"the model {model.name!r} with inputs of shape {shapes}."
        )
    if any(site.channel_axis == 1 for site in sites):
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
    shape = shapes[0] if given is None else tuple(np.atleast_1d(given).tolist())
    fits = len(shape) == 3 and all(
        isinstance(side, int) and side > 0 and own in (None, side)
        for side, own in zip(shape, shapes[0], strict=True)
    )
    if not fits:
        raise ValueError(
            "`image_shape` must be (height, width, channels) in accord with the "
            f"model's input of shape {shapes[0]}. Received: image_shape={given!r}."
        )
    return int(shape[0]), int(shape[1]), int(shape[2])


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
            f"code to one image. Received: generator={generator!r}."
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
                f"Received: {name}={value!r}."
            )


def value_range(given: Any, channels: int) -> np.ndarray:
    """Lowest and highest value of each channel.

    Args:
        given: What a user passed as `value_range`; None: 0 and 1.
        channels: Number of channels.

    Returns:
        `(2, channels)` float32.

    Raises:
        ValueError: If it is no pair of a lower and a higher value.

    Example:
        >>> value_range((0, [1, 2]), 2).tolist()
        [[0.0, 0.0], [1.0, 2.0]]
    """
    try:
        low, high = (0, 1) if given is None else given
        each = (np.broadcast_to(np.float32(end), channels) for end in (low, high))
        found = np.stack(list(each))
        fits = np.all(np.isfinite(found)) and np.all(found[0] < found[1])
    except (TypeError, ValueError):
        fits = np.False_
    if not fits:
        raise ValueError(
            "`value_range` must be (lowest, highest), finite numbers or one for each "
            f"of the {channels} channels. Received: value_range={given!r}."
        )
    return found


def units(given: Any, site: Site) -> np.ndarray:
    """Indices of units.

    Args:
        given: What a user passed as `units`; None: all.
        site: Where the units are.

    Returns:
        `(units,)` int64.

    Raises:
        TypeError: If they are not integers.
        ValueError: If there are none, some that do not exist, or one twice.
    """
    found = np.arange(site.units) if given is None else np.atleast_1d(given)
    if len(found) and (found.dtype.kind not in "iu" or found.ndim != 1):
        raise TypeError(
            "`units` must be an integer, a list of integers, or None for all units. "
            f"Received: units={given!r}."
        )
    distinct = 0 < len(found) == len(np.unique(found))
    if not distinct or found.min() < 0 or found.max() >= site.units:
        raise ValueError(
            f"`units` must be distinct indices in [0, {site.units}), the units of "
            f"{site.name!r}. Received: units={given!r}."
        )
    return found.astype(np.int64)


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
    if not isinstance(given, Transformations):
        raise TypeError(
            "`transformations` must be `Transformations(...)`, or None for the "
            f"default. Received: transformations={given!r}."
        )
    return given


def check_rate(learning_rate: Any) -> None:
    """Raise a ValueError unless a learning rate is positive and finite."""
    if not 0 < number_or_nan(learning_rate) < np.inf:
        raise ValueError(
            "`learning_rate` must be positive. "
            f"Received: learning_rate={learning_rate!r}."
        )


def weight(name: str, given: Any, default: float) -> float:
    """Weight of a regularisation.

    Args:
        name: Of the argument.
        given: What a user passed.
        default: What stands for None.

    Returns:
        The weight.

    Raises:
        ValueError: If it is no number, negative or not finite.
    """
    found = default if given is None else number_or_nan(given)
    if not 0 <= found < np.inf:
        raise ValueError(f"`{name}` must be at least 0. Received: {name}={given!r}.")
    return found


def check_seed(seed: Any) -> None:
    """Raise a ValueError unless a seed is an integer of at least 0."""
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not whole or seed < 0:
        raise ValueError(f"`seed` must be an integer >= 0. Received: seed={seed!r}.")
