"""How large the weights are that make a unit."""

from typing import Any

from keras_selectivity.metrics.base import Observations, UnitMetric, needed


class L1Norm(UnitMetric):
    """L1 norm of the filter that feeds a unit: the sum of its absolute weights.

    The filter is that of the tapped layer itself, or of the layer before it,
    looked up through normalization, activation, dropout and pooling, which keep
    channels apart. The bias does not count. NaN where no single filter makes
    the unit: after an addition or a concatenation, and for layers whose weights
    are no filters. Needs no data.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, kernel_initializer="ones"),
        ...     keras.layers.BatchNormalization(),
        ...     keras.layers.ReLU(name="relu"),
        ...     keras.layers.Dense(2)])
        >>> data = np.ones((2, 4)), np.array([0, 1])
        >>> ks.measure(model, data, ["l1_norm"], verbose=0)["relu"]["l1_norm"]
        array([4., 4., 4.])

    Reference:
        M18 appendix A.4, after Li et al. (2017).
    """

    name = "l1_norm"
    needs_filters = True

    def compute(self, observations: Observations) -> Any:
        """Value of every unit, `(units,)` float64."""
        return needed(observations, "filter_norms")
