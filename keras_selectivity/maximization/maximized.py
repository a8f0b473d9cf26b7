"""What `maximize` made; kept in files without pickles."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity.checks import checked_choice, checked_text
from keras_selectivity.storage.archive import Archived, checked_array
from keras_selectivity.taps import Response


@dataclass(frozen=True)
class Maximized(Archived):
    """Images that drive units.

    Attributes:
        layer: Name of the layer, as in a report.
        response: What stands for a feature map: its `"mean"` or its `"max"`.
        units: `(units,)` int64: which units of the layer.
        images: `(units, images, height, width, channels)` float32, in `value_range`.
        activations: `(units, images)` float32: the unit activation for each image, as
            the network has it and `measure` takes it, without transformations.
        history: `(units, images, steps)` float32: what was maximized, before each
            step, of the transformed image: the unit activation, or what stands for it
            (see `maximize`), without the regularization.
        value_range: `(2, channels)` float32: lowest and highest value of the channels;
            those that occur where a generator makes the images.

    Example:
        >>> found = Maximized(
        ...     "conv", "mean", np.array([3]), np.zeros((1, 2, 8, 8, 1), "float32"),
        ...     np.array([[0.5, 0.75]], "float32"), np.zeros((1, 2, 10), "float32"),
        ...     np.array([[0.0], [1.0]], "float32"))
        >>> found.best.shape, found.activations.max(axis=1).tolist()
        ((1, 8, 8, 1), [0.75])
    """

    file_format: ClassVar[str] = "keras_selectivity maximized images"

    layer: str
    response: Response
    units: np.ndarray
    images: np.ndarray
    activations: np.ndarray
    history: np.ndarray
    value_range: np.ndarray

    def __post_init__(self) -> None:
        checked_text("layer", self.layer)
        checked_choice("response", self.response, ("mean", "max"))
        units = len(
            checked_array("units", self.units, (None,), dtype=np.int64, least=0)
        )
        shape = (units, None, None, None, None)
        _, images, *_, channels = checked_array(
            "images", self.images, shape, dtype=None
        ).shape
        checked_array("activations", self.activations, (units, images))
        checked_array("history", self.history, (units, images, None))
        checked_array("value_range", self.value_range, (2, channels))

    @property
    def best(self) -> np.ndarray:
        """`(units, height, width, channels)`: each unit's most activating image."""
        return self.images[np.arange(len(self.units)), self.activations.argmax(axis=1)]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The result as a plain dictionary of arrays."""
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray)
        }

    def _header(self) -> dict[str, Any]:
        return {"layer": self.layer, "response": self.response}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        found = {**header, **arrays}
        return cls(**{field.name: found[field.name] for field in fields(cls)})
