"""What the figures of perturbed accuracy share: curves by label, pooled, as bands."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from keras_selectivity.checks import received
from keras_selectivity.perturbation import AblationCurve, NoiseCurve

Curve = TypeVar("Curve", AblationCurve, NoiseCurve)


def by_label(
    curves: Curve | Mapping[str, Curve | Sequence[Curve]], kind: type[Curve], maker: str
) -> dict[str, list[Curve]]:
    """The curves of each label; a single curve has the label "".

    Raises:
        TypeError: If they are not curves of this kind.
        ValueError: If there are none, or not all are of the same top-k accuracy.
    """
    given: Any = {"": curves} if isinstance(curves, kind) else curves
    expected = (
        f"`curves` must be what `{maker}` returned, or a mapping of label to one or to "
        "a list of them."
    )
    if not isinstance(given, Mapping):
        raise TypeError(f"{expected} {received('curves', curves)}")
    groups: dict[str, list[Curve]] = {}
    for key, group in given.items():
        label = str(key)  # A number makes a label too, 0 included.
        groups[label] = [group] if isinstance(group, kind) else group
        if not isinstance(groups[label], (list, tuple)) or not all(
            isinstance(curve, kind) for curve in groups[label]
        ):
            raise TypeError(f"{expected} {received(f'curves[{label!r}]', group)}")
    if not groups or not all(groups.values()):
        raise ValueError(
            "`curves` must hold at least one curve, and no empty list. "
            f"{received('curves', curves)}"
        )
    found = sorted({curve.top_k for group in groups.values() for curve in group})
    if len(found) > 1:
        raise ValueError(
            f"`curves` must be of the same top-k accuracy. Received: top_k of {found}."
        )
    return groups


def shared(label: str, values: Sequence[np.ndarray], what: str) -> np.ndarray:
    """What the curves of one label have along x; a ValueError where they differ."""
    for other in values:
        if not np.array_equal(other, values[0]):
            raise ValueError(
                f"`curves` of one label must have the same {what}. Received: for "
                f"{label!r}, {values[0].tolist()} and {other.tolist()}."
            )
    return values[0]


def accuracy_label(top_k: int, prefix: str = "") -> str:
    """Name of the accuracy as an axis shows it."""
    return f"{prefix}{'' if top_k == 1 else f'top-{top_k} '}accuracy (%)"


def colors(count: int) -> list[Any]:
    """A color for each line; of a scale, where they would repeat."""
    if count <= 10:
        return [f"C{index}" for index in range(count)]
    from matplotlib import colormaps

    return list(colormaps["viridis"](np.linspace(0, 0.95, count)))


def figure_size(names: Sequence[str]) -> tuple[float, float]:
    """Inches that a figure with these names in the legend beside it needs."""
    longest = max(map(len, names))
    return 5.5 + (min(0.5 + 0.08 * longest, 6.5) if longest else 0), 4


def draw_band(axes: Any, x: np.ndarray, accuracy: np.ndarray, **style: Any) -> None:
    """Draw the mean of `(repeats, points)`, in percent, in a band of one deviation.

    A single repeat has no band.
    """
    mean, std = 100 * accuracy.mean(axis=0), 100 * accuracy.std(axis=0)
    (line,) = axes.plot(x, mean, "o-", markersize=4, linewidth=1.2, **style)
    if len(accuracy) > 1:
        axes.fill_between(
            x, mean - std, mean + std, color=line.get_color(), alpha=0.2, linewidth=0
        )


def finish(axes: Any) -> None:
    """Take off the frame, and put the legend, if there is one, beside the axes."""
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        # Not inside: curves go from one corner to the other, or stay at the top.
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
