"""R22: Ranadive et al., Importance of class selectivity in early epochs (2022)."""

from recipes.papers import Paper
from recipes.r22 import analyses, claims, experiments, figures

PAPER = Paper(
    name="r22",
    title="Importance of class selectivity in early epochs of training",
    scales=experiments.SCALES,
    analyses=analyses.analyses,
    figures=figures.figures,
    claims=claims.claims,
    quick={name: {"seed": (0,)} for name in ("plain", "against_from_0")},
)
