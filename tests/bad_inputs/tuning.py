"""Bad inputs of tuning and distribution."""

from functools import partial

import keras_tuner
import numpy as np

from keras_selectivity import distribution as D
from keras_selectivity import tuning as T

from .table import (
    CHOICE,
    FUNCTION,
    HUGE,
    INF,
    NAN,
    NUMBER,
    OBJECT,
    POSITIVE,
    TEXT,
    also,
    but,
    refuses,
    row,
)

HP = keras_tuner.HyperParameters
NAME = also(TEXT, ValueError=[""])
STRATEGY = {TypeError: ["mirrored", 3, [1]]}
VALUE = {TypeError: ["a", None, [None], ["a"]]}


def hypermodel(world, **options):
    return T.SelectivityHyperModel(**{"build": lambda hp: world.plain, **options})


def built(build):
    return T.SelectivityHyperModel(lambda hp: build).build(HP())


ROWS = [
    *refuses(
        "tuning.SignedRange",
        lambda w: T.SignedRange,
        low=POSITIVE,
        high=also(POSITIVE, ValueError=[0.1, 0.05]),
        signs={
            TypeError: [None, 1, "ab"],
            ValueError: [[], [2], [0.5], ["a"], [True]],
        },
    ),
    *refuses("tuning.SignedRange.sample", lambda w: T.SignedRange().sample, hp=OBJECT),
    *refuses(
        "tuning.SelectivityHyperModel",
        lambda w: partial(hypermodel, w),
        build=FUNCTION,
        alpha={
            TypeError: ["a", None, True, 1j, ["a"], [None], [True], {"a": 1}, [[1.0]]],
            ValueError: [[], NAN, INF, HUGE, [NAN], [1.0, INF]],
        },
        regularizer={
            TypeError: [3, None, [3], [None], True],
            ValueError: ["", "SI", [], ["si", "l2"]],
        },
        taps={
            TypeError: [3, None, [3], {3: "relu"}, {"a": 3}, {"a": None}],
            ValueError: [[], {}],
        },
        schedules={TypeError: [3, "a", [1], {"a": 3}, {"a": "b"}, {"a": [3]}, {3: []}]},
        compile=but(FUNCTION, None),
        aplha={TypeError: [1.0]},
    ),
    *refuses(
        "tuning.SelectivityHyperModel.build",
        lambda w: hypermodel(w).build,
        hp=OBJECT,
    ),
    *refuses(
        "tuning.SelectivityHyperModel.build",
        lambda w: built,
        build={TypeError: [None, 3, "model"]},
    ),
    row(
        "tuning.SelectivityHyperModel.build",
        "build",
        ValueError,
        lambda w: built(w.uncompiled),
        "a model that is not compiled",
    ),
    *refuses(
        "tuning.SelectivityTarget",
        lambda w: partial(T.SelectivityTarget, target=0.5),
        target=NUMBER,
        key=NAME,
    ),
    *refuses(
        "tuning.objective",
        lambda w: partial(T.objective, name="val_loss"),
        name=NAME,
        direction=but(CHOICE, None),
    ),
    row(
        "tuning.objective",
        "direction",
        ValueError,
        lambda w: T.objective("si"),
        "a name without one",
    ),
    *refuses(
        "distribution.MultiWorkerModel.step_logs",
        lambda w: D.MultiWorkerModel().step_logs,
        logs={TypeError: ["a", 3, None, [1]]},
    ),
    *refuses("distribution.is_chief", lambda w: D.is_chief, strategy=STRATEGY),
    *refuses(
        "distribution.worker_count",
        lambda w: D.worker_count,
        strategy=also(STRATEGY, TypeError=[None]),
    ),
    *[
        each
        for name in ("from_chief", "from_all")
        for each in refuses(
            f"distribution.{name}",
            lambda w, name=name: partial(
                getattr(D, name), strategy=w.strategy, value=np.ones(2)
            ),
            strategy=also(STRATEGY, TypeError=[None]),
            value=VALUE,
        )
    ],
    row(
        "distribution.from_all",
        "value",
        ValueError,
        lambda w: D.from_all(w.strategy, np.array(3)),
        "a number",
    ),
]
