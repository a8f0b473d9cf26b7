"""Figures, tables and claims of measured networks, as files."""

from collections.abc import Sequence
from pathlib import Path

from recipes.claims.table import summary, table
from recipes.g19 import claims, figures, tables
from recipes.g19.measured import Measured


def write(found: Sequence[Measured], folder: Path) -> str:
    """Write `figures/`, `tables/` and `claims.md`."""
    for name in ("figures", "tables"):
        (folder / name).mkdir(exist_ok=True)
    for name, draw in figures.of(found):
        draw().savefig(folder / "figures" / f"{name}.png", dpi=100)
    for name, text in tables.of(found, folder / "survey"):
        (folder / "tables" / f"{name}.md").write_text(text + "\n")
    stated = claims.of(found, folder / "survey")
    (folder / "claims.md").write_text(table(stated) + "\n")
    return summary(stated)
