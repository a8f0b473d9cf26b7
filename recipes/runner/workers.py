"""Processes that share the trainings and analyses of a paper.

`python -m recipes run` starts them as `python -m recipes.runner.workers`; a user
does not.
"""

import os
import sys

from recipes.runner import ending

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    ending.by_signals()
    ending.with_parent()

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from recipes.papers import Paper
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep, share

#: Trainings after which a process gives its place to a fresh one: TensorFlow keeps
#: the graph of every training step that it has compiled (ResNet20: 60 MB).
TRAININGS = 25
#: Exit status of a process that leaves work to the one that takes its place.
AGAIN = 75


def start(arguments: Sequence[str], processes: int | None = None) -> int:
    """Run the same command in several processes, and wait for them.

    Each sees one GPU, in turn, if there are any. Without a GPU each has one thread,
    so that numbers do not depend on how many share the work. None of them outlives
    this one. By default there is one a GPU, or else one a core.

    Returns:
        Exit status: 0, 1 if something failed, or 2 if nothing can be done.
    """
    gpus = _gpus()
    count = processes or len(gpus) or os.cpu_count() or 1
    children: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory(prefix="recipes-") as failures:

        def begin(index: int) -> subprocess.Popen:
            program = [sys.executable, "-m", "recipes.runner.workers"]
            return subprocess.Popen(
                [*program, str(index), failures, *arguments],
                env=os.environ | _device(index, gpus),
                # Its end tells the child of this process's end.
                stdin=subprocess.PIPE,
            )

        try:
            for index in range(count):
                children.append(begin(index))
            _watch(children, begin)
        finally:
            _end(children)
        return _outcome(children, Path(failures))


def work(
    paper: Paper,
    sweeps: Mapping[str, Sweep],
    output: Path,
    index: int = 0,
    failures: Path | None = None,
) -> int:
    """Train, then analyze, what no other process does; the first tells of all.

    Returns:
        Exit status: 0, 1 if something failed, or `AGAIN`.
    """
    quiet = index > 0
    runs = {
        settings.name: Run(settings, output)
        for sweep in sweeps.values()
        for settings in sweep.settings
    }
    trained = share(
        list(runs.values()), output, quiet=quiet, most=TRAININGS, failures=failures
    )
    if trained.left:
        return AGAIN
    for run in runs.values():
        run.tidy()
    analyses = paper.analyses(Results(sweeps, output))
    analyzed = share(analyses, output, quiet=quiet, failures=failures)
    return 1 if trained.failed or analyzed.failed else 0


def main(index: str, failures: str, *arguments: str) -> int:
    """Work as one of the processes of a command."""
    from recipes import papers
    from recipes.__main__ import chosen, folder, parser

    args = parser().parse_args(arguments)
    paper = papers.get(args.name)
    return work(paper, chosen(args), folder(args), int(index), Path(failures))


def _watch(
    children: list[subprocess.Popen], begin: Callable[[int], subprocess.Popen]
) -> None:
    """Until all have ended, or one has found that nothing can be done."""
    while True:
        found = [child.poll() for child in children]
        if ending.UNUSABLE in found or not {None, AGAIN} & set(found):
            return
        for index, status in enumerate(found):
            if status == AGAIN:
                _end([children[index]])
                children[index] = begin(index)
        time.sleep(0.2)


def _end(children: Sequence[subprocess.Popen]) -> None:
    for child in children:
        child.terminate()
        if child.stdin:
            child.stdin.close()
    deadline = time.monotonic() + ending.GRACE
    for child in children:
        try:
            child.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _outcome(children: Sequence[subprocess.Popen], failures: Path) -> int:
    """Exit status of all; tells what they have not told."""
    found = [child.returncode for child in children]
    if ending.UNUSABLE in found:
        return ending.UNUSABLE
    # As the system says it, and `ending.by_signals`.
    numbers = {max(-status, status - 128) for status in found}
    for one in filter(numbers.__contains__, signal.Signals):
        print(
            f"error: a process was ended by {one.name}. The same command goes on "
            "with what it was at.",
            file=sys.stderr,
        )
    failed = sorted(path.name for path in failures.iterdir())
    if failed:
        print(f"error: {len(failed)} failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if any(found) else 0


def _gpus() -> list[str]:
    """As `CUDA_VISIBLE_DEVICES` names them."""
    import tensorflow as tf

    count = len(tf.config.list_physical_devices("GPU"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return visible if count and any(visible) else [str(one) for one in range(count)]


def _device(index: int, gpus: Sequence[str]) -> dict[str, str]:
    if gpus:
        return {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]}
    return {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


if __name__ == "__main__":
    from recipes.runner.training import quieten

    quieten()
    sys.exit(ending.status(lambda: main(*sys.argv[1:])))
