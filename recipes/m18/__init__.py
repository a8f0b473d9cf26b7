"""M18: Morcos et al., On the importance of single directions (ICLR 2018)."""

from recipes.m18 import analyses, claims, experiments, figures
from recipes.papers import Paper

PAPER = Paper(
    name="m18",
    title="On the importance of single directions for generalization",
    scales=experiments.SCALES,
    analyses=analyses.analyses,
    figures=figures.figures,
    claims=claims.claims,
    quick={"mlp": {"corruption": (0.0, 1.0)}, "mlp_training": {"seed": (0, 1)}},
)
