"""G19: Selectivity metrics can overestimate the selectivity of units (AlexNet)."""

from recipes.g19 import claims, experiments, figures, measured, tables
from recipes.papers import Paper

PAPER = Paper(
    name="g19",
    title="Selectivity metrics can overestimate the selectivity of units: a case study "
    "on AlexNet",
    scales=experiments.SCALES,
    analyses=measured.networks,
    figures=figures.figures,
    claims=claims.claims,
    tables=tables.tables,
)
