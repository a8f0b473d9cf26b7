"""Worlds of made-up runs: what R22 says, its opposite, and no effect at all."""

import numpy as np

from recipes.r22.ablation import ORDERS
from recipes.r22.analyses import (
    COMPARED,
    POINTS,
    ablations,
    similarities,
    unit_selectivities,
)
from recipes.r22.experiments import IMAGENET, mini, summed, sweeps
from recipes.r22.modules import EARLY
from recipes.runner.results import Results
from tests.recipes import made

BLOCKS = {4: 3, 5: 4, 6: 6, 7: 3}
KEPT = (0, 1, 2, 3, 5, 8, 12, 24)

#: Deviations of accuracy in points: of a seed, of a network beside others of its seed,
#: of an epoch, and of one after the learning rate has fallen. The miniature on digits
#: had 0.8 to 1.8 between seeds at the end, and 4 to 15 in an epoch before it, of 500
#: images; here are ten times as many.
SEED, OWN, EPOCH, SETTLED = 0.7, 1.0, 3.0, 0.5
#: Of SI, as shares of it: of a module in a seed, of a module in a network, of a block,
#: and of an epoch. On digits 0.05 to 0.25 between seeds, most of it in every epoch.
SI_SEED, SI_OWN, SI_BLOCK, SI_EPOCH = 0.08, 0.06, 0.05, 0.03
#: Of areas: of a network, and of an epoch; of CKA; of the largest counts, as a share of
#: them: on digits 0.015 at the end, 0.05 to 0.1 in an epoch before.
AREA, AREA_EPOCH, CKA, COUNTS = 0.3, 0.15, 0.05, 0.03


class Right:
    """The paper's findings."""

    #: SI of modules 4 to 6 and of module 7, before training and at epochs 1, 2, ...
    early = (0.2, 0.5, 0.45, 0.35, 0.3)
    late = (0.2, 0.5, 0.55, 0.6, 0.6)
    #: How much lower SI of module 4 is than that of 5, and that of 5 than that of 6.
    apart = 0.05
    #: What a module's area is at the first kept epoch and the last, selective first.
    ranked = (4.0, 8.0)
    random = (6.5, 6.6)
    #: CKA after the first epoch and at the end.
    alignment = (0.9, 0.3)
    #: Points of accuracy lost: regularized against from 0, from later, and for.
    lost = (15.0, 0.0, 15.0)
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
        return (8.0, 6.6) if module < 7 else (5.2, 6.6)


class Mirrored(Right):
    """The opposite of each."""

    early = (0.2, 0.15, 0.16, 0.17, 0.18, 0.2, 0.23, 0.26, 0.29, 0.33, 0.37, 0.4)
    late = (0.2, 0.15, 0.14, 0.1, 0.05)
    ranked = (8.0, 6.0)
    random = (4.0, 7.0)
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
        return (6.0, 7.0) if module < 7 else (8.0, 7.0)


class Flat(Right):
    """Nothing changes through training, and no regularizer does anything."""

    early = late = (0.3,)
    apart = 0.0
    ranked = random = (6.0, 6.0)
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
        return 6.0, 6.0


KINDS = {"right": Right, "mirrored": Mirrored, "flat": Flat}


def small(seeds, long=60, short=12):
    """The full scale's sweeps, with few seeds and epochs."""
    base = IMAGENET.replace(
        epochs=long, anneal_epochs=(9,), kept_epochs=KEPT, first_epoch_points=2
    )
    kinds = dict.fromkeys(("plain", "against", "between", "others"), seeds)
    found = sweeps(base, **kinds, long=long, short=short)
    return {**found, "summed": summed(base, seeds, short)}


def draw(folder, kind, seed):
    """The miniature's finished runs, as a world of a kind may have them."""
    return results(folder, KINDS[kind], mini(), seed=seed, miniature=True)


def results(folder, world, chosen, analyzed=True, seed=0, miniature=False):
    """Finished runs of sweeps, as a world has them; another seed draws other noise."""

    def analyze(found):
        kinds = {ablations: ablation, similarities: alignments, unit_selectivities: si}
        for tasks, numbers in kinds.items() if analyzed else ():
            for number, task in enumerate(tasks(found)):
                epochs = found["plain"][0].settings.kept_epochs
                rng = np.random.default_rng([seed, number])
                task.write(numbers(world(), rng, epochs))

    made.results(
        folder, chosen, lambda run, sweep, place: leave(run, world(), seed), analyze
    )
    return Results(chosen, folder, miniature=miniature)


def active(settings):
    """For each epoch, from before training, whether the regularizer has been on."""
    start, stop = (*settings.window, 0, 10**6)[:2] if settings.window else (0, 10**6)
    if len(settings.window) == 1:
        start, stop = settings.window[0], 10**6
    return np.array([start < epoch <= stop for epoch in range(settings.epochs + 1)])


def leave(run, world, seed):
    """What a training of a world leaves."""
    settings = run.settings
    # What networks of a seed have in common, and what a network has alone.
    shared = np.random.default_rng([seed, settings.seed])
    (rng,) = made.noise(run).spawn(seed + 1)[-1:]
    epochs = np.arange(settings.epochs + 1)
    on = active(settings) if settings.alpha else np.zeros(len(epochs), bool)
    history = {"loss": np.zeros(len(epochs)), "val_accuracy": np.zeros(len(epochs))}

    harm = np.zeros(len(epochs))
    if settings.alpha:
        begun = int(np.argmax(on))
        harm[begun:] = world.harm(settings)
        if len(settings.window) == 2 and settings.alpha < 0 and world.recovers:
            after = np.clip(epochs - settings.window[1], 0, None)
            harm *= np.exp(-4 * after / settings.epochs)
    learned = 70 * (1 - np.exp(-epochs / 3)) - harm * (epochs > 0)
    annealed = epochs > min((*settings.anneal_epochs, settings.epochs))
    noise = shared.normal(0, SEED) + rng.normal(0, OWN)
    noise = noise + rng.normal(0, np.where(annealed, SETTLED, EPOCH))
    for key, offset in (("test_accuracy", 0), ("accuracy", 5)):
        history[key] = np.clip(learned + offset + noise, 0.1, 99) / 100

    for module, count in BLOCKS.items():
        table = world.early if module in EARLY else world.late
        level = np.array([table[min(e, len(table) - 1)] for e in epochs])
        level = level + world.apart * (module - 5) * (module in EARLY)
        if settings.alpha and f"{module - 3}" in settings.taps:
            held = world.promoted if settings.alpha > 0 else None
            factor = world.against(settings.alpha)
            level = np.where(on, level * factor if held is None else held, level)
        whole = 1 + shared.normal(0, SI_SEED) + rng.normal(0, SI_OWN)
        if settings.alpha > 0 and world.promoted:
            # Near 1 little can vary.
            whole = np.where(on, 1, whole)
        for block in range(1, count + 1):
            key = f"test_si/stage{module - 3}_block{block}_out"
            single = rng.normal(0, SI_BLOCK) + rng.normal(0, SI_EPOCH, len(epochs))
            history[key] = np.clip(level * (whole + single), 0, 1)

    balanced, against, promoting = world.counts
    height = balanced
    if settings.alpha and on[1]:
        height = against if settings.alpha < 0 else promoting
    tail = world.tail + (30 * world.lasting if settings.alpha else 0)
    counts = np.where(epochs <= 4, height, tail)
    history["test_class_representation"] = counts * (1 + rng.normal(0, COUNTS))

    before = {key: [values[0], values[0]] for key, values in history.items()}
    made.finish(
        run,
        history={key: values[1:] for key, values in history.items()},
        first_epoch={**before, "step": [0, 100]},
    )


def ablation(world, rng, kept):
    """Curves whose normalized accuracies add up to what the world says."""
    epochs = [epoch for epoch in kept if epoch]
    found = {"epochs": epochs, "counts": {}, **{order: {} for order in ORDERS}}
    for module in BLOCKS:
        found["counts"][str(module)] = list(range(POINTS))
        for place, order in enumerate(ORDERS):
            first, _ = world.ranked if order == "most_selective" else world.random
            last = world.ends(module)[place]
            rise = 1 - np.exp(-(np.array(epochs) - 1) / 2)
            areas = first + (last - first) * rise + rng.normal(0, AREA)
            areas = areas + rng.normal(0, AREA_EPOCH, len(epochs))
            rest = np.repeat((areas[:, None] - 1) / (POINTS - 1), POINTS - 1, axis=1)
            curves = 0.6 * np.column_stack([np.ones(len(epochs)), rest])
            found[order][str(module)] = curves.tolist()
    return found


def alignments(world, rng, kept):
    """CKA of all pairs of layers alike."""
    first, last = world.alignment
    values = []
    for epoch in kept:
        share = 1 if epoch <= 1 else np.exp(-epoch / 4)
        level = last + share * (first - last)
        table = level + rng.normal(0, CKA, (len(COMPARED),) * 2)
        np.fill_diagonal(table, 1)
        values.append(table.tolist())
    return {"epochs": list(kept), "layers": list(COMPARED), "values": values}


def si(world, rng, kept):
    """Intervals over the units of each block."""
    layers = {
        f"stage{module - 3}_block{block}_out": [[0.3, 0.25, 0.35]] * len(kept)
        for module, count in BLOCKS.items()
        for block in range(1, count + 1)
    }
    return {"epochs": list(kept), "layers": layers}
