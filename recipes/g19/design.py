"""The design of G19's survey: which panels people are shown, and the form."""

import csv
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

#: The layers whose units' images people judge.
LAYERS = ("conv5", "fc6", "fc8")
#: G19's: how many lists, how many people, and how many units of fc6.
LISTS, PEOPLE, FC6_UNITS = 64, 333, 2048
FORM = ("participant", "list", "layer", "unit", "yes", "name")
PANELS = ("layer", "unit", "top_class", "ccmas_class")


class Panel(NamedTuple):
    """The unit whose images are shown."""

    layer: str
    unit: int


class Preferred(NamedTuple):
    """Names of the classes that the measures prefer in a unit."""

    top_class: str
    ccmas_class: str


def deal(
    units: Mapping[str, Sequence[int]], count: int = LISTS, seed: int = 0
) -> list[list[Panel]]:
    """Divide units into lists, each with as many of a layer as the others, or one more.

    Example:
        >>> lists = deal({"conv5": range(256), "fc6": range(2048), "fc8": range(995)})
        >>> len(lists), sorted({len(one) for one in lists})
        (64, [51, 52])

    Reference:
        G19 appendix A1: 64 lists of 4 conv5, 32 fc6 and 15 or 16 fc8.
    """
    if count < 1:
        raise ValueError(f"`count` must be at least 1. Received: count={count!r}.")
    draw = random.Random(seed)
    lists: list[list[Panel]] = [[] for _ in range(count)]
    for layer, ones in units.items():
        shuffled = [Panel(layer, int(unit)) for unit in ones]
        draw.shuffle(shuffled)
        for place, panel in enumerate(shuffled):
            lists[place % count].append(panel)
    for one in lists:
        draw.shuffle(one)
    return lists


def people(count: int = PEOPLE, lists: int = LISTS) -> list[int]:
    """How many people are given each list.

    Example:
        >>> people().count(5), people().count(6)
        (51, 13)

    Reference:
        G19 appendix A1.
    """
    return [count // lists + (place < count % lists) for place in range(lists)]


def wanted(only: Sequence[str]) -> dict[str, int]:
    """How many units of each layer are shown.

    Example:
        >>> wanted(["conv5=8"])
        {'conv5': 8}
    """
    found: dict[str, int] = {}
    for text in only:
        layer, _, count = text.partition("=")
        if layer not in LAYERS or not re.fullmatch(r"[1-9]\d{0,8}", count, re.ASCII):
            raise ValueError(
                f"`--only` takes a layer of {', '.join(LAYERS)} and a number, such as "
                f"conv5=8. Received: {text!r}."
            )
        found[layer] = int(count)
    return found or {"conv5": 10**9, "fc6": FC6_UNITS, "fc8": 10**9}


def drawn(
    sizes: Mapping[str, int], counts: Mapping[str, int], seed: int = 0
) -> dict[str, list[int]]:
    """Units drawn at random from each layer.

    Example:
        >>> drawn({"fc6": 3}, {"fc6": 5})
        {'fc6': [0, 1, 2]}
    """
    draw = random.Random(seed)
    return {
        layer: sorted(draw.sample(range(sizes[layer]), min(count, sizes[layer])))
        for layer, count in counts.items()
    }


def write_form(
    path: Path, lists: Sequence[Sequence[Panel]], persons: Sequence[int]
) -> None:
    """Write the form that is to be filled in."""
    rows, person = [], 0
    for number, (panels, count) in enumerate(zip(lists, persons, strict=True), 1):
        for _ in range(count):
            person += 1
            rows += [[person, number, *panel, "", ""] for panel in panels]
    _write(path, FORM, rows)


def write_panels(path: Path, preferred: Mapping[Panel, Preferred]) -> None:
    """Write what the measures prefer."""
    _write(path, PANELS, [[*panel, *classes] for panel, classes in preferred.items()])


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    temporary.replace(path)
