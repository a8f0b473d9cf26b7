"""Measures that need every response: literal references, worked and real cases."""

import keras
import numpy as np
import pytest
from sklearn.metrics import mutual_info_score, precision_score

import keras_selectivity as ks
from keras_selectivity import metrics
from keras_selectivity.data import responses
from keras_selectivity.metrics import Observations
from keras_selectivity.statistics import class_statistics


def observed(values, labels, classes=None):
    """Observations of these responses (samples,) or (samples, units)."""
    values = np.asarray(values, np.float32)
    values = values[:, None] if values.ndim == 1 else values
    labels = np.asarray(labels)
    classes = classes or labels.max() + 1
    statistics = class_statistics(values, np.eye(classes)[labels])
    return Observations(statistics, responses=values, labels=labels)


def draws(values, labels, n):
    """Precision where ties are drawn at random: the mean share of each class."""
    rng = np.random.default_rng(0)
    shares = np.zeros(labels.max() + 1)
    for _ in range(3000):
        order = np.lexsort((rng.random(len(values)), -values))[:n]
        shares += np.bincount(labels[order], minlength=len(shares)) / n
    return shares / 3000


def adversarial():
    """Named cases of (values, labels)."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 60)
    return {
        "random": (rng.normal(size=60), labels),
        "ties": (rng.integers(0, 3, 60).astype(float), labels),
        "dead": (np.zeros(60), labels),
        "mostly zero": (np.where(rng.random(60) < 0.9, 0, rng.random(60)), labels),
        "negative": (-rng.random(60) - 5, labels),
        "unbalanced": (
            rng.normal(size=60),
            np.r_[np.zeros(50, int), np.arange(10) % 4],
        ),
        "missing class": (rng.normal(size=60), np.where(labels == 2, 1, labels)),
        "localist": (labels == 3, labels),
        "one class": (rng.normal(size=60), np.zeros(60, int)),
    }


@pytest.fixture(params=list(adversarial()))
def case(request):
    values, labels = adversarial()[request.param]
    return np.asarray(values, np.float32), labels


@pytest.mark.parametrize("n", [1, 7, 60, 100])
def test_precision_is_what_random_draws_give_on_average(case, n):
    values, labels = case
    found = metrics.Precision(n=n).compute(observed(values, labels))
    shares = draws(values, labels, min(n, 60))
    assert found["precision"][0] == pytest.approx(shares.max(), abs=0.03)
    best = int(found["precision_class"][0])
    assert shares[best] == pytest.approx(shares.max(), abs=0.03)


def test_top_class_and_localist_by_the_letter(case):
    values, labels = case
    top = metrics.TopClass().compute(observed(values, labels))
    kind = metrics.Localist().compute(observed(values, labels))
    best = [c for c in set(labels) if values[labels == c].max() == values.max()]
    cluster = sum(
        v > w
        for v, c in zip(values, labels, strict=True)
        if c == best[0]
        for w in [values[labels != best[0]].max(initial=-np.inf)]
    )
    if len(best) == 1:
        assert top["top_class_class"][0] == best[0]
    assert top["top_class_cluster"][0] == cluster
    assert top["top_class"][0] == cluster / (labels == best[0]).sum()
    pairs = [(values[labels == c], values[labels != c]) for c in sorted(set(labels))]
    several = len(pairs) > 1
    on = several and any(own.min() > rest.max() for own, rest in pairs)
    off = several and any(own.max() < rest.min() for own, rest in pairs)
    assert [kind[k][0] for k in ("localist_on", "localist_off", "localist")] == [
        on,
        off,
        on or off,
    ]


@pytest.mark.parametrize("binning", ["quantile", "uniform"])
def test_mutual_information_against_scikit_learn(case, binning):
    values, labels = case
    metric = metrics.MutualInformation(bins=6, binning=binning)
    found = metric.compute(observed(values, labels))[0]
    # Bins found another way: by comparison with every edge.
    if binning == "uniform":
        edges = np.linspace(values.min(), values.max(), 7)[1:-1]
    else:
        ranked, first = np.sort(values), 1
        lowest = (values == values.min()).sum()
        if 10 < lowest < 60:  # More than a sixth: a bin of its own.
            ranked, first = ranked[lowest:], 0
        parts = 5 + first
        places = np.ceil((len(ranked) - 1) * np.arange(first, parts) / parts)
        edges = ranked[places.astype(int)]
    bins = sum((values >= edge).astype(int) for edge in edges)
    expected = mutual_info_score(labels, bins) / np.log(2)
    assert found == pytest.approx(max(0, expected), abs=1e-9)


def test_worked_examples_of_the_catalogue():
    labels = np.repeat(np.arange(10), 100)
    # W7, G19's figure A4a: one image of class A at 1, all else 0.
    one = np.zeros(1000)
    one[0] = 1
    # W8, A4b: the grandmother cell. W9, A4c: all high, A 0.1 above the others.
    grandmother = (labels == 0).astype(float)
    high = np.where(labels == 0, 0.9, 0.8)
    observations = observed(np.stack([one, grandmother, high], axis=1), labels)
    precision = metrics.Precision(n=100).compute(observations)["precision"]
    expected = [(1 + 99 * 99 / 999) / 100, 1, 1]
    np.testing.assert_allclose(precision, expected, rtol=1e-12)
    top = metrics.TopClass().compute(observations)["top_class"]
    np.testing.assert_allclose(top, [0.01, 1, 1])
    localist = metrics.Localist().compute(observations)["localist_on"]
    assert localist.tolist() == [0, 1, 1]
    samples = metrics.SelectivityIndex(rest="samples").compute(observations)
    np.testing.assert_allclose(samples, [1, 1, 0.1 / 1.7], atol=2e-5)
    # W10, LM21 A.13: a unit that responds to 10 of 1,000 cats.
    values = np.zeros((10000, 1), np.float32)
    values[:10] = 1
    thousand = observed(values, np.repeat(np.arange(10), 1000))
    found = metrics.Precision(n=1000).compute(thousand)["precision"][0]
    assert found == pytest.approx((10 + 990 * 990 / 9990) / 1000, rel=1e-12)
    found = metrics.Precision(n="class").compute(thousand)["precision"][0]
    assert found == pytest.approx((10 + 990 * 990 / 9990) / 1000, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "bits"),
    [
        (lambda labels: labels, 3.321928),
        (lambda labels: labels * 0, 0),
        (lambda labels: labels == 4, 0.468996),
        (lambda labels: labels < 5, 1),
    ],
)
@pytest.mark.parametrize("binning", ["quantile", "uniform"])
def test_mutual_information_of_w24(values, bits, binning):
    labels = np.repeat(np.arange(10), 30)
    metric = metrics.MutualInformation(bins=32, binning=binning)
    found = metric.compute(observed(values(labels).astype(float), labels))
    assert found[0] == pytest.approx(bits, abs=1e-6)


def test_precision_without_ties_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 5, 300)
    values = rng.normal(size=(300, 8)) + (labels == 3)[:, None]
    found = metrics.Precision(n=40).compute(observed(values, labels))
    for unit in range(8):
        chosen = np.zeros(300, bool)
        chosen[np.argsort(values[:, unit])[-40:]] = True
        shares = [precision_score(labels == c, chosen) for c in range(5)]
        assert found["precision"][unit] == pytest.approx(max(shares), rel=1e-12)


def test_a_rare_response_is_not_lost_among_the_zeros():
    labels = np.repeat(np.arange(10), 100)
    rare = np.zeros(1000)
    rare[:5] = np.arange(1, 6)  # Fewer samples than a bin holds.
    found = metrics.MutualInformation(bins=32).compute(observed(rare, labels))
    # Each response, of one sample, tells the class for certain.
    zeros = np.r_[95, np.full(9, 100)] / 995
    unsure = -(0.995 * zeros * np.log2(zeros)).sum()
    assert found[0] == pytest.approx(np.log2(10) - unsure, abs=1e-9)


def test_the_correction_takes_away_the_bias_of_a_unit_that_knows_nothing():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    values = rng.normal(size=(2000, 40))
    plain = metrics.MutualInformation(bins=16).compute(observed(values, labels))
    corrected = metrics.MutualInformation(bins=16, correction="miller-madow").compute(
        observed(values, labels)
    )
    stated = 15 * 9 / (2 * 2000 * np.log(2))
    assert plain.mean() == pytest.approx(stated, rel=0.1)
    assert abs(corrected.mean()) < stated / 10


METRICS = ["precision", "top_class", "localist", "mutual_information"]


def test_a_network_in_any_batches_and_order(make_cnn, digits):
    x, y = digits[0][:211], digits[1][:211]
    model = make_cnn(norm=False)
    whole = ks.measure(model, (x, y), METRICS, batch_size=211, verbose=0)
    order = np.random.default_rng(0).permutation(211)
    for report in (
        ks.measure(model, (x, y), METRICS, batch_size=13, verbose=0),
        ks.measure(model, (x[order], y[order]), METRICS, batch_size=211, verbose=0),
    ):
        for layer in whole:
            for metric in ("top_class", "localist", "precision"):
                np.testing.assert_allclose(
                    report[layer][metric], whole[layer][metric], atol=1e-12
                )
            np.testing.assert_allclose(
                report[layer]["mutual_information"],
                whole[layer]["mutual_information"],
                atol=0.02,  # A last bit of an activation can move it over an edge.
            )
    hidden = keras.Model(model.input, model.get_layer("dense").output)
    observations = observed(hidden.predict(x, verbose=0), y)
    np.testing.assert_allclose(
        whole["dense"]["precision"],
        metrics.Precision().compute(observations)["precision"],
    )


def test_a_sample_of_weight_zero_is_not_there(make_cnn, digits):
    x, y = digits[0][:90], digits[1][:90]
    model = make_cnn(norm=False)
    kept = np.arange(90) % 4 > 0
    weighted = ks.measure(model, (x, y, kept * 1.0), METRICS, verbose=0)
    without = ks.measure(model, (x[kept], y[kept]), METRICS, verbose=0)
    for metric in ("precision", "top_class", "localist"):
        assert weighted.layer_means(metric) == pytest.approx(
            without.layer_means(metric)
        )


def test_activations_on_disk_give_the_same(make_cnn, digits, monkeypatch):
    data = digits[0][:150], digits[1][:150]
    model = make_cnn(norm=False)
    memory = ks.measure(model, data, METRICS, verbose=0)
    monkeypatch.setattr(responses, "MEMORY_LIMIT", 5000)
    monkeypatch.setattr(metrics.base, "_BLOCK", 4 * 150 * 5)  # Five units at a time.
    disk = ks.measure(model, data, METRICS, verbose=0)
    for layer in memory:
        for metric, values in memory[layer].items():
            np.testing.assert_array_equal(disk[layer][metric], values)


def test_two_replicas_gather_what_one_does(digits, two_replicas):
    data = digits[0][:60], digits[1][:60]

    def build():
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(12, activation="relu", name="hidden"),
                keras.layers.Dense(10),
            ]
        )

    one = ks.measure(build(), data, ["precision", "top_class"], verbose=0)
    with two_replicas.scope():
        model = build()
    two = ks.measure(model, data, ["precision", "top_class"], verbose=0)
    for metric in one.metrics:
        np.testing.assert_allclose(two["hidden"][metric], one["hidden"][metric])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision(n=0), "n=0"),
        (lambda: metrics.Precision(n="all"), "n='all'"),
        (lambda: metrics.MutualInformation(bins=1), "bins=1"),
        (lambda: metrics.MutualInformation(binning="log"), "binning='log'"),
        (lambda: metrics.MutualInformation(correction="jack"), "correction='jack'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_measure_must_ask_for_responses():
    labels = np.array([0, 1])
    bare = Observations(class_statistics(np.ones((2, 1)), np.eye(2)), labels=labels)
    with pytest.raises(ValueError, match="needs_responses = True"):
        metrics.TopClass().compute(bare)
