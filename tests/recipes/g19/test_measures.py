"""CCMAS as the paper writes it, and what is counted of a layer."""

import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.metrics import Observations
from keras_selectivity.statistics import class_statistics
from recipes.g19.experiments import GLYPHS, IMAGENET
from recipes.g19.measures import Ccmas, extreme, images, same_class, share_above

TINY = np.finfo(float).tiny


def computed(responses, labels, classes):
    statistics = class_statistics(
        np.asarray(responses, float), np.eye(classes)[np.asarray(labels)]
    )
    return Ccmas().compute(Observations(statistics))


def by_hand(responses, labels, rank):
    """Of one unit: the class of that rank in its mean, and its index."""
    present = sorted(set(labels))
    order = sorted(present, key=lambda c: -responses[labels == c].mean())
    own = responses[labels == order[rank]].mean()
    rest = responses[labels != order[rank]].mean()
    return order[rank], (own - rest) / (own + rest)


def test_unbalanced_classes_and_one_that_is_absent():
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 3, 4], p=[0.6, 0.1, 0.2, 0.1], size=200)
    responses = rng.gamma(1.0, 1 + labels[:, None] * rng.random(8))
    found = computed(responses, labels, 5)
    for unit in range(8):
        for rank, name in enumerate(("ccmas", "ccmas_second")):
            expected = by_hand(responses[:, unit], labels, rank)
            assert found[f"{name}_class"][unit] == expected[0]
            assert found[name][unit] == pytest.approx(expected[1], rel=1e-12)


def test_negative_means_are_not_shifted():
    # W12 of the catalogue: above 1, and the second above the first.
    found = computed([[10.0], [5.0], *[[-2.0]] * 8], range(10), 10)
    assert found["ccmas"][0] == pytest.approx(1.278481, abs=1e-6)
    assert found["ccmas_second"][0] == pytest.approx(1.307692, abs=1e-6)


def test_two_means_nearly_as_high():
    # W13 of the catalogue.
    found = computed([[10.0], [9.8], *[[1.0]] * 8], range(10), 10)
    assert found["ccmas"][0] == pytest.approx(0.669759, abs=1e-6)
    assert found["ccmas_second"][0] == pytest.approx(0.661017, abs=1e-6)


def test_of_rectified_units_it_is_the_library_s():
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=90)
    responses = np.maximum(rng.normal(labels[:, None], 1, (90, 5)), 0)
    statistics = class_statistics(responses, np.eye(3)[labels])
    seen = Observations(statistics)
    first = ks.metrics.SelectivityIndex(TINY, rest="samples").compute(seen)
    second = ks.metrics.SecondSelectivityIndex(TINY, rest="samples").compute(seen)
    found = Ccmas().compute(seen)
    np.testing.assert_allclose(found["ccmas"], first)
    np.testing.assert_allclose(found["ccmas_second"], second)


def test_dead_units_divisions_by_zero_and_a_single_class():
    found = computed([[0.0, 1.0], [0.0, -1.0]], [0, 1], 2)
    assert found["ccmas"][0] == 0
    assert np.isnan(found["ccmas"][1])
    assert np.isnan(computed([[1.0], [2.0]], [1, 1], 2)["ccmas"]).all()


def test_the_miniature_takes_fewer_images_for_the_precision():
    assert (images(GLYPHS), images(IMAGENET)) == (50, 100)


def test_share_above_is_strict():
    assert share_above([0.5, 0.75, 0.76, 1.0], 0.75) == 0.5


def test_same_class(make_up):
    classes = {"top_class_class": {"fc6": [0, 1, 2, 0, 0, 1]}}
    assert same_class(make_up(classes).report, "fc6") == 0.5


def test_extreme_units(make_up):
    report = make_up(
        {
            "precision": {"fc6": [0.2, 0.9, np.nan, 0.9, 0.1, 0.1]},
            "top_class": {"fc6": [0.0, 0.1, 1.0, 0.2, 0.4, 0.3]},
        }
    ).report
    assert extreme(report, "fc6", ["precision"]) == 1
    assert extreme(report, "fc6", ["precision", "top_class"]) == 3
    assert extreme(report, "fc6", ["precision", "top_class"], -1) == 5
    among = np.array([True, False, True, False, False, False])
    assert extreme(report, "fc6", ["precision"], -1, among) == 0
    assert extreme(report, "fc6", ["precision"], 1, np.zeros(6, bool)) == 1
