"""Repeat a paper's experiments: `python -m recipes list`."""

import os
import sys

from recipes.runner import ending

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    ending.by_signals(ending.STOPPED)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_selectivity.checks import checked_count, checked_path, received
from recipes import data, papers
from recipes.runner.settings import parsed, several
from recipes.runner.sweep import Sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    args = parser().parse_args(arguments)
    args.arguments = arguments
    return ending.status(lambda: args.command(args))


def parser() -> argparse.ArgumentParser:
    """Of the command line."""
    whole = argparse.ArgumentParser(
        prog="python -m recipes", description=__doc__.splitlines()[0]
    )
    commands = whole.add_subparsers(required=True)
    lister = commands.add_parser("list", help="the papers, and what each trains")
    lister.set_defaults(command=list_papers)
    for name, command, text in (
        ("run", run, "train what is missing, then draw the figures"),
        ("figures", figures, "draw the figures and the table of claims again"),
    ):
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(command=command)
        sub.add_argument("name", metavar="NAME", help=", ".join(papers.NAMES))
        sub.add_argument("--scale", choices=["mini", "full"], default="mini")
        # Given twice, an option has the values of both.
        several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}
        sub.add_argument("--only", metavar="SWEEP", help="leave out others", **several)
        sub.add_argument("--alphas", type=float, **several)
        sub.add_argument("--seeds", type=int, **several)
        sub.add_argument(
            "--set",
            metavar="FIELD=VALUE",
            help="other settings, such as epochs=3; see recipes/runner/settings.py",
            **several,
        )
        sub.add_argument("--output", default="runs", help="folder; by default runs")
    sub = commands.choices["run"]
    sub.add_argument(
        "--processes",
        type=int,
        help="that share the work; by default one a GPU, or else one a core",
    )
    sub.add_argument(
        "--data-dir", help="where TensorFlow Datasets keeps its data, prepared"
    )
    sub.add_argument("--no-figures", action="store_true")
    return whole


def list_papers(args: argparse.Namespace) -> int:
    """Print the papers, their scales and sweeps."""
    for name in papers.NAMES:
        paper = papers.get(name)
        print(f"{name}: {paper.title}")
        for scale, sweeps in paper.scales.items():
            found = sweeps()
            distinct = {one.name for sweep in found.values() for one in sweep.settings}
            print(f"  {scale}: {len(distinct)} trainings")
            for label, sweep in found.items():
                vary = ", ".join(
                    f"{len(values)} {field.removesuffix('s')}{'s' * (len(values) > 1)}"
                    for field, values in sweep.vary.items()
                )
                print(f"    {label}: {sweep.base.model}, {sweep.base.data}, {vary}")
    return 0


def run(args: argparse.Namespace) -> int:
    """Train and analyze what is missing, then draw."""
    from recipes.runner import workers
    from recipes.runner.results import Results

    sweeps, output = chosen(args), folder(args)
    if args.processes is not None:
        checked_count("--processes", args.processes)
    check_data(args, sweeps)
    output.mkdir(parents=True, exist_ok=True)
    # Raises where nothing can be written, before hours of work.
    with ending.mendable(output), tempfile.TemporaryFile(dir=output) as file:
        file.write(bytes(2**20))
    status = workers.start(args.arguments, args.processes)
    nothing = status and not Results(sweeps, output)
    if args.no_figures or nothing:
        return status
    return figures(args) or status


def figures(args: argparse.Namespace) -> int:
    """Draw every figure and the table of claims from the finished runs."""
    from recipes.runner.results import Results

    paper = papers.get(args.name)
    results = Results(chosen(args), folder(args), miniature=args.scale == "mini")
    if not results:
        raise ValueError(
            f"There is no finished run in {folder(args)}. Train them first: "
            f"python -m recipes run {args.name} --scale {args.scale}."
        )
    output = folder(args)
    tables = paper.tables(results) if paper.tables else ()
    claims = paper.claims(results)
    print(f"\n{papers.write(output, paper.figures(results), tables, claims)}\n")
    print(f"Figures: {output / 'figures'}")
    print(f"Claims:  {output / 'claims.md'}, with what was measured, and the tests")
    lost = [one.name for one in paper.analyses(results) if not one.finished]
    for what, names in (("runs", results.missing), ("analyses", lost)):
        if names:
            print(f"Missing {what}: {len(names)}, such as {names[0]}.")
    return 1 if results.missing or lost else 0


def chosen(args: argparse.Namespace) -> dict[str, Sweep]:
    """The sweeps that the command line asks for."""
    sweeps = papers.get(args.name).scales[args.scale]()
    for name in args.only:
        if name not in sweeps:
            raise ValueError(
                f"There is no sweep {name!r}. There are: {', '.join(sweeps)}."
            )
    sweeps = {name: sweeps[name] for name in args.only or sweeps}
    given = {"alpha": args.alphas, "seed": args.seeds}
    vary = {field: several(field, values) for field, values in given.items() if values}
    for field in vary:
        if not any(field in sweep.vary for sweep in sweeps.values()):
            raise ValueError(
                f"`--{field}s` must be left out: none of these sweeps varies {field} "
                f"({', '.join(sweeps)}). `--set {field}=...` changes it."
            )
    changes = parsed(args.set)
    return {name: sweep.override(vary, **changes) for name, sweep in sweeps.items()}


def check_data(args: argparse.Namespace, sweeps: Mapping[str, Sweep]) -> None:
    """Raise where data sets cannot be read; tell others where they are."""
    if args.data_dir is not None:
        place = checked_path("--data-dir", args.data_dir)
        os.environ["TFDS_DATA_DIR"] = place
    # All settings are made here: one that is not allowed is told before any work.
    for name in {one.data for sweep in sweeps.values() for one in sweep.settings}:
        data.check(name, os.environ.get("TFDS_DATA_DIR"))


def folder(args: argparse.Namespace) -> Path:
    """Of a paper's runs at a scale."""
    output = Path(checked_path("--output", args.output))
    for place in (output, *output.parents):
        if place.exists() and not place.is_dir():
            raise ValueError(
                f"`--output` must be a folder, and {place} is a file. "
                f"{received('--output', args.output)}"
            )
    return output / args.name / args.scale


if __name__ == "__main__":
    from recipes.runner.training import quieten

    quieten()
    sys.exit(main())
