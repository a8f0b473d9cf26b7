import numpy as np
import pytest
from scipy import stats

import keras_selectivity as ks
from keras_selectivity.perturbation import SingleUnitAblation, importance_correlations
from keras_selectivity.perturbation.correlation import correlation
from keras_selectivity.report import SelectivityReport


def report(values):
    return SelectivityReport(
        {name: {"si": np.asarray(v, float)} for name, v in values.items()},
        groups={name: [name] for name in values},
        preferred_class={},
        class_means={},
        class_weight=np.ones(2),
        confusion=np.eye(2),
    )


def ablation(values, accuracy=None):
    return SingleUnitAblation(
        {
            name: {
                "loss_change": np.asarray(v, float),
                "accuracy_change": -np.asarray(v, float),
            }
            for name, v in values.items()
        },
        {"loss": 1.0, "accuracy": 0.5},
    )


def test_against_scipy_and_least_squares():
    rng = np.random.default_rng(0)
    si = {"a": rng.random(20), "b": rng.random(30)}
    change = {"a": rng.normal(size=20), "b": si["b"] ** 3}
    found = importance_correlations(report(si), ablation(change))
    for name, layer in found.layers.items():
        assert layer.spearman == pytest.approx(
            stats.pearsonr(stats.rankdata(si[name]), stats.rankdata(change[name]))[0]
        )
        slope, intercept = np.polyfit(si[name], change[name], 1)
        assert layer.slope == pytest.approx(slope)
        assert layer.intercept == pytest.approx(intercept)
        centered = [v - v.mean() for v in (si[name], change[name])]
        norm = np.linalg.norm(centered[0]) * np.linalg.norm(centered[1])
        assert layer.pearson == pytest.approx(centered[0] @ centered[1] / norm)
    assert found.layers["b"].spearman == pytest.approx(1)
    assert found.overall.units == 50
    both = [np.concatenate(list(v.values())) for v in (si, change)]
    assert found.overall.spearman == pytest.approx(stats.spearmanr(*both)[0])
    assert found.overall.spearman_p == pytest.approx(stats.spearmanr(*both)[1])


def test_importance_is_what_the_network_loses():
    values = {"a": [3.0, 2.0, 1.0]}
    for change in ("loss_change", "accuracy_change"):
        found = importance_correlations(
            report({"a": [1, 2, 3]}), ablation(values), change=change
        )
        assert found.importance["a"].tolist() == [3, 2, 1]
        assert found.overall.spearman == -1
        assert found.overall.slope == pytest.approx(-1)


@pytest.mark.parametrize(
    ("x", "y"),
    [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [0, 0, 0]), ([1, 2], [1, 2]), ([], [])],
)
def test_what_has_no_correlation_is_nan_without_a_warning(x, y):
    found = correlation(np.array(x, float), np.array(y, float))
    assert np.isnan([found.spearman, found.pearson, found.slope]).all()


def test_units_without_a_value_are_left_out():
    x = np.array([1, 2, np.nan, 3, 4.0])
    found = correlation(x, np.array([1, 2, 99, 3, 4.0]))
    assert (found.units, round(found.pearson, 12)) == (4, 1.0)


def test_errors():
    with pytest.raises(ValueError, match="no layer in common"):
        importance_correlations(report({"a": [1]}), ablation({"b": [1]}))
    with pytest.raises(ValueError, match="two models"):
        importance_correlations(report({"a": [1, 2]}), ablation({"a": [1]}))
    with pytest.raises(ValueError, match=r"`metric` must be \"si\""):
        importance_correlations(report({"a": [1]}), ablation({"a": [1]}), "joy")
    with pytest.raises(ValueError, match='`change` must be "loss_change" or'):
        importance_correlations(
            report({"a": [1]}), ablation({"a": [1]}), change="top_k_accuracy_change"
        )


def test_on_a_network(make_cnn, digits):
    x, y = digits
    model = make_cnn(activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    data = x[:300], y[:300]
    found = importance_correlations(
        ks.measure(model, data, verbose=0),
        ks.perturbation.single_unit(model, data, verbose=0),
    )
    assert list(found.layers) == ["relu_1", "conv_2", "dense"]
    assert found.overall.units == 26
