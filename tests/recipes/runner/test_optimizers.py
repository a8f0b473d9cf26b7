"""`TorchSGD` is PyTorch's algorithm, in every way that Keras runs an optimizer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from recipes.runner.optimizers import TorchSGD

SHAPES = [(3, 4), (4,)]


def literal(weights, gradients, rates, momentum, weight_decay, nesterov):
    """The algorithm in PyTorch's documentation of SGD, line for line."""
    weights = [w.copy() for w in weights]
    buffers = [None] * len(weights)
    for gradient, rate in zip(gradients, rates, strict=True):
        for i, g in enumerate(gradient):
            if weight_decay != 0:
                g = g + weight_decay * weights[i]
            if momentum != 0:
                if buffers[i] is not None:
                    buffers[i] = momentum * buffers[i] + g
                else:
                    buffers[i] = g
                g = g + momentum * buffers[i] if nesterov else buffers[i]
            weights[i] = weights[i] - rate * g
    return weights


def draw(steps, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=shape) for shape in SHAPES]
    return weights, [[rng.normal(size=s) for s in SHAPES] for _ in range(steps)]


def run(optimizer, weights, gradients, rates):
    variables = [keras.Variable(w, dtype="float64") for w in weights]
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.learning_rate = rate
        optimizer.apply([tf.constant(g) for g in gradient], variables)
    return [v.numpy() for v in variables]


@pytest.fixture
def float64():
    # The learning rate is a variable of this dtype.
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


ANNEALED = [0.1] * 20 + [0.01] * 20 + [0.001] * 20


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
@pytest.mark.parametrize(
    ("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)]
)
def test_is_the_documented_algorithm(momentum, nesterov, weight_decay):
    weights, gradients = draw(60)
    optimizer = TorchSGD(0.1, momentum, weight_decay, nesterov)
    found = run(optimizer, weights, gradients, ANNEALED)
    expected = literal(weights, gradients, ANNEALED, momentum, weight_decay, nesterov)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("nesterov", [False, True])
def test_is_that_of_keras_at_a_constant_rate_without_decay(nesterov):
    weights, gradients = draw(30)
    # Keras rounds its momentum to float32, which 0.875 survives.
    options = {"learning_rate": 0.1, "momentum": 0.875, "nesterov": nesterov}
    found, other = (
        run(optimizer(**options), weights, gradients, [0.1] * 30)
        for optimizer in (TorchSGD, keras.optimizers.SGD)
    )
    for one, two in zip(found, other, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13)


@pytest.mark.usefixtures("float64")
def test_a_lower_rate_acts_at_once():
    weights = [np.zeros(1)]
    gradients, rates = [[np.ones(1)], [np.zeros(1)]], [1.0, 0.1]
    # The velocity is 0.5 in the second step: 1 + 0.1 * 0.5, not 1 + 1 * 0.5.
    assert run(TorchSGD(1.0, 0.5), weights, gradients, rates)[0] == -1.05
    keras_own = keras.optimizers.SGD(1.0, 0.5)
    assert run(keras_own, weights, gradients, rates)[0] == -1.5


@pytest.mark.usefixtures("float64")
def test_the_decay_goes_through_the_momentum():
    weights, gradients, rates = [np.ones(1)], [[np.zeros(1)]] * 2, [0.5, 0.5]
    # v = 0.5, w = 0.75; v = 0.5 * 0.5 + 0.5 * 0.75 = 0.625, w = 0.4375.
    found = run(TorchSGD(0.5, 0.5, 0.5), weights, gradients, rates)
    assert found[0] == 0.4375
    keras_own = keras.optimizers.SGD(0.5, 0.5, weight_decay=0.5)
    assert run(keras_own, weights, gradients, rates)[0] == 0.75**2


def build():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(10, name="logits"),
        ]
    )


def compiled(optimizer, **options):
    model = build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, **options)
    return model


def test_norms_and_biases_decay_too():
    model = build()
    variables = model.trainable_variables
    for variable in variables:
        variable.assign(np.ones(variable.shape))
    TorchSGD(0.5, 0.9, 0.5).apply([v * 0 for v in variables], variables)
    assert len(variables) == 6
    for variable in variables:
        np.testing.assert_array_equal(variable.numpy(), 0.75)


def test_config_round_trip():
    optimizer = TorchSGD(
        0.3,
        0.9,
        1e-4,
        True,
        clipnorm=1.0,
        use_ema=True,
        ema_momentum=0.8,
        gradient_accumulation_steps=3,
        name="sgd",
    )
    config = keras.optimizers.serialize(optimizer)
    copy = keras.optimizers.deserialize(config)
    assert isinstance(copy, TorchSGD)
    assert copy.get_config() == optimizer.get_config()
    assert copy.get_config()["weight_decay"] == 1e-4
    assert copy.gradient_accumulation_steps == 3


def test_a_schedule_survives_the_round_trip():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.1, 0.01])
    copy = TorchSGD.from_config(TorchSGD(schedule).get_config())
    assert copy.get_config() == TorchSGD(schedule, name=copy.name).get_config()


def test_training_goes_on_where_it_was_saved(digits, tmp_path):
    x, y = digits[0][:100], digits[1][:100]
    fit = {"batch_size": 25, "shuffle": False, "verbose": 0}
    model = compiled(TorchSGD(0.1, 0.9, 1e-2))
    model.fit(x, y, **fit)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, TorchSGD)
    assert len(loaded.optimizer.variables) == 2 + 6  # iterations, rate, velocities
    model.fit(x, y, **fit)
    loaded.fit(x, y, **fit)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_eager_steps_are_those_of_a_graph(digits):
    x, y = digits[0][:100], digits[1][:100]
    models = [
        compiled(TorchSGD(0.1, 0.9, 1e-2), run_eagerly=eagerly, jit_compile=False)
        for eagerly in (False, True)
    ]
    for model in models:
        model.fit(x, y, batch_size=25, shuffle=False, verbose=0)
    for one, other in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_two_replicas_are_one(digits, two_replicas):
    # Without the norm, whose statistics are each replica's own.
    x, y = digits[0][:100], digits[1][:100]

    def trained():
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(6, activation="relu"),
                keras.layers.Dense(10),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(TorchSGD(0.1, 0.9, 1e-2), loss)
        model.fit(x, y, batch_size=20, epochs=2, shuffle=False, verbose=0)
        return model

    one = trained()
    with two_replicas.scope():
        two = trained()
    for here, there in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-6)
    # The velocities, too, are the same on both.
    for here, there in zip(
        one.optimizer.variables, two.optimizer.variables, strict=True
    ):
        np.testing.assert_allclose(there.numpy(), here.numpy(), rtol=1e-4, atol=1e-6)


def test_scaled_losses_of_mixed_precision(digits):
    x, y = digits[0][:100], digits[1][:100]
    plain = compiled(TorchSGD(0.1, 0.9, 1e-2))
    keras.config.set_dtype_policy("mixed_float16")
    mixed = compiled(TorchSGD(0.1, 0.9, 1e-2))
    optimizer = mixed.optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert isinstance(optimizer.inner_optimizer, TorchSGD)
    before = plain.get_layer("logits").kernel.numpy()
    for model in (plain, mixed):
        model.fit(x, y, batch_size=25, shuffle=False, verbose=0)
    # Far more than the tolerance: a step left out for an overflow would show.
    moved = plain.get_layer("logits").kernel.numpy() - before
    assert np.abs(moved).max() > 0.015
    for one, other in zip(
        mixed.trainable_variables, plain.trainable_variables, strict=True
    ):
        assert one.dtype == "float32"
        # float16 has 11 bits, and its error grows over four steps.
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=0.001)


def test_steps_are_accumulated():
    weights, gradients = draw(2)
    whole = [[(a + b) / 2 for a, b in zip(*gradients, strict=True)]]
    accumulating = TorchSGD(0.1, 0.9, 0.05, gradient_accumulation_steps=2)
    found = run(accumulating, weights, gradients, [0.1] * 2)
    expected = run(TorchSGD(0.1, 0.9, 0.05), weights, whole, [0.1])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_weights_are_averaged():
    optimizer = TorchSGD(0.5, use_ema=True, ema_momentum=0.5)
    weight = keras.Variable([0.0])
    for _ in range(2):
        optimizer.apply([tf.constant([2.0])], [weight])
    assert weight.numpy() == -2
    optimizer.finalize_variable_values([weight])
    assert weight.numpy() == (-1 - 2) / 2


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_sparse_gradient_of_an_embedding(momentum, weight_decay):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Embedding(5, 3), keras.layers.Flatten()]
    )
    model.compile(TorchSGD(0.5, momentum, weight_decay), "mse")
    before = model.get_weights()[0]
    model.fit(np.array([[1, 3]]), np.ones((1, 6)), verbose=0)
    # Rows that were not looked up have no gradient, but decay.
    gradient = np.zeros((5, 3))
    gradient[[1, 3]] = 2 * (before[[1, 3]] - 1) / 6
    expected = before - 0.5 * (gradient + weight_decay * before)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": -0.1}, r"`momentum` must be between 0 and 1.*momentum=-0\.1"),
        ({"momentum": 1.1}, r"`momentum` must be between 0 and 1.*momentum=1\.1"),
        ({"momentum": float("nan")}, "`momentum` must be between 0 and 1"),
        ({"weight_decay": -1e-4}, r"`weight_decay` must be at least 0.*-0\.0001"),
        ({"weight_decay": float("nan")}, "`weight_decay` must be at least 0"),
        ({"nesterov": True}, "`nesterov=True` needs a momentum"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        TorchSGD(0.1, **options)
