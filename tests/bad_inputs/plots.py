"""Bad inputs of plots."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from keras_selectivity import plots as P
from keras_selectivity.perturbation import AblationCurve, NoiseCurve
from keras_selectivity.similarity import ReplicateDistances, SimilarityMatrix

from .table import (
    ARRAY,
    CHOICE,
    COUNT,
    FLAG,
    INF,
    INTEGER,
    NAMES,
    NAN,
    OBJECT,
    SEED,
    TEXT,
    also,
    but,
    refuses,
    row,
)

RESULT = also(OBJECT, TypeError=[np.ones(3), [None], {"a": None}])
# Results in any form: one, a list or a mapping, of one or a list for each line.
RESULTS = {
    TypeError: [
        *("a", 3, None, np.ones(3)),
        *([1], [[1]], [None], ["a"]),
        *({"a": 1}, {"a": None}, {"a": [1]}),
    ],
    ValueError: [[], {}, [[]], {"a": []}],
}
VECTOR = also(ARRAY, ValueError=[[[1.0]], [1.0]])
BY_LABEL = {
    TypeError: ["a", 3, None, [1.0], {"a": "b"}, {"a": None}, {"a": [None, 1]}],
    ValueError: [{}, {"a": []}, {"a": [1, 2], "b": [1]}, {"a": np.ones((1, 1, 2))}],
}
CLASSES = {TypeError: ["ab", 3, {"a": 1, "b": 2}], ValueError: [[], ["a"]]}
AX = {TypeError: ["a", 3, [1], {"a": 1}, np.ones(2), Figure(), Figure().subplots(1, 2)]}
AXES = {
    TypeError: ["a", 3, [1], {"a": 1}, np.ones(2), Figure(), [None]],
    ValueError: [[], Figure().subplots(3, 3)],
}
LABELS = {TypeError: ["ab", 3, {"a": 1, "b": 2}], ValueError: [[], ["a"]]}
HISTORY = {"loss": [0.9, 0.3], "ablation_auc": [0.7, 0.5]}
OTHER_LAYERS = ReplicateDistances({"c": [1]}, {"c": [1]})
OTHER_METHOD = SimilarityMatrix([[1.0]], ["a"], ["a"], "cka")
SHORT = AblationCurve([0, 4], {"a": 4}, [[1.0, 0.5]])
TOP_5 = AblationCurve([0, 4], {"a": 4}, [[1.0, 0.5]], top_k=5)


def of_area(history):
    return P.plot_auc({**HISTORY, "ablation_auc": history})


# For each figure: good arguments, and bad ones.
FIGURES = {
    "plot_ablation": (
        lambda w: {"curves": w.curve},
        {"curves": RESULTS, "test": also(FLAG, ValueError=[True]), "against": CHOICE},
    ),
    "plot_agreement": (
        lambda w: {"reports": w.report, "y": "dprime"},
        {"reports": RESULTS, "x": CHOICE, "y": CHOICE},
    ),
    "plot_auc": (
        lambda w: {"history": HISTORY},
        {
            "history": {
                TypeError: ["a", 3, None, [1]],
                ValueError: [{}, {"loss": [1.0]}],
            },
            "key": also(TEXT, ValueError=["", "auc"]),
            "losses": {
                TypeError: ["loss", 3, [1], {"a": 1}],
                ValueError: [["val_loss"]],
            },
        },
    ),
    "plot_depth": (
        lambda w: {"reports": [w.report, w.report]},
        {
            "reports": RESULTS,
            "metric": CHOICE,
            "labels": LABELS,
            "seed": SEED,
        },
    ),
    "plot_distance_ratio": (
        lambda w: {"alphas": [-1, 1], "ratios": [[1.5], [1.2]]},
        {
            "alphas": also(VECTOR, ValueError=[[1, 1]]),
            "ratios": {
                TypeError: ["a", 3, None, [None, None], ["a", "b"]],
                ValueError: [
                    [],
                    [[1.0]],
                    [[], []],
                    [[1.0], [0.0]],
                    [[1.0], [-1.0]],
                    [[1.0], [NAN]],
                    [[1.0], [INF]],
                ],
            },
            "seed": SEED,
        },
    ),
    "plot_distribution": (
        lambda w: {"reports": w.report},
        {
            "reports": RESULTS,
            "metric": CHOICE,
            "layers": also(but(NAMES, None), ValueError=[["other"]]),
        },
    ),
    "plot_importance": (
        lambda w: {"correlations": w.correlations},
        {"correlations": RESULT},
    ),
    "plot_jitter": (
        lambda w: {"responses": [1.0, 2.0], "labels": [0, 1]},
        {
            "responses": also(ARRAY, ValueError=[[[1.0, 2.0]], [1.0]]),
            "labels": {
                TypeError: ["a", None, ["a", "b"], [None, 1]],
                ValueError: [[], [0], [[0, 1]]],
            },
            "target": also(but(INTEGER, None), ValueError=[-1, 2]),
            "class_names": CLASSES,
            "seed": SEED,
        },
    ),
    "plot_maximized": (
        lambda w: {"found": w.maximized, "report": w.report},
        {
            "found": RESULT,
            "report": {TypeError: ["a", 3, [1], {"a": 1}]},
            "metric": CHOICE,
            "class_names": CLASSES,
        },
    ),
    "plot_noise": (lambda w: {"curves": w.noise}, {"curves": RESULTS}),
    "plot_replicates": (
        lambda w: {"distances": w.distances},
        {"distances": RESULTS, "ylabel": TEXT, "seed": SEED},
    ),
    "plot_similarity": (
        lambda w: {"matrices": w.matrix},
        {"matrices": RESULTS, "distances": FLAG},
    ),
    "plot_similarity_through_training": (
        lambda w: {"epochs": [0, 1], "values": {"a": [0.9, 0.5]}},
        {"epochs": VECTOR, "values": BY_LABEL, "ylabel": TEXT, "seed": SEED},
    ),
    "plot_sweep": (
        lambda w: {"alphas": [-1, 0], "si": [0.1, 0.3], "accuracy": [0.9, 1]},
        {"alphas": VECTOR, "si": VECTOR, "accuracy": VECTOR},
    ),
    "plot_top_images": (
        lambda w: {"images": np.zeros((2, 4, 4, 1)), "responses": [1.0, 2.0]},
        {
            "images": {
                TypeError: ["a", None, ["a"], [None]],
                ValueError: [
                    [],
                    [1.0],
                    np.zeros((0, 4, 4, 1)),
                    np.zeros((2, 4, 4, 2)),
                    np.zeros((2, 4, 4)),
                ],
            },
            "responses": also(but(ARRAY, [1.0, INF]), ValueError=[[1.0]]),
            "count": COUNT,
            "labels": LABELS,
        },
    ),
    "plot_upper_bound": (
        lambda w: {
            "alphas": [-1, 0],
            "axis_aligned": [0.1, 0.3],
            "upper_bound": [0.4, 0.6],
        },
        {
            "alphas": VECTOR,
            "axis_aligned": VECTOR,
            "upper_bound": VECTOR,
            "seed": SEED,
        },
    ),
    "plot_upper_bound_by_layer": (
        lambda w: {"layers": ["a", "b"], "upper_bound": {0: [0.5, 0.7]}},
        {
            "layers": also(NAMES, ValueError=[["a"]]),
            "upper_bound": BY_LABEL,
            "seed": SEED,
        },
    ),
}

# Those that draw several panels.
SEVERAL = (
    "plot_importance",
    "plot_maximized",
    "plot_similarity",
    "plot_sweep",
    "plot_top_images",
)

ROWS = [
    *[
        each
        for name, (good, kinds) in FIGURES.items()
        for each in refuses(
            f"plots.{name}",
            lambda w, name=name, good=good: partial(getattr(P, name), **good(w)),
            title=TEXT,
            **({"axes": AXES} if name in SEVERAL else {"ax": AX}),
            **kinds,
        )
    ],
    *refuses(
        "plots.plot_top_images",
        lambda w: partial(
            P.plot_top_images, np.zeros((2, 4, 4, 1)), [1.0, 2.0], labels=[0, 1]
        ),
        class_names=CLASSES,
    ),
    *refuses(
        "plots.plot_auc",
        lambda w: of_area,
        history={
            TypeError: ["a", None, ["a"], [None]],
            ValueError: [[], [1.0], [[1.0], [2.0]]],
        },
    ),
    # Results of the right kind that do not go together, or lack something.
    *[
        row(f"plots.{name}", argument, error, call)
        for name, argument, error, call in (
            (
                "plot_ablation",
                "curves",
                TypeError,
                lambda w: P.plot_ablation(w.noise),
            ),
            (
                "plot_ablation",
                "curves",
                ValueError,
                lambda w: P.plot_ablation({"a": w.curve, "b": TOP_5}),
            ),
            (
                "plot_ablation",
                "curves",
                ValueError,
                lambda w: P.plot_ablation({"a": [w.curve, SHORT]}),
            ),
            (
                "plot_depth",
                "reports",
                ValueError,
                lambda w: P.plot_depth([[w.report, w.report_of({"other": 3})]]),
            ),
            (
                "plot_maximized",
                "report",
                ValueError,
                lambda w: P.plot_maximized(w.maximized, w.report_of({"other": 3})),
            ),
            ("plot_noise", "curves", TypeError, lambda w: P.plot_noise(w.curve)),
            (
                "plot_noise",
                "curves",
                ValueError,
                lambda w: P.plot_noise(NoiseCurve([0.0], [[1.0]])),
            ),
            (
                "plot_noise",
                "curves",
                ValueError,
                lambda w: P.plot_noise(
                    {"a": [w.noise, NoiseCurve([0.0, 2.0], [[1.0, 0.5]])]}
                ),
            ),
            (
                "plot_replicates",
                "distances",
                ValueError,
                lambda w: P.plot_replicates({"a": w.distances, "b": OTHER_LAYERS}),
            ),
            (
                "plot_similarity",
                "matrices",
                ValueError,
                lambda w: P.plot_similarity({"a": w.matrix, "b": OTHER_METHOD}),
            ),
        )
    ],
]
