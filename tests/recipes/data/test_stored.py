"""Data sets as TensorFlow Datasets stores them."""

import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from recipes.data import load
from recipes.data.stored import in_memory


def test_all_images_in_the_order_of_the_files(store_small):
    folder = store_small("cifar10", (32, 32, 3))
    builder = tfds.builder("cifar10", data_dir=folder)
    x, y = in_memory(builder, "train")
    stored = list(tfds.as_numpy(builder.as_dataset(split="train")))
    assert x.shape == (60, 32, 32, 3) and x.dtype == np.uint8 and y.dtype == np.int32
    np.testing.assert_array_equal(x, [example["image"] for example in stored])
    np.testing.assert_array_equal(y, [example["label"] for example in stored])


@pytest.mark.parametrize(
    "name", ["mnist", "cifar10", "tiny_imagenet", "imagenet2012", "glyphs10"]
)
def test_without_tensorflow_datasets(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r'Run `pip install "\.\[recipes\]"`'):
        load(name)
    assert load("digits").num_classes == 10
