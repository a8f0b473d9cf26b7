"""Damage every kind of file in many ways, and see what is made of it.

Single bits are flipped at random places, files are cut off, emptied, and put in the
place of others. Each time the file must be refused with the one error that names it
(noticed), or hold the same numbers all the same (harmless): anything else is wrong.
Prints a row for every kind of file; the status is 1 if anything was wrong.

    python -m tools.check_damage --flips 40
"""

import argparse
import contextlib
import os
import random
import shutil
import sys
import tempfile
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.perturbation.progress import Progress
from keras_selectivity.storage.archive import Archived
from keras_selectivity.storage.files import UnusableFileError
from recipes.runner.analysis import Analysis
from recipes.runner.files import read_json, write_json
from recipes.runner.runs import Run
from recipes.runner.settings import Settings

NOTICED, HARMLESS, WRONG = "noticed", "harmless", "wrong"
SETTINGS = Settings(
    data="digits",
    model="mlp",
    model_options={"widths": [8, 6]},
    epochs=2,
    batch_size=256,
    learning_rate=0.1,
    kept_epochs=(0, 1),
    first_epoch_points=1,
)
#: Files of a run while it is not finished, and all of them when it is.
UNFINISHED = (
    *("settings.json", "history.json", "first_epoch.json", "preferred_classes.npz"),
    *("kept/0000.weights.h5", "kept/0001.weights.h5", "backup/epoch-000001.weights.h5"),
)
FINISHED = (*UNFINISHED[:-1], "selected.weights.h5", "report.npz", "result.json")


class Kind(NamedTuple):
    """A file, what is made of it, and files that it must not be taken for."""

    path: Path
    read: Callable[[], Any]
    others: list[bytes]


def ways(content: bytes, flips: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names of the ways of damage, and what is left of a file."""
    places = random.Random(seed)
    for _ in range(flips):
        place, bit = places.randrange(len(content)), places.randrange(8)
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        yield "flipped", bytes(changed)
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        yield "cut", content[: int(share * len(content))]
    yield "cut", content[:-1]
    yield "empty", b""


def outcomes(kind: Kind, flips: int, seed: int = 0) -> Counter[tuple[str, str]]:
    """How often each way of damage was noticed, harmless or wrong."""
    content, expected = kind.path.read_bytes(), plain(kind.read())
    found: Counter[tuple[str, str]] = Counter()
    damage = [*ways(content, flips, seed), *(("swapped", one) for one in kind.others)]
    for way, changed in damage:
        kind.path.write_bytes(changed)
        try:
            same = plain(kind.read()) == expected
        except UnusableFileError as error:
            # A run says no more than that it is damaged.
            known = kind.path.name in str(error) or str(error) == "damaged"
            found[way, NOTICED if known else WRONG] += 1
        except Exception as error:
            print(f"{kind.path.name}, {way}: {error!r}", file=sys.stderr)
            found[way, WRONG] += 1
        else:
            found[way, HARMLESS if same else WRONG] += 1
    kind.path.write_bytes(content)
    return found


def plain(value: Any) -> Any:
    """Something that is equal only if every bit is."""
    if isinstance(value, Archived):
        return plain({**value._header(), **value.to_arrays()})
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return repr(value)


def kinds(folder: Path) -> dict[str, Kind]:
    """A file of every kind."""
    return {
        **results(folder),
        "progress": progress(folder),
        **trained(folder),
        **analyses(folder),
        **runs(folder),
    }


def results(folder: Path) -> dict[str, Kind]:
    """Results of the library, each also with another in its place."""
    rng = np.random.default_rng(0)
    means = rng.random((3, 4))
    made: dict[str, Any] = {
        "report": ks.SelectivityReport(
            {"a": {"si": rng.random(4), "dead": np.zeros(4)}},
            {"a": ["a"]},
            {"a": means.argmax(axis=0)},
            {"a": means},
            np.full(3, 5.0),
            np.eye(3) * 5,
        ),
        "ablation curve": ks.perturbation.AblationCurve(
            [0, 2, 4], {"a": 4}, rng.random((2, 3)), rng.random((2, 3))
        ),
        "noise curve": ks.perturbation.NoiseCurve([0.0, 1.0], rng.random((2, 2))),
        "single-unit ablation": ks.perturbation.SingleUnitAblation(
            {"a": {"loss_change": rng.random(4)}}, {"loss": 0.5}, samples=7
        ),
        "similarity matrix": ks.similarity.SimilarityMatrix(
            rng.random((2, 3)), ["a", "b"], ["c", "d", "e"]
        ),
        "upper bound": ks.projection.UpperBound(
            rng.random(3),
            rng.random(3),
            rng.random(3),
            rng.random(3),
            projection=np.eye(3),
            history=rng.random(5),
            start=0,
        ),
        "maximized images": ks.maximization.Maximized(
            "a",
            "mean",
            np.array([3]),
            rng.random((1, 2, 4, 4, 1), np.float32),
            rng.random((1, 2), np.float32),
            rng.random((1, 2, 5), np.float32),
            np.array([[0.0], [1.0]]),
        ),
        "preferred classes": ks.callbacks.PreferredClasses(
            range(6), {"a": rng.integers(3, size=(6, 4))}
        ),
    }
    for name, result in made.items():
        result.save(folder / f"{name}.npz")
    contents = {name: (folder / f"{name}.npz").read_bytes() for name in made}

    def kind(name: str) -> Kind:
        path = folder / f"{name}.npz"
        others = [content for other, content in contents.items() if other != name]
        return Kind(path, lambda: type(made[name]).load(path), others)

    return {name: kind(name) for name in made}


def progress(folder: Path) -> Kind:
    """A checkpoint of an analysis, also of one with other weights or sums."""
    path = folder / "progress.npz"

    def begun(identity: str, units: int = 3) -> tuple[Progress, dict[str, Any]]:
        sums = {"weight": np.zeros(()), "change": np.zeros((units, 2))}
        return Progress(sums, 9, 0, path, [identity]), sums

    def content(*arguments: Any) -> bytes:
        path.unlink(missing_ok=True)
        one, sums = begun(*arguments)
        sums["change"] += np.random.default_rng(0).random(sums["change"].shape)
        one.see(np.arange(4))
        one.advance()
        one._write()
        return path.read_bytes()

    def read() -> Any:
        one, sums = begun("this")
        return sums, one._done, one._seen_before

    others = [content("another"), content("this", 4)]
    path.write_bytes(content("this"))
    return Kind(path, read, others)


def trained(folder: Path) -> dict[str, Kind]:
    """A backup of a training, and its tracker's file, also those of others."""

    def compiled(units: int) -> ks.SelectivityModel:
        base = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(units, activation="relu", name="hidden"),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )
        model = ks.SelectivityModel(base, alpha=-1.0)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.optimizer.build(model.trainable_variables)
        return model

    def begun(callback: Any, model: ks.SelectivityModel) -> Any:
        callback.set_model(model)
        callback.on_train_begin()
        callback.on_epoch_begin(2)
        return callback

    def made(name: str, units: int = 5, epoch: int = 2, training: str = "") -> Any:
        backup = ks.callbacks.TrainingBackup(folder / name, training=training)
        model = compiled(units)
        backup.set_model(model)
        backup.on_epoch_end(epoch - 1)
        classes = np.random.default_rng(0).integers(3, size=(epoch, units))
        tracked = folder / f"{name} tracked.npz"
        ks.callbacks.PreferredClasses(range(epoch), {"hidden": classes}, training).save(
            tracked
        )
        return model, next((folder / name).iterdir()), tracked

    model, path, tracked = made("this")
    others = made("wider", units=6), made("other", training="other")
    later = made("later", epoch=3)
    variables = [*model.weights, *model.optimizer.variables]

    def resumed() -> Any:
        for variable in variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        begun(ks.callbacks.TrainingBackup(path.parent), model)
        return [np.asarray(variable) for variable in variables]

    def followed() -> Any:
        tracker: Any = ks.callbacks.PreferredClassTracker(
            (np.ones((2, 4)), np.arange(2)), tracked
        )
        # What it finds itself is not what is looked at here.
        own = types.SimpleNamespace(preferred_class={"hidden": np.arange(5) % 3})
        tracker.measure = lambda epoch: own
        tracker.path = tracked
        begun(tracker, model)
        tracker.on_epoch_end(2)
        return tracker.history

    backups = [one[1].read_bytes() for one in (*others, later)]
    files = [one[2].read_bytes() for one in others]
    return {
        "training backup": Kind(path, resumed, backups),
        "tracker's file": Kind(tracked, followed, files),
    }


def analyses(folder: Path) -> dict[str, Kind]:
    """An analysis of a run, also that of another run, and another of the run."""
    curve = ks.perturbation.NoiseCurve

    def kind(name: str, archived: bool) -> Kind:
        tasks = []
        for number, place in enumerate(("1/a", "1/b", "2/a", "2/b")):
            path = folder / name / f"{place}.json"
            tasks.append(Analysis(path, dict, str, curve if archived else None))
            values = [0.1 * number, 1e-7]
            numbers = {"accuracy": values, "layers": {"a": 3}}
            tasks[-1].write(curve([0.0, 1.0], [values]) if archived else numbers)
        files = [task.archive if archived else task.path for task in tasks]
        return Kind(files[0], tasks[0].read, [path.read_bytes() for path in files[1:]])

    return {
        "analysis JSON": kind("numbers", archived=False),
        "analysis archive": kind("curves", archived=True),
    }


def runs(folder: Path) -> dict[str, Kind]:
    """The files of a run, stopped and finished, also those of another run."""
    stopped, ended = (Run(SETTINGS, folder / name) for name in ("stopped", "ended"))
    other = Run(SETTINGS.replace(seed=1), folder / "other")

    def stop(what: str) -> None:
        if what.startswith("epoch 2"):
            raise KeyboardInterrupt

    # So few steps take less time than the graph of one.
    tf.config.run_functions_eagerly(True)
    try:
        # TensorFlow warns that this leaves `tf.data` out.
        warnings.simplefilter("ignore", UserWarning)
        for run in (stopped, other):
            with contextlib.suppress(KeyboardInterrupt):
                run.do(stop)
        shutil.copytree(stopped.folder, ended.folder)
        ended.do(lambda what: None)
    finally:
        tf.config.run_functions_eagerly(False)
    write_json(other.path, {**ended.result, "settings": other.settings.to_json()})
    another = {
        name: (other.folder / name).read_bytes()
        for name in {*UNFINISHED, *FINISHED}
        if (other.folder / name).exists()
    }
    # The weights of another epoch.
    early, late = (stopped.folder / name for name in UNFINISHED[4:6])

    def kind(run: Run, name: str, others: list[bytes]) -> Kind:
        return Kind(run.folder / name, lambda: read(run, name), others)

    def read(run: Run, name: str) -> Any:
        fresh, path = Run(run.settings, run.output), run.folder / name
        if fresh.state == "damaged":
            raise UnusableFileError("damaged")
        if path.suffix == ".json":
            return read_json(path)
        if path.suffix == ".npz" and "report" not in name:
            return ks.callbacks.PreferredClasses.load(path)
        return path.read_bytes()

    found = {
        f"stopped run: {name}": kind(
            stopped,
            name,
            [another[name], *([late.read_bytes()] if early.match(name) else [])],
        )
        for name in UNFINISHED
    }
    found |= {
        f"finished run: {name}": kind(
            ended, name, [another[name]] if name in another else []
        )
        for name in FINISHED
    }
    model = ended.model()

    def loaded() -> Any:
        ended.load_weights(model, 0)
        return model.get_weights()

    path = ended.folder / early.relative_to(stopped.folder)
    others = [one.read_bytes() for one in (other.folder / UNFINISHED[4], late)]
    found["weights as they are loaded"] = Kind(path, loaded, others)
    return found


def main() -> int:
    """Run the check from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=40, help="of each kind of file")
    parser.add_argument("--seed", type=int, default=0, help="of their places")
    args = parser.parse_args()
    columns = [
        *(("flipped", one) for one in (NOTICED, HARMLESS, WRONG)),
        *(("cut", one) for one in (NOTICED, HARMLESS, WRONG)),
        *(("empty", one) for one in (NOTICED, WRONG)),
        *(("swapped", one) for one in (NOTICED, WRONG)),
    ]
    total: Counter[tuple[str, str]] = Counter()
    print("| file | " + " | ".join(" ".join(one) for one in columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in kinds(Path(folder)).items():
            found = outcomes(kind, args.flips, args.seed)
            total += found
            row = " | ".join(str(found[one]) for one in columns)
            print(f"| {name} | {row} |", flush=True)
    print(f"| all | {' | '.join(str(total[one]) for one in columns)} |")
    wrong = sum(count for (_, outcome), count in total.items() if outcome == WRONG)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
