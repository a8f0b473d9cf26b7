"""Rendered characters, drawn and written for TensorFlow Datasets."""

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_integer,
    checked_kind,
    checked_seed,
    received,
)
from recipes.glyphs.drawing import DIFFICULTIES
from recipes.glyphs.faces import CHARACTERS, name
from recipes.glyphs.parallel import SPLITS, images
from recipes.glyphs.worlds import WORLDS, World

SIZES = (16, 64)


def _checked(world: World) -> World:
    checked_kind("world", world, World, "a `recipes.glyphs.worlds.World`")
    if not 2 <= checked_integer("classes", world.classes) <= len(CHARACTERS):
        raise ValueError(
            f"`classes` must be 2 to {len(CHARACTERS)}, as many as there are different "
            f"characters. {received('classes', world.classes)}"
        )
    checked_count("train_per_class", world.train_per_class)
    checked_count("test_per_class", world.test_per_class)
    if not 1 <= checked_integer("held_out", world.held_out) < world.train_per_class:
        raise ValueError(
            "`held_out` must be at least 1 and less than `train_per_class`, of which "
            f"it is a part. Received: held_out={world.held_out}, "
            f"train_per_class={world.train_per_class}."
        )
    if not SIZES[0] <= checked_integer("size", world.size) <= SIZES[1]:
        raise ValueError(
            f"`size` must be {SIZES[0]} to {SIZES[1]} pixels. "
            f"{received('size', world.size)}"
        )
    checked_choice("difficulty", world.difficulty, tuple(DIFFICULTIES))
    checked_seed(world.seed)
    return world


class GlyphsConfig(tfds.core.BuilderConfig):
    """A world of glyphs, whose data lie in a folder of its own.

    Raises:
        TypeError: If `world` or a field of it is of another type.
        ValueError: If a field of it is out of range.

    Example:
        >>> GlyphsConfig(WORLDS["glyphs10"]).name
        'hard_10_classes_250_train_100_test_16_pixels_seed_0'
    """

    def __init__(self, world: World) -> None:
        self.world = _checked(world)
        super().__init__(
            name=world.folder,
            description=f"{world.classes} classes of {world.size}x{world.size} pixels, "
            f"{world.difficulty}.",
        )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Glyphs: rendered characters of Latin, Greek and Cyrillic, and digits.

    Splits: `train` and `test`. Nothing is downloaded: the images are drawn from the
    fonts that matplotlib ships. Whatever changes an image is a new version.

    Example:
        >>> world = World(20, train_per_class=50, test_per_class=10, held_out=5)
        >>> Builder(config=GlyphsConfig(world)).info.features["label"].num_classes
        20
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    BUILDER_CONFIGS = [GlyphsConfig(world) for world in WORLDS.values()]  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        world = self.builder_config.world
        names = [name(character) for character in CHARACTERS[: world.classes]]
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(
                        shape=(world.size, world.size, 1), encoding_format="png"
                    ),
                    "label": tfds.features.ClassLabel(names=names),
                }
            ),
            supervised_keys=("image", "label"),
            license="Of the fonts: Bitstream Vera's and STIX's, both free",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator]:
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for label, i, image in images(self.builder_config.world, split):
            yield f"{label}_{i}", {"image": image, "label": label}
