"""A data set that is not there is prepared once, whoever else wants it."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from recipes.data import load
from recipes.data.catalogue import HELD_OUT
from recipes.data.prepared import prepared
from recipes.runner.ending import Unusable
from small_archives import write_tiny_imagenet

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
#: Loads a small Tiny ImageNet; stays in the middle of it if told to.
PROGRAM = textwrap.dedent(
    """
    import pathlib, sys, time, zlib
    import tensorflow_datasets as tfds
    from recipes.data import load
    from recipes.data.catalogue import HELD_OUT
    from recipes.data.tiny_imagenet.tiny_imagenet_dataset_builder import Builder

    folder, stays = pathlib.Path(sys.argv[1]), sys.argv[2] == "stays"

    def staying(self, images):
        (folder / "begun").touch()
        time.sleep(600)

    tfds.disable_progress_bar()
    HELD_OUT["tiny_imagenet"] = 0.25
    Builder.num_classes, Builder.train_per_class = 3, 4
    Builder.validation_per_class = 2
    if stays:
        Builder._generate_examples = staying
    data = load("tiny_imagenet", data_dir=folder)
    print("found", data.train.samples, zlib.crc32(data.train.x.tobytes()))
    """
)


def start(folder, how="goes"):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.05)


def test_processes_wait_for_the_one_that_prepares(
    tmp_path, small_tiny_imagenet, monkeypatch
):
    """Which is killed in the middle: then one of them does it, and both read it."""
    write_tiny_imagenet(tmp_path / "downloads" / "manual")
    processes = [start(tmp_path, "stays")]
    try:
        wait_for(tmp_path / "begun", processes[0])
        processes += [start(tmp_path), start(tmp_path)]
        for process in processes[1:]:
            said = process.stdout.readline()
            assert said.startswith("Waiting until tiny_imagenet is prepared by another")
            assert str(tmp_path / "tiny_imagenet" / "1.0.0") in said
        processes[0].kill()
        shown = [process.communicate(timeout=600)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes[1:]] == [0, 0]
    found = [text.splitlines()[-1] for text in shown[1:]]
    assert found[0] == found[1] and found[0].startswith("found 9 ")
    # One of the two has prepared it.
    assert sum("Subsequent calls will reuse this data" in text for text in shown) == 1
    left = {path.name for path in (tmp_path / "tiny_imagenet").iterdir()}
    assert left == {"1.0.0", "1.0.0.lock"}
    # Where it is prepared nothing is written: the folder may be another user's.
    (tmp_path / "tiny_imagenet" / "1.0.0.lock").unlink()
    monkeypatch.setitem(HELD_OUT, "tiny_imagenet", 0.25)
    assert load("tiny_imagenet", data_dir=tmp_path).train.samples == 9
    assert [p.name for p in (tmp_path / "tiny_imagenet").iterdir()] == ["1.0.0"]


class Builder:
    """What `prepared` needs of one."""

    name = "cifar10"

    def __init__(self, folder, error=None):
        self.data_dir = str(folder / "cifar10" / "3.0.2")
        self.error = error

    def is_prepared(self):
        return (Path(self.data_dir) / "data").exists()

    def download_and_prepare(self):
        if self.error:
            raise self.error
        Path(self.data_dir).mkdir()
        (Path(self.data_dir) / "data").touch()


def test_what_a_killed_process_left_takes_no_room(tmp_path):
    for name in ("incomplete.ABC123_3.0.2", "incomplete.ABC123_2.0.0", "2.0.0"):
        (tmp_path / "cifar10" / name).mkdir(parents=True)
    assert prepared(lambda: Builder(tmp_path)).is_prepared()
    left = {path.name for path in (tmp_path / "cifar10").iterdir()}
    # Of another version nothing is known.
    assert left == {"3.0.2", "3.0.2.lock", "incomplete.ABC123_2.0.0", "2.0.0"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            AssertionError("No manual\n  folder."),
            "cannot be prepared: No manual folder.",
        ),
        (ConnectionError("no route"), "cifar10 cannot be prepared: no route"),
        (OSError(28, "No space"), "prepared: .*3.0.2: No space left on device. Make"),
    ],
)
def test_data_that_cannot_be_had(tmp_path, error, text):
    with pytest.raises(Unusable, match=text) as raised:
        prepared(lambda: Builder(tmp_path, error))
    assert raised.value.__cause__ is error and "\n" not in str(raised.value)
    # Nor does that stop the next one.
    assert prepared(lambda: Builder(tmp_path)).is_prepared()


def test_a_folder_without_a_data_set(tmp_path):
    (tmp_path / "cifar10" / "3.0.2").mkdir(parents=True)
    with pytest.raises(Unusable, match=r"3\.0\.2 holds no data set .* Remove it"):
        prepared(lambda: Builder(tmp_path))
