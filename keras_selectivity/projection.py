"""Selectivity off the units' axes: the most that an orthonormal projection finds.

A regularizer that lowers the selectivity of the units may only have turned it to
directions between them. So the orthonormal axes of the highest mean selectivity are
sought, and their selectivity is compared with that of the units.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, NamedTuple, Self

import keras
import numpy as np
import tensorflow as tf

from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_integer,
    checked_number,
    checked_real,
    checked_seed,
    checked_verbose,
)
from keras_selectivity.functional import Rest, checked_rest, selectivity_index
from keras_selectivity.labels import label_weights
from keras_selectivity.similarity.activations import as_activations
from keras_selectivity.statistics import ClassStatistics, class_statistics
from keras_selectivity.storage.archive import Archived, checked_array

Screening = Literal["float32", "bfloat16"]

_SCREENINGS: tuple[Screening, ...] = ("float32", "bfloat16")

# Deviation of the entries of the skew matrix that turns the first start away from
# the units' axes: enough to leave a point where the gradient is zero, by an angle
# that a dozen steps make up for.
_PERTURBATION = 0.01
# A step in float32 leaves the axes about 1e-6 less orthonormal than they were.
_STEPS_TO_ORTHONORMALIZE = 5
_STEPS_A_CALL = 50
# Samples that are scored at a time: float64 needs no second copy of them all.
_ROWS = 8192


@dataclass(frozen=True)
class UpperBound(Archived):
    """Selectivity along the units' axes and along the best axes that were found.

    Attributes:
        upper_bound: `(units,)` float64 in [0, 1]: class selectivity of every column
            of the projected activations of the score set.
        axis_aligned: `(units,)` float64 in [0, 1]: that of every unit itself, on the
            same set and shifted in the same way.
        fit_upper_bound: `(units,)`: `upper_bound` on the set of the fit.
        fit_axis_aligned: `(units,)`: `axis_aligned` on the set of the fit. Its mean
            is never above that of `fit_upper_bound`.
        projection: `(units, units)` float64, orthonormal: the columns of
            `activations @ projection` are the activations along the axes found.
        history: `(steps + 1,)` float64: the loss, 1 minus the mean selectivity,
            before every step of the best start and after the last.
        start: Number of that start, from 0; -1 where none of them beat the units'
            own axes, which are then the projection.

    Example:
        >>> half = np.array([0.25, 0.75])
        >>> found = UpperBound(np.ones(2), half, half, half, np.eye(2), half, 0)
        >>> found.mean_upper_bound, found.mean_axis_aligned
        (1.0, 0.5)
    """

    file_format: ClassVar[str] = "keras_selectivity upper bound"

    upper_bound: np.ndarray
    axis_aligned: np.ndarray
    fit_upper_bound: np.ndarray
    fit_axis_aligned: np.ndarray
    projection: np.ndarray
    history: np.ndarray
    start: int

    def __post_init__(self) -> None:
        units = len(self.upper_bound)
        for field in fields(self):
            if field.name.endswith(("upper_bound", "axis_aligned")):
                values = getattr(self, field.name)
                checked_array(field.name, values, (units,), least=0, most=1)
        checked_array("projection", self.projection, (units, units), least=-1, most=1)
        checked_array("history", self.history, (None,))
        checked_integer("start", self.start, least=-1)

    @property
    def mean_upper_bound(self) -> float:
        """Mean of `upper_bound` over the axes."""
        return float(np.mean(self.upper_bound))

    @property
    def mean_axis_aligned(self) -> float:
        """Mean of `axis_aligned` over the units."""
        return float(np.mean(self.axis_aligned))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The result as a plain dictionary of arrays."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: array for name, array in arrays.items() if name != "start"}

    def _header(self) -> dict[str, Any]:
        return {"start": self.start}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        wanted = [field.name for field in fields(cls) if field.name != "start"]
        return cls(**{name: arrays[name] for name in wanted}, start=header["start"])


def selectivity_upper_bound(
    fit: Any,
    score: Any,
    *,
    starts: int = 2,
    seed: int = 0,
    max_steps: int = 3500,
    learning_rate: float = 0.001,
    tolerance: float = 1e-6,
    patience: int = 10,
    epsilon: float = 1e-7,
    rest: Rest = "classes",
    screening: Screening = "float32",
    verbose: str | int = "auto",
) -> Any:
    """The most class selectivity that an orthonormal projection of units shows.

    The projection W minimizes `1 - mean(SI(A W))` on the set `fit`, where SI is
    `functional.selectivity_index` and the columns of `A W` are shifted so that their
    minimum is 0. It is then applied to the set `score`, whose columns are shifted by
    their own minimum.

    The units' own selectivity is that of `A`, shifted in the same way. For units
    whose minimum is 0, or that can be negative, it is what `measure` gives. For a
    rectified unit that is never 0 the shift makes it higher.

    What is found is a local optimum: the best of several starts, and no worse on
    `fit` than the units' axes, which count as one more start. With few samples for
    each unit it is fitted to their noise; `fit_upper_bound` beside `upper_bound`
    shows how much. Units that hardly respond weigh like any other axis, and a
    projection can fill theirs with a trace of the most selective direction: leave
    out dead units to keep that from the bound.

    A step costs one product of all samples with the axes, and little else that
    depends on their number: projected class means are the class means projected, and
    the gradient of a minimum is the sample that attains it. At 512 units and 10,000
    samples on two cores, a step takes 0.16 to 0.23 of the time of geotorch's
    orthogonal parametrization with autodiff, and 0.08 with `screening="bfloat16"`
    on a processor with AMX (`tools/bench_projection.py`). A fit takes up to
    `starts * max_steps` steps, most of the time all of them: Adam's rate is constant,
    and the minima keep the loss from settling.

    Args:
        fit: `(activations, labels)` to fit the projection to, LM21's validation set:
            `(samples, units)`, real and finite; integers `(samples,)` or
            `(samples, 1)`, or distributions `(samples, classes)`, see
            `labels.label_weights`. Or a mapping of names, such as layers and
            replicates, to such pairs.
        score: The same for the set that is reported, LM21's test set; the same units.
            A mapping of the same names where `fit` is one.
        starts: Number of starts, at least 1: the first at the units' axes, turned a
            little, since the gradient can vanish there; the others at random
            rotations. For rectified units the first ends best as a rule; where the
            units' axes mean nothing, more starts find more.
        seed: Of the starts: the same seed gives the same result.
        max_steps: Steps of a start at most.
        learning_rate: Of Adam.
        tolerance: A start ends when the loss has changed by less than this ...
        patience: ... in so many steps in a row.
        epsilon: As for `functional.selectivity_index`.
        rest: As for `functional.selectivity_index`.
        screening: Precision in which the samples that attain the minima are picked;
            the loss is computed from them in float64. `"bfloat16"` picks
            samples within about 1% of the minimum, so that `history` can be a little
            low (the results are not): faster on processors with instructions for it
            (AMX, AVX-512 BF16, GPUs), slower on others.
        verbose: 0 for silence; 1 or `"auto"` for a progress bar.

    Returns:
        An `UpperBound`, or a dictionary of them where `fit` is a mapping.

    Raises:
        TypeError: If activations or labels are not numbers, or an option is of a
            wrong type.
        ValueError: If an array has the wrong shape, holds NaN or infinity, or no
            sample counts; if `fit` and `score` differ in units, classes or names; or
            if an option is out of its range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(40) % 4
        >>> rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
        >>> data = np.eye(4)[labels] @ rotation, labels
        >>> found = selectivity_upper_bound(data, data, verbose=0)
        >>> found.mean_axis_aligned < 0.8, found.mean_upper_bound > 0.99
        (True, True)

    Reference:
        LM21 (Leavitt and Morcos, 2021) appendix A.7. It does not say where W starts,
        and keeps W orthonormal by another parametrization: see `Search`.
    """
    starts, seed = checked_count("starts", starts), checked_seed(seed)
    max_steps = checked_count("max_steps", max_steps)
    learning_rate = checked_number("learning_rate", learning_rate, above=0)
    tolerance = checked_number("tolerance", tolerance, least=0)
    patience = checked_count("patience", patience)
    epsilon = checked_number("epsilon", epsilon, above=0)
    rest = checked_rest(rest)
    screening = checked_choice("screening", screening, _SCREENINGS)
    verbose = checked_verbose(verbose)
    pairs = _pairs(fit, score)
    progress = _Progress(len(pairs) * starts, max_steps, verbose)

    def bound(fitted: Labeled, scored: Labeled) -> UpperBound:
        aligned = _selectivity(scored, None, epsilon, rest)
        fit_aligned = _selectivity(fitted, None, epsilon, rest)
        search = Search(
            fitted,
            epsilon=epsilon,
            rest=rest,
            learning_rate=learning_rate,
            tolerance=tolerance,
            patience=patience,
            screening=screening,
        )
        ends = []
        for start in range(starts):
            axes = _starting_axes(search.units, start, seed)
            projection, history = search.run(axes, max_steps, progress.update)
            progress.next_start()
            upper = _selectivity(fitted, projection, epsilon, rest)
            ends.append((upper, projection, history, start))
        fit_upper, projection, history, start = max(ends, key=lambda end: end[0].mean())
        if fit_upper.mean() <= fit_aligned.mean():
            fit_upper, projection, start = fit_aligned, np.eye(search.units), -1
        upper = _selectivity(scored, projection, epsilon, rest)
        return UpperBound(
            upper, aligned, fit_upper, fit_aligned, projection, history, start
        )

    found = {name: bound(*pair) for name, pair in pairs.items()}
    return found if isinstance(fit, Mapping) else found[""]


class Labeled(NamedTuple):
    """Samples that count, with their labels.

    Attributes:
        activations: `(samples, units)`.
        labels: `(samples, classes)` float64, see `labels.label_weights`.
    """

    activations: np.ndarray
    labels: np.ndarray


class State(NamedTuple):
    """Where a search stands: the axes, and Adam's moments of their rotation.

    Attributes:
        axes: `(units, units)` float32, orthonormal to 1e-5: each row an axis.
        mean: `(units, units)` skew: running mean of the gradient.
        square: `(units, units)` symmetric: running mean of its square.
        step: int32 number of steps so far.
        loss: float64 before the last step.
        calm: int32: how many steps in a row changed the loss by less than the
            tolerance.
        best_axes: `(units, units)`: the axes of the lowest loss so far.
        best_loss: float64.
    """

    axes: Any
    mean: Any
    square: Any
    step: Any
    loss: Any
    calm: Any
    best_axes: Any
    best_loss: Any


class Search:
    """Adam on the rotations, for one set of activations.

    The axes move by rotations `exp(X)`, X skew, from where they are. Adam's moments
    are those of the gradient with respect to X; since a rotation means the same
    wherever the axes are, they need no transport. That is geotorch's orthogonal
    parametrization (LM21's toolbox, dynamic trivialization) with the base point moved
    at every step, where the derivative of the exponential is the identity. Its value
    is replaced by the Cayley transform, `(I - X/2)^-1 (I + X/2)`: equal up to the
    third order of a step of 0.001, orthonormal for every X, and one linear solve
    where the exponential and its gradient are dozens of matrix products. Rounding
    adds up, so every few steps the axes take one step of Newton and Schulz towards
    the nearest orthonormal matrix. A retraction by QR costs more than the solve does
    and depends on the order of the axes.

    Activations are centered and scaled, which changes no selectivity once the
    minimum is subtracted (`epsilon` is scaled with them), so that float32 loses
    nothing to a large mean.

    Every step looks at all samples. A working set of those near the minima, checked
    against all now and then, would do less work a step, and fails: the fit raises
    the minima until hundreds of samples lie within a tenth of a deviation of each
    (10,000 samples, 512 units), and in the ten steps between two checks the axes turn
    to where the samples left out are lower. It ended 0.01 to 0.07 short.

    Args:
        data: Samples to fit to.
        epsilon: As for `functional.selectivity_index`.
        rest: As for `functional.selectivity_index`.
        learning_rate: Of Adam.
        tolerance: Change of the loss that counts as none.
        patience: Steps without change after which the search ends.
        screening: Precision in which the samples that attain the minima are picked.
        dtype: Of the axes: float32, or float64 to check it.

    Example:
        >>> data = Labeled(np.array([[0.0, 1], [2, 3], [1, 0], [3, 2]]),
        ...                 np.eye(2)[[0, 0, 1, 1]])
        >>> search = Search(data)
        >>> projection, history = search.run(np.eye(2), max_steps=5)
        >>> projection.round(3).tolist(), round(float(history[0]), 4)
        ([[1.0, 0.0], [0.0, 1.0]], 0.6667)

    Reference:
        Lezcano-Casado (2019), "Trivializations for gradient-based optimization on
        manifolds"; Wen and Yin (2013) for the Cayley transform.
    """

    def __init__(
        self,
        data: Labeled,
        *,
        epsilon: float = 1e-7,
        rest: Rest = "classes",
        learning_rate: float = 0.001,
        tolerance: float = 1e-6,
        patience: int = 10,
        screening: Screening = "float32",
        dtype: str = "float32",
    ) -> None:
        activations = data.activations.astype(np.float64)
        activations -= activations.mean(axis=0)
        scale = np.max(np.abs(activations)) or 1.0
        activations /= scale
        weight = data.labels.sum(axis=0)
        labels, weight = data.labels[:, weight > 0], weight[weight > 0]
        self.units = activations.shape[1]
        self.epsilon, self.rest = epsilon / scale, rest
        self.learning_rate = learning_rate
        self.tolerance, self.patience = tolerance, patience
        self._weight = tf.constant(weight)
        self._means = tf.constant(labels.T @ activations / weight[:, None])
        self._samples = tf.constant(activations, dtype)
        self._screened = self._samples
        if screening == "bfloat16":
            self._screened = tf.cast(self._samples, tf.bfloat16)
        matrix = tf.TensorSpec((self.units, self.units), dtype)
        loss, count = tf.TensorSpec((), tf.float64), tf.TensorSpec((), tf.int32)
        state = State(matrix, matrix, matrix, count, loss, count, matrix, loss)
        self.advance = tf.function(self._advance, input_signature=[state, count])

    def start(self, axes: Any) -> State:
        """State before the first step.

        Args:
            axes: `(units, units)` orthonormal, each row an axis.

        Returns:
            `State`.
        """
        axes = tf.constant(axes, self._samples.dtype)
        none, zero = tf.zeros_like(axes), tf.constant(0)
        infinite = tf.constant(np.inf, tf.float64)
        return State(axes, none, none, zero, infinite, zero, axes, infinite)

    def run(
        self,
        axes: Any,
        max_steps: int,
        progress: Callable[[int, float], None] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Search from a start to its end.

        Args:
            axes: `(units, units)` orthonormal, each row an axis.
            max_steps: Steps at most.
            progress: Called with the number of steps and the loss, now and then.

        Returns:
            The projection of the lowest loss, `(units, units)` float64 with the axes
            as columns, orthonormal; and the loss before every step and at the end,
            `(steps + 1,)` float64.
        """
        state, losses = self.start(axes), []
        while int(state.step) < max_steps and int(state.calm) < self.patience:
            steps = min(_STEPS_A_CALL, max_steps - int(state.step))
            state, taken = self.advance(state, tf.constant(steps))
            losses.append(taken.numpy())
            if progress:
                progress(int(state.step), float(state.loss))
        last = self.loss(state.axes)
        best = state.axes if last < state.best_loss else state.best_axes
        left, _, right = np.linalg.svd(best.numpy().astype(np.float64))
        return (left @ right).T, np.append(np.concatenate(losses), last)

    def loss(self, axes: tf.Tensor) -> float:
        """1 minus the mean selectivity along the axes.

        Args:
            axes: `(units, units)`, each row an axis.

        Returns:
            A number in [0, 1].
        """
        return float(self.loss_and_slope(axes)[0])

    def loss_and_slope(self, axes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss, and how it changes when the axes turn towards each other.

        Args:
            axes: `(units, units)`, each row an axis.

        Returns:
            float64 loss; and `(units, units)` skew: derivative of the loss with
            respect to the entries above the diagonal of X at 0, where the axes are
            the columns of `W exp(X)`.
        """
        lowest = tf.gather(self._samples, self._attaining(axes))
        wide = tf.cast(axes, tf.float64)
        means = tf.matmul(self._means, wide, transpose_b=True)
        minimum = tf.reduce_sum(wide * tf.cast(lowest, tf.float64), axis=1)
        with tf.GradientTape() as tape:
            tape.watch([means, minimum])
            loss = self._loss(means, minimum)
        of_means, of_minimum = tape.gradient(loss, [means, minimum])
        slope = tf.cast(tf.matmul(means, of_means, transpose_a=True), axes.dtype)
        # Every axis at the sample that attains the minimum of each axis.
        along = tf.matmul(axes, lowest, transpose_b=True)
        slope += along * tf.cast(of_minimum, axes.dtype)
        return loss, slope - tf.transpose(slope)

    def _attaining(self, axes: tf.Tensor) -> tf.Tensor:
        """`(units,)` int64: the sample at the minimum of every axis."""
        axes = tf.cast(axes, self._screened.dtype)
        return tf.argmin(tf.matmul(axes, self._screened, transpose_b=True), axis=1)

    def _loss(self, means: tf.Tensor, minimum: tf.Tensor) -> tf.Tensor:
        statistics = ClassStatistics(
            weight=self._weight,
            total=means * self._weight[:, None],
            squares=None,
            center=None,
            minimum=minimum,
        )
        return 1 - tf.reduce_mean(
            selectivity_index(statistics, epsilon=self.epsilon, rest=self.rest)
        )

    def _advance(self, state: State, steps: tf.Tensor) -> tuple[State, tf.Tensor]:
        losses = tf.TensorArray(tf.float64, steps)
        taken = tf.constant(0)
        while taken < steps and state.calm < self.patience:
            state = self._step(state)
            losses = losses.write(taken, state.loss)
            taken += 1
        return state, losses.stack()[:taken]

    def _step(self, state: State) -> State:
        loss, slope = self.loss_and_slope(state.axes)
        better = loss < state.best_loss
        step = state.step + 1
        # Adam, as published.
        mean = 0.9 * state.mean + 0.1 * slope
        square = 0.999 * state.square + 0.001 * tf.square(slope)
        count = tf.cast(step, slope.dtype)
        mean_hat, square_hat = mean / (1 - 0.9**count), square / (1 - 0.999**count)
        turn = -self.learning_rate * mean_hat / (tf.sqrt(square_hat) + 1e-8)
        axes = rotated(state.axes, turn)
        axes = tf.cond(
            step % _STEPS_TO_ORTHONORMALIZE == 0,
            lambda: orthonormalized(axes),
            lambda: axes,
        )
        still = tf.abs(loss - state.loss) < self.tolerance
        return State(
            axes=axes,
            mean=mean,
            square=square,
            step=step,
            loss=loss,
            calm=tf.where(still, state.calm + 1, 0),
            best_axes=tf.where(better, state.axes, state.best_axes),
            best_loss=tf.where(better, loss, state.best_loss),
        )


def rotated(axes: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    """Axes turned towards each other by the Cayley transform of a skew matrix.

    Args:
        axes: `(units, units)` orthonormal, each row an axis.
        turn: `(units, units)` skew: entry `[v, u]` turns axis u towards axis v.

    Returns:
        `(units, units)` of the dtype of the axes, orthonormal.

    Example:
        >>> turned = rotated(tf.eye(2), tf.constant([[0.0, -0.2], [0.2, 0.0]]))
        >>> np.round(turned, 3)
        array([[ 0.98 ,  0.198],
               [-0.198,  0.98 ]], dtype=float32)
    """
    identity = tf.eye(axes.shape[0], dtype=axes.dtype)
    return 2 * tf.linalg.solve(identity + turn / 2, axes) - axes


def orthonormalized(axes: tf.Tensor) -> tf.Tensor:
    """Nearly orthonormal axes, brought closer by one step of Newton and Schulz.

    Args:
        axes: `(units, units)`, `axes @ axes.T` within a little of the identity.

    Returns:
        `(units, units)` of the same dtype: that distance is squared, up to rounding.

    Example:
        >>> orthonormalized(tf.constant([[1.001]])).numpy().round(5).tolist()
        [[1.0]]
    """
    wide = tf.cast(axes, tf.float64)  # Some GPUs keep ten bits of a float32 product.
    excess = tf.matmul(wide, wide, transpose_b=True)
    excess -= tf.eye(axes.shape[0], dtype=tf.float64)
    return axes - tf.matmul(tf.cast(excess / 2, axes.dtype), axes)


def _starting_axes(units: int, number: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, number])
    normal = rng.normal(size=(units, units))
    if number == 0:
        turn = _PERTURBATION * (normal - normal.T) / np.sqrt(2)
        return rotated(tf.eye(units, dtype=tf.float64), tf.constant(turn)).numpy()
    rotation, triangle = np.linalg.qr(normal)
    return rotation * np.sign(np.diagonal(triangle))


def _selectivity(
    data: Labeled, projection: np.ndarray | None, epsilon: float, rest: Rest
) -> np.ndarray:
    """SI of every column of the projected activations, shifted to be >= 0."""
    units = data.activations.shape[1]
    weight, total, minimum = 0.0, 0.0, np.inf
    for start in range(0, len(data.labels), _ROWS):
        rows = slice(start, start + _ROWS)
        part = tf.constant(data.activations[rows], tf.float64)
        if projection is not None:
            part = tf.matmul(part, tf.constant(projection))
        found = class_statistics(
            part, data.labels[rows], signed=np.ones(units, bool), squares=False
        )
        weight, total = weight + found.weight, total + found.total
        minimum = tf.minimum(minimum, found.minimum)
    statistics = ClassStatistics(weight, total, None, None, minimum)
    return selectivity_index(statistics, epsilon=epsilon, rest=rest).numpy()


class _Progress:
    """One bar over all starts of all fits."""

    def __init__(self, starts: int, max_steps: int, verbose: str | int) -> None:
        self._max_steps = max_steps
        self._started = 0
        self._bar = keras.utils.Progbar(
            starts * max_steps,
            verbose=1 if verbose == "auto" else verbose,
            stateful_metrics=["loss"],
        )

    def update(self, step: int, loss: float) -> None:
        if step < self._max_steps:  # The last one belongs to `next_start`.
            position = self._started * self._max_steps + step
            self._bar.update(position, [("loss", loss)], finalize=False)

    def next_start(self) -> None:
        self._started += 1
        self._bar.update(self._started * self._max_steps)


def _pairs(fit: Any, score: Any) -> dict[str, tuple[Labeled, Labeled]]:
    """Checked sets to fit to and to score, by name."""
    if not isinstance(fit, Mapping) and not isinstance(score, Mapping):
        return {"": _pair("`fit`", fit, "`score`", score)}
    names = [list(each) if isinstance(each, Mapping) else None for each in (fit, score)]
    if not names[0] or not names[1] or set(names[0]) != set(names[1]):
        raise ValueError(
            "`fit` and `score` must both be (activations, labels), or mappings of the "
            "same names to such pairs, at least one. Received: fit with "
            f"{_described(names[0])}, score with {_described(names[1])}."
        )
    return {
        name: _pair(f"`fit[{name!r}]`", fit[name], f"`score[{name!r}]`", score[name])
        for name in fit
    }


def _described(names: list[str] | None) -> str:
    return "no names" if names is None else f"the names {names}"


def _pair(
    fit_name: str, fit: Any, score_name: str, score: Any
) -> tuple[Labeled, Labeled]:
    sets = [_arrays(fit_name, fit), _arrays(score_name, score)]
    units = [activations.shape[1] for activations, _ in sets]
    if units[0] != units[1]:
        raise ValueError(
            f"{fit_name} and {score_name} must hold the same units. Received: "
            f"{units[0]} units and {units[1]} units."
        )
    classes = _classes(fit_name, score_name, [labels for _, labels in sets])
    fitted, scored = (
        _labeled(name, activations, labels, classes)
        for name, (activations, labels) in zip(
            (fit_name, score_name), sets, strict=True
        )
    )
    return fitted, scored


def _arrays(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(data, (tuple, list)):
        raise TypeError(
            f"{name} must be a pair (activations, labels). Received: {type(data)}."
        )
    if len(data) != 2:
        raise ValueError(
            f"{name} must be a pair (activations, labels). Received: {len(data)} items."
        )
    plain = name.strip("`")
    activations = as_activations(f"{plain}[0]", data[0])
    try:
        labels = checked_real(f"{plain}[1]", data[1], booleans=True)
    except TypeError as error:
        raise TypeError(f"{error} Number the classes from 0.") from error
    if labels.ndim not in (1, 2) or len(labels) != len(activations):
        raise ValueError(
            f"The labels of {name} must be integers of shape (samples,) or "
            "distributions of shape (samples, classes), one for each sample. "
            f"Received: labels of shape {labels.shape} for activations of shape "
            f"{activations.shape}."
        )
    if not len(labels) or not np.all(np.isfinite(labels)) or np.min(labels) < 0:
        raise ValueError(
            f"The labels of {name} must be finite and not negative, for at least one "
            f"sample. Received: {_range(labels)}."
        )
    return activations, labels


def _classes(fit_name: str, score_name: str, labels: list[np.ndarray]) -> int:
    """Number of classes of two sets of labels."""
    widths = {each.shape[1] for each in labels if _holds_distributions(each)}
    if len(widths) > 1:
        raise ValueError(
            f"The labels of {fit_name} and {score_name} must have the same classes. "
            f"Received: {labels[0].shape[1]} classes and {labels[1].shape[1]} classes."
        )
    indices = [each for each in labels if not _holds_distributions(each)]
    highest = max((float(np.max(each)) for each in indices), default=0.0)
    return max(widths) if widths else max(2, int(highest) + 1)


def _labeled(
    name: str, activations: np.ndarray, labels: np.ndarray, classes: int
) -> Labeled:
    if not _holds_distributions(labels):
        whole = classes == 2 or np.all(labels == np.floor(labels))
        if np.max(labels) > classes - 1 or not whole:
            raise ValueError(
                f"The labels of {name} must be integers in [0, {classes}). "
                f"Received: {_range(labels)}."
            )
    weights = (
        labels.astype(np.float64)
        if _holds_distributions(labels)
        else label_weights(labels, classes).numpy()
    )
    counted = weights.sum(axis=1) > 0
    if not np.any(counted):
        raise ValueError(
            f"{name} must hold samples that belong to a class. Received: labels of "
            "zeros only."
        )
    if not np.all(counted):
        activations, weights = activations[counted], weights[counted]
    return Labeled(activations, weights)


def _holds_distributions(labels: np.ndarray) -> bool:
    return labels.ndim == 2 and labels.shape[1] > 1


def _range(labels: np.ndarray) -> str:
    if not labels.size:
        return "no labels"
    return f"values from {np.min(labels)} to {np.max(labels)}"
