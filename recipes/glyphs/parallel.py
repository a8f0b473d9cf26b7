"""The images of a world, drawn by several processes.

They are programs of their own, which import neither TensorFlow nor what the user
runs, and write their images to a pipe: `python -m recipes.glyphs.parallel`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from recipes.glyphs.drawing import DIFFICULTIES, draw
from recipes.glyphs.faces import CHARACTERS
from recipes.glyphs.worlds import World

#: The number of a split is part of the seed of its images.
SPLITS = ("train", "test")
#: Images for which a process is worth its start.
WORTH = 4_000

_ROOT = Path(__file__).resolve().parents[2]
# Every process draws with one thread.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def images(
    world: World, split: str, processes: int | None = None
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Label, number within the class, and image, of all images of a split.

    The images do not depend on how many processes draw them; their order does.

    Args:
        world: Which images.
        split: `"train"` or `"test"`.
        processes: None: one a core, but for few images one alone, which is this one.

    Raises:
        ChildProcessError: If a process ends before it has drawn its images.

    Example:
        >>> world = World(3, train_per_class=2, test_per_class=1, held_out=1)
        >>> [(label, i) for label, i, _ in images(world, "train")]
        [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    """
    if processes is None:
        worth = world.classes * world.per_class(split) // WORTH
        processes = max(1, min(os.cpu_count() or 1, worth))
    if processes == 1:
        return _drawn(world, split, range(world.classes))
    return _shared(world, split, min(processes, world.classes))


def main(job: str) -> None:
    """Write the images of some classes to standard output, as bytes."""
    # When nobody reads them any more this process ends, without a word.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    world, split, labels = json.loads(job)
    for _, _, image in _drawn(World(*world), split, labels):
        sys.stdout.buffer.write(image.tobytes())


def _drawn(
    world: World, split: str, labels: Iterable[int]
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Class after class, for whose sake masks are kept."""
    difficulty, part = DIFFICULTIES[world.difficulty], SPLITS.index(split)
    for label in labels:
        character = CHARACTERS[label]
        for i in range(world.per_class(split)):
            seeds = (world.seed, part, i)
            yield label, i, draw(character, world.size, difficulty, *seeds)


def _shared(
    world: World, split: str, processes: int
) -> Iterator[tuple[int, int, np.ndarray]]:
    children: list[subprocess.Popen] = []
    streams = []
    try:
        for first in range(processes):
            labels = range(first, world.classes, processes)
            children.append(_start(world, split, labels))
            streams.append(_read(children[-1], world, split, labels))
        # One of each in turn, so that none waits for room in its pipe.
        for found in chain.from_iterable(zip_longest(*streams)):
            if found is not None:
                yield found
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _start(world: World, split: str, labels: Sequence[int]) -> subprocess.Popen:
    job = json.dumps([world, split, list(labels)])
    return subprocess.Popen(
        [sys.executable, "-m", "recipes.glyphs.parallel", job],
        cwd=_ROOT,
        env=os.environ | _ONE_THREAD,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )


def _read(
    child: subprocess.Popen, world: World, split: str, labels: Sequence[int]
) -> Iterator[tuple[int, int, np.ndarray]]:
    shape = (world.size, world.size, 1)
    for label in labels:
        for i in range(world.per_class(split)):
            data = child.stdout.read(world.size**2) if child.stdout else b""
            if len(data) < world.size**2:
                raise ChildProcessError(
                    "A process that draws glyphs has ended before its time, with exit "
                    f"status {child.wait()}."
                )
            yield label, i, np.frombuffer(data, np.uint8).reshape(shape)


if __name__ == "__main__":
    main(sys.argv[1])
