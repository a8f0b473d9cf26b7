"""Centered kernel alignment (CKA)."""

from typing import Any, Literal

import numpy as np

from keras_selectivity.checks import checked_choice, checked_flag, checked_number
from keras_selectivity.similarity.activations import as_activations
from keras_selectivity.similarity.covariances import (
    Covariances,
    checked_covariances,
    covariances,
)

Kernel = Literal["linear", "rbf"]

_KERNELS: tuple[Kernel, ...] = ("linear", "rbf")

# An independence criterion that is this small beside the terms it is made of is
# their rounding.
_ROUNDING = 1e-12


def cka(
    x: Any,
    y: Any,
    *,
    debiased: bool = False,
    kernel: Kernel = "linear",
    bandwidth: float | None = None,
) -> float:
    """Centered kernel alignment of two representations.

    `HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))`, where K and L hold the kernel of x
    and of y for every pair of samples. The same for x and y exchanged, and after
    any rotation, shift and common scale of the units of either side; not after
    other invertible maps. 1 for representations that such a map turns into each
    other.

    Args:
        x: `(samples, units_x)`, real, finite, of any float or integer dtype;
            computed in float64.
        y: `(samples, units_y)`, the same samples in the same order.
        debiased: False: the centered HSIC, which is above 0 for independent
            representations, the more so the more units and the fewer samples.
            True: its unbiased estimate, about 0 for those, with the diagonals left
            out; it can fall below 0, and needs four samples.
        kernel: `"linear"`: `k(a, b) = a'b`, computed without a matrix of samples.
            `"rbf"`: `exp(-|a - b|**2 / (2 sigma**2))`; needs memory for about four
            float64 matrices of samples by samples (3.2 GB for 10,000).
        bandwidth: Of `"rbf"`: sigma as a multiple of the median distance between
            two different samples, for either side its own. None: 0.8.

    Returns:
        A number in [0, 1], in [-1, 1] if debiased.

    Raises:
        TypeError: If an array does not hold real numbers, or an option is of a wrong
            type.
        ValueError: If an array is not two-dimensional or holds NaN or infinity; if
            the samples differ in number or are too few; if `kernel` is neither of
            the two, or `bandwidth` not a positive number or not for the kernel; if a
            side does not vary, or for the median distance or the debiased
            estimate not enough.

    Example:
        >>> x = [[1.0], [2.0], [3.0], [4.0]]
        >>> y = [[1.0], [3.0], [2.0], [4.0]]
        >>> round(cka(x, y), 6), round(cka(x, y, debiased=True), 6)
        (0.64, -0.038462)

    Reference:
        Kornblith et al. (2019), section 3; bandwidths of 0.2, 0.4 and 0.8 in their
        experiments. The unbiased estimate is that of Song et al. (2012), as in
        Nguyen et al. (2021); R22 appendix A.4.
    """
    kernel = checked_choice("kernel", kernel, _KERNELS)
    debiased = checked_flag("debiased", debiased)
    if kernel == "rbf":
        width = 0.8 if bandwidth is None else bandwidth
        width = checked_number("bandwidth", width, above=0)
        return _rbf_cka(as_activations("x", x), as_activations("y", y), width, debiased)
    if bandwidth is not None:
        raise ValueError(
            '`bandwidth` is for kernel="rbf" only. Received: '
            f'bandwidth={bandwidth!r} with kernel="linear".'
        )
    return cka_from_covariances(covariances(x, y), debiased=debiased)


def cka_from_covariances(found: Covariances, *, debiased: bool = False) -> float:
    """`cka` with the linear kernel, of which only the covariances are known.

    Args:
        found: What `covariances` or `CovarianceStream.between` returned.
        debiased: As for `cka`.

    Returns:
        As `cka`.

    Raises:
        TypeError: If `found` are no `Covariances`, or `debiased` no boolean.
        ValueError: As for `cka`.

    Example:
        >>> found = covariances([[1], [2], [3], [4]], [[1], [3], [2], [4]])
        >>> round(cka_from_covariances(found), 6)
        0.64
    """
    found, debiased = checked_covariances(found), checked_flag("debiased", debiased)
    _check_count(found.samples, debiased)
    products = (found.xy, found.xx, found.yy)
    (qq, qr), (_, rr) = found.norms.tolist()
    criteria = [float(np.vdot(product, product)) for product in products]
    if not debiased:
        return _alignment(criteria, (0.0, 0.0))
    # As Python's numbers, which overflow to infinity without a warning.
    traces = float(np.trace(found.xx)), float(np.trace(found.yy))
    corrections = [
        _correction(found.samples, traces[0] * traces[1], qr),
        _correction(found.samples, traces[0] * traces[0], qq),
        _correction(found.samples, traces[1] * traces[1], rr),
    ]
    estimates = [a - b for a, b in zip(criteria, corrections, strict=True)]
    floors = _ROUNDING * criteria[1], _ROUNDING * criteria[2]
    return _alignment(estimates, floors)


def _correction(count: int, traces: float, norms: float) -> float:
    """What the unbiased HSIC subtracts from the biased one, for linear kernels.

    With centered samples the rows of K and L sum to zero, and without their
    diagonals q and r (the squared norms) to -q and -r. So the three terms of the
    estimate are `|X'Y|**2 - q'r`, `(1'q)(1'r) / ((n-1)(n-2))` and
    `-2 q'r / (n-2)`. Here q'r is written by deviations from the means of q and r,
    and the factor 1 / (n (n - 3)) left out, as it cancels.
    """
    return traces / (count - 1) + norms * count / (count - 2)


def _rbf_cka(x: np.ndarray, y: np.ndarray, bandwidth: float, debiased: bool) -> float:
    if len(x) != len(y):
        raise ValueError(
            "`x` and `y` must hold the same samples. Received: x of shape "
            f"{x.shape}, y of shape {y.shape}."
        )
    _check_count(len(x), debiased)
    centered = _centered_without_diagonal if debiased else _centered
    gram_x = centered(_rbf_kernel("x", x, bandwidth))
    gram_y = centered(_rbf_kernel("y", y, bandwidth))
    criteria = [
        float(np.vdot(a, b))
        for a, b in ((gram_x, gram_y), (gram_x, gram_x), (gram_y, gram_y))
    ]
    # Of numbers in [0, 1], one for each pair.
    floor = (_ROUNDING * len(x)) ** 2
    return _alignment(criteria, (floor, floor))


def _rbf_kernel(name: str, array: np.ndarray, bandwidth: float) -> np.ndarray:
    # Centered, so that a large mean costs no digits of the distances.
    array = array - array.mean(axis=0, dtype=np.float64)
    norms = np.einsum("ij,ij->i", array, array)
    squares = norms[:, None] + norms - 2 * (array @ array.T)
    np.maximum(squares, 0, out=squares)
    np.fill_diagonal(squares, 0)
    pairs = np.concatenate([row[i + 1 :] for i, row in enumerate(squares)])
    median = np.median(np.sqrt(pairs))
    if median <= np.sqrt(_ROUNDING * norms.max()):
        raise ValueError(
            f"`{name}` must differ between most pairs of samples. Received: {name} "
            "with a median distance of 0, which gives no bandwidth. Leave out "
            'samples or layers that do not respond, or use kernel="linear".'
        )
    squares *= -0.5 / (bandwidth * median) ** 2
    return np.exp(squares, out=squares)


def _centered(gram: np.ndarray) -> np.ndarray:
    mean = gram.mean(axis=0)
    return gram - mean - mean[:, None] + mean.mean()


def _centered_without_diagonal(gram: np.ndarray) -> np.ndarray:
    """Centered such that inner products are unbiased estimates of HSIC.

    The inner product of two such matrices is the three terms of the estimate, up
    to its factor 1 / (n (n - 3)) (Szekely and Rizzo, 2014).
    """
    count = len(gram)
    np.fill_diagonal(gram, 0)
    rows = gram.sum(axis=0) / (count - 2)
    total = rows.sum() / (count - 1)
    gram = gram - rows - rows[:, None] + total
    np.fill_diagonal(gram, 0)
    return gram


def _alignment(criteria: list[float], floors: tuple[float, float]) -> float:
    """CKA from HSIC of (x, y), (x, x) and (y, y), up to a common factor."""
    both, *alone = criteria
    if not np.all(np.isfinite(criteria)):
        raise ValueError(
            "`x` and `y` must hold numbers whose fourth powers float64 can hold, as "
            "CKA takes them. Received: larger ones. Scale them down."
        )
    for name, value, floor in zip("xy", alone, floors, strict=True):
        if value <= floor:
            raise ValueError(
                f"`{name}` must vary over the samples, for the debiased estimate by "
                f"more than one sample's standing apart. Received: {name} with "
                f"HSIC({name}, {name}) = 0. Leave out layers that do not respond."
            )
    alignment = both / (np.sqrt(alone[0]) * np.sqrt(alone[1]))
    return float(np.clip(alignment, -1.0, 1.0))


def _check_count(count: int, debiased: bool) -> None:
    needed = 4 if debiased else 2
    if count < needed:
        raise ValueError(
            f"`x` and `y` must hold at least {needed} samples for debiased={debiased}. "
            f"Received: {count} samples."
        )
