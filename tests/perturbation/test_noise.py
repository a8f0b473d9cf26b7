import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.perturbation.probes import Noise
from keras_selectivity.perturbation.reference import UnitVariances


@pytest.fixture(scope="module")
def trained(digits):
    x, y = digits
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(6, 3, activation="relu", name="conv"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(32, activation="relu", name="dense"),
            keras.layers.Dense(10, name="logits"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(x, y, epochs=8, verbose=0)
    return model, (x[:400], y[:400])


def test_scale_zero_is_the_intact_network_and_more_noise_hurts(trained):
    model, data = trained
    curve = ks.perturbation.noise(model, data, [0, 0.1, 1, 100], repeats=4, verbose=0)
    intact = np.mean(model.predict(data[0], verbose=0).argmax(axis=1) == data[1])
    assert (curve.accuracy[:, 0] == intact).all()
    assert (np.diff(curve.mean) < 0).all()
    assert curve.mean[-1] < 0.3 < curve.mean[1]
    assert curve.std[-1] > 0


def test_the_seed_fixes_the_draws(trained):
    model, data = trained

    def run(seed, repeats=2, scales=(1.0, 2.0)):
        found = ks.perturbation.noise(
            model, data, scales, repeats=repeats, seed=seed, verbose=0
        )
        return found.accuracy

    np.testing.assert_array_equal(run(3), run(3))
    assert (run(3) != run(4)).any()
    # More repeats and other scales leave the draws as they were.
    np.testing.assert_array_equal(run(3, repeats=3)[:2], run(3))
    np.testing.assert_array_equal(run(3, scales=(2.0,))[:, 0], run(3)[:, 1])


@pytest.mark.parametrize("axis", [-1, 1])
def test_noise_has_the_variance_of_the_unit(axis):
    """W39: variance 4 at scale 1 for a unit of variance 4; none for one of 0."""
    deviations = [np.array([2.0, 0.0, 1.0])]
    probe = Noise(np.array([1.0, 0.25]), deviations, [axis], 2, seed=0)
    shape = (400, 3, 9, 9) if axis == 1 else (400, 9, 9, 3)
    outputs = tf.ones(shape)
    for variant, scale in enumerate([1.0, 0.25]):
        noise = probe.perturb(0, outputs, np.full(400, variant), batch=0) - outputs
        noise = np.moveaxis(noise.numpy(), axis, -1).astype(np.float64)
        variances = noise.var(axis=(0, 1, 2))
        np.testing.assert_allclose(variances, [4 * scale, 0, scale], rtol=0.03)
        np.testing.assert_allclose(noise.mean(axis=(0, 1, 2)), 0, atol=0.04)
        # Independent from position to position and from unit to unit.
        assert abs(np.corrcoef(noise[:, 0, 0, 0], noise[:, 0, 1, 0])[0, 1]) < 0.2
        assert (
            abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 2].ravel())[0, 1]) < 0.03
        )
    draws = {
        (repeat, batch): probe.perturb(0, outputs, np.full(400, 2 * repeat), batch)
        for repeat in (0, 1)
        for batch in (0, 1)
    }
    values = [np.asarray(draw)[0].tobytes() for draw in draws.values()]
    assert len(set(values)) == 4


def test_dead_units_get_no_noise(trained):
    model, data = trained
    twin = keras.models.clone_model(model)
    twin.set_weights([np.zeros_like(w) for w in model.get_weights()])
    curve = ks.perturbation.noise(twin, data, [1.0, 1e6], repeats=2, verbose=0)
    assert (curve.accuracy == np.mean(data[1] == 0)).all()


def test_variances_over_samples_and_positions_in_uneven_batches():
    rng = np.random.default_rng(0)
    x = rng.normal(1e4, 1, (50, 4, 4, 3)) * [1, 2, 1e-3]
    weight = rng.choice([0, 1, 3], 50).astype(float)
    found = UnitVariances([-1])
    for start, stop in ((0, 7), (7, 8), (8, 50)):
        found.add([tf.constant(x[start:stop])], weight[start:stop])
    each = np.repeat(weight, 16)
    for unit, variance in enumerate(found.result()[0]):
        values = x[..., unit].ravel()
        mean = np.average(values, weights=each)
        expected = np.average((values - mean) ** 2, weights=each)
        assert variance == pytest.approx(expected, rel=1e-9)


def test_variances_come_from_the_reference(trained):
    model, data = trained
    flat = np.full((10, 8, 8, 1), 0.5, "float32")
    quiet = ks.perturbation.noise(
        model, data, [100.0], reference=(flat,), repeats=1, taps=["dense"], verbose=0
    )
    intact = ks.perturbation.noise(model, data, [0.0], repeats=1, verbose=0)
    np.testing.assert_array_equal(quiet.accuracy, intact.accuracy)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scales": [1.0, -0.1]}, ValueError, "at least 0"),
        ({"scales": [np.nan]}, ValueError, "finite"),
        ({"scales": []}, ValueError, "a number at least"),
        ({"scales": 1.0}, TypeError, "list of numbers"),
        ({"scales": "ten"}, TypeError, "list of numbers"),
        ({"scales": ["ten"]}, TypeError, "`scales` must be a finite number"),
        ({"scales": [[1.0]]}, TypeError, "`scales` must be a finite number"),
        ({"scales": [1.0], "seed": -1}, ValueError, "`seed`"),
        ({"scales": [1.0], "steps": 0}, ValueError, "`steps`"),
        ({"scales": [1.0], "top_k": None}, TypeError, "`top_k`"),
        ({"scales": [1.0], "repeats": 0}, ValueError, "`repeats`"),
        ({"scales": [1.0], "seed": 0.5}, TypeError, "`seed`"),
    ],
)
def test_errors(trained, arguments, error, message):
    model, data = trained
    with pytest.raises(error, match=message):
        ks.perturbation.noise(model, data, verbose=0, **arguments)


def test_data_that_can_be_iterated_once_need_a_reference(trained):
    model, data = trained
    with pytest.raises(ValueError, match="iterated more than once"):
        ks.perturbation.noise(model, iter([data]), [1.0], verbose=0)
    found = ks.perturbation.noise(
        model, iter([data]), [1.0], reference=data, repeats=1, verbose=0
    )
    wanted = ks.perturbation.noise(
        model, data, [1.0], repeats=1, batch_size=400, verbose=0
    )
    np.testing.assert_array_equal(found.accuracy, wanted.accuracy)


def test_save_and_load(trained, tmp_path):
    model, data = trained
    curve = ks.perturbation.noise(model, data, [0, 1], repeats=2, verbose=0)
    curve.save(tmp_path / "noise.npz")
    back = ks.perturbation.NoiseCurve.load(tmp_path / "noise.npz")
    np.testing.assert_array_equal(back.accuracy, curve.accuracy)
    np.testing.assert_array_equal(back.scales, [0, 1])


def test_wrong_arguments_show_before_the_model_runs(trained):
    """Data that would fail if they were looked at are not looked at."""

    class Untouched(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, i):
            raise AssertionError("the data were read")

    model, _ = trained
    data = Untouched()
    with pytest.raises(TypeError, match="`seed`"):
        ks.perturbation.noise(model, data, [1.0], seed=0.5, verbose=0)
    with pytest.raises(ValueError, match=r"end in \.npz"):
        ks.perturbation.noise(model, data, [1.0], checkpoint="x", verbose=0)
    with pytest.raises(ValueError, match=r"end in \.npz"):
        ks.perturbation.cumulative(
            model, data, "most_selective", checkpoint="x", verbose=0
        )
    with pytest.raises(ValueError, match=r"end in \.npz"):
        ks.perturbation.single_unit(
            model, data, clamp="mean", reference=data, checkpoint="x", verbose=0
        )
