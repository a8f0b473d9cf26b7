"""The builder of Tiny ImageNet, on an archive made here."""

import http.server
import shutil
import tempfile
import threading
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.checksums import compute_url_info

from recipes.data.tiny_imagenet import tiny_imagenet_dataset_builder as tiny
from small_archives import write_tiny_imagenet


class TestBuilder(tfds.testing.DatasetBuilderTestCase):
    """The checks that TensorFlow Datasets has for every builder."""

    DATASET_CLASS = tiny.Builder
    SPLITS = {"train": 12, "validation": 6}  # noqa: RUF012

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        write_tiny_imagenet(Path(cls.EXAMPLE_DIR))
        cls.small = mock.patch.multiple(
            tiny.Builder, num_classes=3, train_per_class=4, validation_per_class=2
        )
        cls.small.start()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.small.stop()
        shutil.rmtree(cls.EXAMPLE_DIR)


@pytest.fixture
def folder(tmp_path, small_tiny_imagenet):
    """The archive's folder in `manual_dir`."""
    return write_tiny_imagenet(tmp_path / "downloads" / "manual")


@pytest.fixture
def prepare(tmp_path):
    def run():
        builder = tiny.Builder(data_dir=tmp_path)
        builder.download_and_prepare()
        return builder

    return run


def test_labels_are_those_of_the_archive(folder, prepare):
    builder = prepare()
    label = builder.info.features["label"]
    names = (folder / "wnids.txt").read_text().split()
    assert label.names == names != sorted(names)
    for example in tfds.as_numpy(builder.as_dataset(split="train")):
        file = example["file_name"].decode()
        assert label.int2str(example["label"]) == file.split("_")[0]
    annotations = (folder / "val" / "val_annotations.txt").read_text().splitlines()
    wanted = dict(line.split("\t")[:2] for line in annotations)
    found = {
        example["file_name"].decode(): label.int2str(example["label"])
        for example in tfds.as_numpy(builder.as_dataset(split="validation"))
    }
    assert found == wanted


def test_images_are_the_files_and_grey_ones_have_three_channels(folder, prepare):
    gray = []
    for example in tfds.as_numpy(prepare().as_dataset(split="train")):
        file = example["file_name"].decode()
        path = folder / "train" / file.split("_")[0] / "images" / file
        wanted = tfds.features.Image(shape=(64, 64, 3)).decode_example(
            path.read_bytes()
        )
        np.testing.assert_array_equal(example["image"], wanted)
        if (example["image"] == example["image"][..., :1]).all():
            gray.append(file)
    assert gray == [f"{(folder / 'wnids.txt').read_text().split()[0]}_0.JPEG"]


def test_words_and_names_are_kept_with_the_data(folder, prepare, tmp_path):
    names = (folder / "wnids.txt").read_text().split()
    prepare()
    builder = tiny.Builder(data_dir=tmp_path)
    assert builder.info.metadata["words"] == {
        name: f"word {i}, other" for i, name in enumerate(names)
    }
    assert builder.info.features["label"].names == names
    assert "CS231n" in builder.info.description
    assert "le2015tiny" in builder.info.citation


def test_the_full_archive_is_what_is_expected_by_default():
    assert tiny.Builder.num_classes == 200
    assert tiny.Builder.num_classes * tiny.Builder.train_per_class == 100_000
    assert tiny.Builder.num_classes * tiny.Builder.validation_per_class == 10_000
    assert tiny.Builder.url_infos[tiny.URL].filename == "tiny-imagenet-200.zip"
    assert tiny.Builder.url_infos[tiny.URL].size == 248_100_043


def zipped(folder):
    archive = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
    return Path(archive)


def test_the_archive_instead_of_its_folder(folder, prepare, monkeypatch):
    archive = zipped(folder)
    info = compute_url_info(archive)
    monkeypatch.setattr(tiny.Builder, "url_infos", {tiny.URL: info})
    assert prepare().info.splits["train"].num_examples == 12


def test_another_archive(folder, prepare):
    zipped(folder)
    with pytest.raises(
        ValueError,
        match=r"(?s)must be the official one.*Expected: .*6198c8ae.*Got: .* Delete the "
        r"file that was got\. Download http",
    ):
        prepare()


def test_no_archive(tmp_path, prepare, monkeypatch):
    """A server that has it not; one that does not answer is tried for minutes."""
    server = http.server.HTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    port = server.server_address[1]
    monkeypatch.setattr(tiny, "URL", f"http://127.0.0.1:{port}/no/tiny.zip")
    try:
        with pytest.raises(
            FileNotFoundError,
            match=r"is in no `manual_dir` and could not be downloaded: .*HTTP code: 404"
            r".* Download http",
        ):
            prepare()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_missing_files(folder, prepare):
    (folder / "words.txt").unlink()
    shutil.rmtree(folder / "train")
    with pytest.raises(
        FileNotFoundError,
        match=r"must have wnids\.txt, .*\. Missing: words\.txt, train\. Download http",
    ):
        prepare()


def test_a_missing_training_image(folder, prepare):
    victim = next((folder / "train").glob("*/images/*.JPEG"))
    victim.unlink()
    name = victim.name.split("_")[0]
    with pytest.raises(
        ValueError,
        match=rf"train must have 4 images of each class .* for 1 classes, among them "
        rf"{{'{name}': 3}}\. Download",
    ):
        prepare()


def test_a_missing_validation_image(folder, prepare):
    (folder / "val" / "images" / "val_3.JPEG").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"Missing: 1, among them val_3\.JPEG\. Download"
    ):
        prepare()


def test_a_class_that_is_not_listed(folder, prepare):
    (folder / "train" / "n00000100").rename(folder / "train" / "n00000555")
    with pytest.raises(ValueError, match=r"train must have 4 .*'n00000555': 4"):
        prepare()


def test_too_few_classes(folder, prepare):
    (folder / "wnids.txt").write_text("n00000100\nn00000099\n")
    with pytest.raises(
        ValueError, match=r"wnids\.txt must name 3 classes\. Found: 2\. Download"
    ):
        prepare()


def test_nothing_is_left_of_a_failed_preparation(folder, prepare, tmp_path):
    """The next attempt begins anew."""
    moved = (folder / "words.txt").rename(tmp_path / "words.txt")
    with pytest.raises(FileNotFoundError):
        prepare()
    moved.rename(folder / "words.txt")
    assert prepare().info.splits["validation"].num_examples == 6
