"""Do regularized networks differ by more than networks that are trained anew do?"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_batch_size,
    checked_function,
    checked_kind,
    checked_list,
    checked_number,
    checked_numbers,
    checked_verbose,
)
from keras_selectivity.inference import Comparison, paired_t_test
from keras_selectivity.similarity.activations import as_activations
from keras_selectivity.similarity.canonical import whitening
from keras_selectivity.similarity.covariances import covariances
from keras_selectivity.similarity.observed import activations_of
from keras_selectivity.similarity.pwcca import projection_weighted

_REPLICATES = "a list of models, or of mappings of layer to activations"
# Below it a mean distance is the rounding of zero.
_ROUNDING = 1e-9


class ReplicateDistances:
    """Distances within one set of replicates, and from it to another set.

    Args:
        within: For each layer the distances of all pairs of regularized
            replicates, `n (n - 1) / 2` of them.
        cross: For the same layers the distances of every regularized from every
            unregularized replicate.

    Attributes:
        layers: Names of the layers, in the order of `within`.
        within: `(pairs, layers)` float64.
        cross: `(pairs, layers)` float64.

    Raises:
        TypeError: If they are no mappings of layer to numbers.
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
        for name, distances in (("within", within), ("cross", cross)):
            wanted = "a mapping of layer to distances"
            checked_kind(name, distances, Mapping, wanted)
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


def replicates(
    regularized: Sequence[Any],
    unregularized: Sequence[Any],
    *,
    data: Any = None,
    taps: taps_module.Selection | None = None,
    distance: Callable[[Any, Any], float] | None = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
) -> ReplicateDistances:
    """Distances among regularized replicates, and from them to unregularized ones.

    If the regularizer only turns selectivity off the units' axes, a regularized
    network is as far from an unregularized one as from another regularized one
    that started from another seed. So the pairs of regularized networks are the
    baseline, `rho(alpha_r, alpha_r)`, and the denominator of the ratio; every pair
    of one of either kind is compared with it, `rho(alpha_r, alpha_0)`.

    Given models, all of them run on the same batches, once, and the unit
    activations are kept: `4 * samples * units` bytes for each network, over all of
    its taps. Where that is too much, take fewer `taps` at a time.

    Where the distances are known already, make a `ReplicateDistances` of them.

    Args:
        regularized: For each replicate a Keras model, of one architecture, its taps
            paired in graph order; or a mapping of layer to activations `(samples,
            units)`, for the same samples in the same order. At least two.
        unregularized: The same for the networks without the regularizer, at least
            one.
        data: For models: as for `compare`.
        taps: For models: as for `compare`. A result names the layers as the first
            model does.
        distance: A function of the activations of two networks. In cross pairs the
            unregularized network comes first, as in LM21 A.3.2: by default it gives
            the weights of PWCCA. Within, the earlier replicate does. None: the
            distance of `pwcca`, for which every layer is whitened once and not for
            each of its pairs.
        batch_size: For models, with arrays; None: 256.
        verbose: 0 for no progress bar.
        steps: For models: as for `compare`.

    Returns:
        `ReplicateDistances`: 20 replicates of either kind give 190 distances within
        and 400 across.

    Raises:
        TypeError: If models and mappings are mixed, or replicates are neither; for
            a subclassed model.
        ValueError: If there are too few replicates, or their layers differ; if
            `data` or `taps` are missing for models or given for mappings; and what
            `distance` raises.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(100, 3))
        >>> def network(noise):
        ...     return {"dense": x + noise * rng.normal(size=x.shape)}
        >>> plain = [network(0.1) for _ in range(4)]
        >>> found = replicates([network(0.5) for _ in range(4)], plain, verbose=0)
        >>> found.within.shape, found.cross.shape
        ((6, 1), (16, 1))

    Reference:
        LM21 (Leavitt and Morcos, 2021) section 4.2, appendix A.3.2.
    """
    regularized = checked_list("regularized", regularized, _REPLICATES, least=2)
    unregularized = checked_list("unregularized", unregularized, _REPLICATES)
    if distance is not None:
        checked_function("distance", distance)
    batch_size, verbose = checked_batch_size(batch_size), checked_verbose(verbose)
    networks = [*regularized, *unregularized]
    if _are_models(networks, data, taps):
        networks = activations_of(networks, data, taps, batch_size, verbose, steps)
    layers = list(networks[0])
    for found in networks:
        if set(found) != set(layers):
            raise ValueError(
                "`regularized` and `unregularized` must have the same layers. "
                f"Received: replicates with {layers} and with {list(found)}."
            )
    count = len(regularized)
    within = list(itertools.combinations(range(count), 2))
    cross = list(itertools.product(range(count, len(networks)), range(count)))
    pairs = within + cross
    bar = keras.utils.Progbar(len(layers) * len(pairs)) if verbose else None
    table: dict[str, list[float]] = {}
    for name in layers:
        arrays = [network[name] for network in networks]
        table[name] = []
        for value in _distances(name, arrays, pairs, distance):
            table[name].append(value)
            if bar is not None:
                bar.add(1)
    return ReplicateDistances(
        {name: values[: len(within)] for name, values in table.items()},
        {name: values[len(within) :] for name, values in table.items()},
    )


def _are_models(networks: list[Any], data: Any, taps: Any) -> bool:
    """Whether the replicates are models, and have what they need."""
    models = [not isinstance(network, Mapping) for network in networks]
    if any(models) and not all(
        isinstance(network, keras.Model) for network in networks
    ):
        kinds = sorted({type(network).__name__ for network in networks})
        raise TypeError(
            "`regularized` and `unregularized` must hold Keras models, or mappings of "
            f"layer to activations, all of one kind. Received: {kinds}."
        )
    if all(models) and data is None:
        raise ValueError(
            "`data` must be given for replicates that are models. Received: data=None."
        )
    if not any(models) and (data is not None or taps is not None):
        raise ValueError(
            "`data` and `taps` are for replicates that are models. Received: mappings "
            "of layer to activations. Leave both out."
        )
    return all(models)


def _distances(
    name: str,
    arrays: list[Any],
    pairs: list[tuple[int, int]],
    distance: Callable[[Any, Any], float] | None,
) -> Iterator[float]:
    """Distance of every pair of networks in a layer."""
    if distance is not None:
        for first, second in pairs:
            found = distance(arrays[first], arrays[second])
            yield checked_number("distance(a, b)", found)
        return
    layers = [_Layer(name, index, array) for index, array in enumerate(arrays)]
    if len({len(layer.activations) for layer in layers}) > 1:
        raise ValueError(
            "`regularized` and `unregularized` must hold the same samples. Received: "
            f"in the layer {name!r}, {[len(each.activations) for each in layers]}."
        )
    left, deviations = -1, np.empty((0, 0))
    for first, second in pairs:
        # Pairs with the same first network follow one another.
        if first != left:
            left, deviations = first, layers[first].deviations()
        x, y = layers[first].directions, layers[second].directions
        xy = deviations.T @ layers[second].deviations()
        try:
            yield projection_weighted(x, y, xy, len(deviations)).distance
        except ValueError as error:
            raise ValueError(
                f"Replicates {first} (x) and {second} (y) cannot be compared in the "
                f"layer {name!r}. {error}"
            ) from error


class _Layer:
    """A layer of one replicate, whitened once for all pairs that it stands in."""

    def __init__(self, name: str, index: int, activations: Any) -> None:
        called = f"{name} of replicate {index}"
        self.activations = as_activations(called, activations)
        # All that is wanted is of one side: the other is any unit of it.
        found = covariances(self.activations, self.activations[:, :1])
        self.directions = whitening(found.xx, name=called)
        self._mean = found.mean_x
        self._varies = np.diagonal(found.xx) > 0

    def deviations(self) -> np.ndarray:
        """`(samples, units)` float64, zero for units that are constant."""
        return (self.activations - self._mean) * self._varies


def _table(name: str, found: Mapping[str, Any], layers: list[str]) -> np.ndarray:
    columns = [
        checked_numbers(name, found[layer], shape="...").ravel() for layer in layers
    ]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(
            f"`{name}` must hold as many distances for every layer, at least one. "
            f"Received: {[len(column) for column in columns]} distances."
        )
    return np.stack(columns, axis=1)
