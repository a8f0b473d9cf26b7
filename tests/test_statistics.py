"""Class statistics against literal sums."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_selectivity.labels import label_weights
from keras_selectivity.statistics import ClassStatistics, Replicas, class_statistics
from tests.reference import uniform

quick = settings(max_examples=30, deadline=None, derandomize=True)


def random_case(seed, samples=12, classes=4, units=3):
    rng = np.random.default_rng(seed)
    activations = rng.normal(size=(samples, units))
    labels = rng.dirichlet(np.ones(classes), size=samples)
    weights = rng.uniform(0, 2, size=samples) * rng.integers(0, 2, size=samples)
    return activations, labels, weights


def test_sums_are_the_literal_sums():
    activations, labels, weights = random_case(1)
    center = np.array([0.5, -1.0, 2.0])
    statistics = class_statistics(
        activations,
        label_weights(labels, 4, weights),
        signed=np.array([True, False, True]),
        center=center,
    )
    for c in range(4):
        mass = [weights[i] * labels[i, c] for i in range(12)]
        assert statistics.weight[c].numpy() == pytest.approx(sum(mass), rel=1e-13)
        for u in range(3):
            column = activations[:, u]
            total = sum(m * a for m, a in zip(mass, column, strict=True))
            squares = sum(
                m * (a - center[u]) ** 2 for m, a in zip(mass, column, strict=True)
            )
            found = [
                field[c, u].numpy()
                for field in (
                    statistics.total,
                    statistics.squares,
                    statistics.means,
                    statistics.mean_squares,
                )
            ]
            expected = [total, squares, total / sum(mass), squares / sum(mass)]
            assert found == pytest.approx(expected, rel=1e-12)
    counted = activations[weights > 0]
    lowest = [counted[:, 0].min(), 0.0, counted[:, 2].min()]
    np.testing.assert_array_equal(statistics.minimum, lowest)


def test_default_center_is_the_weighted_batch_mean():
    activations, labels, weights = random_case(2)
    statistics = class_statistics(activations, label_weights(labels, 4, weights))
    expected = np.average(activations, axis=0, weights=weights)
    np.testing.assert_allclose(statistics.center, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_everything_is_float64(dtype):
    activations = tf.cast(uniform((6, 2)), dtype)
    statistics = class_statistics(
        activations, label_weights([0, 1, 2, 0, 1, 2], 3), signed=np.ones(2, bool)
    )
    assert {ops.dtype(value) for value in statistics} == {"float64"}


def test_float16_is_summed_without_overflow():
    """4,096 times 60,000 lies far beyond the largest float16, and float16 sums
    of ones stop at 2,048."""
    activations = np.full((4096, 1), 60000, "float16")
    statistics = class_statistics(activations, label_weights([0] * 4096, 2))
    assert float(statistics.total[0, 0]) == 4096 * float(np.float16(60000))
    assert float(statistics.weight[0]) == 4096


def test_absent_classes_are_not_present_and_have_mean_zero():
    statistics = class_statistics(np.array([[2.0], [4.0]]), label_weights([3, 3], 5))
    assert statistics.present.numpy().tolist() == [False, False, False, True, False]
    assert statistics.means.numpy().ravel().tolist() == [0, 0, 0, 3, 0]
    # The center is 3, the deviations -1 and 1.
    assert statistics.mean_squares.numpy().ravel().tolist() == [0, 0, 0, 1, 0]


def test_no_sample_at_all_is_finite():
    statistics = class_statistics(
        np.full((2, 3), 5.0),
        label_weights([0, 1], 4, [0.0, 0.0]),
        signed=np.array([True, True, False]),
    )
    assert not statistics.present.numpy().any()
    for value in (*statistics[:-1], statistics.means, statistics.mean_squares):
        assert np.all(np.isfinite(value))
    # The lowest of no activations; what counts as zero stays finite.
    np.testing.assert_array_equal(statistics.minimum, [np.inf, np.inf, 0])
    np.testing.assert_array_equal(statistics.origin, 0)


def test_preferred_class_is_the_first_highest_among_those_present():
    activations = np.array([[-3.0, 1, 2], [-1, 1, 1], [-2, 1, 2]])
    statistics = class_statistics(activations, label_weights([1, 2, 3], 5))
    # Unit 0 is negative everywhere: the absent classes' 0 is not its maximum.
    assert statistics.preferred_class.numpy().tolist() == [2, 1, 1]


def test_squares_are_left_out_on_request():
    statistics = class_statistics(np.eye(2), label_weights([0, 1], 2), squares=False)
    assert statistics.squares is None


def test_deviations_survive_an_offset():
    """The trap of E[a^2] - E[a]^2, at a mean 1e4 times the deviation."""
    deviations = uniform((1000, 1), seed=3, low=-1.0)
    statistics = class_statistics(1e4 + deviations, label_weights([0] * 1000, 2))
    variance = (
        statistics.mean_squares - ops.square(statistics.means - statistics.center)
    )[0, 0]
    assert variance.numpy() == pytest.approx(np.var(deviations), rel=1e-9)


@quick
@given(st.integers(0, 10**6), st.lists(st.integers(0, 12), max_size=4))
def test_statistics_of_batches_add_up(seed, cuts):
    """W40: streamed over uneven (and empty) batches, equal to one pass."""
    activations, labels, weights = random_case(seed)
    rows = label_weights(labels, 4, weights).numpy()
    center, signed = np.array([0.3, -0.2, 5.0]), np.array([True, False, True])
    whole = class_statistics(activations, rows, signed=signed, center=center)
    bounds = [0, *sorted(cuts), 12]
    parts = [
        class_statistics(activations[i:j], rows[i:j], center=center)
        for i, j in itertools.pairwise(bounds)
    ]
    for field in ("weight", "total", "squares"):
        merged = sum(getattr(part, field) for part in parts)
        np.testing.assert_allclose(merged, getattr(whole, field), atol=1e-12)


@quick
@given(st.integers(0, 10**6))
def test_weight_zero_is_an_absent_sample(seed):
    activations, labels, weights = random_case(seed)
    activations[weights == 0] = -1e6
    signed = np.ones(3, bool)
    kept = weights > 0
    with_zeros = class_statistics(
        activations, label_weights(labels, 4, weights), signed=signed
    )
    without = class_statistics(
        activations[kept], label_weights(labels[kept], 4, weights[kept]), signed=signed
    )
    if not kept.any():
        assert not with_zeros.present.numpy().any()
        return
    for field in ClassStatistics._fields:
        np.testing.assert_allclose(
            getattr(with_zeros, field), getattr(without, field), rtol=1e-9, atol=1e-12
        )


def test_statistics_of_two_replicas_are_those_of_the_global_batch(two_replicas):
    activations, labels, weights = random_case(4)
    rows = label_weights(labels, 4, weights).numpy()
    signed = np.array([True, True, False])
    whole = class_statistics(activations, rows, signed=signed)
    strategy = two_replicas

    def values(pieces):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(pieces[context.replica_id_in_sync_group])
        )

    @tf.function
    def run(a, p):
        def step(a, p):
            replicas = Replicas.of(synchronized=True)
            return class_statistics(a, p, signed=signed, replicas=replicas)

        return strategy.run(step, args=(a, p))

    found = run(
        values([activations[:5], activations[5:]]), values([rows[:5], rows[5:]])
    )
    for field in ClassStatistics._fields:
        for value in strategy.experimental_local_results(getattr(found, field)):
            np.testing.assert_allclose(value, getattr(whole, field), rtol=1e-12)
