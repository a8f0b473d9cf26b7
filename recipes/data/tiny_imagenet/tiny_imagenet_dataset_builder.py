"""Tiny ImageNet, written for TensorFlow Datasets from its official archive."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
FOLDER = "tiny-imagenet-200"
ADVICE = (
    f"Download {URL} and put it as it is, or its folder `{FOLDER}`, into `manual_dir`, "
    "which is `<data_dir>/downloads/manual` unless a `tfds.download.DownloadConfig` "
    "names another."
)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Tiny ImageNet: 200 classes of ImageNet, 64x64 pixels.

    Splits: `train`, 100,000 images, and `validation`, 10,000. The official test
    images have no labels and are left out. The archive is downloaded, unless it or
    its folder is in `manual_dir`.

    Raises:
        FileNotFoundError: By `download_and_prepare`, if the archive cannot be
            downloaded, or files are missing from the folder.
        ValueError: By `download_and_prepare`, if the archive is another one, or the
            folder holds other numbers of classes or images.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = ADVICE

    num_classes = 200
    train_per_class = 500
    validation_per_class = 50

    def _info(self) -> tfds.core.DatasetInfo:
        """Features and homepage; the names of the classes are in the archive."""
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(
                        shape=(64, 64, 3), encoding_format="jpeg"
                    ),
                    "label": tfds.features.ClassLabel(num_classes=self.num_classes),
                    "file_name": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="http://cs231n.stanford.edu/",
            license="ImageNet's terms of access: non-commercial research and education",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator]:
        folder = self._folder(dl_manager)
        _check_files(folder)
        train, validation = _training_images(folder), _validation_images(folder)
        self._check_numbers(folder, train, validation)
        names = _lines(folder / "wnids.txt")
        self.info.features["label"].names = names
        words = dict(line.split("\t", 1) for line in _lines(folder / "words.txt"))
        self.info.metadata["words"] = {name: words.get(name, "") for name in names}
        return {
            "train": self._generate_examples(train),
            "validation": self._generate_examples(validation),
        }

    def _generate_examples(
        self, images: dict[epath.Path, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, name in images.items():
            example = {"image": path, "label": name, "file_name": path.name}
            yield path.name, example

    def _folder(self, dl_manager: Any) -> epath.Path:
        try:
            folder = dl_manager.manual_dir / FOLDER
        except AssertionError:  # There is no such directory, or nothing in it.
            folder = None
        if folder is not None and folder.exists():
            return folder
        try:
            return dl_manager.download_and_extract(URL) / FOLDER
        except NonMatchingChecksumError as error:
            raise ValueError(
                f"The archive of Tiny ImageNet must be the official one. {error} "
                f"Delete the file that was got. {ADVICE}"
            ) from error
        except (OSError, tfds.download.DownloadError) as error:
            raise FileNotFoundError(
                f"Tiny ImageNet is in no `manual_dir` and could not be downloaded: "
                f"{error} {ADVICE}"
            ) from error

    def _check_numbers(
        self,
        folder: epath.Path,
        train: dict[epath.Path, str],
        validation: dict[epath.Path, str],
    ) -> None:
        names = _lines(folder / "wnids.txt")
        if len(set(names)) != self.num_classes:
            raise ValueError(
                f"{folder}/wnids.txt must name {self.num_classes} classes. Found: "
                f"{len(set(names))}. {ADVICE}"
            )
        for split, images, expected in (
            ("train", train, self.train_per_class),
            ("val", validation, self.validation_per_class),
        ):
            numbers = Counter(images.values())
            wrong = {
                name: numbers[name]
                for name in {*names, *numbers}
                if numbers[name] != (expected if name in names else 0)
            }
            if wrong:
                some = dict(sorted(wrong.items())[:3])
                raise ValueError(
                    f"{folder / split} must have {expected} images of each class in "
                    f"wnids.txt, and no others. Found another number for {len(wrong)} "
                    f"classes, among them {some}. {ADVICE}"
                )


def _check_files(folder: epath.Path) -> None:
    expected = (
        "wnids.txt",
        "words.txt",
        "train",
        "val/images",
        "val/val_annotations.txt",
    )
    missing = [name for name in expected if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{folder} must have {', '.join(expected)}. Missing: {', '.join(missing)}. "
            f"{ADVICE}"
        )


def _training_images(folder: epath.Path) -> dict[epath.Path, str]:
    """Names of the classes by file: `train/<class>/images/*.JPEG`."""
    return {
        path: directory.name
        for directory in sorted((folder / "train").iterdir())
        for path in sorted((directory / "images").glob("*.JPEG"))
    }


def _validation_images(folder: epath.Path) -> dict[epath.Path, str]:
    """Names of the classes by file, by `val/val_annotations.txt`."""
    images = folder / "val" / "images"
    lines = _lines(folder / "val" / "val_annotations.txt")
    named = {images / line.split("\t")[0]: line.split("\t")[1] for line in lines}
    missing = sorted(path.name for path in named.keys() - set(images.glob("*.JPEG")))
    if missing:
        raise FileNotFoundError(
            f"{images} must have every file that val_annotations.txt names. Missing: "
            f"{len(missing)}, among them {', '.join(missing[:3])}. {ADVICE}"
        )
    return named


def _lines(path: epath.Path) -> list[str]:
    return path.read_text().splitlines()
