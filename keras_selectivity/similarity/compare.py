"""Two networks, layer by layer, in one pass over the data."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import keras
import numpy as np

from keras_selectivity import taps as taps_module
from keras_selectivity.checks import (
    checked_choice,
    checked_flag,
    checked_number,
    checked_verbose,
)
from keras_selectivity.data.batches import Batches
from keras_selectivity.network.graph import check_keras
from keras_selectivity.network.selection import checked_selection
from keras_selectivity.similarity.canonical import (
    Whitening,
    principal_whitening,
    unweighted,
    whitening,
)
from keras_selectivity.similarity.cka import cka_from_covariances
from keras_selectivity.similarity.covariances import CovarianceStream
from keras_selectivity.similarity.matrix import SimilarityMatrix
from keras_selectivity.similarity.observed import (
    Observed,
    Spatial,
    check_finite,
    each_batch,
    tap_names,
)
from keras_selectivity.similarity.pwcca import projection_weighted

Method = Literal["cca", "svcca", "pwcca", "cka"]
Pairs = Literal["all", "same"]

_VARIANCE = 0.99


def compare(
    model_a: keras.Model,
    model_b: keras.Model,
    data: Any,
    method: Method = "pwcca",
    taps: taps_module.Selection | None = None,
    *,
    taps_b: taps_module.Selection | None = None,
    pairs: Pairs = "all",
    spatial: Spatial = "mean",
    debiased: bool = False,
    variance: float = _VARIANCE,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
) -> SimilarityMatrix:
    """Similarity of the layers of one network to those of another.

    Both run in evaluation mode on the same batches, once; a network that is compared
    with itself runs once. Covariances are summed in float64 as the batches come, and
    no activation is kept: memory does not grow with the data. It takes, in float64,
    one matrix of all units of `model_a` by all units of `model_b`, and one of units by
    units for each layer of either, about four times while a batch is added. With
    `pairs="same"` it takes three matrices of units by units for each layer. Beside
    them there are the activations of one batch; with `spatial="positions"` those are
    all feature maps of it, and a smaller `batch_size` helps.

    Rows are layers of `model_a`, columns those of `model_b`. PWCCA takes its weights
    from the row, the layer of `model_a`, so that its matrix is not symmetric even for
    a network with itself. The other methods do not tell the two apart.

    Args:
        model_a: A `SelectivityModel` or any built Functional or `Sequential` model.
        model_b: The same. It may be the same model.
        data: `x` or `(x,)` arrays, or what `fit` takes. Labels and sample weights are
            not used. Shuffled or not: it is gone through once.
        method: `"pwcca"`, `"cca"`, `"svcca"`, or `"cka"` with the linear kernel.
        taps: Layers to compare, see `taps.select`, in both models; here a list may
            name the output too. None: the model's own taps, or every hidden rectifier.
        taps_b: Layers of `model_b`, where they are others. None: as `taps`.
        pairs: `"all"`: every layer with every layer. `"same"`: only layers of the
            same name, where both models have one; the rest of the matrix is NaN.
        spatial: What a sample is. `"mean"`: a sample of the data, in which a unit's
            response is its mean over the feature map. `"positions"`: every position
            of every feature map; then two layers can be compared only if their feature
            maps are of the same size.
        debiased: For `"cka"`: see `cka`.
        variance: For `"svcca"`: see `svcca`.
        batch_size: For arrays; None: 256. The result does not depend on it.
        verbose: 0 for no progress bar.
        steps: How many batches to take, for data without end; None: all.

    Returns:
        `SimilarityMatrix`. A layer without variation over the data has nothing to
        compare: its row or column is NaN, and `constant_rows` or `constant_columns`
        names it.

    Raises:
        TypeError: If a model is a subclassed one, or an argument of a wrong type.
        ValueError: If an option is none of its values or not for the method; if a
            selection is empty, or no two layers have the same name; if data are
            endless without `steps`, or do not fit the models; if feature maps differ
            in size; if activations are not finite; if there are too few samples.

    Example:
        >>> def network():
        ...     return keras.Sequential([
        ...         keras.Input((4,)),
        ...         keras.layers.Dense(3, activation="tanh", name="first"),
        ...         keras.layers.Dense(2, activation="tanh", name="second"),
        ...         keras.layers.Dense(2),
        ...     ])
        >>> x = np.random.rand(50, 4)
        >>> found = compare(network(), network(), x, taps="nonlinear", verbose=0)
        >>> found.rows, found.values.shape
        (['first', 'second'], (2, 2))

    Reference:
        LM21 appendix A.3.2, which does not say how feature maps become samples; R22
        figures 5 and 10, with debiased CKA averaged over minibatches.
    """
    _check_options(method, pairs, spatial, debiased, variance)
    verbose = checked_verbose(verbose)
    batches = Batches(data, batch_size, steps=steps)
    a, b, rows, columns = _observed(model_a, model_b, taps, taps_b, spatial)
    groups = _groups(rows, columns, pairs)
    if pairs == "same":
        rows = columns = [name for names, _ in groups for name in names]
    streams, samples = _streamed(batches, a, b, groups, verbose)
    matrix = SimilarityMatrix(
        np.full((len(rows), len(columns)), np.nan),
        rows,
        columns,
        method,
        options=_options(method, debiased, variance),
        spatial=spatial,
        samples=samples,
    )
    for (names_a, names_b), stream in zip(groups, streams, strict=True):
        _fill(matrix, names_a, names_b, stream)
    return matrix


def _check_options(
    method: str, pairs: str, spatial: str, debiased: bool, variance: float
) -> None:
    checked_choice("method", method, get_args(Method))
    checked_choice("pairs", pairs, get_args(Pairs))
    checked_choice("spatial", spatial, get_args(Spatial))
    if checked_flag("debiased", debiased) and method != "cka":
        raise ValueError(
            '`debiased` is for method="cka" only. Received: '
            f"debiased={debiased!r} with method={method!r}."
        )
    if (
        checked_number("variance", variance, above=0, most=1) != _VARIANCE
        and method != "svcca"
    ):
        raise ValueError(
            '`variance` is for method="svcca" only. Received: '
            f"variance={variance!r} with method={method!r}."
        )


def _options(method: str, debiased: bool, variance: float) -> dict[str, Any]:
    if method == "cka":
        return {"debiased": bool(debiased)}
    return {"variance": float(variance)} if method == "svcca" else {}


def _observed(
    model_a: keras.Model,
    model_b: keras.Model,
    taps: taps_module.Selection | None,
    taps_b: taps_module.Selection | None,
    spatial: Spatial,
) -> tuple[Observed, Observed, Sequence[str], Sequence[str]]:
    """Both models, the same one where they are, and the names of their layers."""
    check_keras(model_a, "model_a")
    check_keras(model_b, "model_b")
    if taps_b is not None:
        checked_selection(taps_b, "taps_b")
    if model_a is not model_b:
        a = Observed(model_a, taps, spatial)
        b = Observed(model_b, taps if taps_b is None else taps_b, spatial)
        return a, b, a.names, b.names
    if taps_b is None:
        one = Observed(model_a, taps, spatial)
        return one, one, one.names, one.names
    rows, columns = tap_names(model_a, taps), tap_names(model_a, taps_b)
    one = Observed(model_a, list(dict.fromkeys([*rows, *columns])), spatial)
    return one, one, rows, columns


def _groups(
    rows: Sequence[str], columns: Sequence[str], pairs: Pairs
) -> list[tuple[list[str], list[str]]]:
    """Layers of either model of which every one is compared with every other."""
    if pairs == "all":
        return [(list(rows), list(columns))]
    shared = [name for name in rows if name in columns]
    if not shared:
        raise ValueError(
            'pairs="same" needs layers of the same name in both models. Received: '
            f'{list(rows)} and {list(columns)}. Name the layers, or use pairs="all", '
            "in which layers stand in graph order."
        )
    return [([name], [name]) for name in shared]


def _streamed(
    batches: Batches,
    a: Observed,
    b: Observed,
    groups: list[tuple[list[str], list[str]]],
    verbose: str | int,
) -> tuple[list[CovarianceStream], int]:
    """Covariances of each group of layers, and the number of samples."""
    _check_maps(groups, a.maps, b.maps)
    streams = [CovarianceStream() for _ in groups]
    samples = 0
    for number, x in each_batch(batches, verbose):
        found_a = a(x)
        found_b = found_a if b is a else b(x)
        check_finite(found_a, number, "model_a")
        check_finite(found_b, number, "model_b")
        _check_maps(groups, _maps(found_a), _maps(found_b))
        for (names_a, names_b), stream in zip(groups, streams, strict=True):
            stream.update(_rows(found_a, names_a), _rows(found_b, names_b))
        samples += len(found_a[a.names[0]])
    if samples < 2:
        raise ValueError(
            f"`data` must hold at least two samples. Received: {samples} samples."
        )
    return streams, samples


def _maps(found: dict[str, np.ndarray]) -> dict[str, tuple[int | None, ...]]:
    return {name: array.shape[1:-1] for name, array in found.items()}


def _rows(found: dict[str, np.ndarray], names: list[str]) -> list[np.ndarray]:
    """`(samples, units)` of each layer, the positions among the samples."""
    return [found[name].reshape(-1, found[name].shape[-1]) for name in names]


def _check_maps(
    groups: list[tuple[list[str], list[str]]],
    maps_a: dict[str, tuple[int | None, ...]],
    maps_b: dict[str, tuple[int | None, ...]],
) -> None:
    """Raise unless the feature maps of every group are of one size."""
    for names_a, names_b in groups:
        first = names_a[0]
        sides = ((names_a, maps_a, "model_a"), (names_b, maps_b, "model_b"))
        for names, maps, model in sides:
            for name in names:
                if not _fit(maps[name], maps_a[first]):
                    raise ValueError(
                        'spatial="positions" compares layers with feature maps of '
                        f"the same size. Received: {first!r} of `model_a` with maps "
                        f"of {maps_a[first]}, {name!r} of `{model}` with maps of "
                        f'{maps[name]}. Use spatial="mean"; or name layers of one '
                        'size in `taps`; or compare with pairs="same".'
                    )


def _fit(size: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    """Whether two sizes are the same, as far as they are known."""
    return len(size) == len(other) and all(
        a == b or a is None or b is None for a, b in zip(size, other, strict=True)
    )


def _fill(
    matrix: SimilarityMatrix,
    rows: list[str],
    columns: list[str],
    stream: CovarianceStream,
) -> None:
    """Put the similarities of a group of layers into the matrix."""
    sides_x = [_side(stream.between(i, 0).xx, matrix) for i in range(len(rows))]
    sides_y = [_side(stream.between(0, j).yy, matrix) for j in range(len(columns))]
    for i, (row, x) in enumerate(zip(rows, sides_x, strict=True)):
        for j, (column, y) in enumerate(zip(columns, sides_y, strict=True)):
            if x is None or y is None:
                continue
            try:
                found = _similarity(matrix, x, y, stream, i, j)
            except ValueError as error:
                raise ValueError(
                    f"Layer {row!r} of `model_a` (x) and layer {column!r} of "
                    f"`model_b` (y) cannot be compared. {error}"
                ) from error
            place = matrix.rows.index(row), matrix.columns.index(column)
            matrix.values[place] = found
    matrix.constant_rows += _constant(rows, sides_x)
    matrix.constant_columns += _constant(columns, sides_y)


def _side(products: np.ndarray, matrix: SimilarityMatrix) -> Whitening | bool | None:
    """Directions of a layer, True where the method takes none, None if constant."""
    if not np.any(np.diagonal(products)):
        return None
    if matrix.method == "cka":
        return True
    if matrix.method == "svcca":
        return principal_whitening(products, matrix.options["variance"])
    return whitening(products)


def _similarity(
    matrix: SimilarityMatrix,
    x: Any,
    y: Any,
    stream: CovarianceStream,
    i: int,
    j: int,
) -> float:
    found = stream.between(i, j)
    if matrix.method == "cka":
        return cka_from_covariances(found, debiased=matrix.options["debiased"])
    method = projection_weighted if matrix.method == "pwcca" else unweighted
    return method(x, y, found.xy, found.samples).similarity


def _constant(names: list[str], sides: Sequence[Any]) -> list[str]:
    return [name for name, side in zip(names, sides, strict=True) if side is None]
