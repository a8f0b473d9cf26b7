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
from recipes.claims.table import Claim
from recipes.runner.results import Results
from recipes.runner.settings import parsed, several
from recipes.runner.sweep import Sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    args = read(sys.argv[1:] if arguments is None else arguments)
    return ending.status(lambda: args.command(args))


def read(words: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for, and its words, for other processes."""
    args = parser().parse_args(words)
    args.arguments = words
    return args


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
        names = f"{', '.join(papers.NAMES)}, or {papers.ALL} of them"
        sub.add_argument("name", metavar="NAME", help=names)
        sub.add_argument("--scale", choices=["mini", "full"], default="mini")
        sub.add_argument(
            "--quick", action="store_true", help="a slice of the miniature: minutes"
        )
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
    if args.name == papers.ALL:
        status = max(trained(one) for one in each(args))
    else:
        status = trained(args)
    # With no finished run at all there is nothing to draw.
    if args.no_figures or (status and not any(results(one) for one in each(args))):
        return status
    return figures(args) or status


def trained(args: argparse.Namespace) -> int:
    """Train and analyze what is missing of a paper."""
    from recipes.runner import workers

    sweeps, output = chosen(args), folder(args)
    if args.processes is not None:
        checked_count("--processes", args.processes)
    check_data(args, sweeps)
    output.mkdir(parents=True, exist_ok=True)
    # Raises where nothing can be written, before hours of work.
    with ending.mendable(output), tempfile.TemporaryFile(dir=output) as file:
        file.write(bytes(2**20))
    return workers.start(args.arguments, args.processes)


def figures(args: argparse.Namespace) -> int:
    """Draw every figure and the table of claims from the finished runs."""
    # Of all papers those that there is something of; of one paper, it has to be there.
    there = [one for one in each(args) if results(one)] or each(args)[:1]
    found = {one.name: drawn(one) for one in there}
    if args.name == papers.ALL:
        claims = {name: ones for name, (ones, _) in found.items()}
        overview = papers.write_overview(Path(args.output), claims)
        print(f"\nAll claims: {overview}")
    return max(status for _, status in found.values())


def drawn(args: argparse.Namespace) -> tuple[list[Claim], int]:
    """The claims of a paper, written with its figures; and 1 if a run is missing."""
    paper, found, output = papers.get(args.name), results(args), folder(args)
    if not found:
        raise ValueError(
            f"There is no finished run in {output}. Train them first: "
            f"python -m recipes run {args.name} --scale {args.scale}."
        )
    tables = paper.tables(found) if paper.tables else ()
    claims = paper.claims(found)
    print(f"\n{papers.write(output, paper.figures(found), tables, claims)}\n")
    print(f"Figures: {output / 'figures'}")
    print(f"Claims:  {output / 'claims.md'}, with what was measured, and the rules")
    lost = [one.name for one in paper.analyses(found) if not one.finished]
    for what, names in (("runs", found.missing), ("analyses", lost)):
        if names:
            print(f"Missing {what}: {len(names)}, such as {names[0]}.")
    return claims, 1 if found.missing or lost else 0


def each(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The same command for every paper that it is about."""
    if args.name != papers.ALL:
        return [args]
    words = args.arguments
    found: list[argparse.Namespace] = []
    # The value of an option may be the same word.
    for place in (place for place, word in enumerate(words) if word == papers.ALL):
        before, after = words[:place], words[place + 1 :]
        found = [read([*before, name, *after]) for name in papers.NAMES]
        if found[0].name != papers.ALL:
            break
    return found


def results(args: argparse.Namespace) -> Results:
    """What is finished of a paper."""
    return Results(chosen(args), folder(args), miniature=args.scale == "mini")


def chosen(args: argparse.Namespace) -> dict[str, Sweep]:
    """The sweeps that the command line asks for."""
    paper = papers.get(args.name)
    sweeps = paper.scales[args.scale]()
    if args.quick:
        if args.scale != "mini":
            raise ValueError(
                "`--quick` must be left out with `--scale full`: it is a slice of the "
                "miniature. `--only`, `--alphas` and `--seeds` choose a part."
            )
        sweeps = {
            name: Sweep(sweeps[name].base, {**sweeps[name].vary, **vary})
            for name, vary in paper.quick.items()
        }
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
