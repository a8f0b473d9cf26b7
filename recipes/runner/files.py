"""The files of a run: their names, and plain JSON with a checksum, whole or not."""

import hashlib
import json
from pathlib import Path
from typing import Any

from keras_selectivity.storage.files import replacing, unusable

#: Files of a run, in its folder.
RESULT = "result.json"
SETTINGS = "settings.json"
WEIGHTS = "selected.weights.h5"
REPORT = "report.npz"
HISTORY = "history.json"
PREFERRED = "preferred_classes.npz"
FIRST_EPOCH = "first_epoch.json"
KEPT = "kept"
BACKUP = "backup"
#: What to do about a file of a run that is damaged.
REMEDY = "Run the command again: it does the run again"
#: The key of the checksum, beside those of the content.
CHECKSUM = "sha256"


def kept(epochs: int) -> str:
    """The file, in a run's folder, of the weights after a number of epochs, from 0.

    Example:
        >>> kept(3)
        'kept/0003.weights.h5'
    """
    return f"{KEPT}/{epochs:04d}.weights.h5"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write with a checksum, whole or not at all.

    The checksum is that of the content and of the place: the names of the file and
    of its folder. So a file of another run is noticed too.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "found.json"
        >>> write_json(path, {"accuracy": 0.1})
        >>> read_json(path)
        {'accuracy': 0.1}
    """
    # As it will be read: with lists for tuples, and keys of text.
    content = json.loads(json.dumps(content))
    with replacing(path) as file:
        whole = {**content, CHECKSUM: _checksum(path, content)}
        file.write((json.dumps(whole, indent=1) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or of another place.
    """
    text = path.read_bytes()
    try:
        content = json.loads(text)
        whole = content.pop(CHECKSUM) == _checksum(path, content)
    except Exception:  # Text of any kind.
        whole = False
    if not whole:
        problem = "is damaged, or another file in its place"
        raise unusable(path, problem, "Remove it, and run the command again")
    return content


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(path: Path, content: Any) -> str:
    place = path.absolute().parts[-2:]
    return hashlib.sha256(json.dumps([place, content]).encode()).hexdigest()
