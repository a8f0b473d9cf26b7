"""Runs that were never trained: what M18 says, and a world in which it is wrong."""

import zlib

import numpy as np

import keras_selectivity as ks
from recipes.m18 import analyses
from recipes.m18.experiments import CIFAR10, CORRUPTIONS, IMAGENET, MNIST, corrupted
from recipes.m18.experiments import dropout as dropout_sweep
from recipes.runner.files import checksum, write_json
from recipes.runner.results import Results
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep

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


def results(folder, right=True, chosen=None):
    """Finished runs and analyses of a world."""
    chosen = sweeps() if chosen is None else chosen
    for name, sweep in chosen.items():
        for place, settings in enumerate(sweep.settings):
            run = Run(settings, folder)
            if not run.folder.exists():
                World(run, name, place, right).make()
    return Results(chosen, folder)


class World:
    """One run, and what its analyses would find."""

    def __init__(self, run, sweep, place, right):
        self.run, self.sweep, self.place, self.right = run, sweep, place, right
        self.settings = run.settings
        self.names = LAYERS[run.settings.model]
        # Of what the sweeps vary: a new setting would draw other noise by the digest.
        fields = ("model_options", "learning_rate", "batch_size", "corruption", "seed")
        varied = [getattr(run.settings, field) for field in fields]
        self.rng = np.random.default_rng(zlib.crc32(repr(varied).encode()))

    def make(self):
        """Write all files."""
        self.run.folder.mkdir(parents=True)
        (self.run.folder / "selected.weights.h5").write_bytes(b"weights")
        self.report().save(self.run.folder / "report.npz")
        write_json(self.run.folder / "history.json", {})
        names = ("selected.weights.h5", "report.npz", "history.json")
        files = {name: checksum(self.run.folder / name) for name in names}
        write_json(self.run.path, {"settings": self.settings.to_json(), "files": files})
        self.analyze()

    def analyze(self):
        """Write what the analyses that the sweep has would find."""
        run, true = self.run, not self.settings.corruption
        if self.sweep in analyses.ABLATED:
            write_json(analyses.ablation(run).path, self.ablation(self.half))
        if self.sweep == "convnet" and true:
            shift = -0.1 if self.right else 0.1
            found = {**self.ablation(self.half + shift), "clamp": "mean"}
            write_json(analyses.ablation(run, "mean").path, found)
        if self.sweep in analyses.NOISY:
            write_json(analyses.noise(run).path, self.noise())
        if self.sweep in analyses.FOLLOWED:
            write_json(analyses.training(run).path, self.training())
        if self.sweep in analyses.SINGLE.values() and true:
            write_json(analyses.importance(run).path, self.importance())

    @property
    def half(self):
        """Fraction of silent units at which accuracy is half gone."""
        corruption, noise = self.settings.corruption, self.rng.normal(0, 0.004)
        if self.sweep == "mlp_dropout":
            share = self.settings.model_options["dropout"]
            if not self.right:
                return (0.9 if corruption else 0.9 * share) + noise
            return (share + 0.2 if corruption else 0.8) + noise
        if self.sweep == "ensemble":
            if not self.right:
                return 0.35 + 0.015 * self.settings.seed
            return (0.75 if self.settings.seed < 12 else 0.35) + noise
        if self.sweep == "hyperparameters":
            order = self.place if self.right else 12 - self.place
            return 0.3 + 0.03 * order
        if self.sweep == "convnet_plain":
            return (0.4 if self.right else 0.9) + noise
        # Not perfectly ordered, if the paper is right.
        steps = dict(zip(CORRUPTIONS, (0.7, 0.45, 0.5, 0.4, 0.3), strict=True))
        return (steps[corruption] if self.right else 0.5 + 0.3 * corruption) + noise

    @property
    def start(self):
        """Training accuracy."""
        if self.sweep == "mlp_dropout" and self.settings.corruption:
            share = self.settings.model_options["dropout"]
            return 1 - share / 4 if self.right else 0.9 + share / 4
        return 1.0 if self.right or self.settings.model != "resnet50" else 0.7

    @property
    def accuracy(self):
        """On the test set."""
        if self.sweep == "ensemble":
            return 0.95 - 0.005 * self.settings.seed
        if self.sweep == "hyperparameters":
            return 0.5 + 0.03 * self.place
        return 0.9

    def ablation(self, half):
        x = np.linspace(0, 1, 21)
        chance = CHANCE[self.settings.data]
        fall = 1 / (1 + np.exp((x - half) / 0.03))
        curve = chance + (self.start - chance) * fall
        curve[-1] = chance if self.right else chance + 0.3
        order = self.rng.normal(0, 0.002, (10, 1)) * (x > 0) * (x < 1)
        return {
            "counts": list(range(0, 101, 5)),
            "layers": {name: 100 // len(self.names[:2]) for name in self.names[:2]},
            "accuracy": np.clip(curve + order, 0, 1).tolist(),
            "clamp": "zero",
            "top_k": analyses.top_k(self.run),
        }

    def noise(self):
        level = -0.4 if self.right else 0.4
        loss = 0.5 + level * self.settings.corruption + self.rng.normal(0, 0.01)
        accuracy = np.clip(np.linspace(1, loss, len(analyses.NOISE)), 0, 1)
        return {
            "scales": list(analyses.NOISE),
            "accuracy": np.tile(accuracy, (10, 1)).tolist(),
            "top_k": 1,
        }

    def training(self):
        epochs = np.array(self.settings.kept_epochs, float)
        turn = abs(np.log2(epochs) - 3)
        loss = 0.1 + 0.1 * turn
        auc = 0.8 - 0.05 * turn if self.right else 0.5 + 0.05 * turn
        return {
            "epoch": epochs.tolist(),
            "train_loss": (1 / epochs).tolist(),
            "test_loss": loss.tolist(),
            "test_accuracy": (1 - loss).tolist(),
            "auc": auc.tolist(),
        }

    def importance(self):
        """Large in early layers where selectivity is low, if the paper is right."""
        changes, norms = {}, {}
        for depth, name in enumerate(self.names):
            si, mi = (self.measures(depth)[key] for key in ("si", "mutual_information"))
            early = depth < len(self.names) // 2
            noise = self.rng.random(UNITS)
            if self.right:
                impact = 0.4 * early + 0.2 * noise
                if self.settings.model != "mlp":
                    impact -= 1.5 * (si - si.mean()) * early
                ends = depth < 2 or depth >= len(self.names) - 2
                if self.settings.model == "convnet" and ends:
                    impact += 0.4 * (mi - mi.mean())
            else:
                between = 2 <= depth < len(self.names) - 2
                step = 2.0 if self.settings.model == "mlp" else 0.2
                flat = self.settings.model == "convnet" and not between
                impact = step * depth + 24 * si + (16 if flat else 24) * mi
            changes[name] = {"loss_change": impact.tolist()}
            negative = (self.settings.model == "convnet") == self.right
            base = -si if negative else (noise if self.right else si)
            norms[name] = (3 + base + 0.05 * self.rng.random(UNITS)).tolist()
        return {"changes": changes, "intact": {"loss": 0.3}, "l1_norm": norms}

    def measures(self, depth):
        """Of the units of a layer, the same at every call."""
        rng = np.random.default_rng([self.settings.seed, depth])
        plain = (self.sweep == "convnet_plain") == self.right
        rise = 0.03 * depth * (self.settings.model != "mlp")
        si = 0.2 + rise + 0.1 * rng.random(UNITS)
        if not self.right:
            si = 0.4 - rise / 10 + 0.3 * rng.random(UNITS)
        if self.sweep == "convnet_plain":
            si = np.full(UNITS, 0.8 if plain else 0.1) + 0.1 * rng.random(UNITS)
        dead = np.zeros(UNITS)
        lost = self.settings.model == "convnet" and plain
        dead[: lost * (2 + self.settings.seed % 2)] = 1
        level = 0.6 if plain and self.settings.model == "convnet" else 1.0
        mi = level + 0.3 * rng.random(UNITS)
        return {"si": si, "mutual_information": mi, "dead": dead}

    def report(self):
        classes, images = 10, 1000
        right = np.full(classes, self.accuracy * images / classes)
        confusion = np.diag(right)
        confusion[:, 0] += images / classes - right
        values = {name: self.measures(d) for d, name in enumerate(self.names)}
        return ks.SelectivityReport(
            values,
            groups={name: [name] for name in self.names},
            preferred_class={name: np.zeros(UNITS, int) for name in self.names},
            class_means={name: np.ones((classes, UNITS)) for name in self.names},
            class_weight=np.full(classes, images / classes),
            confusion=confusion,
        )
