"""Bad inputs of inference."""

from functools import partial

from keras_selectivity import inference as I

from .table import (
    ARRAY,
    COUNT,
    FUNCTION,
    INF,
    NAN,
    NUMBER,
    SEED,
    also,
    but,
    refuses,
    row,
)

GOOD = [1.0, 2.0, 4.0]
VECTOR = also(ARRAY, ValueError=[[[1.0], [2.0]], 3.0])
PROBABILITY = {TypeError: ["a", None, [True]], ValueError: [2, -0.1, [0.5, 1.5], INF]}

ROWS = [
    *refuses(
        "inference.bootstrap_mean",
        lambda w: partial(I.bootstrap_mean, values=GOOD),
        values=also(ARRAY, ValueError=[[1.0], 3.0]),
        confidence=also(NUMBER, ValueError=[0, 1, 95]),
        resamples=COUNT,
        seed=SEED,
    ),
    *[
        each
        for test in ("t_test", "paired_t_test", "rank_sum_test")
        for each in refuses(
            f"inference.{test}",
            lambda w, test=test: partial(getattr(I, test), a=GOOD, b=[2.0, 2.0, 7.0]),
            a=VECTOR,
            b=VECTOR,
            comparisons=COUNT,
        )
    ],
    row(
        "inference.paired_t_test",
        "b",
        ValueError,
        lambda w: I.paired_t_test(GOOD, [1.0, 2.0]),
        "another length",
    ),
    *refuses(
        "inference.prediction_test",
        lambda w: partial(I.prediction_test, value=3.0, sample=GOOD),
        value=NUMBER,
        sample=also(VECTOR, ValueError=[[1.0]]),
        comparisons=COUNT,
    ),
    *refuses(
        "inference.family",
        lambda w: partial(I.family, pairs={1: (GOOD, GOOD)}),
        pairs={
            TypeError: [None, [1, 2], "ab", {1: None}, {1: 3}, {1: "ab"}],
            ValueError: [{1: ([1, 2],)}, {1: ()}],
        },
        test=FUNCTION,
    ),
    row("inference.family", "a", TypeError, lambda w: I.family({1: (["x"], GOOD)})),
    *refuses(
        "inference.bonferroni",
        lambda w: partial(I.bonferroni, pvalues=0.1),
        pvalues=PROBABILITY,
        comparisons=but(COUNT, None),
    ),
    *[
        each
        for name in ("spearman", "regression_line")
        for each in refuses(
            f"inference.{name}",
            lambda w, name=name: partial(getattr(I, name), x=GOOD, y=GOOD),
            x=also(VECTOR, ValueError=[[1.0]]),
            y=also(VECTOR, ValueError=[[1.0, 2.0]]),
        )
    ],
    *refuses(
        "inference.spearman_floor",
        lambda w: I.spearman_floor,
        count=also(COUNT, ValueError=[1]),
    ),
    *[
        each
        for name in ("quartiles", "standard_error")
        for each in refuses(
            f"inference.{name}",
            lambda w, name=name: getattr(I, name),
            values=VECTOR,
        )
    ],
    *refuses(
        "inference.binomial_standard_error",
        lambda w: partial(I.binomial_standard_error, share=[0.5, 0.5], count=10),
        share=also(PROBABILITY, ValueError=[NAN]),
        count={
            TypeError: ["a", None, True],
            ValueError: [0, -1, 0.5, NAN, [3, 0], [1, 2, 3]],
        },
    ),
]
