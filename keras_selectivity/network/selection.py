"""Which of the places where a tap can be put are chosen, and in which groups."""

import dataclasses
import difflib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import (
    checked_count,
    checked_flag,
    checked_kind,
    checked_list,
    checked_names,
    checked_text,
    received,
)
from keras_selectivity.network.coverage import (
    called,
    counted,
    few,
    left_out,
    out_of_reach,
)
from keras_selectivity.network.graph import TapPoint
from keras_selectivity.network.nonlinearities import NONLINEARITIES, canonical
from keras_selectivity.network.reach import Beyond

# Selections that are neither names nor patterns, and what they stand for.
_WORDS = {"relu": "rectifier", "nonlinear": "nonlinearity"}


@dataclasses.dataclass(frozen=True)
class First:
    """The first taps of a selection; made by `first`."""

    count: int
    of: Any


@dataclasses.dataclass(frozen=True)
class Last:
    """The last taps of a selection; made by `last`."""

    count: int
    of: Any


@dataclasses.dataclass(frozen=True)
class Kind:
    """Every hidden nonlinearity of some kinds; made by `kind`."""

    names: tuple[str, ...]


Selection = str | Sequence[str] | Callable[[Any], bool] | First | Last | Kind


def first(count: int, of: Selection = "relu") -> First:
    """Select the first `count` taps of a selection, in depth order.

    Args:
        count: How many, at least 1.
        of: The selection to take them from.

    Returns:
        A selection for `taps=`.

    Raises:
        TypeError: If `count` is not an integer.
        ValueError: If it is below 1.

    Example:
        >>> first(3)
        First(count=3, of='relu')

    Reference:
        LM21 appendix A.15 regularizes the first three layers alone.
    """
    return First(checked_count("count", count), checked_selection(of, "of"))


def last(count: int, of: Selection = "relu") -> Last:
    """Select the last `count` taps of a selection, in depth order.

    Args:
        count: How many, at least 1.
        of: The selection to take them from.

    Returns:
        A selection for `taps=`.

    Raises:
        TypeError: If `count` is not an integer.
        ValueError: If it is below 1.

    Example:
        >>> last(3)
        Last(count=3, of='relu')

    Reference:
        LM21 appendix A.15 regularizes the last three layers alone.
    """
    return Last(checked_count("count", count), checked_selection(of, "of"))


def kind(*names: str) -> Kind:
    """Select every hidden nonlinearity of some kinds.

    Args:
        *names: Of activations, as Keras has them: `"silu"`, `"gelu"`; of layers:
            `"LeakyReLU"`; of activation functions of your own. The spelling does not
            matter, nor which name of several: `"swish"` is `"silu"`, `"hard_swish"`
            is `"hard_silu"`.

    Returns:
        A selection for `taps=`.

    Raises:
        TypeError: If a name is not a string.
        ValueError: If there is none, or it is empty.

    Example:
        >>> kind("swish", "LeakyReLU")
        Kind(names=('silu', 'leaky_relu'))
    """
    if not names:
        raise ValueError(
            '`names` must hold the name of a kind at least, as in taps.kind("silu", '
            f'"gelu"). {received("names", names)}'
        )
    kinds = [canonical(checked_text("names", name)) for name in names]
    return Kind(tuple(dict.fromkeys(kinds)))


def select(
    points: Iterable[TapPoint],
    taps: Selection,
    *,
    allow_output: bool = False,
    beyond: Sequence[Beyond] = (),
    argument: str = "taps",
) -> list[TapPoint]:
    """Select among the points of a model.

    Args:
        points: As `find` lists them.
        taps: `"relu"`: every hidden rectifier. `"nonlinear"`: every hidden
            nonlinearity. `kind("silu")`: every one of some kinds. Another string: a
            regular expression, searched in the names of the hidden nonlinearities.
            A list of names: of points, or of layers wherever they are nested (any
            layer, linear ones too). A predicate over layers. `first(n)` or `last(n)`.
        allow_output: Whether a list of names may name an output layer.
        beyond: What cannot be tapped, for the message if nothing is selected.
        argument: What a user calls a list of names, for the message.

    Returns:
        The selected points in graph order.

    Raises:
        TypeError: If `taps` is none of these, or a predicate that does not return
            True or False.
        ValueError: If the selection matches nothing, names a layer or kind that
            does not exist, or the model's output; if a selected layer has no units
            or a predicate fails.

    Example:
        >>> import keras
        >>> from keras_selectivity.taps import find
        >>> model = keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, name="logits"),
        ... ])
        >>> [point.name for point in select(find(model), "relu")]
        ['hidden']
    """
    points = checked_list("points", points, "a list of points, as `find` lists them")
    for point in points:
        checked_kind(
            "points", point, TapPoint, "a list of points, as `find` lists them"
        )
    checked_flag("allow_output", allow_output)
    checked_selection(taps)
    hidden = [point for point in points if not point.output]
    if isinstance(taps, (First, Last)):
        chosen = select(points, taps.of, allow_output=allow_output, beyond=beyond)
        if isinstance(taps, First):
            return chosen[: taps.count]
        return chosen[-taps.count :]
    if isinstance(taps, Kind):
        chosen = _of_kinds(hidden, taps, beyond)
    elif isinstance(taps, str):
        chosen = _matching(hidden, taps)
    elif callable(taps):
        chosen = [point for point in hidden if _accepted(taps, point.layer)]
    elif taps:
        chosen = _named(argument, points, taps, allow_output)
    else:
        chosen = []
    if not chosen:
        raise ValueError(_nothing_selected(hidden, taps, beyond))
    _check_units(chosen)
    return chosen


def checked_selection(taps: Any, argument: str = "taps") -> Any:
    """A selection, if it can be one of any model.

    Args:
        taps: What a user passed.
        argument: Its name, for the message.

    Returns:
        The same.

    Raises:
        TypeError: If it is nothing of the kind.
        ValueError: If it is empty.

    Example:
        >>> checked_selection("relu")
        'relu'
    """
    if isinstance(taps, str):
        return checked_text(argument, taps)
    names = isinstance(taps, (list, tuple)) and all(isinstance(t, str) for t in taps)
    if not names and not callable(taps) and not isinstance(taps, (First, Last, Kind)):
        raise TypeError(
            f'`{argument}` must be "relu", "nonlinear", a regular expression, a list '
            "of layer names, a predicate over layers, `taps.kind(...)`, "
            f"`taps.first(n)` or `taps.last(n)`. {received(argument, taps)}"
        )
    if names and not taps:
        raise ValueError(
            f"`{argument}` must name a layer at least. Received: an empty list."
        )
    return taps


def unsaid(
    points: Iterable[TapPoint],
    taps: Selection,
    chosen: Sequence[TapPoint],
    beyond: Sequence[Beyond],
) -> str:
    """What a user should know of a selection, who has not chosen it point by point.

    Args:
        points: All points of the model.
        taps: The selection.
        chosen: What it takes.
        beyond: What no selection can take.

    Returns:
        Sentences; nothing where the selection says itself what it leaves out.

    Example:
        >>> unsaid([], ["conv1", "conv2"], [], [])
        ''
    """
    nonlinear = [point for point in points if point.nonlinearity and not point.output]
    if isinstance(taps, Kind):
        of_kinds = [found for found in beyond if found.kind in taps.names]
        return left_out(called(taps.names), chosen, [], of_kinds)
    if not isinstance(taps, str):
        return ""
    if taps in _WORDS:
        left = [point for point in nonlinear if point not in chosen]
        return left_out(f'"{taps}"', chosen, left, beyond)
    of_kind = [point for point in nonlinear if point.nonlinearity == canonical(taps)]
    if canonical(taps) not in NONLINEARITIES or of_kind == chosen:
        return ""
    return (
        f'taps="{taps}" is a pattern of names, and takes {len(chosen)}; of the kind '
        f"there are {len(of_kind)}. For the kind use taps={called([canonical(taps)])}."
    )


def group(
    names: Sequence[str], groups: Mapping[str, Sequence[str]] | str | None
) -> dict[str, list[str]]:
    r"""Divide taps into groups.

    Args:
        names: Names of the taps.
        groups: A mapping of group name to tap names, or a regular expression
            whose first group names the group of a tap (`r"(conv\d)_block"`
            gives a ResNet's modules, as R22 has them). None: every tap is its
            own group. Taps in no group are observed, but have no part in a
            mean over groups.

    Returns:
        Mapping of group name to the names of its taps, in the order of `names`.

    Raises:
        TypeError: If `groups` is neither a mapping of lists of names nor a string.
        ValueError: If a group is empty, names a tap that does not exist, or
            one that stands in two groups.

    Example:
        >>> group(["conv2_block1", "conv3_block1"], r"(conv\d)_block")
        {'conv2': ['conv2_block1'], 'conv3': ['conv3_block1']}
    """
    names = checked_names("names", names)
    if groups is None:
        return {name: [name] for name in names}
    if isinstance(groups, str):
        return _grouped_by_pattern(names, groups)
    if not isinstance(groups, Mapping):
        raise TypeError(
            "`groups` must map group names to lists of tap names, or be a "
            f"regular expression. Received: groups={groups!r}."
        )
    _check_members(groups)
    members = {
        str(key): _expand("groups", names, value) for key, value in groups.items()
    }
    empty = [key for key, value in members.items() if not value]
    if empty or not members:
        raise ValueError(
            "`groups` must hold at least one group, and a group at least one tap. "
            f"Received: {f'empty groups {empty}' if empty else 'an empty mapping'}."
        )
    counts = Counter(itertools.chain.from_iterable(members.values()))
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f"`groups` must not hold a tap twice. Received twice: {repeated}."
        )
    return members


def _accepted(predicate: Callable[[Any], bool], layer: Any) -> bool:
    where = f"layer {layer.name!r} of class {type(layer).__name__}"
    try:
        answer = predicate(layer)
    except Exception as error:
        raise ValueError(
            f"`taps`, a function, fails for the {where}: {type(error).__name__}: "
            f"{error}. It is called with every hidden layer."
        ) from error
    if not isinstance(answer, (bool, np.bool_)):
        raise TypeError(
            f"`taps`, a function, must return True or False. Received: {answer!r} for "
            f"the {where}."
        )
    return bool(answer)


def _of_kinds(
    hidden: list[TapPoint], taps: Kind, beyond: Sequence[Beyond]
) -> list[TapPoint]:
    there = [point.nonlinearity for point in hidden if point.nonlinearity]
    known = dict.fromkeys([*there, *(found.kind for found in beyond), *NONLINEARITIES])
    for name in taps.names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            raise ValueError(
                f"There is no nonlinearity {name!r}, which `taps` names. "
                + (f"Nearest names: {near}. " if near else "")
                + f"Hidden in the model: {counted(there) or 'none'}."
            )
    return [point for point in hidden if point.nonlinearity in taps.names]


def _matching(hidden: list[TapPoint], taps: str) -> list[TapPoint]:
    if taps == "relu":
        return [point for point in hidden if point.rectifier]
    nonlinear = [point for point in hidden if point.nonlinearity is not None]
    if taps == "nonlinear":
        return nonlinear
    pattern = _compiled("taps", taps)
    return [point for point in nonlinear if pattern.search(point.name)]


def _named(
    argument: str, points: list[TapPoint], names: Sequence[str], allow_output: bool
) -> list[TapPoint]:
    if not names:
        raise ValueError("`taps` must name a layer at least. Received: an empty list.")
    wanted = set(_expand(argument, [point.name for point in points], names))
    chosen = [point for point in points if point.name in wanted]
    outputs = [point.name for point in chosen if point.output]
    if outputs and not allow_output:
        raise ValueError(
            f"`taps` must not name the model's output. Received: {outputs}. Class "
            "selectivity is regularized in hidden layers only; leave it out."
        )
    return chosen


def _expand(argument: str, available: Sequence[str], names: Sequence[str]) -> list[str]:
    """Full names of taps given by full name, or by the layer's name alone."""
    expanded: list[str] = []
    for name in names:
        found = [n for n in available if n == name]
        found = found or [n for n in available if _short(n) == name]
        if not found:
            known = dict.fromkeys([*available, *map(_short, available)])
            near = difflib.get_close_matches(name, known, n=3)
            raise ValueError(
                f"There is no layer {name!r} to tap, which `{argument}` names. "
                + (f"Nearest names: {near}." if near else f"Names: {few(available)}.")
            )
        expanded.extend(found)
    return expanded


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(":")[0]


def _grouped_by_pattern(names: Sequence[str], groups: str) -> dict[str, list[str]]:
    pattern = _compiled("groups", groups)
    if pattern.groups < 1:
        raise ValueError(
            "`groups` must be a regular expression with a group in parentheses, "
            rf'as r"(conv\d)_block". Received: groups={groups!r}.'
        )
    members: dict[str, list[str]] = {}
    for name in names:
        match = pattern.search(name)
        if match and match.group(1):
            members.setdefault(match.group(1), []).append(name)
    if not members:
        raise ValueError(
            f"`groups` matches none of the taps. Received: groups={groups!r}. "
            f"Taps: {few(names)}."
        )
    return members


def _compiled(argument: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"`{argument}` must be a regular expression. Received: "
            f"{pattern!r}, which is none: {error}."
        ) from error


def _check_units(chosen: list[TapPoint]) -> None:
    empty = [point.name for point in chosen if point.units == 0]
    if empty:
        raise ValueError(
            f"`taps` takes layers that have no units: {empty}. Leave them out."
        )


def _check_members(groups: Mapping[str, Sequence[str]]) -> None:
    for key, value in groups.items():
        if isinstance(value, str) or not isinstance(value, Collection):
            raise TypeError(
                "`groups` must map group names to lists of tap names. Received: "
                f"{value!r} for {key!r}; put it into a list."
            )
        if not all(isinstance(name, str) for name in value):
            raise TypeError(
                "`groups` must map group names to lists of tap names, which are "
                f"strings. Received: {value!r} for {key!r}."
            )
        if key == "":
            raise ValueError("`groups` must not have an empty name for a group.")


def _nothing_selected(
    hidden: list[TapPoint], taps: Any, beyond: Sequence[Beyond]
) -> str:
    kinds = [point.nonlinearity for point in hidden if point.nonlinearity]
    names = [point.name for point in hidden if point.nonlinearity or not kinds]
    wanted, there = _wanted(taps), _there(kinds, names, bool(beyond))
    if wanted is not None:
        parts = [f"The model has no hidden {wanted} to tap.", there]
    elif isinstance(taps, str) and canonical(taps) in {*NONLINEARITIES, *kinds}:
        parts = [f'taps="{taps}" is a pattern of names, and matches none.', there]
        if canonical(taps) in kinds:
            parts[1] = f"For the kind use taps={called([canonical(taps)])}."
    else:
        text = taps if isinstance(taps, str) else ""
        near = difflib.get_close_matches(text, names, n=3, cutoff=0.3)
        parts = [
            f"`taps` matches no hidden layer. {received('taps', taps)} Names that can "
            f"be matched: {near or few(names)}."
        ]
    return " ".join(filter(None, [*parts, out_of_reach(beyond)]))


def _wanted(taps: Any) -> str | None:
    """What a kind or a word, not a name or pattern, stands for."""
    if isinstance(taps, Kind):
        return " or ".join(taps.names)
    return _WORDS.get(taps) if isinstance(taps, str) else None


def _there(kinds: list[str], names: list[str], more: bool) -> str:
    """Which nonlinearities a model has, or which layers where it has none."""
    if kinds:
        return (
            f"Its hidden nonlinearities: {counted(kinds)}. Select them with "
            f'taps="nonlinear", or by kind with taps={called(kinds)}.'
        )
    none = f"Its hidden nonlinearities: none{' in reach' if more else ''}."
    if not names:
        return none
    return f"{none} Select layers by name with taps=[...]. Layers: {few(names)}."
