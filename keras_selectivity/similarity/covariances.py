"""Covariances of two models' layers over the same samples, batch by batch.

CCA, SVCCA, PWCCA and linear CKA need nothing else of the activations, so that a
whole matrix of layers by layers takes one pass and stores no activation.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from keras_selectivity.checks import (
    checked_integer,
    checked_kind,
    checked_list,
    received,
)
from keras_selectivity.similarity.activations import as_activations

# A unit whose deviation is no more than this many roundings of its own mean is
# constant: what is left is the order in which a layer added its terms.
_ROUNDINGS = 4
# Samples that are made float64 at a time: large batches need no second copy.
_ROWS = 2048
# Sums of squares below this have lost digits to underflow, or all of them.
_SMALLEST = 1e-280


class Covariances(NamedTuple):
    """What the methods need to know of two sets of units over the same samples.

    Attributes:
        samples: Number of samples.
        mean_x: `(units_x,)` float64.
        mean_y: `(units_y,)` float64.
        xx: `(units_x, units_x)` float64: sums over samples of the products of
            deviations from the mean. The row and column of a constant unit are
            exactly zero.
        yy: `(units_y, units_y)`, the same.
        xy: `(units_x, units_y)`, the same.
        norms: `(2, 2)`, the same for `q = |x - mean_x|**2` and
            `r = |y - mean_y|**2`, which only the debiased CKA needs.

    Example:
        >>> found = covariances([[1.0], [2], [3], [4]], [[1.0], [3], [2], [4]])
        >>> found.samples, found.xx.tolist(), found.xy.tolist()
        (4, [[5.0]], [[4.0]])
    """

    samples: int
    mean_x: np.ndarray
    mean_y: np.ndarray
    xx: np.ndarray
    yy: np.ndarray
    xy: np.ndarray
    norms: np.ndarray


def covariances(x: Any, y: Any) -> Covariances:
    """Covariances of two arrays.

    Args:
        x: `(samples, units_x)`, real, finite, of any float or integer dtype;
            computed in float64.
        y: `(samples, units_y)`, the same samples in the same order.

    Returns:
        `Covariances`.

    Raises:
        TypeError: If an array does not hold real numbers.
        ValueError: If an array is not two-dimensional, holds NaN or infinity,
            or numbers whose squares leave float64; if the numbers of samples
            differ or are below two.

    Example:
        >>> covariances(np.eye(3), np.ones((3, 2))).yy.tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """
    stream = CovarianceStream()
    stream.update([x], [y])
    return stream.between()


def checked_covariances(found: Any) -> Covariances:
    """`found`, if they are covariances.

    Args:
        found: What a user passed.

    Returns:
        The same.

    Raises:
        TypeError: If they are something else.

    Example:
        >>> checked_covariances(covariances(np.eye(3), np.eye(3))).samples
        3
    """
    wanted = "what `covariances` or `CovarianceStream.between` returned"
    checked_kind("found", found, Covariances, wanted)
    return cast("Covariances", found)


class CovarianceStream:
    """Covariances of every layer of one model with every layer of another.

    Products are of deviations from the mean of the batch, merged by the means
    of the batches: a mean far above the deviation costs no digits. Everything
    is float64. Holds one matrix of all units of the first model by all units of
    the second, and one of units by units for each layer.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> stream = CovarianceStream()
        >>> for _ in range(3):
        ...     first, second = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
        ...     stream.update([first, second], [second])
        >>> stream.samples, stream.between(0, 0).xy.shape, stream.between(1, 0).xy.shape
        (15, (2, 3), (3, 3))

    Reference:
        Chan, Golub and LeVeque (1983) for the merging of two parts.
    """

    def __init__(self) -> None:
        self._layers_x: list[_Layer] = []
        self._layers_y: list[_Layer] = []
        self._moments: _Moments | None = None

    @property
    def samples(self) -> int:
        """Number of samples so far."""
        return self._moments.samples if self._moments else 0

    def update(self, x: Sequence[Any], y: Sequence[Any]) -> None:
        """Add a batch.

        Args:
            x: For each layer of the first model `(samples, units)`, as
                `covariances` takes it; the number of layers and of units stays
                the same. A batch without samples changes nothing.
            y: The same for the second model, on the same samples.

        Raises:
            TypeError: As for `covariances`.
            ValueError: As for `covariances`; or if layers or units are not those
                of the batches before. The stream is then as it was.
        """
        arrays_x, precisions_x = _checked("x", x)
        arrays_y, precisions_y = _checked("y", y)
        if len({len(array) for array in (*arrays_x, *arrays_y)}) > 1:
            raise ValueError(
                "`x` and `y` must hold the same samples. Received: x of shape "
                f"{_shapes(arrays_x)}, y of shape {_shapes(arrays_y)}."
            )
        layers_x = _known("x", self._layers_x, arrays_x, precisions_x)
        layers_y = _known("y", self._layers_y, arrays_y, precisions_y)
        found = None
        for start in range(0, len(arrays_x[0]), _ROWS):
            rows = slice(start, start + _ROWS)
            part = _moments(
                _deviations("x", layers_x, [array[rows] for array in arrays_x]),
                _deviations("y", layers_y, [array[rows] for array in arrays_y]),
            )
            found = _merged(found, part)
        if found:
            self._moments = _merged(self._moments, found)
            self._layers_x, self._layers_y = layers_x, layers_y

    def merge(self, other: "CovarianceStream") -> None:
        """Add the samples of another stream, of the same layers.

        Args:
            other: Stays as it is.

        Raises:
            TypeError: If it is no `CovarianceStream`.
            ValueError: If its layers or units are not the same.
        """
        checked_kind("other", other, CovarianceStream, "a `CovarianceStream`")
        if other._moments is None:
            return
        sides = (self._layers_x, other._layers_x), (self._layers_y, other._layers_y)
        if self._moments is not None:
            for name, (own, others) in zip("xy", sides, strict=True):
                _check_units(name, own, [len(layer.origin) for layer in others])
        moved = other._moments.counted_from(
            *(_shifts(own or others, others) for own, others in sides)
        )
        self._moments = _merged(self._moments, moved)
        self._layers_x, self._layers_y = (_coarser(*side) for side in sides)

    def between(self, x: int = 0, y: int = 0) -> Covariances:
        """Covariances of one layer of each model.

        Args:
            x: Index of a layer of the first model.
            y: Index of a layer of the second.

        Returns:
            `Covariances`.

        Raises:
            TypeError: If an index is no integer.
            ValueError: If there is no such layer, or with fewer than two samples.
        """
        if self._moments is None or self.samples < 2:
            raise ValueError(
                "`x` and `y` must hold at least two samples. "
                f"Received: {self.samples} samples."
            )
        for name, index, layers in (("x", x, self._layers_x), ("y", y, self._layers_y)):
            if checked_integer(name, index, least=0) >= len(layers):
                raise ValueError(
                    f"`{name}` must be the index of one of {len(layers)} layers. "
                    f"{received(name, index)}"
                )
        moments = self._moments
        layer_x, layer_y = self._layers_x[x], self._layers_y[y]
        within_x, within_y = moments.within_x[x], moments.within_y[y]
        cross = moments.cross[layer_x.columns, layer_y.columns]
        mean_x = moments.mean_x[layer_x.columns][:-1]
        mean_y = moments.mean_y[layer_y.columns][:-1]
        # From norms about the origin to norms about the mean.
        norm_x, norm_y = _norm_row(-mean_x), _norm_row(-mean_y)
        with np.errstate(over="ignore", invalid="ignore"):
            qq = norm_x @ within_x @ norm_x
            qr = norm_x @ cross @ norm_y
            rr = norm_y @ within_y @ norm_y
        mean_x, mean_y = layer_x.origin + mean_x, layer_y.origin + mean_y
        varies_x = layer_x.varies(self.samples, mean_x, within_x)
        varies_y = layer_y.varies(self.samples, mean_y, within_y)
        return Covariances(
            samples=self.samples,
            mean_x=mean_x,
            mean_y=mean_y,
            xx=np.where(np.outer(varies_x, varies_x), within_x[:-1, :-1], 0),
            yy=np.where(np.outer(varies_y, varies_y), within_y[:-1, :-1], 0),
            xy=np.where(np.outer(varies_x, varies_y), cross[:-1, :-1], 0),
            norms=np.array([[qq, qr], [qr, rr]]),
        )


class _Layer(NamedTuple):
    """Where a layer's units are counted from, and where they are kept.

    The origin is the mean of the first batch: near enough for norms counted from it
    to keep their digits. Behind its units a layer has a column for the squared norm
    of its activations: then the norms need no code of their own.
    """

    origin: np.ndarray  # (units,)
    precision: float  # spacing of floats next to 1, in the coarsest batch
    columns: slice

    def varies(self, samples: int, mean: np.ndarray, within: np.ndarray) -> np.ndarray:
        """`(units,)` bool: the units that are not constant."""
        deviation = np.sqrt(np.diagonal(within)[:-1] / samples)
        return deviation > _ROUNDINGS * self.precision * np.abs(mean)


class _Moments(NamedTuple):
    """Means, and sums of products of deviations from them, of all columns."""

    samples: int
    mean_x: np.ndarray
    mean_y: np.ndarray
    within_x: list[np.ndarray]
    within_y: list[np.ndarray]
    cross: np.ndarray

    def counted_from(
        self, shifts_x: list[np.ndarray], shifts_y: list[np.ndarray]
    ) -> "_Moments":
        """The same samples, counted from origins that lie `shift` lower."""
        cross = self.cross.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            _move_norms(cross, shifts_x)
            _move_norms(cross.T, shifts_y)
            return _Moments(
                self.samples,
                _moved_mean(self.mean_x, shifts_x),
                _moved_mean(self.mean_y, shifts_y),
                _moved_within(self.within_x, shifts_x),
                _moved_within(self.within_y, shifts_y),
                cross,
            )


def _norm_row(shift: np.ndarray) -> np.ndarray:
    """Weights of a layer's columns for the norm from an origin `shift` lower.

    `|a + shift|**2 = |a|**2 + 2 shift'a + |shift|**2`, of which the last is
    constant: it is part of the mean, and of no deviation.
    """
    return np.append(2 * shift, 1.0)


def _move_norms(products: np.ndarray, shifts: list[np.ndarray]) -> None:
    """Count the norms in the rows from origins that lie `shift` lower."""
    start = 0
    for shift in shifts:
        stop = start + len(shift) + 1
        products[stop - 1] = _norm_row(shift) @ products[start:stop]
        start = stop


def _moved_within(
    blocks: list[np.ndarray], shifts: list[np.ndarray]
) -> list[np.ndarray]:
    moved = [block.copy() for block in blocks]
    for block, shift in zip(moved, shifts, strict=True):
        _move_norms(block, [shift])
        _move_norms(block.T, [shift])
    return moved


def _moved_mean(mean: np.ndarray, shifts: list[np.ndarray]) -> np.ndarray:
    mean, start = mean.copy(), 0
    for shift in shifts:
        stop = start + len(shift) + 1
        mean[stop - 1] = _norm_row(shift) @ mean[start:stop] + shift @ shift
        mean[start : stop - 1] += shift
        start = stop
    return mean


def _shifts(own: list[_Layer], others: list[_Layer]) -> list[np.ndarray]:
    return [b.origin - a.origin for a, b in zip(own, others, strict=True)]


def _coarser(own: list[_Layer], others: list[_Layer]) -> list[_Layer]:
    """Layers of a stream that takes in another's samples."""
    return [
        a._replace(precision=max(a.precision, b.precision))
        for a, b in zip(own or others, others, strict=True)
    ]


def _deviations(
    name: str, layers: list[_Layer], arrays: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Means of a batch, deviations from them and their products in each layer."""
    wide = np.empty((len(arrays[0]), layers[-1].columns.stop))
    within = []
    # Infinity is an error in a unit; in a norm it is for those to tell who need it.
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, array in zip(layers, arrays, strict=True):
            block = wide[:, layer.columns]
            np.subtract(array, layer.origin, out=block[:, :-1])
            np.einsum("ij,ij->i", block[:, :-1], block[:, :-1], out=block[:, -1])
        mean = wide.mean(axis=0)
        wide -= mean
        for layer in layers:
            block = wide[:, layer.columns]
            products = block.T @ block
            _check_scale(name, np.diagonal(products)[:-1], block)
            within.append(products)
    return mean, wide, within


def _check_scale(name: str, squares: np.ndarray, block: np.ndarray) -> None:
    small = np.flatnonzero(squares < _SMALLEST)
    if not np.all(np.isfinite(squares)) or np.any(block[:, small]):
        raise ValueError(
            f"`{name}` must hold numbers whose squares float64 can hold. Received: "
            "units that vary by more than about 1e150, or by less than 1e-140. "
            f"Scale `{name}`."
        )


def _moments(
    x: tuple[np.ndarray, np.ndarray, list[np.ndarray]],
    y: tuple[np.ndarray, np.ndarray, list[np.ndarray]],
) -> _Moments:
    (mean_x, wide_x, within_x), (mean_y, wide_y, within_y) = x, y
    with np.errstate(over="ignore", invalid="ignore"):
        cross = wide_x.T @ wide_y
    return _Moments(len(wide_x), mean_x, mean_y, within_x, within_y, cross)


def _merged(own: _Moments | None, new: _Moments) -> _Moments:
    """The samples of both; `own` is used up."""
    if own is None:
        return new
    samples = own.samples + new.samples
    share = own.samples * (new.samples / samples)
    step_x, step_y = new.mean_x - own.mean_x, new.mean_y - own.mean_y
    with np.errstate(over="ignore", invalid="ignore"):
        _add(own.cross, new.cross, share * step_x, step_y)
        for products, added, step in (
            *zip(own.within_x, new.within_x, _parts(step_x, own.within_x), strict=True),
            *zip(own.within_y, new.within_y, _parts(step_y, own.within_y), strict=True),
        ):
            _add(products, added, share * step, step)
        mean_x = own.mean_x + step_x * (new.samples / samples)
        mean_y = own.mean_y + step_y * (new.samples / samples)
    return own._replace(samples=samples, mean_x=mean_x, mean_y=mean_y)


def _add(
    products: np.ndarray, added: np.ndarray, step_x: np.ndarray, step_y: np.ndarray
) -> None:
    products += added
    products += np.outer(step_x, step_y)


def _parts(wide: np.ndarray, blocks: list[np.ndarray]) -> list[np.ndarray]:
    """A vector of all columns as one of each layer's."""
    return np.split(wide, np.cumsum([len(block) for block in blocks])[:-1])


def _known(
    name: str,
    layers: list[_Layer],
    arrays: list[np.ndarray],
    precisions: list[float],
) -> list[_Layer]:
    """The layers that arrays belong to, new ones where there are none yet."""
    if layers:
        _check_units(name, layers, [array.shape[1] for array in arrays])
        return [
            layer._replace(precision=max(layer.precision, precision))
            for layer, precision in zip(layers, precisions, strict=True)
        ]
    start = 0
    for array, precision in zip(arrays, precisions, strict=True):
        stop = start + array.shape[1] + 1
        with np.errstate(over="ignore"):
            origin = array.sum(axis=0, dtype=np.float64) / max(1, len(array))
        layers = [*layers, _Layer(origin, precision, slice(start, stop))]
        start = stop
    return layers


def _check_units(name: str, layers: list[_Layer], units: list[int]) -> None:
    expected = [len(layer.origin) for layer in layers]
    if units != expected:
        raise ValueError(
            f"`{name}` must have the units of the batches before in each layer: "
            f"{expected}. Received: {units} units. Use a stream for each pair of "
            "models."
        )


def _checked(name: str, arrays: Sequence[Any]) -> tuple[list[np.ndarray], list[float]]:
    """Layers, and the spacing of the floats in which they came."""
    arrays = checked_list(name, arrays, "a list of layers")
    checked = [as_activations(name, array) for array in arrays]
    return checked, [_precision(array.dtype) for array in checked]


def _precision(dtype: np.dtype) -> float:
    # Half precision counts as float32: two neighbors among its few values are
    # apart by more than the rounding of sums, which are float32 at least.
    exact = dtype.kind in "iu" or dtype.itemsize >= 8
    return float(np.finfo(np.float64 if exact else np.float32).eps)


def _shapes(arrays: list[np.ndarray]) -> str:
    shapes = [array.shape for array in arrays]
    return str(shapes[0] if len(shapes) == 1 else shapes)
