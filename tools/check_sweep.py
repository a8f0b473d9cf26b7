"""Kill a sweep at random moments, start it again, compare with one never killed.

Every time, `python -m recipes run` trains a small sweep in two processes, is killed
with SIGKILL (both processes and the one that started them), and is started again until
it has ended. Then every run must be, bit for bit, that of a sweep that was not killed:
history, weights, report, preferred classes. Prints one line a time; the status is 1
if any differs.

    python -m tools.check_sweep --times 10
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
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
#: Four networks on digits, small enough that a run takes seconds.
SWEEP = [
    *("lm21", "--only", "resnet20", "--alphas", "0", "-1", "--seeds", "0", "1"),
    *("--set", "model=mlp", 'model_options={"widths": [32, 16]}', "epochs=4"),
    *("anneal_epochs=[2]", "batch_size=64"),
]


def start(output: Path, processes: int, *more: str) -> subprocess.Popen:
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
    runs = sorted(path.parent for path in output.rglob("result.json"))
    for folder in runs:
        found[f"{folder.name}/history"] = (folder / "history.json").read_text()
        for name in ("report.npz", "preferred_classes.npz"):
            with np.load(folder / name, allow_pickle=False) as file:
                for key in file.files:
                    found[f"{folder.name}/{name}/{key}"] = file[key].tobytes()
        with h5py.File(folder / "selected.weights.h5") as file:
            file.visititems(
                lambda key, item, folder=folder: found.update(
                    {f"{folder.name}/weights/{key}": item[()].tobytes()}
                    if isinstance(item, h5py.Dataset)
                    else {}
                )
            )
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of what is not the same, bit for bit."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def main() -> int:
    """Run the check from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
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
