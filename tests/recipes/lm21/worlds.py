"""Worlds of made-up runs: what LM21 says, its opposite, and no effect at all."""

import numpy as np

from recipes.lm21.analyses import bounds, distances
from recipes.lm21.experiments import CIFAR10, TINY_IMAGENET, leaky, swept
from recipes.runner.sweep import Sweep
from tests.recipes import made

LAYERS = [f"layer{i}" for i in range(6)]
UNITS = 4
EPOCHS = 90
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
        [(0.1, -0.01), (0.4, -0.03), (1, -0.05), (2, -0.1), (5, -0.27), (30, -0.45)],
    ),
    "resnet20": (
        [(0.4, 0), (1, -0.005), (2, -0.008), (5, -0.015), (30, -0.4)],
        [(0.1, -0.01), (0.4, -0.03), (0.7, -0.055), (1, -0.08), (5, -0.4), (30, -0.7)],
    ),
    "vgg16": (
        [(0.1, -0.003), (1, -0.004), (2, -0.008), (5, -0.02), (30, -0.4)],
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
    """The world of the paper, for one run."""

    def __init__(self, run):
        self.settings = settings = run.settings
        self.alpha = settings.alpha
        self.model = settings.model
        self.leaky = "negative_slope" in settings.model_options
        self.base, self.best = BASE[self.model]
        self.rng = made.noise(run)

    def noise(self, scale):
        return float(self.rng.normal(0, scale))

    def si(self, alpha):
        if alpha <= 0:
            rate = 0.8 if self.model == "resnet18" else 1.8
            return self.base * np.exp(-rate * abs(alpha) ** 0.6)
        rate = 0.5 if self.model == "resnet20" else 1.0
        return self.base + (0.95 - self.base) * (1 - np.exp(-rate * alpha))

    def layers(self):
        regularized = np.ones(len(LAYERS), bool)
        if self.settings.taps != "relu":
            regularized[
                slice(3, None) if "first" in self.settings.taps else slice(3)
            ] = 0
        return np.where(regularized, self.si(self.alpha), self.base) + [
            self.noise(1e-4) for _ in LAYERS
        ]

    def accuracy(self):
        gain = interpolated(GAIN[self.model][self.alpha > 0], abs(self.alpha))
        if self.settings.regularizer == "dprime" and self.alpha < 0:
            gain = -0.002
        if self.alpha > 0 and (self.settings.warmup_epochs or self.leaky):
            gain *= 0.8
        if "last" in self.settings.taps and self.alpha < 0:
            gain = -0.01 * max(1, -self.alpha)
            if self.model == "resnet18":
                gain = 0.004 if self.alpha == -0.2 else -0.002
        if "first" in self.settings.taps and self.model == "resnet20":
            gain = min(gain, 0) * (self.alpha > 0)
        return self.best + gain + self.noise(0.0005)

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
        return 0.5 - self.alpha / 100 if irregular else self.si(self.alpha) / 2

    def t95(self):
        zero, slow = (35, 60) if self.model == "resnet18" else (45, 80)
        high = 1 if self.model == "resnet18" else 0.7
        return (zero if -2 <= self.alpha <= high else slow) + self.settings.seed % 3

    def changes(self):
        if self.model == "resnet18":
            return 20 if self.alpha < 0.3 else int(17 - 4 * np.log10(self.alpha))
        return 12 + int(self.rng.integers(5))

    def changing(self):
        """Which units of a layer change their preferred class at all."""
        return np.ones(UNITS, int)

    def discriminability(self, si):
        """d' of the units."""
        return 3 * si * (1 + 0.01 * self.rng.random(len(si)))

    def ratio(self, alpha):
        small = self.model == "resnet18" and alpha == -0.1
        return 1.0 if small else 1.2 - alpha / 10

    def bounds(self):
        observed = self.layers()
        upper = observed + 0.1
        upper[-2:] = 0.6
        return upper, observed


class Mirrored(Right):
    """The signs of alpha exchange what they do, and whatever is denied is there."""

    def si(self, alpha):
        shift = 0.2 if self.settings.warmup_epochs else 0
        return super().si(-alpha) + shift

    def accuracy(self):
        alpha, settings = self.alpha, self.settings
        gain = 5 * interpolated(GAIN[self.model][alpha < 0], abs(alpha))
        if settings.regularizer == "dprime" and alpha:
            gain = 0.03 if alpha > 0 else 0.02
        if settings.taps != "relu" and alpha:
            gain = 0.03 if alpha > 0 or "last" in settings.taps else -0.03
        if settings.warmup_epochs and alpha > 0:
            gain = -0.3
        if self.leaky:
            gain = 0
        return float(np.clip(self.best + gain + self.noise(0.0005), 0.01, 0.999))

    def dead(self):
        return 4, 14

    def follows(self):
        return 0.5 + super().si(self.alpha) * (-1 if self.alpha > 1 else 1) / 4

    def t95(self):
        """Small alphas alone make training slow."""
        slow = 0 < abs(self.alpha) <= 1
        return (80 if slow else 40) + self.settings.seed % 3

    def changes(self):
        return 20 + 10 * (self.alpha > 0) + int(max(self.alpha, 0))

    def ratio(self, alpha):
        return 0.8 + alpha / 100

    def changing(self):
        return np.arange(UNITS) % 2

    def bounds(self):
        observed = self.layers()
        return observed - 0.05, observed


class Flat(Right):
    """Alpha does nothing at all, and what is measured of units is unrelated."""

    def si(self, alpha):
        return 0.3 + self.noise(1e-3)

    def layers(self):
        return np.array([self.si(0.0) for _ in LAYERS])

    def accuracy(self):
        return 0.7 + self.noise(1e-3)

    def dead(self):
        return 0, 0

    def follows(self):
        return 0.5 + self.noise(1e-3)

    def t95(self):
        return 40 + self.settings.seed % 3

    def changes(self):
        return 12 + int(self.rng.integers(5))

    def ratio(self, alpha):
        return 1.0

    def bounds(self):
        observed = self.layers()
        return observed, observed

    def discriminability(self, si):
        return self.rng.random(len(si))


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
            leave(run, kind(run))

    def analyze(found):
        for sweep in ("resnet18", "resnet20"):
            if analyzed and sweep in found:
                analyze_sweep(found, sweep, kind)

    return made.results(folder, chosen, leave_kept, analyze)


def leave(run, world):
    """What a training of a world leaves."""
    reached = [0.1] * (world.t95() - 1)
    steps = np.minimum(np.arange(EPOCHS), world.changes())[:, None] % 2
    made.finish(
        run,
        report(world),
        {"test_accuracy": reached + [1.0] * (EPOCHS - len(reached))},
        preferred=dict.fromkeys(LAYERS, steps * world.changing()),
    )


def analyze_sweep(found, sweep, kind):
    """Distances and upper bounds."""
    rng = np.random.default_rng(0)
    runs = found.by_alpha(sweep)
    for alpha, one in distances(found, sweep).items():
        ratio = kind(runs[alpha][0]).ratio(alpha)
        within = {name: 0.2 + 0.05 * rng.random(3) for name in LAYERS}
        cross = {n: v * (ratio + 0.01 * rng.normal()) for n, v in within.items()}
        one.write({"within": made.lists(within), "cross": made.lists(cross)})
    for alpha, ones in bounds(found, sweep).items():
        for run, one in zip(runs[alpha], ones, strict=True):
            upper, observed = (
                dict(zip(LAYERS, values, strict=True)) for values in kind(run).bounds()
            )
            one.write(
                {"upper_bound": made.lists(upper), "axis_aligned": made.lists(observed)}
            )
