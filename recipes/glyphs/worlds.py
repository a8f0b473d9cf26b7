"""Data sets of glyphs by name: a row each."""

from typing import NamedTuple


class World(NamedTuple):
    """Which images a data set has.

    Args:
        classes: The first so many of `recipes.glyphs.faces.CHARACTERS`.
        train_per_class, test_per_class: Images.
        held_out: Of the training images of each class, those that
            `recipes.data.load` holds out for validation.
        size: Pixels of a side, 16 to 64.
        difficulty: One of `recipes.glyphs.drawing.DIFFICULTIES`.
        seed: Another one gives other images of the same classes.
    """

    classes: int
    train_per_class: int
    test_per_class: int
    held_out: int
    size: int = 16
    difficulty: str = "hard"
    seed: int = 0

    @property
    def folder(self) -> str:
        """Names all that decides the images, so that no two worlds share a folder.

        Example:
            >>> World(10, 250, 100, held_out=50).folder
            'hard_10_classes_250_train_100_test_16_pixels_seed_0'
        """
        return (
            f"{self.difficulty}_{self.classes}_classes_{self.train_per_class}_train_"
            f"{self.test_per_class}_test_{self.size}_pixels_seed_{self.seed}"
        )

    def per_class(self, split: str) -> int:
        """Images of each class of a split."""
        return {"train": self.train_per_class, "test": self.test_per_class}[split]


#: The data sets that `recipes.data` knows.
WORLDS = {
    "glyphs10": World(10, train_per_class=250, test_per_class=100, held_out=50),
    "glyphs100": World(100, train_per_class=160, test_per_class=50, held_out=32),
    "glyphs200": World(
        200, train_per_class=600, test_per_class=100, held_out=60, difficulty="medium"
    ),
}
