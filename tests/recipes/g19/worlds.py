"""Worlds of made-up networks: what G19 says, its opposite, and measures that agree."""

import numpy as np

import keras_selectivity as ks
from recipes.g19.design import LAYERS as SHOWN
from recipes.g19.experiments import mini
from recipes.g19.measured import Examples, networks
from recipes.g19.measures import LAYERS
from recipes.runner.results import Results
from tests.recipes import made

UNITS = dict(zip(LAYERS, (32, 64, 64, 50, 50), strict=True))
CLASSES = 50
#: Of the example unit's responses, those of its class among others.
OWN, OTHERS = 400, 8000
#: Deviation of a mean over the units of a layer between networks, as a share: 0.03 of
#: CCMAS and precision on digits, 0.15 of top-class selectivity; of units in a layer.
NETWORK = {"ccmas": 0.03, "precision": 0.05, "top_class": 0.15}
UNIT = {"ccmas": 0.04, "precision": 0.3, "top_class": 0.8}


class Right:
    """The paper's findings."""

    #: Means over units, layer by layer.
    ccmas = (0.491, 0.844, 0.848, 0.996, 0.999)
    second = (0.465, 0.821, 0.831, 1.003, 0.984)
    precision = (0.096, 0.121, 0.154, 0.701, 0.997)
    top_class = (0.0017, 0.0019, 0.0023, 0.051, 0.821)
    #: Localist units of prob.
    localist = 0
    #: Precision of the unit of highest CCMAS, over the mean.
    highest = 0.08
    #: Shares of units with one top class and CCMAS class.
    same = (0.0, 0.098, 0.1, 0.835, 0.9)
    #: Precision and top-class selectivity of fc6's most precise unit.
    detector = (0.95, 0.035)
    #: Shares of all its responses that are 0, and of those of its class.
    zeros = (0.83, 0.058)
    #: How its responses are distributed: to all images, to those of its class.
    families = ("exponential", "normal")
    #: What they are on average, where they are not 0.
    levels = (5.0, 39.0)


class Mirrored(Right):
    """The opposite of each."""

    ccmas = (0.6, 0.4, 0.3, 0.2, 0.1)
    second = (-0.2, -0.3, -0.3, -0.3, -0.3)
    precision = (0.9, 0.8, 0.7, 0.6, 0.5)
    top_class = (0.9, 0.8, 0.7, 0.6, 0.2)
    localist = 20
    highest = 1.2
    same = (0.9, 0.9, 0.9, 0.1, 0.1)
    detector = (0.7, 0.69)
    zeros = (0.05, 0.9)
    families = ("normal", "exponential")
    levels = (5.0, 5.0)


class Flat(Right):
    """All measures say the same of all layers."""

    ccmas = second = precision = top_class = (0.5,) * 5
    highest = 1.0
    same = (0.5,) * 5
    detector = (0.6, 0.5)
    zeros = (0.5, 0.5)
    families = ("uniform", "uniform")


KINDS = {"right": Right, "mirrored": Mirrored, "flat": Flat}


def draw(folder, kind, seed):
    """The miniature's networks, measured, as a world of a kind may have them."""
    return results(folder, KINDS[kind], mini(), seed, miniature=True)


def results(folder, world, chosen, seed=0, miniature=False):
    """Networks of a sweep, measured, as a world has them."""
    made.results(folder, chosen, lambda run, sweep, place: made.finish(run))
    found = Results(chosen, folder, miniature=miniature)
    for number, measured in enumerate(networks(found)):
        rng = np.random.default_rng([seed, number])
        measured.network.folder.mkdir()
        report = of_units(world, rng)
        files = {
            "units": report,
            "conv5_mean": report,
            "examples": of_examples(world, rng),
            **{f"maximized_{layer}": maximized(layer) for layer in SHOWN},
        }
        for name, archive in files.items():
            archive.save(measured.network.folder / f"{name}.npz")
    return found


def of_units(world, rng):
    """A report of all units."""
    table = {}
    columns = zip(
        *(LAYERS, world.ccmas, world.second, world.precision, world.top_class),
        world.same,
        strict=True,
    )
    for layer, ccmas, second, precision, top_class, same in columns:
        count = UNITS[layer]
        means = {"ccmas": ccmas, "precision": precision, "top_class": top_class}
        # A network is above or below what is typical, and its units vary around it;
        # little where a measure is near its end.
        values = {
            name: mean
            * (1 + room(name, mean) * rng.normal(0, NETWORK[name]))
            * (1 + room(name, mean) * around(rng, UNIT[name], count))
            for name, mean in means.items()
        }
        values["ccmas_second"] = values["ccmas"] + second - ccmas
        values["ccmas_class"] = np.zeros(count)
        values["top_class_class"] = (rng.random(count) >= same).astype(float)
        values["localist"] = np.zeros(count)
        if layer == "prob":
            values["localist"][: world.localist] = 1
        # The unit of highest CCMAS, and the most precise one.
        values["ccmas"][1] = values["ccmas"].max() + 0.01
        others = np.delete(values["precision"], 1).mean()
        values["precision"][1] = world.highest * others
        if layer == "fc6":
            values["precision"][0], values["top_class"][0] = world.detector
        for name in ("precision", "top_class"):
            values[name] = np.clip(values[name], 0, 1)
        zero = np.zeros(count)
        for name in ("ccmas_second_class", "precision_class", "top_class_cluster"):
            values[name] = zero
        values |= {"localist_on": zero, "localist_off": zero}
        values["active_fraction"] = zero + 0.5
        table[layer] = values
    return made.report(table, 1.0, CLASSES, 400 * CLASSES, correct_only=True)


def room(name, mean):
    """How much of the deviation there is room for."""
    return 1.0 if name == "ccmas" and mean < 0.99 else min(1.0, 3 * abs(1 - mean))


def around(rng, deviation, count):
    """Deviations that add up to nothing."""
    drawn = rng.normal(0, deviation, count)
    return np.clip(drawn - drawn.mean(), -0.95, 3)


def of_examples(world, rng):
    """Responses of the example units."""
    labels = np.repeat([0, 1], [OWN, OTHERS])
    responses = np.concatenate(
        [
            drawn(rng, world.families[1], OWN, world.zeros[1], world.levels[1]),
            drawn(rng, world.families[0], OTHERS, world.zeros[0], world.levels[0]),
        ]
    )
    return Examples(
        dict.fromkeys(LAYERS, 0),
        dict.fromkeys(LAYERS, 0),
        np.stack([responses] * len(LAYERS)).astype(np.float32),
        labels,
        np.zeros((3, 4, 16, 16, 1), np.float32),
        np.zeros((3, 4), np.float32),
    )


def drawn(rng, family, count, zeros, mean):
    """Responses of a family, some of them 0."""
    found = {
        "normal": lambda: rng.normal(mean, mean / 5, count),
        "exponential": lambda: rng.exponential(mean, count),
        "uniform": lambda: rng.uniform(0, 2 * mean, count),
    }[family]()
    share = zeros + rng.normal(0, 0.02)
    return np.where(rng.random(count) < share, 0, np.maximum(found, 0.01))


def maximized(layer):
    """Images that nobody looks at."""
    return ks.maximization.Maximized(
        layer,
        "max",
        np.array([0]),
        np.zeros((1, 1, 16, 16, 1), np.float32),
        np.zeros((1, 1), np.float32),
        np.zeros((1, 1, 1), np.float32),
        np.array([[0.0], [1.0]], np.float32),
    )
