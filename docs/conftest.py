"""Runs the Python examples of the README and of the documentation's pages.

The blocks of a page run in order, in one namespace, in a temporary folder.
Blocks with a prompt (`>>>`) are doctests. A comment that holds
`invisible-code-block: python` runs code that the page does not show.
"""

import os
import shutil
import tempfile
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers import markdown, myst

# Settings of the documentation's build: not a module with doctests.
collect_ignore = ["conf.py"]


def _enter_folder(namespace: dict[str, Any]) -> None:
    import keras

    keras.utils.set_random_seed(0)
    namespace["__name__"] = "__main__"
    namespace["_left"] = os.getcwd()
    namespace["_entered"] = tempfile.mkdtemp(prefix="keras_selectivity-docs-")
    os.chdir(namespace["_entered"])


def _leave_folder(namespace: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    os.chdir(namespace["_left"])
    shutil.rmtree(namespace["_entered"])


def _sybil(parsers: Any, folder: Path, pattern: str) -> Sybil:
    flags = ELLIPSIS | NORMALIZE_WHITESPACE
    return Sybil(
        parsers=[
            parsers.PythonCodeBlockParser(doctest_optionflags=flags),
            parsers.SkipParser(),
        ],
        path=str(folder),
        pattern=pattern,
        setup=_enter_folder,
        teardown=_leave_folder,
    )


_docs = Path(__file__).resolve().parent

pytest_collect_file = _sybil(myst, _docs, "*.md").pytest()


class _Readme:
    """A plugin of its own, for this file's hooks see no other folder."""

    pytest_collect_file = staticmethod(
        _sybil(markdown, _docs.parent, "README.md").pytest()
    )


def pytest_configure(config: Any) -> None:
    config.pluginmanager.register(_Readme())
