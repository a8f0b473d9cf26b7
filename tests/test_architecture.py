"""What may import what: the picture in docs/architecture.md holds."""

import ast
import re
from pathlib import Path

import keras_selectivity

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "keras_selectivity"


def floors():
    """Names of the package's modules and folders, line by line of the picture."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    picture = page.split("```text\nkeras_selectivity/\n")[1].split("```")[0]
    lines = [re.findall(r"\b(\w+)(?:\.py|/)", line) for line in picture.splitlines()]
    return [line for line in lines if line]


def imported(path):
    """Top-level names of the package that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, *inner = node.module.split(".")
            if package == "keras_selectivity":
                yield from inner[:1] or (alias.name for alias in node.names)


def test_the_picture_names_everything_once():
    named = [name for floor in floors() for name in floor]
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py"}
    there |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(named) == sorted(there - {"__init__"})


def test_nothing_imports_from_a_floor_below():
    floor = {name: i for i, names in enumerate(floors()) for name in names}
    below = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "__init__.py"
        for name in imported(path)
        if floor[name] > floor[path.relative_to(PACKAGE).parts[0].removesuffix(".py")]
    ]
    assert not below


def test_the_library_knows_no_recipe():
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(r"^\s*(from|import) recipes\b", path.read_text(), re.M)


def test_the_package_shows_its_public_names_alone():
    assert dir(keras_selectivity) == sorted([*keras_selectivity.__all__, "__version__"])
