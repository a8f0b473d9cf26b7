"""CKA as R22 takes it: of minibatches, by the unbiased estimate, maps flattened."""

from collections.abc import Iterable, Sequence

import numpy as np


def minibatch_cka(batches: Iterable[Sequence[np.ndarray]]) -> np.ndarray:
    """CKA of every pair of layers, of sums over minibatches.

    The unbiased estimates of HSIC are averaged over the batches, the numerator and
    both denominators by themselves, before the ratio is taken. Feature maps are
    flattened: every element of a map is a feature. `ks.similarity.compare` takes the
    mean of each map, and all samples together.

    Returns:
        `(layers, layers)`, 1 on the diagonal; NaN for a layer that does not vary.

    Example:
        >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
        >>> y = np.array([[1.0], [3.0], [2.0], [4.0]])
        >>> minibatch_cka([[x, y]]).round(6).tolist()
        [[1.0, -0.038462], [-0.038462, 1.0]]

    Reference:
        R22 appendix A.4, by the torch_cka library (Subramanian, 2021), after Nguyen
        et al. (2021), equations 2 and 3.
    """
    criteria = [
        criterion
        for layers in batches
        if (criterion := unbiased_hsic(layers)) is not None
    ]
    if not criteria:
        raise ValueError(
            "`batches` must hold a minibatch of four samples or more. Received: none."
        )
    hsic = np.mean(criteria, axis=0)
    own = np.diagonal(hsic)
    # A layer that does not vary has nothing but rounding, of either sign.
    own = np.where(own > 0, own, np.nan)
    return hsic / np.sqrt(np.outer(own, own))


def unbiased_hsic(layers: Sequence[np.ndarray]) -> np.ndarray | None:
    """The unbiased estimate of HSIC, linear kernels, of every pair of layers.

    Returns:
        `(layers, layers)`; None for fewer than four samples.

    Reference:
        Song et al. (2012); Nguyen et al. (2021), equation 3.
    """
    n = len(layers[0])
    if n < 4:
        return None
    grams = np.stack([_gram(one) for one in layers])
    rows = grams.sum(axis=2)
    totals = rows.sum(axis=1)
    traces = np.einsum("aij,bij->ab", grams, grams, optimize=True)
    return (
        traces
        + np.outer(totals, totals) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * rows @ rows.T
    ) / (n * (n - 3))


def _gram(layer: np.ndarray) -> np.ndarray:
    """Inner products of the samples, the diagonal left out."""
    flat = np.reshape(layer, (len(layer), -1)).astype(np.float64)
    # The estimate is the same for shifted features; large means would cost digits.
    flat = flat - flat.mean(axis=0)
    gram = flat @ flat.T
    np.fill_diagonal(gram, 0)
    return gram
