"""CKA of minibatches, where all samples together would need too much memory."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_selectivity.checks import checked_list, checked_real, received

#: The unbiased estimate needs so many samples.
LEAST = 4
# Features that are converted to float64 at a time: maps of a network have 10**6.
_BLOCK = 2**14
# An independence criterion that is this small beside the terms it is made of is
# their rounding.
_ROUNDING = 1e-12


def minibatch_cka(batches: Iterable[Sequence[Any]]) -> np.ndarray:
    """CKA of every pair of layers, of sums over minibatches.

    `HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))` with linear kernels, where each HSIC is
    the mean, over the minibatches, of its unbiased estimate. So the expectation of
    each HSIC does not depend on the size of the minibatches, but for that of the ratio
    there should be many. Of a single minibatch it is `cka(x, y, debiased=True)`.

    All axes but the first are flattened: every element of a feature map is a feature,
    and memory is needed for the Gram matrices of one minibatch, `8 * layers *
    samples**2` bytes, whatever the number of features, of layers' units or of
    minibatches. `compare` takes all samples together instead, of which it needs
    covariances.

    Args:
        batches: Minibatches, as an iterator perhaps, each with an array `(samples,
            ...)` for each layer: real, finite, of any float or integer dtype; computed
            in float64. Those of fewer than four samples are left out.

    Returns:
        `(layers, layers)` float64, symmetric, 1 on the diagonal. Below 0 for some
        independent layers, as the estimates are unbiased, and perhaps beyond [-1, 1]
        with few small minibatches. NaN for a layer that does not vary.

    Raises:
        TypeError: If `batches` are none, or a layer does not hold real numbers.
        ValueError: If a minibatch has other layers than the first, its layers differ in
            their samples, or a layer has no features, holds NaN or infinity, or
            numbers whose fourth powers float64 cannot hold; if no minibatch has four
            samples.

    Example:
        >>> x = [[1.0], [2.0], [3.0], [4.0]]
        >>> y = [[1.0], [3.0], [2.0], [4.0]]
        >>> minibatch_cka([[x, y]]).round(6).tolist()
        [[1.0, -0.038462], [-0.038462, 1.0]]

    Reference:
        Nguyen et al. (2021), "Do wide and deep networks learn the same things?",
        equations 2 and 3; R22 appendix A.4. The estimate is that of Song et al. (2012).
    """
    try:
        numbered = enumerate(batches)
    except TypeError:
        raise TypeError(
            "`batches` must be minibatches, each a list with an array for each layer. "
            f"{received('batches', batches)}"
        ) from None
    count, layers = 0, None
    criteria = scales = np.zeros(())
    for number, batch in numbered:
        arrays = _checked(f"batches[{number}]", batch, layers)
        layers = len(arrays)
        if len(arrays[0]) < LEAST:
            continue
        hsic, scale = _unbiased_hsic(arrays)
        if not np.isfinite(hsic).all():
            raise ValueError(
                "`batches` must hold numbers whose fourth powers float64 can hold, as "
                f"CKA takes them. Received: larger ones in batches[{number}]. Scale "
                "them down."
            )
        count, criteria, scales = count + 1, criteria + hsic, scales + scale
    if not count:
        raise ValueError(
            "`batches` must hold a minibatch of four samples or more. Received: none."
        )
    own = np.diagonal(criteria)
    own = np.where(own > _ROUNDING * scales, own, np.nan)
    deviations = np.sqrt(own)
    return criteria / deviations / deviations[:, None]


def _unbiased_hsic(layers: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The unbiased estimate of HSIC of every pair of layers.

    Returns:
        `(layers, layers)`, and `(layers,)` the terms that those of a layer with itself
        are made of.
    """
    n = len(layers[0])
    with np.errstate(over="ignore", invalid="ignore"):
        grams = np.stack([_gram(one) for one in layers])
        rows = grams.sum(axis=2)
        totals = rows.sum(axis=1)
        traces = np.einsum("aij,bij->ab", grams, grams, optimize=True)
        hsic = (
            traces
            + np.outer(totals, totals) / ((n - 1) * (n - 2))
            - 2 / (n - 2) * rows @ rows.T
        )
    return hsic / (n * (n - 3)), np.diagonal(traces) / (n * (n - 3))


def _gram(layer: np.ndarray) -> np.ndarray:
    """Inner products of the samples, the diagonal left out."""
    features = layer.reshape(len(layer), -1)
    gram = np.zeros((len(layer), len(layer)))
    for start in range(0, features.shape[1], _BLOCK):
        block = features[:, start : start + _BLOCK].astype(np.float64)
        # The estimate is the same for shifted features, and large means would cost
        # digits. Those that do not vary become 0 exactly.
        block -= block[0].copy()
        block -= block.mean(axis=0)
        gram += block @ block.T
    np.fill_diagonal(gram, 0)
    return gram


def _checked(name: str, batch: Any, layers: int | None) -> list[np.ndarray]:
    """The arrays of a minibatch, if they can be that of so many layers."""
    items = checked_list(name, batch, "a list with an array for each layer")
    arrays = [checked_real(f"{name}[{place}]", one) for place, one in enumerate(items)]
    shapes = [array.shape for array in arrays]
    if layers not in (None, len(arrays)):
        raise ValueError(
            f"`{name}` must hold {layers} layers, as the first minibatch does. "
            f"Received: {len(arrays)}."
        )
    if any(len(shape) < 2 or not all(shape[1:]) for shape in shapes) or (
        len({shape[0] for shape in shapes}) > 1
    ):
        raise ValueError(
            f"`{name}` must hold arrays of shape (samples, ...) of the same samples. "
            f"Received: shapes {shapes}."
        )
    for place, array in enumerate(arrays):
        if not np.isfinite(array).all():
            raise ValueError(f"`{name}[{place}]` must be finite. Received: NaN or inf.")
    return arrays
