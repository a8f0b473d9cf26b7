"""Checks of arguments, so that the same mistake gets the same sentence everywhere.

Each returns what was passed, if it is good, in the type that the caller works with. A
wrong type is a `TypeError` and a wrong value a `ValueError`; both name the argument,
what is allowed and what was received.
"""

import math
import os
import reprlib
from collections.abc import Callable, Collection, Mapping, Set
from typing import Any, TypeVar

import numpy as np

_Choice = TypeVar("_Choice")

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80


def received(argument: str, value: Any) -> str:
    """The end of a message: what was passed, shortened where it is long.

    Args:
        argument: Its name.
        value: What a user passed.

    Returns:
        A sentence.

    Example:
        >>> received("taps", 3)
        'Received: taps=3.'
    """
    return f"Received: {argument}={_REPR.repr(value)}."


def checked_integer(argument: str, value: Any, least: int | None = None) -> int:
    """`value`, if it is an integer, not below `least`.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        least: The lowest that is allowed, None for any.

    Returns:
        The number.

    Raises:
        TypeError: If it is no integer. A boolean is none.
        ValueError: If it is below `least`.

    Example:
        >>> checked_integer("seed", np.int64(3), least=0)
        3
    """
    if least == 1:
        wanted = "a positive integer"
    else:
        wanted = "an integer" + ("" if least is None else f" of at least {least}")
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    if least is not None and value < least:
        raise ValueError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    return int(value)


def checked_count(argument: str, value: Any) -> int:
    """`value`, if it is a positive integer.

    Args:
        argument: Its name, for the message.
        value: What a user passed.

    Returns:
        The number.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is below 1.

    Example:
        >>> checked_count("repeats", 3)
        3
    """
    return checked_integer(argument, value, least=1)


def checked_seed(seed: Any, argument: str = "seed") -> int:
    """`seed`, if it is an integer that random generators take.

    Args:
        seed: What a user passed.
        argument: Its name, for the message.

    Returns:
        The number.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is negative.

    Example:
        >>> checked_seed(0)
        0
    """
    return checked_integer(argument, seed, least=0)


def checked_number(
    argument: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> float:
    """`value`, if it is a finite number within bounds.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        above: It must be greater than this; None for any.
        least: It must not be less than this; None for any.
        below: It must be less than this; None for any.
        most: It must not be more than this; None for any.

    Returns:
        The number.

    Raises:
        TypeError: If it is no number. A boolean is none.
        ValueError: If it is not finite, or out of bounds.

    Example:
        >>> checked_number("learning_rate", 1, above=0)
        1.0
    """
    kinds = (int, float, np.integer, np.floating)
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (
            ("above", above),
            ("of at least", least),
            ("below", below),
            ("at most", most),
        )
        if bound is not None
    ]
    wanted = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise TypeError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    try:
        number = float(value)
    except OverflowError:  # An integer of 400 digits.
        number = math.inf
    good = (
        math.isfinite(number)
        and (above is None or number > above)
        and (least is None or number >= least)
        and (below is None or number < below)
        and (most is None or number <= most)
    )
    if not good:
        raise ValueError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    return number


def checked_share(argument: str, value: Any) -> float:
    """`value`, if it is a share or probability, in [0, 1].

    Args:
        argument: Its name, for the message.
        value: What a user passed.

    Returns:
        The number.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is outside [0, 1].

    Example:
        >>> checked_share("share", 0.5)
        0.5
    """
    return checked_number(argument, value, least=0, most=1)


def checked_flag(argument: str, value: Any) -> bool:
    """`value`, if it is true or false.

    Args:
        argument: Its name, for the message.
        value: What a user passed.

    Returns:
        The boolean.

    Raises:
        TypeError: If it is something else, such as the text "no".

    Example:
        >>> checked_flag("correct_only", np.True_)
        True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"`{argument}` must be True or False. {received(argument, value)}"
        )
    return bool(value)


def checked_choice(argument: str, value: Any, choices: Collection[_Choice]) -> _Choice:
    """`value`, if it is one of a set of names.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        choices: What is allowed.

    Returns:
        The choice.

    Raises:
        ValueError: If it is none of them.

    Example:
        >>> checked_choice("rest", "classes", ("classes", "samples"))
        'classes'
    """
    for choice in choices:
        # By type too: an array compares element by element, and 1 equals True.
        if type(value) is type(choice) and value == choice:
            return choice
    names = [f'"{c}"' if isinstance(c, str) else repr(c) for c in choices]
    wanted = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    raise ValueError(f"`{argument}` must be {wanted}. {received(argument, value)}")


def checked_text(argument: str, value: Any, *, empty: bool = False) -> str:
    """`value`, if it is text.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        empty: Whether it may be empty.

    Returns:
        The text.

    Raises:
        TypeError: If it is no string.
        ValueError: If it is empty and may not be.

    Example:
        >>> checked_text("key", "ablation_auc")
        'ablation_auc'
    """
    if not isinstance(value, str):
        raise TypeError(f"`{argument}` must be a string. {received(argument, value)}")
    if not value and not empty:
        raise ValueError(f"`{argument}` must not be empty. {received(argument, value)}")
    return value


def checked_kind(argument: str, value: Any, kind: Any, wanted: str) -> Any:
    """`value`, if it is an instance of a class.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        kind: The class, or several.
        wanted: What it must be, in a user's words: where such a thing comes from.

    Returns:
        The same.

    Raises:
        TypeError: If it is something else.

    Example:
        >>> checked_kind("units", {"a": [0]}, dict, "a mapping of tap to units")
        {'a': [0]}
    """
    if not isinstance(value, kind):
        raise TypeError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    return value


def checked_list(
    argument: str, value: Any, wanted: str = "a list", *, least: int = 1
) -> list[Any]:
    """`value` as a list, if its items have an order.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        wanted: What it must be, in a user's words.
        least: The least number of items.

    Returns:
        The items.

    Raises:
        TypeError: If it is no list or the like. Text, a mapping and a set are none.
        ValueError: If it has fewer items.

    Example:
        >>> checked_list("alphas", (-1, 0, 1))
        [-1, 0, 1]
    """
    unordered = isinstance(value, (str, bytes, Mapping, Set))
    try:
        items = None if unordered else list(value)
    except TypeError:
        items = None
    if items is None:
        raise TypeError(f"`{argument}` must be {wanted}. {received(argument, value)}")
    if len(items) < least:
        few = "must not be empty" if least == 1 else f"must have {least} items or more"
        raise ValueError(f"`{argument}` {few}. {received(argument, value)}")
    return items


def checked_names(argument: str, value: Any, *, least: int = 1) -> list[str]:
    """`value` as a list, if it is one of text.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        least: The least number of names.

    Returns:
        The names.

    Raises:
        TypeError: If it is no list, or holds something else than text.
        ValueError: If it has fewer names.

    Example:
        >>> checked_names("layers", ("conv", "dense"))
        ['conv', 'dense']
    """
    names = checked_list(argument, value, "a list of names", least=least)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(
            f"`{argument}` must be a list of names. {received(argument, value)}"
        )
    return names


def checked_real(argument: str, value: Any, *, booleans: bool = False) -> np.ndarray:
    """`value` as an array of its own dtype, if that is of real numbers.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        booleans: Whether booleans count, as 0 and 1.

    Returns:
        An array of floats or integers; of float32 for bfloat16.

    Raises:
        TypeError: If it is something else, such as booleans, text or rows of
            different lengths.

    Example:
        >>> checked_real("x", [[1, 2]])
        array([[1, 2]])
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise TypeError(
            f"`{argument}` must hold real numbers, in rows of one length. "
            f"{received(argument, value)}"
        ) from error
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if booleans and array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"`{argument}` must hold real numbers. Received: {argument} of dtype "
            f"{array.dtype}."
        )
    return array


def checked_numbers(
    argument: str,
    value: Any,
    *,
    shape: str = "(values,)",
    least: int = 1,
    finite: bool = True,
) -> np.ndarray:
    """`value` as an array of float64, if it holds real numbers in a certain shape.

    Args:
        argument: Its name, for the message.
        value: What a user passed.
        shape: Names of its axes, as `"(replicates, points)"`; `"(replicates, ...)"`
            for any number of further ones, `"..."` for any shape, a number's too.
        least: The least length of the first axis.
        finite: Whether NaN and infinity are refused.

    Returns:
        The numbers.

    Raises:
        TypeError: If it does not hold real numbers.
        ValueError: If the shape is another one, the first axis is too short, or a
            number is not finite.

    Example:
        >>> checked_numbers("x", [1, 2]).tolist()
        [1.0, 2.0]
    """
    array = checked_real(argument, value).astype(np.float64)
    axes = [axis for axis in shape.strip("()").split(",") if axis]
    wrong = array.ndim < len(axes) - 1 if "..." in shape else array.ndim != len(axes)
    if wrong:
        raise ValueError(
            f"`{argument}` must have shape {shape}. Received: {argument} of shape "
            f"{array.shape}."
        )
    if array.ndim and len(array) < least:
        raise ValueError(
            f"`{argument}` must hold at least {least} value{'s' * (least > 1)}. "
            f"Received: {argument} of shape {array.shape}."
        )
    if finite and not np.all(np.isfinite(array)):
        raise ValueError(
            f"`{argument}` must be finite. Received: {argument} with NaN or infinity. "
            "Leave such values out."
        )
    return array


def checked_function(argument: str, value: Any) -> Callable[..., Any]:
    """`value`, if it can be called.

    Args:
        argument: Its name, for the message.
        value: What a user passed.

    Returns:
        The function.

    Raises:
        TypeError: If it cannot be called.

    Example:
        >>> checked_function("build", print)
        <built-in function print>
    """
    if not callable(value):
        raise TypeError(f"`{argument}` must be a function. {received(argument, value)}")
    return value


def checked_batch_size(batch_size: Any) -> int | None:
    """`batch_size`, if it is a positive integer or None.

    Args:
        batch_size: What a user passed.

    Returns:
        The same.

    Raises:
        TypeError: If it is neither.
        ValueError: If it is below 1.

    Example:
        >>> checked_batch_size(None), checked_batch_size(32)
        (None, 32)
    """
    return None if batch_size is None else checked_count("batch_size", batch_size)


def checked_steps(steps: Any) -> int | None:
    """`steps`, if it is a positive integer, or None for all that there are.

    Args:
        steps: What a user passed: how many batches of a data set to take.

    Returns:
        The same.

    Raises:
        TypeError: If it is neither.
        ValueError: If it is below 1.

    Example:
        >>> checked_steps(None), checked_steps(100)
        (None, 100)
    """
    return None if steps is None else checked_count("steps", steps)


def checked_verbose(verbose: Any) -> str | int:
    """`verbose`, if it is one that Keras takes.

    Args:
        verbose: What a user passed.

    Returns:
        `"auto"`, 0, 1 or 2.

    Raises:
        ValueError: If it is something else.

    Example:
        >>> checked_verbose("auto"), checked_verbose(False)
        ('auto', 0)
    """
    if isinstance(verbose, (bool, np.bool_, np.integer)):
        verbose = int(verbose)
    return checked_choice("verbose", verbose, ("auto", 0, 1, 2))


def checked_path(argument: str, path: Any) -> str:
    """`path`, if it is one.

    Args:
        argument: Its name, for the message.
        path: What a user passed.

    Returns:
        The path as text.

    Raises:
        TypeError: If it is neither text nor a path.
        ValueError: If it is empty.

    Example:
        >>> checked_path("log_dir", "logs")
        'logs'
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise TypeError(f"`{argument}` must be a path. {received(argument, path)}")
    if not os.fspath(path):
        raise ValueError(f"`{argument}` must not be empty. {received(argument, path)}")
    return os.fspath(path)
