"""Repeat a paper's experiments: `python -m recipes list`."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from recipes import papers
from recipes.settings import parsed
from recipes.sweep import Sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Of the command line; None: the real ones.

    Returns:
        Exit status: 0, or 1 where something failed or is missing.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    args = parser().parse_args(arguments)
    args.arguments = arguments
    try:
        return args.command(args)
    except (ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Of the command line.

    Returns:
        The parser; `command` of what it parses is the function to call.
    """
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
        sub.add_argument("--only", nargs="+", metavar="SWEEP", help="leave out others")
        sub.add_argument("--alphas", type=float, nargs="+")
        sub.add_argument("--seeds", type=int, nargs="+")
        sub.add_argument(
            "--set",
            nargs="+",
            default=[],
            metavar="FIELD=VALUE",
            help="other settings, such as epochs=3; see recipes/settings.py",
        )
        sub.add_argument("--output", type=Path, default=Path("runs"))
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
    sub.add_argument("--worker", type=int, help=argparse.SUPPRESS)
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
    """Train and analyse what is missing, then draw."""
    from recipes import workers

    sweeps, output = chosen(args), folder(args)
    if args.data_dir:
        os.environ["TFDS_DATA_DIR"] = args.data_dir
    output.mkdir(parents=True, exist_ok=True)
    if args.worker is not None:
        return workers.work(papers.get(args.name), sweeps, output, args.worker)
    well = workers.start(args.arguments, args.processes)
    drawn = 0 if args.no_figures else figures(args)
    return drawn if well else 1


def figures(args: argparse.Namespace) -> int:
    """Draw every figure and the table of claims from the finished runs."""
    from recipes.claims import summary, table
    from recipes.results import Results

    paper = papers.get(args.name)
    results = Results(chosen(args), folder(args))
    if not results:
        raise ValueError(
            f"There is no finished run in {folder(args)}. Train them first: "
            f"python -m recipes run {args.name} --scale {args.scale}."
        )
    drawings = folder(args) / "figures"
    drawings.mkdir(exist_ok=True)
    for name, draw in paper.figures(results):
        # Tight: long labels beside twin axes are cut off otherwise.
        draw().savefig(drawings / f"{name}.png", dpi=100, bbox_inches="tight")
    for name, text in paper.tables(results) if paper.tables else ():
        (folder(args) / "tables").mkdir(exist_ok=True)
        (folder(args) / "tables" / f"{name}.md").write_text(text + "\n")
    claims = paper.claims(results)
    (folder(args) / "claims.md").write_text(table(claims) + "\n")
    print(f"\n{summary(claims)}\n")
    print(f"Figures: {drawings}")
    print(
        f"Claims:  {folder(args) / 'claims.md'}, with what was measured, and the tests"
    )
    if results.missing:
        print(f"{len(results.missing)} runs are missing, such as {results.missing[0]}.")
    return 1 if results.missing else 0


def chosen(args: argparse.Namespace) -> dict[str, Sweep]:
    """The sweeps that the command line asks for.

    Args:
        args: Of the command line.

    Returns:
        Mapping of name to sweep.

    Raises:
        TypeError: If a setting is of another type.
        ValueError: If there is no such paper, sweep or setting, or a value is out
            of range.
    """
    sweeps = papers.get(args.name).scales[args.scale]()
    for name in args.only or []:
        if name not in sweeps:
            raise ValueError(
                f"There is no sweep {name!r}. There are: {', '.join(sweeps)}."
            )
    vary = {"alpha": args.alphas, "seed": args.seeds}
    vary = {name: values for name, values in vary.items() if values is not None}
    changes = parsed(args.set)
    return {
        name: sweep.override(vary, **changes)
        for name, sweep in sweeps.items()
        if name in (args.only or sweeps)
    }


def folder(args: argparse.Namespace) -> Path:
    """Of a paper's runs at a scale."""
    return args.output / args.name / args.scale


if __name__ == "__main__":
    # Many networks in a process: TensorFlow takes their functions for one that is
    # traced again and again, and warns.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.exit(main())
