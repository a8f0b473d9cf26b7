"""Regularizers that the papers' code has, beside those of the library."""

from typing import Any

import keras

from keras_selectivity import functional, regularizers
from keras_selectivity.statistics import ClassStatistics


@keras.saving.register_keras_serializable(package="recipes")
class SummedSelectivity(regularizers.SelectivityIndex):
    """R22's public code: SI of sums over the samples of a class, not of means.

    A class counts by how many samples of it a batch has. The paper's text has means.

    Args:
        epsilon: 1e-6 in R22.
        rest: As for `SelectivityIndex`.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> labels = np.eye(2)[[0, 0, 0, 1]]
        >>> statistics = class_statistics(np.ones((4, 1)), labels)
        >>> round(float(SummedSelectivity()(statistics)[0]), 4)  # (3 - 1) / (3 + 1)
        0.5
    """

    def __init__(
        self, epsilon: float = 1e-6, rest: functional.Rest = "classes"
    ) -> None:
        super().__init__(epsilon, rest)

    def call(self, statistics: ClassStatistics) -> Any:
        one = keras.ops.cast(statistics.present, statistics.weight.dtype)
        return super().call(statistics._replace(weight=one))


def get(name: str) -> regularizers.UnitRegularizer:
    """The regularizer of a name.

    Args:
        name: `"si"`, `"dprime"`, `"si_sum"`, or `"si_r22"`, SI with R22's epsilon.

    Example:
        >>> get("dprime").name
        'dprime'
    """
    if name == "si_r22":
        return regularizers.SelectivityIndex(epsilon=1e-6)
    return SummedSelectivity() if name == "si_sum" else regularizers.get(name)
