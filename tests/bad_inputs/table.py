"""What a row of bad input is, and how the package's answer is judged.

A row is a call that must be refused: with a `TypeError` for a wrong type and a
`ValueError` for a wrong value, whose message begins with the sentence and names the
argument. `refuses` makes one for each bad value of an argument; the values go by
kinds, such as `COUNT`, so that the same mistake is made with every argument of a kind.
"""

import dataclasses
import importlib
import os
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import keras_selectivity

from .world import World

# Modules of this folder that hold rows, one for each part of the package.
PARTS = (
    "callbacks",
    "formulas",
    "inference",
    "maximization",
    "models",
    "perturbation",
    "plots",
    "projection",
    "similarity",
    "taps",
    "tuning",
)
PACKAGE = os.path.dirname(keras_selectivity.__file__)
# A sentence, and not a graph or a data set with it.
LONGEST = 700

HUGE = 10**400
NAN, INF = float("nan"), float("inf")

# Kinds of arguments: what each must refuse, by the class of the exception.
Bad = Mapping[type[Exception], list[Any]]
INTEGER: Bad = {TypeError: ["a", None, True, 1.5, [1], np.ones(2)]}
COUNT: Bad = {**INTEGER, ValueError: [0, -1]}
SEED: Bad = {**INTEGER, ValueError: [-1]}
NUMBER: Bad = {TypeError: ["a", None, True, [1.0], 1j], ValueError: [NAN, INF, HUGE]}
POSITIVE: Bad = {**NUMBER, ValueError: [0, -1, NAN, INF, HUGE]}
NOT_NEGATIVE: Bad = {**NUMBER, ValueError: [-1, NAN, INF, HUGE]}
FLAG: Bad = {TypeError: ["no", 1, None, 0.5, [True]]}
CHOICE: Bad = {ValueError: ["other", "", None, 3, ["a"], np.zeros(2)]}
TEXT: Bad = {TypeError: [3, None, ["a"], b"a"]}
NAMES: Bad = {TypeError: ["conv", 3, None, [1, 2], {"a": 1}], ValueError: [[]]}
FUNCTION: Bad = {TypeError: ["a", 3, None, [print]]}
ARRAY: Bad = {
    TypeError: ["a", None, ["a", "b"], [True, False], [[1.0], [1.0, 2.0]], [None]],
    ValueError: [[], [1.0, NAN], [1.0, INF]],
}
VERBOSE: Bad = {ValueError: ["loud", None, 3, [1]]}
OBJECT: Bad = {TypeError: ["a", 3, None, [1], {"a": 1}]}


def but(kind: Bad, *left_out: Any) -> Bad:
    """The kind without some values, as None where it stands for a default."""
    return {
        error: [v for v in values if not any(_same(v, one) for one in left_out)]
        for error, values in kind.items()
    }


def also(kind: Bad, **more: list[Any]) -> Bad:
    """The kind with more values, by the name of the exception."""
    errors = {"TypeError": TypeError, "ValueError": ValueError}
    added = {errors[name]: values for name, values in more.items()}
    return {
        error: [*kind.get(error, []), *added.get(error, [])]
        for error in {**kind, **added}
    }


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and value == other


@dataclasses.dataclass(frozen=True)
class Row:
    """A call that must be refused.

    Attributes:
        name: The public name, as `"metrics.Precision"`.
        argument: What the message must name.
        value: What is wrong with it, for the reader.
        call: The call.
        error: The class of the exception.
    """

    name: str
    argument: str
    value: str
    call: Callable[[World], Any]
    error: type[Exception]

    def __str__(self) -> str:
        return f"{self.name}({self.argument}={self.value})"


def refuses(name: str, good: Callable[[World], Any], /, **kinds: Bad) -> list[Row]:
    """A row for every bad value of some arguments.

    Args:
        name: The public name.
        good: Function of the world that returns what is called, with good arguments
            bound by name, as `functools.partial` binds them.
        **kinds: For each argument, by its name, what must be refused.
    """
    return [
        Row(name, argument, repr(value)[:60], _with(good, argument, value), error)
        for argument, kind in kinds.items()
        for error, values in kind.items()
        for value in values
    ]


def row(
    name: str,
    argument: str,
    error: type[Exception],
    call: Callable[[World], Any],
    value: str = "...",
) -> Row:
    """One row, whose mistake stands in the call itself."""
    return Row(name, argument, value, call, error)


def _with(
    good: Callable[[World], Any], argument: str, value: Any
) -> Callable[[World], Any]:
    return lambda world: good(world)(**{argument: value})


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the package made of a row.

    Attributes:
        row: The row.
        error: What was raised; None if there was a result.
        own: Whether it was raised in this package's code.
        fault: What is wrong with the answer; empty if it was refused well.
    """

    row: Row
    error: BaseException | None
    own: bool
    fault: str


def answer(row: Row, world: World) -> Answer:
    """Make the call of a row and judge what comes."""
    try:
        row.call(world)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        own = os.path.abspath(frame.filename).startswith(PACKAGE)
        return Answer(row, error, own, _fault(row, error))
    return Answer(row, None, True, "a result")


def _fault(row: Row, error: Exception) -> str:
    message = str(error)
    if type(error) is not row.error:
        return f"{type(error).__name__} in place of {row.error.__name__}: {message}"
    named = rf"`{re.escape(row.argument)}[`\[(]|\b{re.escape(row.argument)}="
    if not re.search(named, message):
        return f"does not name the argument: {message}"
    if len(message) > LONGEST or not re.match(r"`|[A-Z]|\w+=", message):
        return f"does not begin with the sentence: {message}"
    return ""


def rows_of(*parts: str) -> list[Row]:
    """All rows of some parts."""
    modules = [importlib.import_module(f"{__package__}.{part}") for part in parts]
    return [row for module in modules for row in module.ROWS]


def summary(answers: list[Answer]) -> str:
    """Counts of the answers, in a line."""
    count = len(answers)
    names = len({each.row.name for each in answers})
    good = sum(not each.fault for each in answers)
    results = sum(each.error is None for each in answers)
    elsewhere = sum(not each.own for each in answers)
    return (
        f"{count} bad inputs to {names} public names: {good} refused well, "
        f"{count - good} not; {results} with a result, {elsewhere} "
        f"({elsewhere / max(1, count):.1%}) from elsewhere"
    )
