"""The unit formulas: pure functions of class statistics.

Each takes a `ClassStatistics` and returns one value per unit. The same
functions serve the training loss (graph tensors, differentiated) and the
measurement of a data set (sums over all of it).
"""

from typing import Any, Literal, NamedTuple, cast

import tensorflow as tf
from keras import ops

from keras_selectivity.checks import (
    checked_choice,
    checked_flag,
    checked_kind,
    checked_number,
    checked_real,
    received,
)
from keras_selectivity.statistics import ClassStatistics

Rest = Literal["classes", "samples"]

_RESTS: tuple[Rest, ...] = ("classes", "samples")


class PreferredAndRest(NamedTuple):
    """Moments of a unit's preferred class and of everything else.

    Every field has shape `(units,)`. Variances are None where the statistics
    hold no squares.
    """

    preferred_mean: Any
    rest_mean: Any
    preferred_variance: Any = None
    rest_variance: Any = None


def selectivity_index(
    statistics: ClassStatistics,
    *,
    epsilon: float = 1e-7,
    rest: Rest = "classes",
    preferred: Any = None,
) -> Any:
    """Class selectivity index (SI) of every unit.

    `SI = (mu_max - mu_rest) / (mu_max + mu_rest + epsilon)`, where `mu_max` is
    the mean activation for the preferred class and `mu_rest` that for all the
    others, both counted from the unit's minimum where the unit can be negative.

    A class without samples takes no part. A unit that never responds has SI 0,
    and so has every unit when fewer than two classes are present.

    Args:
        statistics: Class statistics of `(classes, units)`.
        epsilon: Keeps the ratio finite for a unit that never responds, positive;
            1e-7 in LM21, 1e-6 in R22.
        rest: `"classes"`: `mu_rest` is the mean of the other classes' means
            (LM21, M18, R22). `"samples"`: it is the mean over all samples of
            the other classes (G19's CCMAS). Equal for balanced classes.
        preferred: `(units,)` int: a class for each unit to take the place of
            the preferred one. None: the class with the highest mean.

    Returns:
        Array or tensor `(units,)` in the dtype of the statistics, in [0, 1]
        (from -1 for another class than the preferred one).

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If `epsilon` is not positive, `rest` neither of the two, or a
            `preferred` is no class.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> labels = np.eye(3)
        >>> activations = np.array([[3.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
        >>> statistics = class_statistics(activations, labels)
        >>> [round(float(si), 4) for si in selectivity_index(statistics)]
        [1.0, 0.0]

    Reference:
        LM21 (Leavitt and Morcos, 2021) section 3.2, equation 1; M18 (Morcos et
        al., 2018) section 2.3, equation 1.
    """
    epsilon = checked_number("epsilon", epsilon, above=0)
    moments = preferred_and_rest(
        statistics, rest=rest, variances=False, preferred=preferred
    )
    preferred = moments.preferred_mean - statistics.origin
    others = moments.rest_mean - statistics.origin
    return _where_defined(
        statistics, (preferred - others) / (preferred + others + epsilon)
    )


def discriminability(
    statistics: ClassStatistics, *, epsilon: float = 1e-7, rest: Rest = "classes"
) -> Any:
    """Class discriminability d' of every unit.

    `d' = (mu_max - mu_rest) / (sqrt((var_max + var_rest) / 2) + epsilon)`, with
    population variances. It does not depend on where zero lies, has no upper
    bound, and is 0 for a constant unit.

    Args:
        statistics: Class statistics of `(classes, units)`, with squares.
        epsilon: Keeps the ratio finite when both variances are zero (a unit
            constant within the preferred class and within the rest), positive.
        rest: `"classes"`: the rest is the mixture of the other classes in equal
            parts. `"samples"`: it is the samples of the other classes pooled.

    Returns:
        Array or tensor `(units,)` in the dtype of the statistics, at least 0.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If `epsilon` is not positive, `rest` neither of the two, or the
            statistics hold no squares.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> labels = np.repeat(np.eye(3), 2, axis=0)
        >>> activations = np.array([[9.0], [11], [0], [2], [0], [2]])
        >>> statistics = class_statistics(activations, labels)
        >>> round(float(discriminability(statistics)[0]), 4)
        9.0

    Reference:
        LM21 appendix A.14, equations 4 to 6.
    """
    epsilon = checked_number("epsilon", epsilon, above=0)
    moments = preferred_and_rest(statistics, rest=rest)
    noise = _safe_sqrt((moments.preferred_variance + moments.rest_variance) / 2)
    return _where_defined(
        statistics,
        (moments.preferred_mean - moments.rest_mean) / (noise + epsilon),
    )


def preferred_and_rest(
    statistics: ClassStatistics,
    *,
    rest: Rest = "classes",
    variances: bool = True,
    preferred: Any = None,
) -> PreferredAndRest:
    """Mean and variance for each unit's preferred class, and for the rest.

    The preferred class is the one with the highest mean among the classes that
    have samples (the first of them on a tie); its choice is a constant for the
    gradient. Useful to write a regularizer of your own.

    Args:
        statistics: Class statistics of `(classes, units)`.
        rest: How the other classes are put together, see `selectivity_index`.
        variances: Whether to compute the variances (needs squares).
        preferred: `(units,)` int: a class for each unit to take the place of
            the preferred one.

    Returns:
        A `PreferredAndRest` of arrays or tensors `(units,)`.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If `rest` is neither of the two, `preferred` is no class, or the
            statistics hold no squares for the variances.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[1.0], [4.0]]), np.eye(2))
        >>> moments = preferred_and_rest(statistics)
        >>> float(moments.preferred_mean[0]), float(moments.rest_mean[0])
        (4.0, 1.0)
    """
    rest, variances = checked_rest(rest), checked_flag("variances", variances)
    means = checked_statistics(statistics, squares=variances).means
    if preferred is None:
        preferred = statistics.preferred_class
    else:
        _check_preferred(preferred, means.shape)
    classes = ops.expand_dims(ops.arange(means.shape[0]), -1)
    own = classes == ops.cast(preferred, classes.dtype)
    others = ops.logical_not(own)
    if rest == "classes":
        mass = ops.sum(ops.cast(statistics.present, means.dtype)) - 1
    else:
        weight = ops.expand_dims(statistics.weight, -1)
        mass = ops.sum(weight) - ops.take(statistics.weight, preferred)
    mass = ops.where(mass > 0, mass, 1)

    def in_rest(moment: Any) -> Any:
        # An absent class has moments 0, so that it adds nothing to a sum.
        moment = moment if rest == "classes" else weight * moment
        return _sum_where(others, moment) / mass

    found = PreferredAndRest(_sum_where(own, means), in_rest(means))
    if not variances:
        return found
    # Deviations are counted from `center`, so that a mean far above the
    # deviation costs no digits.
    squares, offsets = statistics.mean_squares, statistics.mean_deviations
    return found._replace(
        preferred_variance=_variance(
            _sum_where(own, squares), _sum_where(own, offsets)
        ),
        rest_variance=_variance(in_rest(squares), in_rest(offsets)),
    )


def checked_rest(rest: Any) -> Rest:
    """`rest`, if it is one of the two ways to put classes together.

    Args:
        rest: What a user passed.

    Returns:
        `"classes"` or `"samples"`.

    Raises:
        ValueError: If it is neither.

    Example:
        >>> checked_rest("classes")
        'classes'
    """
    return checked_choice("rest", rest, _RESTS)


def checked_statistics(statistics: Any, *, squares: bool = False) -> ClassStatistics:
    """`statistics`, if they are class statistics.

    Args:
        statistics: What a user passed.
        squares: Whether they must hold squares.

    Returns:
        The same.

    Raises:
        TypeError: If they are something else.
        ValueError: If they lack squares.

    Example:
        >>> import numpy as np
        >>> from keras_selectivity.statistics import class_statistics
        >>> statistics = class_statistics(np.array([[1.0], [4.0]]), np.eye(2))
        >>> checked_statistics(statistics, squares=True) is statistics
        True
    """
    wanted = "`ClassStatistics`, as `statistics.class_statistics` makes them"
    checked_kind("statistics", statistics, ClassStatistics, wanted)
    if squares and statistics.squares is None:
        raise ValueError(
            "`statistics` must hold squares to give d' and variances. Received: "
            "squares=None. Build them with `class_statistics(..., squares=True)`."
        )
    return cast("ClassStatistics", statistics)


def _check_preferred(preferred: Any, shape: Any) -> None:
    """Raise unless it is a class for each unit; a graph's is let through."""
    if tf.is_symbolic_tensor(preferred):
        return
    found = checked_real("preferred", preferred)
    classes, units = shape
    fits = found.dtype.kind in "iu" and found.shape == (units,)
    if not fits or found.min() < 0 or found.max() >= classes:
        raise ValueError(
            f"`preferred` must hold a class in [0, {classes}) for each of the "
            f"{units} units. {received('preferred', preferred)}"
        )


def _sum_where(chosen: Any, moment: Any) -> Any:
    return ops.sum(ops.where(chosen, moment, ops.zeros_like(moment)), axis=0)


def _variance(mean_square: Any, mean: Any) -> Any:
    """Variance from the first two moments."""
    variance = mean_square - ops.square(mean)
    # What remains below this is the rounding of the two terms, which no
    # float32 activation resolves: the unit is constant.
    return ops.where(variance > 1e-13 * mean_square, variance, 0)


def _safe_sqrt(x: Any) -> Any:
    """Square root whose gradient at zero is zero, not infinite."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1)), 0)


def _where_defined(statistics: ClassStatistics, value: Any) -> Any:
    """The value where at least two classes are present, else 0."""
    classes = ops.sum(ops.cast(statistics.present, "int32"))
    return ops.where(classes >= 2, value, ops.zeros_like(value))
