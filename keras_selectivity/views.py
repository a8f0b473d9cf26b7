"""One view of a model, wrapped or plain: what is tapped and silent, which labels."""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_selectivity.data.targets import ClassTargets
from keras_selectivity.model import SelectivityModel
from keras_selectivity.network.graph import check_keras
from keras_selectivity.taps import Response, Selection, TappedModel


@dataclasses.dataclass(frozen=True)
class View:
    """What an analysis sees of a model; `View.of` makes it.

    Where a `SelectivityModel` is given, its taps, groups and labels are taken unless
    others are named, and the units that it silences are silent for the analysis too.

    Attributes:
        model: The model as given.
        base: The model whose graph is tapped: of a `SelectivityModel` the wrapped one.
        taps: Selection of outputs.
        groups: Groups of taps, as `taps.group` takes them; None: every tap its own.
        silenced_as: The view whose silent units are silent here too, or None.
    """

    model: keras.Model
    base: keras.Model
    taps: Selection
    groups: Mapping[str, Sequence[str]] | str | None = None
    silenced_as: TappedModel | None = None

    @classmethod
    def of(
        cls,
        model: keras.Model,
        taps: Selection | None = None,
        groups: Mapping[str, Sequence[str]] | str | None = None,
        argument: str = "model",
    ) -> "View":
        """The view of a model.

        Args:
            model: A `SelectivityModel` or any Keras model.
            taps: Selection of outputs. None: the model's own taps, or every hidden
                rectifier.
            groups: None: the model's own groups where its own taps are taken.
            argument: What a user calls the model, for messages.

        Returns:
            The view.

        Raises:
            TypeError: If it is no Keras model.

        Example:
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
            >>> View.of(model).taps
            'relu'
        """
        check_keras(model, argument)
        if not isinstance(model, SelectivityModel):
            return cls(model, model, "relu" if taps is None else taps, groups)
        if taps is None:
            taps = model.tap_names
            groups = model.groups if groups is None else groups
        return cls(model, model.base_model, taps, groups, model.tapped)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """The scope of the strategy under which the model was made."""
        return self.model.distribute_strategy.scope()

    def tapped(
        self, kind: type[TappedModel] = TappedModel, response: Response = "mean"
    ) -> TappedModel:
        """The model together with the activations of the taps, the output among them.

        Args:
            kind: Class of the view.
            response: What stands for a feature map, see `TappedModel`.

        Returns:
            A `TappedModel`.

        Raises:
            TypeError: If the model is a subclassed one, or the taps of a wrong type.
            ValueError: If the model is not built, or the selection is empty.
        """
        with self.scope():
            return kind(
                self.base,
                self.taps,
                allow_output=True,
                silenced_as=self.silenced_as,
                response=response,
            )

    def targets(
        self, num_classes: int | None = None, labels: str | int | None = None
    ) -> ClassTargets:
        """What finds the class labels among the model's targets.

        Args:
            num_classes: As for `SelectivityModel`.
            labels: As for `SelectivityModel`; where neither is given, a
                `SelectivityModel`'s own are taken.

        Returns:
            The `ClassTargets`.

        Raises:
            TypeError: If an argument is of a wrong type.
            ValueError: If the number of classes cannot be told.
        """
        own = num_classes is None and labels is None
        if own and isinstance(self.model, SelectivityModel):
            return self.model.targets
        with self.scope():
            return ClassTargets(self.base, num_classes, labels, compiled=self.model)
