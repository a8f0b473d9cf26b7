"""Worlds of made-up runs: what M18 says, its opposite, and no effect at all.

What networks of one setting differ by is about what those of the digits did, and is
drawn from the seed of a world, so that a world can be drawn again and again.
"""

import zlib

import numpy as np
from scipy import stats

from keras_selectivity.perturbation import (
    AblationCurve,
    NoiseCurve,
    SingleUnitAblation,
)
from recipes.m18 import analyses
from recipes.m18.experiments import (
    BATCH_SIZES,
    CIFAR10,
    CORRUPTIONS,
    IMAGENET,
    MNIST,
    corrupted,
    mini,
)
from recipes.m18.experiments import dropout as dropout_sweep
from recipes.runner.results import Results
from recipes.runner.sweep import Sweep
from tests.recipes import made

LAYERS = {
    "mlp": ["hidden_1", "hidden_2"],
    "convnet": [f"conv_{i}_relu" for i in range(1, 12)],
    "resnet50": [f"block_{i}" for i in range(1, 9)],
}
UNITS = {"mlp": 64, "convnet": 24, "resnet50": 24}
CHANCE = {"imagenet2012": 0.005}

#: Standard deviations over seeds of a setting: of the area, of accuracies, of mean
#: accuracy under noise, of mean SI and mutual information, of the share of dead maps,
#: and of the logarithm of numbers of epochs.
AREA, ACCURACY, NOISY, SI, BITS, DEAD, EPOCHS = (
    0.025,
    0.01,
    0.012,
    0.015,
    0.03,
    0.01,
    0.15,
)


def sweeps(seeds=range(5), ensemble=40, rates=16):
    """The full scale's sweeps, smaller."""
    kept = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64)
    plain = CIFAR10.replace(model_options={"batch_norm": False})
    return {
        "mlp": corrupted(MNIST, CORRUPTIONS, seeds),
        "mlp_selectivity": Sweep(
            MNIST.replace(model_options={"widths": [128, 128]}), {"seed": seeds}
        ),
        "mlp_training": Sweep(MNIST.replace(kept_epochs=kept), {"seed": seeds}),
        "mlp_dropout": dropout_sweep(MNIST.replace(epochs=5000), 2048, seeds),
        "convnet": corrupted(CIFAR10, CORRUPTIONS, seeds),
        "convnet_training": Sweep(CIFAR10.replace(kept_epochs=kept), {"seed": seeds}),
        "convnet_plain": Sweep(plain, {"seed": seeds}),
        "ensemble": Sweep(CIFAR10.replace(epochs=99), {"seed": range(ensemble)}),
        "hyperparameters": Sweep(
            CIFAR10.replace(epochs=98),
            {
                "learning_rate": [0.01 * (i + 1) for i in range(rates)],
                "batch_size": BATCH_SIZES,
            },
        ),
        "resnet50_corrupted": corrupted(IMAGENET, CORRUPTIONS, seeds),
        "resnet50": Sweep(IMAGENET.replace(augmentation="inception"), {"seed": seeds}),
    }


class Right:
    """One run as the paper has it, and what its analyses would find."""

    #: What clamping to the mean adds to `half`.
    to_mean = -0.1
    #: What shuffling all labels adds to the accuracy with noise.
    shuffled = -0.4
    #: SI of networks without batch normalization, and what they lack of information.
    plain_si, plain_bits = 0.5, -0.4
    #: How many times the epochs it takes to fit labels that are all shuffled.
    longer = 4.0
    #: Training error after the first epoch of those that are followed.
    unlearned = 0.1
    #: Fraction of silent units at which accuracy is half gone, by share of shuffled
    #: labels: not perfectly ordered.
    halves = (0.7, 0.45, 0.35, 0.3, 0.45)

    def __init__(self, run, sweep, place, count, seed):
        self.run, self.sweep, self.place, self.count = run, sweep, place, count
        self.settings = run.settings
        self.model, self.seed = run.settings.model, run.settings.seed
        self.corruption = run.settings.corruption
        self.dropout = run.settings.model_options.get("dropout", 0)
        self.names = LAYERS[self.model]
        self.key = [zlib.crc32(sweep.encode()), place, seed]
        self.rng = np.random.default_rng(self.key)
        # The same for every call of `measures`.
        self.shift = np.random.default_rng([*self.key, 1]).normal(size=3)

    @property
    def rank(self):
        """Place in the sweep, from 0 to 1."""
        return self.place / max(self.count - 1, 1)

    def noise(self):
        return self.rng.normal(0, AREA)

    def half(self):
        """Fraction of silent units at which accuracy is half gone."""
        if self.sweep == "mlp_dropout":
            found = self.dropout + 0.2 if self.corruption else 0.8
        elif self.sweep == "ensemble":
            within = self.rank % 0.5
            found = (0.8 if self.rank < 0.5 else 0.45) - 0.3 * within
        elif self.sweep == "hyperparameters":
            found = self.quality()
        elif self.sweep == "convnet_plain":
            found = 0.55
        else:
            found = dict(zip(CORRUPTIONS, self.halves, strict=True))[self.corruption]
        return found + self.noise()

    def quality(self):
        """Of a setting."""
        return 0.55 + 0.25 * self.rank

    def start(self):
        """Training accuracy."""
        dropped = self.sweep == "mlp_dropout" and self.corruption
        if dropped:
            return 1 - self.dropout / 4 + self.rng.normal(0, 0.005)
        return 1 - abs(self.rng.normal(0, 0.005))

    def accuracy(self):
        """On the test set."""
        if self.sweep == "ensemble":
            return 0.95 - 0.2 * self.rank
        if self.sweep == "hyperparameters":
            return self.quality() + self.rng.normal(0, 0.005)
        return 0.9 + self.rng.normal(0, ACCURACY)

    def epochs_to_fit(self):
        """Of epochs of a training."""
        times = self.longer**self.corruption * np.exp(self.rng.normal(0, EPOCHS))
        return min(12 * times, self.settings.epochs)

    def areas(self, turn):
        """Areas under the curve, so many doublings of the epoch from the turn."""
        areas = 0.8 - np.where(turn < 0, 0.08, 0.05) * abs(turn)
        return areas + self.rng.normal(0, 0.02, len(turn))

    def impact(self, depth, si, mi):
        """Of units: large in early layers where selectivity is low."""
        early = depth < len(self.names) // 2
        impact = 0.4 * early + self.rng.random(len(si))
        if self.model == "convnet":
            impact -= 7 * (si - si.mean()) * early
        if self.model == "resnet50":
            impact -= 4 * (si - si.mean()) * early
        if self.model == "convnet" and self.at_ends(depth):
            impact += 1.5 * (mi - mi.mean())
        return impact

    def at_ends(self, depth):
        return depth < 2 or depth >= len(self.names) - 2

    def norms(self, si):
        """Of the filters of units, less 3."""
        return -si if self.model == "convnet" else self.rng.random(len(si))

    def dead(self):
        """Share of maps that are dead."""
        return 0.08 if self.sweep == "convnet_plain" else 0.0

    def si(self, depth, rng):
        rise = 0.03 * depth * (self.model != "mlp")
        found = 0.2 + rise + 0.1 * rng.random(UNITS[self.model])
        if self.sweep == "convnet_plain":
            found += self.plain_si - 0.35
        return found

    def measures(self, depth):
        """Of the units of a layer, the same at every call."""
        rng = np.random.default_rng([*self.key, 2, depth])
        si, count = self.si(depth, rng), UNITS[self.model]
        bits = 1.2 + (self.plain_bits if self.sweep == "convnet_plain" else 0)
        share = self.dead() + (DEAD * self.shift[2] if self.dead() else 0)
        dead = rng.random(count) < share
        return {
            "si": (si + SI * self.shift[0]) * ~dead,
            "mutual_information": bits + BITS * self.shift[1] + 0.3 * rng.random(count),
            "dead": dead.astype(float),
        }


class Mirrored(Right):
    """The opposite of each."""

    to_mean = 0.1
    shuffled = 0.4
    plain_si, plain_bits = 0.2, 0.4
    longer = 0.3
    halves = (0.5, 0.6, 0.65, 0.7, 0.8)

    def half(self):
        if self.sweep == "mlp_dropout":
            return (0.9 if self.corruption else self.dropout) + self.noise()
        if self.sweep == "ensemble":
            # In one cluster.
            return 0.5 + 0.1 * stats.norm.ppf(0.02 + 0.96 * self.rank) + self.noise()
        if self.sweep == "hyperparameters":
            return 0.9 - self.quality()
        if self.sweep == "convnet_plain":
            return 0.7 + self.noise()
        return super().half()

    def start(self):
        if self.sweep == "mlp_dropout" and self.corruption:
            return 0.9 + self.dropout / 4
        return 0.7 if self.model == "resnet50" else 1.0

    def areas(self, turn):
        return 0.5 + 0.05 * abs(turn) + self.rng.normal(0, 0.02, len(turn))

    def impact(self, depth, si, mi):
        flat = self.model == "convnet" and self.at_ends(depth)
        return 1.2 * depth + 50 * si + (0 if flat else 70) * (mi - mi.mean())

    def norms(self, si):
        return si if self.model == "convnet" else -si

    def dead(self):
        with_norm = self.model == "convnet" and self.sweep != "convnet_plain"
        return 0.08 if with_norm else 0.0

    def si(self, depth, rng):
        fall = -0.02 * depth * (self.model != "mlp")
        found = 0.4 + fall + 0.3 * rng.random(UNITS[self.model])
        if self.sweep == "convnet_plain":
            found += self.plain_si - 0.45
        return found


class Flat(Right):
    """Nothing has to do with anything."""

    to_mean = shuffled = plain_bits = unlearned = 0.0
    longer = 1.0

    def half(self):
        return 0.5 + self.noise()

    def start(self):
        return 1 - abs(self.rng.normal(0, 0.005))

    def accuracy(self):
        return 0.9 + self.rng.normal(0, ACCURACY)

    def areas(self, turn):
        return 0.6 + self.rng.normal(0, 0.02, len(turn))

    def impact(self, depth, si, mi):
        return self.rng.random(len(si))

    def norms(self, si):
        return self.rng.random(len(si))

    def dead(self):
        return 0.02

    def si(self, depth, rng):
        return 0.45 + 0.1 * rng.random(UNITS[self.model])


#: By what `draw` is asked for.
KINDS = {"right": Right, "mirrored": Mirrored, "flat": Flat}


def draw(folder, kind, seed):
    """The miniature's networks in a world: another seed is another draw."""
    return results(folder, KINDS[kind], mini(), seed, miniature=True)


def results(folder, kind=Right, chosen=None, seed=0, miniature=False):
    """Finished runs and analyses of a world."""
    chosen = sweeps() if chosen is None else chosen

    def leave(run, sweep, place):
        _leave(kind(run, sweep, place, len(chosen[sweep].settings), seed))

    found = made.results(folder, chosen, leave)
    return Results(chosen, folder, miniature=True) if miniature else found


def _leave(world):
    """What a training leaves, and the analyses that its sweep has."""
    run, true = world.run, not world.corruption
    values = {name: world.measures(depth) for depth, name in enumerate(world.names)}
    report = made.report(values, world.accuracy(), classes=10)
    made.finish(run, report, history(world))
    if world.sweep in analyses.ABLATED:
        analyses.ablation_task(run).write(ablation(world, world.half()))
    if world.sweep == "convnet" and true:
        found = ablation(world, world.half() + world.to_mean, "mean")
        analyses.ablation_task(run, "mean").write(found)
    if world.sweep in analyses.NOISY:
        analyses.noise_task(run).write(noise(world))
    if world.sweep in analyses.FOLLOWED:
        analyses.training_task(run).write(training(world))
    # The miniature's ResNet50 with true labels is that of another sweep as well.
    single = *analyses.SINGLE.values(), "resnet50_corrupted"
    if world.sweep in single and true:
        norms = {
            name: {"l1_norm": filters(world, one["si"])} for name, one in values.items()
        }
        analyses.importance_task(run).write(importance(world))
        analyses.norms_task(run).write(made.report(norms))


def history(world):
    """Training accuracy rises evenly until the labels are fitted."""
    epochs = np.arange(1, world.settings.epochs + 1)
    return {"accuracy": np.minimum(0.95 * epochs / world.epochs_to_fit(), 1.0)}


def ablation(world, half, clamp="zero"):
    """Accuracy falls at a fraction of silent units."""
    x = np.linspace(0, 1, 21)
    chance = CHANCE.get(world.settings.data, 0.1)
    curve = chance + (world.start() - chance) / (1 + np.exp((x - half) / 0.03))
    curve[-1] = chance
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
    level = 0.5 + world.shuffled * world.corruption + world.rng.normal(0, 2 * NOISY)
    accuracy = np.clip(np.linspace(1, level, len(analyses.NOISE)), 0, 1)
    return NoiseCurve(analyses.NOISE, np.tile(accuracy, (10, 1)))


def filters(world, si):
    """Norms of the filters of units."""
    return 3 + world.norms(si) + 0.05 * world.rng.random(len(si))


def training(world):
    """Test loss turns at epoch 8, or so."""
    epochs = np.array(world.settings.kept_epochs, float)
    turn = np.log2(epochs) - 3 - world.rng.normal(0, EPOCHS)
    loss = 0.5 + np.where(turn < 0, 0.1, 0.22) * abs(turn)
    loss += world.rng.normal(0, 0.01, len(turn))
    return made.lists(
        {
            "epoch": epochs,
            "train_loss": 1 / epochs,
            "train_accuracy": 1 - world.unlearned / epochs,
            "test_loss": loss,
            "test_accuracy": np.clip(1 - loss / 4, 0, 1),
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
