import itertools

import numpy as np
import pytest

from keras_selectivity.callbacks import PreferredClasses
from recipes.lm21 import measures


def test_t95_is_the_first_epoch_not_the_last():
    assert measures.t95([0.5, 0.8, 0.94, 0.96, 1.0]) == 4
    assert measures.t95([0.99, 0.2, 1.0]) == 1
    # Exactly 95% counts.
    assert measures.t95([0.5, 0.95, 1.0]) == 2


def test_changes_are_averaged_over_units_and_then_layers():
    history = {
        "conv": [[3], [3], [5], [5], [3]],
        "dense": [[3, 1, 1, 2], [3, 1, 1, 2], [3, 1, 1, 2], [3, 1, 1, 2], [3, 1, 1, 2]],
    }
    preferred = PreferredClasses(range(5), history)
    assert measures.changes(preferred) == 1.0
    assert measures.changed_share(preferred) == 0.5


def test_a_single_epoch_has_no_changes():
    preferred = PreferredClasses([0], {"conv": [[1, 2]]})
    assert measures.changes(preferred) == measures.changed_share(preferred) == 0


def test_changes_are_those_of_the_classes_epoch_by_epoch(made_results):
    preferred = made_results["resnet20"][0].preferred_classes
    counts = [
        [sum(a != b for a, b in itertools.pairwise(unit)) for unit in classes.T]
        for classes in preferred.history.values()
    ]
    assert measures.changes(preferred) == np.mean(counts) > 0
    assert measures.changed_share(preferred) == np.mean(np.array(counts) > 0)


def test_shares_are_of_all_units_of_the_network(made_results):
    runs = made_results.by_alpha("resnet20")[30.0]
    report = max((run.report for run in runs), key=measures.dead_share)
    dead = np.concatenate([found["dead"] for found in report.values()])
    assert 0 < measures.dead_share(report) == np.mean(dead) < 1
    report = made_results.by_alpha("resnet20")[1.0][0].report
    active = np.concatenate([found["active_fraction"] for found in report.values()])
    assert 0 < measures.sparse_share(report) == np.mean(active < 0.5) < 1


def test_regularized_layers():
    names = ["a", "b", "c", "d"]
    assert measures.regularized_layers(names, "relu") == names
    assert measures.regularized_layers(names, "first:3") == ["a", "b", "c"]
    assert measures.regularized_layers(names, "last:3") == ["b", "c", "d"]


def test_mean_over_layers_counts_each_layer_once(made_results):
    report = made_results["resnet20"][0].report
    names = list(report)[:2]
    expected = np.mean([report[name]["si"].mean() for name in names])
    assert measures.mean_over(report, names) == pytest.approx(expected)
