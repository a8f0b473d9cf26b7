"""The small world that bad inputs are thrown at: networks, data and results."""

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.statistics import class_statistics

L = keras.layers


class World:
    """Good values for every argument, each made once and when it is first needed."""

    x = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    y = np.arange(12) % 3
    data = x, y

    def base(self) -> keras.Model:
        """A compiled classifier of 3 classes: taps `first`, `second`."""
        model = keras.Sequential(
            [
                keras.Input((4,)),
                L.Dense(3, activation="relu", name="first"),
                L.Dense(2, activation="relu", name="second"),
                L.Dense(3, activation="softmax", name="output"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    @functools.cached_property
    def plain(self) -> keras.Model:
        return self.base()

    @functools.cached_property
    def model(self) -> ks.SelectivityModel:
        """A compiled model of the same network."""
        model = ks.SelectivityModel(self.base(), alpha=-1.0)
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    @functools.cached_property
    def images(self) -> keras.Model:
        """A classifier of images of 8 by 8, with a `conv` and a `logits`."""
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                L.Conv2D(2, 3, activation="relu", name="conv"),
                L.GlobalAveragePooling2D(),
                L.Dense(3, name="logits"),
            ]
        )

    @functools.cached_property
    def maximizer(self) -> Any:
        return ks.maximization.Maximizer(self.images, "conv")

    @functools.cached_property
    def generator(self) -> keras.Model:
        return keras.Sequential([keras.Input((5,)), L.Dense(64), L.Reshape((8, 8, 1))])

    @functools.cached_property
    def subclassed(self) -> keras.Model:
        class Subclassed(keras.Model):
            def call(self, inputs: Any) -> Any:
                return inputs

        return Subclassed()

    @functools.cached_property
    def uncompiled(self) -> keras.Model:
        return keras.Sequential(
            [keras.Input((4,)), L.Dense(3, activation="relu"), L.Dense(3)]
        )

    @functools.cached_property
    def points(self) -> Any:
        return ks.taps.find(self.plain)

    @functools.cached_property
    def endless(self) -> Any:
        return tf.data.Dataset.from_tensors(self.data).repeat()

    @functools.cached_property
    def empty(self) -> Any:
        return tf.data.Dataset.from_tensors(self.data).take(0)

    def fit(self, *callbacks: Any, model: Any = None, **options: Any) -> Any:
        """Train with callbacks, which must refuse before the first step."""
        model = self.model if model is None else model
        steps = int(model.optimizer.iterations.numpy())
        try:
            return model.fit(
                self.x, self.y, verbose=0, callbacks=list(callbacks), **options
            )
        finally:
            if int(model.optimizer.iterations.numpy()) != steps:
                raise AssertionError("refused after the first step")

    @functools.cached_property
    def statistics(self) -> Any:
        """Class statistics of 3 classes and 2 units, with squares."""
        return class_statistics(self.x[:, :2], np.eye(3)[self.y])

    @functools.cached_property
    def without_squares(self) -> Any:
        return class_statistics(self.x[:, :2], np.eye(3)[self.y], squares=False)

    @functools.cached_property
    def report(self) -> ks.SelectivityReport:
        """A report of `si` and `dprime` for the taps of the classifier."""
        return self.report_of({"first": 3, "second": 2})

    @staticmethod
    def report_of(layers: dict[str, int]) -> ks.SelectivityReport:
        rng = np.random.default_rng(0)
        return ks.SelectivityReport(
            {
                name: {"si": rng.uniform(size=n), "dprime": rng.uniform(size=n)}
                for name, n in layers.items()
            },
            groups={name: [name] for name in layers},
            preferred_class={name: np.zeros(n, np.int64) for name, n in layers.items()},
            class_means={name: rng.uniform(size=(3, n)) for name, n in layers.items()},
            class_weight=np.full(3, 4.0),
            confusion=np.full((3, 3), 4.0),
        )

    @functools.cached_property
    def single_unit(self) -> Any:
        rng = np.random.default_rng(1)
        return ks.perturbation.SingleUnitAblation(
            {
                name: {"loss_change": rng.uniform(size=n)}
                for name, n in {"first": 3, "second": 2}.items()
            },
            {"loss": 1.0},
        )

    @functools.cached_property
    def correlations(self) -> Any:
        return ks.perturbation.importance_correlations(self.report, self.single_unit)

    curve = ks.perturbation.AblationCurve([0, 2, 4], {"a": 4}, [[1.0, 0.75, 0.5]])
    noise = ks.perturbation.NoiseCurve([0.0, 1.0], [[1.0, 0.5]])
    matrix = ks.similarity.SimilarityMatrix([[1.0, 0.5]], ["a"], ["a", "b"])
    distances = ks.similarity.ReplicateDistances(
        {"a": [0.1, 0.2], "b": [0.2, 0.3]}, {"a": [0.3, 0.4], "b": [0.4, 0.5]}
    )
    covariances = ks.similarity.covariances(x[:, :2], x[:, 1:])
    upper_bound = ks.projection.UpperBound(
        *np.full((4, 2), 0.5), np.eye(2), np.array([0.5]), 0
    )
    maximized = ks.maximization.Maximized(
        "first",
        "mean",
        np.array([0]),
        np.zeros((1, 2, 8, 8, 1), "float32"),
        np.array([[0.5, 0.75]], "float32"),
        np.zeros((1, 2, 10), "float32"),
        np.array([[0.0], [1.0]], "float32"),
    )

    @functools.cached_property
    def stream(self) -> Any:
        """A stream of one layer of 2 units and one of 3."""
        stream = ks.similarity.CovarianceStream()
        stream.update([self.x[:, :2]], [self.x[:, 1:]])
        return stream

    @functools.cached_property
    def strategy(self) -> Any:
        return tf.distribute.get_strategy()
