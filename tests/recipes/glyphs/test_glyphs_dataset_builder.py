"""The builder of glyphs."""

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from recipes.data.prepared import prepared
from recipes.data.stored import in_memory
from recipes.glyphs import parallel
from recipes.glyphs.faces import CHARACTERS, name
from recipes.glyphs.glyphs_dataset_builder import Builder, GlyphsConfig
from recipes.glyphs.worlds import WORLDS, World

ROOT = Path(__file__).resolve().parents[3]
SMALL = World(6, train_per_class=10, test_per_class=5, held_out=2, difficulty="easy")


@pytest.fixture(autouse=True)
def quiet():
    tfds.disable_progress_bar()


class TestBuilder(tfds.testing.DatasetBuilderTestCase):
    """The checks that TensorFlow Datasets has for every builder."""

    DATASET_CLASS = Builder
    BUILDER_CONFIG_NAMES_TO_TEST = (GlyphsConfig(SMALL),)
    SPLITS = {"train": 60, "test": 30}  # noqa: RUF012
    EXAMPLE_DIR = tempfile.gettempdir()
    # Nothing is downloaded.
    SKIP_CHECKSUMS = True


def test_what_is_stored_is_what_is_drawn(tmp_path):
    """As many images of every class, in an order that mixes the classes."""
    builder = prepared(lambda: Builder(config=GlyphsConfig(SMALL), data_dir=tmp_path))
    for split, count in (("train", 10), ("test", 5)):
        stored = in_memory(builder, split)
        assert stored.x.shape == (6 * count, 16, 16, 1) and stored.x.dtype == np.uint8
        assert np.bincount(stored.y).tolist() == [count] * 6
        assert (np.diff(stored.y) < 0).sum() > count
        pairs = zip(stored.y.tolist(), stored.x, strict=True)
        found = sorted((label, image.tobytes()) for label, image in pairs)
        drawn = parallel.images(SMALL, split)
        assert found == sorted((label, image.tobytes()) for label, _, image in drawn)
    assert builder.info.features["label"].names == [name(c) for c in CHARACTERS[:6]]
    assert "generated, not photographs" in builder.info.description
    assert str(tmp_path / "glyphs" / SMALL.folder / "1.0.0") == str(builder.data_dir)


#: Prepares glyphs, slowly if told to.
PROGRAM = textwrap.dedent(
    """
    import json, sys, time
    import tensorflow_datasets as tfds
    from recipes.data.prepared import prepared
    from recipes.glyphs import glyphs_dataset_builder as glyphs
    from recipes.glyphs.worlds import World

    folder, slowly, world = sys.argv[1], sys.argv[2], World(*json.loads(sys.argv[3]))
    images = glyphs.images

    def slow(world, split):
        for number, found in enumerate(images(world, split, processes=2)):
            yield found
            if number == 20:
                print("begun", flush=True)
                time.sleep(600)

    tfds.disable_progress_bar()
    if slowly == "slowly":
        glyphs.images = slow
    config = glyphs.GlyphsConfig(world)
    prepared(lambda: glyphs.Builder(config=config, data_dir=folder))
    """
)


def test_killed_in_the_middle_and_prepared_again(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), "slowly"]
    process = subprocess.Popen(
        [*command, json.dumps(SMALL)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline().strip()
        while "begun" not in process.stdout.readline():
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    place = tmp_path / "glyphs" / SMALL.folder
    assert list(place.glob("incomplete.*"))
    builder = prepared(lambda: Builder(config=GlyphsConfig(SMALL), data_dir=tmp_path))
    assert in_memory(builder, "train").samples == 60
    assert {path.name for path in place.iterdir()} == {"1.0.0", "1.0.0.lock"}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"classes": 1}, r"`classes` must be 2 to 302, .* Received: classes=1\."),
        ({"classes": 303}, "`classes` must be 2 to 302"),
        ({"classes": 10.0}, "`classes` must be an integer"),
        ({"train_per_class": 0}, "`train_per_class` must be a positive integer"),
        ({"test_per_class": 0}, "`test_per_class` must be a positive integer"),
        ({"held_out": 0}, "`held_out` must be at least 1 and less than `train_per_"),
        ({"held_out": 10}, "Received: held_out=10, train_per_class=10"),
        ({"size": 15}, r"`size` must be 16 to 64 pixels\. Received: size=15\."),
        ({"size": 65}, "`size` must be 16 to 64"),
        ({"difficulty": "harder"}, '`difficulty` must be "clean", "easy", "medium" or'),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"seed": None}, "`seed` must be an integer of at least 0"),
    ],
)
def test_a_world_that_cannot_be(changed, text):
    with pytest.raises((ValueError, TypeError), match=text):
        GlyphsConfig(SMALL._replace(**changed))


def test_no_world():
    with pytest.raises(TypeError, match=r"`world` must be a `recipes\.glyphs\.worlds"):
        GlyphsConfig("glyphs10")


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_every_named_world_is_a_configuration(world):
    builder = Builder(config=world.folder, data_dir="/no/folder")
    assert builder.builder_config.world == world
    assert builder.info.features["label"].num_classes == world.classes
    assert builder.info.features["image"].shape == (world.size, world.size, 1)
