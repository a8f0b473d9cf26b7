"""LM21: Leavitt and Morcos, Selectivity considered harmful (ICLR 2021)."""

from recipes.lm21 import analyses, claims, experiments, figures
from recipes.papers import Paper

PAPER = Paper(
    name="lm21",
    title="Selectivity considered harmful",
    scales=experiments.SCALES,
    analyses=analyses.analyses,
    figures=figures.figures,
    claims=claims.claims,
    quick={"resnet20": {"alpha": (-2.0, 0.0, 2.0), "seed": (0, 1)}},
)
