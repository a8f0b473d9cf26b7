"""Accuracy as more and more units are silenced."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.measure import measure
from keras_selectivity.perturbation import orders as orders_module
from keras_selectivity.perturbation.batches import Batches
from keras_selectivity.perturbation.curve import AblationCurve
from keras_selectivity.perturbation.engine import Engine, Sums
from keras_selectivity.perturbation.orders import Order, Points
from keras_selectivity.perturbation.probes import Silencing
from keras_selectivity.perturbation.reference import Clamp
from keras_selectivity.report import SelectivityReport


def cumulative(
    model: keras.Model,
    data: Any,
    order: Order = "random",
    taps: taps_module.Selection | None = None,
    points: Points = 21,
    repeats: int = 10,
    clamp: Clamp = "zero",
    seed: int = 0,
    *,
    within: Literal["layer"] | str | Mapping[str, Sequence[str]] | None = None,
    test_data: Any = None,
    reference: Any = None,
    report: SelectivityReport | None = None,
    metric: str = "si",
    top_k: int = 1,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    num_classes: int | None = None,
    labels: str | int | None = None,
    max_rows: int | None = None,
) -> AblationCurve | dict[str, AblationCurve]:
    """Silence more and more units, and see what is left of the accuracy.

    The network runs once a batch; then only what lies downstream of the first
    silenced layer runs again, many sets of silent units at a time, and only for
    the samples that they change. The first point is the intact network's
    accuracy exactly.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a
            `PyDataset`. M18 uses the training set.
        order: `"random"`; `"most_selective"` or `"least_selective"` first; or
            (layer, unit) pairs, of all units or of some.
        taps: Outputs whose units are silenced, see `taps.select`. None: the
            model's own taps, or every hidden rectifier. `ks.taps.last(3)` are
            M18's layers.
        points: A number of points from no unit to all; a list of fractions; or a
            list of counts.
        repeats: Number of random orders.
        clamp: `"zero"`, or `"mean"`: the mean of each element of the feature map
            over `reference`.
        seed: Of the random orders.
        within: None draws units over all layers together. `"layer"` makes a
            curve for each layer; a mapping or a regular expression, as
            `taps.group` takes them, one for each group (R22's modules).
        test_data: A second data set, for a curve with the same orders.
        reference: For `clamp="mean"`, data as above.
        report: What ranks the units by selectivity. None: they are measured on
            `data`.
        metric: The measure that ranks them.
        top_k: The k of the accuracy; M18 has 5 for ImageNet.
        batch_size: For arrays; None: 256.
        verbose: 0 for no progress bar.
        checkpoint: As for `single_unit`.
        num_classes: As for `SelectivityModel`.
        labels: As for `SelectivityModel`.
        max_rows: As for `single_unit`.

    Returns:
        An `AblationCurve`; with `within`, a dict of them by layer or group.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If an order names units that do not exist or repeats them,
            points are out of range, a mean clamp has no reference set, or data
            that can be iterated once are needed twice.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> curve = ks.perturbation.cumulative(model, (x, y), repeats=2, verbose=0)
        >>> curve.counts.tolist(), curve.accuracy.shape, curve.auc.shape
        ([0, 1, 2, 3], (2, 4), (2,))

    Reference:
        M18 section 2.2 and figure 1; R22 section 4.2 for the ranked orders.
    """
    repeats = checked_count("repeats", repeats)
    engine = Engine(model, taps, False, top_k, num_classes, labels, max_rows)
    ranked = isinstance(order, str) and order in orders_module.RANKED
    measured = ranked and report is None
    again = measured or (clamp == "mean" and reference is data)
    sets = [Batches(data, batch_size, again=again)]
    if test_data is not None:
        sets.append(Batches(test_data, batch_size, "test_data"))
    layers = dict(zip(engine.network.names, engine.network.units, strict=True))
    if within is None:
        groups = {"": list(layers)}
    else:
        groups = taps_module.group(list(layers), None if within == "layer" else within)
    if measured:
        report = measure(
            model,
            data,
            [metric],
            taps=list(layers),
            batch_size=batch_size,
            verbose=0,
            num_classes=num_classes,
            labels=labels,
        )
    plans = {
        name: Plan.of(order, layers, members, points, repeats, seed, report, metric)
        for name, members in groups.items()
    }
    values = engine.clamp_values(clamp, reference, batch_size)
    analysis = CumulativeAblation(engine, plans, values)
    identity = ["cumulative", clamp, top_k, values]
    found = analysis.run(sets, verbose, checkpoint, identity)
    score = engine.scores.names.index("top_k_accuracy")
    curves = {
        name: AblationCurve(
            plan.counts,
            plan.layers,
            found[name][0][:, :, score],
            None if test_data is None else found[name][1][:, :, score],
            order if isinstance(order, str) else "explicit",
            clamp,
            top_k,
        )
        for name, plan in plans.items()
    }
    return curves[""] if within is None else curves


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which units are silent at each point of each repeat of a curve.

    Attributes:
        layers: Mapping of the layers that units are drawn from to their numbers
            of units.
        counts: `(points,)`.
        silent: `(repeats, points, units)` bool, over the units of the network.
    """

    layers: dict[str, int]
    counts: np.ndarray
    silent: np.ndarray

    @classmethod
    def of(
        cls,
        order: Order,
        layers: Mapping[str, int],
        members: Sequence[str],
        points: Points,
        repeats: int,
        seed: int,
        report: SelectivityReport | None = None,
        metric: str = "si",
    ) -> "Plan":
        """Make a plan, for the arguments of `cumulative`.

        Args:
            order: As for `cumulative`.
            layers: Mapping of all taps to their numbers of units.
            members: The taps that units are drawn from.
            points: As for `cumulative`.
            repeats: As for `cumulative`.
            seed: As for `cumulative`.
            report: As for `cumulative`.
            metric: As for `cumulative`.

        Returns:
            The plan.

        Example:
            >>> plan = Plan.of([("b", 1)], {"a": 2, "b": 2}, ["b"], [0, 1], 1, 0)
            >>> plan.silent.astype(int).tolist()
            [[[0, 0, 0, 0], [0, 0, 0, 1]]]
        """
        drawn = {name: layers[name] for name in members}
        if not isinstance(order, str):
            orders_module.orders(order, layers, repeats, seed)
            order = [pair for pair in order if pair[0] in drawn]
        found = orders_module.orders(order, drawn, repeats, seed, report, metric)
        counts = orders_module.points(points, sum(drawn.values()), found.shape[1])
        places = np.empty((len(found), sum(drawn.values())), np.int64)
        places.fill(sum(drawn.values()))  # A unit that is never silenced.
        np.put_along_axis(places, found, np.arange(found.shape[1])[None], axis=1)
        silent = places[:, None, :] < counts[None, :, None]
        within = np.isin(np.repeat(list(layers), list(layers.values())), members)
        whole = np.zeros((*silent.shape[:2], len(within)), bool)
        whole[:, :, within] = silent
        return cls(drawn, counts, whole)


class CumulativeAblation:
    """Several curves of one network in one pass.

    Sets of silent units that occur more than once, such as all of them, run
    once. Each runs from the first layer that it touches.

    Args:
        engine: The engine.
        plans: Mapping of name of a curve to its `Plan`.
        values: What units are clamped to.
    """

    def __init__(
        self, engine: Engine, plans: Mapping[str, Plan], values: list[Any]
    ) -> None:
        self._engine = engine
        self._shapes = {name: plan.silent.shape[:2] for name, plan in plans.items()}
        sets = np.concatenate([_flat(plan.silent) for plan in plans.values()])
        self._distinct, self._which = np.unique(sets, axis=0, return_inverse=True)
        self._probes: list[Silencing] = []
        # Of each distinct set: its probe (-1 for the intact network) and variant.
        self._places = np.full((len(self._distinct), 2), -1)
        tap_of_unit = np.repeat(
            np.arange(len(engine.network.units)), engine.network.units
        )
        first = np.where(
            self._distinct.any(axis=1), tap_of_unit[self._distinct.argmax(axis=1)], -1
        )
        for tap in np.unique(first[first >= 0]):
            chosen = np.flatnonzero(first == tap)
            parts = {
                later: self._distinct[np.ix_(chosen, tap_of_unit == later)]
                for later in range(tap, len(engine.network.units))
            }
            touched = {later: part for later, part in parts.items() if part.any()}
            self._places[chosen, 0] = len(self._probes)
            self._places[chosen, 1] = np.arange(len(chosen))
            self._probes.append(engine.silencing(touched, values))

    def run(
        self,
        data: Sequence[Batches],
        verbose: str | int = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        identity: Sequence[Any] = (),
    ) -> dict[str, list[np.ndarray]]:
        """Run over data sets.

        Args:
            data: The data sets.
            verbose: As for `Engine.run`.
            checkpoint: As for `Engine.run`.
            identity: As for `Engine.run`.

        Returns:
            For each curve and data set `(repeats, points, scores)`.
        """
        identity = [*identity, self._distinct]
        found = self._engine.run(data, self._probes, verbose, checkpoint, identity)
        scores = [self._scores(sums)[self._which.reshape(-1)] for sums in found]
        curves: dict[str, list[np.ndarray]] = {}
        ends = np.cumsum([np.prod(shape) for shape in self._shapes.values()])
        for (name, shape), end in zip(self._shapes.items(), ends, strict=True):
            part = slice(end - np.prod(shape), end)
            curves[name] = [s[part].reshape(*shape, s.shape[-1]) for s in scores]
        return curves

    def _scores(self, sums: Sums) -> np.ndarray:
        """`(distinct sets, scores)`."""
        found = [
            sums.intact if probe < 0 else sums.perturbed(probe)[variant]
            for probe, variant in self._places
        ]
        return np.stack(found)


def checked_count(argument: str, count: Any) -> int:
    """`count`, if it is a positive integer.

    Args:
        argument: Its name, for the message.
        count: What a user passed.

    Returns:
        The number.

    Raises:
        ValueError: If it is not one.

    Example:
        >>> checked_count("repeats", 3)
        3
    """
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(
            f"`{argument}` must be a positive integer. Received: {argument}={count!r}."
        )
    return int(count)


def _flat(silent: np.ndarray) -> np.ndarray:
    return silent.reshape(-1, silent.shape[-1])
