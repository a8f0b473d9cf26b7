"""Bad inputs of metrics, regularizers and the unit formulas."""

from functools import partial

import numpy as np

from keras_selectivity import functional as F
from keras_selectivity import metrics as M
from keras_selectivity import regularizers as R

from .table import CHOICE, COUNT, FLAG, OBJECT, POSITIVE, also, but, refuses, row

INDICES = {"epsilon": POSITIVE, "rest": CHOICE}
# A preferred class for each of two units, of three classes.
PREFERRED = {
    TypeError: ["a", [None, None], [True, False]],
    ValueError: [[0], [0, 3], [-1, 0], [0.5, 1], 0],
}
# What each measure needs beside the statistics.
NEEDED = {
    "ActiveFraction": "active",
    "Dead": "active",
    "L1Norm": "filter_norms",
    "Localist": "labels",
    "MutualInformation": "labels",
    "Precision": "labels",
    "TopClass": "labels",
}
METRICS = ("SelectivityIndex", "Discriminability", "SecondSelectivityIndex", *NEEDED)
REGULARIZERS = ("UnitRegularizer", "SelectivityIndex", "Discriminability")
FUNCTIONS = ("selectivity_index", "discriminability", "preferred_and_rest")


def observed(world, **held):
    return M.Observations(world.statistics, **held)


def get_metric(metrics):
    return M.get(metrics)


def get_regularizer(regularizer):
    return R.get(regularizer)


ROWS = [
    *refuses(
        "metrics.get",
        lambda w: get_metric,
        metrics={TypeError: [3, None, [1]], ValueError: ["", "SI", "selectivity"]},
    ),
    *refuses("metrics.SelectivityIndex", lambda w: M.SelectivityIndex, **INDICES),
    *refuses("metrics.Discriminability", lambda w: M.Discriminability, **INDICES),
    *refuses(
        "metrics.SecondSelectivityIndex", lambda w: M.SecondSelectivityIndex, **INDICES
    ),
    *refuses(
        "metrics.Precision",
        lambda w: M.Precision,
        n=also(but(COUNT, "a"), ValueError=["all", ""]),
    ),
    *refuses(
        "metrics.MutualInformation",
        lambda w: M.MutualInformation,
        bins=also(COUNT, ValueError=[1]),
        binning=CHOICE,
        correction=but(CHOICE, None),
    ),
    *[
        each
        for metric in METRICS
        for each in refuses(
            f"metrics.{metric}.compute",
            lambda w, metric=metric: getattr(M, metric)().compute,
            observations=OBJECT,
        )
    ],
    *[
        row(
            f"metrics.{metric}.compute",
            "observations",
            ValueError,
            lambda w, metric=metric: getattr(M, metric)().compute(observed(w)),
            f"without {needed}",
        )
        for metric, needed in NEEDED.items()
    ],
    row(
        "metrics.Discriminability.compute",
        "statistics",
        ValueError,
        lambda w: M.Discriminability().compute(M.Observations(w.without_squares)),
    ),
    *refuses(
        "metrics.Observations",
        lambda w: partial(M.Observations, statistics=w.statistics),
        statistics=OBJECT,
        active={ValueError: [np.ones(3), 1.0]},
        filter_norms={ValueError: [np.ones(1), np.ones((2, 2))]},
        responses={ValueError: [np.ones((5, 2))]},
    ),
    *refuses(
        "metrics.Observations",
        lambda w: partial(observed, w, labels=np.zeros(5, int)),
        responses={ValueError: [np.ones((4, 2)), np.ones((5, 3))]},
    ),
    row(
        "metrics.Observations.blocks",
        "observations",
        ValueError,
        lambda w: next(observed(w).blocks()),
    ),
    *[
        each
        for name in REGULARIZERS
        for each in [
            *refuses(
                f"regularizers.{name}", lambda w, name=name: getattr(R, name), **INDICES
            ),
            *refuses(
                f"regularizers.{name}.__call__",
                lambda w, name=name: getattr(R, name)(),
                statistics=OBJECT,
            ),
        ]
    ],
    row(
        "regularizers.Discriminability.__call__",
        "statistics",
        ValueError,
        lambda w: R.Discriminability()(w.without_squares),
        "without squares",
    ),
    *refuses(
        "regularizers.get",
        lambda w: get_regularizer,
        regularizer={TypeError: [3, None, ["si"]], ValueError: ["", "precision"]},
    ),
    *[
        each
        for name in FUNCTIONS
        for each in refuses(
            f"functional.{name}",
            lambda w, name=name: partial(getattr(F, name), statistics=w.statistics),
            statistics=OBJECT,
            rest=CHOICE,
        )
    ],
    *[
        each
        for name in ("selectivity_index", "discriminability")
        for each in refuses(
            f"functional.{name}",
            lambda w, name=name: partial(getattr(F, name), statistics=w.statistics),
            epsilon=POSITIVE,
        )
    ],
    *[
        each
        for name in ("selectivity_index", "preferred_and_rest")
        for each in refuses(
            f"functional.{name}",
            lambda w, name=name: partial(getattr(F, name), statistics=w.statistics),
            preferred=PREFERRED,
        )
    ],
    *refuses(
        "functional.preferred_and_rest",
        lambda w: partial(F.preferred_and_rest, statistics=w.statistics),
        variances=FLAG,
    ),
    *[
        row(
            f"functional.{name}",
            "statistics",
            ValueError,
            lambda w, name=name: getattr(F, name)(w.without_squares),
            "without squares",
        )
        for name in ("discriminability", "preferred_and_rest")
    ],
]
