"""What a selection of taps leaves out, in words."""

import inspect
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from keras_selectivity.network.graph import TapPoint
from keras_selectivity.network.reach import Beyond


def counted(kinds: Iterable[str]) -> str:
    """Kinds of nonlinearity with their numbers.

    Args:
        kinds: One for each.

    Returns:
        A list in words.

    Example:
        >>> counted(["gelu", "tanh", "gelu"])
        'gelu (2), tanh (1)'
    """
    return ", ".join(f"{kind} ({count})" for kind, count in Counter(kinds).items())


def called(kinds: Iterable[str]) -> str:
    """The selection of some kinds, as a user writes it.

    Args:
        kinds: In any order, more than once.

    Returns:
        What follows `taps=`.

    Example:
        >>> called(["gelu", "tanh", "gelu"])
        'ks.taps.kind("gelu", "tanh")'
    """
    names = ", ".join(f'"{kind}"' for kind in dict.fromkeys(kinds))
    return f"ks.taps.kind({names})"


def few(names: Iterable[str], most: int = 8, between: str = ", ") -> str:
    """The first of some names.

    Args:
        names: Any number of them.
        most: How many are listed.
        between: What stands between two.

    Returns:
        A list in words.

    Example:
        >>> few(["a", "b", "c"], most=2)
        'a, b, ... (3 in all)'
    """
    names = list(names)
    shown = between.join(names[:most]) or "none"
    return shown if len(names) <= most else f"{shown}{between}... ({len(names)} in all)"


def out_of_reach(beyond: Sequence[Beyond]) -> str:
    """What cannot be tapped, where it is and what to do.

    Args:
        beyond: Nonlinearities at which no tap can be put.

    Returns:
        Sentences, or nothing if there is none.

    Example:
        >>> print(out_of_reach([Beyond("block", "dense", "relu")]))
        Out of reach: relu (1), in block. ...
    """
    if not beyond:
        return ""
    kinds: dict[str, list[str]] = {}
    for found in beyond:
        kinds.setdefault(found.layer, []).append(found.kind)
    places = [f"in {layer} {counted(inside)}" for layer, inside in kinds.items()]
    where = few(places, between="; ") if len(kinds) > 1 else f"in {beyond[0].layer}"
    return (
        f"Out of reach: {counted(found.kind for found in beyond)}, {where}. A tap "
        "needs one output, of a known number of units, of a layer in the model's own "
        "graph. Build such layers with the functional API; or name one that is "
        "hidden, taps=[...], to tap its output."
    )


def left_out(
    taken: str,
    chosen: Sequence[TapPoint],
    left: Sequence[TapPoint],
    beyond: Sequence[Beyond],
) -> str:
    """What a selection leaves out, and which argument takes it.

    Args:
        taken: The selection, as a user writes it.
        chosen: What it takes.
        left: Hidden nonlinearities that it does not take.
        beyond: Those that no selection can take.

    Returns:
        Sentences, or nothing if nothing is left out.
    """
    if not left and not beyond:
        return ""
    total = len(chosen) + len(left) + len(beyond)
    kinds = [point.nonlinearity or "" for point in chosen]
    others = [point.nonlinearity or "" for point in left]
    parts = [
        f"taps={taken} takes {len(chosen)} of {total} hidden nonlinearities: "
        f"{counted(kinds)}."
    ]
    if left:
        parts.append(
            f'Left out: {counted(others)}. To take these too: taps="nonlinear", or by '
            f"kind, taps={called([*others, *kinds])}. To leave them out without this "
            f"warning: taps={called(kinds)}."
        )
    return " ".join(filter(None, [*parts, out_of_reach(beyond)]))


def warn(message: str) -> None:
    """Warn, at the line outside this package and Keras that led here.

    Args:
        message: What to say.
    """
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_machinery(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def _is_machinery(module: str) -> bool:
    return module.split(".")[0] in ("keras_selectivity", "keras", "keras_tuner")
