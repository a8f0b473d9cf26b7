"""The characters of the font files that matplotlib ships, and their shapes.

Outlines are read as the files have them, so that no version of FreeType, Pillow or
matplotlib has a part in what is drawn.
"""

import functools
import hashlib
import io
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

#: The text faces among matplotlib's files; the others hold symbols, or few letters.
FACES = (
    *(
        f"{family}{style}"
        for family in ("DejaVuSans", "DejaVuSansMono")
        for style in ("", "-Bold", "-Oblique", "-BoldOblique")
    ),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
)
#: Two characters that overlap by more, stretched to one square, are one class.
ALIKE = 0.7
#: Points of a square's side, for that, and lines that take the place of a curve.
SIDE, PIECES = 32, 8
#: Points of a side of every cell of a mask.
POINTS = 4

_FILE = Path(__file__).with_name("characters.txt")
#: One of each class, in an order by which the first N are a fair sample of them all:
#: `distinct(shared())`, kept in a file since that takes seconds.
CHARACTERS = _FILE.read_text(encoding="utf-8").strip()


def name(character: str) -> str:
    """What Unicode calls it.

    Example:
        >>> name("Z")
        'LATIN CAPITAL LETTER Z'
    """
    return unicodedata.name(character)


def shared() -> str:
    """Letters with an upper or lower case, and digits, of all faces.

    Example:
        >>> characters = shared()
        >>> len(characters), characters[:12]
        (561, '0123456789AB')
    """
    every = set.intersection(*(set(_font(face).getBestCmap()) for face in FACES))
    kinds = ("Lu", "Ll", "Nd")
    return "".join(
        c for c in map(chr, sorted(every)) if unicodedata.category(c) in kinds
    )


def distinct(characters: Iterable[str], alike: float = ALIKE) -> str:
    """Those that do not look like an earlier one, in a fixed order without a pattern.

    Two look alike if their outlines, each stretched to one square, have more than
    `alike` of their union in common, on average over the faces. So A is one class
    in three scripts, and so are c and C, which their size alone tells apart.

    Example:
        >>> sorted(distinct("ABab\N{GREEK CAPITAL LETTER ALPHA}Cc"))
        ['A', 'B', 'C', 'a', 'b']
    """
    characters = list(characters)
    overlap = np.zeros((len(characters), len(characters)))
    for face in FACES:
        shapes = np.array([_stretched(face, c).ravel() for c in characters], float)
        common, area = shapes @ shapes.T, shapes.sum(1)
        overlap += common / (area[:, None] + area - common) / len(FACES)
    kept: list[int] = []
    for i in range(len(characters)):
        if not (overlap[i, kept] > alike).any():
            kept.append(i)
    return "".join(sorted((characters[i] for i in kept), key=_digest))


@functools.lru_cache(maxsize=4 * len(FACES))
def mask(face: str, character: str, side: int) -> np.ndarray:
    """How much of every cell is ink; the character's longer side is `side` cells.

    Returns:
        `(side + 3, side + 3)` float64 in [0, 1]: the first row and column and the last
        two are empty.

    Example:
        >>> mask("DejaVuSans", "l", 4).sum(0) > 0
        array([False, False,  True,  True, False, False, False])
    """
    outline = _outline(face, character)
    low, high = _box(outline)
    scale = side / (high - low).max()
    middle = (low + high) / 2
    inside = _inside(
        [((part - middle) * scale + side / 2) * POINTS for part in outline],
        side * POINTS,
    )
    cells = inside.reshape(side, POINTS, side, POINTS).mean((1, 3))
    return np.pad(cells, (1, 2))


def _stretched(face: str, character: str) -> np.ndarray:
    """Which points of a square the character covers that fills it."""
    outline = _outline(face, character)
    low, high = _box(outline)
    return _inside([(part - low) / (high - low) * SIDE for part in outline], SIDE)


def _inside(outline: list[np.ndarray], side: int) -> np.ndarray:
    """Which centers of `(side, side)` cells an outline winds around: rows, columns."""
    start = np.concatenate(outline)
    end = np.concatenate([np.roll(part, -1, axis=0) for part in outline])
    rows = np.arange(side) + 0.5
    crossed = (start[:, 1] <= rows[:, None]) != (end[:, 1] <= rows[:, None])
    row, edge = np.nonzero(crossed)
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    x = x0 + (rows[row] - y0) * (x1 - x0) / (y1 - y0)
    # Every center to the right of a crossing is wound around once more, or less.
    column = np.clip(np.ceil(x - 0.5), 0, side).astype(int)
    turns = np.zeros((side, side + 1), int)
    np.add.at(turns, (row, column), np.where(y1 > y0, 1, -1))
    return turns.cumsum(axis=1)[:, :side] != 0


@functools.cache
def _font(face: str) -> Any:
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
    return TTFont(io.BytesIO(path.read_bytes()))


def _outline(face: str, character: str) -> list[np.ndarray]:
    """Closed polygons, `(points, 2)` each, in the font's units, y downward."""
    font = _font(face)
    glyphs = font.getGlyphSet()
    pen = _Polygons(glyphs)
    glyphs[font.getBestCmap()[ord(character)]].draw(pen)
    return [np.array(part, float) * (1, -1) for part in pen.parts]


def _box(outline: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(outline)
    return points.min(axis=0), points.max(axis=0)


def _digest(character: str) -> bytes:
    return hashlib.sha256(character.encode()).digest()


class _Polygons(BasePen):
    """Gathers an outline, its curves as short lines."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.parts: list[list[tuple[float, float]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self.parts.append([pt])

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self.parts[-1].append(pt)

    def _qCurveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float]) -> None:
        (x0, y0), (x1, y1), (x2, y2) = self.parts[-1][-1], pt1, pt2
        for piece in range(1, PIECES + 1):
            t = piece / PIECES
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            self.parts[-1].append((a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2))
