"""Bad inputs of perturbation, and of the files of every result."""

from functools import partial

import numpy as np

from keras_selectivity import perturbation as P

from .callbacks import ORDER, POINTS
from .models import CLASSES, DATA, GROUPS, LABELS, MODEL, TAPS, WEIGHTS, Y
from .table import (
    ARRAY,
    CHOICE,
    COUNT,
    INF,
    NAN,
    NUMBER,
    OBJECT,
    SEED,
    VERBOSE,
    also,
    but,
    refuses,
    row,
)

ANALYSES = ("single_unit", "cumulative", "cumulative_within", "noise")
CUMULATIVE = ("cumulative", "cumulative_within")
# A further data set.
OTHER = {TypeError: ["a", 3], ValueError: [[], ()]}
PATH = {
    TypeError: [3, ["a"], b"a.npz", True],
    ValueError: ["", "a.txt", "no/such/folder/a.npz"],
}
# Every result that is kept in a file.
KEPT = {
    "SelectivityReport": lambda w: w.report,
    "perturbation.AblationCurve": lambda w: w.curve,
    "perturbation.NoiseCurve": lambda w: w.noise,
    "perturbation.SingleUnitAblation": lambda w: w.single_unit,
    "similarity.SimilarityMatrix": lambda w: w.matrix,
    "maximization.Maximized": lambda w: w.maximized,
    "projection.UpperBound": lambda w: w.upper_bound,
}


def run(world, name, **options):
    good = {"model": world.plain, "data": world.data, "verbose": 0}
    if name == "noise":
        good["scales"] = [0.0, 1.0]
    return getattr(P, name)(**{**good, **options})


def run_arrays(world, name, y=None, sample_weight=None):
    y = world.y if y is None else y
    return run(world, name, data=(world.x, y, sample_weight))


ROWS = [
    *[
        each
        for name in ANALYSES
        for each in [
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run, w, name),
                model=MODEL,
                data=DATA,
                taps=TAPS,
                batch_size=but(COUNT, None),
                verbose=VERBOSE,
                checkpoint=PATH,
                num_classes=CLASSES,
                labels=LABELS,
                top_k={TypeError: ["a", 1.5, True, [1]], ValueError: [0, -1, 4]},
            ),
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run_arrays, w, name),
                y=Y,
                sample_weight=WEIGHTS,
            ),
            row(
                f"perturbation.{name}",
                "model",
                TypeError,
                lambda w, name=name: run(w, name, model=w.subclassed),
                "a subclassed model",
            ),
            *[
                row(
                    f"perturbation.{name}",
                    "data",
                    ValueError,
                    lambda w, name=name, data=data: run(w, name, data=data(w)),
                    what,
                )
                for data, what in (
                    (lambda w: w.endless, "endless"),
                    (lambda w: w.empty, "empty"),
                    (lambda w: (w.x, w.y[:5]), "of two lengths"),
                )
            ],
        ]
    ],
    *[
        each
        for name in ("single_unit", *CUMULATIVE)
        for each in [
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run, w, name),
                clamp=CHOICE,
                max_rows=but(COUNT, None),
            ),
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run, w, name, clamp="mean"),
                reference=also(OTHER, ValueError=[None]),
            ),
        ]
    ],
    *refuses(
        "perturbation.single_unit",
        lambda w: partial(run, w, "single_unit"),
        loss={ValueError: [3, "", "zzz"]},
    ),
    row(
        "perturbation.single_unit",
        "loss",
        ValueError,
        lambda w: run(w, "single_unit", model=w.uncompiled),
        "of a model that is not compiled",
    ),
    *[
        each
        for name in CUMULATIVE
        for each in [
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run, w, name),
                order=ORDER,
                points=POINTS,
                repeats=COUNT,
                seed=SEED,
                test_data=OTHER,
            ),
            *refuses(
                f"perturbation.{name}",
                lambda w, name=name: partial(run, w, name, order="most_selective"),
                report={TypeError: ["a", 3, [1], {"a": 1}]},
                metric={TypeError: [3, None, ["si"]], ValueError: [""]},
            ),
            *[
                row(
                    f"perturbation.{name}",
                    "report",
                    ValueError,
                    lambda w, name=name, layers=layers: run(
                        w, name, order="most_selective", report=w.report_of(layers)
                    ),
                    what,
                )
                for layers, what in (
                    ({"other": 3}, "of other layers"),
                    ({"first": 4, "second": 2}, "of other units"),
                    ({"first": 2, "second": 3}, "of as many units in other layers"),
                )
            ],
        ]
    ],
    *refuses(
        "perturbation.cumulative_within",
        lambda w: partial(run, w, "cumulative_within"),
        groups=GROUPS,
    ),
    *refuses(
        "perturbation.noise",
        lambda w: partial(run, w, "noise"),
        scales={
            TypeError: ["a", None, 1.0, ["a"], [None], [True], [[1.0]]],
            ValueError: [[], [-1.0], [NAN], [INF]],
        },
        reference=OTHER,
        repeats=COUNT,
        seed=SEED,
    ),
    *refuses(
        "perturbation.area",
        lambda w: partial(P.area, fractions=[0.0, 1.0], accuracy=[1.0, 0.5]),
        fractions=also(
            ARRAY, ValueError=[[0.0], [1, 0.5], [0, 0], [[0, 1]], [0, 1, 2]]
        ),
        accuracy=also(ARRAY, ValueError=[[1.0, 2.0, 3.0], 1.0]),
    ),
    *refuses(
        "perturbation.importance_correlations",
        lambda w: partial(
            P.importance_correlations, report=w.report, ablation=w.single_unit
        ),
        report=OBJECT,
        ablation=OBJECT,
        metric=CHOICE,
        change=CHOICE,
    ),
    *[
        row(
            "perturbation.importance_correlations",
            "report",
            ValueError,
            lambda w, layers=layers: P.importance_correlations(
                w.report_of(layers), w.single_unit
            ),
            what,
        )
        for layers, what in (
            ({"other": 3}, "of other layers"),
            ({"first": 4, "second": 2}, "of other units"),
        )
    ],
    *[
        each
        for name in ("accuracy_at", "area_past")
        for each in refuses(
            f"perturbation.AblationCurve.{name}",
            lambda w, name=name: getattr(w.curve, name),
            fraction=also(NUMBER, ValueError=[-0.1, 1.5]),
        )
    ],
    *refuses(
        "perturbation.AblationCurve",
        lambda w: partial(
            P.AblationCurve, counts=[0, 4], layers={"a": 4}, accuracy=[[1.0, 0.5]]
        ),
        counts={
            TypeError: ["a", None, ["a"], [True, False]],
            ValueError: [[], [[0, 1]], [2, 0], [-1, 2], [0, 9], [0.5, 1]],
        },
        layers={
            TypeError: [None, 3, "a", ["a"], {"a": "b"}, {"a": 1.5}],
            ValueError: [{}, {"a": 0}],
        },
        accuracy={
            TypeError: ["a", None, [["a", "b"]]],
            ValueError: [[], [1.0, 0.5], [[1.0]], [[1.0, NAN]], [[1.0, 1.5]]],
        },
        test_accuracy={
            TypeError: ["a", [["a", "b"]]],
            ValueError: [[], [1.0, 0.5], [[1.0]]],
        },
    ),
    *refuses(
        "perturbation.NoiseCurve",
        lambda w: partial(P.NoiseCurve, scales=[1.0], accuracy=[[1.0]]),
        scales={
            TypeError: ["a", None, ["a"]],
            ValueError: [[], [[0.0]], [-1.0], [NAN]],
        },
        accuracy={
            TypeError: ["a", None, [["a"]]],
            ValueError: [[], [1.0], [[1.0, 0.5]], [[NAN]]],
        },
    ),
    *refuses(
        "perturbation.SingleUnitAblation",
        lambda w: partial(
            P.SingleUnitAblation,
            changes={"a": {"loss_change": np.ones(2)}},
            intact={"loss": 1.0},
        ),
        changes={TypeError: [None, 3, "a", [1], {"a": 1}], ValueError: [{}, {"a": {}}]},
        intact={TypeError: [None, 3, "a", [1]]},
    ),
    *refuses(
        "perturbation.SingleUnitAblation.importance",
        lambda w: w.single_unit.importance,
        change=CHOICE,
    ),
    *[
        each
        for name, result in KEPT.items()
        for each in [
            *refuses(
                f"{name}.save",
                lambda w, result=result: result(w).save,
                path=also(PATH, TypeError=[None]),
            ),
            *refuses(
                f"{name}.load",
                lambda w, result=result: result(w).load,
                path={TypeError: [3, ["a"], b"a", True, None]},
            ),
            row(
                f"{name}.load",
                "path",
                FileNotFoundError,
                lambda w, result=result: result(w).load("no_such_file.npz"),
                "no such file",
            ),
        ]
    ],
]
