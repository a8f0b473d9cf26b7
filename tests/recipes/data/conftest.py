"""Data sets as the archives have them, small, of images made here."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from recipes.data.tiny_imagenet.tiny_imagenet_dataset_builder import Builder

FEATURES = {
    "mnist": {"image": tfds.features.Image(shape=(28, 28, 1))},
    "cifar10": {
        "id": tfds.features.Text(),
        "image": tfds.features.Image(shape=(32, 32, 3)),
    },
    "imagenet2012": {
        "image": tfds.features.Image(encoding_format="jpeg"),
        "file_name": tfds.features.Text(),
    },
}


@pytest.fixture(autouse=True)
def quiet():
    tfds.disable_progress_bar()


@pytest.fixture
def store(tmp_path):
    """Write a data set under the name, version and features of a real one."""

    def write(name, splits, classes=10, shards=1):
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version=tfds.builder_cls(name).VERSION,
            features=tfds.features.FeaturesDict(
                {
                    **FEATURES[name],
                    "label": tfds.features.ClassLabel(num_classes=classes),
                }
            ),
            split_datasets={
                split: list(enumerate(examples)) for split, examples in splits.items()
            },
            data_dir=tmp_path,
            download_config=tfds.download.DownloadConfig(num_shards=shards),
        )
        return tmp_path

    return write


@pytest.fixture
def store_small(store):
    """Write a data set of 60 training and 20 test images, none alike."""

    def write(name, shape):
        named = "id" in FEATURES[name]
        images = np.random.default_rng(0).integers(0, 256, (80, *shape), np.uint8)
        examples = [
            {"image": image, "label": i % 10} | ({"id": str(i)} if named else {})
            for i, image in enumerate(images)
        ]
        return store(name, {"train": examples[:60], "test": examples[60:]})

    return write


@pytest.fixture
def photographs():
    """JPEG photographs of many shapes, each of one color and of its own label."""

    def make(numbers):
        rng = np.random.default_rng(1)
        examples = []
        for number in numbers:
            height, width = rng.integers(200, 400, 2)
            image = np.full((height, width, 3), 5 * number, np.uint8)
            examples.append(
                {"image": image, "file_name": f"{number}.JPEG", "label": number}
            )
        return examples

    return make


@pytest.fixture
def small_tiny_imagenet(monkeypatch):
    """The builder expects three classes with four images and two."""
    monkeypatch.setattr(Builder, "num_classes", 3)
    monkeypatch.setattr(Builder, "train_per_class", 4)
    monkeypatch.setattr(Builder, "validation_per_class", 2)
