"""Processes that share the trainings and analyses of a paper."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from recipes.papers import Paper
from recipes.results import Results
from recipes.runs import Run
from recipes.sweep import Sweep, share

#: Trainings after which a process gives its place to a fresh one: TensorFlow keeps
#: the graph of every training step that it has compiled (ResNet20: 60 MB).
TRAININGS = 25
#: Exit status of a process that leaves work to the one that takes its place.
AGAIN = 75


def start(arguments: Sequence[str], processes: int | None = None) -> bool:
    """Run the same command in several processes, and wait for them.

    Each sees one GPU, in turn, if there are any. Without a GPU each has one thread,
    so that numbers do not depend on how many share the work.

    Args:
        arguments: Of the command line.
        processes: How many; None: one a GPU, or else one a core.

    Returns:
        Whether all went well.

    Raises:
        ValueError: If there are to be less than one.
    """
    gpus = _gpus()
    count = processes if processes is not None else len(gpus) or os.cpu_count() or 1
    if count < 1:
        raise ValueError(f"`--processes` must be at least 1. Received: {processes}.")

    def begin(index: int) -> subprocess.Popen:
        command = [sys.executable, "-m", "recipes", *arguments, f"--worker={index}"]
        return subprocess.Popen(command, env=os.environ | _device(index, gpus))

    children = [begin(index) for index in range(count)]
    try:
        while any(child.poll() in (None, AGAIN) for child in children):
            for index, child in enumerate(children):
                if child.poll() == AGAIN:
                    children[index] = begin(index)
            time.sleep(0.2)
        # Of all: one that failed has not stopped the others.
        return not any(child.returncode for child in children)
    finally:
        for child in children:
            child.terminate()


def work(paper: Paper, sweeps: Mapping[str, Sweep], output: Path, index: int) -> int:
    """Train, then analyse, what no other process does.

    Args:
        paper: The paper.
        sweeps: What to train.
        output: Folder of the runs.
        index: Of this process; the first tells of all.

    Returns:
        Exit status: 0, 1 if something failed, or `AGAIN`.
    """
    quiet = index > 0
    runs = {
        settings.name: Run(settings, output)
        for sweep in sweeps.values()
        for settings in sweep.settings
    }
    trained = share(list(runs.values()), output, quiet=quiet, most=TRAININGS)
    if trained.left:
        return AGAIN
    analyses = paper.analyses(Results(sweeps, output))
    failed = trained.failed + share(analyses, output, quiet=quiet).failed
    if failed:
        print(f"error: {len(failed)} failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


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
