"""Bad inputs of taps and of class statistics."""

from functools import partial

import keras
import numpy as np

from keras_selectivity import labels as L
from keras_selectivity import taps as T

from .models import GROUPS, HIDDEN_TAPS, MODEL
from .table import CHOICE, COUNT, FLAG, INF, INTEGER, refuses, row

# A selection of which some is taken.
SELECTION = {TypeError: [3, None, [3], True], ValueError: ["", []]}


def unbuilt():
    return keras.Sequential([keras.layers.Dense(2)])


def label_weights(world, y=None, sample_weight=None):
    return L.label_weights(world.y[:3] if y is None else y, 3, sample_weight)


def holds_indices(y):
    return L.holds_indices(y, 3)


def check_weight_shape(sample_weight):
    return L.check_weight_shape(sample_weight)


ROWS = [
    *[
        each
        for name in ("first", "last")
        for each in refuses(
            f"taps.{name}",
            lambda w, name=name: partial(getattr(T, name), count=2),
            count=COUNT,
            of=SELECTION,
        )
    ],
    row("taps.kind", "names", TypeError, lambda w: T.kind(3), "a number"),
    row("taps.kind", "names", ValueError, lambda w: T.kind(), "none"),
    *refuses("taps.find", lambda w: T.find, model=MODEL),
    *[
        row(
            f"taps.{name}",
            "model",
            error,
            lambda w, f=f, model=model: f(model(w)),
            what,
        )
        for name, f in (("find", T.find), ("TappedModel", T.TappedModel))
        for error, model, what in (
            (TypeError, lambda w: w.subclassed, "a subclassed model"),
            (ValueError, lambda w: unbuilt(), "a model that is not built"),
        )
    ],
    *refuses(
        "taps.select",
        lambda w: partial(T.select, points=w.points, taps="relu"),
        points={TypeError: [None, 3, "a", [1]]},
        taps=HIDDEN_TAPS,
        allow_output=FLAG,
    ),
    *refuses(
        "taps.group",
        lambda w: partial(T.group, names=["first", "second"], groups=None),
        names={TypeError: [None, 3, "abc", [1]]},
        groups=GROUPS,
    ),
    *refuses(
        "taps.Tap",
        lambda w: T.Tap,
        response=CHOICE,
        channel_axis=INTEGER,
    ),
    *refuses(
        "taps.TappedModel",
        lambda w: partial(T.TappedModel, model=w.plain),
        model=MODEL,
        taps=HIDDEN_TAPS,
        allow_output=FLAG,
        response=CHOICE,
    ),
    *refuses(
        "labels.label_weights",
        lambda w: partial(label_weights, w),
        y={ValueError: [np.eye(4), np.ones((3, 3, 3)), [5], [-1]], TypeError: [["a"]]},
        sample_weight={ValueError: [np.ones((3, 2)), 1.0, [1, 1, -1], [1, 1, INF]]},
    ),
    *refuses(
        "labels.holds_indices",
        lambda w: holds_indices,
        y={ValueError: [(), (2, 4), (2, 3, 3)]},
    ),
    *refuses(
        "labels.check_weight_shape",
        lambda w: check_weight_shape,
        sample_weight={ValueError: [(), (2, 4)]},
    ),
]
