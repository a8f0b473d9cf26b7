"""The papers that can be repeated."""

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from recipes.claims.table import Claim
from recipes.runner.results import Results
from recipes.runner.sweep import Sweep, Task

#: Module of each paper, in `recipes`.
NAMES = ("lm21", "m18", "g19", "r22")


@dataclasses.dataclass(frozen=True)
class Paper:
    """What a paper's module defines as `PAPER`.

    Attributes:
        name: What a user types.
        title: Of the paper.
        scales: For each scale, "full" and "mini", the sweeps to train.
        analyses: What is computed of the finished runs, and shared by processes.
        figures: Names of files without ending, and what draws each.
        claims: The paper's claims beside what was found.
        tables: Names of files without ending, and tables in Markdown; None: the paper
            has none.
    """

    name: str
    title: str
    scales: Mapping[str, Callable[[], dict[str, Sweep]]]
    analyses: Callable[[Results], Sequence[Task]]
    figures: Callable[[Results], Iterator[tuple[str, Callable[[], Any]]]]
    claims: Callable[[Results], list[Claim]]
    tables: Callable[[Results], Iterator[tuple[str, str]]] | None = None


def get(name: str) -> Paper:
    """The paper of a name.

    Example:
        >>> get("lm21").title
        'Selectivity considered harmful'
    """
    if name not in NAMES:
        raise ValueError(f"There is no recipe {name!r}. There are: {', '.join(NAMES)}.")
    return importlib.import_module(f"recipes.{name}").PAPER
