"""What is measured of a network, once, and kept in files."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.storage.archive import Archived
from recipes.data import LABELS, Data
from recipes.g19 import design, maximized
from recipes.g19.measures import LAYERS, extreme, images, metrics
from recipes.models.alexnet import with_prob
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.settings import Settings
from recipes.runner.training import EVALUATION_BATCH, load

#: Images of the example unit's class at each level of response (figure 3c-e).
SHOWN = 4
LEVELS = ("lowest", "mean", "highest")


@dataclasses.dataclass(frozen=True)
class Network:
    """An AlexNet with its data.

    Attributes:
        name: Unlike that of any other in the folder.
        title: For figures.
        folder: Takes what is measured.
        settings: Of a training with the same data.
        model: Makes the network, whose output is logits.
        data: Loads the data.
        published: Whether it is the paper's own network.
    """

    name: str
    title: str
    folder: Path
    settings: Settings
    model: Callable[[], keras.Model]
    data: Callable[[], Data]
    published: bool = False

    @classmethod
    def of(cls, run: Run) -> "Network":
        """The network of a finished run."""
        return cls(
            run.name,
            f"AlexNet on {LABELS[run.settings.data]}, seed {run.settings.seed}",
            run.folder / "g19",
            run.settings,
            run.model,
            functools.partial(load, run.settings),
        )


def networks(results: Results) -> "list[Measured]":
    """What was measured, or is to be, of every network."""
    return [Measured(Network.of(run)) for run in results.get("alexnet", [])]


@dataclasses.dataclass(frozen=True)
class Examples(Archived):
    """Every response of a few units to the rightly classified images.

    A unit is that with the highest precision in `conv5`, `fc6` and `fc7`; in `prob`
    that with the highest top-class selectivity, and in `fc8` the same unit.

    Attributes:
        units: Mapping of layer to unit.
        classes: Mapping of layer to the class that stands out: of the precision in
            hidden layers, the unit's own in `fc8` and `prob`.
        responses: `(layers, samples)` float32, `conv5`'s the highest of the map.
        labels: `(samples,)` int64.
        images: `(3, images, height, width, channels)` float32 in [0, 1]: of the class
            of the `fc6` unit those to which it responds least, those nearest to its
            mean, and those to which it responds most.
        levels: `(3, images)` float32: its responses to these.
    """

    file_format: ClassVar[str] = "keras_selectivity recipes g19 examples"

    units: Mapping[str, int]
    classes: Mapping[str, int]
    responses: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    levels: np.ndarray

    def of(self, layer: str) -> np.ndarray:
        """Responses of the unit of a layer, `(samples,)`."""
        return self.responses[list(self.units).index(layer)]

    def own(self, layer: str) -> np.ndarray:
        """Its responses to the class that stands out."""
        return self.of(layer)[self.labels == self.classes[layer]]

    def to_arrays(self) -> dict[str, np.ndarray]:
        names = ("responses", "labels", "images", "levels")
        return {name: getattr(self, name) for name in names}

    def _header(self) -> dict[str, Any]:
        return {"units": dict(self.units), "classes": dict(self.classes)}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        return cls(header["units"], header["classes"], **arrays)


class Measured:
    """All that the figures, tables and claims need of a network: a task.

    Every unit of `LAYERS` over the training images, those that the network classifies
    rightly, as G19 has it; the responses of some units; images that drive some. What
    stands for a feature map of `conv5` is its highest value, as in G19's jitterplots
    ("the highest level of activation across each filter"); the paper does not say
    what its measures take. `mean_report` has the mean of the map in its place.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._kinds: dict[str, type[Archived]] = {
            "units": ks.SelectivityReport,
            "conv5_mean": ks.SelectivityReport,
            "examples": Examples,
            **{_images_of(one): ks.maximization.Maximized for one in design.LAYERS},
        }

    @property
    def name(self) -> str:
        """Unlike that of any other task."""
        return f"measures_{self.network.name}"

    @property
    def path(self) -> Path:
        """The file that is written last."""
        return self._path(list(self._kinds)[-1])

    @property
    def finished(self) -> bool:
        """Whether all files are there and whole."""
        return all(map(self._there, self._kinds))

    @property
    def line(self) -> str:
        """Means over the units of `fc6`."""
        means = [self.report.layer_means(m)["fc6"] for m in ("ccmas", "precision")]
        return f"fc6: CCMAS {means[0]:.3f}, precision {means[1]:.1%}"

    def do(self, say: Callable[[str], None]) -> None:
        """Measure what is missing."""
        keras.backend.clear_session()
        self.network.folder.mkdir(parents=True, exist_ok=True)
        model, data = with_prob(self.network.model()), self.network.data()
        measured = functools.partial(measure, model, data, self.network.settings)
        makers: dict[str, Callable[[], Any]] = {
            "units": lambda: measured("max"),
            "conv5_mean": lambda: measured("mean"),
            "examples": lambda: collect(model, data, self._load("units")),
        }
        for layer in design.LAYERS:
            makers[_images_of(layer)] = functools.partial(self._drive, layer)
        for name, make in makers.items():
            if not self._there(name):
                say(name)
                make().save(self._path(name))

    @functools.cached_property
    def report(self) -> ks.SelectivityReport:
        """Every unit of `LAYERS`, with the highest value of a map."""
        return self._load("units")

    @functools.cached_property
    def mean_report(self) -> ks.SelectivityReport:
        """Every unit of `conv5`, with the mean of a map."""
        return self._load("conv5_mean")

    @functools.cached_property
    def examples(self) -> Examples:
        """Responses of some units."""
        return self._load("examples")

    def maximized(self, layer: str) -> Any:
        """Images that drive two units of a layer."""
        return self._load(_images_of(layer))

    def _drive(self, layer: str) -> ks.maximization.Maximized:
        return maximized.make(self.network, self._load("units"), layer)

    def _path(self, name: str) -> Path:
        return self.network.folder / f"{name}.npz"

    def _load(self, name: str) -> Any:
        return self._kinds[name].load(self._path(name))

    def _there(self, name: str) -> bool:
        try:
            self._load(name)
        except (FileNotFoundError, ValueError):
            return False
        return True


def _images_of(layer: str) -> str:
    return f"maximized_{layer}"


def measure(
    model: keras.Model, data: Data, settings: Settings, response: Any
) -> ks.SelectivityReport:
    """Measure every unit over the rightly classified training images."""
    return ks.measure(
        model,
        data.batches("train", EVALUATION_BATCH),
        metrics(images(settings)),
        taps=list(LAYERS) if response == "max" else ["conv5"],
        correct_only=True,
        response=response,
        verbose=0,
    )


def collect(model: keras.Model, data: Data, report: ks.SelectivityReport) -> Examples:
    """Run the training images once more, and keep the responses of some units."""
    units, classes = chosen(report)
    view = ks.taps.TappedModel(model, list(units), allow_output=True, response="max")

    @tf.function(reduce_retracing=True)
    def run(x: Any) -> Any:
        outputs, activations = view(x, training=False)
        columns = [a[:, units[n]] for n, a in zip(view.names, activations, strict=True)]
        return tf.argmax(outputs, axis=-1), tf.stack(columns)

    responses, labels, places, start = [], [], [], 0
    for x, y in data.batches("train", EVALUATION_BATCH):
        predicted, found = run(x)
        right = predicted.numpy() == y.numpy()
        responses.append(found.numpy()[:, right])
        labels.append(y.numpy()[right])
        places.append(start + np.flatnonzero(right))
        start += len(right)
    every = np.concatenate(responses, axis=1).astype(np.float32)
    classes_of = np.concatenate(labels).astype(np.int64)
    detector = every[view.names.index("fc6")]
    own = np.flatnonzero(classes_of == classes["fc6"])
    picked = at_levels(detector[own])
    wanted = np.concatenate(places)[own[picked]]
    return Examples(
        {name: units[name] for name in view.names},
        {name: classes[name] for name in view.names},
        every,
        classes_of,
        _pictures(data, wanted),
        detector[own[picked]],
    )


def chosen(report: ks.SelectivityReport) -> tuple[dict[str, int], dict[str, int]]:
    """The units whose responses are shown, and the class that stands out of each.

    Reference:
        G19 figures 3 (the most precise unit of fc6) and 4.
    """
    output = extreme(report, "prob", ["top_class", "ccmas"])
    units = {"fc8": output, "prob": output}
    classes = dict(units)
    for layer in ("conv5", "fc6", "fc7"):
        units[layer] = extreme(report, layer, ["precision", "top_class"])
        classes[layer] = int(report[layer]["precision_class"][units[layer]])
    return units, classes


def at_levels(responses: np.ndarray) -> np.ndarray:
    """The lowest responses, those nearest to the mean, and the highest.

    Example:
        >>> at_levels(np.array([5.0, 0, 1, 9, 2, 3, 8, 6, 4.5, 7, 0.5, 10])).tolist()
        [[1, 10, 2, 4], [8, 0, 7, 5], [11, 3, 6, 9]]
    """
    keys = (responses, np.abs(responses - responses.mean()), -responses)
    return np.stack([np.argsort(key, kind="stable")[:SHOWN] for key in keys])


def _pictures(data: Data, places: np.ndarray) -> np.ndarray:
    """Training images of these places, in [0, 1]."""
    mean, std = (np.array(values, np.float32) for values in data.normalization)
    found: dict[int, np.ndarray] = {}
    start = 0
    for x, _ in data.batches("train", EVALUATION_BATCH):
        inside = places[(places >= start) & (places < start + len(x))]
        found.update({int(p): x[int(p) - start].numpy() for p in inside})
        start += len(x)
        if len(found) == len(np.unique(places)):
            break
    stacked = np.stack([[found[int(p)] for p in row] for row in places])
    return np.clip(stacked * std + mean, 0, 1).astype(np.float32)
