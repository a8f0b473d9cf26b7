"""Kill a training at random moments, start it again, compare with one never killed.

Every time, a process trains with `TrainingBackup`, `AlphaWarmup`,
`PreferredClassTracker` and `SelectivityMonitor`, is killed with SIGKILL in the middle
of an epoch, and is started again until it has ended. Then its weights, alphas,
preferred classes and TensorBoard steps must be, bit for bit, those of a training that
was not killed. Prints one line a time; the status is 1 if any differs.

    python -m tools.check_interruption --times 10

With `--operations` the process is killed once a time, just before an operation on its
files: at every moment in which a backup or what belongs to it is replaced.

    python -m tools.check_interruption --operations 24
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from tools import operations

EPOCHS, BATCH, SEED = 5, 32, 11


def train(folder: Path, pause: float = 0.0, dies_after: int | None = None) -> None:
    """The training: what a user's program would be, but for the pauses.

    `dies_after` an epoch kills it at the worst moment of that epoch's end: when
    all callbacks have written, but not the backup.
    """
    import keras
    import tensorflow as tf
    from sklearn.datasets import load_digits

    import keras_selectivity as ks

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16).astype("float32")[:320], y[:320]
    base = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(24, activation="relu", name="h0"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(16, activation="relu", name="h1"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model = ks.SelectivityModel(base, alpha=-2.0)
    model.compile(
        keras.optimizers.Adam(0.01),
        "sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    backup = ks.callbacks.TrainingBackup(folder / "backup")

    class Paced(keras.callbacks.Callback):
        """Slows an epoch down, so that most moments are in the middle of one."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if not (folder / "training").exists():
                (folder / "training").touch()
            time.sleep(pause)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with open(folder / "alphas.txt", "a") as file:
                file.write(f"{epoch} {self.model.effective_alpha!r}\n")
            if epoch == dies_after:
                os.kill(os.getpid(), signal.SIGKILL)

    model.fit(
        shuffled(x, y, backup.epoch),
        steps_per_epoch=len(x) // BATCH,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[
            ks.callbacks.AlphaWarmup(epochs=3, by="step"),
            ks.callbacks.PreferredClassTracker((x, y), folder / "preferred.npz"),
            ks.callbacks.SelectivityMonitor((x, y), log_dir=folder / "logs"),
            Paced(),
            backup,
        ],
    )
    weights = [*model.get_weights(), *map(np.asarray, model.optimizer.variables)]
    np.savez(folder / "unfinished.npz", *weights)
    os.replace(folder / "unfinished.npz", folder / "weights.npz")


def shuffled(x: Any, y: Any, first_epoch: int) -> Any:
    """Batches in an order that depends on the epoch alone, from an epoch on."""
    import tensorflow as tf

    def order(epoch: Any) -> Any:
        indices = tf.random.experimental.stateless_shuffle(
            tf.range(len(x)), seed=tf.stack([SEED, tf.cast(epoch, tf.int32)])
        )
        return tf.data.Dataset.from_tensor_slices(indices).batch(BATCH)

    batches = tf.data.Dataset.range(first_epoch, EPOCHS).flat_map(order)
    return batches.map(lambda indices: (tf.gather(x, indices), tf.gather(y, indices)))


def run(
    folder: Path,
    pause: float = 0.0,
    kills: Sequence[float] = (),
    dies_after: int | None = None,
) -> int:
    """Train in processes of their own; how many of them were killed.

    `kills` are the seconds after which to kill, counted from the first batch of each
    process. `dies_after` is for the first of them, see `train`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    deadly: list[str] = []
    if dies_after is not None:
        deadly = ["--dies-after", str(dies_after)]
    moments = [*kills, *([None] if deadly else []), None]
    for killed, moment in enumerate(moments):
        status = _run_once(folder, pause, moment, [] if killed else deadly)
        if status == 0:
            return killed
        if status != -signal.SIGKILL:
            raise RuntimeError(f"The training in {folder} ended with {status}.")
    raise RuntimeError(f"The training in {folder} did not end.")


def _run_once(
    folder: Path, pause: float, moment: float | None, options: list[str]
) -> int:
    """Status of one process, killed so many seconds after its first batch."""
    (folder / "training").unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.check_interruption"]
    command += ["--train", str(folder), "--pause", str(pause), *options]
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parent.parent)
    try:
        while moment is not None and process.poll() is None:
            if (folder / "training").exists():
                time.sleep(moment)
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        return process.wait(timeout=300)
    finally:
        process.kill()


def outcome(folder: Path) -> dict[str, Any]:
    """What a training left behind."""
    import keras_selectivity as ks

    lines = (folder / "alphas.txt").read_text().split("\n")[:-1]
    with np.load(folder / "weights.npz") as file:
        weights = [file[name] for name in file.files]
    tracked = ks.callbacks.PreferredClasses.load(folder / "preferred.npz")
    preferred = {name: a.tolist() for name, a in tracked.to_arrays().items()}
    return {
        "weights": weights,
        # An epoch that was cut off is there twice: the later line is what counts.
        "alphas": dict(line.split() for line in lines),
        "preferred": preferred,
        "tensorboard": scalars(folder / "logs"),
    }


def scalars(logs: Path) -> dict[str, list[tuple[int, float]]]:
    """For every tag the steps and values, as TensorBoard shows them."""
    # The one that TensorBoard's server reads with.
    from tensorboard.backend.event_processing.plugin_event_accumulator import (
        EventAccumulator,
    )
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(logs / "selectivity"), {"tensors": 0})
    events.Reload()
    found = {
        tag: [
            (event.step, make_ndarray(event.tensor_proto))
            for event in events.Tensors(tag)
        ]
        for tag in events.Tags()["tensors"]
    }
    return {
        tag: [(step, float(value)) for step, value in values]
        for tag, values in found.items()
        if all(value.ndim == 0 for _, value in values)
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What is not the same, bit for bit."""
    same = {
        "weights": len(one["weights"]) == len(other["weights"])
        and all(map(np.array_equal, one["weights"], other["weights"]))
    }
    for key in ("alphas", "preferred", "tensorboard"):
        same[key] = one[key] == other[key]
    return [key for key, equal in same.items() if not equal]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    parser.add_argument("--operations", type=int, help="at how many of them to kill")
    parser.add_argument("--pause", type=float, default=0.03, help=argparse.SUPPRESS)
    parser.add_argument("--dies-after", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments.train, arguments.pause, arguments.dies_after)
        return 0
    moments = random.Random(arguments.seed)
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        if arguments.operations:
            # Imported once, for all processes.
            import keras_selectivity  # noqa: F401

            def compare(folder: Path, never: Path) -> list[str]:
                return differences(outcome(folder), outcome(never))

            return int(operations.check(root, arguments.operations, train, compare) > 0)
        # The first batch takes long: it is not part of the time to draw from.
        run(root / "never", arguments.pause)
        never = (root / "never" / "weights.npz").stat().st_mtime
        length = never - (root / "never" / "training").stat().st_mtime
        expected = outcome(root / "never")
        steps = {tag: len(found) for tag, found in expected["tensorboard"].items()}
        print("never killed:", json.dumps(steps), flush=True)
        for time_ in range(arguments.times):
            folder = root / str(time_)
            kills = [moments.uniform(0, length), moments.uniform(0, length)]
            killed = run(folder, arguments.pause, kills)
            bad = differences(outcome(folder), expected)
            failed += bool(bad)
            moment = ", ".join(f"{kill:.2f}" for kill in kills[:killed])
            print(
                f"{time_ + 1}: killed after {moment or '(it had ended)'} s: "
                + (f"DIFFERENT: {', '.join(bad)}" if bad else "the same, bit for bit"),
                flush=True,
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
