"""Do regularised networks differ by more than networks that are trained anew do?"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_selectivity.inference import Comparison, paired_t_test
from keras_selectivity.similarity.pwcca import pwcca

# Below it a mean distance is the rounding of zero.
_ROUNDING = 1e-9


class ReplicateDistances:
    """Distances within one set of replicates, and from it to another set.

    Args:
        within: For each layer the distances of all pairs of regularised
            replicates, `n (n - 1) / 2` of them.
        cross: For the same layers the distances of every regularised from every
            unregularised replicate.

    Attributes:
        layers: Names of the layers, in the order of `within`.
        within: `(pairs, layers)` float64.
        cross: `(pairs, layers)` float64.

    Raises:
        ValueError: If the layers differ, a layer has no distances or another number
            of them, or a distance is not finite.

    Example:
        >>> found = ReplicateDistances(
        ...     within={"conv": [0.1, 0.1, 0.1], "dense": [0.2, 0.3, 0.4]},
        ...     cross={"conv": [0.2] * 6, "dense": [0.3] * 6},
        ... )
        >>> found.ratios.round(6).tolist(), round(found.ratio, 6)
        ([2.0, 1.0], 1.5)

    Reference:
        LM21 (Leavitt and Morcos, 2021) section 4.2, figure 2, appendix A.3.2.
    """

    def __init__(self, within: Mapping[str, Any], cross: Mapping[str, Any]) -> None:
        self.layers = list(within)
        if set(cross) != set(within) or not self.layers:
            raise ValueError(
                "`within` and `cross` must hold the same layers, at least one. "
                f"Received: within of {list(within)}, cross of {list(cross)}."
            )
        self.within = _table("within", within, self.layers)
        self.cross = _table("cross", cross, self.layers)

    @property
    def ratios(self) -> np.ndarray:
        """CCA distance ratio `(layers,)`: mean of `cross` over mean of `within`.

        Raises:
            ValueError: If the replicates of a layer do not differ, when there is
                nothing to compare with.
        """
        mean = self.within.mean(axis=0)
        if np.any(mean <= _ROUNDING):
            names = [self.layers[i] for i in np.flatnonzero(mean <= _ROUNDING)]
            raise ValueError(
                f"A ratio needs replicates that differ. Received: distances of 0 "
                f"within the layers {names}. Train the replicates from different "
                "seeds."
            )
        return self.cross.mean(axis=0) / mean

    @property
    def ratio(self) -> float:
        """Mean of `ratios` over the layers: above 1 for more than a rotation."""
        return float(self.ratios.mean())

    def test(self, *, comparisons: int = 1) -> Comparison:
        """Paired t-test of the mean distances, cross against within.

        The layers are the pairs: LM21 does not say what was paired, and the two
        sets have no other pairs in common.

        Args:
            comparisons: Number of tests in the family, such as the values of alpha.

        Returns:
            A `Comparison`, with a positive statistic where the cross distances are
            greater.

        Raises:
            ValueError: With fewer than two layers.
        """
        return paired_t_test(
            self.cross.mean(axis=0), self.within.mean(axis=0), comparisons=comparisons
        )


def pwcca_distance(x: Any, y: Any) -> float:
    """Distance of `pwcca`, with the weights from x.

    Args:
        x: `(samples, units_x)`.
        y: `(samples, units_y)`.

    Returns:
        A number in [0, 1].

    Raises:
        TypeError: As for `pwcca`.
        ValueError: As for `pwcca`.

    Example:
        >>> round(pwcca_distance([[1], [2], [3], [4]], [[1], [3], [2], [4]]), 6)
        0.2
    """
    return pwcca(x, y).distance


def replicates(
    regularized: Sequence[Mapping[str, Any]],
    unregularized: Sequence[Mapping[str, Any]],
    *,
    distance: Callable[[Any, Any], float] = pwcca_distance,
) -> ReplicateDistances:
    """Distances among regularised replicates, and from them to unregularised ones.

    If the regulariser only turns selectivity off the units' axes, a regularised
    network is as far from an unregularised one as from another regularised one
    that started from another seed. So the pairs of regularised networks are the
    baseline, `rho(alpha_r, alpha_r)`, and the denominator of the ratio; every pair
    of one of either kind is compared with it, `rho(alpha_r, alpha_0)`.

    Where the distances are known already, make a `ReplicateDistances` of them.

    Args:
        regularized: For each replicate a mapping of layer to activations
            `(samples, units)`, for the same samples in the same order; at least two
            replicates.
        unregularized: The same for the networks without the regulariser, at least
            one.
        distance: A function of the activations of two networks. In cross pairs the
            unregularised network comes first, as in LM21 A.3.2: by default it gives
            the weights of PWCCA. Within, the earlier replicate does.

    Returns:
        `ReplicateDistances`: 20 replicates of either kind give 190 distances within
        and 400 across.

    Raises:
        ValueError: If there are too few replicates, or their layers differ; and
            what `distance` raises.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> data = rng.normal(size=(100, 3))
        >>> def network(noise):
        ...     return {"dense": data + noise * rng.normal(size=data.shape)}
        >>> plain = [network(0.1) for _ in range(4)]
        >>> found = replicates([network(0.5) for _ in range(4)], plain)
        >>> found.within.shape, found.cross.shape
        ((6, 1), (16, 1))

    Reference:
        LM21 (Leavitt and Morcos, 2021) section 4.2, appendix A.3.2.
    """
    if len(regularized) < 2 or not len(unregularized):
        raise ValueError(
            "Distances need two replicates in `regularized` and one in "
            f"`unregularized`. Received: {len(regularized)} and {len(unregularized)}."
        )
    layers = list(regularized[0])
    for found in (*regularized, *unregularized):
        if set(found) != set(layers):
            raise ValueError(
                "Every replicate must have the same layers. Received: replicates "
                f"with {layers} and with {list(found)}."
            )
    within = list(itertools.combinations(regularized, 2))
    cross = list(itertools.product(unregularized, regularized))
    return ReplicateDistances(
        *(
            {name: [distance(a[name], b[name]) for a, b in pairs] for name in layers}
            for pairs in (within, cross)
        )
    )


def _table(name: str, found: Mapping[str, Any], layers: list[str]) -> np.ndarray:
    columns = [np.asarray(found[layer], np.float64).ravel() for layer in layers]
    sizes = {len(column) for column in columns}
    if len(sizes) > 1 or 0 in sizes:
        raise ValueError(
            f"`{name}` must hold as many distances for every layer, at least one. "
            f"Received: {[len(column) for column in columns]} distances."
        )
    table = np.stack(columns, axis=1)
    if not np.all(np.isfinite(table)):
        raise ValueError(
            f"`{name}` must be finite. Received: {name} with NaN or infinity."
        )
    return table
