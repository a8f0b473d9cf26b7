"""Worlds of made-up runs: what R22 says, its opposite, and no effect at all."""

import numpy as np

from recipes.r22.ablation import ORDERS
from recipes.r22.analyses import (
    COMPARED,
    ablations,
    similarities,
    unit_selectivities,
)
from recipes.r22.experiments import IMAGENET, sweeps
from tests.recipes import made

BLOCKS = {4: 3, 5: 4, 6: 6, 7: 3}
KEPT = (0, 1, 2, 3, 5, 8, 12, 24)
POINTS = 6


class Right:
    """The paper's findings."""

    #: SI of modules 4 to 6 and of module 7, before training and at epochs 1, 2, ...
    early = (0.2, 0.5, 0.45, 0.35, 0.3)
    late = (0.2, 0.5, 0.55, 0.6, 0.6)
    #: What a module's area is at the first kept epochs and the last, selective first.
    ranked = (2.0, 4.0)
    random = (3.2, 3.3)
    #: CKA after the first epoch and at the end.
    alignment = (0.9, 0.3)
    #: Points of accuracy lost: regularized against from 0, from later, and for.
    lost = (20.0, 0.0, 15.0)
    recovers = True
    #: SI of modules 4 to 6 while they are regularized for selectivity.
    promoted = 0.97
    #: Largest counts of predicted classes: none, against, for; and what lasts.
    counts = (60.0, 90.0, 85.0)
    tail = 52.0
    lasting = 0.0

    def harm(self, settings):
        """Points lost by a network."""
        start = settings.window[0] if settings.window else 0
        if settings.alpha > 0:
            return self.lost[2]
        if start:
            return self.lost[1]
        return self.lost[0] if settings.alpha <= -5 else self.lost[1]

    def against(self, alpha):
        """Factor of SI while regularized against it."""
        return 1 / (1 + abs(alpha) / 4)

    def ends(self, module):
        """Areas of a trained network: most selective first, random."""
        return (4.0, 3.3) if module < 7 else (3.0, 3.3)


class Wrong(Right):
    """The opposite of each."""

    early = (0.2, 0.15, 0.16, 0.17, 0.18)
    late = (0.2, 0.15, 0.14, 0.1, 0.05)
    ranked = (4.0, 3.0)
    random = (2.0, 3.5)
    alignment = (0.3, 0.9)
    lost = (-10.0, 20.0, -10.0)
    recovers = False
    promoted = 0.02
    counts = (90.0, 60.0, 60.0)
    lasting = 1.0

    def harm(self, settings):
        if len(settings.window) == 2 and settings.alpha < 0:
            return 20.0
        return super().harm(settings)

    def against(self, alpha):
        return 1 + abs(alpha) / 10

    def ends(self, module):
        return (3.0, 3.5) if module < 7 else (4.0, 3.5)


class Flat(Right):
    """Nothing changes through training, and no regularizer does anything."""

    early = late = (0.3,)
    ranked = random = (3.0, 3.0)
    alignment = (0.6, 0.6)
    lost = (0.0, 0.0, 0.0)
    promoted = None
    counts = (60.0, 60.0, 60.0)
    tail = 60.0

    def harm(self, settings):
        return 0.0

    def against(self, alpha):
        return 1.0

    def ends(self, module):
        return 3.0, 3.0


def small(seeds, epochs=24, short=12):
    """The full scale's sweeps, with few seeds and epochs."""
    base = IMAGENET.replace(epochs=epochs, kept_epochs=KEPT, first_epoch_points=2)
    return sweeps(
        base, plain=seeds, against=seeds, others=seeds, long=epochs, short=short
    )


def results(folder, world, chosen, analyzed=True):
    """Finished runs of sweeps, as a world has them."""

    def analyze(found):
        kinds = {ablations: ablation, similarities: alignments, unit_selectivities: si}
        for tasks, numbers in kinds.items() if analyzed else ():
            for number, task in enumerate(tasks(found)):
                task.write(numbers(world(), np.random.default_rng(number)))

    return made.results(
        folder, chosen, lambda run, sweep, place: leave(run, world()), analyze
    )


def active(settings):
    """For each epoch, from before training, whether the regularizer has been on."""
    start, stop = (*settings.window, 0, 10**6)[:2] if settings.window else (0, 10**6)
    if len(settings.window) == 1:
        start, stop = settings.window[0], 10**6
    return np.array([start < epoch <= stop for epoch in range(settings.epochs + 1)])


def leave(run, world):
    """What a training of a world leaves."""
    settings, rng = run.settings, made.noise(run)
    epochs = np.arange(settings.epochs + 1)
    on = active(settings) if settings.alpha else np.zeros(len(epochs), bool)
    history = {"loss": np.zeros(len(epochs)), "val_accuracy": np.zeros(len(epochs))}

    harm = np.zeros(len(epochs))
    if settings.alpha:
        begun = int(np.argmax(on))
        harm[begun:] = world.harm(settings)
        if len(settings.window) == 2 and settings.alpha < 0 and world.recovers:
            after = np.clip(epochs - settings.window[1], 0, None)
            harm *= np.exp(-after / 5)
    learned = 70 * (1 - np.exp(-epochs / 3)) - harm * (epochs > 0)
    noise = rng.normal(0, 0.2, len(epochs)) + rng.normal(0, 0.2)
    for key, offset in (("test_accuracy", 0), ("accuracy", 5)):
        history[key] = np.clip(learned + offset + noise, 0.1, 99) / 100

    for module, count in BLOCKS.items():
        table = world.early if module < 7 else world.late
        si = np.array([table[min(e, len(table) - 1)] for e in epochs])
        if settings.alpha and f"{module - 3}" in settings.taps:
            held = world.promoted if settings.alpha > 0 else None
            factor = world.against(settings.alpha)
            si = np.where(on, si * factor if held is None else held, si)
        for block in range(1, count + 1):
            key = f"test_si/stage{module - 3}_block{block}_out"
            history[key] = np.clip(si + rng.normal(0, 0.004, len(si)), 0, 1)

    balanced, against, promoting = world.counts
    height = balanced
    if settings.alpha and on[1]:
        height = against if settings.alpha < 0 else promoting
    tail = world.tail + (30 * world.lasting if settings.alpha else 0)
    history["test_class_representation"] = np.where(
        epochs <= 4, height, tail
    ) + rng.normal(0, 0.5)

    before = {key: [values[0], values[0]] for key, values in history.items()}
    made.finish(
        run,
        history={key: values[1:] for key, values in history.items()},
        first_epoch={**before, "step": [0, 100]},
    )


def ablation(world, rng):
    """Curves whose normalized accuracies add up to what the world says."""
    epochs = [epoch for epoch in KEPT if epoch]
    found = {"epochs": epochs, "counts": {}, **{order: {} for order in ORDERS}}
    for module in BLOCKS:
        found["counts"][str(module)] = list(range(POINTS))
        for place, order in enumerate(ORDERS):
            first, _ = world.ranked if order == "most_selective" else world.random
            last = world.ends(module)[place]
            rise = 1 - np.exp(-(np.array(epochs) - 1) / 3)
            areas = first + (last - first) * rise + rng.normal(0, 0.02, len(epochs))
            rest = np.repeat((areas[:, None] - 1) / (POINTS - 1), POINTS - 1, axis=1)
            curves = 0.6 * np.column_stack([np.ones(len(epochs)), rest])
            found[order][str(module)] = curves.tolist()
    return found


def alignments(world, rng):
    """CKA of all pairs of layers alike."""
    first, last = world.alignment
    values = []
    for epoch in KEPT:
        share = 1 if epoch <= 1 else np.exp(-epoch / 4)
        level = last + share * (first - last) + rng.normal(0, 0.01)
        table = np.full((len(COMPARED),) * 2, level)
        np.fill_diagonal(table, 1)
        values.append(table.tolist())
    return {"epochs": list(KEPT), "layers": list(COMPARED), "values": values}


def si(world, rng):
    """Intervals over the units of each block."""
    layers = {
        f"stage{module - 3}_block{block}_out": [[0.3, 0.25, 0.35]] * len(KEPT)
        for module, count in BLOCKS.items()
        for block in range(1, count + 1)
    }
    return {"epochs": list(KEPT), "layers": layers}
