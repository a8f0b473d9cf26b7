"""Bad inputs of projection."""

from functools import partial

import numpy as np

from keras_selectivity.projection import selectivity_upper_bound

from .similarity import ACTIVATIONS
from .table import (
    CHOICE,
    COUNT,
    NAN,
    NOT_NEGATIVE,
    POSITIVE,
    SEED,
    VERBOSE,
    refuses,
    row,
)

NAME = "projection.selectivity_upper_bound"
# What stands in the place of (activations, labels).
PAIR = {
    TypeError: [None, "ab", 3, np.ones((2, 3))],
    ValueError: [(), (np.ones((2, 3)),), (1, 2, 3)],
}
# Labels of 12 samples.
LABELS = {
    TypeError: [None, "a", ["a"] * 12, [None] * 12, [[0], [0, 1]]],
    ValueError: [
        [0, 1],
        [-1] * 12,
        [NAN] * 12,
        [0.5] * 11 + [2],
        np.zeros((12, 3)),
        np.zeros((12, 2, 2)),
        3,
    ],
}


def bound(world, **options):
    data = world.x, world.y
    good = {"fit": data, "score": data, "verbose": 0, "max_steps": 2}
    return selectivity_upper_bound(**{**good, **options})


def of_activations(world, **options):
    return bound(world, **{name: (v, world.y) for name, v in options.items()})


def of_labels(world, **options):
    return bound(world, **{name: (world.x, v) for name, v in options.items()})


ROWS = [
    *refuses(
        NAME,
        lambda w: partial(bound, w),
        fit=PAIR,
        score=PAIR,
        starts=COUNT,
        seed=SEED,
        max_steps=COUNT,
        learning_rate=POSITIVE,
        tolerance=NOT_NEGATIVE,
        patience=COUNT,
        epsilon=POSITIVE,
        rest=CHOICE,
        screening=CHOICE,
        verbose=VERBOSE,
    ),
    *refuses(
        NAME, lambda w: partial(of_activations, w), fit=ACTIVATIONS, score=ACTIVATIONS
    ),
    *refuses(NAME, lambda w: partial(of_labels, w), fit=LABELS, score=LABELS),
    row(NAME, "fit", ValueError, lambda w: bound(w, fit={"a": w.data}), "one mapping"),
    row(NAME, "fit", ValueError, lambda w: bound(w, fit={}, score={}), "no names"),
    row(
        NAME,
        "score",
        ValueError,
        lambda w: bound(w, score=(w.x[:, :2], w.y)),
        "other units",
    ),
    row(
        NAME,
        "score",
        ValueError,
        lambda w: of_labels(w, fit=np.eye(3)[w.y], score=np.eye(4)[w.y]),
        "other classes",
    ),
]
