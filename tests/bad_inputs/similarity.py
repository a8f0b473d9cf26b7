"""Bad inputs of similarity, of arrays and of models."""

from functools import partial

import numpy as np

from keras_selectivity import similarity as S

from .models import MODEL, TAPS
from .table import (
    ARRAY,
    CHOICE,
    COUNT,
    FLAG,
    FUNCTION,
    INF,
    INTEGER,
    NAN,
    NUMBER,
    OBJECT,
    POSITIVE,
    VERBOSE,
    also,
    but,
    refuses,
    row,
)

METHODS = ("cca", "svcca", "pwcca", "cka")
# Activations `(samples, units)`.
ACTIVATIONS = {
    TypeError: ["a", None, [["a"], ["b"]], [[True], [False]], [[1.0], [1.0, 2.0]]],
    ValueError: [
        [1.0, 2.0, 3.0],
        3.0,
        np.ones((2, 2, 2)),
        np.ones((3, 0)),
        [[1.0], [NAN], [2.0]],
        [[1.0], [INF], [2.0]],
    ],
}
OF_OTHER_SAMPLES = np.arange(10.0).reshape(5, 2)
X = np.arange(24.0).reshape(12, 2) ** 2
LAYERS = {
    TypeError: [None, "a", 3, [None]],
    ValueError: [[], [[1.0, 2.0]], [np.ones((12, 7))]],
}
VARIANCE = also(NUMBER, ValueError=[0, -0.5, 1.5])
DATA = {TypeError: ["a", 3, {"x": 1}], ValueError: [None, [], ()]}
BATCHES = {"batch_size": but(COUNT, None), "verbose": VERBOSE}
DISTANCES = {
    TypeError: [None, [1], "a", {"a": "b"}, {"a": None}],
    ValueError: [{}, {"b": [1]}, {"a": []}, {"a": [NAN]}, {"a": [INF]}],
}
REPLICATE = {"a": np.arange(9.0).reshape(9, 1)}
NAMES = {TypeError: [None, 3, "a", [1]], ValueError: [[], ["a", "b"], ["a", "a"]]}


def compare(world, **options):
    model = world.plain
    good = {"model_a": model, "model_b": model, "data": world.x, "verbose": 0}
    return S.compare(**{**good, **options})


def replicates(world, **options):
    arrays = {"a": world.x}
    good = {"regularized": [arrays] * 2, "unregularized": [arrays], "verbose": 0}
    return S.replicates(**{**good, **options})


def of_models(world, **options):
    models = {"regularized": [world.plain] * 2, "unregularized": [world.plain]}
    return replicates(world, **{**models, "data": world.x, **options})


def activations_of(world, **options):
    good = {"models": [world.plain], "data": world.x, "verbose": 0}
    return S.activations_of(**{**good, **options})


def other_stream(world):
    stream = S.CovarianceStream()
    stream.update([world.x], [world.x])
    return stream


ROWS = [
    *[
        each
        for name in (*METHODS, "covariances")
        for each in refuses(
            f"similarity.{name}",
            lambda w, name=name: partial(getattr(S, name), x=w.x, y=w.x),
            x=also(ACTIVATIONS, ValueError=[OF_OTHER_SAMPLES]),
            y=also(ACTIVATIONS, ValueError=[OF_OTHER_SAMPLES]),
        )
    ],
    *[
        each
        for method in METHODS
        for each in [
            *refuses(
                f"similarity.{method}",
                lambda w, method=method: partial(getattr(S, method), y=w.x),
                x={ValueError: [np.ones((12, 2))]},
            ),
            row(
                f"similarity.{method}",
                "x",
                ValueError,
                lambda w, method=method: getattr(S, method)([[1.0]], [[2.0]]),
                "a single sample",
            ),
            *refuses(
                f"similarity.{method}_from_covariances",
                lambda w, method=method: getattr(S, f"{method}_from_covariances"),
                found=OBJECT,
            ),
        ]
    ],
    row(
        "similarity.cca",
        "x",
        ValueError,
        lambda w: S.cca(w.x[:4], w.x[:4, :1]),
        "as many units as samples",
    ),
    row(
        "similarity.covariances",
        "x",
        ValueError,
        lambda w: S.covariances([[1e200], [-1e200]], [[1.0], [2.0]]),
        "squares beyond float64",
    ),
    *refuses(
        "similarity.svcca", lambda w: partial(S.svcca, w.x, w.x), variance=VARIANCE
    ),
    *refuses(
        "similarity.svcca_from_covariances",
        lambda w: partial(S.svcca_from_covariances, w.covariances),
        variance=VARIANCE,
    ),
    *refuses(
        "similarity.cka",
        lambda w: partial(S.cka, w.x, w.x),
        debiased=FLAG,
        kernel=CHOICE,
    ),
    *refuses(
        "similarity.cka",
        lambda w: partial(S.cka, w.x, y=w.x, kernel="rbf"),
        y={ValueError: [OF_OTHER_SAMPLES]},
        bandwidth=but(POSITIVE, None),
    ),
    row(
        "similarity.cka",
        "bandwidth",
        ValueError,
        lambda w: S.cka(w.x, w.x, bandwidth=0.5),
        "with a linear kernel",
    ),
    row(
        "similarity.cka",
        "x",
        ValueError,
        lambda w: S.cka(w.x[:3], w.x[:3], debiased=True),
        "three samples",
    ),
    *refuses(
        "similarity.cka_from_covariances",
        lambda w: partial(S.cka_from_covariances, w.covariances),
        debiased=FLAG,
    ),
    *refuses(
        "similarity.minibatch_cka",
        lambda w: S.minibatch_cka,
        batches={
            TypeError: [
                *(None, 3, "a", [3], [None], [{"a": X}], ["ab"]),
                *([[["a"], ["b"]]], [[[[True], [False]]]], [[[[1.0], [1.0, 2.0]]]]),
            ],
            ValueError: [
                *([], [[]], [[X[:3]]], [[X, X[:5]]], [[X], [X, X]]),
                *([[X[:, 0]]], [[X[:, :0]]], [[NAN * X]], [[1e200 * X]]),
            ],
        },
    ),
    *refuses(
        "similarity.CovarianceStream.update",
        lambda w: partial(w.stream.update, x=[w.x[:, :2]], y=[w.x[:, 1:]]),
        x=LAYERS,
        y=LAYERS,
    ),
    *refuses(
        "similarity.CovarianceStream.merge", lambda w: w.stream.merge, other=OBJECT
    ),
    row(
        "similarity.CovarianceStream.merge",
        "x",
        ValueError,
        lambda w: w.stream.merge(other_stream(w)),
        "other units",
    ),
    *refuses(
        "similarity.CovarianceStream.between",
        lambda w: w.stream.between,
        x=also(INTEGER, ValueError=[-1, 1]),
        y=also(INTEGER, ValueError=[-1, 1]),
    ),
    row(
        "similarity.CovarianceStream.between",
        "x",
        ValueError,
        lambda w: S.CovarianceStream().between(),
        "no samples",
    ),
    *refuses(
        "similarity.ReplicateDistances",
        lambda w: partial(S.ReplicateDistances, within={"a": [1]}, cross={"a": [1]}),
        within=DISTANCES,
        cross=DISTANCES,
    ),
    *refuses(
        "similarity.ReplicateDistances.test",
        lambda w: w.distances.test,
        comparisons=COUNT,
    ),
    *refuses(
        "similarity.replicates",
        lambda w: partial(replicates, w),
        regularized={TypeError: [None, "ab", 3, [1, 2]], ValueError: [[], [REPLICATE]]},
        unregularized={
            TypeError: [None, "ab", 3, [None]],
            ValueError: [[], [{"b": np.ones((3, 1))}], [REPLICATE]],
        },
        data={ValueError: [np.ones((12, 4))]},
        distance=also(but(FUNCTION, None), TypeError=[lambda a, b: None]),
        verbose=VERBOSE,
    ),
    *refuses(
        "similarity.replicates",
        lambda w: partial(of_models, w),
        data=DATA,
        taps=TAPS,
        batch_size=BATCHES["batch_size"],
    ),
    row(
        "similarity.replicates",
        "regularized",
        TypeError,
        lambda w: of_models(w, regularized=[w.plain, {"a": w.x}]),
        "a model and arrays",
    ),
    *refuses(
        "similarity.compare",
        lambda w: partial(compare, w),
        model_a=MODEL,
        model_b=MODEL,
        data=also(DATA, ValueError=[np.ones((1, 4))]),
        method=CHOICE,
        taps=TAPS,
        taps_b={TypeError: TAPS[TypeError]},
        pairs=CHOICE,
        spatial=CHOICE,
        debiased=also(FLAG, ValueError=[True]),
        variance=also(VARIANCE, ValueError=[0.5]),
        **BATCHES,
    ),
    row("similarity.compare", "data", ValueError, lambda w: compare(w, data=w.endless)),
    *refuses(
        "similarity.activations_of",
        lambda w: partial(activations_of, w),
        models={TypeError: [None, 3, "a", [1], [None]], ValueError: [[]]},
        data=DATA,
        taps=TAPS,
        **BATCHES,
    ),
    *refuses(
        "similarity.SimilarityMatrix",
        lambda w: partial(S.SimilarityMatrix, [[1.0]], rows=["a"], columns=["a"]),
        rows=NAMES,
        columns=NAMES,
        method=CHOICE,
    ),
    *refuses(
        "similarity.SimilarityMatrix",
        lambda w: partial(S.SimilarityMatrix, rows=["a"], columns=["a", "b"]),
        values=also(
            but(ARRAY, [1.0, NAN], [True, False]), ValueError=[[[1.0]], [[INF, 1.0]]]
        ),
    ),
]
