"""Bad inputs of `SelectivityModel`, `measure` and reports."""

from functools import partial

import numpy as np

import keras_selectivity as ks

from .table import (
    CHOICE,
    COUNT,
    FLAG,
    INF,
    NAN,
    NUMBER,
    VERBOSE,
    also,
    but,
    refuses,
    row,
)

MODEL = {TypeError: ["resnet", 3, None, [1], {"a": 1}]}
DATA = {TypeError: ["a", 3, {"x": 1}], ValueError: [None, [], (), ([], [])]}
TAPS = {
    TypeError: [3, [3], [None], True, {"a": 1}],
    ValueError: ["", "zzz", [], ["zzz"], "("],
}
# Where the model's output may not be tapped, and there is no default.
HIDDEN_TAPS = also(TAPS, TypeError=[None], ValueError=[["output"]])
GROUPS = {
    TypeError: [3, ["first"], {"a": "first"}, {"a": 3}, {"a": [3]}, True],
    ValueError: [
        {},
        {"a": []},
        {"a": ["zzz"]},
        {"a": ["first"], "b": ["first"]},
        "zzz",
        "(zzz)",
        "(",
    ],
}
METRICS = {
    TypeError: [3, None, [3], [None]],
    ValueError: [[], "", "zzz", ["zzz"], ["si", "si"]],
}
CLASSES = {TypeError: ["a", 1.5, True, [3]], ValueError: [0, 1, -3]}
LABELS = {TypeError: [1.5, ["y"], True]}
UNITS = {
    TypeError: [
        3,
        "first",
        [0],
        {"first": 3},
        {"first": "a"},
        {"first": [0.5]},
        {"first": [True]},
        {"first": None},
    ],
    ValueError: [{"zzz": [0]}, {"first": [3]}, {"first": [-1]}],
}
ALPHA = also(NUMBER, ValueError=[-INF])
# Targets and weights of 12 samples that a classifier of 3 classes cannot have.
Y = {
    ValueError: [
        np.arange(12) % 3 + 1,
        np.arange(12) % 3 - 1,
        np.linspace(0, 1, 12),
        np.full(12, NAN),
        np.ones((12, 3)),
        np.eye(4)[np.arange(12) % 3],
    ],
    TypeError: [np.array(["a", "b", "c"] * 4), np.array([None] * 12)],
}
WEIGHTS = {
    ValueError: [-np.ones(12), np.full(12, NAN), np.full(12, INF), np.ones((12, 2))],
    TypeError: [np.array(["a"] * 12)],
}


def wrap(world, **options):
    return ks.SelectivityModel(**{"model": world.plain, **options})


def measure(world, **options):
    good = {"model": world.plain, "data": world.data, "verbose": 0}
    return ks.measure(**{**good, **options})


def measure_arrays(world, y=None, sample_weight=None):
    return measure(world, data=(world.x, world.y if y is None else y, sample_weight))


def set_alpha(world, alpha):
    world.model.alpha = alpha


def silenced(world, units):
    with world.model.silenced(units):
        pass


def report(**changed):
    good = {
        "values": {"a": {"si": np.ones(2)}},
        "groups": {"a": ["a"]},
        "preferred_class": {"a": np.zeros(2, int)},
        "class_means": {"a": np.ones((3, 2))},
        "class_weight": np.ones(3),
        "confusion": np.ones((3, 3)),
    }
    return ks.SelectivityReport(**{**good, **changed})


ROWS = [
    *refuses(
        "SelectivityModel",
        lambda w: partial(wrap, w),
        model=MODEL,
        alpha=ALPHA,
        regularizer={
            TypeError: [3, None, ["si"], True],
            ValueError: ["", "SI", "precision"],
        },
        taps=HIDDEN_TAPS,
        groups=GROUPS,
        num_classes=CLASSES,
        synchronized=FLAG,
        labels=LABELS,
    ),
    row(
        "SelectivityModel",
        "model",
        TypeError,
        lambda w: wrap(w, model=w.subclassed),
        "a subclassed model",
    ),
    *refuses("SelectivityModel.alpha", lambda w: partial(set_alpha, w), alpha=ALPHA),
    *refuses(
        "SelectivityModel.scale_alpha",
        lambda w: partial(w.model.scale_alpha, owner="me", factor=0.5),
        owner={TypeError: [["me"], {}]},
        factor=but(ALPHA, None),
    ),
    *refuses(
        "SelectivityModel.silence",
        lambda w: partial(w.model.silence, owner="me", units={"first": [0]}),
        owner={TypeError: [["me"], {}]},
        units=UNITS,
    ),
    *refuses(
        "SelectivityModel.silenced",
        lambda w: partial(silenced, w),
        units=also(UNITS, TypeError=[None]),
    ),
    *refuses(
        "SelectivityModel.fit",
        lambda w: partial(w.model.fit, w.x, y=w.y, verbose=0),
        y=also(Y, ValueError=[None]),
        sample_weight=WEIGHTS,
    ),
    *refuses(
        "measure",
        lambda w: partial(measure, w),
        model=MODEL,
        data=DATA,
        metrics=METRICS,
        taps=TAPS,
        groups=GROUPS,
        correct_only=FLAG,
        batch_size=but(COUNT, None),
        verbose=VERBOSE,
        response=CHOICE,
        num_classes=CLASSES,
        labels=LABELS,
        steps=but(COUNT, None),
    ),
    row(
        "measure",
        "model",
        TypeError,
        lambda w: measure(w, model=w.subclassed),
        "a subclassed model",
    ),
    *refuses(
        "measure", lambda w: partial(measure_arrays, w), y=Y, sample_weight=WEIGHTS
    ),
    *[
        row(
            "measure", "data", ValueError, lambda w, data=data: measure(w, data=data(w))
        )
        for data in (
            lambda w: (w.x, w.y[:5]),
            lambda w: w.endless,
            lambda w: w.empty,
        )
    ],
    *refuses(
        "SelectivityReport",
        lambda w: report,
        values={
            TypeError: [None, 3, "a", [1], {"a": 1}, {"a": {"si": "x"}}],
            ValueError: [
                {},
                {"a": {}},
                {"a": {"si": np.ones((2, 2))}},
                {"a": {"si": np.ones(2)}, "b": {"dprime": np.ones(2)}},
            ],
        },
        groups={TypeError: [None, 3, "a", ["a"]], ValueError: [{"g": ["zzz"]}]},
        preferred_class={
            TypeError: [None, 3, "a"],
            ValueError: [{"a": np.zeros(3, int)}],
        },
        class_means={
            TypeError: [None, 3, "a"],
            ValueError: [{"a": np.ones((3, 5))}],
        },
        class_weight={
            TypeError: [None, "a"],
            ValueError: [np.ones((3, 3))],
        },
        confusion={TypeError: [None, "a"], ValueError: [np.ones(3), np.ones((2, 2))]},
        correct_only=FLAG,
    ),
    *[
        each
        for name in ("layer_means", "mean")
        for each in refuses(
            f"SelectivityReport.{name}",
            lambda w, name=name: getattr(w.report, name),
            metric={
                TypeError: [None, 3, ["a"], np.zeros(2)],
                ValueError: ["other", ""],
            },
            without_dead=FLAG,
        )
    ],
    row(
        "SelectivityReport.mean",
        "without_dead",
        ValueError,
        lambda w: w.report.mean(without_dead=True),
        "a report without them",
    ),
    *refuses(
        "SelectivityReport.class_representation",
        lambda w: w.report.class_representation,
        largest=COUNT,
    ),
]
