"""What figures take: results in any form, measures of them, names of classes."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from keras_selectivity.checks import (
    checked_choice,
    checked_kind,
    checked_list,
    checked_numbers,
    received,
)
from keras_selectivity.report import SelectivityReport

Result = TypeVar("Result")


def lines_of(
    argument: str, results: Any, kind: type[Result], wanted: str
) -> list[tuple[str, list[Result]]]:
    """The lines of a figure: labels, each with one result or with several.

    Every figure takes them alike: one result, which is a line without a label; a list
    with an item for each line; or a mapping of label to it. An item that is a list
    has results that belong together, as of replicates.

    Args:
        argument: Name of the argument, for messages.
        results: What a user passed.
        kind: Class of a result.
        wanted: Where a result comes from, in a user's words.

    Returns:
        For each line its label, empty if it has none, and its results.

    Raises:
        TypeError: If they are no such results.
        ValueError: If there are none, for a line or at all.

    Example:
        >>> lines_of("numbers", {"a": 1, "b": [2, 3]}, int, "integers")
        [('a', [1]), ('b', [2, 3])]
        >>> lines_of("numbers", 1, int, "integers")
        [('', [1])]
    """
    wanted = f"{wanted}, or a list or a mapping of label to one or to a list of them"
    pairs: list[tuple[str, Any]]
    if isinstance(results, kind):
        pairs = [("", results)]
    elif isinstance(results, Mapping):
        pairs = [(str(label), one) for label, one in results.items()]
    else:
        pairs = [("", one) for one in checked_list(argument, results, wanted)]
    if not pairs:
        raise ValueError(
            f"`{argument}` must not be empty. {received(argument, results)}"
        )
    lines = []
    for label, one in pairs:
        group = [one] if isinstance(one, kind) else one
        group = checked_list(argument, group, wanted)
        lines.append((label, [checked_kind(argument, g, kind, wanted) for g in group]))
    return lines


def shared(argument: str, label: str, values: Sequence[Any], what: str) -> np.ndarray:
    """What the results of one line have along x, if it is the same for all of them.

    Args:
        argument: Name of the argument, for the message.
        label: Of the line.
        values: What each of the results has along x.
        what: Its name, for the message.

    Returns:
        The first of them.

    Raises:
        ValueError: If they differ.

    Example:
        >>> shared("curves", "random", [[0, 1], [0, 1]], "counts")
        array([0, 1])
    """
    first, *others = (np.asarray(one) for one in values)
    for other in others:
        if not np.array_equal(other, first):
            raise ValueError(
                f"`{argument}` of one line must have the same {what}. Received: for "
                f"{label!r}, {first.tolist()} and {other.tolist()}."
            )
    return first


def by_replicate(argument: str, values: Any) -> dict[str, np.ndarray]:
    """For each label numbers of replicates; one replicate may come as a vector.

    Args:
        argument: Name of the argument, for messages.
        values: Mapping of label to `(points,)` or `(replicates, points)`.

    Returns:
        For each label `(replicates, points)`.

    Raises:
        TypeError: If they are no mapping of label to numbers.
        ValueError: If there are no values, or they have another shape or other
            lengths.

    Example:
        >>> {k: v.shape for k, v in by_replicate("values", {"a": [1, 2, 3]}).items()}
        {'a': (1, 3)}
    """
    checked_kind(argument, values, Mapping, "a mapping of labels to values")
    found = {
        str(key): np.atleast_2d(
            checked_numbers(argument, value, shape="...", finite=False)
        )
        for key, value in values.items()
    }
    shapes = {label: array.shape for label, array in found.items()}
    if (
        not found
        or any(array.ndim != 2 or not array.size for array in found.values())
        or len({array.shape[1] for array in found.values()}) > 1
    ):
        raise ValueError(
            f"`{argument}` must hold, for each label, values of shape (replicates, "
            "points), with as many points for all labels, above 0. Received: shapes "
            f"{shapes}."
        )
    return found


def class_name(class_names: Any, number: int) -> Any:
    """What a figure calls a class.

    Args:
        class_names: Names of the classes, in their order. None: their numbers.
        number: Of the class.

    Returns:
        Its name.

    Raises:
        TypeError: If `class_names` is no list, or `number` no integer.
        ValueError: If the class has no name.

    Example:
        >>> class_name(["cat", "dog"], 1), class_name(None, 1)
        ('dog', 1)
    """
    if class_names is None:
        return number
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise TypeError(
            "`class_names` name classes by their numbers. "
            f"Received: a class {number!r}."
        )
    names = checked_list("class_names", class_names, "a list of names")
    if not 0 <= number < len(names):
        raise ValueError(
            f"`class_names` must have a name for class {number}. Received: "
            f"{len(names)} names."
        )
    return names[number]


def check_measure(
    report: Any, measure: Any, argument: str, report_argument: str = "report"
) -> None:
    """Raise unless there is a report, and it holds the measure.

    Args:
        report: What a user passed.
        measure: Name of a measure.
        argument: Name of the argument that has the measure, for messages.
        report_argument: Name of the argument that has the report.

    Raises:
        TypeError: If `report` is no report.
        ValueError: If it does not hold the measure.

    Example:
        >>> check_measure({}, "si", "metric")
        Traceback (most recent call last):
        ...
        TypeError: `report` must be what `measure` returned. Received: report={}.
    """
    wanted = "what `measure` returned"
    checked_kind(report_argument, report, SelectivityReport, wanted)
    checked_choice(argument, measure, report.metrics)
