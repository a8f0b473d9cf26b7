"""G19: Selectivity metrics can overestimate the selectivity of units (AlexNet)."""

from collections.abc import Iterator

from recipes.claims.table import Claim
from recipes.g19 import claims, experiments, figures, measured, tables
from recipes.papers import Paper
from recipes.runner.results import Results


def _finished(results: Results) -> list[measured.Measured]:
    return [one for one in measured.networks(results) if one.finished]


def _claims(results: Results) -> list[Claim]:
    found, folder = _finished(results), results.output / "survey"
    return claims.claims(found, folder, miniature=results.miniature)


def _tables(results: Results) -> Iterator[tuple[str, str]]:
    return tables.tables(_finished(results), results.output / "survey")


PAPER = Paper(
    name="g19",
    title="Selectivity metrics can overestimate the selectivity of units: a case study "
    "on AlexNet",
    scales=experiments.SCALES,
    analyses=measured.networks,
    figures=figures.figures,
    claims=_claims,
    tables=_tables,
    quick={"alexnet": {"seed": (0,), "epochs": (2,), "anneal_epochs": ((1,),)}},
)
