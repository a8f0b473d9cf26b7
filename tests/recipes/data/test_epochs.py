"""Epochs by number."""

import tensorflow as tf

from recipes.data.epochs import endless, epoch_seeds


def test_epochs_follow_each_other_without_end():
    epochs = endless(
        lambda number: tf.data.Dataset.from_tensors(number).repeat(number), 1
    )
    assert epochs.cardinality() == tf.data.INFINITE_CARDINALITY
    assert [int(number) for number in epochs.take(6)] == [1, 2, 2, 3, 3, 3]


def test_no_two_seeds_are_alike():
    seeds = {
        tuple(part.numpy().tolist())
        for seed in range(20)
        for number in range(20)
        for part in epoch_seeds(seed, number)
    }
    assert len(seeds) == 800
