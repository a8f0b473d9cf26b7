"""The lowest versions that `pyproject.toml` admits, as constraints for pip.

python -m tools.lower_bounds > constraints.txt
"""

import re
import tomllib
from pathlib import Path

# A requirement that names a version: the package, its extras, the version.
_BOUND = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?(?:>=|==)([0-9][^,;\s]*)")


def constraints(pyproject: Path) -> list[str]:
    """`name==version` for every requirement with a lower bound, sorted."""
    project = tomllib.loads(pyproject.read_text())["project"]
    requirements = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        requirements += extra
    found = (_BOUND.match(requirement) for requirement in requirements)
    return sorted({f"{match[1]}=={match[2]}" for match in found if match})


def main() -> None:
    print("\n".join(constraints(Path(__file__).parents[1] / "pyproject.toml")))


if __name__ == "__main__":
    main()
