"""Processes that share the trainings and analyses of a paper."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from recipes.papers import Paper
from recipes.results import Results
from recipes.runs import Run
from recipes.sweep import Sweep, share


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
    children: list[subprocess.Popen] = []
    try:
        for index in range(count):
            command = [sys.executable, "-m", "recipes", *arguments]
            environment = os.environ | _device(index, gpus)
            children.append(
                subprocess.Popen([*command, f"--worker={index}"], env=environment)
            )
        # Of all, before any is judged: one that failed does not stop the others.
        statuses = [child.wait() for child in children]
        return not any(statuses)
    finally:
        for child in children:
            child.terminate()


def work(paper: Paper, sweeps: Mapping[str, Sweep], output: Path, index: int) -> bool:
    """Train, then analyse, what no other process does.

    Args:
        paper: The paper.
        sweeps: What to train.
        output: Folder of the runs.
        index: Of this process; the first tells of all.

    Returns:
        Whether all went well.
    """
    quiet = index > 0
    runs = {
        settings.name: Run(settings, output)
        for sweep in sweeps.values()
        for settings in sweep.settings
    }
    failed = share(list(runs.values()), output, quiet=quiet)
    failed += share(paper.analyses(Results(sweeps, output)), output, quiet=quiet)
    if failed:
        print(f"error: {len(failed)} failed: {', '.join(failed)}", file=sys.stderr)
    return not failed


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
