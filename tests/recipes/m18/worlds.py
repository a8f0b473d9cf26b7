"""Worlds of made-up runs: what M18 says, its opposite, and no effect at all."""

import numpy as np

from keras_selectivity.perturbation import (
    AblationCurve,
    NoiseCurve,
    SingleUnitAblation,
)
from recipes.m18 import analyses
from recipes.m18.experiments import CIFAR10, CORRUPTIONS, IMAGENET, MNIST, corrupted
from recipes.m18.experiments import dropout as dropout_sweep
from recipes.runner.sweep import Sweep
from tests.recipes import made

LAYERS = {
    "mlp": ["hidden_1", "hidden_2"],
    "convnet": [f"conv_{i}_relu" for i in range(1, 12)],
    "resnet50": [f"block_{i}" for i in range(1, 9)],
}
UNITS = 24
CHANCE = {"mnist": 0.1, "cifar10": 0.1, "imagenet2012": 0.005}


def sweeps(seeds=(0, 1, 2, 3)):
    """The full scale's sweeps, smaller."""
    kept = (1, 2, 4, 8, 16, 32, 64)
    plain = CIFAR10.replace(model_options={"batch_norm": False})
    return {
        "mlp": corrupted(MNIST, CORRUPTIONS, seeds),
        "mlp_selectivity": Sweep(
            MNIST.replace(model_options={"widths": [128, 128]}), {"seed": seeds}
        ),
        "mlp_training": Sweep(MNIST.replace(kept_epochs=kept), {"seed": seeds[:2]}),
        "mlp_dropout": dropout_sweep(MNIST.replace(epochs=5000), 2048, seeds),
        "convnet": corrupted(CIFAR10, CORRUPTIONS, seeds),
        "convnet_training": Sweep(CIFAR10.replace(kept_epochs=kept), {"seed": (0,)}),
        "convnet_plain": Sweep(plain, {"seed": seeds}),
        "ensemble": Sweep(CIFAR10.replace(epochs=99), {"seed": range(24)}),
        "hyperparameters": Sweep(
            CIFAR10.replace(epochs=98),
            {"learning_rate": (0.01, 0.02, 0.03, 0.04), "batch_size": (32, 64, 128)},
        ),
        "resnet50_corrupted": corrupted(IMAGENET, CORRUPTIONS, seeds),
        "resnet50": Sweep(IMAGENET.replace(augmentation="inception"), {"seed": (0, 1)}),
    }


class Right:
    """One run as the paper has it, and what its analyses would find."""

    #: What clamping to the mean adds to `half`.
    to_mean = -0.1
    #: What shuffling all labels adds to the accuracy with noise.
    shuffled = -0.4
    #: Accuracy with all units silent, above chance.
    left = 0.0
    #: SI of networks without batch normalization.
    plain_si = 0.8

    def __init__(self, run, sweep, place):
        self.run, self.sweep, self.place = run, sweep, place
        self.settings = run.settings
        self.model, self.seed = run.settings.model, run.settings.seed
        self.corruption = run.settings.corruption
        self.dropout = run.settings.model_options.get("dropout", 0)
        self.names = LAYERS[self.model]
        self.rng = made.noise(run)

    def noise(self):
        return self.rng.normal(0, 0.004)

    def half(self):
        """Fraction of silent units at which accuracy is half gone."""
        if self.sweep == "mlp_dropout":
            found = self.dropout + 0.2 if self.corruption else 0.8
        elif self.sweep == "ensemble":
            found = 0.75 if self.seed < 12 else 0.35
        elif self.sweep == "hyperparameters":
            found = 0.3 + 0.03 * self.place
        elif self.sweep == "convnet_plain":
            found = 0.4
        else:
            # Not perfectly ordered.
            steps = zip(CORRUPTIONS, (0.7, 0.45, 0.5, 0.4, 0.3), strict=True)
            found = dict(steps)[self.corruption]
        return found + self.noise()

    def start(self):
        """Training accuracy."""
        dropped = self.sweep == "mlp_dropout" and self.corruption
        return 1 - self.dropout / 4 if dropped else 1.0

    def accuracy(self):
        """On the test set."""
        if self.sweep == "ensemble":
            return 0.95 - 0.005 * self.seed
        if self.sweep == "hyperparameters":
            return 0.5 + 0.03 * self.place
        return 0.9

    def areas(self, turn):
        """Areas under the curve, so many doublings of the epoch from the turn."""
        return 0.8 - 0.05 * turn

    def impact(self, depth, si, mi):
        """Of units: large in early layers where selectivity is low."""
        early = depth < len(self.names) // 2
        impact = 0.4 * early + 0.2 * self.rng.random(UNITS)
        if self.model != "mlp":
            impact -= 1.5 * (si - si.mean()) * early
        if self.model == "convnet" and self.at_ends(depth):
            impact += 0.4 * (mi - mi.mean())
        return impact

    def at_ends(self, depth):
        return depth < 2 or depth >= len(self.names) - 2

    def norms(self, si):
        """Of the filters of units, less 3."""
        return -si if self.model == "convnet" else self.rng.random(UNITS)

    def is_plain(self):
        """Whether a convolutional network has dead units, and less information."""
        return self.model == "convnet" and self.sweep == "convnet_plain"

    def si(self, depth, rng):
        rise = 0.03 * depth * (self.model != "mlp")
        return 0.2 + rise + 0.1 * rng.random(UNITS)

    def measures(self, depth):
        """Of the units of a layer, the same at every call."""
        rng = np.random.default_rng([self.seed, depth])
        si, plain = self.si(depth, rng), self.is_plain()
        if self.sweep == "convnet_plain":
            si = self.plain_si + 0.1 * rng.random(UNITS)
        return {
            "si": si,
            "mutual_information": (0.6 if plain else 1.0) + 0.3 * rng.random(UNITS),
            "dead": 1.0 * (np.arange(UNITS) < plain * (2 + self.seed % 2)),
        }


class Wrong(Right):
    """The opposite of each."""

    to_mean = 0.1
    shuffled = 0.4
    left = 0.3
    plain_si = 0.1

    def half(self):
        if self.sweep == "mlp_dropout":
            return (0.9 if self.corruption else 0.9 * self.dropout) + self.noise()
        if self.sweep == "ensemble":
            return 0.35 + 0.015 * self.seed
        if self.sweep == "hyperparameters":
            return 0.3 + 0.03 * (12 - self.place)
        if self.sweep == "convnet_plain":
            return 0.9 + self.noise()
        return 0.5 + 0.3 * self.corruption + self.noise()

    def start(self):
        if self.sweep == "mlp_dropout" and self.corruption:
            return 0.9 + self.dropout / 4
        return 0.7 if self.model == "resnet50" else 1.0

    def areas(self, turn):
        return 0.5 + 0.05 * turn

    def impact(self, depth, si, mi):
        step = 2.0 if self.model == "mlp" else 0.2
        flat = self.model == "convnet" and self.at_ends(depth)
        return step * depth + 24 * si + (16 if flat else 24) * mi

    def norms(self, si):
        return si if self.model == "convnet" else -si

    def is_plain(self):
        return self.model == "convnet" and self.sweep != "convnet_plain"

    def si(self, depth, rng):
        return 0.4 - 0.003 * depth * (self.model != "mlp") + 0.3 * rng.random(UNITS)


class Flat(Right):
    """Nothing has to do with anything."""

    to_mean = 0.0
    shuffled = 0.0
    plain_si = 0.2

    def half(self):
        return 0.5 + self.noise()

    def start(self):
        return 1.0

    def areas(self, turn):
        return 0.6 + self.rng.normal(0, 0.01, len(turn))

    def impact(self, depth, si, mi):
        return self.rng.random(UNITS)

    def norms(self, si):
        return self.rng.random(UNITS)

    def is_plain(self):
        return False

    def si(self, depth, rng):
        return 0.2 + 0.1 * rng.random(UNITS)


def results(folder, kind=Right, chosen=None):
    """Finished runs and analyses of a world."""
    chosen = sweeps() if chosen is None else chosen
    return made.results(folder, chosen, lambda *one: leave(kind(*one)))


def leave(world):
    """What a training leaves, and the analyses that its sweep has."""
    run, true = world.run, not world.corruption
    values = {name: world.measures(depth) for depth, name in enumerate(world.names)}
    made.finish(run, made.report(values, world.accuracy(), classes=10))
    if world.sweep in analyses.ABLATED:
        analyses.ablation_task(run).write(ablation(world, world.half()))
    if world.sweep == "convnet" and true:
        found = ablation(world, world.half() + world.to_mean, "mean")
        analyses.ablation_task(run, "mean").write(found)
    if world.sweep in analyses.NOISY:
        analyses.noise_task(run).write(noise(world))
    if world.sweep in analyses.FOLLOWED:
        analyses.training_task(run).write(training(world))
    if world.sweep in analyses.SINGLE.values() and true:
        norms = {
            name: {"l1_norm": filters(world, one["si"])} for name, one in values.items()
        }
        analyses.importance_task(run).write(importance(world))
        analyses.norms_task(run).write(made.report(norms))


def ablation(world, half, clamp="zero"):
    """Accuracy falls at a fraction of silent units."""
    x = np.linspace(0, 1, 21)
    chance = CHANCE[world.settings.data]
    curve = chance + (world.start() - chance) / (1 + np.exp((x - half) / 0.03))
    curve[-1] = chance + world.left
    order = world.rng.normal(0, 0.002, (10, 1)) * (x > 0) * (x < 1)
    return AblationCurve(
        range(0, 101, 5),
        {name: 100 // len(world.names[:2]) for name in world.names[:2]},
        np.clip(curve + order, 0, 1),
        clamp=clamp,
        top_k=analyses.top_k(world.run),
    )


def noise(world):
    """Accuracy falls evenly to a level."""
    level = 0.5 + world.shuffled * world.corruption + world.rng.normal(0, 0.01)
    accuracy = np.clip(np.linspace(1, level, len(analyses.NOISE)), 0, 1)
    return NoiseCurve(analyses.NOISE, np.tile(accuracy, (10, 1)))


def filters(world, si):
    """Norms of the filters of units."""
    return 3 + world.norms(si) + 0.05 * world.rng.random(UNITS)


def training(world):
    """Test loss turns at epoch 8."""
    epochs = np.array(world.settings.kept_epochs, float)
    turn = abs(np.log2(epochs) - 3)
    loss = 0.1 + 0.1 * turn
    return made.lists(
        {
            "epoch": epochs,
            "train_loss": 1 / epochs,
            "test_loss": loss,
            "test_accuracy": 1 - loss,
            "auc": world.areas(turn),
        }
    )


def importance(world):
    """What is lost without each unit."""
    changes = {}
    for depth, name in enumerate(world.names):
        found = world.measures(depth)
        impact = world.impact(depth, found["si"], found["mutual_information"])
        changes[name] = {"loss_change": impact}
    return SingleUnitAblation(changes, {"loss": 0.3})
