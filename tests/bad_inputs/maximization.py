"""Bad inputs of maximization."""

from functools import partial

from keras_selectivity.maximization import Maximizer, Transformations, maximize

from .models import MODEL
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
    VERBOSE,
    also,
    but,
    refuses,
    row,
)

OPTIONS = {
    "layer": {TypeError: [3, ["conv"], True], ValueError: ["", "convolution"]},
    "learning_rate": POSITIVE,
    "value_range": {
        TypeError: [1, "ab", ("a", "b"), (None, 1), (False, True)],
        ValueError: [
            (),
            (0,),
            (1, 0),
            (0, 0),
            (0, 1, 2),
            (0, [1, 2]),
            (0, NAN),
            (-INF, 0),
        ],
    },
    "response": CHOICE,
    "generator": {TypeError: ["gan", 3, [1]]},
    "transformations": {TypeError: [False, "none", 3, {"shift": 0.1}]},
    "total_variation": but(NOT_NEGATIVE, None),
    "l2": but(NOT_NEGATIVE, None),
    "decorrelate": FLAG,
    "image_shape": {
        TypeError: [8, "abc", (8.0, 8, 1), ("8", 8, 1), (None, 8, 1), (True, 8, 1)],
        ValueError: [(), (8, 8), (8, 9, 1), (0, 8, 1), (-8, 8, 1)],
    },
}
RUN = {
    "units": {
        TypeError: [1.0, "logits", [True], [[0, 1]], True, [0.5], {"a": 1}],
        ValueError: [[], -1, 2, [0, 0], [0, 2]],
    },
    "images": COUNT,
    "steps": COUNT,
    "seed": SEED,
    "batch_size": COUNT,
    "verbose": VERBOSE,
}


def find(world, **options):
    return maximize(
        **{"model": world.images, "layer": "conv", "steps": 1, "verbose": 0, **options}
    )


def maximizer(world, **options):
    return Maximizer(**{"model": world.images, "layer": "conv", **options})


ROWS = [
    *refuses(
        "maximization.maximize",
        lambda w: partial(find, w),
        model=MODEL,
        **OPTIONS,
        **RUN,
    ),
    *refuses(
        "maximization.Maximizer",
        lambda w: partial(maximizer, w),
        model=MODEL,
        **OPTIONS,
    ),
    *refuses(
        "maximization.Maximizer.run",
        lambda w: partial(w.maximizer.run, steps=1, verbose=0),
        **RUN,
    ),
    *[
        each
        for name, make in (("maximize", find), ("Maximizer", maximizer))
        for each in [
            row(
                f"maximization.{name}",
                "model",
                TypeError,
                lambda w, make=make: make(w, model=w.subclassed),
                "a subclassed model",
            ),
            row(
                f"maximization.{name}",
                "model",
                ValueError,
                lambda w, make=make: make(w, model=w.plain, layer=None),
                "a model of no images",
            ),
            row(
                f"maximization.{name}",
                "generator",
                ValueError,
                lambda w, make=make: make(w, generator=w.plain),
                "a model of no images",
            ),
            *refuses(
                f"maximization.{name}",
                lambda w, make=make: partial(make, w, generator=w.generator),
                value_range={ValueError: [(0, 1)]},
                total_variation={ValueError: [0.1]},
            ),
        ]
    ],
    *refuses(
        "maximization.Transformations",
        lambda w: Transformations,
        shift=also(NUMBER, ValueError=[-0.1, 0.6]),
        zoom=also(NUMBER, ValueError=[-0.1, 1.1]),
        rotation=also(NUMBER, ValueError=[-1, 181]),
    ),
    *refuses(
        "maximization.Transformations.for_size",
        lambda w: partial(Transformations.for_size, height=8, width=8),
        height=COUNT,
        width=COUNT,
    ),
]
