"""The papers that can be repeated."""

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.claims.table import Claim, overview, page, summary
from recipes.runner.results import Results
from recipes.runner.sweep import Sweep, Task

#: Module of each paper, in `recipes`.
NAMES = ("lm21", "m18", "g19", "r22")
#: What a user types for one after another.
ALL = "all"


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
        quick: Of the miniature, the sweeps of a first look, and what each varies there.
    """

    name: str
    title: str
    scales: Mapping[str, Callable[[], dict[str, Sweep]]]
    analyses: Callable[[Results], Sequence[Task]]
    figures: Callable[[Results], Iterator[tuple[str, Callable[[], Any]]]]
    claims: Callable[[Results], list[Claim]]
    tables: Callable[[Results], Iterator[tuple[str, str]]] | None = None
    quick: Mapping[str, Mapping[str, Sequence[Any]]] = dataclasses.field(
        default_factory=dict
    )


def get(name: str) -> Paper:
    """The paper of a name.

    Example:
        >>> get("lm21").title
        'Selectivity considered harmful'
    """
    if name not in NAMES:
        raise ValueError(f"There is no recipe {name!r}. There are: {', '.join(NAMES)}.")
    return importlib.import_module(f"recipes.{name}").PAPER


def write(
    folder: Path,
    figures: Iterable[tuple[str, Callable[[], Any]]],
    tables: Iterable[tuple[str, str]],
    claims: Sequence[Claim],
) -> str:
    """Write figures, tables and claims below a folder.

    Args:
        folder: Takes `figures/`, `tables/` if there are any, and `claims.md`.
        figures: Names of files without ending, and what draws each.
        tables: Names of files without ending, and tables in Markdown.
        claims: A paper's claims beside what was found.

    Returns:
        The claims in a line each, for a terminal.
    """
    drawings = folder / "figures"
    drawings.mkdir(exist_ok=True)
    for name, draw in figures:
        # Tight: long labels beside twin axes are cut off otherwise.
        draw().savefig(drawings / f"{name}.png", dpi=100, bbox_inches="tight")
    for name, text in tables:
        (folder / "tables").mkdir(exist_ok=True)
        (folder / "tables" / f"{name}.md").write_text(text + "\n")
    (folder / "claims.md").write_text(page(claims) + "\n")
    return summary(claims)


def write_overview(folder: Path, claims: Mapping[str, Sequence[Claim]]) -> Path:
    """Write one page over several papers: how many claims held, then which.

    Args:
        folder: Of all runs; takes `claims.md`.
        claims: Those of every paper, by its name.
    """
    parts = ["# Claims of the papers", overview(claims)]
    for name, ones in claims.items():
        parts += [f"# {name}: {get(name).title}", page(ones)]
    path = folder / "claims.md"
    path.write_text("\n\n".join(parts) + "\n")
    return path
