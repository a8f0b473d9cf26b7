"""Archives of data sets, small, of images made here."""

import numpy as np
import tensorflow as tf

from recipes.data.tiny_imagenet.tiny_imagenet_dataset_builder import FOLDER


def write_tiny_imagenet(parent, classes=3, train=4, validation=2):
    """The archive's folder, with one gray image, and the test images unlabeled."""
    folder = parent / FOLDER
    rng = np.random.default_rng(2)
    names = [f"n{100 - i:08d}" for i in range(classes)]

    def write(path, channels=3):
        path.parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 256, (64, 64, channels), np.uint8)
        path.write_bytes(tf.io.encode_jpeg(image).numpy())

    lines = []
    for i, name in enumerate(names):
        for k in range(train):
            channels = 1 if i == k == 0 else 3
            write(folder / "train" / name / "images" / f"{name}_{k}.JPEG", channels)
        for k in range(validation):
            file = f"val_{i * validation + k}.JPEG"
            write(folder / "val" / "images" / file)
            lines.append(f"{file}\t{name}\t0\t32\t44\t62\n")
    write(folder / "test" / "images" / "test_0.JPEG")
    (folder / "val" / "val_annotations.txt").write_text("".join(lines))
    (folder / "wnids.txt").write_text("".join(f"{name}\n" for name in names))
    words = [f"{name}\tword {i}, other\n" for i, name in enumerate(names)]
    (folder / "words.txt").write_text("n00000001\tentity\n" + "".join(words))
    return folder
