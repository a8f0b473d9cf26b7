"""Worlds of made-up runs: what LM21 says, its opposite, and no effect at all."""

import functools
import itertools
import zlib

import numpy as np

from recipes.lm21.analyses import bounds, distances
from recipes.lm21.experiments import (
    CIFAR10,
    GLYPHS10,
    TINY_IMAGENET,
    leaky,
    mini,
    swept,
)
from recipes.runner.sweep import Sweep
from tests.recipes import made

#: Deviations between networks of different seeds, at the miniature's scale and at the
#: paper's (of figure 1's means over 20 networks); half of the variance is of the seed.
ACCURACY = {True: 0.01, False: 0.0025}
#: Of SI, precision and the like as a share: 0.01 at 0.3. Of single layers more.
SI, LAYER_SI = 0.03, 0.05
#: Of t95 and of a network's distances, as shares.
T95, DISTANCE = 0.1, 0.03
#: Small networks on real images, for tests of what is not about the data.
DIGITS = GLYPHS10.replace(data="digits", model_options={})

LAYERS = [f"layer{i}" for i in range(6)]
UNITS = 4
#: More than the paper's ResNet18 has: slow trainings end, too.
EPOCHS = 140
GRID = (-30, -5, -2, -1, -0.4, -0.1, 0, 0.1, 0.4, 0.7, 1, 2, 5, 30)
FEW = (-2, -0.4, -0.2, 0, 0.2, 0.4, 2)
#: What is said of ResNet18 alone is at alphas of its own.
GRID18 = sorted({*GRID, -3, -3.5, -2.5, -0.2, 0.2, 0.3, 10})
VARIANTS = {
    "dprime": ("regularizer", "dprime"),
    "first3": ("taps", "first:3"),
    "last3": ("taps", "last:3"),
    "warmup": ("warmup_epochs", 5),
}
#: SI and accuracy at alpha 0.
BASE = {
    "resnet18": (0.35, 0.516),
    "resnet20": (0.22, 0.905),
    "vgg16": (0.35, 0.93),
    "resnet50": (0.35, 0.54),
}
#: How fast SI falls below alpha 0.
RATE = {"resnet18": 0.5, "resnet20": 1.15, "vgg16": 1.0, "resnet50": 0.5}
#: Gain of accuracy over magnitude, for alpha below 0 and above.
GAIN = {
    "resnet18": (
        [
            (0.1, 0.006),
            (1, 0.02),
            (2.5, 0.01),
            (3, 0),
            (3.5, 0),
            (5, -0.03),
            (30, -0.2),
        ],
        [(0.1, -0.01), (0.4, -0.02), (1, -0.03), (2, -0.05), (5, -0.27), (30, -0.45)],
    ),
    "resnet20": (
        [(0.4, 0), (1, -0.004), (2, -0.006), (5, -0.015), (30, -0.4)],
        [(0.1, -0.01), (0.4, -0.03), (0.7, -0.055), (1, -0.08), (5, -0.4), (30, -0.7)],
    ),
    "vgg16": (
        [(0.1, -0.003), (1, -0.004), (2, -0.005), (5, -0.01), (30, -0.4)],
        [(0.1, -0.004), (0.4, -0.015), (1, -0.04), (5, -0.3), (30, -0.8)],
    ),
    "resnet50": ([(0.1, 0.01), (1, 0.02), (5, 0.0)], [(0.1, -0.01), (5, -0.3)]),
}


def sweeps(seeds, grid=GRID, few=FEW):
    """The full scale's sweeps, at fewer alphas."""
    vgg16 = CIFAR10.replace(model="vgg16")
    found = {
        "resnet18": swept(TINY_IMAGENET, GRID18 if grid is GRID else grid, seeds),
        "resnet50": swept(TINY_IMAGENET.replace(model="resnet50"), few, seeds),
        "resnet20": swept(CIFAR10, grid, seeds),
        "vgg16": swept(vgg16, grid, seeds),
        **leaky(CIFAR10, (0.1, 0.5), [0.0, 0.4, 1.0, 2.0, 5.0], seeds),
    }
    for name, base in (("resnet18", TINY_IMAGENET), ("resnet20", CIFAR10)):
        found |= variants(name, base, few, seeds)
    return found


def variants(name, base, alphas, seeds):
    """What the appendix regularizes otherwise."""
    return {
        # With alpha in one step: settings with alpha 0 forget the rest.
        f"{name}_{variant}": Sweep(
            base, {field: (value,), "seed": seeds, "alpha": alphas}
        )
        for variant, (field, value) in VARIANTS.items()
    }


def interpolated(points, magnitude):
    x, y = zip((0, 0), *points, strict=True)
    return float(np.interp(magnitude, x, y))


class Right:
    """The world of the paper, for one run; `draw` chooses its noise."""

    def __init__(self, run, draw=0):
        self.settings = settings = run.settings
        self.alpha = settings.alpha
        self.model = settings.model
        self.leaky = "negative_slope" in settings.model_options
        self.base, self.best = BASE[self.model]
        readable, _, _ = run.name.rpartition("_")
        self.rng = np.random.default_rng([zlib.crc32(readable.encode()), draw])
        of_seed = [zlib.crc32(self.model.encode()), settings.seed, draw]
        self.seed_rng = np.random.default_rng(of_seed)
        self.small = settings.data in ("digits", "glyphs10", "glyphs100")

    def noise(self, deviation):
        """Half of the variance is shared by the networks of a seed."""
        both = self.seed_rng.normal() + self.rng.normal()
        return deviation * both / np.sqrt(2)

    def si(self, alpha):
        if alpha <= 0:
            rate = RATE[self.model]
            return self.base * np.exp(-rate * abs(alpha) ** 0.6)
        rate = 0.5 if self.model == "resnet20" else 1.0
        rise = (0.95 - self.base) * (1 - np.exp(-rate * alpha))
        fall = 0.1 * (alpha > 5) * (self.model in ("resnet20", "vgg16"))
        return self.base + rise - fall

    def layers(self):
        regularized = np.ones(len(LAYERS), bool)
        if self.settings.taps != "relu":
            regularized[
                slice(3, None) if "first" in self.settings.taps else slice(3)
            ] = 0
        means = np.where(regularized, self.si(self.alpha), self.base)
        own = 1 + LAYER_SI * self.rng.normal(size=len(LAYERS))
        return np.clip(means * (1 + self.noise(SI)) * own, 0, 1)

    def gain(self):
        """Of accuracy, since alpha 0."""
        gain = interpolated(GAIN[self.model][self.alpha > 0], abs(self.alpha))
        if self.settings.regularizer == "dprime" and self.alpha < 0:
            gain = -0.002
        if self.alpha > 0 and (self.settings.warmup_epochs or self.leaky):
            gain *= 0.8
        if "last" in self.settings.taps and self.alpha < 0:
            gain = -0.01 * max(1, -self.alpha)
            if self.model == "resnet18":
                gain = 0.0015 if self.alpha == -0.2 else -0.002
        if "first" in self.settings.taps and self.model == "resnet20":
            gain = min(gain, 0) * (self.alpha > 0)
        return gain

    def accuracy(self):
        found = self.best + self.gain() + self.noise(ACCURACY[self.small])
        return float(np.clip(found, 0.01, 0.999))

    def dead(self):
        """Units that are dead, and units that are sparse, dead ones among them."""
        if self.alpha <= 1 or self.leaky:
            return 0, 0
        if self.model in ("resnet18", "resnet50"):
            return 0, 5 if self.alpha >= 10 else 0
        dead = int(np.interp(self.alpha, (1, 2, 5, 30), (0, 1, 3, 10)))
        return dead, dead + 1

    def follows(self):
        """What precision and mutual information follow SI by."""
        irregular = self.alpha > 1 and self.model == "resnet20"
        mean = 0.5 - self.alpha / 100 if irregular else self.si(self.alpha) / 2
        return float(np.clip(mean * (1 + self.noise(SI)), 0, 1))

    def t95(self):
        zero, slow = (35, 65) if self.model == "resnet18" else (45, 90)
        high = 1 if self.model == "resnet18" else 0.7
        mean = zero if -2 <= self.alpha <= high else slow
        return int(np.clip(round(mean * np.exp(self.noise(T95))), 1, EPOCHS))

    def changes(self):
        if self.model == "resnet18":
            mean = 20 if self.alpha < 0.3 else 17 - 4 * np.log10(self.alpha)
            return round(mean + self.noise(1))
        return 12 + int(self.rng.integers(5))

    def changing(self):
        """Which units of a layer change their preferred class at all."""
        return np.ones(UNITS, int)

    def discriminability(self, si):
        """d' of the units: their order is nearly that of SI."""
        deviation = 0.1 if self.model == "resnet18" else 0.08
        return 3 * si * np.exp(deviation * self.rng.normal(size=len(si)))

    def ratio(self, alpha):
        small = self.model == "resnet18" and alpha == -0.1
        return 1.0 if small else 1.2 - alpha / 10

    def bounds(self):
        observed = self.layers()
        upper = observed + 0.1
        upper[-2:] = 0.6 * (1 + self.noise(SI))
        return upper, observed


class Mirrored(Right):
    """The signs of alpha exchange what they do, and whatever is denied is there."""

    def si(self, alpha):
        shift = 0.2 if self.settings.warmup_epochs else 0
        return super().si(-alpha) + shift

    def gain(self):
        alpha, settings = self.alpha, self.settings
        gain = 5 * interpolated(GAIN[self.model][alpha < 0], abs(alpha))
        if settings.regularizer == "dprime" and alpha:
            gain = 0.03 if alpha > 0 else 0.02
        if settings.taps != "relu" and alpha:
            gain = 0.03 if alpha <= -0.4 and "last" in settings.taps else -0.03
            # Accuracy rises with SI, which falls with alpha.
            gain -= 0.01 * max(alpha, 0)
        if settings.warmup_epochs and alpha > 0:
            gain = -0.3
        return 0 if self.leaky else gain

    def dead(self):
        return 4, 14

    def follows(self):
        return 0.5 + super().si(self.alpha) * (-1 if self.alpha > 1 else 1) / 4

    def t95(self):
        """Small alphas alone make training slow."""
        slow = 0 < abs(self.alpha) <= 1
        return (80 if slow else 40) + self.settings.seed % 3

    def changes(self):
        return 20 + 40 * (self.alpha > 0) + int(max(self.alpha, 0))

    def ratio(self, alpha):
        return 0.8 + alpha / 100

    def changing(self):
        return np.arange(UNITS) % 2 if self.alpha > 0 else super().changing()

    def bounds(self):
        observed = self.layers()
        return observed - 0.05, observed


class Flat(Right):
    """Alpha does nothing at all, and what is measured of units is unrelated."""

    def si(self, alpha):
        return 0.3

    def gain(self):
        return 0.0

    def dead(self):
        return 0, 0

    def follows(self):
        return 0.5 * (1 + self.noise(SI))

    def t95(self):
        return int(np.clip(round(40 * np.exp(self.noise(T95))), 1, EPOCHS))

    def changes(self):
        return 12 + int(self.rng.integers(5))

    def ratio(self, alpha):
        return 1.0

    def bounds(self):
        observed = self.layers()
        return observed, observed

    def discriminability(self, si):
        return self.rng.random(len(si))


#: Kinds of worlds by name.
KINDS = {"right": Right, "mirrored": Mirrored, "flat": Flat}


def draw(folder, kind, seed):
    """The miniature as it might come out in a world: another seed, other noise."""
    of_run = functools.partial(KINDS[kind], draw=seed)
    return imagined(folder, of_run, mini(), miniature=True)


def report(world):
    """Every unit of a run."""
    count = len(LAYERS) * UNITS
    # Units of one layer differ, and all layers' units alike.
    spread = np.tile(np.linspace(0.8, 1.2, UNITS), len(LAYERS))
    si = np.repeat(world.layers(), UNITS) * spread
    order = np.random.default_rng(0).permutation(count)
    dead, sparse = (order < number for number in world.dead())
    values = {
        "si": np.where(dead, 0, si),
        "dprime": world.discriminability(si),
        "precision": np.full(count, world.follows()),
        "mutual_information": np.full(count, 2 * world.follows()),
        "dead": dead.astype(float),
        "active_fraction": np.where(dead, 0, np.where(sparse, 0.3, 1.0)),
    }
    table = {
        name: {m: v[i * UNITS : (i + 1) * UNITS] for m, v in values.items()}
        for i, name in enumerate(LAYERS)
    }
    return made.report(table, world.accuracy())


def results(folder, kind, chosen, analyzed=True, keep=lambda settings: True):
    """All of the sweeps' runs whose settings are kept, and what is computed of them."""

    def leave_kept(run, sweep, place):
        if keep(run.settings):
            world = kind(run)
            made.finish(
                run,
                report(world),
                {"test_accuracy": reached(world)},
                preferred=preferred(world),
            )

    return made.results(folder, chosen, leave_kept, analyzing(kind, analyzed))


def imagined(folder, kind, chosen, analyzed=True, miniature=False):
    """The same, and nothing of the runs on a disk."""

    def numbers(run):
        world = kind(run)
        return {
            "report": report(world),
            "history": {"test_accuracy": reached(world)},
            "preferred_classes": made.followed(run, preferred(world)),
        }

    return made.imagined(folder, chosen, numbers, analyzing(kind, analyzed), miniature)


def analyzing(kind, analyzed):
    def analyze(found):
        for sweep in ("resnet18", "resnet20"):
            if analyzed and sweep in found:
                analyze_sweep(found, sweep, kind)

    return analyze


def reached(world):
    """Test accuracy by epoch."""
    slow = world.t95() - 1
    return [0.1] * slow + [1.0] * (EPOCHS - slow)


def preferred(world):
    """The preferred class of every unit, by epoch."""
    steps = np.minimum(np.arange(EPOCHS), world.changes())[:, None] % 2
    return dict.fromkeys(LAYERS, steps * world.changing())


def analyze_sweep(found, sweep, kind):
    """Distances and upper bounds."""
    runs = found.by_alpha(sweep)
    for alpha, one in distances(found, sweep).items():
        worlds = [kind(run) for run in runs[alpha]]
        plain = len(runs[0.0])
        rng = worlds[0].rng
        own = DISTANCE * rng.normal(size=len(worlds))
        other = DISTANCE * rng.normal(size=plain)
        within = [1 + a + b for a, b in itertools.combinations(own, 2)]
        ratio = worlds[0].ratio(alpha)
        cross = [ratio * (1 + a + b) for a, b in itertools.product(other, own)]
        one.write(
            {
                side: {
                    name: list(0.2 * np.array(values) + 0.002 * rng.random(len(values)))
                    for name in LAYERS
                }
                for side, values in (("within", within), ("cross", cross))
            }
        )
    for alpha, ones in bounds(found, sweep).items():
        for run, one in zip(runs[alpha], ones, strict=True):
            upper, observed = (
                dict(zip(LAYERS, values, strict=True)) for values in kind(run).bounds()
            )
            one.write(
                {"upper_bound": made.lists(upper), "axis_aligned": made.lists(observed)}
            )
