"""Kill a sweep at random moments, start it again, compare with one never killed.

Every time, `python -m recipes run` trains a small sweep in two processes, is killed
with SIGKILL (both processes and the one that started them), and is started again until
it has ended. Then every run must be, bit for bit, that of a sweep that was not killed:
history, weights, report, preferred classes. Prints one line a time; the status is 1
if any differs.

    python -m tools.check_sweep --times 10

With `--operations` one process that shares the sweep is killed once a time, just before
an operation on its files, and another takes over.

    python -m tools.check_sweep --operations 24
"""

import argparse
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

import h5py

import keras_selectivity as ks
from recipes.runner.runs import Run
from recipes.runner.settings import Settings
from recipes.runner.sweep import share
from tools import operations

ROOT = Path(__file__).resolve().parent.parent
#: Four networks on digits, small enough that a run takes seconds.
SWEEP = [
    *("lm21", "--only", "resnet20", "--alphas", "0", "-1", "--seeds", "0", "1"),
    *("--set", "data=digits", "model=mlp", 'model_options={"widths": [32, 16]}'),
    *("epochs=4", "anneal_epochs=[2]", "batch_size=64"),
]


def start(output: Path, processes: int, *more: str, **options: Any) -> subprocess.Popen:
    """The sweep in processes of their own, in one group that can be killed."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "recipes", "run", *SWEEP),
            *("--output", str(output), "--processes", str(processes)),
            *("--no-figures", *more),
        ],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def run(output: Path, kills: Sequence[float], processes: int = 2) -> int:
    """Sweep until it has ended; how often it was killed, so many seconds after."""
    for killed, moment in enumerate([*kills, None]):
        process = start(output, processes)
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            continue
        if process.returncode:
            raise RuntimeError(f"The sweep ended with {process.returncode}.")
        return killed
    raise RuntimeError("The sweep did not end.")


def outcome(output: Path) -> dict[str, Any]:
    """What a sweep left behind: for each file and array its bytes."""
    found: dict[str, Any] = {}
    kinds: dict[str, Any] = {
        "report.npz": ks.SelectivityReport,
        "preferred_classes.npz": ks.callbacks.PreferredClasses,
    }
    runs = sorted(path.parent for path in output.rglob("result.json"))
    for folder in runs:
        for path in (*folder.glob("history.json"), *folder.glob("first_epoch.json")):
            found[f"{folder.name}/{path.name}"] = path.read_text()
        for name, kind in kinds.items():
            for key, array in kind.load(folder / name).to_arrays().items():
                found[f"{folder.name}/{name}/{key}"] = array.tobytes()
        for path in folder.rglob("*.weights.h5"):
            with h5py.File(path) as file:
                arrays = numbers(file)
            of = path.relative_to(output)
            found |= {f"{of}/{name}": array for name, array in arrays.items()}
    return found


def numbers(group: Any) -> dict[str, bytes]:
    """The bytes of all arrays in a file of weights, by their names."""
    found: dict[str, bytes] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    group.visititems(note)
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of what is not the same, bit for bit."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def share_short(output: Path) -> None:
    """Two short runs with all kinds of files, in this process."""
    settings = Settings(
        data="digits",
        model="mlp",
        model_options={"widths": [8, 6]},
        epochs=2,
        batch_size=256,
        learning_rate=0.1,
        kept_epochs=(0, 1),
        first_epoch_points=1,
        deterministic=True,
    )
    runs = [Run(settings.replace(alpha=alpha), output) for alpha in (0, -1)]
    failed, _ = share(runs, output)
    if failed:
        raise RuntimeError(f"Failed: {failed}.")


def main() -> int:
    """Run the check from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--operations", type=int, help="at how many of them to kill")
    args = parser.parse_args()
    if args.operations:
        with tempfile.TemporaryDirectory() as folder:
            return int(
                operations.check(
                    Path(folder),
                    args.operations,
                    share_short,
                    lambda one, other: differences(outcome(one), outcome(other)),
                )
                > 0
            )
    moments = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        run(Path(folder) / "undisturbed", [])
        duration = time.monotonic() - begun
        expected = outcome(Path(folder) / "undisturbed")
        print(f"undisturbed: {len(expected)} arrays in {duration:.0f} s", flush=True)
        different = 0
        for number in range(1, args.times + 1):
            kills = [moments.uniform(0.2, 1) * duration for _ in range(2)]
            output = Path(folder) / str(number)
            killed = run(output, kills)
            found = differences(expected, outcome(output))
            different += bool(found)
            said = ", ".join(f"{moment:.1f}" for moment in kills[:killed])
            verdict = f"differs: {found[:3]}" if found else "the same, bit for bit"
            print(
                f"{number:2}: killed {killed} times ({said} s): {verdict}", flush=True
            )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
