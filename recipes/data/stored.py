"""Data sets as TensorFlow Datasets stores them; it is imported when one is read."""

from typing import Any

import numpy as np

from recipes.data.split import Split


def tensorflow_datasets() -> Any:
    """TensorFlow Datasets, which most of the package does without.

    Example:
        >>> tensorflow_datasets().__name__
        'tensorflow_datasets'
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(
            "This data set is read by tensorflow_datasets, which is not installed. "
            'Run `pip install ".[recipes]"` in the clone of this repository.'
        ) from error
    return tfds


def in_memory(builder: Any, split: str) -> Split:
    """All images and labels of a split, in the order in which they are stored."""
    x, y = tensorflow_datasets().as_numpy(
        builder.as_dataset(
            split=split, batch_size=-1, shuffle_files=False, as_supervised=True
        )
    )
    return Split(x, y.astype(np.int32))
