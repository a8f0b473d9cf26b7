"""Bad inputs of callbacks, which none of them may train a step with."""

from functools import partial

from keras_selectivity import callbacks as C

from .models import DATA, METRICS, TAPS, UNITS
from .table import (
    CHOICE,
    COUNT,
    FLAG,
    INF,
    NAN,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    SEED,
    TEXT,
    also,
    but,
    refuses,
    row,
)

KEY = also(TEXT, ValueError=[""])
ORDER = {
    TypeError: [
        3,
        None,
        [3],
        ["ab"],
        {"a": 1},
        [("first", 0, 1)],
    ],
    ValueError: [
        [("first", 0.5)],
        [("first", True)],
        "",
        "best",
        [],
        [("zzz", 0)],
        [("first", 3)],
        [("first", -1)],
        [("first", 0)] * 2,
    ],
}
POINTS = {
    TypeError: ["a", None, 1.5, ["a"], [[1]], True, [True, False], []],
    ValueError: [0, 1, -3, [2, 1], [0, 99], [-1, 2], [0.5, 1.5], [0, NAN], [0, 0]],
}
PATH = {TypeError: [3, ["a"], b"a.npz", True], ValueError: ["", "a.txt"]}
FOLDER = {TypeError: [3, ["a"], b"a", True], ValueError: [""]}
# Units of which a callback knows without a model that they are none.
NO_UNITS = {
    **UNITS,
    TypeError: [*UNITS[TypeError], None],
    ValueError: [{"first": [-1]}],
}
OF_DATA = {
    "AblationAUC": C.AblationAUC,
    "ClassRepresentation": C.ClassRepresentation,
    "PreferredClassTracker": C.PreferredClassTracker,
    "SelectivityMonitor": C.SelectivityMonitor,
}
OF_ALPHA = {
    "AblationMask": C.AblationMask({"first": [0]}),
    "AlphaScheduler": C.AlphaScheduler([1.0]),
    "AlphaWarmup": C.AlphaWarmup(),
    "AlphaWindow": C.AlphaWindow(0),
}


def fit(world, callback, **options):
    return world.fit(callback(**{"data": world.data, **options}))


def fit_mask(world, units):
    return world.fit(C.AblationMask(units))


def fit_scheduled(world, schedule):
    return world.fit(C.AlphaScheduler(lambda epoch: schedule))


ROWS = [
    *[
        each
        for name, callback in OF_DATA.items()
        for each in [
            *refuses(
                f"callbacks.{name}",
                lambda w, callback=callback: partial(fit, w, callback),
                data=DATA,
                taps=TAPS,
            ),
            *refuses(
                f"callbacks.{name}",
                lambda w, callback=callback: partial(callback, data=w.data),
                batch_size=but(COUNT, None),
            ),
            *[
                row(
                    f"callbacks.{name}",
                    argument,
                    ValueError,
                    lambda w, callback=callback, data=data: fit(
                        w, callback, data=data(w)
                    ),
                    what,
                )
                for argument, data, what in (
                    ("data", lambda w: w.endless, "endless"),
                    ("data", lambda w: w.empty, "empty"),
                    ("data", lambda w: (w.x, w.y[:5]), "of two lengths"),
                    ("y", lambda w: (w.x, w.y + 1), "labels out of range"),
                )
                # It takes some samples, of endless data too.
                if (name, what) != ("AblationAUC", "endless")
            ],
        ]
    ],
    *refuses(
        "callbacks.AblationAUC",
        lambda w: partial(fit, w, C.AblationAUC),
        points=POINTS,
        order=ORDER,
    ),
    *refuses(
        "callbacks.AblationAUC",
        lambda w: partial(C.AblationAUC, w.data),
        repeats=COUNT,
        samples=but(COUNT, None),
        clamp=CHOICE,
        seed=SEED,
        every=COUNT,
        key=KEY,
    ),
    *refuses(
        "callbacks.ClassRepresentation",
        lambda w: partial(C.ClassRepresentation, w.data),
        largest=COUNT,
        key=KEY,
    ),
    *refuses(
        "callbacks.PreferredClassTracker",
        lambda w: partial(C.PreferredClassTracker, w.data),
        path=PATH,
    ),
    *refuses(
        "callbacks.SelectivityMonitor",
        lambda w: partial(C.SelectivityMonitor, w.data),
        metrics=METRICS,
        log_dir=FOLDER,
    ),
    *refuses(
        "callbacks.TrainingBackup",
        lambda w: partial(C.TrainingBackup, backup_dir="backup"),
        backup_dir=also(FOLDER, TypeError=[None]),
        delete_checkpoint=FLAG,
    ),
    *refuses(
        "callbacks.AblationMask",
        lambda w: partial(C.AblationMask, units={"first": [0]}, start=2),
        units=NO_UNITS,
        start=NOT_NEGATIVE,
        stop=also(but(NOT_NEGATIVE, None), ValueError=[2, 1]),
    ),
    *refuses(
        "callbacks.AblationMask",
        lambda w: partial(fit_mask, w),
        units={ValueError: UNITS[ValueError]},
    ),
    *refuses(
        "callbacks.AblationMask.active",
        lambda w: C.AblationMask({"first": [0]}).active,
        epoch=SEED,
    ),
    *refuses(
        "callbacks.AlphaWindow",
        lambda w: partial(C.AlphaWindow, start=2),
        start=NOT_NEGATIVE,
        stop=also(but(NOT_NEGATIVE, None), ValueError=[2, 1]),
    ),
    *refuses(
        "callbacks.AlphaWarmup", lambda w: C.AlphaWarmup, epochs=POSITIVE, by=CHOICE
    ),
    *refuses(
        "callbacks.AlphaScheduler",
        lambda w: C.AlphaScheduler,
        schedule={
            TypeError: [3, None, "linear", ["a"], [None], [True], {0: 1.0}],
            ValueError: [[], [NAN], [1.0, INF]],
        },
    ),
    *refuses(
        "callbacks.AlphaScheduler", lambda w: partial(fit_scheduled, w), schedule=NUMBER
    ),
    row(
        "callbacks.AlphaScheduler",
        "schedule",
        ValueError,
        lambda w: w.fit(C.AlphaScheduler([1.0]), epochs=2),
        "too short",
    ),
    *[
        each
        for name in ("AlphaScheduler", "AlphaWarmup", "AlphaWindow")
        for each in refuses(
            f"callbacks.{name}.factor",
            lambda w, name=name: OF_ALPHA[name].factor,
            epoch=NOT_NEGATIVE,
        )
    ],
    row(
        "callbacks.AlphaScheduler.factor",
        "schedule",
        ValueError,
        lambda w: C.AlphaScheduler([1.0]).factor(1),
        "too short",
    ),
    *[
        row(
            f"callbacks.{name}",
            "SelectivityModel",
            TypeError,
            lambda w, callback=callback: w.fit(callback, model=w.plain),
            "trains a plain model",
        )
        for name, callback in OF_ALPHA.items()
    ],
]
