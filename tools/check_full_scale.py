"""One real training step of every full-scale recipe, on generated images.

For each network, batch, regularizer and taps of a paper's full scale: a process of
its own builds it as the recipe does, takes a step on images of the right shape to
compile it, and measures a second one. Prints parameters (trainable) beside those
published, where they are, taps, seconds a step, the peak of the process's memory, and
how long a training would take at this pace on this machine.

    python -m tools.check_full_scale [lm21] [--only resnet20 vgg16] [--batch 512]
        [--policy mixed_bfloat16]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from recipes import data, papers
from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep
from recipes.runner.training import compiled, prepare
from tools.bench_measure import peak_memory

#: Parameters as the networks' authors, or the frameworks that hold them, count them.
PUBLISHED = {
    ("resnet50", "imagenet2012"): 25_557_032,
    ("alexnet", "imagenet2012_227"): 60_965_224,
}

#: What a step depends on.
STEP = (
    *("data", "model", "model_options", "batch_size", "policy"),
    *("regularizer", "taps", "groups"),
)


def recipes(paper: str) -> dict[str, Sweep]:
    """The first sweep of each kind of step."""
    found: dict[str, tuple[str, Sweep]] = {}
    for name, sweep in papers.get(paper).scales["full"]().items():
        kind = repr([getattr(stepped(sweep), field) for field in STEP])
        found.setdefault(kind, (name, sweep))
    return dict(found.values())


def stepped(sweep: Sweep) -> Settings:
    """Settings of a sweep's step: with a regularizer, if any of its runs has one."""
    regularized = [one for one in sweep.settings if one.alpha]
    # A strength that harms nothing: what is asked is what a step costs.
    return regularized[0].replace(alpha=-1.0) if regularized else sweep.settings[0]


def measured(settings: Settings, batch: int) -> dict[str, Any]:
    """A step in this process."""
    prepare(settings)
    model = compiled(settings)
    shape, classes = data.SHAPES[settings.data]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, *shape), np.float32)
    y = rng.integers(0, classes, batch).astype(np.int32)
    model.train_on_batch(x, y)
    begun = time.perf_counter()
    logs = model.train_on_batch(x, y, return_dict=True)
    seconds = time.perf_counter() - begun
    return {
        "parameters": int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        "taps": len(model.tapped.names),
        "seconds": seconds,
        "memory": peak_memory(),
        "loss": float(logs["loss"]),
        "mu": float(logs[model.regularizer.name]),
    }


def in_a_process(settings: Settings, batch: int) -> dict[str, Any] | None:
    """A step in a process of its own; None where the system killed it for memory."""
    command = [sys.executable, "-m", "tools.check_full_scale", "--batch", str(batch)]
    command += ["--settings", json.dumps(settings.to_json())]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode in (-signal.SIGKILL, -signal.SIGABRT):
        return None
    run.check_returncode()
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    """Run the check from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paper", nargs="?", default="lm21")
    parser.add_argument("--only", nargs="+", metavar="SWEEP")
    parser.add_argument("--batch", type=int, help="another than the recipe's")
    parser.add_argument("--policy", default="float32")
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.settings:
        settings = Settings(**json.loads(args.settings))
        print(json.dumps(measured(settings, args.batch)))
        return
    print(
        f"{'recipe':<22}{'parameters':>11}{'published':>11}{'taps':>5}{'batch':>6}"
        f"{'s a step':>9}{'images/s':>9}{'GiB':>6}{'SI or dp':>9}"
        f"{'h a run':>9}{'runs':>6}"
    )
    for name, sweep in recipes(args.paper).items():
        if args.only and name not in args.only:
            continue
        settings = stepped(sweep).replace(policy=args.policy)
        batch = args.batch or settings.batch_size
        found = in_a_process(settings, batch)
        if found is None:
            print(f"{name:<22}{'':>27}{batch:>6}  killed: too little memory")
            continue
        speed = batch / found["seconds"]
        count = PUBLISHED.get((settings.model, settings.data))
        published = f"{count:,}" if count else ""
        hours = settings.epochs * data.TRAINING_IMAGES[settings.data] / speed / 3600
        print(
            f"{name:<22}{found['parameters']:>11,}{published:>11}"
            f"{found['taps']:>5}{batch:>6}"
            f"{found['seconds']:>9.2f}{speed:>9.0f}{found['memory'] / 2**30:>6.1f}"
            f"{found['mu']:>9.3f}{hours:>9.1f}{len(sweep.settings):>6}",
            flush=True,
        )


if __name__ == "__main__":
    main()
