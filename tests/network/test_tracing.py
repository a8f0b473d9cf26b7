"""Functions traced apart give the same, and no graph outlives its model."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.network.tracing import traced_apart


@traced_apart
@tf.custom_gradient
def with_tripled_gradient(x):
    return tf.identity(x), lambda upstream: 3 * upstream


def value_and_gradient(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.square(with_tripled_gradient(x)))
    return y, tape.gradient(y, x)


@pytest.mark.parametrize("compiled", [{}, {"jit_compile": True}])
def test_value_and_gradient_within_a_step(compiled):
    step = tf.function(value_and_gradient, **compiled)
    for x in [[1.0, 2.0], [3.0]]:
        found, gradient = step(tf.constant(x))
        assert found == np.sum(np.square(x))
        np.testing.assert_array_equal(gradient, 6 * np.array(x))


def test_value_and_gradient_in_eager_execution():
    found, gradient = value_and_gradient(tf.constant([1.0, 2.0]))
    assert found == 5
    np.testing.assert_array_equal(gradient, [6, 12])


def test_the_graph_of_a_step_goes_with_the_step():
    graphs = []

    def step(x):
        graphs.append(weakref.ref(x.graph))
        return value_and_gradient(x)

    tf.function(step)(tf.ones(2))
    gc.collect()
    assert graphs[0]() is None


def traces_of_a_training():
    """Wrap, fit, measure and let go: weak references to models and graphs."""
    graphs = []

    def witness(x):
        if not tf.executing_eagerly():
            graphs.append(weakref.ref(x.graph))
        return x

    base = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(3, 2, activation="relu"),
            keras.layers.Lambda(witness),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    model = ks.SelectivityModel(base, alpha=-1.0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    data = np.random.default_rng(0).random((8, 4, 4, 1)), np.arange(8) % 2
    callbacks = [
        ks.callbacks.AlphaWarmup(1),
        ks.callbacks.SelectivityMonitor(data),
        ks.callbacks.PreferredClassTracker(data),
    ]
    model.fit(*data, callbacks=callbacks, verbose=0)
    ks.measure(model, data, verbose=0)
    return [weakref.ref(base), weakref.ref(model), *graphs]


def test_nothing_of_a_model_stays():
    traces = traces_of_a_training()
    gc.collect()
    assert len(traces) > 4
    assert not [trace() for trace in traces if trace() is not None]
