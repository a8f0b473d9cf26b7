"""In which order units are silenced, and how many at each point of a curve."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_integer, received
from keras_selectivity.report import SelectivityReport

Order = str | Sequence[tuple[str, int]]
Points = int | Sequence[int] | Sequence[float] | np.ndarray

RANKED = ("most_selective", "least_selective")


def checked_order(order: Any) -> Order:
    """`order`, as far as it can be told without a network.

    Args:
        order: What a user passed.

    Returns:
        The same; pairs as a list.

    Raises:
        TypeError: If it is neither a name nor pairs of a layer's name and a unit.
        ValueError: If it is another name, or empty.

    Example:
        >>> checked_order((("conv", 3), ("conv", 1)))
        [('conv', 3), ('conv', 1)]
    """
    wanted = (
        '`order` must be "random", "most_selective", "least_selective" or a list of '
        f"(layer, unit) pairs. {received('order', order)}"
    )
    if isinstance(order, str):
        if order not in ("random", *RANKED):
            raise ValueError(wanted)
        return order
    if not isinstance(order, Iterable):
        raise TypeError(wanted)
    pairs = list(order)
    for pair in pairs:
        good = isinstance(pair, (tuple, list)) and len(pair) == 2
        if not good or not isinstance(pair[0], str):
            raise TypeError(
                "An explicit `order` must hold pairs of a layer's name and a unit, "
                f'as ("conv1_relu", 3). Received: {pair!r}.'
            )
    if not pairs:
        raise ValueError("`order` is empty. Name at least one (layer, unit) pair.")
    return pairs


def checked_points(points: Any) -> int | np.ndarray:
    """`points`, as far as they can be told without a network.

    Args:
        points: What a user passed.

    Returns:
        A number of points, or an array of counts (int) or of fractions (float).

    Raises:
        TypeError: If they are no numbers.
        ValueError: If a number of points is below 2, fractions are outside [0, 1],
            or one is not above the one before it.

    Example:
        >>> checked_points([0, 1, 2]).tolist(), checked_points(3)
        ([0, 1, 2], 3)
    """
    if isinstance(points, (int, np.integer)) and not isinstance(points, bool):
        # None silent, and all.
        return checked_integer("points", points, least=2)
    try:
        given = np.asarray(points)
    except ValueError:  # Rows of several lengths.
        given = np.empty(0)
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iuf":
        raise TypeError(
            "`points` must be a number of points, a list of fractions in [0, 1] or a "
            f"list of counts of units. {received('points', points)}"
        )
    if not np.all(np.diff(given) > 0):
        raise ValueError(
            "`points` must rise from one to the next. " + received("points", points)
        )
    if given.dtype.kind == "f" and not (given[0] >= 0 and given[-1] <= 1):
        raise ValueError(
            "`points` as fractions must be in [0, 1]. Received: "
            f"{given[0]} to {given[-1]}. Counts of units are integers."
        )
    return given


def orders(
    order: Order,
    layers: Mapping[str, int],
    repeats: int,
    seed: int,
    report: SelectivityReport | None = None,
    metric: str = "si",
) -> np.ndarray:
    """Orders in which the units of some layers are silenced.

    Args:
        order: `"random"`, `"most_selective"`, `"least_selective"`, or pairs of a
            layer's name and a unit.
        layers: Mapping of name to number of units; units are numbered through
            the layers one after another.
        repeats: How many random orders; the others are one.
        seed: Of the random orders. The first of them do not depend on how many
            there are.
        report: Where the selectivity of the units is found.
        metric: The measure that ranks units. A unit for which it is not defined
            (NaN) comes last.

    Returns:
        `(repeats, units)` int.

    Raises:
        TypeError: If `order`, or the report, is nothing of the kind.
        ValueError: If it names units that do not exist or repeats them, or the
            report does not hold what ranks them.

    Example:
        >>> orders([("b", 1), ("a", 0)], {"a": 2, "b": 2}, 1, 0).tolist()
        [[3, 0]]
    """
    order = checked_order(order)
    if not isinstance(order, str):
        return _explicit(order, layers)[None]
    if order in RANKED:
        return _ranked(order, layers, report, metric)[None]
    rng = np.random.default_rng(seed)
    units = sum(layers.values())
    return np.stack([rng.permutation(units) for _ in range(repeats)])


def points(wanted: Points, units: int, limit: int) -> np.ndarray:
    """How many units are silent at each point of a curve.

    Args:
        wanted: A number of points, spread evenly from none to all; a rising list
            of counts (int); or of fractions of the units (float).
        units: Number of units that fractions are of.
        limit: Number of units that there are to silence.

    Returns:
        `(points,)` int, rising. A network with fewer units than points has a
        point for each.

    Raises:
        TypeError: If `wanted` is none of these.
        ValueError: If a point is outside [0, 1], above the number of units, or
            not above the one before it.

    Example:
        >>> points(3, 10, 10).tolist(), points([0.0, 0.25], 8, 8).tolist()
        ([0, 5, 10], [0, 2])
    """
    given = checked_points(wanted)
    if isinstance(given, int):
        # More points than units would be the units again.
        given = np.linspace(0, limit, min(given, limit + 1))
        return np.unique(np.round(given).astype(np.int64))
    if given.dtype.kind == "f":
        given = np.unique(np.round(given * units).astype(np.int64))
    if given[0] < 0 or given[-1] > limit:
        raise ValueError(
            f"`points` must not be above the number of units, {limit}, nor below 0. "
            f"Received: {given[0]} to {given[-1]}."
        )
    return given.astype(np.int64)


def _ranked(
    order: str,
    layers: Mapping[str, int],
    report: SelectivityReport | None,
    metric: str,
) -> np.ndarray:
    if report is None:
        raise ValueError(f"order={order!r} needs a report that ranks the units.")
    if not isinstance(report, SelectivityReport):
        raise TypeError(
            "`report` must be a SelectivityReport, what `ks.measure` returns. "
            f"{received('report', report)}"
        )
    missing = [name for name in layers if name not in report]
    if missing or metric not in report.metrics:
        lacks = f"the layers {missing}" if missing else f"the measure {metric!r}"
        raise ValueError(
            f"`report` lacks {lacks}. Measure them: ks.measure(model, data, "
            f"metrics=[{metric!r}], taps=...)."
        )
    found = {name: len(report[name][metric]) for name in layers}
    if found != dict(layers):
        raise ValueError(
            "`report` is of a model with other numbers of units. Received: "
            f"{found}, where this one has {dict(layers)}. Measure this one."
        )
    values = np.concatenate([report[name][metric] for name in layers])
    # NaN sorts last either way; ties stay in the order of the network.
    key = -values if order == "most_selective" else values
    return np.argsort(key, kind="stable")


def _explicit(
    order: Sequence[tuple[str, int]], layers: Mapping[str, int]
) -> np.ndarray:
    starts = dict(zip(layers, np.cumsum([0, *layers.values()]), strict=False))
    found = []
    for name, unit in order:
        if name not in layers:
            raise ValueError(
                f"`order` names a layer that is not tapped: {name!r}. Tapped: "
                f"{list(layers)}."
            )
        whole = isinstance(unit, (int, np.integer)) and not isinstance(unit, bool)
        if not whole or not 0 <= unit < layers[name]:
            raise ValueError(
                f"`order` names a unit that does not exist: {unit!r} of layer "
                f"{name!r}, whose units are 0 to {layers[name] - 1}."
            )
        found.append(starts[name] + unit)
    unique, counts = np.unique(found, return_counts=True)
    if np.any(counts > 1):
        repeated = [order[found.index(unit)] for unit in unique[counts > 1]]
        raise ValueError(f"`order` must not repeat units. Received twice: {repeated}.")
    return np.array(found)
