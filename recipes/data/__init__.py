"""The data sets of the papers: their splits, and batches that can be resumed."""

from recipes.data.catalogue import (
    LABELS,
    NAMES,
    SHAPES,
    TRAINING_IMAGES,
    Data,
    augmentations,
    check,
    digits,
    load,
)
from recipes.data.corruption import corrupted
from recipes.data.normalization import NORMALIZATIONS, Normalization
from recipes.data.partition import held_out
from recipes.data.split import Split
from recipes.data.stream import Stream

__all__ = [
    "LABELS",
    "NAMES",
    "NORMALIZATIONS",
    "SHAPES",
    "TRAINING_IMAGES",
    "Data",
    "Normalization",
    "Split",
    "Stream",
    "augmentations",
    "check",
    "corrupted",
    "digits",
    "held_out",
    "load",
]
