"""Images drawn by one process or several."""

import hashlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from recipes.glyphs import parallel
from recipes.glyphs.worlds import WORLDS, World

ROOT = Path(__file__).resolve().parents[3]
SMALL = World(5, train_per_class=4, test_per_class=3, held_out=1)


def drawn(world=SMALL, split="train", processes=1):
    """Images by label and number."""
    found = {}
    for label, i, image in parallel.images(world, split, processes):
        assert (label, i) not in found
        found[label, i] = image.tobytes()
    return found


def digest(images):
    return hashlib.sha256(b"".join(images[key] for key in sorted(images))).hexdigest()


def test_the_number_of_processes_changes_nothing():
    """Nor is there one too many where there are fewer classes."""
    alone = drawn()
    assert drawn(processes=2) == drawn(processes=9) == alone
    assert sorted(alone) == [(label, i) for label in range(5) for i in range(4)]


def test_a_fresh_process_draws_the_same_without_tensorflow():
    program = textwrap.dedent(
        """
        import hashlib, json, sys
        from recipes.glyphs.parallel import images
        from recipes.glyphs.worlds import World

        found = images(World(*json.loads(sys.argv[1])), "train")
        data = b"".join(image.tobytes() for *_, image in found)
        assert "tensorflow" not in sys.modules
        print(hashlib.sha256(data).hexdigest())
        """
    )
    said = subprocess.check_output(
        [sys.executable, "-c", program, json.dumps(SMALL)], cwd=ROOT, text=True
    )
    assert said.strip() == digest(drawn())


def test_an_image_does_not_depend_on_how_many_there_are():
    few = drawn()
    more = drawn(SMALL._replace(classes=7, train_per_class=6, test_per_class=9))
    assert len(more) == 42 and few.items() < more.items()


def test_no_two_images_are_alike_in_any_split_or_seed():
    worlds = [(SMALL, "train"), (SMALL, "test"), (SMALL._replace(seed=1), "train")]
    images = [image for world in worlds for image in drawn(*world).values()]
    assert len(images) == len(set(images)) == 20 + 15 + 20


def test_another_size_and_difficulty_are_other_images():
    shapes = {
        image.shape for *_, image in parallel.images(SMALL._replace(size=24), "test")
    }
    assert shapes == {(24, 24, 1)}
    easy = drawn(SMALL._replace(difficulty="easy"))
    assert not set(easy.values()) & set(drawn().values())


def test_processes_are_started_for_many_images_alone(monkeypatch):
    asked = []
    monkeypatch.setattr(parallel, "_shared", lambda *args: asked.append(args[2]))
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 3)
    parallel.images(SMALL, "train")
    assert not asked
    large = SMALL._replace(classes=100, train_per_class=80)
    parallel.images(large, "train")
    parallel.images(large._replace(train_per_class=800), "train")
    parallel.images(large._replace(train_per_class=8000, classes=2), "train")
    assert asked == [2, 3, 2]


@pytest.fixture
def children(monkeypatch):
    """The processes that are started."""
    found = []
    start = parallel._start

    def starting(*args):
        found.append(start(*args))
        return found[-1]

    monkeypatch.setattr(parallel, "_start", starting)
    return found


def test_a_process_that_ends_before_its_time(children):
    images = parallel.images(SMALL._replace(train_per_class=20_000), "train", 2)
    next(images)
    children[1].kill()
    with pytest.raises(ChildProcessError, match=r"ended before its time, with .* -9\."):
        list(images)
    assert all(child.poll() is not None for child in children)


def test_no_process_outlives_who_reads_its_images(children):
    images = parallel.images(SMALL._replace(train_per_class=20_000), "train", 2)
    next(images)
    assert [child.poll() for child in children] == [None, None]
    images.close()
    assert all(child.poll() is not None for child in children)


def test_worlds_do_not_share_a_folder():
    changed = {"classes": 6, "train_per_class": 5, "test_per_class": 2, "size": 17}
    changed |= {"difficulty": "easy", "seed": 1}
    worlds = [SMALL, *(SMALL._replace(**{key: changed[key]}) for key in changed)]
    assert len({world.folder for world in [*worlds, *WORLDS.values()]}) == 10
    # What is held out is drawn from what is stored.
    assert SMALL._replace(held_out=2).folder == SMALL.folder
    assert set(changed) == set(World._fields) - {"held_out"}


def test_images_are_ready_to_be_stored():
    _, _, image = next(parallel.images(SMALL, "test", 2))
    assert image.dtype == np.uint8 and image.shape == (16, 16, 1)
