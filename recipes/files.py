"""Results in files: plain JSON, whole or not at all."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Write under a temporary name, then rename.

    Args:
        path: The file.
        content: What JSON can hold; floats keep all their digits.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "found.json"
        >>> write_json(path, {"accuracy": 0.1})
        >>> read_json(path)
        {'accuracy': 0.1}
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(content, indent=1) + "\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """What `write_json` wrote.

    Args:
        path: The file.

    Returns:
        Its content; None if there is no such file, or it is damaged.
    """
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError):
        return None


def checksum(path: Path) -> str | None:
    """SHA-256 of a file.

    Args:
        path: The file.

    Returns:
        Hexadecimal digits; None if there is no such file.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
