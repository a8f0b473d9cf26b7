"""Colors that survive white paper and color blindness, chosen once for all figures.

Lines and points have a contrast of at least 3:1 against white, which WCAG 2.1 asks of
graphics. Few categories have those colors of Okabe and Ito that reach it, and what has
an order has the dark part of a perceptually uniform map: its lightness alone tells the
colors apart.
"""

from collections.abc import Collection
from typing import TypeAlias

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb

from keras_selectivity.checks import checked_integer

Color: TypeAlias = str | tuple[float, float, float, float]

#: The least contrast of a line or a point against white.
CONTRAST = 3.0
#: Blue, vermillion, bluish green, reddish purple, black: Okabe and Ito's orange, sky
#: blue and yellow are too light for lines.
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
#: What stands back: lines that guide the eye, points beside those that matter.
GRAY = "0.5"
#: What is missing in a map of colors, which holds no such gray.
MISSING = "0.85"

# Of the perceptually uniform maps the one whose dark part tells most colors apart, for
# those too who see no red, green or blue.
_SEQUENTIAL = "magma"
_BELOW, _ABOVE = "YlGnBu", "OrRd"


def contrast(color: Color) -> float:
    """Contrast of a color against white, from 1 for white to 21 for black.

    Args:
        color: As matplotlib takes it; transparency is left out.

    Returns:
        `1.05 / (luminance + 0.05)`.

    Example:
        >>> [round(contrast(color), 2) for color in ("white", "black", "#0072B2")]
        [1.0, 21.0, 5.19]

    Reference:
        Web Content Accessibility Guidelines 2.1, "relative luminance" and "contrast
        ratio"; success criterion 1.4.11 asks for 3:1.
    """
    channels = np.array(to_rgb(color))
    low = channels / 12.92
    linear = np.where(channels <= 0.04045, low, ((channels + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


def categories(count: int) -> list[Color]:
    """A color for each of some lines: of categories, or of a sequence if many.

    Args:
        count: Number of colors.

    Returns:
        The first of `CATEGORIES`; of more than there are, `sequence`.

    Raises:
        TypeError: If `count` is no integer.
        ValueError: If it is negative.

    Example:
        >>> categories(2)
        ['#0072B2', '#D55E00']
        >>> len(set(categories(20)))
        20

    Reference:
        Okabe and Ito (2008), "Color universal design".
    """
    count = checked_integer("count", count, least=0)
    few = count <= len(CATEGORIES)
    return list(CATEGORIES[:count]) if few else sequence(count)


def sequence(count: int) -> list[Color]:
    """Colors of what has an order, such as layers by depth: the first ones dark.

    Args:
        count: Number of colors.

    Returns:
        RGBA, evenly along `sequential_map`.

    Raises:
        TypeError: If `count` is no integer.
        ValueError: If it is negative.

    Example:
        >>> first, last = sequence(2)
        >>> contrast(first) > contrast(last) >= CONTRAST
        True
    """
    return _spread(sequential_map(), checked_integer("count", count, least=0))


def sequential_map() -> Colormap:
    """The map of `sequence`: the part of magma that is dark enough.

    Returns:
        A map of 256 colors; what is not a number is of color `MISSING`.

    Example:
        >>> contrast(sequential_map()(1.0)) >= CONTRAST
        True
    """
    return _dark(_SEQUENTIAL).with_extremes(bad=MISSING)


def by_sign(values: Collection[float]) -> dict[float, Color]:
    """Colors of values around 0: blue below, red above, darker further out.

    Args:
        values: As the alphas of a sweep.

    Returns:
        Mapping of each value to its color, from the lowest value; 0 is dark gray.

    Example:
        >>> list(by_sign([1, -5, 0, -1]))
        [-5, -1, 0.0, 1]
    """
    found: dict[float, Color] = {0.0: (0.2, 0.2, 0.2, 1.0)} if 0 in values else {}
    for sign, name in ((-1, _BELOW), (1, _ABOVE)):
        some = sorted({value for value in values if value * sign > 0}, key=abs)
        found.update(zip(some, _spread(_dark(name), len(some)), strict=True))
    return dict(sorted(found.items()))


def _dark(name: str) -> Colormap:
    """The colors of a map that have the contrast, spread over a map."""
    every = colormaps[name](np.linspace(0, 1, 256))
    kept = [color for color in every if contrast(color) >= CONTRAST]
    return LinearSegmentedColormap.from_list(f"dark {name}", kept)


def _spread(colors: Colormap, count: int) -> list[Color]:
    return [(r, g, b, a) for r, g, b, a in colors(np.linspace(0, 1, count)).tolist()]
