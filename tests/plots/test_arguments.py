"""Results come in any form, and classes have names."""

import numpy as np
import pytest

from keras_selectivity.plots.arguments import class_name, lines_of, shared


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, [("", [1])]),
        ([1, 2], [("", [1]), ("", [2])]),
        ([[1, 2], 3], [("", [1, 2]), ("", [3])]),
        ({"a": 1, 0: (2, 3)}, [("a", [1]), ("0", [2, 3])]),
    ],
)
def test_results_come_in_any_form(given, expected):
    assert lines_of("results", given, int, "a number") == expected


@pytest.mark.parametrize("given", [[], {}, [[]], {"a": []}, [1, []]])
def test_there_must_be_results(given):
    with pytest.raises(ValueError, match="`results` must not be empty"):
        lines_of("results", given, int, "a number")


@pytest.mark.parametrize("given", ["1", 1.5, None, ["1"], {"a": None}, [[1, "a"]]])
def test_results_must_be_results(given):
    with pytest.raises(TypeError, match="`results` must be a number, or a list or a m"):
        lines_of("results", given, int, "a number")


@pytest.mark.parametrize("number", [2, -1])
def test_classes_need_names(number):
    assert class_name(["a", "b"], np.int64(1)) == "b"
    with pytest.raises(ValueError, match=f"must have a name for class {number}"):
        class_name(["a", "b"], number)


def test_what_a_line_shares():
    assert shared("curves", "a", [[0, 1]], "counts").tolist() == [0, 1]
    with pytest.raises(ValueError, match="`curves` of one line must have the same cou"):
        shared("curves", "a", [[0, 1], [0, 1], [0, 2]], "counts")
