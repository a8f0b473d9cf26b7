"""One image of a character, a function of numbers alone."""

import functools
import math
from typing import NamedTuple

import numpy as np

from recipes.glyphs.faces import FACES, mask

#: Points of a pixel's side at which the scene is computed.
FINE = 2
#: Standard deviation of the blur that every image has, in pixels.
LEAST_BLUR = 0.3
#: Half waves of the elastic distortion, across and down.
WAVES = 3
#: Ends of the range of a line's length and width, as shares of the image.
LENGTHS, WIDTHS = (0.4, 1.0), (0.04, 0.08)


class Difficulty(NamedTuple):
    """How much is done to a character. Lengths are shares of the image's side.

    Args:
        longest, shortest: The range of the longer side of the character.
        rotation: Largest angle, in degrees.
        shear: Largest slant: the tangent of its angle.
        shift: Largest displacement, across and down.
        warp: Elastic distortion: root mean square of the displacement, in each
            direction, of a smooth random field.
        lines: Number of straight lines across it, as bright as it.
        contrast: Least difference of the brightness of ink and ground; 1: white on
            black.
        shade: Largest difference of the light between the middle and an edge.
        blur: Largest standard deviation of the blur.
        noise: Standard deviation of the noise of every pixel.
    """

    shortest: float = 0.85
    longest: float = 0.85
    rotation: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    warp: float = 0.0
    lines: int = 0
    contrast: float = 1.0
    shade: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


#: By name; `clean` leaves the face as the one thing that varies.
DIFFICULTIES = {
    "clean": Difficulty(),
    "easy": Difficulty(
        shortest=0.75,
        longest=0.85,
        rotation=8,
        shear=0.1,
        shift=0.04,
        warp=0.01,
        contrast=0.7,
        shade=0.05,
        blur=0.02,
        noise=0.05,
    ),
    "medium": Difficulty(
        shortest=0.65,
        longest=0.9,
        rotation=12,
        shear=0.2,
        shift=0.08,
        warp=0.02,
        lines=1,
        contrast=0.5,
        shade=0.1,
        blur=0.03,
        noise=0.12,
    ),
    "hard": Difficulty(
        shortest=0.6,
        longest=0.9,
        rotation=15,
        shear=0.25,
        shift=0.1,
        warp=0.025,
        lines=2,
        contrast=0.5,
        shade=0.15,
        blur=0.04,
        noise=0.15,
    ),
}


def draw(character: str, size: int, difficulty: Difficulty, *seeds: int) -> np.ndarray:
    """An image of a character, in a face drawn at random.

    Everything is computed in float64, and its bytes follow from the arguments.

    Args:
        character: One that all faces have.
        size: Pixels of a side.
        difficulty: What is done to it.
        seeds: The same ones give the same image.

    Returns:
        `(size, size, 1)` uint8.

    Example:
        >>> image = draw("A", 16, DIFFICULTIES["easy"], 0)
        >>> image.shape, image.dtype, bool(image.max() > 127)
        ((16, 16, 1), dtype('uint8'), True)
    """
    rng = np.random.default_rng((*seeds, ord(character)))
    face = FACES[rng.integers(len(FACES))]
    across, down = _places(size, difficulty, rng)
    scene = _sampled(mask(face, character, FINE * size), across, down)
    for _ in range(difficulty.lines):
        scene = np.maximum(scene, _line(size, rng))
    image = _lit(_seen(scene, size, difficulty, rng), difficulty, rng)
    image += difficulty.noise * rng.standard_normal(image.shape)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None]


def _places(
    size: int, difficulty: Difficulty, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where in the character every fine point of an image lies, across and down.

    Returns:
        Two arrays `(fine, fine)`: the box of the character is -1/2 to 1/2.
    """
    turn, slant, right, below = rng.uniform(-1, 1, 4).tolist()
    scale = 1 / rng.uniform(difficulty.shortest, difficulty.longest)
    angle = math.radians(difficulty.rotation * turn)
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    slant *= difficulty.shear
    grid = _grid(size)
    x, y = grid - difficulty.shift * right, (grid - difficulty.shift * below)[:, None]
    if difficulty.warp:
        waves = _waves(size)
        # Every wave has a mean square of 1/4.
        fields = rng.standard_normal((2, WAVES, WAVES)) * difficulty.warp * 2 / WAVES
        to_right, to_below = waves @ fields @ waves.T
        x, y = x + to_right, y + to_below
    across = cosine * x + sine * y
    down = cosine * y - sine * x
    return across + slant * down, down


def _sampled(shape: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """A mask between its cells, bilinear, and 0 outside."""
    stride = len(shape)
    side = stride - 3
    # Cell 0 is empty: the box begins half a cell before the middle of cell 1.
    x = np.clip((across + 0.5) * side + 0.5, 0, side + 1)
    y = np.clip((down + 0.5) * side + 0.5, 0, side + 1)
    column, row = x.astype(np.intp), y.astype(np.intp)
    x -= column
    y -= row
    cells, first = shape.ravel(), row * stride + column
    above, above_right = cells[first], cells[first + 1]
    first += stride
    below, below_right = cells[first], cells[first + 1]
    above += x * (above_right - above)
    below += x * (below_right - below)
    return above + y * (below - above)


def _line(size: int, rng: np.random.Generator) -> np.ndarray:
    """A line in a random place: how much of every fine point is ink."""
    x0, y0 = rng.uniform(-0.5, 0.5, 2).tolist()
    angle, length, width = rng.uniform(
        (0, LENGTHS[0], WIDTHS[0]), (2 * math.pi, LENGTHS[1], WIDTHS[1])
    ).tolist()
    cosine, sine = math.cos(angle), math.sin(angle)
    grid = _grid(size)
    x, y = grid - x0, (grid - y0)[:, None]
    beside = cosine * y - sine * x
    along = cosine * x + sine * y
    beyond = along - np.clip(along, 0, length)
    distance = np.sqrt(beside * beside + beyond * beyond)
    return np.clip((width / 2 - distance) * FINE * size + 0.5, 0, 1)


def _seen(
    scene: np.ndarray, size: int, difficulty: Difficulty, rng: np.random.Generator
) -> np.ndarray:
    """What pixels see of a scene, blurred: `(size, size)`."""
    pixels = scene.reshape(size, FINE, size, FINE).mean((1, 3))
    width = math.hypot(LEAST_BLUR, difficulty.blur * size * rng.random())
    window = np.exp(_squared_distances(size) * (-0.5 / width**2))
    window /= window.sum(axis=1, keepdims=True)
    # Matrices of at most 64x64, which OpenBLAS multiplies in one thread: several are
    # twenty times as slow where all cores are in use.
    return window @ pixels @ window.T


def _lit(
    ink: np.ndarray, difficulty: Difficulty, rng: np.random.Generator
) -> np.ndarray:
    """Shares of ink as brightness, in light from one side."""
    contrast = rng.uniform(difficulty.contrast, 1)
    ground = rng.uniform(0, 1 - contrast)
    right, below = (2 * difficulty.shade * rng.uniform(-1, 1, 2)).tolist()
    middles = (np.arange(len(ink)) + 0.5) / len(ink) - 0.5
    return ground + contrast * ink + (right * middles + (below * middles)[:, None])


@functools.cache
def _grid(size: int) -> np.ndarray:
    """Fine points along an image, from -1/2 to 1/2."""
    return (np.arange(FINE * size) + 0.5) / (FINE * size) - 0.5


@functools.cache
def _waves(size: int) -> np.ndarray:
    """Cosines along an image: `(fine, WAVES)`."""
    return np.cos(math.pi * np.outer(_grid(size) + 0.5, np.arange(1, WAVES + 1)))


@functools.cache
def _squared_distances(size: int) -> np.ndarray:
    """Between the pixels of a row: `(size, size)`."""
    places = np.arange(size)
    return (places[:, None] - places) ** 2
