"""Finished runs that were never trained: the one writer of what a run leaves.

A world of a paper says the numbers; here they become folders that `Run` takes for
those of a training, whole and with their checksums.
"""

import os
import zlib
from unittest import mock

import numpy as np

import keras_selectivity as ks
from recipes.runner.files import (
    FIRST_EPOCH,
    HISTORY,
    PREFERRED,
    REPORT,
    SETTINGS,
    WEIGHTS,
    checksum,
    write_json,
)
from recipes.runner.results import Results
from recipes.runner.runs import Run


def noise(run):
    """A generator of its own for every run, by what its name tells a reader.

    Not by the digest of all settings: a new one would draw other noise everywhere.
    """
    readable, _, _ = run.name.rpartition("_")
    return np.random.default_rng(zlib.crc32(readable.encode()))


def results(folder, sweeps, leave, analyze=None):
    """The finished runs of sweeps.

    `leave(run, sweep, place)` calls `finish` with the numbers of a run, the one at a
    place of a sweep; `analyze(results)` keeps what is computed of them.
    """
    # They need not outlast a power cut.
    with mock.patch.object(os, "fsync"):
        for name, sweep in sweeps.items():
            for place, settings in enumerate(sweep.settings):
                run = Run(settings, folder)
                if not run.folder.exists():
                    leave(run, name, place)
        found = Results(sweeps, folder)
        if analyze:
            analyze(found)
    return found


def imagined(folder, sweeps, numbers, analyze=None, miniature=False):
    """The same runs in memory alone, for claims: many worlds are drawn so in a second.

    `numbers(run)` says what would be read of its files: `report`, `history`, ...
    """
    found = Results(sweeps, folder, miniature=miniature)
    known = {}
    for name, sweep in sweeps.items():
        for settings in sweep.settings:
            run = Run(settings, folder)
            run = known.setdefault(run.name, run)
            found._runs.setdefault(name, []).append(run)
    for run in known.values():
        vars(run).update(numbers(run))
    found.missing.clear()
    with mock.patch.object(os, "fsync"):
        if analyze:
            analyze(found)
    return found


def finish(run, report=None, history=None, first_epoch=None, preferred=None):
    """Leave in a run's folder what its training would have left.

    `history` and `first_epoch` hold a list for each logged number, `preferred` an
    array `(epochs, units)` for each layer.
    """
    folder, settings = run.folder, run.settings.to_json()
    folder.mkdir(parents=True)
    write_json(folder / SETTINGS, settings)
    (folder / WEIGHTS).write_bytes(b"weights")
    write_json(folder / HISTORY, lists(history or {}))
    if first_epoch is not None:
        write_json(folder / FIRST_EPOCH, lists(first_epoch))
    if report is not None:
        report.save(folder / REPORT)
    if preferred is not None:
        followed(run, preferred).save(folder / PREFERRED)
    result = {
        "accuracy": report.accuracy if report else 0.5,
        "si": report.mean() if report else 0.3,
        "selected_epoch": run.settings.epochs - 1,
        "seconds": 1.0,
        "settings": settings,
        "files": {path.name: checksum(path) for path in folder.iterdir()},
    }
    write_json(run.path, result)


def followed(run, preferred):
    """Preferred classes, of an array `(epochs, units)` for each layer."""
    epochs = range(len(next(iter(preferred.values()))))
    return ks.callbacks.PreferredClasses(epochs, preferred, run.name)


def report(values, accuracy=0.5, classes=2, images=1000, correct_only=False):
    """A report of units, `{layer: {measure: (units,)}}`, and of an accuracy.

    All classes have as many images, and what is not right is taken for class 0, or
    for class 1 where it is of class 0.
    """
    units = {name: len(next(iter(found.values()))) for name, found in values.items()}
    share = images / classes
    confusion = np.diag(np.full(classes, accuracy * share))
    confusion[0, 1] += (1 - accuracy) * share
    confusion[1:, 0] += (1 - accuracy) * share
    return ks.SelectivityReport(
        values,
        groups={name: [name] for name in units},
        preferred_class={name: np.zeros(count, int) for name, count in units.items()},
        class_means={name: np.ones((classes, n)) for name, n in units.items()},
        class_weight=np.full(classes, share),
        confusion=confusion,
        correct_only=correct_only,
    )


def lists(table):
    """Arrays as JSON has them."""
    return {key: np.asarray(values).tolist() for key, values in table.items()}
