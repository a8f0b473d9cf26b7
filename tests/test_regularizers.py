"""Regularizers: the formulas under names, their arguments and their config."""

import keras
import numpy as np
import pytest

from keras_selectivity import functional, regularizers
from keras_selectivity.labels import label_weights
from keras_selectivity.regularizers import (
    Discriminability,
    SelectivityIndex,
    UnitRegularizer,
)
from keras_selectivity.statistics import class_statistics
from tests import reference

BUILT_IN = {
    SelectivityIndex: reference.selectivity,
    Discriminability: reference.discriminability,
}


@keras.saving.register_keras_serializable(package="tests")
class Contrast(UnitRegularizer):
    """A user's own: the difference of the two means, times a factor."""

    name = "contrast"

    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, statistics):
        moments = functional.preferred_and_rest(
            statistics, rest=self.rest, variances=False
        )
        return self.factor * (moments.preferred_mean - moments.rest_mean)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    return rng.uniform(size=(20, 4)), np.arange(20) % 7 % 3


@pytest.mark.parametrize("regularizer", BUILT_IN)
@pytest.mark.parametrize("rest", ["classes", "samples"])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-6, 0.3])
def test_value_is_the_reference(regularizer, rest, epsilon, batch):
    a, y = batch
    found = regularizer(epsilon=epsilon, rest=rest)(
        class_statistics(a, label_weights(y, 3))
    )
    expected = BUILT_IN[regularizer](a, y, num_classes=3, rest=rest, epsilon=epsilon)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_names_and_needs():
    assert (SelectivityIndex.name, Discriminability.name) == ("si", "dprime")
    assert not SelectivityIndex().needs_squares
    assert Discriminability().needs_squares
    assert SelectivityIndex().epsilon == Discriminability().epsilon == 1e-7
    assert SelectivityIndex().rest == Discriminability().rest == "classes"


@pytest.mark.parametrize(
    "regularizer",
    [
        SelectivityIndex(epsilon=1e-6, rest="samples"),
        Discriminability(epsilon=1e-3, rest="samples"),
        Contrast(factor=2.5, rest="samples"),
    ],
)
def test_config_round_trip(regularizer, batch):
    serialized = keras.saving.serialize_keras_object(regularizer)
    again = keras.saving.deserialize_keras_object(serialized)
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    statistics = class_statistics(batch[0], label_weights(batch[1], 3))
    np.testing.assert_array_equal(again(statistics), regularizer(statistics))


def test_own_regularizer_by_hand():
    """Means 4 and 1: contrast 3, times 2."""
    statistics = class_statistics(np.array([[4.0], [1.0]]), np.eye(2))
    assert float(Contrast(factor=2.0)(statistics)[0]) == pytest.approx(6, rel=1e-12)


def test_get():
    assert type(regularizers.get("si")) is SelectivityIndex
    assert type(regularizers.get("dprime")) is Discriminability
    own = Contrast()
    assert regularizers.get(own) is own


def test_get_unknown_name():
    with pytest.raises(ValueError, match="`regularizer` must be one of") as e:
        regularizers.get("SI")
    message = str(e.value)
    assert "'dprime', 'si'" in message
    assert "instance of `UnitRegularizer`" in message
    assert "Received: regularizer='SI'" in message


@pytest.mark.parametrize("identifier", [None, 3, SelectivityIndex])
def test_get_wrong_type(identifier):
    with pytest.raises(TypeError, match="`regularizer` must be one of") as e:
        regularizers.get(identifier)
    assert f"Received: regularizer={identifier!r}" in str(e.value)


@pytest.mark.parametrize("regularizer", BUILT_IN)
@pytest.mark.parametrize("epsilon", [0, -1e-7, float("nan"), float("inf"), "1e-7"])
def test_bad_epsilon(regularizer, epsilon):
    error = TypeError if isinstance(epsilon, str) else ValueError
    with pytest.raises(error, match="`epsilon` must be a finite number above 0") as e:
        regularizer(epsilon=epsilon)
    assert f"Received: epsilon={epsilon!r}" in str(e.value)


@pytest.mark.parametrize("regularizer", BUILT_IN)
def test_bad_rest(regularizer):
    with pytest.raises(ValueError, match='`rest` must be "classes" or "samples"') as e:
        regularizer(rest="class")
    assert "Received: rest='class'" in str(e.value)


def test_base_class_has_no_value():
    with pytest.raises(NotImplementedError, match="must implement `call"):
        UnitRegularizer()(class_statistics(np.eye(2), np.eye(2)))
