"""The finished runs of a paper, sweep by sweep."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep


class Results(Mapping[str, list[Run]]):
    """The finished runs of a paper: a mapping of sweep to runs.

    A sweep without a finished run is not in it.

    Args:
        sweeps: What the paper's scale holds.
        output: Folder of the runs.
        miniature: Whether this is a paper at a small scale, which cannot tell of all
            that the paper says.

    Attributes:
        output: Folder of the runs.
        miniature: Whether this is a paper at a small scale.
        missing: Names of the runs that are not finished.
    """

    def __init__(
        self, sweeps: Mapping[str, Sweep], output: Path, *, miniature: bool = False
    ) -> None:
        self.output, self.miniature = output, miniature
        self.missing: list[str] = []
        self._runs: dict[str, list[Run]] = {}
        for name, sweep in sweeps.items():
            for settings in sweep.settings:
                run = Run(settings, output)
                if run.finished:
                    self._runs.setdefault(name, []).append(run)
                else:
                    self.missing.append(run.name)

    def __getitem__(self, sweep: str) -> list[Run]:
        return self._runs[sweep]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def by_alpha(self, sweep: str) -> dict[float, list[Run]]:
        """The replicates of each alpha, from the most negative, by seed."""
        found: dict[float, list[Run]] = {}
        for run in sorted(self[sweep], key=lambda run: run.settings.alpha):
            found.setdefault(run.settings.alpha, []).append(run)
        return found
