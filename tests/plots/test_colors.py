"""The colors of all figures can be seen on white, and told apart by all."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from keras_selectivity.plots import colors

# Machado, Oliveira and Fernandes (2009), severity 1: what is seen of linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# The least difference that can be seen, of patches side by side (CIE 1976).
VISIBLE = 2.3
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(color, seen):
    """CIELAB of what is seen of a color."""
    x = XYZ @ np.clip(seen @ linear(color), 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(seen):
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize(
    "found",
    [
        colors.CATEGORIES,
        [colors.GRAY],
        colors.categories(20),
        colors.sequence(256),
        colors.by_sign(np.linspace(-5, 5, 41)).values(),
        [colors.sequential_map()(value) for value in np.linspace(0, 1, 1000)],
    ],
)
def test_every_color_has_three_to_one_against_white(found):
    for color in found:
        luminance = linear(color) @ [0.2126, 0.7152, 0.0722]
        expected = (1 + 0.05) / (luminance + 0.05)
        assert colors.contrast(color) == pytest.approx(expected)
        assert expected >= 3 == colors.CONTRAST


def test_viridis_would_not():
    from matplotlib import colormaps

    assert colors.contrast(colormaps["viridis"](1.0)) < 1.5


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_categories_are_told_apart(blindness):
    seen = [lab(color, np.array(BLINDNESS[blindness])) for color in colors.CATEGORIES]
    assert nearest(seen) > 6 * VISIBLE


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_a_sequence_is_told_apart_and_grows_lighter(blindness):
    matrix = np.array(BLINDNESS[blindness])
    seen = np.array([lab(color, matrix) for color in colors.sequence(8)])
    assert (np.diff(seen[:, 0]) > VISIBLE).all()
    assert nearest(seen) > 2 * VISIBLE


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_signs_are_told_apart(blindness):
    matrix = np.array(BLINDNESS[blindness])
    for magnitudes, least in (([1, 2], 6), ([0.4, 1, 2, 5, 30], 3)):
        alphas = [0, *magnitudes, *(-alpha for alpha in magnitudes)]
        seen = [lab(color, matrix) for color in colors.by_sign(alphas).values()]
        assert nearest(seen) > least * VISIBLE


def test_how_many():
    assert colors.categories(0) == colors.sequence(0) == []
    assert colors.categories(5) == list(colors.CATEGORIES)
    assert len({tuple(color) for color in colors.categories(6)}) == 6
    assert list(colors.by_sign([2, -3, 2, -1])) == [-3, -1, 2]
    for name in ("categories", "sequence"):
        with pytest.raises(ValueError, match="`count` must be an integer of at least"):
            getattr(colors, name)(-1)
    darker, lighter = (colors.by_sign([1, 5])[alpha] for alpha in (5, 1))
    assert colors.contrast(darker) > colors.contrast(lighter)


def test_what_is_missing_is_no_color_of_the_map():
    cmap = colors.sequential_map()
    gray = cmap(np.ma.masked_invalid([np.nan]))[0]
    np.testing.assert_allclose(gray[:3], 0.85)
    every = cmap(np.linspace(0, 1, 256))[:, :3]
    assert np.abs(every - 0.85).max(axis=1).min() > 0.3
