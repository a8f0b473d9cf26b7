"""Accuracy as more and more units are silenced."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_seed,
    checked_text,
)
from keras_selectivity.data.batches import Batches, check_inputs, first_look
from keras_selectivity.measure import Measurement
from keras_selectivity.perturbation import orders as orders_module
from keras_selectivity.perturbation.curve import AblationCurve
from keras_selectivity.perturbation.engine import Engine, Sums
from keras_selectivity.perturbation.orders import Order, Points
from keras_selectivity.perturbation.probes import Silencing
from keras_selectivity.perturbation.reference import Clamp, reference_of
from keras_selectivity.report import SelectivityReport
from keras_selectivity.storage.archive import check_path
from keras_selectivity.taps import group


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
    steps: int | None = None,
) -> AblationCurve:
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
        test_data: A second data set, for a curve with the same orders.
        reference: For `clamp="mean"`, data as above.
        report: What ranks the units by selectivity. None: they are measured on
            `data`.
        metric: The measure that ranks them.
        top_k: The k of the accuracy; M18 has 5 for ImageNet.
        batch_size: For arrays; None: 256.
        verbose: 0 for no progress bar.
        checkpoint: File from which an interrupted analysis continues, removed at the
            end.
        num_classes: Number of classes. None: the model's own, or its output's width.
        labels: Where there are several targets, the one that holds the classes.
        max_rows: How many pairs of a sample and a set of silent units run at once;
            None: as many as 128 MiB hold at the most crowded cut.
        steps: How many batches of `data` to take, for data without end; None: all.
            `test_data`, and a `reference` that is not `data` itself, must end.

    Returns:
        An `AblationCurve`, of units drawn over all the layers together.

    Raises:
        TypeError: If an argument is of a wrong type; for a subclassed model.
        ValueError: If an order names units that do not exist or repeats them,
            points are out of range, a mean clamp has no reference set, data that
            can be iterated once are needed twice, or data cannot be used, as for
            `single_unit`; if an output is not finite.

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
    analysis = CumulativeAblation(
        model,
        order=order,
        taps=taps,
        points=points,
        repeats=repeats,
        clamp=clamp,
        seed=seed,
        metric=metric,
        top_k=top_k,
        num_classes=num_classes,
        labels=labels,
        max_rows=max_rows,
    )
    (curve,) = analysis.run(
        data, test_data, reference, report, batch_size, verbose, checkpoint, steps
    ).values()
    return curve


def cumulative_within(
    model: keras.Model,
    data: Any,
    groups: Mapping[str, Sequence[str]] | str | None = None,
    **options: Any,
) -> dict[str, AblationCurve]:
    """Silence more and more units of one layer, or group of layers, after another.

    `cumulative` for each layer by itself, in one pass over the data.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential`
            model.
        data: The data, in every form that `cumulative` takes.
        groups: None: units are drawn within each layer. A mapping or a regular
            expression, as `taps.group` takes them: within each group (R22's
            modules).
        **options: Those of `cumulative`, by name. `points` are of each group, and an
            explicit `order` is divided among the groups.

    Returns:
        A curve for each layer, or group, in depth order.

    Raises:
        TypeError: As `cumulative`.
        ValueError: As `cumulative`.

    Example:
        >>> import keras, numpy as np
        >>> import keras_selectivity as ks
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="first"),
        ...     keras.layers.Dense(3, activation="relu", name="second"),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> data = np.random.rand(6, 4), np.arange(6) % 2
        >>> sorted(ks.perturbation.cumulative_within(model, data, verbose=0))
        ['first', 'second']

    Reference:
        R22 section 4.2: the feature maps of a module's layers, ranked together.
    """
    of_run = {name: options.pop(name) for name in _OF_RUN if name in options}
    return CumulativeAblation(model, groups, **options).run(data, **of_run)


# Arguments of `CumulativeAblation.run`, beside the data.
_OF_RUN = (
    *("test_data", "reference", "report", "batch_size"),
    *("verbose", "checkpoint", "steps"),
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What is ablated of a network, and how; the names are those of `cumulative`.

    Example:
        >>> Options(order=(("hidden", 1),)).order
        [('hidden', 1)]
    """

    order: Order = "random"
    taps: taps_module.Selection | None = None
    points: Points = 21
    repeats: int = 10
    clamp: Clamp = "zero"
    seed: int = 0
    metric: str = "si"
    top_k: int = 1
    num_classes: int | None = None
    labels: str | int | None = None
    max_rows: int | None = None

    def __post_init__(self) -> None:
        checked = {
            "order": orders_module.checked_order(self.order),
            "points": orders_module.checked_points(self.points),
            "repeats": checked_count("repeats", self.repeats),
            "clamp": checked_choice("clamp", self.clamp, get_args(Clamp)),
            "seed": checked_seed(self.seed),
            "metric": checked_text("metric", self.metric),
            "top_k": checked_count("top_k", self.top_k),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Options":
        """The options that a user names; a TypeError tells of a name that is none."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                raise TypeError(
                    f"`{name}` is no option of a cumulative ablation. Allowed: "
                    f"{', '.join(known)}; where it is run, {', '.join(_OF_RUN)}."
                )
        return cls(**given)

    @property
    def ranked(self) -> bool:
        """Whether selectivity ranks the units."""
        return self.order in orders_module.RANKED


class CumulativeAblation:
    """A cumulative ablation that can be repeated: compiled once, run many times.

    `cumulative` makes one and runs it once; a callback that ablates at every
    epoch keeps one.

    Args:
        model: A `SelectivityModel` or any built Functional or `Sequential` model.
        groups: Within which units are drawn, as for `cumulative_within`, or `"all"`
            for all layers together.
        **options: See `Options`.

    Raises:
        TypeError: As `cumulative`.
        ValueError: As `cumulative`.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([
        ...     keras.Input((4,)), keras.layers.Dense(3, activation="relu"),
        ...     keras.layers.Dense(2)])
        >>> analysis = CumulativeAblation(model, points=2, repeats=1)
        >>> data = np.random.rand(6, 4), np.arange(6) % 2
        >>> analysis.run(data, verbose=0)["all"].counts.tolist()
        [0, 3]
    """

    def __init__(
        self,
        model: keras.Model,
        groups: Mapping[str, Sequence[str]] | str | None = "all",
        **options: Any,
    ) -> None:
        self._options = Options.of(options)
        of = self._options
        self._engine = Engine(
            model, of.taps, False, of.top_k, of.num_classes, of.labels, of.max_rows
        )
        network = self._engine.network
        self._layers = dict(zip(network.names, network.units, strict=True))
        names = list(self._layers)
        self._groups = {"all": names} if groups == "all" else group(names, groups)
        self._model = model
        self._measurement: Measurement | None = None
        # An order or points that are wrong show now, not when it runs.
        self._plans(dataclasses.replace(of, order="random") if of.ranked else of)

    def check(self, data: Any) -> None:
        """Raise for data that cannot be used, before anything runs.

        Args:
            data: Those of `cumulative`, which can be gone through again; of a data
                set the first batch is looked at.

        Raises:
            TypeError: If labels or weights are not numbers.
            ValueError: If the data do not fit the model, or its classes.
        """
        x, y, sample_weight = first_look(data)
        check_inputs(self._engine.network.model, x)
        self._engine.targets.check(y, sample_weight)

    def run(
        self,
        data: Any,
        test_data: Any = None,
        reference: Any = None,
        report: SelectivityReport | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        steps: int | None = None,
    ) -> dict[str, AblationCurve]:
        """Ablate over a data set.

        The arguments are those of `cumulative`.

        Returns:
            A curve for each group; the one over all layers is `"all"`.

        Raises:
            ValueError: As `cumulative`.
        """
        if checkpoint is not None:
            check_path(checkpoint, "checkpoint")
        engine, of = self._engine, self._options
        measured = of.ranked and report is None
        same = reference is data
        means = reference_of(of.clamp, reference, batch_size, steps if same else None)
        again = measured or (same and means is not None)
        sets = [Batches(data, batch_size, again=again, steps=steps)]
        if test_data is not None:
            sets.append(Batches(test_data, batch_size, "test_data"))
        for batches in sets:
            engine.check(batches)
        if means is not None:
            engine.check(means, labels=False)
        if measured:
            report = self._report(data, batch_size, steps)
        plans = self._plans(of, report)
        values = engine.clamp_values(means)
        masks = Masks(engine, plans, values)
        identity = ["cumulative", of.clamp, of.top_k, values, masks.distinct]
        found = engine.run(sets, masks.probes, verbose, checkpoint, identity)
        score = engine.scores.names.index("top_k_accuracy")
        accuracies = [masks.spread(sums, score) for sums in found]
        return {
            name: AblationCurve(
                plan.counts,
                plan.layers,
                accuracies[0][name],
                None if test_data is None else accuracies[1][name],
                of.order if isinstance(of.order, str) else "explicit",
                of.clamp,
                of.top_k,
            )
            for name, plan in plans.items()
        }

    def _plans(
        self, options: Options, report: SelectivityReport | None = None
    ) -> dict[str, "Plan"]:
        return {
            name: Plan.of(options, self._layers, members, report)
            for name, members in self._groups.items()
        }

    def _report(
        self, data: Any, batch_size: int | None, steps: int | None
    ) -> SelectivityReport:
        if self._measurement is None:
            self._measurement = Measurement(
                self._model,
                [self._options.metric],
                list(self._layers),
                num_classes=self._options.num_classes,
                labels=self._options.labels,
            )
        return self._measurement.run(data, batch_size, verbose=0, steps=steps)


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
        options: Options,
        layers: Mapping[str, int],
        members: Sequence[str],
        report: SelectivityReport | None = None,
    ) -> "Plan":
        """Make a plan.

        Args:
            options: Of the ablation.
            layers: Mapping of all taps to their numbers of units.
            members: The taps that units are drawn from.
            report: What ranks the units, for an order by selectivity.

        Returns:
            The plan.

        Example:
            >>> options = Options(order=[("b", 1)], points=[0, 1])
            >>> plan = Plan.of(options, {"a": 2, "b": 2}, ["b"])
            >>> plan.silent.astype(int).tolist()
            [[[0, 0, 0, 0], [0, 0, 0, 1]]]
        """
        order, repeats, seed = options.order, options.repeats, options.seed
        drawn = {name: layers[name] for name in members}
        if not isinstance(order, str):
            orders_module.orders(order, layers, repeats, seed)
            order = [pair for pair in order if pair[0] in drawn]
            if not order:
                raise ValueError(
                    f"`order` names no unit of {list(members)}. Name one at least of "
                    "each group, or leave the group out."
                )
        found = orders_module.orders(
            order, drawn, repeats, seed, report, options.metric
        )
        counts = orders_module.points(
            options.points, sum(drawn.values()), found.shape[1]
        )
        places = np.empty((len(found), sum(drawn.values())), np.int64)
        places.fill(sum(drawn.values()))  # A unit that is never silenced.
        np.put_along_axis(places, found, np.arange(found.shape[1])[None], axis=1)
        silent = places[:, None, :] < counts[None, :, None]
        within = np.isin(np.repeat(list(layers), list(layers.values())), members)
        whole = np.zeros((*silent.shape[:2], len(within)), bool)
        whole[:, :, within] = silent
        return cls(drawn, counts, whole)


class Masks:
    """The sets of silent units of several curves, as probes of one network.

    Sets that occur more than once, such as all of the units, run once. Each runs
    from the first layer that it touches.

    Args:
        engine: The engine.
        plans: Mapping of name of a curve to its `Plan`.
        values: What units are clamped to.

    Attributes:
        distinct: `(sets, units)` bool: the sets.
        probes: What the engine is to run.
    """

    def __init__(
        self, engine: Engine, plans: Mapping[str, "Plan"], values: list[Any]
    ) -> None:
        self._shapes = {name: plan.silent.shape[:2] for name, plan in plans.items()}
        units = engine.network.units
        sets = np.concatenate(
            [plan.silent.reshape(-1, sum(units)) for plan in plans.values()]
        )
        self.distinct, which = np.unique(sets, axis=0, return_inverse=True)
        self._which = which.reshape(-1)
        self.probes: list[Silencing] = []
        # Of each set: its probe (-1 for the intact network) and its variant.
        self._places = np.full((len(self.distinct), 2), -1)
        tap_of_unit = np.repeat(np.arange(len(units)), units)
        first = tap_of_unit[self.distinct.argmax(axis=1)]
        first[~self.distinct.any(axis=1)] = -1
        for tap in np.unique(first[first >= 0]):
            chosen = np.flatnonzero(first == tap)
            parts = {
                later: self.distinct[np.ix_(chosen, tap_of_unit == later)]
                for later in range(tap, len(units))
            }
            touched = {later: part for later, part in parts.items() if part.any()}
            self._places[chosen, 0] = len(self.probes)
            self._places[chosen, 1] = np.arange(len(chosen))
            self.probes.append(engine.silencing(touched, values))

    def spread(self, sums: Sums, score: int) -> dict[str, np.ndarray]:
        """A score at each point of each curve.

        Args:
            sums: What the engine found.
            score: Position among the scores.

        Returns:
            For each curve `(repeats, points)`.
        """
        found = np.array(
            [
                (sums.intact if probe < 0 else sums.perturbed(probe)[variant])[score]
                for probe, variant in self._places
            ]
        )[self._which]
        ends = np.cumsum([np.prod(shape) for shape in self._shapes.values()])
        return {
            name: found[end - np.prod(shape) : end].reshape(shape)
            for (name, shape), end in zip(self._shapes.items(), ends, strict=True)
        }
