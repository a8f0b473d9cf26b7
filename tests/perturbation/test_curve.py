"""Results of ablations are made of what they can be made of."""

import numpy as np
import pytest

from keras_selectivity.perturbation import AblationCurve, NoiseCurve, SingleUnitAblation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"counts": [0, 2]}, r"`accuracy`.*shape \(any, 2\).*\(1, 3\)"),
        ({"counts": [0, 2, 5]}, "`counts`.*at most 4"),
        ({"counts": [-1, 2, 4]}, "`counts`.*at least 0"),
        ({"counts": [0, 0.5, 1]}, "`counts` must be integers"),
        ({"accuracy": [1, 0.5, 0]}, r"`accuracy`.*shape \(any, 3\)"),
        ({"accuracy": [[1, 0.5, np.nan]]}, "`accuracy`.*nan"),
        ({"accuracy": [[1, 0.5, 1.5]]}, "`accuracy`.*at most 1"),
        ({"test_accuracy": [[1, 0]]}, r"`test_accuracy`.*shape \(1, 3\)"),
        ({"layers": {"a": 0}}, r"`layers\['a'\]` must be a positive integer"),
        ({"top_k": 0}, "`top_k` must be a positive integer"),
    ],
)
def test_an_ablation_curve_that_cannot_be(arguments, message):
    good = {"counts": [0, 2, 4], "layers": {"a": 4}, "accuracy": [[1.0, 0.75, 0.5]]}
    assert AblationCurve(**good).auc.tolist() == [0.75]
    with pytest.raises(ValueError, match=message):
        AblationCurve(**{**good, **arguments})


def test_a_noise_curve_that_cannot_be():
    assert NoiseCurve([0.0, 1.0], [[1, 0.5]]).mean.tolist() == [1, 0.5]
    for scales, accuracy, message in [
        ([0.0], [[1, 0.5]], r"`accuracy`.*shape \(any, 1\)"),
        ([0.0, -1], [[1, 0.5]], "`scales`.*at least 0"),
        ([0.0, np.inf], [[1, 0.5]], "`scales`.*inf"),
        ([0.0, 1], [["a", "b"]], "`accuracy` must hold real numbers"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            NoiseCurve(scales, accuracy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "must hold a layer"),
        ({"a": {}}, "must hold a layer and a quantity"),
        ({"a": {"loss_change": [0.5]}, "b": {"other": [1]}}, "same quantities"),
        ({"a": {"loss_change": [1, 2], "accuracy_change": [1]}}, r"shape \(2\)"),
        ({"a": {"loss_change": [np.nan]}}, "finite"),
    ],
)
def test_an_ablation_of_single_units_that_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        SingleUnitAblation(changes, {"loss": 1.0})


def test_what_else_an_ablation_of_single_units_holds():
    changes = {"a": {"loss_change": [0.5]}}
    with pytest.raises(ValueError, match=r"`intact\['loss'\]` must be a finite"):
        SingleUnitAblation(changes, {"loss": np.nan})
    with pytest.raises(ValueError, match="`samples`"):
        SingleUnitAblation(changes, {"loss": 1.0}, samples=-1)


# Mean 1, 0.9, 0.6, 0 at 0, 1/4, 1/2 and 1.
CURVE = AblationCurve([0, 1, 2, 4], {"a": 4}, [[1.0, 1.0, 0.6, 0.0], [1, 0.8, 0.6, 0]])


def test_half_point():
    # A half lies a sixth of the way from 2 to 4 of 4 units.
    assert CURVE.half_point == pytest.approx(0.5 + 0.5 / 6)
    assert AblationCurve([0, 1], {"a": 1}, [[0.9, 0.7]]).half_point == 1
    assert AblationCurve([0, 1], {"a": 1}, [[0.4, 0.1]]).half_point == 0
    assert AblationCurve([2, 3], {"a": 4}, [[0.4, 0.1]]).half_point == 0.5
    again = AblationCurve([0, 1, 2, 3], {"a": 4}, [[0.9, 0.3, 0.9, 0.1]])
    assert again.half_point == pytest.approx(0.25 * 4 / 6)


def test_accuracy_and_area_past_a_fraction():
    assert CURVE.accuracy_at(0.125) == pytest.approx(0.95)
    assert CURVE.accuracy_at(1) == 0
    # From 0.125: 0.125 of mean 0.925, 0.25 of 0.75, 0.5 of 0.3.
    expected = (0.125 * 0.925 + 0.25 * 0.75 + 0.5 * 0.3) / 0.875
    assert CURVE.area_past(0.125) == pytest.approx(expected)
    assert CURVE.area_past(0) == pytest.approx(CURVE.auc.mean())
    assert CURVE.area_past(0.5) == pytest.approx(0.3)


@pytest.mark.parametrize("fraction", [0.2, 0.8])
def test_nothing_is_said_of_fractions_that_were_not_measured(fraction):
    curve = AblationCurve([1, 2, 3], {"a": 4}, [[1.0, 0.5, 0.2]])
    for method in (curve.accuracy_at, curve.area_past):
        with pytest.raises(ValueError, match="`fraction` must be a finite number of"):
            method(fraction)
    assert curve.accuracy_at(0.75) == 0.2
    with pytest.raises(ValueError, match=r"below 0\.75"):
        curve.area_past(0.75)


def test_normalized_area():
    curve = AblationCurve([0, 2], {"a": 2}, [[0.8, 0.4], [0.5, 0.5], [0.0, 0.2]])
    np.testing.assert_allclose(curve.normalized_auc, [0.75, 1, np.nan])
    np.testing.assert_allclose(CURVE.normalized_auc, CURVE.auc)
