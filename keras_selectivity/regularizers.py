"""Regularizers of hidden units: class selectivity, class discriminability.

A regularizer says what value a unit has, given its class statistics.
`SelectivityModel` averages the values over units and layers to `mu` and adds
`-alpha * mu` to the loss.
"""

from typing import Any

import keras

from keras_selectivity import functional
from keras_selectivity.checks import checked_number, received
from keras_selectivity.functional import Rest
from keras_selectivity.statistics import ClassStatistics


class UnitRegularizer:
    """Base class: a value for every unit, from its class statistics.

    For a regularizer of your own, subclass it, compute `call` with `keras.ops`
    or TensorFlow from the statistics, and register the class as Keras asks, so
    that the model can be saved.

    Args:
        epsilon: Keeps ratios finite, positive.
        rest: How the classes other than the preferred one are put together:
            `"classes"` or `"samples"`, see `functional.selectivity_index`.

    Attributes:
        name: Key of the mean over the network in training logs and reports.
        needs_squares: Whether `call` uses `statistics.squares`; without them a
            step is cheaper.

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If `epsilon` is not positive or `rest` not one of the two.

    Example:
        >>> import keras
        >>> @keras.saving.register_keras_serializable(package="mine")
        ... class Contrast(UnitRegularizer):
        ...     name = "contrast"
        ...     def call(self, statistics):
        ...         moments = functional.preferred_and_rest(
        ...             statistics, rest=self.rest, variances=False)
        ...         return moments.preferred_mean - moments.rest_mean
        >>> Contrast().get_config()
        {'epsilon': 1e-07, 'rest': 'classes'}
    """

    name = "unit_value"
    needs_squares = False

    def __init__(self, epsilon: float = 1e-7, rest: Rest = "classes") -> None:
        self.epsilon = checked_number("epsilon", epsilon, above=0)
        self.rest = functional.checked_rest(rest)

    def __call__(self, statistics: ClassStatistics) -> Any:
        """Value of every unit.

        Args:
            statistics: Class statistics of `(classes, units)` in float64.

        Returns:
            `(units,)` in float64, finite, with finite gradients.
        """
        return self.call(functional.checked_statistics(statistics))

    def call(self, statistics: ClassStatistics) -> Any:
        """Compute the value of every unit; subclasses override it."""
        raise NotImplementedError(
            f"{type(self).__name__} must implement `call(statistics)`."
        )

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, as Keras serializes them."""
        return {"epsilon": self.epsilon, "rest": self.rest}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "UnitRegularizer":
        """The regularizer with the arguments in `config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_selectivity")
class SelectivityIndex(UnitRegularizer):
    """Class selectivity index (SI), in [0, 1].

    `SI = (mu_max - mu_rest) / (mu_max + mu_rest + epsilon)`. See
    `functional.selectivity_index`.

    Args:
        epsilon: 1e-7 in LM21, 1e-6 in R22.
        rest: `"classes"` (LM21, M18, R22) or `"samples"` (G19).

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[3.0], [1.0]]), np.eye(2))
        >>> round(float(SelectivityIndex()(statistics)[0]), 4)
        0.5

    Reference:
        LM21 section 3.2, equation 1.
    """

    name = "si"

    def call(self, statistics: ClassStatistics) -> Any:
        return functional.selectivity_index(
            statistics, epsilon=self.epsilon, rest=self.rest
        )


@keras.saving.register_keras_serializable(package="keras_selectivity")
class Discriminability(UnitRegularizer):
    """Class discriminability d', at least 0 and without upper bound.

    `d' = (mu_max - mu_rest) / (sqrt((var_max + var_rest) / 2) + epsilon)`. See
    `functional.discriminability`.

    Args:
        epsilon: 1e-7 in LM21.
        rest: `"classes"` (the other classes in equal parts) or `"samples"`.

    Raises:
        TypeError: If `epsilon` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> labels = np.repeat(np.eye(2), 2, axis=0)
        >>> statistics = class_statistics(np.array([[9.0], [11], [0], [2]]), labels)
        >>> round(float(Discriminability()(statistics)[0]), 4)
        9.0

    Reference:
        LM21 appendix A.14, equations 4 to 6.
    """

    name = "dprime"
    needs_squares = True

    def call(self, statistics: ClassStatistics) -> Any:
        return functional.discriminability(
            statistics, epsilon=self.epsilon, rest=self.rest
        )


_BY_NAME = {"si": SelectivityIndex, "dprime": Discriminability}


def get(identifier: str | UnitRegularizer) -> UnitRegularizer:
    """The regularizer that a name or an instance stands for.

    Args:
        identifier: `"si"`, `"dprime"` or an instance.

    Returns:
        An instance.

    Raises:
        ValueError: If no regularizer has that name.
        TypeError: If it is neither a name nor an instance.

    Example:
        >>> get("si").name
        'si'
    """
    if isinstance(identifier, UnitRegularizer):
        return identifier
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]()
    kind = ValueError if isinstance(identifier, str) else TypeError
    raise kind(
        f"`regularizer` must be one of {sorted(_BY_NAME)}, or an instance of "
        f"`UnitRegularizer`. {received('regularizer', identifier)}"
    )
