"""In which order units are silenced, and how many at each point of a curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.report import SelectivityReport

Order = str | Sequence[tuple[str, int]]
Points = int | Sequence[int] | Sequence[float]

RANKED = ("most_selective", "least_selective")


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
        TypeError: If `order` is nothing of the kind.
        ValueError: If it names units that do not exist or repeats them, or the
            report does not hold what ranks them.

    Example:
        >>> orders([("b", 1), ("a", 0)], {"a": 2, "b": 2}, 1, 0).tolist()
        [[3, 0]]
    """
    units = sum(layers.values())
    if isinstance(order, str):
        if order == "random":
            rng = np.random.default_rng(seed)
            return np.stack([rng.permutation(units) for _ in range(repeats)])
        if order in RANKED:
            return _ranked(order, layers, report, metric)[None]
        raise ValueError(
            '`order` must be "random", "most_selective", "least_selective" or a list '
            f"of (layer, unit) pairs. Received: order={order!r}."
        )
    return _explicit(order, layers)[None]


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
    if isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool):
        if wanted < 2:
            raise ValueError(
                "`points` must be at least 2: none silent, and all. Received: "
                f"points={wanted}."
            )
        return np.unique(np.round(np.linspace(0, limit, wanted)).astype(np.int64))
    given = np.asarray(wanted)
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iuf":
        raise TypeError(f"{_POINTS} Received: points={wanted!r}.")
    if np.any(np.diff(given) <= 0):
        raise ValueError(
            f"`points` must rise from one to the next. Received: points={wanted!r}."
        )
    if given.dtype.kind == "f":
        if not (given[0] >= 0 and given[-1] <= 1):
            raise ValueError(
                "`points` as fractions must be in [0, 1]. Received: "
                f"{given[0]} to {given[-1]}. Counts of units are integers."
            )
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
    missing = [name for name in layers if name not in report]
    if missing or metric not in report.metrics:
        lacks = f"the layers {missing}" if missing else f"the measure {metric!r}"
        raise ValueError(
            f"`report` lacks {lacks}. Measure them: ks.measure(model, data, "
            f"metrics=[{metric!r}], taps=...)."
        )
    values = np.concatenate([report[name][metric] for name in layers])
    if len(values) != sum(layers.values()):
        raise ValueError(
            "`report` is of a model with other numbers of units. Measure this one."
        )
    # NaN sorts last either way; ties stay in the order of the network.
    key = -values if order == "most_selective" else values
    return np.argsort(key, kind="stable")


def _explicit(order: Any, layers: Mapping[str, int]) -> np.ndarray:
    starts = dict(zip(layers, np.cumsum([0, *layers.values()]), strict=False))
    found = []
    for pair in order:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                "An explicit `order` must hold pairs of a layer's name and a unit, "
                f'as ("conv1_relu", 3). Received: {pair!r}.'
            )
        name, unit = pair
        if name not in layers:
            raise ValueError(
                f"`order` names a layer that is not tapped: {name!r}. Tapped: "
                f"{list(layers)}."
            )
        if not isinstance(unit, (int, np.integer)) or not 0 <= unit < layers[name]:
            raise ValueError(
                f"`order` names a unit that does not exist: {unit!r} of layer "
                f"{name!r}, whose units are 0 to {layers[name] - 1}."
            )
        found.append(starts[name] + unit)
    if not found:
        raise ValueError("`order` is empty. Name at least one (layer, unit) pair.")
    unique, counts = np.unique(found, return_counts=True)
    if np.any(counts > 1):
        repeated = [order[found.index(unit)] for unit in unique[counts > 1]]
        raise ValueError(f"`order` must not repeat units. Received twice: {repeated}.")
    return np.array(found)


_POINTS = (
    "`points` must be a number of points, a list of fractions in [0, 1] or a list of "
    "counts of units."
)
