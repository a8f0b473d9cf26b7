"""Ablations against a loop that masks and calls `evaluate`, on four graphs."""

import numpy as np
import pytest

import keras_selectivity as ks
from perturbation import brute


@pytest.fixture(scope="module", params=brute.BUILDERS)
def network(request, digits):
    x, y = digits
    return brute.trained(request.param, (x[:512], y[:512])), (x[512:712], y[512:712])


def means_of(plain, x):
    return {
        name: plain.maps(name, x).mean(axis=0, dtype=np.float64)
        for name in plain.clamps
    }


@pytest.mark.parametrize("clamp", ["zero", "mean"])
def test_single_unit(network, digits, clamp):
    plain, data = network
    reference = digits[0][:300]
    values = None if clamp == "zero" else means_of(plain, reference)
    found = ks.perturbation.single_unit(
        plain.model,
        data,
        taps=list(plain.clamps),
        clamp=clamp,
        reference=None if clamp == "zero" else (reference, None),
        batch_size=70,
        max_rows=333,
        verbose=0,
    )
    loss, accuracy = plain.evaluate(data, {})
    assert found.intact["loss"] == pytest.approx(loss, rel=1e-6)
    assert found.intact["accuracy"] == pytest.approx(accuracy, rel=1e-6)
    moved = 0
    for name, changes in found.items():
        for unit, change in enumerate(changes["loss_change"]):
            one, right = plain.evaluate(data, {name: [unit]}, values)
            assert change == pytest.approx(one - loss, abs=1e-6)
            # A sample's top class may turn by rounding, where two all but tie.
            assert changes["accuracy_change"][unit] == pytest.approx(
                right - accuracy, abs=1e-6
            )
            moved += one != loss
    assert moved > 5


@pytest.mark.parametrize("clamp", ["zero", "mean"])
def test_cumulative(network, digits, clamp):
    plain, data = network
    reference = digits[0][:300]
    values = None if clamp == "zero" else means_of(plain, reference)
    names = list(plain.clamps)
    sizes = {name: plain.clamps[name].keep.shape[-1] for name in names}
    order = [(name, unit) for name in names for unit in range(sizes[name])]
    order = [order[i] for i in np.random.default_rng(1).permutation(len(order))]
    curve = ks.perturbation.cumulative(
        plain.model,
        data,
        order,
        taps=names,
        points=7,
        clamp=clamp,
        reference=None if clamp == "zero" else (reference, None),
        batch_size=70,
        verbose=0,
    )
    for count, accuracy in zip(curve.counts, curve.accuracy[0], strict=True):
        silent = {}
        for name, unit in order[:count]:
            silent.setdefault(name, []).append(unit)
        _, expected = plain.evaluate(data, silent, values)
        assert accuracy == pytest.approx(expected, abs=1e-6)
    assert len(set(curve.accuracy[0])) > 2


def test_cumulative_begins_intact_and_ends_with_every_unit_silent(network):
    plain, data = network
    curve = ks.perturbation.cumulative(
        plain.model, data, taps=list(plain.clamps), points=4, repeats=3, verbose=0
    )
    outputs = plain.model.predict(data[0], batch_size=256, verbose=0)
    intact = np.mean(outputs.argmax(axis=1) == data[1])
    assert (curve.accuracy[:, 0] == intact).all()
    everything = {
        name: range(clamp.keep.shape[-1]) for name, clamp in plain.clamps.items()
    }
    _, expected = plain.evaluate(data, everything)
    assert curve.accuracy[:, -1] == pytest.approx([expected] * 3, abs=1e-6)


def test_sample_weights(network):
    plain, (x, y) = network
    weight = np.random.default_rng(0).choice([0.0, 0.5, 2.0], len(x))
    found = ks.perturbation.single_unit(
        plain.model, (x, y, weight), taps=list(plain.clamps)[:1], verbose=0
    )
    (name, changes), *_ = found.items()
    share = len(x) / weight.sum()  # Keras divides by the number of samples.
    weighted = (x, y, weight)
    loss, _ = plain.evaluate(weighted, {})
    for unit, change in enumerate(changes["loss_change"]):
        one, _ = plain.evaluate(weighted, {name: [unit]})
        # Keras's mean over batches of 64 and 8 weighs both by their samples.
        assert change == pytest.approx((one - loss) * share, abs=1e-6)
