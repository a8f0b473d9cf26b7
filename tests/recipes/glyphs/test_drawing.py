"""One image of a character."""

import hashlib

import numpy as np
import pytest

from recipes.glyphs import drawing
from recipes.glyphs.drawing import DIFFICULTIES, Difficulty, draw
from recipes.glyphs.faces import CHARACTERS

CLEAN = Difficulty()
#: SHA-256 of images of version 1.0.0 of the data set: with every version of NumPy,
#: matplotlib and fontTools they are the same, or there is a new version.
DIGESTS = {
    "clean": "70c47bc9b7791db3482825916578f5817e6051fedfe0bcddce8755fcc1d8fdac",
    "easy": "f9531d9ffb284280f1e995e08763b4fa3bf70187564bcea166335c6ce6595f5e",
    "medium": "fefd3b7eb6748e75d6d2285b72430fd8a507dfb2d2f137b796c00052cd39c66b",
    "hard": "054328af7bf49e055fd6e401a34cedc71a4d1bf1c8fe0c6d155451f0c4ed061a",
}


def many(difficulty, character="R", size=16, count=60):
    """`(count, size, size)` in [0, 1]."""
    images = [draw(character, size, difficulty, 5, i) for i in range(count)]
    return np.array(images)[..., 0] / 255


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_the_bytes_of_this_version(name):
    digest = hashlib.sha256()
    for size in (16, 33):
        for i, character in enumerate(CHARACTERS[:40]):
            digest.update(draw(character, size, DIFFICULTIES[name], 0, i).tobytes())
    assert digest.hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("size", [16, 33, 64])
@pytest.mark.parametrize("difficulty", DIFFICULTIES.values(), ids=DIFFICULTIES)
def test_no_image_is_empty_and_all_are_bytes(difficulty, size):
    for character in CHARACTERS[::20]:
        image = draw(character, size, difficulty, 0)
        assert image.shape == (size, size, 1) and image.dtype == np.uint8
        assert image.std() > 10


def test_the_seeds_and_the_character_decide_the_image():
    hard = DIFFICULTIES["hard"]
    first = draw("R", 16, hard, 1, 2, 3)
    np.testing.assert_array_equal(first, draw("R", 16, hard, 1, 2, 3))
    others = [("P", 1, 2, 3), ("R", 0, 2, 3), ("R", 1, 0, 3), ("R", 1, 2, 2**40)]
    images = {draw(c, 16, hard, *seeds).tobytes() for c, *seeds in others}
    assert len(images) == 4 and first.tobytes() not in images


def test_a_clean_character_is_in_the_middle_and_as_large_as_it_is_said():
    for size in (16, 64):
        for length in (0.5, 0.85):
            difficulty = Difficulty(shortest=length, longest=length)
            for image in many(difficulty, "H", size, 20):
                rows, columns = np.nonzero(image > 0.3)
                spans = [np.ptp(rows) + 1, np.ptp(columns) + 1]
                assert abs(max(spans) - length * size) <= 2
                for places in (rows, columns):
                    assert abs((places.min() + places.max() + 1) / 2 - size / 2) <= 1


def test_the_character_is_upright_and_not_mirrored():
    """An L has its foot below, to the right."""
    for image in many(CLEAN, "L", 32, 16):
        upper, lower = image[:16].sum(), image[16:].sum()
        assert lower > upper
        assert image[24:, 16:].sum() > 2 * image[:8, 16:].sum()


@pytest.mark.parametrize(
    ("amount", "low", "high"),
    [
        ("noise", 0.05, 0.2),
        ("lines", 1, 3),
        ("shade", 0.1, 0.3),
        ("blur", 0.05, 0.2),
        ("warp", 0.01, 0.04),
        ("shift", 0.03, 0.12),
        ("rotation", 5, 30),
        ("shear", 0.1, 0.5),
        ("shortest", 0.8, 0.6),
        ("contrast", 0.9, 0.3),
    ],
)
def test_more_of_a_disturbance_changes_more(amount, low, high):
    """From the image of the same seed without it."""
    plain = many(CLEAN)
    changes = [
        np.abs(many(CLEAN._replace(**{amount: value})) - plain).mean()
        for value in (low, high)
    ]
    assert 0 < 1.3 * changes[0] < changes[1]


def test_the_noise_has_its_standard_deviation():
    gray = CLEAN._replace(contrast=0.5, longest=0.5, shortest=0.5)
    noise = many(gray._replace(noise=0.1)) - many(gray)
    inner = (many(gray) > 0.35) & (many(gray) < 0.65)
    assert noise[inner].std() == pytest.approx(0.1, rel=0.05)


def test_contrast_is_never_less():
    for contrast in (0.4, 0.9):
        images = many(CLEAN._replace(contrast=contrast), "M", 64)
        spans = np.ptp(images.reshape(len(images), -1), axis=1)
        assert contrast - 0.1 < spans.min() < contrast + 0.1
        assert images.max() <= 1


def test_the_elastic_distortion_has_its_size():
    lengths = []
    for seed in range(400):
        flat, bent = (
            drawing._places(
                16, Difficulty(1, 1, warp=warp), np.random.default_rng(seed)
            )
            for warp in (0.0, 0.03)
        )
        lengths.append([((a - b) ** 2).mean() for a, b in zip(flat, bent, strict=True)])
    np.testing.assert_allclose(np.mean(lengths, axis=0) ** 0.5, 0.03, rtol=0.06)


def test_a_turned_character_turns_by_no_more_than_the_angle():
    """An I's longer axis, in a face whose I is upright."""
    angles = []
    for image in many(CLEAN._replace(rotation=20), "I", 64, 100):
        y, x = np.nonzero(image > 0.5)
        axis = np.linalg.eigh(np.cov(x, y))[1][:, -1]
        angles.append(np.degrees(np.arctan(axis[0] / axis[1])))
    # Slanted faces lean by 15 degrees, to the right.
    assert -38 < min(angles) < -22 and 15 < max(angles) < 23


def test_lines_lie_where_the_character_is_not():
    spread = many(CLEAN._replace(lines=2), "I", 32) - many(CLEAN, "I", 32)
    assert spread.min() >= 0
    corners = spread[:, :6, :6].max((1, 2)), spread[:, -6:, -6:].max((1, 2))
    assert all(corner.max() > 0.9 for corner in corners)


def nearest_centroid(images, labels, tested, truth):
    centroids = np.array([images[labels == c].mean(0) for c in range(labels.max() + 1)])
    distances = ((tested[:, None] - centroids) ** 2).sum((2, 3))
    return (distances.argmin(1) == truth).mean()


def test_the_label_is_the_character():
    characters = CHARACTERS[:20]
    labels, truth = np.repeat(np.arange(20), 20), np.repeat(np.arange(20), 10)
    accuracies = {}
    for name in ("easy", "medium", "hard"):
        difficulty = DIFFICULTIES[name]
        train, test = (
            np.array([draw(characters[c], 16, difficulty, part, i) for i, c in pairs])
            for part, pairs in enumerate((enumerate(labels), enumerate(truth)))
        )
        train, test = train[..., 0] / 255, test[..., 0] / 255
        accuracies[name] = nearest_centroid(train, labels, test, truth)
        shuffled = np.random.default_rng(0).permutation(labels)
        assert nearest_centroid(train, shuffled, test, truth) < 0.15
    assert accuracies["easy"] > 0.7
    assert accuracies["easy"] > accuracies["medium"] > accuracies["hard"] > 0.15
